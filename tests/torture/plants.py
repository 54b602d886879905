"""Can the harness fail? Faults to plant in searchkit, each of which it has to find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from searchkit.index import draft, files, lock, manifest


def torn_current() -> None:
    """Write CURRENT and manifests in place instead of renaming them there."""
    files.replace = files.write_new


def unswept() -> None:
    """Never remove what stopped writers left."""
    draft.sweep = lambda paths: None  # type: ignore[assignment]


def early() -> None:
    """Put a generation in force before its manifest is written."""
    write = draft.write_manifest

    def written(paths: Any, made: Any) -> None:
        manifest.publish(paths, made.generation)
        write(paths, made)

    draft.write_manifest = written


def silent() -> None:
    """Let an OSError pass as it is."""

    class Silent:
        def __init__(self, path: Path) -> None:
            del path

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    files.storing = lock.storing = Silent  # type: ignore[assignment, misc]


def unchecked() -> None:
    """Trust every file."""
    from searchkit.index import deletions, segment

    segment.check_file = deletions.check_file = lambda *_, **__: None


PLANTS: dict[str, Callable[[], None]] = {
    "torn-current": torn_current,
    "unswept": unswept,
    "early": early,
    "silent": silent,
    "unchecked": unchecked,
}
