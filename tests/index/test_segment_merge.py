from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import add, build, compact, delete
from searchkit.index.generation import open_generation
from searchkit.index.segment_merge import FACTOR, SMALLEST, groups_to_merge
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

NAMES = ("articles.sqlite", "postings.bin", "vectors.faiss")


def segments(index: Path) -> list[Path]:
    with open_generation(index) as generation:
        return [index / "segments" / fact.name for fact in generation.manifest.segments]


def after(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge as the policy says."""
    groups = groups_to_merge(sizes)
    merged = {place for group in groups for place in group}
    kept = [size for place, size in enumerate(sizes) if place not in merged]
    return kept + [(sum(sizes[place][0] for place in group),) * 2 for group in groups]  # type: ignore[misc]


def test_so_many_of_a_level_become_one_and_fewer_stay() -> None:
    assert groups_to_merge([(10, 10)] * (FACTOR - 1)) == []
    assert groups_to_merge([(10, 10)] * FACTOR) == [list(range(FACTOR))]
    assert groups_to_merge([(10 * SMALLEST, 10 * SMALLEST)] + [(10, 10)] * FACTOR) == [list(range(1, FACTOR + 1))]


def test_what_fills_the_next_level_is_merged_with_it_at_once() -> None:
    large, small = (SMALLEST, SMALLEST), (SMALLEST // 2, SMALLEST // 2)
    assert groups_to_merge([large] * (FACTOR - 1) + [small] * FACTOR) == [list(range(2 * FACTOR - 1))]


def test_a_segment_of_which_most_is_deleted_is_written_anew() -> None:
    assert groups_to_merge([(4, 9), (5, 9), (9, 9)]) == [[0]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=120))
def test_segments_stay_few_and_every_chunk_is_copied_a_few_times_only(commits: list[int]) -> None:
    sizes: list[tuple[int, int]] = []
    copied = 0
    for chunks in commits:
        before = [*sizes, (chunks, chunks)]
        sizes = after(before)
        copied += sum(before[place][0] for group in groups_to_merge(before) for place in group)
    levels = 1
    while sum(commits) >= SMALLEST * FACTOR ** (levels - 1):
        levels += 1
    assert sum(living for living, _ in sizes) == sum(commits)
    assert len(sizes) <= (FACTOR - 1) * levels
    # In the lowest level a chunk can be copied as often as a segment grows there by small ones: SMALLEST / FACTOR.
    assert copied <= sum(commits) * (SMALLEST // FACTOR + levels)


def test_many_small_commits_become_few_segments(tmp_path: Path) -> None:
    built(tmp_path / "index", range(1))
    for number in range(1, 20):
        add(tmp_path / "index", [article(number)], encoder=WordEncoder())
    assert len(segments(tmp_path / "index")) < FACTOR
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.info().articles == 20


def test_a_compacted_index_has_the_bytes_of_a_fresh_one(tmp_path: Path) -> None:
    built(tmp_path / "index", range(8))
    add(tmp_path / "index", [article(number) for number in range(8, 14)], encoder=WordEncoder())
    delete(tmp_path / "index", ["a003", "a009"])
    report = compact(tmp_path / "index")
    assert (report.vectors_encoded, report.generation) == (0, 4)
    build(tmp_path / "fresh", [article(n) for n in range(14) if n not in {3, 9}], encoder=WordEncoder())
    (mine,), (fresh,) = segments(tmp_path / "index"), segments(tmp_path / "fresh")
    for name in NAMES:
        assert (mine / name).read_bytes() == (fresh / name).read_bytes(), name


def test_compacting_what_is_compact_changes_nothing(tmp_path: Path) -> None:
    built(tmp_path / "index")
    assert compact(tmp_path / "index").generation == 1


def test_compacting_an_index_of_nothing_is_no_trouble(tmp_path: Path) -> None:
    built(tmp_path / "index", range(2))
    delete(tmp_path / "index", ["a000", "a001"])
    assert compact(tmp_path / "index").generation == 2


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupted_merge_leaves_the_old_generation(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    built(tmp_path / "index", range(6))
    add(tmp_path / "index", [article(7)], encoder=WordEncoder())
    before = sorted((tmp_path / "index").rglob("*"))
    places = {
        "articles.sqlite": "searchkit.index.segment_merge._copy_article",
        "postings.bin": "searchkit.index.segment_merge.PostingsWriter.write",
        "vectors.faiss": "searchkit.index.segment_merge._living_vectors",
    }
    monkeypatch.setattr(places[name], stopped)
    with pytest.raises(KeyboardInterrupt):
        compact(tmp_path / "index")
    assert sorted((tmp_path / "index").rglob("*")) == before
