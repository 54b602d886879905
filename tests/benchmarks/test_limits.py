from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from scripts.benchmarks import speed
from scripts.benchmarks.limits import ROWS, Verdict, verdicts
from scripts.benchmarks.machine import machine
from scripts.benchmarks.relevance import relevance_report
from scripts.benchmarks.report import PAGE, README, block, limits_table, peer_table, speed_report
from scripts.benchmarks.results_files import RELEVANCE, SPEED, read_results, without_unread, write_results
from scripts.benchmarks.systems import BARE, BM25S, KEYWORD, OURS, TANTIVY, WHOOSH

WHOLE = ("search", "archives", "made, 20,000 articles")
MUST = {
    "OR 2/4/8, k = 10 and 100": (1.0, False),
    "AND, phrase, prefix, wildcard, fuzzy": (1.5, False),
    "OR with a date or tag filter": (1.0, False),
    "any class, times faster": (50, True),
    "prefix, wildcard, fuzzy, times faster": (20, True),
    "hybrid, warm, p95": (1.5, False),
    "search() by keyword, k = 10, median": (0.7, False),
    "search() by keyword, k = 10, p95": (1.0, False),
    "search() hybrid, k = 10, median": (1.2, False),
    "search() with 2, 4 and 8 threads, times that of one": (1.0, True),
    "search() with the best number of threads, times that of one": (1.6, True),
    "hybrid, one-shot command, CPU s": (1.0, False),
    "keyword, one-shot command, CPU s": (0.4, False),
    "build without encoding, chunks per CPU-second": (0.5, True),
    "build without encoding, times faster": (10, True),
    "bytes on disk, keyword part": (3.0, False),
    "build with encoding, chunks per CPU-second": (0.9, True),
    "second build of the same corpus, vectors encoded": (0, False),
    "opening 1,000,000 chunks, s": (0.3, False),
    "peak memory, building 1,000,000, GB": (2.0, False),
    "growth from 100,000 to 1,000,000, query": (10, False),
    "growth from 100,000 to 1,000,000, build": (11, False),
}


def timed(ours_ms: float, theirs_ms: float) -> dict[str, Any]:
    ratio = ours_ms / theirs_ms
    return {"n": 9, "cpu_ms": [theirs_ms] * 3, "wall_ms": [theirs_ms] * 3, "ratio": [ratio] * 3}


def whole_searches() -> dict[str, Any]:
    times = {"searchkit, keyword": [0.6, 0.9], TANTIVY: [1.0, 1.0], "searchkit, hybrid": [9.0, 12.0]}
    times["encoder + FAISS"] = [8.0, 9.0]
    counts = {"1": 100.0, "2": 170.0, "4": 158.0, "8": 150.0}
    return {"chunks": 9, "cpu_ms": times, "requests_per_s": {"searchkit, hybrid": counts}}


def good_results() -> dict[str, Any]:
    """Results of a machine on which everything is reached."""

    def size(growth: float) -> dict[str, Any]:
        queries: dict[str, Any] = {}
        for name in ("OR 2", "OR 4", "OR 8", "AND 2", "phrase 3", "prefix", "fuzzy", "OR 4, tag 1 %"):
            found = {OURS: timed(growth, growth)}
            found |= {peer: timed(growth, 1.25 * growth) for peer in (TANTIVY, BM25S)}
            found[WHOOSH] = timed(growth, 100 * growth)
            queries[name] = {k: deepcopy(found) for k in ("10", "100")}
        queries["hybrid"] = {"10": {OURS: timed(1, 1), BARE: timed(1.2, 1)}}
        cost = {"cpu_s": growth, "keyword_mb": 2.0, "peak_mb": 500.0, "mb": 3.0, "chunks_per_cpu_s": 20_000.0}
        built = {OURS: dict(cost), KEYWORD: dict(cost), TANTIVY: {**cost, "keyword_mb": 1.0}}
        built[WHOOSH] = {**cost, "chunks_per_cpu_s": 400.0}
        return {"queries": queries, "building": built, "opening": {OURS: {"wall_ms": 100.0}}}

    return {
        "quick": False,
        "sizes": {"100000": size(1.0), "1000000": size(9.0)},
        "encoding": {"ratio": 0.95, "second_build_encoded": 0},
        "one_shot": {"keyword_cpu_s": 0.2, "hybrid_cpu_s": 0.6},
        "search": {"date": "2026-02-02", "archives": {"made, 20,000 articles": whole_searches()}},
    }


def lost(results: dict[str, Any]) -> list[Verdict]:
    return [verdict for verdict in verdicts(results) if verdict.reached is False]


def test_the_limits_are_those_that_were_set() -> None:
    assert {row.name: (row.limit, row.least) for row in ROWS} == MUST


def test_good_results_reach_every_row() -> None:
    found = verdicts(good_results())
    assert [verdict.row.name for verdict in found if not verdict.reached] == []


@pytest.mark.parametrize("share", [0, 1], ids=["median", "95th percentile"])
@pytest.mark.parametrize("peer", [TANTIVY, BM25S])
def test_one_slow_class_at_one_depth_against_one_peer_is_found(peer: str, share: int) -> None:
    results = good_results()
    results["sizes"]["1000000"]["queries"]["OR 8"]["100"][peer]["ratio"][share] = 1.01
    (verdict,) = lost(results)
    assert verdict.row.name == "OR 2/4/8, k = 10 and 100"
    assert verdict.worst == 1.01
    assert verdict.where == f"OR 8, k = 100, 1,000,000, {('p50', 'p95')[share]} against {peer}"
    assert (verdict.missed, verdict.measured) == (1, 48)


@pytest.mark.parametrize(
    ("path", "value", "row"),
    [
        (("sizes", "100000", "queries", "phrase 3", "10", TANTIVY, "ratio"), [1.6, 1, 1], "AND, phrase, prefix"),
        (("sizes", "100000", "queries", "OR 4, tag 1 %", "10", TANTIVY, "ratio"), [1, 1.1, 1], "OR with a date"),
        (("sizes", "100000", "queries", "AND 2", "10", WHOOSH, "ratio"), [1 / 49, 1, 1], "any class"),
        (("sizes", "100000", "queries", "fuzzy", "10", WHOOSH, "ratio"), [1 / 19, 1, 1], "prefix, wildcard, fuzzy,"),
        (("sizes", "100000", "queries", "hybrid", "10", BARE, "ratio"), [1, 1.6, 1], "hybrid, warm"),
        ((*WHOLE, "cpu_ms", TANTIVY), [0.8, 1.0], "search() by keyword, k = 10, median"),
        ((*WHOLE, "cpu_ms", TANTIVY), [1.0, 0.8], "search() by keyword, k = 10, p95"),
        ((*WHOLE, "cpu_ms", "encoder + FAISS"), [7.0, 9.0], "search() hybrid"),
        ((*WHOLE, "requests_per_s", "searchkit, hybrid", "8"), 99.0, "search() with 2, 4"),
        ((*WHOLE, "requests_per_s", "searchkit, hybrid", "2"), 155.0, "search() with the best"),
        (("one_shot", "hybrid_cpu_s"), 1.1, "hybrid, one-shot"),
        (("one_shot", "keyword_cpu_s"), 0.5, "keyword, one-shot"),
        (("sizes", "100000", "building", KEYWORD, "chunks_per_cpu_s"), 9_000, "build without encoding, chunks"),
        (("sizes", "100000", "building", WHOOSH, "chunks_per_cpu_s"), 3_000, "build without encoding, times"),
        (("sizes", "1000000", "building", OURS, "keyword_mb"), 3.1, "bytes on disk"),
        (("encoding", "ratio"), 0.8, "build with encoding"),
        (("encoding", "second_build_encoded"), 1, "second build"),
        (("sizes", "1000000", "opening", OURS, "wall_ms"), 400, "opening"),
        (("sizes", "1000000", "building", OURS, "peak_mb"), 2_100, "peak memory"),
        (("sizes", "1000000", "queries", "OR 4", "10", OURS, "cpu_ms"), [11, 11, 11], "growth from 100,000 to 1,000,"),
        (("sizes", "1000000", "building", OURS, "cpu_s"), 11.5, "growth from 100,000 to 1,000,000, build"),
    ],
)
def test_a_planted_shortfall_is_found_and_nothing_else(path: tuple[str, ...], value: object, row: str) -> None:
    results = good_results()
    place: Any = results
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert [verdict.row.name.startswith(row) for verdict in lost(results)] == [True]


def test_what_was_not_measured_is_neither_reached_nor_lost() -> None:
    results = good_results() | {"encoding": {}}
    del results["sizes"]["1000000"]
    found = {verdict.row.name: verdict for verdict in verdicts(results)}
    assert found["growth from 100,000 to 1,000,000, query"].reached is None
    assert found["build with encoding, chunks per CPU-second"].reached is None
    assert any("not measured" in line for line in limits_table(list(found.values())))


def test_small_archives_count_in_a_quick_run_alone() -> None:
    results = good_results()
    results["sizes"]["8000"] = results["sizes"].pop("100000")
    results["sizes"]["8000"]["queries"]["OR 2"]["10"][TANTIVY]["ratio"] = [2, 2, 2]
    assert lost(results) == []
    assert [verdict.row.name for verdict in lost(results | {"quick": True})] == ["OR 2/4/8, k = 10 and 100"]


def test_a_size_that_is_measured_anew_leaves_the_others_in_the_results_file() -> None:
    before = good_results() | {"date": "2026-01-01", "versions": {TANTIVY: "1", WHOOSH: "2"}}
    small = {"quick": False, "date": "2026-02-02", "versions": {TANTIVY: "3"}, "sizes": {"10000": {"queries": {}}}}
    after = speed.beside(before, small)
    assert list(after["sizes"]) == ["10000", "100000", "1000000"]
    assert after["sizes"]["100000"] is before["sizes"]["100000"]
    assert (after["date"], after["versions"]) == ("2026-02-02", {TANTIVY: "3", WHOOSH: "2"})
    assert after["one_shot"] == before["one_shot"], "whole commands search the largest archive"
    large = {**small, "sizes": {"1000000": {}}, "encoding": {"ratio": 1}, "one_shot": {}}
    assert speed.beside(after, large)["sizes"]["1000000"] == {}
    assert speed.beside(after, large)["encoding"] == {"ratio": 1}
    assert speed.beside({}, large)["sizes"] == large["sizes"]


def test_a_table_has_a_row_a_class_and_marks_what_is_lost() -> None:
    results = good_results() | {"date": "2026-01-01", "versions": {}, "machine": machine()}
    for found in results["sizes"].values():
        found["fresh"] = {"OR 2": {OURS: timed(1, 2), TANTIVY: timed(2, 1)}}
        for built in found["building"].values():
            built["peak_own_mb"] = 400.0
    written = speed_report(results)
    assert "| OR 4 | 1 / 1 | 0.80 / 0.80 | 0.80 / 0.80 | 0.01 / 0.01 | 9 / 9 | " in written
    assert "| OR 2 | 2 / 2 | **2.00** / **2.00** | 2 / 2 | **2.00** / **2.00** |" in written
    assert "| hybrid | 1 / 1 | **1.20** / **1.20** |" in written


def test_the_pages_show_what_the_results_files_hold() -> None:
    measured, relevance = read_results(SPEED), read_results(RELEVANCE)
    for name, path, text in (
        ("bench", PAGE, speed_report(measured)),
        ("relevance", PAGE, relevance_report(relevance)),
        ("peers", README, "\n".join(peer_table(measured, relevance))),
    ):
        written = block(name).search(path.read_text(encoding="utf-8"))
        assert written, f"{path.name} has no place for it: <!-- {name} --> … <!-- /{name} -->"
        assert written[1].strip() == text.strip(), "run scripts/bench --report, scripts/bench_relevance --report"


def test_a_results_file_keeps_what_tables_and_limits_read_and_nothing_else(tmp_path: Path) -> None:
    results = good_results() | {"date": "2026-01-01", "versions": {}, "machine": machine()}
    for size in results["sizes"].values():
        size["agreement"] = {"OR 2": {TANTIVY: 0.9}}
        size["building"][OURS]["wall_s"] = 9.0
        for built in size["building"].values():
            built["peak_own_mb"] = 400.0
    write_results(tmp_path / "results.json", without_unread(results))
    kept = read_results(tmp_path / "results.json")
    assert speed_report(kept) == speed_report(results)
    assert "agreement" not in kept["sizes"]["100000"]
    assert "wall_s" not in kept["sizes"]["100000"]["building"][OURS]
    assert kept["sizes"]["100000"]["queries"]["OR 2"]["10"][OURS] == {"cpu_ms": [1.0, 1.0], "ratio": [1.0, 1.0]}
    assert without_unread(kept) == kept


@pytest.mark.parametrize(("ours_ms", "better"), [(0.0, 0), (1e9, 4)], ids=["first", "last"])
def test_a_peer_that_does_better_stands_in_bold(ours_ms: float, better: int) -> None:
    measured = read_results(SPEED)
    measured["sizes"]["1000000"]["opening"][OURS]["wall_ms"] = ours_ms
    rows = peer_table(measured, read_results(RELEVANCE))
    opening = next(row for row in rows if row.startswith("| opening"))
    assert opening.count("**") == 2 * better
