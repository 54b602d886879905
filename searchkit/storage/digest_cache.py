"""Cache folder of the user: exported models, and digests of large files.

``encoders/embedding_cache.py`` keeps vectors there too.

Several processes may do so at once: a file or a folder is written under a name of its own and then renamed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from searchkit.storage import files

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
LARGE_BYTES = 1 << 20
"""From this size on a digest is remembered: below, hashing costs less than 2 ms."""

_FRESH_S = 7 * 86_400
_FORGOTTEN_S = 60 * 86_400
"""Seconds: a digest that is asked for is marked as used once a week, and one that nobody asked for goes after this."""

_TIDIED = ".digests-tidied"


def cache_folder() -> Path:
    """Return the folder: what ``SEARCHKIT_CACHE`` names, or else the user's cache folder of this system."""
    if named := os.environ.get("SEARCHKIT_CACHE"):
        return Path(named).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("searchkit"))


def digest(path: Path) -> str:
    """Return the file's sha256, in hexadecimal; a large one's is found again by where it is and when it changed.

    That is its path and inode, its size, and the times of change of its content and of itself: the first can be set
    back, and copying a file over it may do so, the second can't.

    Raises ``OSError`` where the file can't be read.
    """
    stat = path.stat()
    if stat.st_size < LARGE_BYTES:
        return files.digest(path)
    note = _note(path, stat)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        known = note.read_text(encoding="ascii")
        if _HEX_DIGEST.fullmatch(known):
            if note.stat().st_mtime < time.time() - _FRESH_S:
                os.utime(note)
            return known
    sha256 = files.digest(path)
    remember(path, sha256)
    return sha256


def remember(path: Path, sha256: str) -> None:
    """Keep the digest of a large file that was hashed a moment ago, under the name that it has now."""
    # Without a cache that can be written, the file is hashed again next time: slower, not wrong.
    with contextlib.suppress(OSError):
        note = _note(path, path.stat())
        write_text(note, sha256)
        _tidy(note.parent)


def forget_digests() -> int:
    """Remove all digests that are remembered; return the bytes that were freed. What can't be removed stays."""
    freed = 0
    with contextlib.suppress(OSError):
        for path in (cache_folder() / "digests").iterdir():
            freed += path.stat().st_size
            path.unlink()
    return freed


def _tidy(folder: Path) -> None:
    """Once a week remove the digests that nobody asked for in a long time: their files have changed or are gone."""
    mark, now = folder.parent / _TIDIED, time.time()
    if mark.exists() and mark.stat().st_mtime > now - _FRESH_S:
        return
    mark.touch()
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < now - _FORGOTTEN_S:
                path.unlink()


def _note(path: Path, stat: os.stat_result) -> Path:
    seen = (path.resolve(), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    key = hashlib.sha256("\0".join(map(str, seen)).encode()).hexdigest()
    return cache_folder() / "digests" / key[:32]


def write_text(path: Path, text: str) -> None:
    """Write the file so that whoever opens it sees all of it or what was there before.

    Raises ``OSError`` where the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes waiting that are about to make the same folder.

    Raises ``OSError`` where its parent can't be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def temporary_beside(folder: Path) -> Iterator[Path]:
    """Make a folder beside another, and delete it after the block, unless it was renamed meanwhile.

    What can't be deleted stays, hidden and harmless. Raises ``OSError`` where the disk refuses.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".draft-"))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def publish(draft: Path, folder: Path) -> None:
    """Flush a draft folder's files to disk and rename it to ``folder``, in place of what is there.

    The draft lies beside ``folder``. Raises ``OSError`` where the disk refuses.
    """
    for path in (*draft.iterdir(), draft):
        files.flush(path)
    if folder.exists():
        with temporary_beside(folder) as aside:
            folder.rename(aside / folder.name)
    draft.rename(folder)
    files.flush(folder.parent)
