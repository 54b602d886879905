"""``verify``, ``gc``, ``rollback``, ``backup``, ``restore`` and ``cache``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.cli.index_argument import existing_index, named_index, new_index
from searchkit.cli.interruption import InterruptedWork
from searchkit.cli.options import Index, Json, NoColor, Quiet, Wait
from searchkit.cli.output.console import Screen, clean, tell
from searchkit.cli.output.numbers import count, day, duration, size
from searchkit.errors import ConfigError, IndexCorrupt, SearchkitError, StorageError

if TYPE_CHECKING:
    from searchkit.index.manifest import Manifest
    from searchkit.index.verify import VerifyReport
    from searchkit.types import Progress


Clear = Annotated[bool, typer.Option("--clear", help="Remove all that is in it.")]


def cache(*, clear: Clear = False, json: Json = False, no_color: NoColor = False) -> None:
    """Show what your cache of vectors holds, or empty it.

    All your indexes share it: a text that was encoded once by an encoder isn't encoded again. The oldest go first where
    it is full. SEARCHKIT_VECTOR_CACHE sets its size, such as 500MB, or off; SEARCHKIT_CACHE its folder.

    """
    from searchkit.cli.output import formats
    from searchkit.encoders import embedding_cache

    screen = Screen(no_color=no_color)
    freed = 0
    if clear:
        try:
            freed = embedding_cache.clear()
        except OSError as error:
            raise StorageError(f"The cache can't be emptied: {error}.", hint="Remove its folder by hand.") from error
    state = embedding_cache.cache_state()
    if json:
        screen.write(formats.to_json(asdict(state) | ({"freed": freed} if clear else {})))
        return
    if clear:
        screen.say(f"{size(freed)} were freed.")
    limit = f"of {size(state.bound)}" if state.bound else f"(it is off: {embedding_cache.SWITCH})"
    screen.write(clean(state.folder), f"{size(state.bytes)} {limit}")
    for share in state.encoders:
        known = (count(share.vectors, "vector"), size(share.bytes), f"{share.dimension:,} dimensions")
        since = f" · since {day(share.since)}" if share.since else ""
        screen.write(clean(share.encoder) or "(unreadable)", f"  {' · '.join(known)}{since}")
    for note in state.notes:
        screen.say(f"Note: {note}")


Keep = Annotated[
    int, typer.Option("--keep", metavar="N", help="How many generations to leave, the one in force among them.")
]
Number = Annotated[
    int | None,
    typer.Argument(metavar="GENERATION", show_default=False, help="Which one; without it the one before."),
]
Deep = Annotated[bool, typer.Option("--deep", help="Read everything, and encode some chunks again.")]
Target = Annotated[str, typer.Argument(metavar="FOLDER", show_default=False, help="Where the copy goes: a new folder.")]
Backup = Annotated[str, typer.Argument(metavar="BACKUP", show_default=False, help="The folder of a backup.")]


def verify(
    *, index: Index = None, deep: Deep = False, quiet: Quiet = False, json: Json = False, no_color: NoColor = False
) -> None:
    """Check that an index is what was written.

    Each damaged file is named, with what that means and the command that mends it. The exit code is 5 then.

    """
    from searchkit.cli.output import formats
    from searchkit.cli.output.console import bars
    from searchkit.index import verify as index_verify

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    with bars(screen, shown=not quiet) as progress:
        done = index_verify.verify(where, deep=deep, progress=progress)
    if json:
        screen.write(formats.to_json(asdict(done)))
    else:
        _tell_faults(screen, done)
        for note in done.notes:
            screen.say(f"Note: {note}")
        if not done.faults and not quiet:
            what = "everything was read" if deep else "use --deep to read everything"
            screen.say(f"{where}, generation {done.generation}: whole ({what}; {duration(done.took_s)}).")
    if done.faults:
        raise typer.Exit(IndexCorrupt.exit_code)


def gc(
    *,
    index: Index = None,
    keep: Keep = 2,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Remove old generations of an index, and the files that only they need.

    A generation that a search on this machine has open stays.

    """
    from searchkit.cli.output import formats
    from searchkit.index import history

    screen = Screen(no_color=no_color)
    done = history.gc(existing_index(index, screen), keep=keep, lock_timeout_s=wait)
    if json:
        screen.write(formats.to_json(asdict(done)))
    elif not quiet:
        screen.say(f"{count(len(done.removed), 'generation')} removed, {size(max(done.bytes, 0))} set free.")
        if done.held:
            screen.say(f"Still being read: {', '.join(map(str, done.held))}.")


def rollback(
    *,
    generation: Number = None,
    index: Index = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Bring an index back to what it was.

    The earlier state becomes a new generation, so that this can be undone the same way. 'searchkit info' shows which
    there are.

    """
    from searchkit.index import history

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    change = history.rollback(where, generation, lock_timeout_s=wait)
    _tell_made(screen, where, change, f"brings back generation {change.restored}", quiet=quiet, json=json)


def backup(
    *, target: Target, index: Index = None, quiet: Quiet = False, json: Json = False, no_color: NoColor = False
) -> None:
    """Copy an index to a new folder, whole and checked, while searches and writers go on.

    The copy is an index itself and can be searched.

    """
    from searchkit.index import backup as index_backup
    from searchkit.index.backup import NEW_FOLDER

    screen = Screen(no_color=no_color)
    if not target.strip():
        raise ConfigError("Where should the copy go?", hint=f"{NEW_FOLDER}: 'searchkit backup FOLDER --index PATH'.")
    source, where = existing_index(index, screen), Path(target).expanduser()
    copied = _copied(screen, where, lambda progress: index_backup.backup(source, where, progress=progress), quiet=quiet)
    _tell_made(screen, where, copied, f"a copy of {source}", quiet=quiet, json=json)


def restore(
    *,
    source: Backup,
    index: Index = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Put a backup in the place of an index, as its next generation, or where there is no index yet.

    Searches go on meanwhile, and it can be rolled back.

    """
    from searchkit.index import backup as index_backup

    screen = Screen(no_color=no_color)
    where, backup_path = new_index(index), named_index(source)
    change = _copied(
        screen,
        where,
        lambda progress: index_backup.restore(backup_path, where, lock_timeout_s=wait, progress=progress),
        quiet=quiet,
    )
    _tell_made(screen, where, change, f"restored from {backup_path}", quiet=quiet, json=json)


def _copied(screen: Screen, where: Path, copy: Callable[[Progress | None], Manifest], *, quiet: bool) -> Manifest:
    from searchkit.cli.output.console import bars
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    try:
        with bars(screen, shown=not quiet) as progress:
            return copy(progress)
    except KeyboardInterrupt:
        try:
            state = f"{where} stays at generation {manifest_in_force(IndexPaths(where)).generation}"
        except SearchkitError:
            state = f"no index was made at {where}"
        raise InterruptedWork(f"Interrupted: {state}. Run the same command again to start over.") from None


def _tell_made(screen: Screen, where: Path, copied: Manifest, what: str, *, quiet: bool, json: bool) -> None:
    from searchkit.cli.output import formats

    if json:
        facts = {"path": str(where), "generation": copied.generation, "restored": copied.restored}
        screen.write(formats.to_json({**facts, "articles": copied.articles, "chunks": copied.chunks}))
    elif not quiet:
        numbers = f"{count(copied.articles, 'article')}, {count(copied.chunks, 'chunk')}"
        screen.say(f"{clean(str(where))}, generation {copied.generation}, {what}: {numbers}.")


def _tell_faults(screen: Screen, done: VerifyReport) -> None:
    for fault in done.faults:
        mend = f" Run '{fault.remedy}' to mend it." if fault.remedy else ""
        tell(screen, fault.found, f"{fault.meaning}{mend}")
