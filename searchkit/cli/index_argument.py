"""The index that is meant: a path, a name under ``indexes/``, SEARCHKIT_INDEX, or the only one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from searchkit.cli.output.console import Screen
from searchkit.errors import ConfigError, IndexNotFound, NotOnCluster, StorageError
from searchkit.opensearch.address import address_of, is_address

HOME = Path("indexes")
"""Where a bare name is looked up, seen from the working folder."""

SHOWN = 60
"""Characters of a name that an error shows."""


def existing_place(typed: str | None, screen: Screen) -> str | Path:
    """Return the index to read: the address of one on a cluster, or a folder as ``existing_index`` does.

    Raises ``ConfigError`` for what is no address, and as that does.
    """
    if typed and is_address(typed):
        return str(address_of(typed))
    return existing_index(typed, screen)


def existing_index(typed: str | None, screen: Screen) -> Path:
    """Return the folder of the index to read or to change.

    Raises ``IndexNotFound`` where there is nothing at that place, ``ConfigError`` where none was named and there are
    several; both name those that there are.
    """
    if typed:
        path = named_index(typed)
        if not _is_there(path):
            raise IndexNotFound(f"There is no index at {path}.", hint=_instead(path))
        return path
    known = known_indexes()
    if len(known) == 1:
        screen.say(f"Using {known[0]}, the only index here.")
        return known[0]
    if not known:
        _refuse_unfinished()
        raise IndexNotFound(
            f"No index was named, and there is none under {HOME}/.",
            hint="Make one with 'searchkit build PLACE... --index indexes/NAME', or name one with --index PATH.",
        )
    raise ConfigError(
        f"Which index? There are {_listed(known)}.", hint=f"Name one: --index {known[0]}, or set SEARCHKIT_INDEX."
    )


def existing_indexes(typed: Sequence[str] | None, screen: Screen) -> list[str | Path]:
    """Return the indexes to read: those that are named, or else the one that ``existing_place`` finds.

    Raises as that does, and ``NotOnCluster`` for several of which one is on a cluster.
    """
    named: list[str | None] = [*typed] if typed else [os.environ.get("SEARCHKIT_INDEX")]
    if len(named) > 1 and any(name and is_address(name) for name in named):
        raise NotOnCluster("Several indexes together can't be searched over OpenSearch yet.", hint="Name one of them.")
    return [existing_place(name, screen) for name in named]


def _is_there(path: Path) -> bool:
    """Say whether there is something; where that may not be looked at, whoever opens it is told so."""
    try:
        return path.exists()
    except PermissionError:
        return True


def _refuse_unfinished() -> None:
    """Raise ``IndexNotFound`` that says so where the only index there could be is still being built."""
    from searchkit.index.lock import writer_at_work
    from searchkit.index.paths import IndexPaths

    for folder in sorted(HOME.iterdir()) if HOME.is_dir() else ():
        if builder := writer_at_work(IndexPaths(folder).lock):
            raise IndexNotFound(
                f"There is no index at {folder} yet: it is being made by {builder}.", hint="Wait until it is done."
            )


def new_index(typed: str | None) -> Path:
    """Return the folder in which an index is to be made. Raises ``ConfigError`` where none was named."""
    if not typed:
        raise ConfigError("Where should the index be made?", hint="Name its folder: --index indexes/NAME.")
    return named_index(typed)


def check_writable(path: Path, option: str) -> None:
    """Refuse a file that can't be written, before the work whose result it is to hold. Raises ``StorageError``."""
    folder = path.parent
    if path.is_dir():
        reason = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        reason = "permission denied"
    else:
        return
    raise StorageError(f"Can't write {path}: {reason}.", hint=f"Name a file that can be written: {option} FILE.")


def named_index(typed: str) -> Path:
    """Read what --index says: a path, or a bare name that stands under ``indexes/``.

    A folder here of that name goes before where it is an index, or is empty and there is no such index. Raises
    ``ConfigError`` where no path can be called so, ``NotOnCluster`` for an address.
    """
    from searchkit.index.paths import is_index

    if is_address(typed):
        raise NotOnCluster("This command doesn't work over OpenSearch yet.")
    path, at_home = Path(typed).expanduser(), HOME / typed
    try:
        if is_index(path) or (path / "LOCK").exists() or "/" in typed or typed in {"", ".", ".."}:
            return path
        is_empty_folder = path.is_dir() and not any(path.iterdir())
        return path if is_empty_folder and not is_index(at_home) else at_home
    except PermissionError:  # whoever opens it is told so
        return path
    except OSError as error:
        raise ConfigError(
            f"An index can't be called '{typed[:SHOWN]}{'…' if len(typed) > SHOWN else ''}': {error.strerror}.",
            hint="Name its folder: --index indexes/NAME.",
        ) from error


def known_indexes(folder: Path = HOME) -> list[Path]:
    """Return the indexes in a folder, by name; none where there is no such folder."""
    from searchkit.index.paths import find_indexes

    return sorted(find_indexes(folder)) if folder.is_dir() else []


def complete_index(incomplete: str) -> list[str]:
    """Offer the indexes that there are to the shell's completion."""
    return [str(path) for path in known_indexes() if str(path).startswith(incomplete)]


def _instead(path: Path) -> str:
    """Say what to do where an index isn't: name the nearest, or all, or how to make one."""
    known = known_indexes()
    near = get_close_matches(path.name, [known_path.name for known_path in known], n=1)
    if near:
        return f"Did you mean --index {next(known_path for known_path in known if known_path.name == near[0])}?"
    if known:
        return f"There are {_listed(known)}."
    return f"Make it with 'searchkit build PLACE... --index {path}'."


def _listed(known: list[Path]) -> str:
    names = [str(path) for path in known[:8]]
    return ", ".join(names) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
