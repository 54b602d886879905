"""Tables of the results: for the terminal, for ``RESULTS.md``, and the one that the README has.

``RESULTS.md`` and ``README.md`` hold them between comments, ``<!-- NAME -->`` and ``<!-- /NAME -->``; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.benchmarks.limits import Results, Verdict, verdicts
from scripts.benchmarks.results_files import RELEVANCE, SPEED, read_results
from scripts.benchmarks.systems import BARE, BM25S, FAISS, FTS5, KEYWORD, LANCE, OURS, TANTIVY, TXTAI, WHOOSH

PAGE = Path(__file__).parent / "RESULTS.md"
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
    """Return what finds the generated part of this name in a page."""
    return re.compile(rf"(?<=<!-- {name} -->\n)(.*?)(?=<!-- /{name} -->)", re.DOTALL)


def write_block(name: str, text: str, path: Path = PAGE) -> None:
    """Put a text where a page has its place; leave with a message where it has none."""
    page = path.read_text(encoding="utf-8")
    if not block(name).search(page):
        sys.exit(f"error: {path.name} has no '<!-- {name} -->' … '<!-- /{name} -->'.")
    path.write_text(block(name).sub(lambda _: f"\n{text}\n", page), encoding="utf-8")


def write_peer_table() -> None:
    """Put the table of searchkit beside its peers into the README, from both results files."""
    write_block("peers", "\n".join(peer_table(read_results(SPEED), read_results(RELEVANCE))), README)


PEERS = ("searchkit", "Tantivy", "bm25s", "SQLite FTS5", "FAISS", "LanceDB", "txtai")
"""The columns of the README's table."""

_IN_RELEVANCE = {"searchkit": "searchkit hybrid", "LanceDB": "LanceDB hybrid", "txtai": "txtai hybrid"}
_IN_SPEED = {"searchkit": OURS, "bm25s": BM25S, "FAISS": FAISS}
_BY_KEYWORD = {"searchkit": "searchkit, keyword"}
_BY_BOTH = {"searchkit": "searchkit, hybrid", "FAISS": "encoder + FAISS"}
_WITHOUT_ENCODING = {"searchkit": KEYWORD, "bm25s": BM25S, "FAISS": "-", "LanceDB": "-", "txtai": "-"}
_LARGEST = "1000000"
_INVENTED = "bundled samples"


def peer_table(speed: Results, relevance: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of a row a measurement; a peer that does better than searchkit stands in bold."""
    yield f"| | {' | '.join(PEERS)} |"
    yield f"|---|{'---|' * len(PEERS)}"
    for name, archive in relevance["archives"].items():
        if name == _INVENTED:
            continue
        means = {system: facts["nDCG@10"][0] for system, facts in archive["systems"].items()}
        yield _peer_row(f"nDCG@10, {name}", means, _IN_RELEVANCE, _share, least=False)
    for name, archive in speed["search"]["archives"].items():
        medians = {system: times[0] for system, times in archive["cpu_ms"].items()}
        where = name.partition(",")[0]
        worded = {system: medians[system] for system in ("searchkit, keyword", TANTIVY, FTS5)}
        yield _peer_row(f"`search()` by keyword, {where}, CPU ms", worded, _BY_KEYWORD, number)
        meant = {system: medians[system] for system in ("searchkit, hybrid", "encoder + FAISS", LANCE, TXTAI)}
        yield _peer_row(f"`search()` hybrid, {where}, CPU ms", meant, _BY_BOTH, number)
    large = speed["sizes"][_LARGEST]
    for name in ("OR 4", "phrase 3", "fuzzy"):
        slow = {system: facts["cpu_ms"][1] for system, facts in large["fresh"][name].items()}
        yield _peer_row(f"ids and scores, {name}, 95th percentile, CPU ms", slow, _IN_SPEED, number)
    built = large["building"]
    for fact, label, least in (
        ("chunks_per_cpu_s", "building without encoding, chunks a CPU-second", False),
        ("keyword_mb", "keyword part on the disk, MB", True),
        ("peak_mb", "peak memory of that building, MB", True),
    ):
        values = {system: facts[fact] for system, facts in built.items()}
        yield _peer_row(label, values, _WITHOUT_ENCODING, number, least=least)
    opened = {system: facts["wall_ms"] for system, facts in large["opening"].items()}
    yield _peer_row("opening, ms", opened, _IN_SPEED, number)
    updated = {system: facts["cpu_ms"] for system, facts in speed["sizes"]["100000"]["updating"].items()}
    yield _peer_row("update of 500 articles among 100,000, CPU ms", updated, _IN_SPEED, number)


def _peer_row(
    label: str,
    values: Mapping[str, float],
    names: Mapping[str, str],
    write: Callable[[float], str],
    *,
    least: bool = True,
) -> str:
    """Return a row; ``names`` says what the results call a column, ``least`` that less is better."""
    measured = [values.get(names.get(peer, peer)) for peer in PEERS]
    ours, cells = measured[0], []
    for value in measured:
        better = value is not None and ours is not None and (value < ours if least else value > ours)
        text = "–" if value is None else write(value)
        cells.append(f"**{text}**" if better else text)
    return f"| {label} | {' | '.join(cells)} |"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def speed_report(results: Results) -> str:
    """Return the page's part: what must be reached and what was, then each class beside each peer, then costs."""
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
