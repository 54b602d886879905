"""What an encoder gives is a row of length 1 for each text, or an error that names it; nothing else is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import searchkit
from searchkit import add, build, rebuild, update
from searchkit.encoders.embedding_cache import SWITCH, EmbeddingCache, bound
from searchkit.encoders.embedding_log import identity_of
from searchkit.encoders.encoder_checks import checked_rows
from searchkit.errors import ConfigError, EncoderMismatch, IndexCorrupt, VectorsInvalid
from searchkit.index.embedding_source import kept_vectors
from searchkit.index.generation import open_generation
from searchkit.index.paths import IndexPaths
from searchkit.types import Progress
from tests.index.archive import article
from tests.word_encoder import WordEncoder

Spoil = Callable[[Any], Any]


def with_value(value: float, row: int = -1) -> Spoil:
    def spoil(rows: Any) -> Any:
        changed = rows.copy()
        changed[row, 3] = value
        return changed

    return spoil


BAD: dict[str, Spoil] = {
    "NaN": with_value(float("nan")),
    "NaN in the first": with_value(float("nan"), 0),
    "infinity": with_value(float("inf")),
    "minus infinity": with_value(float("-inf")),
    "too long": lambda rows: rows * 2,
    "too short": lambda rows: rows * 0.5,
    "a bit too long": lambda rows: rows * 1.02,
    "one of many too long": with_value(1.5),
    "huge": lambda rows: rows * 1e30,
    "tiny": lambda rows: rows * 1e-30,
    "zero": lambda rows: rows * 0,
    "too wide": lambda rows: np.hstack([rows, rows]) / np.sqrt(2),
    "too narrow": lambda rows: rows[:, :8] / np.linalg.norm(rows[:, :8], axis=1, keepdims=True),
    "one value a text": lambda rows: rows[:, :1] / np.abs(rows[:, :1]),
    "one row for many": lambda rows: rows[:1],
    "one row without its axis": lambda rows: rows[0],
    "a number": lambda rows: 1.0,
    "a row too many": lambda rows: np.vstack([rows, rows[:1]]),
    "no rows": lambda rows: rows[:0],
    "turned": lambda rows: rows.T,
    "an axis too many": lambda rows: rows[None],
    "objects": lambda rows: rows.astype(object),
    "texts": lambda rows: rows.astype(str),
    "complex": lambda rows: rows.astype(np.complex64),
    "booleans": lambda rows: rows > 0,
    "None": lambda rows: None,
    "a ragged list": lambda rows: [[1.0], [0.5, 0.5], *rows.tolist()],
    "a generator": lambda rows: (row for row in rows),
    "8 bits": lambda rows: (rows * 127).astype(np.int8),
}
GOOD: dict[str, Spoil] = {
    "float64": lambda rows: rows.astype(np.float64),
    "float16": lambda rows: rows.astype(np.float16),
    "a list": lambda rows: rows.tolist(),
    "in the order of columns": np.asfortranarray,
    "big-endian": lambda rows: rows.astype(">f4"),
    "read-only": lambda rows: np.frombuffer(rows.tobytes(), np.float32).reshape(rows.shape),
}


class Spoiling(WordEncoder):
    """Spoils what it gives while ``spoil`` is there; its fingerprint is that of the sound one."""

    def __init__(self, spoil: Spoil | None = None, *, queries: Spoil | None = None) -> None:
        super().__init__(dimension=16, name="my-own-encoder")
        self.spoil, self.queries = spoil, queries

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        rows = np.vstack([WordEncoder.encode_query(self, text) for text in texts])
        return self.spoil(rows) if self.spoil else rows

    def encode_query(self, text: str) -> Any:
        vector = super().encode_query(text)
        return self.queries(vector[None])[0] if self.queries else vector


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "100MB")
    return tmp_path / "cache" / "vectors"


def cached(*, dimension: int = 16) -> int:
    from searchkit.encoders.embedding_cache import cache_state

    return sum(share.vectors for share in cache_state().encoders)


ARTICLES = [article(number) for number in range(6)]


@pytest.mark.parametrize("kind", BAD)
def test_a_build_refuses_what_is_no_row_of_length_1_for_each_text(tmp_path: Path, kind: str) -> None:
    with pytest.raises(VectorsInvalid, match="my-own-encoder"):
        build(tmp_path / "index", ARTICLES, encoder=Spoiling(BAD[kind]))
    assert not (tmp_path / "index").exists()
    assert cached() == 0
    # So the next build, with the encoder mended, has nothing bad to find.
    report = build(tmp_path / "index", ARTICLES, encoder=Spoiling())
    assert (report.vectors_reused, report.notes) == (0, ())


@pytest.mark.parametrize("kind", GOOD)
def test_it_takes_whatever_is_the_same_in_another_form(tmp_path: Path, kind: str) -> None:
    assert build(tmp_path / "index", ARTICLES, encoder=Spoiling(GOOD[kind])).vectors_encoded > 0
    with open_generation(tmp_path / "index") as generation:
        (segment,) = generation.segments
        assert segment.vectors is not None
        assert segment.vectors.matrix.dtype == np.float32


@pytest.mark.parametrize("kind", ["NaN", "too long", "zero", "one row for many"])
@pytest.mark.parametrize("change", [add, update])
def test_an_index_stays_as_it_was(tmp_path: Path, kind: str, change: Any) -> None:
    build(tmp_path / "index", ARTICLES, encoder=Spoiling())
    kept = cached()
    with pytest.raises(VectorsInvalid, match="my-own-encoder"):
        change(tmp_path / "index", [article(8), article(9)], encoder=Spoiling(BAD[kind]))
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=Spoiling()).faults == ()
    assert kept_vectors(IndexPaths(tmp_path / "index")) == 0
    assert cached() == kept
    assert searchkit.open(tmp_path / "index", encoder=Spoiling()).info().generation == 1


def test_bad_vectors_of_the_cache_are_made_again(tmp_path: Path) -> None:
    from searchkit.index.articles_db import text_digest
    from searchkit.ingest.indexed_text import compose

    build(tmp_path / "first", ARTICLES, encoder=Spoiling(), cache=False)
    with open_generation(tmp_path / "first") as generation:
        texts = [compose(one, chunk) for one, rows in map(generation.article_at, range(6)) for chunk in
                 generation.chunks_at(rows)]  # fmt: skip
    bad = np.full((len(texts), 16), np.nan, np.float32)
    bad[1] = 7
    store = EmbeddingCache(identity_of(Spoiling()), bound())
    store.keep([text_digest(text.joined) for text in texts], bad)
    store.close()
    report = build(tmp_path / "index", ARTICLES, encoder=Spoiling())
    assert (report.vectors_encoded, report.vectors_reused) == (len(texts), 0)
    assert any("weren't of length 1" in note for note in report.notes)
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=Spoiling()).faults == ()


def spoil_index(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Build an index as it was built before vectors were checked."""
    with monkeypatch.context() as patch:
        patch.setattr("searchkit.index.embedding_source.checked_rows", lambda given, *_: np.asarray(given, np.float32))
        build(index, ARTICLES, encoder=Spoiling(with_value(1.5)), cache=False)


def test_bad_vectors_of_the_generation_before_are_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_index(tmp_path / "index", monkeypatch)
    with pytest.raises(VectorsInvalid, match="my-own-encoder"):
        rebuild(tmp_path / "index", encoder=Spoiling(with_value(1.5)), cache=False)
    report = rebuild(tmp_path / "index", encoder=Spoiling(), cache=False)
    assert report.vectors_encoded > 0
    assert any("weren't of length 1" in note for note in report.notes)
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=Spoiling()).faults == ()


def test_bad_vectors_are_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil_index(tmp_path / "index", monkeypatch)
    add(tmp_path / "index", [article(8)], encoder=Spoiling())
    with pytest.raises(IndexCorrupt, match="holds vectors that"):
        searchkit.compact(tmp_path / "index")


@pytest.mark.parametrize("kind", ["NaN", "infinity", "too long", "too short", "zero", "too wide", "a row too many"])
def test_a_query_is_held_to_the_same(tmp_path: Path, kind: str) -> None:
    build(tmp_path / "index", ARTICLES, encoder=Spoiling())
    spoil = BAD[kind] if kind != "a row too many" else lambda rows: rows[None]
    with searchkit.open(tmp_path / "index", encoder=Spoiling(queries=spoil)) as searcher:
        with pytest.raises(VectorsInvalid, match="my-own-encoder"):
            searcher.search("missiles guard Venezuela")
        assert searcher.search("missiles guard Venezuela", mode="keyword").results


class OneFingerprint(WordEncoder):
    """Bears one fingerprint whatever its dimension is."""

    @property
    def fingerprint(self) -> str:
        return "5eed" * 16


def test_a_rebuild_encodes_anew_where_only_the_dimension_is_another(tmp_path: Path) -> None:
    index = tmp_path / "index"
    for dimension in (8, 16, 8, 5):
        encoder = OneFingerprint(dimension=dimension)
        report = (rebuild if index.exists() else build)(index, ARTICLES, encoder=encoder, cache=False)
        assert (report.vectors_encoded, report.vectors_reused) == (report.chunks, 0)
        assert searchkit.verify(index, deep=True, encoder=encoder).faults == ()


def test_vectors_of_another_dimension_in_the_cache_are_not_taken(tmp_path: Path) -> None:
    for dimension in (8, 16):
        report = build(tmp_path / str(dimension), ARTICLES, encoder=OneFingerprint(dimension=dimension))
        assert (report.vectors_encoded, report.vectors_reused) == (report.chunks, 0)


def test_a_rebuild_doesnt_go_on_with_a_log_of_another_dimension(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build(index, ARTICLES[:2], encoder=OneFingerprint(dimension=8), cache=False)
    rebuild(index, ARTICLES, encoder=OneFingerprint(dimension=8), cache=False, consider=lambda *_: False)
    report = rebuild(index, ARTICLES, encoder=OneFingerprint(dimension=16), cache=False)
    assert (report.vectors_encoded, report.vectors_reused) == (report.chunks, 0)


def test_what_goes_on_with_an_index_refuses_another_dimension(tmp_path: Path) -> None:
    index, other = tmp_path / "index", OneFingerprint(dimension=16)
    build(index, ARTICLES, encoder=OneFingerprint(dimension=8))
    for change in (lambda: add(index, [article(9)], encoder=other), lambda: update(index, [article(9)], encoder=other)):
        with pytest.raises(EncoderMismatch, match=r"8 dimensions.*16"):
            change()
    with searchkit.open(index, encoder=other) as searcher, pytest.raises(EncoderMismatch, match=r"8 dimensions.*16"):
        searcher.search("missiles guard Venezuela")
    assert any("isn't what made" in note for note in searchkit.verify(index, deep=True, encoder=other).notes)
    with pytest.raises(ConfigError, match="keyword_first"):
        rebuild(index, ARTICLES, encoder=other, keyword_first=True)


@pytest.mark.parametrize("dimension", ["8", -8, 0, 8.0, None, True, float("nan"), 1 << 40, [8], b"8", lambda: 8])
def test_a_dimension_that_is_no_number_of_values_is_refused(tmp_path: Path, dimension: Any) -> None:
    encoder = OneFingerprint(dimension=16)
    build(tmp_path / "index", ARTICLES, encoder=encoder)
    encoder.dimension = dimension
    for use in (
        lambda: build(tmp_path / "other", ARTICLES, encoder=encoder),
        lambda: rebuild(tmp_path / "index", encoder=encoder),
        lambda: add(tmp_path / "index", ARTICLES, encoder=encoder),
        lambda: update(tmp_path / "index", ARTICLES, encoder=encoder),
        lambda: searchkit.open(tmp_path / "index", encoder=encoder),
    ):
        with pytest.raises(ConfigError, match="dimension") as raised:
            use()
        assert "whole number" in raised.value.hint
    assert not (tmp_path / "other").exists()


def test_a_dimension_may_be_a_whole_number_of_numpys(tmp_path: Path) -> None:
    encoder: Any = OneFingerprint(dimension=16)
    encoder.dimension = np.int64(16)
    assert build(tmp_path / "index", ARTICLES, encoder=encoder).chunks > 0
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=encoder).faults == ()


def test_the_error_names_the_text_and_the_length() -> None:
    rows = np.eye(3, 4, dtype=np.float32)
    rows[2] *= 3
    with pytest.raises(VectorsInvalid, match=r"'e' gave .* length 3 .* 1 of 3 texts; the first is 'third'"):
        checked_rows(rows, "e", ["first", "second", "third"], 4)
