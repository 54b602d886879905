"""Locks: the one writer's, and those of the readers of a generation.

A reader locks the manifest of its generation, shared, through a descriptor that only reads: nothing is written for it,
so it costs a system call and works in a folder that can't be written to.

The writer's lock is the operating system's (flock), which ends with its holder and is never broken by anybody else. On
a disk of several hosts the server keeps it for all of them (NFS since Linux 2.6.12, SMB), and frees those of a host
that is gone. A disk can be mounted so that locks stay within the host (``local_lock``, ``nolock``): there what LOCK
says is believed, and a writer of another host bars until someone has looked.
"""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from searchkit.errors import ConfigError, IndexCorrupt, IndexLocked, IndexNotFound, StorageError
from searchkit.storage.files import storing

_PLAIN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How a manifest is opened to be locked: a link isn't followed, and a pipe isn't waited for."""

MOUNTS = Path("/proc/self/mountinfo")
_LOCAL = {"nolock", "local_lock=flock", "local_lock=all"}
"""Options with which NFS keeps locks within the host (nfs(5))."""

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
"""What a disk without such locks answers."""


_held_to_write: set[int] = set()
"""Descriptors through which this process holds a writer's lock."""


def _leave_to_the_parent() -> None:
    """After a fork, put the null device where the child has its parent's writer's locks.

    A lock belongs to the open file, which both have: the child would bar every other writer for as long as it lives.
    """
    for descriptor in _held_to_write:
        with suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            os.dup2(null, descriptor, inheritable=False)
            os.close(null)
    _held_to_write.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """The writer that a lock's file names: its process and host, the command (``purpose``), and since when."""

    pid: int
    host: str
    purpose: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, '{self.purpose}', since {self.since}"


_LOOK_S = 0.05
"""Seconds between two tries for a lock that another has, from which on they become longer."""

_LONGEST_LOOK_S = 1.0


@contextmanager
def writer_lock(path: Path, purpose: str, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold the lock in the file ``path`` during the block; its text says who holds it, what for, and since when.

    The operating system lets go of it when its holder ends, however it ends, so a dead holder bars nobody. The
    text is left out where the disk is full, but for one that doesn't show its locks to other hosts.
    Raises ``IndexLocked`` where another writer holds it, after ``timeout_s`` seconds, or, at once, where one of another
    host may and this disk doesn't tell; ``ConfigError`` where ``timeout_s`` is no time; ``IndexNotFound`` where the
    folder was removed meanwhile; ``StorageError`` where it can't be made or the disk knows no locks; ``IndexCorrupt``
    where it is a link or no plain file: what is written and cut short must be the index's own.
    """
    timeout_s = checked_timeout(timeout_s)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise IndexCorrupt(f"{path} isn't a plain file.", hint="Remove it and run the command again.")
    file = _opened(path, timeout_s)
    try:
        _held_to_write.add(file.fileno())
        _refuse_unseen(path, file)
        try:
            with storing(path):
                since = datetime.now(UTC).isoformat(timespec="seconds")
                _write(file, LockHolder(pid=os.getpid(), host=socket.gethostname(), purpose=purpose, since=since))
        except StorageError:
            # On a full disk that command must run too which makes space; but there only the text bars other hosts.
            if _stays_here(path):
                raise
            with suppress(OSError):  # half a text says nothing
                _write(file, None)
        try:
            yield
        finally:
            with suppress(OSError):  # what is done is done; the next holder writes its own name
                _write(file, None)
    finally:
        _held_to_write.discard(file.fileno())
        with suppress(OSError):  # a child that was forked a moment ago may still have the open file
            fcntl.flock(file, fcntl.LOCK_UN)
        with suppress(OSError):
            file.close()


def _opened(path: Path, timeout_s: float) -> IO[bytes]:
    """Open a lock's file and lock it, within so many seconds. Raises as ``writer_lock`` does."""
    end = time.monotonic() + timeout_s
    while True:
        with storing(path):
            file = path.open("a+b", buffering=0)  # nothing is left in a buffer for closing to fail on
        try:
            _wait_for(file, end)
            if not _was_removed(file, path):
                return file
        except BlockingIOError as error:
            waited = f" Waited {timeout_s:g} seconds for it." if timeout_s else ""
            holder = _read_holder(file) or "it has not said who it is yet"
            message = f"Another writer is at work on {path.parent}: {holder}.{waited}"
            file.close()
            raise IndexLocked(message) from error
        except OSError as error:
            file.close()
            raise StorageError(
                f"{path} can't be locked: {error.strerror}.",
                hint="Two writers could spoil each other's work there: keep the index on a disk that knows locks.",
            ) from error
        except BaseException:
            file.close()
            raise
        # A build that failed took its folder with it, while this one waited.
        file.close()
        if not path.parent.is_dir():
            raise IndexNotFound(f"{path.parent} was removed by the writer that held it.", hint="Run the command again.")


def checked_timeout(timeout_s: float) -> float:
    """Return how long a writer waits for the lock. Raises ``ConfigError`` where that is no time in seconds."""
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not 0 <= timeout_s < math.inf:
        raise ConfigError(
            f"A writer can't wait {timeout_s!r} seconds for the lock.",
            hint="Give a number of seconds of 0 or more: --wait 30.",
        )
    return float(timeout_s)


def _wait_for(file: IO[bytes], end: float) -> None:
    """Lock a file, as soon as it can be, until the monotonic time ``end``.

    Raises ``BlockingIOError`` when that is over, other ``OSError`` at once.
    """
    look_s = _LOOK_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            left_s = end - time.monotonic()
            if left_s <= 0:
                raise
        time.sleep(min(look_s, left_s))
        look_s = min(2 * look_s, _LONGEST_LOOK_S)


def _was_removed(file: IO[bytes], path: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return True


def hold_for_reading(path: Path) -> int:
    """Lock a manifest, shared, for as long as the descriptor that is returned stays open.

    Raises ``FileNotFoundError`` where it isn't there or is being collected, other ``OSError`` where it can't be opened.
    On a disk without such locks nothing is held, and ``gc`` must not be run while others read.
    """
    descriptor = os.open(path, _PLAIN)
    try:
        _share(descriptor)
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "it was collected", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def release(descriptor: int, owner: int) -> None:
    """Let go of what ``hold_for_reading`` gave to the process ``owner``.

    Unlocked, not only closed: a process that was forked meanwhile has the same open file, and would hold the lock on.
    Such a process closes its own descriptor and leaves the lock to its parent.
    """
    if os.getpid() == owner:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _share(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:  # only a collector holds it alone, and what it collects isn't in force
        raise FileNotFoundError(errno.ENOENT, "it is being collected") from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


@contextmanager
def unread(path: Path) -> Iterator[bool]:
    """Say whether no reader of this machine holds a manifest; during the block none can begin to.

    Raises ``StorageError`` where it can't be opened.
    """
    if path.is_symlink():  # what it leads to is nothing of the index, and no reader follows it
        yield True
        return
    with storing(path):
        descriptor = os.open(path, _PLAIN | os.O_RDWR)  # over NFS only who may write may hold a lock alone
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise StorageError(f"{path} can't be locked: {error.strerror}.") from error
            free = True  # where there are no locks nobody holds one
        yield free
    finally:
        os.close(descriptor)


def _write(file: IO[bytes], holder: LockHolder | None) -> None:
    file.seek(0)
    file.truncate()
    if holder is not None:
        file.write(json.dumps(asdict(holder)).encode())


def writer_at_work(path: Path) -> LockHolder | None:
    """Return who is writing, by what the lock file says; None where it says nobody, or one of this host who is gone.

    Nothing is locked for it, so that it never bars a writer.
    """
    try:
        with open(os.open(path, _PLAIN), "rb") as file:  # noqa: PTH123 - a descriptor that follows no link
            holder = _read_holder(file)
    except OSError:
        return None
    if holder is None or (holder.host == socket.gethostname() and not _lives(holder.pid)):
        return None
    return holder


def _refuse_unseen(path: Path, file: IO[bytes]) -> None:
    """Refuse to take the lock over from a writer of another host, on a disk that doesn't show its lock here."""
    holder = _read_holder(file)
    if holder is None or holder.host == socket.gethostname() or not _stays_here(path):
        return
    raise IndexLocked(
        f"Another writer may be at work on {path.parent}: {holder}; this disk is mounted so that locks stay"
        " within each host.",
        hint=f"Look whether it is; if it has ended, remove {path} and run the command again.",
    )


def _stays_here(path: Path) -> bool:
    """Say whether the disk of a file is mounted so that its locks aren't seen by other hosts."""
    try:
        device = path.stat().st_dev
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux: nothing tells
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    options = {
        option
        for mount in mounts
        if len(cells := mount.split()) > 9 and cells[2] == number
        for option in cells[-1].split(",")
    }
    return bool(options & _LOCAL)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is there and another user's
        return True
    return True


def _read_holder(file: IO[bytes]) -> LockHolder | None:
    """Read what a lock file says of its holder; None where it is empty or wasn't written by us."""
    file.seek(0)
    try:
        values = json.loads(file.read(4096))
        pid, host, purpose, since = (values[name] for name in ("pid", "host", "purpose", "since"))
        return LockHolder(pid=int(pid), host=str(host), purpose=str(purpose), since=str(since))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
