from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import searchkit
from searchkit import BuildReport, F, Problem, add, build, delete, rebuild, update
from searchkit.errors import ConfigError, EncoderMismatch, IndexNotFound, QueryError
from searchkit.index.deletions import Deletions
from searchkit.index.generation import open_generation
from searchkit.index.segment_reader import chunk_texts
from searchkit.keyword.postings.deletion_stats import deltas
from tests.index.archive import SENTENCES, article, built, ids_found, tree
from tests.word_encoder import WordEncoder


class Counting(WordEncoder):
    """Keeps what it encodes."""

    def __init__(self) -> None:
        super().__init__(max_tokens=24)
        self.texts: list[str] = []

    def encode_chunks(self, texts, progress=None):  # type: ignore[no-untyped-def]
        self.texts += texts
        return super().encode_chunks(texts, progress)


def counts(report: BuildReport) -> tuple[int, int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.vanished, report.deleted


def write(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.txt").write_text(f"Title {name}\n\nA text about the number {name}, long enough to stay.\n")


def ids(index: Path) -> list[str]:
    with open_generation(index) as generation:
        return sorted(generation.digests())


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_new_changed_unchanged_and_vanished_are_told_apart_by_digest(tmp_path: Path) -> None:
    built(tmp_path / "index", range(10))
    given = [article(1), replace(article(2), title="Another title"), *map(article, range(3, 12))]
    report = update(tmp_path / "index", given, encoder=WordEncoder())
    assert counts(report) == (2, 1, 8, 1, 0)
    assert (report.articles, report.generation) == (3, 2)
    assert len(ids(tmp_path / "index")) == 12


@pytest.mark.parametrize("change", [add, update])
def test_what_has_not_changed_costs_no_encoder_and_no_byte(tmp_path: Path, change: object) -> None:
    built(tmp_path / "index")
    before = tree(tmp_path / "index"), bytes_of(tmp_path / "index")
    # There is no encoder of that name: it would have to be loaded to be missed.
    report = change(tmp_path / "index", map(article, range(24)))  # type: ignore[operator]
    assert counts(report) == (0, 0, 24, 0, 0)
    assert (tree(tmp_path / "index"), bytes_of(tmp_path / "index")) == before


def test_one_changed_paragraph_encodes_the_chunks_that_it_touches(tmp_path: Path) -> None:
    paragraphs = [f"{SENTENCES[n % 8]} Paragraph {n} of the report says so." for n in range(16)]
    encoder = Counting()
    build(tmp_path / "index", [article(1, text="\n\n".join(paragraphs)), article(2)], encoder=encoder)
    first = len(encoder.texts)
    encoder.texts.clear()
    paragraphs[12] = paragraphs[12].replace("says so", "denies it")
    report = update(tmp_path / "index", [article(1, text="\n\n".join(paragraphs)), article(2)], encoder=encoder)
    assert first > 10
    assert 1 <= len(encoder.texts) <= 3
    assert report.vectors_reused + len(encoder.texts) == report.chunks


def test_vanished_articles_are_counted_and_stay_until_they_are_pruned(tmp_path: Path) -> None:
    write(tmp_path / "corpus", *"abcdefgh")
    build(tmp_path / "index", places=[tmp_path / "corpus"], encoder=WordEncoder())
    (tmp_path / "corpus" / "c.txt").unlink()
    assert counts(update(tmp_path / "index")) == (0, 0, 7, 1, 0)
    assert "c" in ids(tmp_path / "index")
    said: list[str] = []
    report = update(tmp_path / "index", prune=True, say=said.append)
    assert counts(report) == (0, 0, 7, 1, 1)
    assert said == ["Removing 1 of 8 articles: they have vanished from their places."]
    assert ids(tmp_path / "index") == list("abdefgh")
    assert counts(update(tmp_path / "index", prune=True)) == (0, 0, 7, 0, 0)


def test_more_than_half_vanishes_only_when_that_is_said(tmp_path: Path) -> None:
    write(tmp_path / "corpus", *"abcdef")
    build(tmp_path / "index", places=[tmp_path / "corpus"], encoder=WordEncoder())
    for name in "abcd":
        (tmp_path / "corpus" / f"{name}.txt").unlink()
    write(tmp_path / "corpus", "new")
    before = tree(tmp_path / "index")
    encoder = Counting()
    encoder.max_tokens = 64
    with pytest.raises(ConfigError, match=r"4 of 6 articles have vanished.*--prune --yes"):
        update(tmp_path / "index", prune=True, encoder=encoder)
    assert tree(tmp_path / "index") == before
    assert encoder.texts == []
    report = update(tmp_path / "index", prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert counts(report) == (1, 0, 2, 4, 4)
    assert ids(tmp_path / "index") == ["e", "f", "new"]


def test_too_many_vanished_are_told_before_anything_is_encoded_however_much_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "index", [article(number) for number in range(8)], encoder=Counting())
    for module in ("segment_writer", "update"):
        monkeypatch.setattr(f"searchkit.index.{module}.BATCH_CHARACTERS", 10)
    encoder = Counting()
    given = [article(number, text=f"Another text {number}.") for number in (1, 2)]
    with pytest.raises(ConfigError, match="6 of 8 articles have vanished"):
        update(tmp_path / "index", given, prune=True, encoder=encoder)
    assert encoder.texts == []


def test_nothing_is_pruned_where_an_article_could_not_be_read(tmp_path: Path) -> None:
    built(tmp_path / "index", range(4))
    given = [article(1), article(2), article(3), Problem(place="zero.txt", reason="not UTF-8")]
    report = update(tmp_path / "index", given, prune=True)  # type: ignore[arg-type]
    assert counts(report) == (0, 0, 3, 1, 0)
    assert "Nothing was pruned: 1 of the articles couldn't be read." in report.notes
    assert len(ids(tmp_path / "index")) == 4


def test_a_part_of_the_places_says_nothing_of_what_vanished_from_the_rest(tmp_path: Path) -> None:
    write(tmp_path / "one", "a")
    write(tmp_path / "two", "b")
    build(tmp_path / "index", places=[tmp_path / "one", tmp_path / "two"], encoder=WordEncoder())
    report = update(tmp_path / "index", places=[tmp_path / "one"])
    assert counts(report) == (0, 0, 1, 0, 0)
    assert str(tmp_path / "two") in report.notes[0]
    with pytest.raises(ConfigError, match="also made from"):
        update(tmp_path / "index", places=[tmp_path / "one"], prune=True)
    assert ids(tmp_path / "index") == ["a", "b"]
    assert counts(update(tmp_path / "index", places=[tmp_path / "one", tmp_path / "two"], prune=True))[2:] == (2, 0, 0)


def test_an_index_that_remembers_no_places_says_so(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    with pytest.raises(ConfigError, match="remembers no places"):
        update(tmp_path / "index")


def test_a_deleted_article_is_gone_at_once_from_every_leg_count_and_facet(tmp_path: Path) -> None:
    built(tmp_path / "index")
    add(
        tmp_path / "index",
        [article(30, text="A zebra crossed the road.", source="Savanna Post")],
        encoder=WordEncoder(),
    )
    report = delete(tmp_path / "index", ["a030", "a003", "nobody"])
    assert (report.deleted, report.lost, str(report.problems[0])) == (2, 0, "nobody: no article has this id")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.article("a030") is None
        for mode in ("keyword", "vector", "hybrid"):
            answer = searcher.search("zebra crossed the road", mode=mode, k=50, facets=["source"])
            assert not {"a030", "a003"} & {result.article.id for result in answer.results}
            assert "Savanna Post" not in {count.value for count in answer.facets["source"]}
        assert searcher.search("zebras", mode="keyword").suggestions == ()
        info = searcher.info()
        assert (info.articles, "Savanna Post" in info.sources) == (23, False)
    assert report.generation == 3


def test_deleting_nothing_changes_nothing(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    report = delete(tmp_path / "index", "a999")
    assert (report.generation, report.deleted, len(report.problems)) == (1, 0, 1)


def test_an_index_of_nothing_can_be_searched_and_grow_again(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    delete(tmp_path / "index", ["a000", "a001", "a002"])
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.info().articles == 0
        for mode in ("keyword", "vector", "hybrid"):
            assert searcher.search("oil AND trams*", mode=mode).results == ()
    add(tmp_path / "index", [article(6)], encoder=WordEncoder())
    assert ids_found(tmp_path / "index", "oil") == ["a006"]


def test_deletions_add_up_to_what_a_fresh_analysis_of_all_of_them_gives(tmp_path: Path) -> None:
    built(tmp_path / "index", range(16))
    for one in (["a001"], ["a002", "a007"], ["a000"], ["a015"]):
        delete(tmp_path / "index", one)
    with open_generation(tmp_path / "index") as generation:
        segment = generation.segments[0]
        deletions = segment.deletions
        assert isinstance(deletions, Deletions)
        fresh = deltas(segment.postings, chunk_texts(segment, [0, 1, 2, 7, 15], generation.manifest.unknown_as))
        assert deletions.counts.rows == fresh.rows
        for mine, theirs in ((deletions.counts.text, fresh.text), (deletions.counts.title, fresh.title)):
            assert mine.total_length == theirs.total_length
            for name in ("term_ids", "df", "cf"):
                assert getattr(mine, name).tolist() == getattr(theirs, name).tolist()
        assert deletions.counts.words.tolist() == fresh.words.tolist()
        assert deletions.counts.word_counts.tolist() == fresh.word_counts.tolist()


def test_articles_are_deleted_by_what_they_are(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with pytest.raises(QueryError, match="No article here has a field 'tga'"):
        searchkit.delete(tmp_path / "index", where=~(F("tga") == "odd"))
    report = searchkit.delete(tmp_path / "index", "a002", where=(F("tag") == "odd") & (F("pages") < 6))
    assert report.deleted == 4
    assert not report.problems
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.article_ids() == ("a000", "a004", *(f"a{number:03d}" for number in range(6, 24)))
    assert searchkit.delete(tmp_path / "index", where=F("tag").any([])).deleted == 0


def test_a_delete_analyses_only_what_it_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path / "index", range(16))
    delete(tmp_path / "index", ["a001", "a002", "a003"])
    analysed: list[int] = []

    def watched(segment, rows, unknown_as):  # type: ignore[no-untyped-def]
        analysed.extend(rows)
        return chunk_texts(segment, rows, unknown_as)

    monkeypatch.setattr("searchkit.index.generation_writer.chunk_texts", watched)
    delete(tmp_path / "index", ["a009"])
    assert analysed == [9]


def test_of_two_articles_with_one_id_the_later_counts_even_where_it_is_the_old_one(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    update(tmp_path / "index", [article(1, text="A zebra crossed."), article(1)], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as searcher:
        assert searcher.article("a001") == article(1)


def test_a_program_s_articles_are_never_lost_by_a_rebuild_after_an_update(tmp_path: Path) -> None:
    write(tmp_path / "corpus", "a", "b")
    build(tmp_path / "index", places=[tmp_path / "corpus"], encoder=WordEncoder())
    update(tmp_path / "index", [article(1)], encoder=WordEncoder())
    assert rebuild(tmp_path / "index", encoder=WordEncoder()).articles == 3


def test_a_delete_says_what_a_rebuild_would_bring_back(tmp_path: Path) -> None:
    write(tmp_path / "corpus", "a", "b")
    build(tmp_path / "index", places=[tmp_path / "corpus"], encoder=WordEncoder())
    assert str(tmp_path / "corpus") in delete(tmp_path / "index", ["a"]).notes[0]


def test_another_encoder_or_no_index_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    with pytest.raises(EncoderMismatch, match="were made by 'words'"):
        update(tmp_path / "index", [article(1)], encoder=WordEncoder(dimension=8))
    with pytest.raises(IndexNotFound):
        update(tmp_path / "none", [article(1)])
    with pytest.raises(IndexNotFound):
        delete(tmp_path / "none", ["a"])
    assert not (tmp_path / "none").exists()


def test_a_small_commit_writes_little_beside_a_large_index(tmp_path: Path) -> None:
    built(tmp_path / "index", range(400))
    large = bytes_of(tmp_path / "index")
    add(tmp_path / "index", [article(400), article(7, text="A zebra crossed the road.")], encoder=WordEncoder())
    assert bytes_of(tmp_path / "index") - large < large / 4


@pytest.mark.parametrize("lines", [["a", "b"], ["b", "c", "d"]])
def test_update_reads_lines_of_json_too(tmp_path: Path, lines: Sequence[str]) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps({"_id": one, "text": f"Text {one}."}) + "\n" for one in "ab"))
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    corpus.write_text("".join(json.dumps({"_id": one, "text": f"Text {one}."}) + "\n" for one in lines))
    update(tmp_path / "index", prune=True, encoder=WordEncoder())
    assert ids(tmp_path / "index") == list(lines)


@pytest.mark.parametrize("given", ["static:all-MiniLM-L6-v2", Path("model"), object()])
def test_a_name_where_an_encoder_is_wanted_is_refused_before_anything_is_done(tmp_path: Path, given: object) -> None:
    index = tmp_path / "index"
    built(index, range(2))
    before = tree(index)
    for call in (add, rebuild, update):
        with pytest.raises(ConfigError, match=r"takes an Encoder object, not .*IndexConfig\(encoder="):
            call(index, [article(1)], encoder=given)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="takes an Encoder object"):
        build(tmp_path / "other", [article(1)], encoder=given)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="takes an Encoder object"):
        searchkit.open(index, encoder=given)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="takes an Encoder object"):
        searchkit.verify(index, encoder=given)  # type: ignore[arg-type]
    assert tree(index) == before
    assert not (tmp_path / "other").exists()
