"""Who may write? Here is an index's folder; give me the lock that one writer holds, over all processes."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from searchkit.errors import IndexLocked
from searchkit.index.files import storing


@contextmanager
def writer_lock(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock in the file ``path`` during the block; its text says who holds it, what for, and since when.

    The operating system lets go of it when its holder ends, however it ends, so a dead holder bars nobody.
    Raises ``IndexLocked`` at once where another writer holds it, ``StorageError`` where it can't be made.
    """
    import fcntl  # not there on every system that can search

    with storing(path):
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexLocked(f"Another writer is at work on {path.parent}: {_holder(file)}.") from error
        with storing(path):
            _write(file, {"pid": os.getpid(), "host": socket.gethostname(), "purpose": purpose, "since": _now()})
        try:
            yield
        finally:
            _write(file, {})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(file: IO[str], holder: dict[str, Any]) -> None:
    file.seek(0)
    file.truncate()
    if holder:
        json.dump(holder, file)
    file.flush()


def _holder(file: IO[str]) -> str:
    """Tell who holds a lock, as far as its text can be read."""
    file.seek(0)
    try:
        holder = json.loads(file.read(4096))
        return f"process {holder['pid']} on {holder['host']}, '{holder['purpose']}', since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is yet"
