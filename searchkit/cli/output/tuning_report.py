"""Reports on what ``tune`` measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from searchkit.cli.output.console import clean
from searchkit.cli.output.numbers import count
from searchkit.cli.output.result_table import DIM

if TYPE_CHECKING:
    from searchkit.config import Settings
    from searchkit.evaluation.self_check import Group as Asked
    from searchkit.evaluation.self_check import SelfCheck
    from searchkit.evaluation.tuning import Gain, TuningResult


_SHOWN = 9
"""Points of a curve that fit on a line."""

HOW = "Chosen: the nearest to the default that no other mean surely beats."
"""``evaluation.tuning.choose`` in a line."""

CHECK = "A check that nothing is broken, not a measure of relevance: sentences of articles, which must find their own."


def tuned_json(found: TuningResult, settings: Settings) -> dict[str, Any]:
    """Return what tuning found as the object that ``--json`` writes."""
    return {
        "name": found.judged,
        "measure": found.measure,
        "queries": found.queries,
        "folds": found.folds,
        "usual": dict(found.usual),
        "best": dict(found.best),
        "chosen": dict(found.chosen),
        "gain": _gain_json(found.gain),
        "over_force": _gain_json(found.over_force) if found.over_force else None,
        "by_fold": [dict(one) for one in found.by_fold],
        "curve": {
            name: [{"value": value, "mean": mean} for value, mean in points] for name, points in found.curve.items()
        },
        "settings": settings.to_dict(),
        "notes": list(found.notes),
    }


def _gain_json(gain: Gain) -> dict[str, Any]:
    return {**asdict(gain), "difference": gain.difference, "real": gain.real}


def tuned_table(found: TuningResult, in_force: Mapping[str, object]) -> RenderableType:
    """Draw what was tried, what it gave on queries not tuned on, and what that means; ``in_force`` are no defaults."""
    asked = count(found.queries, "query").replace("querys", "queries")
    return Group(
        Text(f"{clean(found.judged)} · {asked} · {found.measure}", style="bold"),
        "",
        *_settings(found),
        "",
        _gain(found.gain, "usual", "tuned", "each query by settings that others chose"),
        "",
        Text(_verdict(found), style="bold"),
        *_over_force(found, in_force),
    )


def _settings(found: TuningResult) -> Iterator[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in found.best.items():
        folds = Counter(one[name] for one in found.by_fold).most_common()
        line = Text(f"{found.usual[name]} → {value}", style="cyan")
        grid.add_row(
            name, line.append("  by parts: " + ", ".join(f"{one} ×{times}" for one, times in folds), style=DIM)
        )
        for first, second in _points(found.curve[name], found.usual[name], value):
            grid.add_row(Text(first, style=DIM), Text(second, style=DIM))
    yield grid
    yield Text(HOW, style=DIM)


def _points(curve: Sequence[tuple[Any, float]], usual: object, chosen: object) -> Iterator[tuple[str, str]]:
    """Yield two lines of a curve: values, and their means; evenly spread, and the usual, the chosen and the highest."""
    values = [value for value, _ in curve]
    best = max(range(len(curve)), key=lambda place: curve[place][1])
    middle = values.index(usual) if usual in values else best
    step = max(1, -(-len(curve) // (_SHOWN - 2)))
    places = sorted({*range(middle % step, len(curve), step), best, values.index(chosen)})
    cells = [
        (f"{values[place]:g}" if isinstance(values[place], float) else str(values[place]), f"{curve[place][1]:.3f}")
        for place in places
    ]
    widths = [max(map(len, pair)) for pair in cells]
    yield "  value", "  ".join(one.rjust(width) for (one, _), width in zip(cells, widths, strict=True))
    yield "  mean", "  ".join(one.rjust(width) for (_, one), width in zip(cells, widths, strict=True))


def _over_force(found: TuningResult, in_force: Mapping[str, object]) -> Iterator[RenderableType]:
    """Yield the comparison with the settings in force, where these aren't the defaults, and what it means."""
    if found.over_force is None:
        return
    what = "what was found" if found.gain.real else "the defaults"
    said = f"{what} is" if found.gain.real else f"{what} are"
    now = ", ".join(f"{name} {value}" for name, value in in_force.items())
    yield ""
    yield _gain(found.over_force, "in force", "to use", what)
    yield ""
    yield Text(f"In force is {now}: {said} {'' if found.over_force.real else 'not '}surely better.", style="bold")


def _gain(gain: Gain, before: str, after: str, about: str) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(before, Text(f"{gain.before:.4f}", style="cyan"), "")
    grid.add_row(after, Text(f"{gain.tuned:.4f}", style="cyan"), Text(about, style=DIM))
    interval = f"{gain.interval.low:+.4f} to {gain.interval.high:+.4f}"
    counted = f"p {gain.p:.4f} · {gain.better} better, {gain.worse} worse"
    grid.add_row("gain", Text(f"{gain.difference:+.4f}", style="cyan"), Text(f"{interval} · {counted}", style=DIM))
    return grid


def _verdict(found: TuningResult) -> str:
    chosen = ", ".join(f"{name} {value}" for name, value in found.chosen.items())
    if found.gain.real:
        return f"Use {chosen}: the gain is real."
    if found.gain.interval.high < 0:
        return f"Keep the defaults ({chosen}): tuning makes it worse on queries that it hasn't seen."
    return f"Keep the defaults ({chosen}): the gain may be chance."


def sanity_json(found: SelfCheck) -> dict[str, Any]:
    """Return the check as the object that ``--json`` writes."""
    return {
        "kind": "sanity",
        "about": CHECK,
        "articles": found.articles,
        "passed_over": found.passed_over,
        "every": _group_json(found.every),
        "languages": [_group_json(one) for one in found.languages],
        "doubts": list(found.doubts),
        "notes": list(found.notes),
    }


def _group_json(one: Asked) -> dict[str, Any]:
    return {
        "language": one.language,
        "sentences": one.sentences,
        "modes": {str(mode): asdict(share) for mode, share in one.shares.items()},
        "overlap": one.overlap,
        "lost": one.lost,
    }


def sanity_table(found: SelfCheck) -> RenderableType:
    """Draw the check: a line a language, a column a mode; then what looks broken."""
    passed = f", {count(found.passed_over, 'other')} had no sentence to ask" if found.passed_over else ""
    head = f"{count(found.every.sentences, 'sentence')} of {count(found.articles, 'article')}{passed}"
    grid = Table.grid(padding=(0, 2))
    for _ in range(3 + len(found.every.shares)):
        grid.add_column(justify="right", no_wrap=True)
    modes = [Text(str(mode), style="bold") for mode in found.every.shares]
    grid.add_row("", "asked", *modes, "in common")
    for one in (found.every, *(found.languages if len(found.languages) > 1 else ())):
        grid.add_row(*_row(one))
    doubts = found.doubts or ("Nothing looks broken.",)
    legend = "first / among the first ten, of the sentences' own articles; the legs' ten best articles in common"
    parts: list[RenderableType] = [Text(head, style="bold"), CHECK, "", grid, Text(legend, style=DIM), ""]
    return Group(*parts, *(Text(clean(doubt), style="bold") for doubt in doubts))


def _row(one: Asked) -> Iterator[RenderableType]:
    yield "all" if one.language is None else clean(one.language) or "unknown"
    yield f"{one.sentences:,}"
    for share in one.shares.values():
        yield Text(f"{share.first:.2f} / {share.ten:.2f}", style="cyan")
    yield "" if one.overlap is None else f"{one.overlap:.2f}"
