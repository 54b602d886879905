"""Files and folders of an index: writes, flushes, renames and mapped memory.

A mapped page stays with the process until the system runs short. Who searches wants that; a writer that goes through
files once would end with all of them: with 1,000,000 chunks 1 GB of runs (``keyword/postings/writer.py``), 1.5 GB of
vectors.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from searchkit.errors import IndexCorrupt, StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def let_go(array: NDArray[Any]) -> None:
    """Give back the pages of the whole file that an array lies in; what is read again comes again, from the cache.

    An array that lies in no mapped file is left as it is, and so are all on systems without ``madvise``.
    """
    held: Any = array
    while (base := getattr(held, "base", None)) is not None:
        held = base
    held = held.obj if isinstance(held, memoryview) else held
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)


def hidden_name(name: str) -> str:
    """Name what isn't published yet; after its writer's end, whatever bears such a name is litter."""
    return f".{name}.{os.getpid()}"


READ_RIGHTS = "Ask its owner for the right to read it, or run the command as a user who has it."

_BLOCK = 1 << 20
"""Bytes that are copied at once."""

OPEN_AGAIN = (
    "If the index was moved, open it again where it is now; if it was deleted and another made in its place, call"
    " refresh() or open that."
)
"""What to do where a file that is open has no name any more."""

OPEN_FILES = "/dev/fd"
"""Where Linux, macOS and the BSDs have names for the open files of a process."""

_RIGHTS = "Choose a folder that you may write to with --index, or ask its owner for the right."
_ADVICE = {
    errno.ENOSPC: "Make space on that disk and run the command again; the index stays as it was.",
    errno.EDQUOT: "Your quota on that disk is used up: make space and run the command again.",
    errno.EROFS: "The disk is read-only: choose a folder on another with --index.",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOTDIR: "A part of that path is a file: choose another folder with --index.",
}


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` in the block into a ``StorageError`` that names the file and the remedy.

    A file that isn't whole yet has a hidden name, which nobody knows: it is named as it will be called.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        named = Path(str(error.filename or path))
        name = named.name[1:].rpartition(".")[0]
        if name and named.name == hidden_name(name):
            named = named.with_name(name)
        raise StorageError(f"Can't write {named}: {reason}.", hint=_ADVICE.get(error.errno or 0)) from error


def unreadable(path: Path, error: OSError) -> StorageError | IndexCorrupt:
    """Return what a file or folder is that can't be read: one that this user may not read isn't damaged."""
    if isinstance(error, PermissionError):
        return StorageError(f"{path} may not be read: permission denied.", hint=READ_RIGHTS)
    return IndexCorrupt(f"{path} can't be read: {error.strerror or error}.")


@contextmanager
def looking_at(path: Path) -> Iterator[None]:
    """Turn a ``PermissionError`` in the block, which looks at a folder of an index, into a ``StorageError``."""
    try:
        yield
    except PermissionError as error:
        raise StorageError(f"{error.filename or path} may not be read: permission denied.", hint=READ_RIGHTS) from error


def make_folder(path: Path) -> None:
    """Make a folder with its parents, and flush the name of each that was made. Raises ``StorageError``.

    The name of one that is there already is flushed too: who made it may have been stopped before.
    """
    with storing(path):
        missing = [folder for folder in path.parents if not folder.is_dir()]
        there = path.is_dir()
        if not there:
            path.mkdir(parents=True, exist_ok=True)
        for folder in (path, *missing):
            if not there or os.access(folder.parent, os.R_OK):
                flush(folder.parent)


def read_small(path: Path, limit: int) -> bytes:
    """Read a plain file of at most ``limit`` bytes; more of it isn't taken into memory, nor a link followed.

    Raises ``OSError`` where it can't be read, is no plain file (``ELOOP``, ``EINVAL``) or is longer (``EFBIG``).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "It isn't a plain file", str(path))
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"It has more than {limit:,} bytes", str(path))
    return content


class HeldFile:
    """A file that is opened once and held, so that what is opened by its name later is surely the same file.

    A folder can be moved, and another put in its place, while a reader has it open. Raises ``OSError``.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.path = path
        self._descriptor = descriptor
        self._state = os.fstat(descriptor)
        self.close = finalize(self, os.close, descriptor)
        """Let go of the file."""

    @contextmanager
    def named(self) -> Iterator[Path]:
        """Give a name by which the file can be opened during the block.

        That is its path, or, where this has become another file's, the system's name for the open file. Raises
        ``FileNotFoundError`` where it has no name any more, also when that is so at the end of the block.
        """
        own = Path(OPEN_FILES, str(self._descriptor))
        for path in (self.path, own):
            if self.close.alive and self._is(path):
                if path == own:
                    os.lseek(self._descriptor, 0, os.SEEK_SET)  # some systems give the descriptor itself
                yield path
                if self._is(path):
                    return
                break
        raise FileNotFoundError(errno.ENOENT, "its folder was moved or another put in its place", str(self.path))

    @property
    def is_deleted(self) -> bool:
        """Whether no folder has the file any more: it is there while it is held, but some libraries can't open it."""
        return self.close.alive and os.fstat(self._descriptor).st_nlink == 0

    def _is(self, path: Path) -> bool:
        try:
            return os.path.samestat(path.stat(), self._state)
        except OSError:
            return False


def write_new(path: Path, content: bytes) -> None:
    """Write a file and flush it, not yet its folder. Raises ``StorageError``."""
    with storing(path), path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Put a file in place whole: readers see the old content or the new. Raises ``StorageError``."""
    hidden = path.with_name(hidden_name(path.name))
    write_new(hidden, content)
    rename(hidden, path)


def copy(source: Path, target: Path) -> None:
    """Copy a file and flush it, not yet its folder. Raises ``StorageError`` where either disk refuses."""
    with storing(target), source.open("rb") as reader, target.open("wb") as taken:
        shutil.copyfileobj(reader, taken, _BLOCK)
        taken.flush()
        os.fsync(taken.fileno())


def rename(source: Path, target: Path) -> None:
    """Rename a file or a folder, and flush the folder it lies in. Raises ``StorageError``."""
    with storing(target):
        source.replace(target)
        flush(target.parent)


def flush(path: Path) -> None:
    """Flush a file or a folder to the disk. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_all(folder: Path) -> None:
    """Flush the files of a folder, then the folder. Raises ``StorageError``."""
    with storing(folder):
        for path in sorted(folder.iterdir()):
            flush(path)
        flush(folder)


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hex. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there. Raises ``StorageError``."""
    with storing(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
