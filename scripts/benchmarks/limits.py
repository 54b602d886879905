"""What must be reached? The rows of the table, each with its limit and where in the results its values stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.benchmarks.systems import BARE, BM25S, KEYWORD, OURS, TANTIVY, WHOOSH

Results = Mapping[str, Any]
Values = Mapping[str, float]
"""What was measured for a row, by where: a class, a size."""

OR = ("OR 2", "OR 4", "OR 8")
EXACT = ("AND 2", "AND 4", "phrase 2", "phrase 3", "prefix", "wildcard", "fuzzy")
FILTERED = ("OR 4, date 10 %", "OR 4, tag 10 %", "OR 4, tag 1 %")
PATTERNS = ("prefix", "wildcard", "fuzzy")
LARGE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table.

    ``limit``: a value may not be above it, or not below it where ``least``. ``aim``: what would be better still.
    ``values``: finds what was measured.
    """

    name: str
    against: str
    limit: float
    values: Callable[[Results], Values]
    least: bool = False
    aim: float | None = None

    def holds(self, value: float) -> bool:
        """Say whether a value is within the limit."""
        return value >= self.limit if self.least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A row and what it came to: its worst value and where that was; None where nothing was measured."""

    row: Row
    worst: float | None
    where: str
    missed: int
    measured: int

    @property
    def reached(self) -> bool | None:
        """Whether the limit was reached; None where nothing was measured."""
        return None if self.worst is None else self.row.holds(self.worst)


def verdicts(results: Results) -> list[Verdict]:
    """Hold the results against every row."""
    return [_verdict(row, row.values(results)) for row in ROWS]


def _verdict(row: Row, values: Values) -> Verdict:
    if not values:
        return Verdict(row=row, worst=None, where="", missed=0, measured=0)
    worst = (min if row.least else max)(values, key=lambda where: values[where])
    missed = sum(not row.holds(value) for value in values.values())
    return Verdict(row=row, worst=values[worst], where=worst, missed=missed, measured=len(values))


def _sizes(results: Results, least: int = 0) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the sizes a row speaks of; a quick run has smaller ones only, and they stand for them."""
    for size, found in results["sizes"].items():
        if int(size) >= least or results["quick"]:
            yield int(size), found


def _ratios(classes: tuple[str, ...], peers: tuple[str, ...], least: int = 0) -> Callable[[Results], Values]:
    """Return what finds searchkit's time over a peer's, of medians and of 95th percentiles."""

    def values(results: Results) -> Values:
        return {
            f"{name}, k = {k}, {size:,}, {share} against {peer}": ratio
            for size, found in _sizes(results, least)
            for name in classes
            for k, timed in found["queries"].get(name, {}).items()
            for peer in peers
            if peer in timed
            for share, ratio in zip(("p50", "p95"), timed[peer]["ratio"], strict=False)
        }

    return values


def _times_faster(classes: tuple[str, ...]) -> Callable[[Results], Values]:
    """Return what finds how many times faster the median is than plain Whoosh's."""

    def values(results: Results) -> Values:
        return {
            f"{name}, k = {k}, {size:,}": 1 / timed[WHOOSH]["ratio"][0]
            for size, found in _sizes(results)
            for name in classes
            for k, timed in found["queries"].get(name, {}).items()
            if WHOOSH in timed and timed[WHOOSH]["ratio"][0]
        }

    return values


def _hybrid(results: Results) -> Values:
    return {
        f"k = {k}, {size:,}": timed[BARE]["ratio"][1]
        for size, found in _sizes(results, LARGE)
        for k, timed in found["queries"].get("hybrid", {}).items()
        if BARE in timed and size <= LARGE
    }


def _built(fact: str, mine: str, theirs: str) -> Callable[[Results], Values]:
    def values(results: Results) -> Values:
        return {
            f"{size:,}": found["building"][mine][fact] / found["building"][theirs][fact]
            for size, found in _sizes(results)
            if mine in found["building"] and theirs in found["building"]
        }

    return values


def _of(place: str, fact: str) -> Callable[[Results], Values]:
    def values(results: Results) -> Values:
        value = results.get(place, {}).get(fact)
        return {} if value is None else {"": float(value)}

    return values


def _largest(step: str, fact: str, factor: float) -> Callable[[Results], Values]:
    """Return what finds a cost of searchkit's own in the largest archives."""

    def values(results: Results) -> Values:
        return {
            f"{size:,}": found[step][OURS][fact] * factor
            for size, found in _sizes(results, 1_000_000)
            if OURS in found.get(step, {})
        }

    return values


def _growth_of_queries(results: Results) -> Values:
    sizes = results["sizes"]
    if not {"100000", "1000000"} <= set(sizes):
        return {}
    small, large = sizes["100000"]["queries"], sizes["1000000"]["queries"]
    return {
        f"{name}, k = {k}": large[name][k][OURS]["cpu_ms"][0] / timed[OURS]["cpu_ms"][0]
        for name, found in small.items()
        for k, timed in found.items()
        if k in large.get(name, {}) and OURS in large[name][k]
    }


def _growth_of_building(results: Results) -> Values:
    found = [results["sizes"].get(size, {}).get("building", {}).get(OURS) for size in ("100000", "1000000")]
    return {"": found[1]["cpu_s"] / found[0]["cpu_s"]} if all(found) else {}


def _search(mine: str, theirs: str, place: int) -> Callable[[Results], Values]:
    """Return what finds a whole search's time over a peer's: of the median (0) or of the 95th percentile (1)."""

    def values(results: Results) -> Values:
        archives = results.get("search", {}).get("archives", {})
        return {name: found["cpu_ms"][mine][place] / found["cpu_ms"][theirs][place] for name, found in archives.items()}

    return values


def _threads(*, best: bool) -> Callable[[Results], Values]:
    """Return what finds the searches a second of several threads over those of one; only the ``best`` number's."""

    def values(results: Results) -> Values:
        archives = results.get("search", {}).get("archives", {})
        return {
            f"{name}: {mode}, {threads} threads": count / counts["1"]
            for name, found in archives.items()
            for mode, counts in found["requests_per_s"].items()
            for threads, count in counts.items()
            if int(threads) >= 2 and (not best or count == max(counts[key] for key in counts if key != "1"))
        }

    return values


ROWS = (
    Row(
        name="OR 2/4/8, k = 10 and 100",
        against="the better of Tantivy and bm25s (numba)",
        limit=1.0,
        values=_ratios(OR, (TANTIVY, BM25S), LARGE),
    ),
    Row(
        name="AND, phrase, prefix, wildcard, fuzzy",
        against="Tantivy",
        limit=1.5,
        aim=1.0,
        values=_ratios(EXACT, (TANTIVY,)),
    ),
    Row(name="OR with a date or tag filter", against="Tantivy", limit=1.0, values=_ratios(FILTERED, (TANTIVY,))),
    Row(
        name="any class, times faster",
        against="plain Whoosh",
        limit=50,
        least=True,
        values=_times_faster((*OR, "AND 2", "AND 4", "phrase 2", "phrase 3", *FILTERED)),
    ),
    Row(
        name="prefix, wildcard, fuzzy, times faster",
        against="plain Whoosh",
        limit=20,
        least=True,
        values=_times_faster(PATTERNS),
    ),
    Row(name="hybrid, warm, p95", against="encoder alone + FAISS alone", limit=1.5, values=_hybrid),
    Row(
        name="search() by keyword, k = 10, median",
        against="Tantivy with stored fields and its snippets",
        limit=0.7,
        values=_search("searchkit, keyword", TANTIVY, 0),
    ),
    Row(
        name="search() by keyword, k = 10, p95",
        against="Tantivy with stored fields and its snippets",
        limit=1.0,
        values=_search("searchkit, keyword", TANTIVY, 1),
    ),
    Row(
        name="search() hybrid, k = 10, median",
        against="encoder alone + FAISS alone",
        limit=1.2,
        values=_search("searchkit, hybrid", "encoder + FAISS", 0),
    ),
    Row(
        name="search() with 2, 4 and 8 threads, times that of one",
        against="searchkit itself, one thread",
        limit=1.0,
        least=True,
        values=_threads(best=False),
    ),
    Row(
        name="search() with the best number of threads, times that of one",
        against="searchkit itself, one thread, on two cores",
        limit=1.6,
        least=True,
        values=_threads(best=True),
    ),
    Row(
        name="hybrid, one-shot command, CPU s", against="–", limit=1.0, aim=0.5, values=_of("one_shot", "hybrid_cpu_s")
    ),
    Row(
        name="keyword, one-shot command, CPU s",
        against="–",
        limit=0.4,
        aim=0.2,
        values=_of("one_shot", "keyword_cpu_s"),
    ),
    Row(
        name="build without encoding, chunks per CPU-second",
        against="Tantivy",
        limit=0.5,
        least=True,
        values=_built("chunks_per_cpu_s", KEYWORD, TANTIVY),
    ),
    Row(
        name="build without encoding, times faster",
        against="plain Whoosh",
        limit=10,
        least=True,
        values=_built("chunks_per_cpu_s", KEYWORD, WHOOSH),
    ),
    Row(
        name="bytes on disk, keyword part",
        against="Tantivy",
        limit=3.0,
        aim=1.5,
        values=_built("keyword_mb", OURS, TANTIVY),
    ),
    Row(
        name="build with encoding, chunks per CPU-second",
        against="the bare runtime on the same batches",
        limit=0.9,
        least=True,
        values=_of("encoding", "ratio"),
    ),
    Row(
        name="second build of the same corpus, vectors encoded",
        against="–",
        limit=0,
        values=_of("encoding", "second_build_encoded"),
    ),
    Row(name="opening 1,000,000 chunks, s", against="–", limit=0.3, values=_largest("opening", "wall_ms", 1e-3)),
    Row(
        name="peak memory, building 1,000,000, GB",
        against="–, with the pages of mapped files",
        limit=2.0,
        values=_largest("building", "peak_mb", 1e-3),
    ),
    Row(
        name="growth from 100,000 to 1,000,000, query",
        against="searchkit itself",
        limit=10,
        values=_growth_of_queries,
    ),
    Row(
        name="growth from 100,000 to 1,000,000, build",
        against="searchkit itself",
        limit=11,
        values=_growth_of_building,
    ),
)
