"""Can the harness fail? Faults to plant in searchkit, each of which it has to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from searchkit.index import generation_writer, lock
from searchkit.index.paths import number_name
from searchkit.storage import files


def torn_current() -> None:
    """Write CURRENT and manifests in place instead of renaming them there."""
    files.replace = files.write_new


def unswept() -> None:
    """Never remove what stopped writers left."""
    generation_writer.sweep = lambda *_, **__: None  # type: ignore[assignment]


def early() -> None:
    """Put a generation in force before its manifest is written."""
    write = generation_writer.write_manifest

    def written(paths: Any, made: Any) -> None:
        files.replace(paths.current, f"{number_name(made.generation)}\n".encode())
        write(paths, made)

    generation_writer.write_manifest = written


def silent() -> None:
    """Let an OSError pass as it is."""

    class Silent:
        def __init__(self, path: Path) -> None:
            del path

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    files.storing = lock.storing = Silent  # type: ignore[assignment, misc]


def unflushed() -> None:
    """Flush no folder, and none of the files of a segment."""
    files.flush = lambda path: None


def unflushed_folders() -> None:
    """Flush the folders that are made, but not those that they are made in."""
    files.make_folder = lambda path: path.mkdir(parents=True, exist_ok=True)


def unflushed_renames() -> None:
    """Flush what is renamed, but not the folder that says so."""
    files.rename = lambda source, target: source.replace(target) and None


def unflushed_writes() -> None:
    """Rename a file to its place before its content is flushed."""
    files.write_new = lambda path, content: path.write_bytes(content) and None


def unchecked() -> None:
    """Trust every file."""
    from searchkit.index import deletions, segment_reader

    segment_reader.check_file = deletions.check_file = lambda *_, **__: None


def foreign_schemas() -> None:
    """Read an SQLite file whatever its schema holds."""
    from searchkit.storage import safe_sqlite

    safe_sqlite._schema_of = lambda _: frozenset()
    safe_sqlite._expected = lambda _: frozenset()  # type: ignore[assignment]


def followed_links() -> None:
    """Follow links out of the folder of an index."""
    from searchkit.index import garbage, manifest

    manifest.refuse_link = garbage.refuse_link = lambda folder: None


def unbounded() -> None:
    """Take whatever stands in the place of a manifest into memory."""
    files.read_small = lambda path, limit: path.read_bytes()


def unlocked() -> None:
    """Let several writers at it at once."""
    from searchkit.index import history
    from searchkit.index import update as index_update

    @contextmanager
    def free(path: Path, purpose: str, timeout_s: float = 0.0) -> Iterator[None]:
        yield

    history.writer_lock = index_update.writer_lock = free


@dataclass(frozen=True, slots=True)
class Plant:
    """A fault, what plants it, and the trials that have to find it: their kind, how many, and the one scene or way."""

    fault: Callable[[], None]
    kind: str
    sample: int
    only: str | None = None


PLANTS = {
    "early": Plant(early, "kill", 30, "delete"),
    "unswept": Plant(unswept, "kill", 4, "delete"),
    "torn-current": Plant(torn_current, "kill", 40, "delete"),
    "unflushed": Plant(unflushed, "power", 12, "add"),
    "unflushed-folders": Plant(unflushed_folders, "power", 12, "build"),
    "unflushed-renames": Plant(unflushed_renames, "power", 12, "delete"),
    "unflushed-writes": Plant(unflushed_writes, "power", 12, "delete"),
    "silent": Plant(silent, "refuse", 12, "delete"),
    "unchecked": Plant(unchecked, "damage", 24, "noise"),
    "foreign-schemas": Plant(foreign_schemas, "hostile", 8, "schema"),
    "followed-links": Plant(followed_links, "hostile", 16, "links"),
    "unbounded": Plant(unbounded, "hostile", 24, "current"),
    "unlocked": Plant(unlocked, "crowd", 4),
}
