"""Which indexes lie in a folder?"""

from __future__ import annotations

from pathlib import Path

from searchkit.errors import SourceError
from searchkit.index.paths import IndexPaths


def find_indexes(folder: Path) -> tuple[Path, ...]:
    """Return the folders in a folder that are indexes, by name; also one that lost its CURRENT.

    Raises ``SourceError`` where the folder can't be listed; a folder that isn't there holds none.
    """
    try:
        inside = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SourceError(f"{folder} can't be listed: {error.strerror}.", hint="Name a folder of indexes.") from error
    return tuple(path for path in inside if is_index(path))


def is_index(path: Path) -> bool:
    """Say whether a folder is an index, whole or not."""
    paths = IndexPaths(path)
    try:
        return paths.current.is_file() or paths.generations.is_dir()
    except PermissionError:  # another user's: what it is can't be told, and who opens it is told so
        return False
