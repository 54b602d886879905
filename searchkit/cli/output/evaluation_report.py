"""Reports on an evaluation: a table of means with their intervals, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from searchkit.cli.output.console import clean
from searchkit.cli.output.numbers import count
from searchkit.cli.output.result_table import DIM

if TYPE_CHECKING:
    from searchkit.evaluation.comparison import ChangedQuery, Comparison
    from searchkit.evaluation.judgments import Judgments
    from searchkit.evaluation.measures import MeasuredRun


SHOWN_MOVERS = 10
SIDE_BY_SIDE = 3
"""So many runs fit beside each other into 80 columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What --fail-under asked for, and what was measured."""

    measure: str
    floor: float
    value: float

    @property
    def held(self) -> bool:
        """Whether the measured value reaches the floor."""
        return self.value >= self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """All that an evaluation gave."""

    judged: Judgments
    level: str
    depth: int
    measured: tuple[MeasuredRun, ...]
    comparisons: tuple[Comparison, ...]
    floors: tuple[Floor, ...]
    notes: tuple[str, ...]


def evaluation_json(done: EvaluationReport, *, per_query: bool) -> dict[str, Any]:
    """Return an evaluation as the object that ``--json`` writes; the values of every query where they are wanted."""
    return {
        "name": done.judged.name,
        "level": done.level,
        "queries": len(done.judged.qrels),
        "judgements": done.judged.judgements,
        "depth": done.depth,
        "notes": list(done.notes),
        "runs": [_run_json(run, done.judged, per_query=per_query) for run in done.measured],
        "comparisons": [asdict(comparison) for comparison in done.comparisons],
        "fail_under": [{**asdict(floor), "held": floor.held} for floor in done.floors],
    }


def evaluation_table(done: EvaluationReport, *, per_query: bool) -> RenderableType:
    """Draw the means, a column a run; below it the values of every query, where wanted, and the comparisons."""
    queries = count(len(done.judged.qrels), "query").replace("querys", "queries")
    head = f"{clean(done.judged.name)} · {queries} · {count(done.judged.judgements, 'judgement')}"
    parts: list[RenderableType] = [Text(head, style="bold")]
    for start in range(0, len(done.measured), SIDE_BY_SIDE):
        parts += ["", _means(done.measured[start : start + SIDE_BY_SIDE])]
    if per_query:
        parts += ["", _per_query(done.measured)]
    for other, comparisons in _by_other(done.comparisons).items():
        parts += ["", _comparison(other, comparisons), *_movers(comparisons[0], done.judged.queries)]
    return Group(*parts)


def _means(measured: Sequence[MeasuredRun]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    for _ in measured:
        grid.add_column(overflow="fold")
    grid.add_row("", *(Text(clean(run.name), style="bold") for run in measured))
    for row in zip(*(run.figures for run in measured), strict=True):
        cells = []
        for figure in row:
            cell = Text(_share(figure.mean), style="cyan")
            cells.append(cell.append(f"  {_share(figure.interval.low)}–{_share(figure.interval.high)}", style=DIM))
        grid.add_row(row[0].measure, *cells)
    if any(run.unanswered for run in measured):
        grid.add_row("no answer", *(f"{run.unanswered:,}" for run in measured))
    return grid


def _per_query(measured: Sequence[MeasuredRun]) -> Table:
    """Draw the values of each query by the first measure."""
    name = measured[0].figures[0].measure
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    for _ in measured:
        grid.add_column(justify="right", overflow="fold")
    grid.add_row(Text(name, style="bold"), *(Text(clean(run.name), style="bold") for run in measured))
    for query in measured[0].per_query[name]:
        grid.add_row(clean(query), *(_share(run.per_query[name][query]) for run in measured))
    return grid


def _comparison(other: str, comparisons: Sequence[Comparison]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    title = Text(f"{clean(other)} against {clean(comparisons[0].first)}", style="bold")
    for comparison in comparisons:
        interval = Text(f"{comparison.interval.low:+.3f} to {comparison.interval.high:+.3f}", style=DIM)
        counted = f"p {comparison.p:.4f} · {comparison.better} better, {comparison.worse} worse, {comparison.same} same"
        grid.add_row(comparison.measure, Text(f"{comparison.difference:+.3f}", style="cyan"), interval, counted)
    whole = Table.grid()
    whole.add_row(title)
    whole.add_row(grid)
    return whole


def _movers(comparison: Comparison, queries: Mapping[str, str]) -> Iterator[RenderableType]:
    if not comparison.movers:
        return
    yield Text(f"Moved most, {comparison.measure}:", style=DIM)
    grid = Table.grid(padding=(0, 2), expand=True)  # else a long query takes the room of its figures
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=20)
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for change in comparison.movers[:SHOWN_MOVERS]:
        grid.add_row(_move(change), clean(change.query), clean(queries.get(change.query, "")))
    yield grid


def _move(change: ChangedQuery) -> Text:
    better = change.other > change.first
    return Text(f"{_share(change.first)} → {_share(change.other)}", style="green" if better else "red")


def _by_other(comparisons: Sequence[Comparison]) -> dict[str, list[Comparison]]:
    grouped: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        grouped.setdefault(comparison.other, []).append(comparison)
    return grouped


def _share(value: float) -> str:
    return f"{value:.3f}"


def _run_json(run: MeasuredRun, judged: Judgments, *, per_query: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": run.name,
        "unanswered": run.unanswered,
        "measures": {
            figure.measure: {"mean": figure.mean, "low": figure.interval.low, "high": figure.interval.high}
            for figure in run.figures
        },
    }
    if per_query:
        plain["per_query"] = {
            query: {
                "text": judged.queries.get(query),
                **{name: values[query] for name, values in run.per_query.items()},
            }
            for query in judged.qrels
        }
    return plain
