"""``tune``: weights tried on judged queries, or faults looked for without any."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from searchkit.cli.commands.evaluate import Folder, LevelName, QrelsFile, Queries, Quiet, Split, level_of, read_named
from searchkit.cli.index_argument import check_writable, existing_index
from searchkit.cli.options import Index, Json, NoColor, Wait
from searchkit.cli.output.console import Screen, bars
from searchkit.config import SearchConfig, Settings
from searchkit.errors import ConfigError

USE = "What searches use"

Measure = Annotated[str, typer.Option("--measure", metavar="NAME", help="What is to become better: a measure's name.")]
Save = Annotated[
    bool, typer.Option("--save", rich_help_panel=USE, help="Let every search use what was found, if surely better.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", rich_help_panel=USE, help="Write it to a file, for --settings.")
]
Use = Annotated[
    str | None,
    typer.Option("--use", metavar="FILE", rich_help_panel=USE, help="Only put this file, or 'defaults', in force."),
]


def tune(
    *,
    folder: Folder = None,
    index: Index = None,
    measure: Measure = "nDCG@10",
    split: Split = "test",
    queries: Queries = None,
    qrels: QrelsFile = None,
    level: LevelName = "article",
    save: Save = False,
    out: Out = None,
    use: Use = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Find the settings that suit an index, by at least 20 judged queries.

    The gain is measured on queries that had no part in the choice, and where it may be chance the defaults are kept.
    Settings in force that aren't the defaults are measured too, and only replaced by what is surely better than they.
    Without judged queries the index is asked its own sentences: that shows whether something is broken, not how
    relevant results are.
    """
    screen = Screen(no_color=no_color)
    judging, saving = any(part is not None for part in (folder, queries, qrels)), save or out is not None
    if use is not None and (judging or saving):
        raise ConfigError("--use measures nothing.", hint="Give it alone, or leave it out.")
    if saving and not judging:
        raise ConfigError("There is nothing to save without judged queries.", hint="Name their folder.")
    if out is not None:
        check_writable(out, "--out")
    path = existing_index(index, screen)
    if use is not None:
        _put_in_force(
            screen, path, None if use == "defaults" else Settings.from_file(use), wait=wait, quiet=quiet, json=json
        )
        return
    if not judging:
        _self_check(screen, path, quiet=quiet, json=json)
        return
    from searchkit.cli.output import formats, tuning_report
    from searchkit.evaluation import tuning
    from searchkit.search.searcher import open_index
    from searchkit.storage import files

    judged, chosen = read_named(folder, split, queries, qrels), level_of(level)
    with open_index(path, config=SearchConfig()) as searcher, bars(screen, shown=not quiet) as bar:
        about = searcher.info()
        with open_index(path) if about.settings else nullcontext() as forced:
            report = tuning.tune(searcher, judged, in_force=forced, measure=measure, level=chosen, progress=bar)
    settings, before, saved = report.settings(about), about.settings, save and report.better
    if out is not None:
        files.replace(out, f"{formats.to_json(settings.to_dict(), indent=1)}\n".encode())
    if json:
        in_force = {"before": before, "after": settings.search if saved else before}
        screen.write(formats.to_json({**tuning_report.tuning_json(report, settings), "in_force": in_force}))
    else:
        screen.write(tuning_report.tuning_table(report, before))
        screen.say(*(f"Note: {note}" for note in report.notes))
    if saved:
        _put_in_force(screen, path, settings, wait=wait, quiet=quiet, json=False)
    elif not quiet and report.better and out is None:
        screen.say("Nothing was changed: --save lets every search of the index use it, --out FILE writes it to a file.")
    elif not quiet and save:
        screen.say(f"Nothing was saved: {tuning_report.listed(before)} {'stays' if before else 'stay'} in force.")


def _self_check(screen: Screen, path: Path, *, quiet: bool, json: bool) -> None:
    from searchkit.cli.output import formats, tuning_report
    from searchkit.evaluation.self_check import check_archive
    from searchkit.search.searcher import open_index

    with open_index(path) as searcher, bars(screen, shown=not quiet) as progress:
        report = check_archive(searcher, progress=progress)
    if json:
        screen.write(formats.to_json(tuning_report.sanity_json(report)))
    else:
        screen.write(tuning_report.sanity_table(report))
        screen.say(*(f"Note: {note}" for note in report.notes))


def _put_in_force(
    screen: Screen, path: Path, settings: Settings | None, *, wait: float, quiet: bool, json: bool
) -> None:
    from searchkit.cli.output import formats
    from searchkit.cli.output.tuning_report import listed
    from searchkit.index.manifest import current_generation
    from searchkit.index.paths import IndexPaths
    from searchkit.index.search_settings import choose

    before = current_generation(IndexPaths(path))
    manifest = choose(path, settings, lock_timeout_s=wait)
    if json:
        search = dict(settings.search) if settings else {}
        screen.write(formats.to_json({"generation": manifest.generation, "settings": search}))
    elif not quiet:
        used = listed(settings.search if settings else {})
        already = "already, nothing was changed " if manifest.generation == before else ""
        screen.say(f"Every search of {path} uses {used} {already}(generation {manifest.generation}).")
