"""Here are results; how do they read? The tables for the terminal and for the README, where a mark shows what is lost.

The README has them between comments, ``<!-- NAME -->`` and ``<!-- /NAME -->``; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.benchmarks.limits import LARGE, Results, Verdict, verdicts
from scripts.benchmarks.systems import BARE, BM25S, FAISS, FTS5, KEYWORD, LANCE, OURS, TANTIVY, TXTAI, WHOOSH

README = Path(__file__).parent.parent.parent / "README.md"
ASKED = (OURS, KEYWORD, TANTIVY, BM25S, FTS5, WHOOSH, BARE, FAISS, LANCE, TXTAI)


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
    """Return the README's part: what must be reached and what was, then milliseconds and costs side by side."""
    sizes = [size for size in results["sizes"] if int(size) >= LARGE] or list(results["sizes"])
    lines = [f"Measured by `scripts/bench` on {_where(results)}.", "", *limits_table(verdicts(results))]
    for size in sizes:
        lines += ["", f"{int(size):,} chunks, CPU milliseconds a query, median / 95th percentile, k = 10:", ""]
        lines += list(_milliseconds(results["sizes"][size]))
    lines += ["", "Building, and what it leaves:", "", *_building(results)]
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


def _milliseconds(found: Mapping[str, Any]) -> Iterator[str]:
    queries = found["queries"]
    shown = [name for name in ASKED if any(name in timed for ks in queries.values() for timed in ks.values())]
    yield f"| | {' | '.join(shown)} |"
    yield f"|---|{'---|' * len(shown)}"
    for name, ks in queries.items():
        timed = ks.get("10", {})
        cells = (_pair(timed.get(peer), timed.get(OURS), mine=peer == KEYWORD) for peer in shown)
        yield f"| {name} | {' | '.join(cells)} |"
    for peer, why in found.get("left_out", {}).items():
        yield f"\n{peer} is left out: {why}."


def _pair(timed: Mapping[str, Any] | None, ours: Mapping[str, Any] | None, *, mine: bool) -> str:
    """Return a median and a 95th percentile, bold where the peer is the faster."""
    if timed is None:
        return "–"
    text = " / ".join(number(value) for value in timed["cpu_ms"][:2])
    return f"**{text}**" if timed is not ours and not mine and timed["ratio"][0] > 1 else text


def _building(results: Results) -> Iterator[str]:
    yield "| chunks | | chunks per CPU-second | MB, keyword part | MB in all | peak MB | opening, ms |"
    yield "|---|---|---|---|---|---|---|"
    for size, found in results["sizes"].items():
        for name in (OURS, KEYWORD, TANTIVY, BM25S, FTS5, WHOOSH, LANCE, TXTAI):
            built = found["building"].get(name)
            if built is None:
                continue
            opening = found["opening"].get(name, {}).get("wall_ms")
            keyword = "–" if name in {LANCE, TXTAI} else number(built["keyword_mb"])
            yield (
                f"| {int(size):,} | {name} | {built['chunks_per_cpu_s']:,.0f} | {keyword} | {number(built['mb'])}"
                f" | {built['peak_mb']:,.0f} | {'–' if opening is None else number(opening)} |"
            )


def _where(results: Results) -> str:
    machine, named = results["machine"], results["versions"]
    peers = ", ".join(f"{name} {value}" for name, value in named.items())
    return f"{results['date']}, {machine['processor']}, {machine['cores']} cores, Python {machine['python']}; {peers}"


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.4f}"
