"""Does an index whose vectors are scanned at 8 bits do all that another does?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import SearchConfig, Where, add, backup, compact, delete, verify
from searchkit.errors import IndexCorrupt
from searchkit.index import vector_index
from searchkit.index.generation import open_generation
from searchkit.index.paths import EIGHT_BITS, IndexPaths
from searchkit.index.vector_index import VectorsReader
from searchkit.search.searcher import Searcher
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

QUESTIONS = ("missiles of Venezuela", "an orchestra", "report number 17", "oil exports in March", "")
EVERYTHING = range(120)


def opened(index: Path) -> Searcher:
    """Open an index so that a look at a few rows is a look at less than all."""
    return searchkit.open(index, config=SearchConfig(depth=2), encoder=WordEncoder())


def answers(index: Path) -> list[tuple[tuple[str, float], ...]]:
    with opened(index) as searcher:
        asked = [(question, mode) for question in QUESTIONS[:4] for mode in ("vector", "hybrid")]
        plain = [searcher.search(text, mode=mode, k=12) for text, mode in asked]
        some = [searcher.search(text, mode=mode, k=12, tag="odd", since="2025-02") for text, mode in asked]
        return [tuple((one.article.id, one.score) for one in answer.results) for answer in (*plain, *some)]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The same articles, added and deleted in the same way, scanned in float32 and at 8 bits."""
    for name in ("plain", "small"):
        if name == "small":
            monkeypatch.setattr(vector_index, "EIGHT_BITS_FROM", 20)
        index = tmp_path / name
        built(index, EVERYTHING[:90])
        add(index, [article(number) for number in EVERYTHING[60:]], encoder=WordEncoder())
        delete(index, ["a003", "a017", "a111"])
    return tmp_path / "plain", tmp_path / "small"


def test_it_answers_alike_to_the_last_bit(pair: tuple[Path, Path]) -> None:
    plain, small = pair
    assert not list(plain.rglob(EIGHT_BITS))
    assert len(list(small.rglob(EIGHT_BITS))) == 2
    assert answers(small) == answers(plain)


def test_it_says_how_it_finds_vectors_and_how_well(pair: tuple[Path, Path]) -> None:
    plain, small = pair
    with opened(plain) as searcher:
        info = searcher.info()
        assert (info.eight_bit_chunks, info.vector_recall) == (0, None)
    with opened(small) as searcher:
        info = searcher.info()
        assert (info.eight_bit_chunks - info.deleted_chunks, info.vector_recall) == (info.chunks, 1.0)


def test_compacting_and_a_backup_keep_it(pair: tuple[Path, Path], tmp_path: Path) -> None:
    plain, small = pair
    compact(small)
    backup(small, tmp_path / "copy")
    assert len(list((tmp_path / "copy").rglob(EIGHT_BITS))) == 1
    assert answers(tmp_path / "copy") == answers(plain)
    assert not verify(tmp_path / "copy", deep=True, encoder=WordEncoder()).faults


@pytest.mark.parametrize("byte", [40, 77, -20, -10, None])
def test_damage_is_named_before_anything_reads_it(pair: tuple[Path, Path], byte: int | None) -> None:
    _, small = pair
    path = sorted(small.rglob(EIGHT_BITS))[0]
    if byte is None:
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[byte] ^= 0x40
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"vectors8\.faiss"):
        opened(small)
    assert [fault.path for fault in verify(small).faults] == [str(path)]


def test_a_row_that_is_further_off_than_the_file_says_is_found_by_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its maker could seal a wrong index as well as a right one."""
    monkeypatch.setattr(vector_index, "EIGHT_BITS_FROM", 20)
    monkeypatch.setattr(vector_index, "longest_difference", lambda *_, **__: 1e-4)
    built(tmp_path / "index", EVERYTHING)
    paths = IndexPaths(tmp_path / "index")
    assert [fault.path for fault in verify(paths.root, deep=True, encoder=WordEncoder()).faults] == [
        str(next(paths.segments.rglob(EIGHT_BITS)))
    ]


def test_a_scan_that_is_asked_to_look_further_is_remembered_with_filters_and_deletions_too(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, small = pair
    scans = []
    search = VectorsReader._search

    def counted(self: VectorsReader, query: Any, depth: int, allowed: Any) -> Any:
        scans.append(depth)
        return search(self, query, depth, allowed)

    monkeypatch.setattr(VectorsReader, "_search", counted)
    monkeypatch.setattr(vector_index, "_FEW", 8)
    with open_generation(small) as generation:
        assert generation.living is not None
        query = WordEncoder().encode_query("missiles of Venezuela")
        for where in (Where(), Where(tags=("odd",)), Where(since=datetime(2025, 1, 20, tzinfo=UTC))):
            scans.clear()
            masks = [generation.rows_where(where) for _ in range(4)]
            generation.nearest(query, 3, masks[0])
            first = len(scans)
            assert first
            for mask in masks[1:]:  # another object with the same rows, as every search makes one
                generation.nearest(query, 3, None if mask is None else mask & generation.living)
            assert len(scans) == first
            generation.nearest(WordEncoder().encode_query("an orchestra"), 3, masks[0])
            assert len(scans) > first
