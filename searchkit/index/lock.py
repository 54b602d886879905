"""Who may write, and what is being read? The lock of the one writer, and those of the readers of a generation.

A reader locks the manifest of its generation, shared, through a descriptor that only reads: nothing is written for it,
so it costs a system call and works in a folder that can't be written to.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        file = path.open("a+b", buffering=0)  # nothing is left in a buffer for closing to fail on
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexLocked(f"Another writer is at work on {path.parent}: {_holder(file)}.") from error
        with storing(path):
            _write(file, {"pid": os.getpid(), "host": socket.gethostname(), "purpose": purpose, "since": _now()})
        try:
            yield
        finally:
            with suppress(OSError):  # what is done is done; the next holder writes its own name
                _write(file, {})
    finally:
        with suppress(OSError):
            file.close()


def hold_for_reading(path: Path) -> int:
    """Lock a manifest, shared, for as long as the descriptor that is returned stays open.

    Raises ``FileNotFoundError`` where it isn't there or is being collected, other ``OSError`` where it can't be opened.
    On a disk or a system without such locks nothing is held, and ``gc`` must not be run while others read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(ImportError):
            _share(descriptor)
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "it was collected", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _share(descriptor: int) -> None:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:  # only a collector holds it alone, and what it collects isn't in force
        raise FileNotFoundError(errno.ENOENT, "it is being collected") from error
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}:
            raise


@contextmanager
def unread(path: Path) -> Iterator[bool]:
    """Say whether no reader of this machine holds a manifest; during the block none can begin to.

    Raises ``StorageError`` where it can't be opened.
    """
    import fcntl

    with storing(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(file: IO[bytes], holder: dict[str, Any]) -> None:
    file.seek(0)
    file.truncate()
    if holder:
        file.write(json.dumps(holder).encode())


def _holder(file: IO[bytes]) -> str:
    """Tell who holds a lock, as far as its text can be read."""
    file.seek(0)
    try:
        holder = json.loads(file.read(4096))
        return f"process {holder['pid']} on {holder['host']}, '{holder['purpose']}', since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is yet"
