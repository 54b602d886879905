"""``update``, ``delete`` and ``compact``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from searchkit.cli.commands.build import Places, encoder_of_index, work
from searchkit.cli.index_argument import existing_index
from searchkit.cli.options import (
    READING,
    Device,
    Fields,
    Index,
    Jobs,
    Json,
    NoCache,
    NoColor,
    Quiet,
    Strict,
    Wait,
    pairs,
)
from searchkit.cli.output.console import Screen
from searchkit.cli.output.numbers import count
from searchkit.cli.project_defaults import declared_fields
from searchkit.config import ReadConfig
from searchkit.errors import ConfigError
from searchkit.types import BuildReport, Progress

Prune = Annotated[bool, typer.Option("--prune", help="Delete the articles that have vanished from the places.")]
Yes = Annotated[bool, typer.Option("--yes", help="Prune also where more than half of the index has vanished.")]
Checksum = Annotated[
    bool,
    typer.Option(
        "--checksum",
        rich_help_panel=READING,
        help="Read every file: also one whose size, time of change and inode are those of the last time.",
    ),
]
IdsFile = Annotated[
    str | None,
    typer.Option(
        "--file",
        metavar="FILE",
        show_default=False,
        help="Take the ids from this file, one a line; - for standard input.",
    ),
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", show_default=False, help="The ids of articles.")]


def update(
    context: typer.Context,
    *,
    places: Places = None,
    index: Index = None,
    prune: Prune = False,
    yes: Yes = False,
    checksum: Checksum = False,
    field: Fields = None,
    device: Device = None,
    strict: Strict = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Bring an index in line with its places: add what is new, replace what has changed.

    Without places it reads again those that the index was built from. A file that hasn't changed isn't read; what has
    vanished is counted, and deleted with --prune.

    """
    from searchkit.index import update as index_update

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    if yes and not prune:
        raise ConfigError("--yes says nothing without --prune.", hint="Add --prune, or leave --yes out.")

    def make(progress: Progress | None) -> BuildReport:
        return index_update.update(
            where,
            places=places or (),
            fields=declared_fields(context),
            read=ReadConfig(fields=dict(pairs("--field", field))) if field else None,
            encoder=encoder_of_index(device, where),
            prune=prune,
            prune_limit=1.0 if yes else index_update.PRUNE_LIMIT,
            checksum=checksum,
            strict=strict,
            cache=not no_cache,
            jobs=jobs,
            say=None if quiet or json else screen.say,
            lock_timeout_s=wait,
            progress=progress,
        )

    done = work(screen, where, make, quiet=quiet, json=json)
    if done.vanished and not prune and not quiet and not json:
        screen.say(f"What has vanished ({count(done.vanished, 'article')}) stays in the index; --prune deletes it.")


def delete(
    *,
    ids: Ids = None,
    file: IdsFile = None,
    index: Index = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Take articles out of an index.

    They are gone from every search at once, and from the disk after compact and gc. The exit code is 1 where none of
    the ids is there.

    """
    from searchkit.index import update as index_update

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    named = [*(ids or ()), *(_ids_in(file) if file is not None else ())]
    if not named:
        hint = "Name the ids, searchkit delete ID... --index PATH, or a file of them with --file."
        raise ConfigError("What should be deleted?", hint=hint)
    done = work(screen, where, lambda _: index_update.delete(where, named, lock_timeout_s=wait), quiet=quiet, json=json)
    if not done.deleted:
        raise typer.Exit(1)


def _ids_in(file: str) -> list[str]:
    """Read ids, one a line; empty lines are none. Raises ``ConfigError`` where the file can't be read."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).expanduser().read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"{file} can't be read: {getattr(error, 'strerror', None) or error}.",
            hint="Name a file in UTF-8 that has one id a line, or - for standard input.",
        ) from error
    return [line.strip() for line in lines if line.strip()]


def compact(
    *,
    index: Index = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Make one segment of all and leave out what is deleted. Nothing is encoded; searches go on meanwhile."""
    from searchkit.index import update as index_update

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    work(
        screen,
        where,
        lambda progress: index_update.compact(where, lock_timeout_s=wait, progress=progress),
        quiet=quiet,
        json=json,
    )


def update_fields(
    *,
    ids: Ids = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", show_default=False, help="Give the field this value; repeated, several."
        ),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="FIELD", show_default=False, help="Take the field away.")
    ] = None,
    index: Index = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Change metadata of articles without encoding anything: source, dates, tags, any other field.

    What was read from a file is so until that file changes.
    """
    from searchkit.index import field_update

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    changed: dict[str, object] = dict.fromkeys(unset or ())
    for name, value in pairs("--set", values):
        before = changed.get(name)
        changed[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
    if not ids or not changed:
        raise ConfigError("What should be changed?", hint="Name ids, and --set FIELD=VALUE or --unset FIELD.")
    if both := sorted(set(unset or ()) & {name for name, _ in pairs("--set", values)}):
        raise ConfigError(f"'{both[0]}' is set and unset at once.", hint="Give one of --set and --unset for a field.")

    def make(progress: Progress | None) -> BuildReport:
        return field_update.update_fields(where, dict.fromkeys(ids or (), changed), lock_timeout_s=wait)

    if not work(screen, where, make, quiet=quiet, json=json).changed:
        raise typer.Exit(1)
