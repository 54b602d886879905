"""Reports on what ``tune`` measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from searchkit.cli.output.console import clean
from searchkit.cli.output.numbers import count
from searchkit.cli.output.result_table import DIM

if TYPE_CHECKING:
    from searchkit.config import Settings
    from searchkit.evaluation.comparison import Comparison
    from searchkit.evaluation.self_check import SelfCheck
    from searchkit.evaluation.tuning import TuneReport


NAME = "vector_weight"
CHECK = "A check that nothing is broken, not a measure of relevance: sentences of articles, which must find their own."


def tuning_json(report: TuneReport, settings: Settings) -> dict[str, Any]:
    """Return what tuning found as the object that ``--json`` writes."""
    return {
        "name": report.judged,
        "measure": report.gain.measure,
        "queries": report.queries,
        "folds": len(report.by_fold),
        "usual": {NAME: report.usual},
        "best": {NAME: report.best},
        "chosen": {NAME: report.chosen},
        "gain": _gain_json(report.gain),
        "over_force": _gain_json(report.over_force) if report.over_force else None,
        "by_fold": [{NAME: weight} for weight in report.by_fold],
        "curve": {NAME: [{"value": weight, "mean": mean} for weight, mean in report.curve]},
        "settings": settings.to_dict(),
        "notes": list(report.notes),
    }


def _gain_json(gain: Comparison) -> dict[str, Any]:
    names = ("interval", "p", "better", "worse", "difference")
    values = {name: value for name, value in asdict(gain).items() if name in names}
    return {"before": gain.first_mean, "tuned": gain.other_mean, **values, "real": gain.real}


def tuning_table(report: TuneReport, in_force: Mapping[str, object]) -> RenderableType:
    """Draw what was tried, what it gave on queries not tuned on, and what that means; ``in_force`` are no defaults."""
    gain = report.gain
    by_fold = ", ".join(f"{weight} in {folds}" for weight, folds in Counter(report.by_fold).most_common())
    choice = Text.assemble(
        f"{NAME}  default ",
        (f"{report.usual}", "cyan"),
        ", tuned ",
        (f"{report.best}", "cyan"),
        (f"  (of {count(len(report.by_fold), 'part')} of the queries: {by_fold})", DIM),
    )
    why = "tuning makes it worse on queries that it hasn't seen" if gain.interval.high < 0 else "the gain may be chance"
    kept, used = f"Keep the defaults ({NAME} {report.usual}): {why}.", f"Use {NAME} {report.best}: the gain is real."
    parts: list[RenderableType] = [
        Text(f"{clean(report.judged)} · {report.queries:,} queries · {gain.measure}", style="bold"),
        *("", choice, _curve(report)),
        Text("Tuned is the weight nearest to the default whose mean no other surely beats.", style=DIM),
        *("", _gain(gain, "default", "tuned", "each query by settings that others chose")),
        *("", Text(used if gain.real else kept, style="bold")),
    ]
    if report.over_force:
        what, verb = ("what was found", "is") if gain.real else ("the defaults", "are")
        verdict = f"{what} {verb} {'' if report.over_force.real else 'not '}surely better"
        parts += ["", _gain(report.over_force, "in force", "to use", what)]
        parts += ["", Text(f"In force is {listed(in_force)}: {verdict}.", style="bold")]
    return Group(*parts)


def listed(settings: Mapping[str, object]) -> str:
    """Write settings on a line."""
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "the defaults"


def _curve(report: TuneReport) -> Table:
    """Draw every fifth weight, the chosen and the highest: so many fit on a line."""
    best = max(report.curve, key=lambda point: point[1])
    points = sorted({*report.curve[::5], best, *(point for point in report.curve if point[0] == report.best)})
    grid = Table.grid(*(Column(justify="right") for _ in range(len(points) + 1)), padding=(0, 2))
    grid.add_row("  value", *(f"{weight:g}" for weight, _ in points), style=DIM)
    grid.add_row("mean", *(f"{mean:.3f}" for _, mean in points), style=DIM)
    return grid


def _gain(gain: Comparison, before: str, after: str, about: str) -> Table:
    interval = f"{gain.interval.low:+.4f} to {gain.interval.high:+.4f}"
    counted = f"p {gain.p:.4f} · {gain.better} better, {gain.worse} worse"
    grid = Table.grid(padding=(0, 2))
    grid.add_row(before, Text(f"{gain.first_mean:.4f}", style="cyan"))
    grid.add_row(after, Text(f"{gain.other_mean:.4f}", style="cyan"), Text(about, style=DIM))
    grid.add_row("gain", Text(f"{gain.difference:+.4f}", style="cyan"), Text(f"{interval} · {counted}", style=DIM))
    return grid


def sanity_json(report: SelfCheck) -> dict[str, Any]:
    """Return the check as the object that ``--json`` writes."""
    return {"kind": "sanity", "about": CHECK, **asdict(report)}


def sanity_table(report: SelfCheck) -> RenderableType:
    """Draw the check: a line a language, a column a mode; then what looks broken."""
    passed = f", {count(report.passed_over, 'other')} had no sentence to ask" if report.passed_over else ""
    head = f"{count(report.every.sentences, 'sentence')} of {count(report.articles, 'article')}{passed}"
    grid = Table.grid(*(Column(justify="right") for _ in range(3 + len(report.every.modes))), padding=(0, 2))
    grid.add_row("", "asked", *(Text(str(mode), style="bold") for mode in report.every.modes), "in common")
    for group in (report.every, *(report.languages if len(report.languages) > 1 else ())):
        name = "all" if group.language is None else clean(group.language) or "unknown"
        shares = (Text(f"{share.first:.2f} / {share.ten:.2f}", style="cyan") for share in group.modes.values())
        grid.add_row(name, f"{group.sentences:,}", *shares, "" if group.overlap is None else f"{group.overlap:.2f}")
    legend = "first / among the first ten, of the sentences' own articles; the retrievers' ten best articles in common"
    doubts = [Text(clean(doubt), style="bold") for doubt in report.doubts or ("Nothing looks broken.",)]
    return Group(Text(head, style="bold"), CHECK, "", grid, Text(legend, style=DIM), "", *doubts)
