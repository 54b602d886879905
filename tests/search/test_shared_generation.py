"""What threads share, and what `close` lets go of."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import searchkit
from searchkit import Mode, Query, SearchConfig, Where, add, delete
from searchkit.index import generation as index_generation
from searchkit.index import vector_index
from searchkit.index.generation import open_generation
from searchkit.storage import array_file
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

OPEN_FILES = Path("/proc/self/fd")


class Emptied(dict[Where, object]):
    """A cache that another thread empties as soon as it has said what is in it."""

    def __contains__(self, key: object) -> bool:
        held = super().__contains__(key)
        self.clear()
        return held


def test_a_filter_that_another_thread_makes_room_for_is_worked_out_anew(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with open_generation(tmp_path / "index") as generation:
        generation._filtered = Emptied()  # type: ignore[assignment]
        for _ in range(3):
            mask = generation.rows_where(Where(tags=("odd",)))
            assert mask is not None
            assert mask.sum() == 12


def test_filters_of_many_threads_are_remembered_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_generation, "_FILTERS", 1)
    built(tmp_path / "index")
    filters = [Where(tags=("odd",)), Where(tags=("even",)), Where(authors=("writer 1",))]
    with open_generation(tmp_path / "index") as generation, ThreadPoolExecutor(4) as pool:

        def count(number: int) -> int:
            mask = generation.rows_where(filters[number % 3])
            return -1 if mask is None else int(mask.sum())

        assert list(pool.map(count, range(300))) == [12, 12, 6] * 100
        assert len(generation._filtered) == 1


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="only Linux tells which files a process has open")
def test_close_closes_every_file_whatever_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "EIGHT_BITS_FROM", 20)
    monkeypatch.setattr(array_file, "MAPPED_FROM_BYTES", 1)
    index = tmp_path / "index"
    built(index, range(60))
    add(index, [article(number) for number in range(50, 90)], encoder=WordEncoder())
    delete(index, ["a003"])

    def ask() -> None:
        with searchkit.open(index, config=SearchConfig(depth=2), encoder=WordEncoder()) as searcher:
            for mode in Mode:
                searcher.search("report missiles", mode=mode, facets=("source",), since="2025-01-05")
                searcher.rank(Query(text="report", mode=mode))
            searcher.search('"report number" AND oil~ OR mis*', source="Der Bote")
            assert searcher.article("a001")
            assert searcher.info().articles == 89

    ask()  # the first time loads what stays
    collecting = gc.isenabled()
    gc.disable()
    try:
        before = sorted(file.name for file in OPEN_FILES.iterdir())
        ask()
        assert sorted(file.name for file in OPEN_FILES.iterdir()) == before
    finally:
        if collecting:
            gc.enable()
