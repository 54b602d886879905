"""``evaluate``: judged queries asked and measured."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.cli.commands.known_item_check import measure_known_items
from searchkit.cli.commands.systems import StoredRun, System, SystemRunner, compared_system, first_systems
from searchkit.cli.index_argument import check_writable, existing_index
from searchkit.cli.options import (
    OUTPUT,
    AsExpression,
    AsWords,
    Index,
    Json,
    NoColor,
    Rerank,
    SettingsFile,
    pairs,
    syntax_of,
)
from searchkit.cli.output.console import Screen, tell
from searchkit.cli.output.numbers import count
from searchkit.config import SearchConfig
from searchkit.errors import ConfigError
from searchkit.types import Mode, Syntax

if TYPE_CHECKING:
    from searchkit.cli.output.evaluation_report import EvaluationReport, Floor
    from searchkit.evaluation.comparison import Comparison
    from searchkit.evaluation.judgments import Judgments
    from searchkit.evaluation.measures import MeasuredRun
    from searchkit.evaluation.query_times import QueryTimes
    from searchkit.evaluation.runs import Level, Run


JUDGED = "Queries and judgements"

Folder = Annotated[
    str | None,
    typer.Argument(
        metavar="FOLDER",
        show_default=False,
        help="Queries and judgements in BEIR's layout: queries.jsonl, qrels/test.tsv; or irds:NAME.",
    ),
]
Split = Annotated[str, typer.Option("--split", metavar="NAME", rich_help_panel=JUDGED, help="Which of qrels/NAME.tsv.")]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        show_default=False,
        rich_help_panel=JUDGED,
        help="Instead of FOLDER: queries as JSONL, as id, tab, text, or as TREC's topics.",
    ),
]
QrelsFile = Annotated[
    Path | None,
    typer.Option(
        "--qrels",
        metavar="FILE",
        show_default=False,
        rich_help_panel=JUDGED,
        help="Instead of FOLDER: judgements in TREC's or BEIR's form.",
    ),
]
LevelName = Annotated[
    str,
    typer.Option("--level", metavar="NAME", rich_help_panel=JUDGED, help="What is judged: article or chunk."),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", rich_help_panel=OUTPUT, help="No progress: only what was found, its notes, and problems."
    ),
]


def read_named(folder: str | None, split: str, queries: Path | None, qrels: Path | None) -> Judgments:
    """Read the judged queries that a command names.

    Raises ``ConfigError`` where they are named neither as a folder nor as files, and as ``read_judged`` does.
    """
    from searchkit.evaluation.judgments import read_files, read_judged

    if folder is not None and queries is None and qrels is None:
        return read_judged(folder, split=split)
    if folder is None and qrels is not None:
        return read_files(queries=queries, qrels=qrels)
    raise ConfigError(
        "Which queries, and which judgements?", hint="Name a folder in BEIR's layout, or --queries FILE --qrels FILE."
    )


def level_of(name: str) -> Level:
    """Return the level of this name. Raises ``ConfigError`` for another."""
    from searchkit.evaluation.runs import Level

    try:
        return Level(name)
    except ValueError as error:
        raise ConfigError(f"--level can't be '{name}'.", hint="Choose article or chunk.") from error


ASKED = "What is measured"

Modes = Annotated[
    list[Mode] | None,
    typer.Option(
        "--mode",
        metavar="NAME",
        show_default="all three",
        rich_help_panel=ASKED,
        help="hybrid, keyword or vector. Repeatable.",
    ),
]
RunFile = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FILE", show_default=False, rich_help_panel=ASKED, help="A run in TREC's form, of any system."
    ),
]
Compare = Annotated[
    list[str] | None,
    typer.Option(
        "--compare",
        metavar="WITH",
        show_default=False,
        rich_help_panel=ASKED,
        help="Compare the first run with this: a mode, a setting (vector_weight=2), a file of settings (.json),"
        " rerank=NAME, an earlier generation (generation:3), another index, a run's file. Other ways to fuse scores"
        " are fusion=rrf and minmax; with those results have no confidence. Repeatable.",
    ),
]
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        metavar="NAME",
        show_default="nDCG@10, R@100, AP@100, RR@10",
        rich_help_panel=ASKED,
        help="A measure by its standard name. Repeatable.",
    ),
]
EachAsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="FIELD",
        show_default=False,
        rich_help_panel=ASKED,
        help="Ask each query as of its own date, which stands in that field of queries.jsonl (metadata.date); or all as"
        " of one date. Later articles stay in, since they may be judged.",
    ),
]
ExcludeLater = Annotated[
    bool,
    typer.Option(
        "--exclude-later",
        rich_help_panel=ASKED,
        help="With --as-of: leave out what was published later, as a search does.",
    ),
]
KnownItems = Annotated[
    bool,
    typer.Option(
        "--known-items",
        rich_help_panel=ASKED,
        help="Instead of judged queries: ask for articles of the index by title, URL and sentence, and tell how often"
        " each comes first.",
    ),
]
Sample = Annotated[
    int, typer.Option("--sample", min=1, metavar="N", rich_help_panel=ASKED, help="Of so many known items each.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", rich_help_panel=ASKED, help="Another sample of known items.")]
PerQuery = Annotated[bool, typer.Option("--per-query", rich_help_panel=OUTPUT, help="Show every query's values.")]
RunOut = Annotated[
    Path | None,
    typer.Option(
        "--run-out",
        metavar="FILE",
        show_default=False,
        rich_help_panel=OUTPUT,
        help="Write the run in TREC's form, at least 1,000 results a query where the index has as many.",
    ),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under",
        metavar="NAME=VALUE",
        show_default=False,
        rich_help_panel=OUTPUT,
        help="Exit with 1 where the first run stays below: nDCG@10=.7. Repeatable.",
    ),
]


def evaluate(
    *,
    folder: Folder = None,
    index: Index = None,
    mode: Modes = None,
    words: AsWords = False,
    expression: AsExpression = False,
    settings: SettingsFile = None,
    rerank: Rerank = None,
    run: RunFile = None,
    compare: Compare = None,
    measure: Measures = None,
    split: Split = "test",
    queries: Queries = None,
    qrels: QrelsFile = None,
    level: LevelName = "article",
    as_of: EachAsOf = None,
    exclude_later: ExcludeLater = False,
    known_items: KnownItems = False,
    sample: Sample = 200,
    seed: Seed = 0,
    per_query: PerQuery = False,
    run_out: RunOut = None,
    fail_under: FailUnder = None,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Measure how well an index answers queries whose relevant articles are known.

    Means stand beside the interval that 95 of 100 such samples of queries would give. A judged query without an answer
    counts 0, as trec_eval has it with -c. A reranker gets all the time it needs.
    """
    screen = Screen(no_color=no_color)
    if known_items:
        _check_alone(folder, queries, qrels, run, compare, measure, run_out, fail_under)
        config = SearchConfig.from_file(settings) if settings is not None else None
        measure_known_items(
            screen,
            existing_index(index, screen),
            mode or (Mode.HYBRID,),
            config,
            sample=sample,
            seed=seed,
            per_query=per_query,
            quiet=quiet,
            json=json,
        )
        return
    judged = read_named(folder, split, queries, qrels)

    @cache
    def path() -> Path:
        return existing_index(index, screen)

    config = SearchConfig.from_file(settings) if settings is not None else None
    modes = mode or _usual_modes(run, compare)
    syntax = syntax_of(words=words, expression=expression)
    _check_asked(modes, settings, rerank, syntax, as_of)
    systems = first_systems(path, modes, run, config=config, reranker=rerank or "", syntax=syntax)
    if run_out is not None and len(systems) > 1:
        raise ConfigError("--run-out writes one run, and several were asked for.", hint="Choose one: --mode hybrid.")
    if run_out is not None:
        check_writable(run_out, "--run-out")
    others = [compared_system(option, systems[0], path) for option in compare or ()]
    times = _query_times(as_of, folder, queries, judged, config, include_later=not exclude_later)
    done = _evaluated(screen, judged, systems, others, measure, level, fail_under, run_out, times, quiet=quiet)
    _tell(screen, done, per_query=per_query, json=json)
    if any(not floor.held for floor in done.floors):
        raise typer.Exit(1)


def _query_times(
    as_of: str | None,
    folder: str | None,
    queries: Path | None,
    judged: Judgments,
    config: SearchConfig | None,
    *,
    include_later: bool,
) -> QueryTimes | None:
    """Return the time as of which each query is asked; None where --as-of isn't given."""
    if as_of is None:
        if not include_later:
            raise ConfigError("--exclude-later needs a time.", hint="Give --as-of, too.")
        return None
    from searchkit.evaluation.query_times import read_query_times

    path = queries or (Path(folder) / "queries.jsonl" if folder is not None else None)
    zone = config.time_zone if config else ""
    return read_query_times(as_of, path, tuple(judged.queries), time_zone=zone, include_later=include_later)


def _check_alone(*judged: object) -> None:
    """Refuse what is of judged queries beside --known-items, which has no judgements but its own."""
    if any(option not in (None, []) for option in judged):
        raise ConfigError(
            "--known-items makes its own questions: judged queries, runs and measures have no say in it.",
            hint="Give it with --index, --mode, --settings, --sample and --seed alone.",
        )


def _usual_modes(run: Path | None, compare: Sequence[str] | None) -> tuple[Mode, ...]:
    """Return the modes to measure where none is named: all, or the first of a comparison."""
    if run is not None:
        return ()
    return (Mode.HYBRID,) if compare else tuple(Mode)


def _check_asked(
    modes: Sequence[Mode], settings: Path | None, rerank: str | None, syntax: Syntax, as_of: str | None
) -> None:
    """Refuse options of an index that is asked where the run of a file is measured: they'd have no say in it."""
    options = {"--settings": settings is not None, "--rerank": bool(rerank), f"--{syntax}": syntax is not Syntax.AUTO}
    options["--as-of"] = as_of is not None
    idle = [option for option, value in options.items() if value]
    if idle and not modes:
        raise ConfigError(
            f"{' and '.join(idle)} can't change a run that stands in a file.",
            hint="Leave it out, or name a mode to be measured beside the run: --mode hybrid.",
        )


def _evaluated(
    screen: Screen,
    judged: Judgments,
    systems: Sequence[System],
    others: Sequence[System],
    measures: Sequence[str] | None,
    level: str,
    fail_under: Sequence[str] | None,
    run_out: Path | None,
    times: QueryTimes | None,
    *,
    quiet: bool,
) -> EvaluationReport:
    from searchkit.cli.output.console import bars
    from searchkit.cli.output.evaluation_report import EvaluationReport
    from searchkit.evaluation.measures import DEFAULT_MEASURES, WHOLE_RUN, depth_for, measure, standard_names
    from searchkit.evaluation.runs import write_run

    floors = _floors(fail_under)
    names = standard_names([*(measures or DEFAULT_MEASURES), *(name for name, _ in floors)])
    depth = max(depth_for(names), WHOLE_RUN if run_out is not None else 0)
    chosen = level_of(level)
    every = [*systems, *others]
    with (
        bars(screen, shown=not quiet) as progress,
        SystemRunner(judged, depth=depth, level=chosen, progress=progress, times=times) as answering,
    ):
        absent = max(answering.absent(system) for system in every)
        runs = _checked(every, [answering.run(system) for system in every], judged)
    if run_out is not None:
        write_run(runs[0], run_out)
    measured = tuple(measure(run, judged.qrels, names) for run in runs)
    return EvaluationReport(
        judged=judged,
        level=str(chosen),
        depth=depth,
        measured=measured,
        comparisons=_comparisons(measured[0], measured[len(systems) :]),
        floors=tuple(_floor(measured[0], name, value) for name, value in floors),
        notes=(*_notes(judged, runs, absent, str(chosen)), *(times.notes if times else ())),
    )


def _checked(systems: Sequence[System], runs: Sequence[Run], judged: Judgments) -> list[Run]:
    """Return the runs, those of files looked at, and noted where one that is compared is the first over again."""
    from dataclasses import replace

    from searchkit.evaluation.runs import checked

    filed = [isinstance(system, StoredRun) for system in systems]
    runs_made = (run for run, from_file in zip(runs, filed, strict=True) if not from_file)
    known = {article_id for run in runs_made for scores in run.scores.values() for article_id in scores}
    seen = [
        checked(run, judged.qrels, known=known) if is_filed else run for run, is_filed in zip(runs, filed, strict=True)
    ]
    return [
        replace(run, notes=(*run.notes, f"The answers of {run.name} and of {seen[0].name} are the same."))
        if number and run.scores == seen[0].scores
        else run
        for number, run in enumerate(seen)
    ]


def _comparisons(first: MeasuredRun, others: Sequence[MeasuredRun]) -> tuple[Comparison, ...]:
    from searchkit.evaluation.comparison import compare

    return tuple(comparison for other in others for comparison in compare(first, other))


def _floors(fail_under: Sequence[str] | None) -> list[tuple[str, float]]:
    floors = []
    for name, value in pairs("--fail-under", fail_under):
        try:
            floor = float(value)
        except ValueError:
            floor = nan
        if not 0 <= floor <= 1:
            raise ConfigError(
                f"--fail-under can't be '{value}': no mean of {name} is compared with that.",
                hint="Write it as nDCG@10=.7, from 0 to 1.",
            )
        floors.append((name, floor))
    return floors


def _floor(measured: MeasuredRun, name: str, floor: float) -> Floor:
    from searchkit.cli.output.evaluation_report import Floor

    return Floor(measure=name, floor=floor, value=measured.mean(name))


def _notes(judged: Judgments, runs: Sequence[Run], absent: int, level: str) -> tuple[str, ...]:
    notes = list(judged.notes)
    if absent:
        notes.append(f"Not in the index, so never found: {count(absent, f'judged {level}')}.")
    notes += _expressions(runs)
    return tuple(dict.fromkeys((*notes, *(note for run in runs for note in run.notes))))


def _expressions(runs: Sequence[Run]) -> list[str]:
    """Say how many queries were read as expressions, of each run whose reading was left to the query's form."""
    queries_of_note: dict[str, list[str]] = {}
    for run in runs:
        if run.expressions:
            total = count(len(run.scores), "query").replace("querys", "queries")
            queries_of_note.setdefault(f"{run.expressions:,} of {total} read as", []).append(run.name)
    return [
        f"{begins} {'an expression' if begins.startswith('1 of') else 'expressions'} ({', '.join(names)}):"
        " --words searches their words."
        for begins, names in queries_of_note.items()
    ]


def _tell(screen: Screen, done: EvaluationReport, *, per_query: bool, json: bool) -> None:
    from searchkit.cli.output import evaluation_report, formats

    if json:
        screen.write(formats.to_json(evaluation_report.evaluation_json(done, per_query=per_query)))
    else:
        screen.write(evaluation_report.evaluation_table(done, per_query=per_query))
        for note in done.notes:
            screen.say(f"Note: {note}")
    for floor in done.floors:
        if not floor.held:
            reason = f"{floor.measure} of {done.measured[0].name} is {floor.value:.4f}, below {floor.floor:g}."
            tell(screen, reason, "The numbers above say where; --per-query shows which queries.")
