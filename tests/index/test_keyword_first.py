from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import searchkit
from searchkit import Answer, Article, Mode, add, backup, build, compact, delete, gc, rebuild, restore, update, verify
from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, VectorsMissing
from searchkit.evaluation.runs import make_run
from searchkit.index import manifest as index_manifest
from searchkit.index.garbage import litter
from searchkit.index.manifest import Manifest, current_generation, manifest_in_force
from searchkit.index.paths import VECTORS, IndexPaths
from tests.index.archive import article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


class Stopped(Exception):
    """What a test raises where a user would press ctrl-C."""


@dataclass
class Watched(WordEncoder):
    """Keeps every text that is encoded, and stops before the one that a test names."""

    encoded: list[str] = field(default_factory=list)
    stop_after: int | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        if self.stop_after is not None and len(self.encoded) + len(texts) > self.stop_after:
            raise Stopped
        self.encoded += texts
        return super().encode_chunks(texts, progress)


ARTICLES = [article(number, language="en") for number in range(24)]
QUERIES = ("missiles that guard Venezuela", "rice harvest", "title:report AND trams", '"court of appeal"', "zzz")


def corpus(folder: Path, articles: Sequence[Article]) -> Path:
    path = folder / "corpus.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"id": one.id, "title": one.title, "text": one.text, "language": one.language})
            for one in articles
        )
    )
    return path


def stopped(index: Path, articles: Sequence[Article] | None = None, *, places: Sequence[Path] = ()) -> Manifest:
    """Build by keyword first, stopped before the first vector."""
    with pytest.raises(Stopped):
        build(index, articles, places=places, encoder=Watched(stop_after=0), keyword_first=True)
    return manifest_in_force(IndexPaths(index))


def asked(index: Path, text: str, mode: str = "hybrid", **filters: object) -> Answer:
    # The weight is given: an index learns its own from the vectors that are there.
    config = searchkit.SearchConfig(vector_weight=2.8)
    with searchkit.open(index, encoder=WordEncoder(), config=config) as searcher:
        return searcher.search(text, mode=mode, k=30, **filters, explain=True)  # type: ignore[arg-type]


def scores(index: Path, mode: str = "hybrid") -> list[list[tuple[str, float]]]:
    return [
        [(result.article.id, round(result.score, 9)) for result in asked(index, text, mode).results] for text in QUERIES
    ]


def whole(folder: Path, articles: Sequence[Article] = ARTICLES) -> Path:
    build(folder, articles, encoder=WordEncoder())
    return folder


def test_a_searchable_generation_is_there_before_the_first_vector(tmp_path: Path) -> None:
    said: list[str] = []
    seen: list[tuple[int, int, int]] = []

    class Looking(Watched):
        def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
            with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
                info = searcher.info()
                seen.append((info.generation, info.vectors, len(searcher.search("rice", k=30).results)))
            return super().encode_chunks(texts, progress)

    encoder = Looking()
    report = build(tmp_path / "index", ARTICLES, encoder=encoder, keyword_first=True, say=said.append)
    assert set(seen) == {(1, 0, len(asked(tmp_path / "index", "rice", "keyword").results))}
    assert said == ["Generation 1 can be searched by keyword; 24 vectors are being made."]
    assert (report.generation, report.vectors_encoded, report.notes) == (2, 24, ())
    assert len(encoder.encoded) == 24
    assert scores(tmp_path / "index") == scores(whole(tmp_path / "other"))
    assert verify(tmp_path / "index", deep=True, encoder=WordEncoder()).faults == ()


def test_what_is_stopped_shows_its_coverage_everywhere(tmp_path: Path) -> None:
    manifest = stopped(tmp_path / "index", ARTICLES)
    assert (manifest.generation, manifest.vectors, manifest.chunks) == (1, 0, 24)
    assert not list((tmp_path / "index").rglob(VECTORS))
    with searchkit.open(tmp_path / "index") as searcher:  # no encoder is needed, and none is loaded
        assert [len(searcher.standing(mode)) for mode in (Mode.KEYWORD, Mode.HYBRID)] == [0, 1]
        assert "0 of 24" in make_run(searcher, {"q": "rice"}).notes[0]
        info = searcher.info()
        assert (info.vectors, info.chunks) == (0, 24)
        answer = searcher.search("rice harvest", explain=True)
    assert answer.results
    assert any("vectors for 0 of 24 chunks" in note and "rebuild" in note for note in answer.notes)
    verified = verify(tmp_path / "index", deep=True, encoder=WordEncoder())
    assert verified.faults == ()
    assert any("0 of 24" in note for note in verified.notes)
    assert litter(IndexPaths(tmp_path / "index")) == []


def test_without_any_vector_the_order_is_that_of_the_keyword_leg(tmp_path: Path) -> None:
    stopped(tmp_path / "index", ARTICLES)
    for text in QUERIES:
        hybrid, keyword = asked(tmp_path / "index", text), asked(tmp_path / "index", text, "keyword")
        assert [one.article.id for one in hybrid.results] == [one.article.id for one in keyword.results]
        for result in hybrid.results:
            for chunk in result.chunks:
                assert [part.leg for part in chunk.contributions] == ["keyword"]
                assert chunk.score == pytest.approx(sum(part.share for part in chunk.contributions))
        assert keyword.notes == tuple(note for note in hybrid.notes if "vectors for" not in note)


def test_by_vector_alone_no_vector_is_an_error_and_few_are_a_warning(tmp_path: Path) -> None:
    stopped(tmp_path / "index", ARTICLES[:20])
    with pytest.raises(VectorsMissing, match="0 of 20 chunks") as raised:
        asked(tmp_path / "index", "rice", "vector")
    assert "mode='keyword'" in str(raised.value)
    add(tmp_path / "index", ARTICLES[20:], encoder=WordEncoder())
    answer = asked(tmp_path / "index", "rice", "vector", facets=("source",))
    assert {result.article.id for result in answer.results} == {one.id for one in ARTICLES[20:]}
    assert sum(count.articles for count in answer.facets["source"]) == 4
    assert any("4 of 24 chunks" in note and "can't be found by vector" in note for note in answer.notes)


def test_a_chunk_without_a_vector_counts_a_cosine_of_zero(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped(index, ARTICLES[:16])
    add(index, ARTICLES[16:], encoder=WordEncoder())
    without = {one.id for one in ARTICLES[:16]}
    full = whole(tmp_path / "whole")
    for text in QUERIES:
        expected = {
            result.article.id: {part.leg: part.share for part in result.chunks[0].contributions}
            for result in asked(full, text).results
        }
        answer = asked(index, text)
        for result in answer.results:
            shares = {leg: share for leg, share in expected[result.article.id].items() if leg != "neighbours"}
            own = {part.leg: part.share for part in result.chunks[0].contributions}
            near = own.pop("neighbours", 0.0)  # among fewer vectors others are near
            if result.article.id in without:
                del shares["vector"]
                assert not near
            assert own == pytest.approx(shares, abs=1e-6)
            assert result.score == pytest.approx(sum(shares.values()) + near, abs=1e-6)
        found = {result.article.id for result in answer.results}
        matched = {result.article.id for result in asked(full, text, "keyword").results}
        plain = not set(':"') & set(text)  # an expression says what an article must hold, by vector too
        assert found == (matched | {one.id for one in ARTICLES} - without if plain else matched)


@pytest.mark.parametrize("text", ["report", "Venezuela missiles report number", "trams"])
def test_however_few_are_asked_for_the_best_are_those_of_all(tmp_path: Path, text: str) -> None:
    stopped(tmp_path / "index", ARTICLES[:12])
    add(tmp_path / "index", ARTICLES[12:], encoder=WordEncoder())
    config = searchkit.SearchConfig(depth=1, vector_weight=2.8)
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=config) as searcher:
        every = [(one.article.id, one.score) for one in searcher.search(text, k=30).results]
        for k in (1, 3, 8):
            assert [(one.article.id, one.score) for one in searcher.search(text, k=k).results] == every[:k]
    assert every == [(one.article.id, one.score) for one in asked(tmp_path / "index", text).results]


@pytest.mark.parametrize("by", ["rebuild", "update"])
def test_a_later_command_completes_the_vectors_and_nothing_is_encoded_twice(tmp_path: Path, by: str) -> None:
    place = corpus(tmp_path, ARTICLES)
    encoder = Watched(stop_after=10)
    with pytest.raises(Stopped):
        build(tmp_path / "index", places=[place], encoder=encoder, keyword_first=True)
    before = len(encoder.encoded)
    encoder.stop_after = None
    report = {"rebuild": rebuild, "update": update}[by](tmp_path / "index", encoder=encoder)
    assert len(encoder.encoded) == len(set(encoder.encoded)) == 24
    assert report.vectors_encoded == 24 - before
    assert not any("Vectors are there" in note for note in report.notes)
    manifest = manifest_in_force(IndexPaths(tmp_path / "index"))
    assert manifest.vectors == manifest.chunks == 24
    build(tmp_path / "whole", places=[place], encoder=WordEncoder())
    assert scores(tmp_path / "index") == scores(tmp_path / "whole")
    gc(tmp_path / "index", keep=1)
    assert litter(IndexPaths(tmp_path / "index")) == []
    assert verify(tmp_path / "index", deep=True, encoder=WordEncoder()).faults == ()


def test_articles_can_be_added_changed_and_deleted_while_vectors_are_missing(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped(index, ARTICLES[:20])
    changed = article(3, text="Quite another text about opera.")
    report = add(index, [*ARTICLES[20:], changed], encoder=WordEncoder())
    assert any("5 of 24 chunks" in note for note in report.notes)
    delete(index, ["a007", "a021"])
    remaining = [changed if one.id == "a003" else one for one in ARTICLES if one.id not in {"a007", "a021"}]
    full = whole(tmp_path / "whole", remaining)
    assert scores(index, "keyword") == scores(full, "keyword")
    assert manifest_in_force(IndexPaths(index)).vectors == 4
    assert verify(index, deep=True, encoder=WordEncoder()).faults == ()
    encoder = Watched()
    rebuild(index, encoder=encoder)
    assert len(encoder.encoded) == 18  # of the 19 of before, but that of one that is deleted
    assert scores(index) == scores(full)


def test_compact_leaves_one_segment_of_each_kind_and_merging_mixes_none(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped(index, ARTICLES[:8])
    for one in ARTICLES[8:20]:
        add(index, [one], encoder=WordEncoder())
    manifest = manifest_in_force(IndexPaths(index))
    assert manifest.vectors == 12
    delete(index, ["a000", "a012"])
    before = scores(index)
    report = compact(index)
    assert any("11 of 18" in note for note in report.notes)
    manifest = manifest_in_force(IndexPaths(index))
    assert sorted((fact.has_vectors, fact.chunks) for fact in manifest.segments) == [(False, 7), (True, 11)]
    assert scores(index) == before
    assert compact(index).generation == manifest.generation
    assert verify(index, deep=True, encoder=WordEncoder()).faults == ()


def test_backup_restore_rollback_and_gc_take_it_as_it_is(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped(index, ARTICLES[:20])
    add(index, ARTICLES[20:], encoder=WordEncoder())
    before = scores(index)
    backup(index, tmp_path / "copy")
    assert scores(tmp_path / "copy") == before
    assert manifest_in_force(IndexPaths(tmp_path / "copy")).vectors == 4
    rebuild(index, encoder=WordEncoder())
    restore(tmp_path / "copy", index)
    assert scores(index) == before
    searchkit.rollback(index, 3)
    assert scores(index) == scores(whole(tmp_path / "whole"))
    gc(index, keep=1)
    for path in (index, tmp_path / "copy"):
        assert verify(path, deep=True, encoder=WordEncoder()).faults == ()


def test_a_rebuild_by_keyword_first_uses_the_vectors_that_are_there(tmp_path: Path) -> None:
    index = whole(tmp_path / "index", ARTICLES[:20])
    encoder = Watched(stop_after=0)
    with pytest.raises(Stopped):
        rebuild(index, ARTICLES, encoder=encoder, keyword_first=True)
    assert current_generation(IndexPaths(index)) == 2
    assert asked(index, "rice").results
    searchkit.rollback(index, 1)
    encoder = Watched()
    report = rebuild(index, ARTICLES, encoder=encoder, keyword_first=True)
    assert (report.vectors_encoded, report.vectors_reused) == (4, 20)
    assert len(encoder.encoded) == 4
    assert scores(index) == scores(whole(tmp_path / "whole"))


def test_with_another_encoder_the_old_generation_serves_until_the_new_one_is_whole(tmp_path: Path) -> None:
    index = whole(tmp_path / "index")
    with pytest.raises(ConfigError, match="serves until the new one has all its vectors"):
        rebuild(index, encoder=WordEncoder(dimension=32), keyword_first=True)
    assert current_generation(IndexPaths(index)) == 1


def test_a_filter_and_facets_count_what_the_keyword_leg_finds(tmp_path: Path) -> None:
    stopped(tmp_path / "index", ARTICLES)
    full = whole(tmp_path / "whole")
    for values in ({"source": "El Correo"}, {"tag": "odd", "since": "2025-01-10"}):
        mine = asked(tmp_path / "index", "report", facets=("source", "year"), **values)
        theirs = asked(full, "report", "keyword", facets=("source", "year"), **values)
        assert {one.article.id for one in mine.results} == {one.article.id for one in theirs.results}
        assert mine.facets == theirs.facets


@pytest.mark.parametrize("fusion", ["minmax", "rrf"])
def test_every_other_fusion_answers_too(tmp_path: Path, fusion: str) -> None:
    stopped(tmp_path / "index", ARTICLES[:20])
    for _ in range(2):
        config = searchkit.SearchConfig(fusion=fusion)
        with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=config) as searcher:
            answer = searcher.search("rice harvest", k=30)
        assert answer.results
        assert np.isfinite([one.score for one in answer.results]).all()
        add(tmp_path / "index", ARTICLES[20:], encoder=WordEncoder())


def test_an_index_of_other_rules_answers_with_a_note_and_is_changed_by_a_rebuild_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = whole(tmp_path / "index")
    assert asked(index, "rice").notes == ()
    made = index_manifest.RULES
    for ours, error in ((made + 1, FormatTooOld), (made - 1, FormatTooNew)):
        for module in ("manifest", "generation_writer", "verify"):
            monkeypatch.setattr(f"searchkit.index.{module}.RULES", ours)
        assert any("words may be missed" in note for note in asked(index, "rice").notes)
        assert any("words may be missed" in note for note in asked(index, "rice", "keyword").notes)
        assert asked(index, "rice", "vector").notes == ()
        for change in (
            lambda: add(index, [article(30)], encoder=WordEncoder()),
            lambda: update(index, ARTICLES, encoder=WordEncoder()),
            lambda: delete(index, ["a001"]),
            lambda: compact(index),
        ):
            with pytest.raises(error, match="can't be mixed"):
                change()
        verified = verify(index, deep=True, encoder=WordEncoder())
        assert verified.faults == ()
        assert any("looked up" in note for note in verified.notes)
    monkeypatch.undo()
    later = index_manifest.RULES + 1
    for module in ("manifest", "generation_writer", "verify"):
        monkeypatch.setattr(f"searchkit.index.{module}.RULES", later)
    assert rebuild(index, encoder=WordEncoder()).vectors_encoded == 0
    assert asked(index, "rice").notes == ()


def test_a_manifest_with_eight_bits_alone_or_without_articles_is_refused(tmp_path: Path) -> None:
    from searchkit.errors import IndexCorrupt
    from searchkit.index.manifest import read_manifest, write_manifest
    from searchkit.index.paths import ARTICLES as STORED
    from searchkit.index.paths import EIGHT_BITS

    paths = IndexPaths(whole(tmp_path / "index"))
    manifest = manifest_in_force(paths)
    fact = manifest.segments[0]
    one = fact.files[VECTORS]
    rest = {name: file for name, file in fact.files.items() if name != VECTORS}
    for names in ({**rest, EIGHT_BITS: one}, {VECTORS: one}, {**fact.files, "x.py": one}, {STORED: one}):
        write_manifest(paths, replace(manifest, segments=(replace(fact, files=names),)))
        with pytest.raises(IndexCorrupt, match="holds something unknown"):
            read_manifest(paths, 1)
