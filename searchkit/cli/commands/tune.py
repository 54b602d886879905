"""``tune``: settings tried on judged queries, or faults looked for without any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.cli.commands.evaluate import Folder, LevelName, QrelsFile, Queries, Quiet, Split, level_of, read_named
from searchkit.cli.index_argument import check_writable, existing_index
from searchkit.cli.options import Index, Json, NoColor, Wait
from searchkit.cli.output.console import Screen
from searchkit.errors import ConfigError

if TYPE_CHECKING:
    from searchkit.config import Settings
    from searchkit.evaluation.judgments import Judgments


USE = "What searches use"
DEFAULTS = "defaults"

Measure = Annotated[
    str, typer.Option("--measure", metavar="NAME", help="What is to become better, by its standard name.")
]
Save = Annotated[
    bool,
    typer.Option(
        "--save",
        rich_help_panel=USE,
        help="Let every search of the index use what was found, where it is surely better than what they use now.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        show_default=False,
        rich_help_panel=USE,
        help="Write what was found to a file, for --settings.",
    ),
]
Use = Annotated[
    str | None,
    typer.Option(
        "--use",
        metavar="FILE",
        show_default=False,
        rich_help_panel=USE,
        help="Measure nothing: let every search of the index use this file's settings; 'defaults' for none.",
    ),
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
    judging = folder is not None or queries is not None or qrels is not None
    _check(judging=judging, saving=save or out is not None, using=use is not None)
    if out is not None:
        check_writable(out, "--out")
    path = existing_index(index, screen)
    if use is not None:
        _put_in_force(screen, path, _read(use), wait=wait, quiet=quiet)
    elif judging:
        judged = read_named(folder, split, queries, qrels)
        _tune(screen, path, judged, measure, level, save=save, out=out, wait=wait, quiet=quiet, json=json)
    else:
        _look(screen, path, quiet=quiet, json=json)


def _check(*, judging: bool, saving: bool, using: bool) -> None:
    if using and (judging or saving):
        raise ConfigError("--use measures nothing.", hint="Give it alone, or leave it out.")
    if saving and not judging:
        raise ConfigError("There is nothing to save without judged queries.", hint="Name their folder.")


def _read(use: str) -> Settings | None:
    from searchkit.config import Settings

    return None if use == DEFAULTS else Settings.from_file(use)


def _tune(
    screen: Screen,
    path: Path,
    judged: Judgments,
    measure: str,
    level: str,
    *,
    save: bool,
    out: Path | None,
    wait: float,
    quiet: bool,
    json: bool,
) -> None:
    from contextlib import nullcontext

    from searchkit.cli.output import formats, tuning_report
    from searchkit.cli.output.console import bars
    from searchkit.config import SearchConfig
    from searchkit.evaluation.tuning import tune as found_by
    from searchkit.index.current import manifest_in_force
    from searchkit.index.paths import IndexPaths
    from searchkit.search.searcher import open_index

    chosen = level_of(level)
    before = manifest_in_force(IndexPaths(path)).settings
    named = before is not None and bool(before.search)
    with (
        open_index(path, config=SearchConfig()) as searcher,
        open_index(path) if named else nullcontext() as in_force,
    ):
        with bars(screen, shown=not quiet) as progress:
            found = found_by(searcher, judged, in_force=in_force, measure=measure, level=chosen, progress=progress)
        settings = found.settings(searcher.info())
    saving = save and found.better
    if out is not None:
        _write(out, settings)
    if json:
        after = settings if saving else before
        force = {"before": dict(before.search) if before else {}, "after": dict(after.search) if after else {}}
        screen.write(formats.to_json({**tuning_report.tuned_json(found, settings), "in_force": force}))
    else:
        screen.write(tuning_report.tuned_table(found, before.search if before else {}))
        _say_notes(screen, found.notes)
    if saving:
        _put_in_force(screen, path, settings, wait=wait, quiet=quiet)
    elif not quiet and found.better and out is None:
        screen.say("Nothing was changed: --save lets every search of the index use it, --out FILE writes it to a file.")
    elif not quiet and save:
        stays = f"{_named(before)} stays" if before is not None and named else "the defaults stay"
        screen.say(f"Nothing was saved: {stays} in force.")


def _look(screen: Screen, path: Path, *, quiet: bool, json: bool) -> None:
    from searchkit.cli.output import formats, tuning_report
    from searchkit.cli.output.console import bars
    from searchkit.evaluation.self_check import check_archive
    from searchkit.search.searcher import open_index

    with open_index(path) as searcher, bars(screen, shown=not quiet) as progress:
        found = check_archive(searcher, progress=progress)
    if json:
        screen.write(formats.to_json(tuning_report.sanity_json(found)))
        return
    screen.write(tuning_report.sanity_table(found))
    _say_notes(screen, found.notes)


def _put_in_force(screen: Screen, path: Path, settings: Settings | None, *, wait: float, quiet: bool) -> None:
    from searchkit.index.search_settings import choose

    manifest = choose(path, settings, lock_timeout_s=wait)
    if not quiet:
        what = "the defaults" if settings is None or not settings.search else _named(settings)
        screen.say(f"Every search of {path} uses {what} (generation {manifest.generation}).")


def _named(settings: Settings) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.search.items())


def _write(path: Path, settings: Settings) -> None:
    import json

    from searchkit.storage import files

    files.replace(path, (json.dumps(settings.to_dict(), ensure_ascii=False, indent=1) + "\n").encode())


def _say_notes(screen: Screen, notes: Sequence[str]) -> None:
    for note in notes:
        screen.say(f"Note: {note}")
