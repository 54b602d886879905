"""Here are results; how do they read? The tables for the terminal and for the README, where a mark shows what is lost.

The README has them between comments, ``<!-- NAME -->`` and ``<!-- /NAME -->``; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.benchmarks.limits import Results, Verdict, verdicts
from scripts.benchmarks.systems import BARE, BM25S, FAISS, FTS5, KEYWORD, LANCE, OURS, TANTIVY, TXTAI, WHOOSH

README = Path(__file__).parent.parent.parent / "README.md"
WORDED = (TANTIVY, BM25S, FTS5, WHOOSH)
"""Who answers by words; the others by meaning."""

MEANT = (BARE, FAISS, LANCE, TXTAI)
BUILT = (OURS, KEYWORD, TANTIVY, BM25S, FTS5, WHOOSH, FAISS, LANCE, TXTAI)
BY_MEANING = ("hybrid", "hybrid, vectors given")
COSTS = (("opening", "wall_ms"), ("updating", "cpu_ms"))
Timed = Mapping[str, Mapping[str, Any]]
"""What a class took, by who was asked."""


def block(name: str) -> re.Pattern[str]:
    """Return what finds the README's generated part of this name."""
    return re.compile(rf"(?<=<!-- {name} -->\n)(.*?)(?=<!-- /{name} -->)", re.DOTALL)


def write_block(name: str, text: str) -> None:
    """Put a text where the README has its place; leave with a message where it has none."""
    readme = README.read_text(encoding="utf-8")
    if not block(name).search(readme):
        sys.exit(f"error: README.md has no '<!-- {name} -->' … '<!-- /{name} -->'.")
    README.write_text(block(name).sub(lambda _: f"\n{text}\n", readme), encoding="utf-8")


def speed_report(results: Results) -> str:
    """Return the README's part: what must be reached and what was, then each class beside each peer, then costs."""
    sizes = results["sizes"]
    asked = {size: {name: ks.get("10", {}) for name, ks in found["queries"].items()} for size, found in sizes.items()}
    fresh = {size: found["fresh"] for size, found in sizes.items() if "fresh" in found}
    lines = [f"Measured by `scripts/bench` on {_where(results)}.", "", *limits_table(verdicts(results))]
    lines += [
        "",
        "searchkit's CPU milliseconds a query, k = 10, for ids and scores alone (`rank()`), and what they are times a",
        "peer's (above 1 is **lost**),",
    ]
    lines += ["median / 95th percentile. The same queries again:", "", *_ratios(asked, WORDED)]
    if fresh:
        lines += ["", "Queries that were never asked before, each once:", "", *_ratios(fresh, WORDED)]
    lines += ["", "By words and meaning; ONNX Runtime + FAISS is the least that can cost:", "", *_ratios(asked, MEANT)]
    if "search" in results:
        lines += ["", *search_tables(results["search"])]
    lines += ["", *_left_out(sizes), "Building, and what it leaves:", "", *_building(results)]
    return "\n".join(lines)


def limits_table(found: list[Verdict]) -> Iterator[str]:
    """Yield the table of what must be reached."""
    yield "| | against | must be | worst measured | |"
    yield "|---|---|---|---|---|"
    for verdict in found:
        row = verdict.row
        bound = f"{'≥' if row.least else '≤'} {row.limit:g}"
        worst = "not measured" if verdict.worst is None else f"{number(verdict.worst)}"
        where = f" ({verdict.where})" if verdict.where else ""
        yield f"| {row.name} | {row.against} | {bound} | {worst}{where} | {_mark(verdict)} |"


def _mark(verdict: Verdict) -> str:
    if verdict.reached is None:
        return ""
    if verdict.reached:
        return "yes"
    return f"**lost** in {verdict.missed} of {verdict.measured}" if verdict.measured > 1 else "**lost**"


def _ratios(asked: Mapping[str, Mapping[str, Timed]], peers: tuple[str, ...]) -> Iterator[str]:
    """Yield a table of a row a class, and for each size a column for searchkit and one for each peer."""
    shown = {
        size: [peer for peer in peers if any(peer in timed for timed in classes.values())]
        for size, classes in asked.items()
    }
    heads = [f"{int(size):,}: ms | {' | '.join(named)}" for size, named in shown.items() if named]
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'---|' * sum(len(named) + 1 for named in shown.values() if named)}"
    for name in dict.fromkeys(name for classes in asked.values() for name in classes):
        if (name in BY_MEANING) != (peers is MEANT):
            continue
        cells = []
        for size, named in shown.items():
            timed = asked[size].get(name, {})
            cells += [_pair(timed.get(OURS), "cpu_ms"), *(_pair(timed.get(peer), "ratio") for peer in named)]
        yield f"| {name} | {' | '.join(cells)} |"


def _pair(timed: Mapping[str, Any] | None, fact: str) -> str:
    """Return a median and a 95th percentile; a ratio above 1 is bold."""
    if timed is None:
        return "–"
    write = number if fact == "cpu_ms" else "{:.2f}".format
    return " / ".join(f"**{write(one)}**" if fact == "ratio" and one > 1 else write(one) for one in timed[fact][:2])


def search_tables(search: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tables of whole searches: what each takes, then searches a second by threads."""
    yield f"Whole searches (`search()`, {search['date']}): CPU milliseconds, median / 95th percentile,"
    yield "of ten results with title, url and snippet, its words marked; LanceDB and txtai, which make none, give whole"
    yield "rows. Vectors are given for nothing but where the encoder is named:"
    yield ""
    archives = search["archives"]
    heads = [f"{name}, {found['chunks']:,} chunks" for name, found in archives.items()]
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(archives)}"
    for system in next(iter(archives.values()))["cpu_ms"]:
        times = (found["cpu_ms"][system] for found in archives.values())
        yield f"| {system} | {' | '.join(f'{number(p50)} / {number(p95)}' for p50, p95 in times)} |"
    yield ""
    yield "Whole searches a second, every question a new one, by the threads that share a searcher:"
    yield ""
    threads = list(next(iter(next(iter(archives.values()))["requests_per_s"].values())))
    yield f"| | {' | '.join(threads)} |"
    yield f"|---|{'---|' * len(threads)}"
    for name, found in archives.items():
        for mode, counts in found["requests_per_s"].items():
            yield f"| {name}: {mode} | {' | '.join(number(count) for count in counts.values())} |"


def _left_out(sizes: Mapping[str, Any]) -> Iterator[str]:
    for size, found in sizes.items():
        for peer, why in found.get("left_out", {}).items():
            yield f"{peer} has no {int(size):,} chunks: {why}.\n"


def _building(results: Results) -> Iterator[str]:
    heads: tuple[str, ...] = (
        "chunks",
        "",
        "chunks per CPU-second",
        "MB, keyword part",
        "MB in all",
        "peak MB",
        "without mapped files",
    )
    heads += ("opening, ms", "update of 500, CPU ms", "requests a second, one thread", "two")
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for size, found in results["sizes"].items():
        for name in BUILT:
            built = found["building"].get(name)
            if built is None:
                continue
            unsplit = name in {FAISS, LANCE, TXTAI}
            facts = [None if unsplit else built["keyword_mb"], *map(built.get, ("mb", "peak_mb", "peak_own_mb"))]
            facts += [found.get(step, {}).get(name, {}).get(fact) for step, fact in COSTS]
            facts += [found.get("requests_per_s", {}).get(threads, {}).get(name) for threads in ("1", "2")]
            cells = ("–" if fact is None else number(fact) for fact in facts)
            yield f"| {int(size):,} | {name} | {built['chunks_per_cpu_s']:,.0f} | {' | '.join(cells)} |"


def _where(results: Results) -> str:
    machine, named = results["machine"], results["versions"]
    peers = ", ".join(f"{name} {value}" for name, value in named.items())
    return f"{results['date']}, {machine['processor']}, {machine['cores']} cores, Python {machine['python']}; {peers}"


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.4f}"
