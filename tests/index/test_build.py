from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, Problem, add, build, rebuild
from searchkit.config import IndexConfig
from searchkit.errors import (
    ConfigError,
    EncoderMismatch,
    IndexCorrupt,
    IndexExists,
    IndexLocked,
    IndexNotFound,
    SourceError,
    StorageError,
)
from searchkit.index.lock import writer_lock
from searchkit.index.paths import IndexPaths
from tests.index.archive import article, built, ids_found, tree
from tests.word_encoder import WordEncoder


def test_a_build_has_the_files_that_the_design_draws(tmp_path: Path) -> None:
    report = built(tmp_path / "index")
    assert report.articles == 24
    assert report.generation == 1
    assert tree(tmp_path / "index") == {
        "CURRENT",
        "LOCK",
        "generations/000001.json",
        "segments/000001/articles.sqlite",
        "segments/000001/postings.bin",
        "segments/000001/vectors.faiss",
    }


def test_two_builds_of_the_same_articles_have_the_same_bytes(tmp_path: Path) -> None:
    built(tmp_path / "one")
    built(tmp_path / "two")
    for name in ("articles.sqlite", "postings.bin", "vectors.faiss"):
        one, two = (tmp_path / index / "segments" / "000001" / name for index in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), name


def test_a_build_refuses_an_index_that_exists(tmp_path: Path) -> None:
    built(tmp_path / "index")
    before = tree(tmp_path / "index")
    with pytest.raises(IndexExists, match="searchkit rebuild --index"):
        built(tmp_path / "index")
    assert tree(tmp_path / "index") == before


def test_a_build_refuses_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("Chapter one")
    with pytest.raises(ConfigError, match=r"thesis\.txt"):
        built(tmp_path)
    with pytest.raises(ConfigError, match="is a file"):
        built(tmp_path / "thesis.txt")
    assert tree(tmp_path) == {"thesis.txt"}


def test_what_a_killed_build_left_is_swept_by_the_next(tmp_path: Path) -> None:
    index = tmp_path / "index"
    (index / "segments" / ".000001.999").mkdir(parents=True)
    (index / "segments" / "000001").mkdir()
    (index / "generations").mkdir()
    (index / "generations" / "000001.json").write_text("{}")
    (index / ".CURRENT.999").write_text("")
    built(index)
    assert len(tree(index)) == 6


def test_nothing_to_index_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No article was found"):
        build(tmp_path / "index", [], encoder=WordEncoder())
    assert not (tmp_path / "index").exists()


def test_strict_stops_at_the_first_article_that_cannot_be_read(tmp_path: Path) -> None:
    given = [article(1), Problem(place="b.jsonl", line=7, reason="no JSON"), article(2)]
    with pytest.raises(SourceError, match=r"b\.jsonl, line 7: no JSON"):
        build(tmp_path / "index", given, encoder=WordEncoder(), strict=True)  # type: ignore[arg-type]
    assert not (tmp_path / "index").exists()
    report = build(tmp_path / "index", given, encoder=WordEncoder())  # type: ignore[arg-type]
    assert report.articles == 2
    assert [str(problem) for problem in report.problems] == ["b.jsonl, line 7: no JSON"]


def test_of_two_articles_with_one_id_the_later_counts_and_both_are_reported(tmp_path: Path) -> None:
    given = [article(1), article(2), article(1, text="A zebra crossed the road.")]
    report = build(tmp_path / "index", given, encoder=WordEncoder())
    assert report.articles == 2
    assert "a001: this id came more than once" in str(report.problems[0])
    assert ids_found(tmp_path / "index", "zebra") == ["a001"]


def test_the_later_counts_also_where_segments_lie_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.segment_writer.SEGMENT_CHARACTERS", 300)
    given = [article(number) for number in range(9)] + [article(1, text="A zebra crossed the road.")]
    report = build(tmp_path / "index", given, encoder=WordEncoder())
    assert report.articles == 9
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        info = searcher.info()
        assert (info.articles, info.deleted_chunks > 0, info.segments > 2) == (9, True, True)
        assert searcher.article("a001") == given[-1]
    assert ids_found(tmp_path / "index", "zebra") == ["a001"]


def test_added_articles_are_found_and_replace_those_of_their_id(tmp_path: Path) -> None:
    built(tmp_path / "index")
    report = add(
        tmp_path / "index",
        [article(3, text="A zebra crossed the road."), article(40, text="A giraffe looked on."), article(5)],
        encoder=WordEncoder(),
    )
    assert (report.generation, report.articles) == (2, 2)
    assert ids_found(tmp_path / "index", "zebra") == ["a003"]
    assert ids_found(tmp_path / "index", "giraffe") == ["a040"]
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.info().articles == 25


def test_adding_what_is_there_changes_nothing(tmp_path: Path) -> None:
    built(tmp_path / "index")
    before = tree(tmp_path / "index")
    report = add(tmp_path / "index", [article(number) for number in range(24)], encoder=WordEncoder())
    assert (report.generation, report.articles, report.vectors_encoded) == (1, 0, 0)
    assert tree(tmp_path / "index") == before


def test_an_index_with_a_history_answers_like_one_built_at_once(tmp_path: Path) -> None:
    built(tmp_path / "grown", range(12))
    add(tmp_path / "grown", [article(number) for number in range(8, 24)], encoder=WordEncoder())
    add(tmp_path / "grown", [article(2, text="Rice and trams in Venezuela.")], encoder=WordEncoder())
    now = [article(2, text="Rice and trams in Venezuela.") if n == 2 else article(n) for n in range(24)]
    build(tmp_path / "fresh", now, encoder=WordEncoder())
    with (
        searchkit.open(tmp_path / "grown", encoder=WordEncoder()) as grown,
        searchkit.open(tmp_path / "fresh", encoder=WordEncoder()) as fresh,
    ):
        for text in ("oil Venezuela", "COVID-19 wave", "new trams", '"poor harvest"', "rice AND trams", "tram*"):
            for mode in ("keyword", "vector", "hybrid"):
                one, two = (one.search(text, mode=mode, k=24).results for one in (grown, fresh))
                assert [result.article.id for result in one] == [result.article.id for result in two]
                assert [result.score for result in one] == pytest.approx([result.score for result in two], abs=1e-9)


def test_a_rebuild_from_the_corpus_encodes_only_what_changed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("one", "two", "three"):
        (corpus / f"{name}.txt").write_text(f"Title {name}\n\nA text about the number {name}, long enough to stay.\n")
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    (corpus / "two.txt").write_text("Title two\n\nAnother text altogether, about zebras.\n")
    (corpus / "three.txt").unlink()
    report = rebuild(tmp_path / "index", encoder=WordEncoder())
    assert (report.generation, report.articles, report.vectors_encoded, report.vectors_reused) == (2, 2, 1, 1)
    assert str(corpus) in report.notes[0]
    assert ids_found(tmp_path / "index", "zebras") == ["two"]
    assert ids_found(tmp_path / "index", "three") == []


def test_a_rebuild_takes_the_stored_articles_where_the_corpus_is_gone(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.txt").write_text("Title one\n\nA text about the number one, long enough to stay.\n")
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    shutil.rmtree(corpus)
    report = rebuild(tmp_path / "index", encoder=WordEncoder(), config=IndexConfig(title_weight=1))
    assert (report.articles, report.vectors_encoded) == (1, 0)
    assert "stored in the index" in report.notes[0]
    assert ids_found(tmp_path / "index", "number") == ["one"]


def test_a_rebuild_keeps_articles_that_a_program_added(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.txt").write_text("Title one\n\nA text about the number one, long enough to stay.\n")
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    add(tmp_path / "index", [article(7)], encoder=WordEncoder())
    assert rebuild(tmp_path / "index", encoder=WordEncoder()).articles == 2


def test_a_rebuild_goes_on_while_a_search_holds_the_old_generation(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        before = [result.article.id for result in searcher.search("oil").results]
        rebuild(tmp_path / "index", [article(50, text="A zebra crossed.")], encoder=WordEncoder())
        assert [result.article.id for result in searcher.search("oil").results] == before
        assert searcher.refresh() is True
        assert searcher.refresh() is False
        assert [result.article.id for result in searcher.search("zebra").results] == ["a050"]


@pytest.mark.parametrize("name", ["articles.sqlite", "postings.bin", "vectors.faiss"])
@pytest.mark.parametrize("damage", ["gone", "short"])
def test_a_damaged_file_is_named_and_a_rebuild_mends_it(tmp_path: Path, name: str, damage: str) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("\n".join(json.dumps({"_id": str(n), "title": f"T{n}", "text": f"Text {n}."}) for n in range(5)))
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    path = tmp_path / "index" / "segments" / "000001" / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexCorrupt, match=name):
        searchkit.open(tmp_path / "index")
    report = rebuild(tmp_path / "index", encoder=WordEncoder())
    assert report.articles == 5
    assert name in "".join(report.notes)
    assert report.vectors_encoded == (0 if name == "postings.bin" else 5)


def test_only_one_writer_is_let_in_and_the_other_learns_who_it_is(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with (
        writer_lock(IndexPaths(tmp_path / "index").lock, "rebuild"),
        pytest.raises(IndexLocked, match=f"process {os.getpid()} on .* 'rebuild', since 20"),
    ):
        add(tmp_path / "index", [article(30)], encoder=WordEncoder())


def test_a_dead_writers_lock_bars_nobody(tmp_path: Path) -> None:
    built(tmp_path / "index")
    code = (
        "import os, sys; from pathlib import Path; from searchkit.index.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1]), 'add'): os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "index" / "LOCK")], check=False)
    assert ended.returncode == -9
    assert add(tmp_path / "index", [article(30)], encoder=WordEncoder()).articles == 1


def test_another_encoder_is_refused_by_name(tmp_path: Path) -> None:
    class Other(WordEncoder):
        @property
        def fingerprint(self) -> str:
            return "f" * 64

    built(tmp_path / "index")
    with pytest.raises(EncoderMismatch, match="ffffffffffff"):
        add(tmp_path / "index", [article(30)], encoder=Other())
    with searchkit.open(tmp_path / "index", encoder=Other()) as searcher:
        assert searcher.search("oil", mode="keyword").results
        with pytest.raises(EncoderMismatch):
            searcher.search("oil")


def test_an_interrupted_write_leaves_the_old_generation_and_no_litter(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Article]:
        yield article(30)
        raise KeyboardInterrupt

    built(tmp_path / "index")
    before = tree(tmp_path / "index")
    with pytest.raises(KeyboardInterrupt):
        rebuild(tmp_path / "index", interrupted(), encoder=WordEncoder())
    assert tree(tmp_path / "index") == before
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "new", interrupted(), encoder=WordEncoder())
    assert not (tmp_path / "new").exists()


def test_changing_an_index_that_is_not_there_says_so(tmp_path: Path) -> None:
    for change in (add, rebuild):
        with pytest.raises(IndexNotFound):
            change(tmp_path / "none", [article(1)], encoder=WordEncoder())
    assert not (tmp_path / "none").exists()


def test_articles_or_places_not_both_nor_neither(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Either"):
        build(tmp_path / "index", encoder=WordEncoder())
    with pytest.raises(ConfigError, match=r"Both|Either"):
        build(tmp_path / "index", [article(1)], places=["x"], encoder=WordEncoder())


def test_a_disk_that_refuses_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder"):
        build(tmp_path / "file" / "index", [article(1)], encoder=WordEncoder())


def test_an_article_that_is_no_article_is_counted_and_named(tmp_path: Path) -> None:
    report = build(tmp_path / "index", [{"title": "T", "text": "Text.", "id": "x"}, {"id": "y"}], encoder=WordEncoder())
    assert (report.articles, report.lost) == (1, 1)
    assert "article 2" in str(report.problems[0])
    with pytest.raises(SourceError, match="is a int"):
        build(tmp_path / "other", [3], encoder=WordEncoder())  # type: ignore[list-item]


def corpus_of_five(folder: Path) -> Path:
    path = folder / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"_id": str(n), "title": f"T{n}", "text": f"Text {n}."}) for n in range(5)))
    return path


@pytest.mark.parametrize("content", [None, "", "nonsense", "000009\n"])
def test_a_rebuild_mends_an_index_that_lost_its_current(tmp_path: Path, content: str | None) -> None:
    build(tmp_path / "index", places=[corpus_of_five(tmp_path)], encoder=WordEncoder())
    current = tmp_path / "index" / "CURRENT"
    current.unlink() if content is None else current.write_text(content)
    with pytest.raises(IndexCorrupt):
        searchkit.open(tmp_path / "index")
    report = rebuild(tmp_path / "index", encoder=WordEncoder())
    assert (report.articles, report.vectors_encoded) == (5, 0)
    assert any("put in force again" in note for note in report.notes)
    assert ids_found(tmp_path / "index", "text") == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("content", [None, "{}", '{"format": 1'])
def test_without_any_manifest_a_rebuild_needs_the_places_and_says_so(tmp_path: Path, content: str | None) -> None:
    corpus = corpus_of_five(tmp_path)
    build(tmp_path / "index", places=[corpus], encoder=WordEncoder())
    manifest = tmp_path / "index" / "generations" / "000001.json"
    manifest.unlink() if content is None else manifest.write_text(content)
    with pytest.raises(IndexCorrupt, match=r"rebuild PLACE\.\.\. --index"):
        rebuild(tmp_path / "index", encoder=WordEncoder())
    assert rebuild(tmp_path / "index", places=[corpus], encoder=WordEncoder()).articles == 5
    assert len(ids_found(tmp_path / "index", "text")) == 5


def test_a_build_that_finds_nothing_takes_nothing_from_an_index_without_current(tmp_path: Path) -> None:
    built(tmp_path / "index", range(3))
    (tmp_path / "index" / "CURRENT").unlink()
    with pytest.raises(SourceError):
        build(tmp_path / "index", [], encoder=WordEncoder())
    assert rebuild(tmp_path / "index", encoder=WordEncoder()).articles == 3


def test_a_rebuild_does_not_inherit_damaged_vectors(tmp_path: Path) -> None:
    build(tmp_path / "index", places=[corpus_of_five(tmp_path)], encoder=WordEncoder())
    path = tmp_path / "index" / "segments" / "000001" / "vectors.faiss"
    content = bytearray(path.read_bytes())
    content[-100] ^= 0xFF
    path.write_bytes(content)
    report = rebuild(tmp_path / "index", encoder=WordEncoder())
    assert report.vectors_encoded == 5
    assert any(r"vectors.faiss" in note for note in report.notes)
