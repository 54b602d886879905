"""Folder changes: which files at places may have changed, told by the system or by looking again, and when they rest.

A file that is still being written is waited for: it is ready when its size, time of change and inode have stayed for a
moment. Names that begin with a dot are passed over, as reading does: editors and copying programs write there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from searchkit.errors import MissingExtra, StorageError
from searchkit.ingest.discover import fixed_part

Changes = Callable[[], set[str]]
"""Returns the absolute paths that may have changed since the last call."""

Signature = tuple[int, int, int] | None
"""Size, time of change and inode of a file; None where it isn't there."""


@contextmanager
def folder_events(places: Sequence[str]) -> Iterator[Changes]:
    """Give what the system tells of the folders of places (inotify on Linux), from now on.

    Raises ``MissingExtra`` without watchdog, ``StorageError`` where the system watches no more folders.
    """
    try:
        from watchdog.events import (
            DirCreatedEvent,
            DirDeletedEvent,
            DirMovedEvent,
            FileClosedEvent,
            FileCreatedEvent,
            FileDeletedEvent,
            FileModifiedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )
        from watchdog.observers import Observer
    except ImportError as error:
        raise MissingExtra(
            "The system tells of changed files only through watchdog, which isn't installed.",
            hint="Run 'pip install watchdog', or let the folders be looked at again and again: --poll 5.",
        ) from error

    told: SimpleQueue[str] = SimpleQueue()

    class Handler(FileSystemEventHandler):
        """Puts down every path that is told of."""

        def on_any_event(self, event: FileSystemEvent) -> None:
            for path in (event.src_path, event.dest_path):
                if path:
                    told.put(os.fsdecode(path))

    observer = Observer()
    kinds: list[type[FileSystemEvent]] = [
        *(FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent),
        *(DirCreatedEvent, DirMovedEvent, DirDeletedEvent),
    ]
    _check_watches(places)
    for folder, recursive in _folders(places):
        observer.schedule(Handler(), folder, recursive=recursive, event_filter=kinds)
    try:
        observer.start()
    except OSError as error:
        raise _unwatchable(str(error)) from error
    try:
        yield lambda: _drained(told)
    finally:
        observer.stop()
        observer.join()


def _drained(told: SimpleQueue[str]) -> set[str]:
    paths: set[str] = set()
    while True:
        try:
            paths.add(told.get_nowait())
        except Empty:
            return paths


def _folders(places: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the folders that hold places, and whether all below them counts; of a file its own folder alone."""
    folders: dict[str, bool] = {}
    for place in places:
        fixed = fixed_part(place)
        folder = fixed if fixed.is_dir() else fixed.parent
        folders[str(folder)] = folders.get(str(folder), False) or fixed.is_dir()
    return list(folders.items())


_MOST_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


def _check_watches(places: Sequence[str]) -> None:
    """Raise ``StorageError`` where there are more folders than inotify watches: of the others it would tell nothing."""
    try:
        most = int(_MOST_WATCHES.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not Linux: no such limit
        return
    folders = sum(1 for folder, recursive in _folders(places) if recursive for _ in os.walk(folder))
    if folders > most:
        raise _unwatchable(f"there are {folders:,}, and inotify watches {most:,}")


def _unwatchable(why: str) -> StorageError:
    return StorageError(
        f"The folders can't be watched: {why}.",
        hint="Raise fs.inotify.max_user_watches (sysctl), or let them be looked at again and again: --poll 5.",
    )


def files_at(places: Sequence[str]) -> dict[str, Signature] | None:
    """Return all files of places' folders as they are now, by absolute path; None where a folder isn't there.

    They are more than those that are read, as ``FolderPolls`` says.
    """
    files: dict[str, Signature] = {}
    for folder, recursive in _folders(places):
        if not os.path.isdir(folder):  # noqa: PTH112 - a text
            return None
        files.update(_look_below(os.path.abspath(folder), recursive=recursive))  # noqa: PTH100 - Path leaves ".." in
    return files


class FolderPolls:
    """Finds out what has changed by looking at all files of the places every ``every_s`` seconds; it needs nothing.

    It looks at more than is read (hidden files aside, all below the places' folders): what is read is told apart later,
    by the few that have changed. 100,000 files take .7 s.
    """

    def __init__(self, places: Sequence[str], every_s: float) -> None:
        self._folders, self._every_s = _folders(places), every_s
        self._before: dict[str, Signature] = {}
        self._before = self._look()
        self._next = time.monotonic() + every_s

    def changed(self) -> set[str]:
        """Return the paths whose files differ from those of the last look; none while it isn't time for the next."""
        if time.monotonic() < self._next:
            return set()
        now = self._look()
        paths = {path for path in {*self._before, *now} if self._before.get(path) != now.get(path)}
        self._before, self._next = now, time.monotonic() + self._every_s
        return paths

    def _look(self) -> dict[str, Signature]:
        if not all(os.path.isdir(folder) for folder, _ in self._folders):  # noqa: PTH112
            return self._before  # a place is away: what was there is left alone until it is back
        files: dict[str, Signature] = {}
        for folder, recursive in self._folders:
            files.update(_look_below(folder, recursive=recursive))
        return files


def _look_below(folder: str, *, recursive: bool) -> Iterator[tuple[str, Signature]]:
    """Yield the files of a folder, and of those below it, as they are; each folder once, behind links too."""
    waiting, seen = [folder], {os.path.realpath(folder)}
    while waiting:
        inner = []
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".")
                with suppress(OSError):
                    if entry.is_dir():
                        if not hidden or os.path.isdir(f"{entry.path}/cur"):  # noqa: PTH112 - a folder of a Maildir
                            inner.append(entry.path)
                    elif not hidden:
                        state = entry.stat()
                        yield entry.path, (state.st_size, state.st_mtime_ns, state.st_ino)
        for path in inner if recursive else ():
            if (real := os.path.realpath(path)) not in seen:
                seen.add(real)
                waiting.append(path)


def signature(path: str) -> Signature:
    """Return what tells whether a file has changed; a folder's own never changes."""
    try:
        state = os.stat(path)  # noqa: PTH116 - a text
    except (OSError, ValueError):
        return None
    return (0, 0, state.st_ino) if os.path.isdir(path) else (state.st_size, state.st_mtime_ns, state.st_ino)  # noqa: PTH112


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A path on its way: how it was, since when, and when it was first told of, by the monotonic clock."""

    state: Signature
    since: float
    first: float


class SettlingFiles:
    """The paths that may have changed, until they rest and are taken.

    ``settle_s`` is how long a file has to stay as it is. ``batch_s`` is how long one that rests waits for others.
    """

    def __init__(self, *, settle_s: float, batch_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._settle_s, self._batch_s, self._clock = settle_s, batch_s, clock
        self._waiting: dict[str, _Waiting] = {}
        self._taken: dict[str, Signature] = {}

    def note(self, paths: Iterable[str]) -> None:
        """Take in paths that may have changed; of a folder the files below it too."""
        for path in paths:
            for each in (path, *_files_below(path)):
                if each not in self._waiting and not os.path.basename(each).startswith("."):  # noqa: PTH119
                    self._begin(each)

    def _begin(self, path: str) -> None:
        state, now = signature(path), self._clock()
        if path not in self._taken or self._taken[path] != state:  # else it was told of once more, too late
            self._waiting[path] = _Waiting(state=state, since=now, first=now)

    def batch(self) -> list[str]:
        """Return the paths that rest, where no other is on its way or the first has waited long enough; else none."""
        now = self._clock()
        for path, waiting in self._waiting.items():
            if (state := signature(path)) != waiting.state:
                waiting.state, waiting.since = state, now
        ready = [path for path, waiting in self._waiting.items() if now - waiting.since >= self._settle_s]
        if not ready:
            return []
        waited = now - min(self._waiting[path].first for path in ready)
        return ready if len(ready) == len(self._waiting) or waited >= self._batch_s else []

    def first(self, paths: Iterable[str]) -> float:
        """Return when the first of some paths was told of, by the monotonic clock."""
        return min(self._waiting[path].first for path in paths)

    def restless(self, longer_than_s: float) -> list[str]:
        """Return the paths that have been changing for longer than so many seconds."""
        now = self._clock()
        return [
            path
            for path, waiting in self._waiting.items()
            if now - waiting.first > longer_than_s and now - waiting.since < self._settle_s
        ]

    def drop(self, paths: Iterable[str]) -> None:
        """Forget paths, which were dealt with as they were."""
        self._taken = {path: self._waiting.pop(path).state for path in paths if path in self._waiting}


def _files_below(path: str) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118
