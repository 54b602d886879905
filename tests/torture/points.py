"""Where can a writer be stopped? At every call that changes the disk: counted, and at the chosen one something happens.

Calls to open for writing, rename, remove and make folders are heard through an audit hook, just before they happen;
writes, flushes and SQLite's statements through thin wrappers. A write that is stopped has written its first half.
Installed in a child process only, which ends soon.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}


class Points:
    """Counts the points below a folder; at number ``at`` (from 1) it calls ``act`` with the name of the call."""

    def __init__(self, root: Path, at: int, act: Callable[[str], None]) -> None:
        self.count = 0
        self.names: list[str] = []
        self._root, self._at, self._act = str(root), at, act

    def install(self) -> None:
        """Listen from now on, until the process ends."""
        sys.addaudithook(self._heard)
        real_fsync, real_fdatasync = os.fsync, os.fdatasync
        real_open, real_connect = io.open, sqlite3.connect

        def fsync(descriptor: int) -> None:
            self.reached("fsync")
            real_fsync(descriptor)
            self.flushed(descriptor)

        def fdatasync(descriptor: int) -> None:
            self.reached("fdatasync")
            real_fdatasync(descriptor)
            self.flushed(descriptor)

        def opened(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            made = real_open(file, mode, *rest, **named)
            writes = set(mode) & set("wax+") and str(file).startswith(self._root)
            return _Watched(made, self) if writes else made

        def connect(database: Any, *rest: Any, **named: Any) -> Any:
            if not str(database).startswith(self._root):
                return real_connect(database, *rest, **named)
            return real_connect(database, *rest, factory=_connection_class(self), **named)

        os.fsync, os.fdatasync = fsync, fdatasync
        io.open, sqlite3.connect = opened, connect  # type: ignore[assignment]

    def reached(self, name: str) -> None:
        """Count a point, and act if it is the one."""
        self.count += 1
        self.names.append(name)
        if self.count == self._at:
            self._act(name)

    def flushed(self, descriptor: int) -> None:
        """Hear that a file or a folder was flushed."""

    def next_is_it(self) -> bool:
        """Whether the next point is the chosen one."""
        return self.count + 1 == self._at

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, str | Path) and str(path).startswith(self._root) and _changes(mode, flags):
                self.reached("open")
        elif event in CHANGES and self._below(arguments):
            self.reached(event)

    def _below(self, arguments: tuple[Any, ...]) -> bool:
        # shutil.rmtree names files relative to an open folder.
        paths = [str(one) for one in arguments if isinstance(one, str | Path)]
        return any(path.startswith(self._root) or not path.startswith("/") for path in paths)


class _Watched:
    """A file whose writes are points."""

    def __init__(self, file: Any, points: Points) -> None:
        self._file, self._points = file, points

    def write(self, content: Any) -> Any:
        if self._points.next_is_it():
            self._file.write(content[: len(content) // 2])
            self._file.flush()
        self._points.reached("write")
        return self._file.write(content)

    def close(self) -> None:
        if not self._file.closed:
            self._points.reached("close")
        self._file.close()

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __del__(self) -> None:
        self._file.close()


def _connection_class(points: Points) -> type[sqlite3.Connection]:
    class Watched(sqlite3.Connection):
        """A connection whose statements are points."""

        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            self._reached()
            return super().execute(*arguments)

        def executemany(self, *arguments: Any) -> sqlite3.Cursor:
            self._reached()
            return super().executemany(*arguments)

        def executescript(self, *arguments: Any) -> sqlite3.Cursor:
            self._reached()
            return super().executescript(*arguments)

        @staticmethod
        def _reached() -> None:
            try:
                points.reached("sqlite")
            except OSError as error:
                raise sqlite3.OperationalError(f"database or disk is full ({error.strerror})") from error

    return Watched


def _changes(mode: str | None, flags: int) -> bool:
    return bool(set(mode or "") & set("wax+")) or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def kill(_: str) -> None:
    """End the process as a power switch would: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number: int) -> Callable[[str], None]:
    """Refuse a call with an errno, once."""

    def act(name: str) -> None:
        raise OSError(number, os.strerror(number), f"<{name}>")

    return act


ERRNOS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
