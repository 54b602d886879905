"""Embedding cache: vectors kept for a user by the digest of their text.

The cache lies in ``vectors/`` of the user's cache folder: a folder for each encoder, named after its fingerprint, and
in it logs (``embedding_log.py`` has their form), each named by the instant of its making. Several processes may read
and write at once: each appends to a log of its own, one that nobody else has locked. Before a log is begun, the oldest
of all are removed until one more fits below the bound, so several writers at once can exceed it by a log each. Nothing
is flushed: what a power cut tears isn't found again and is encoded anew.

Nothing that is wrong with the cache stops anybody: what can't be read or written is told in ``notes``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from searchkit.encoders.embedding_log import (
    HEAD_BYTES,
    EncoderIdentity,
    LogWriter,
    block_bytes,
    count,
    find,
    read_identity,
)
from searchkit.errors import ConfigError
from searchkit.storage.digest_cache import cache_folder, forget_digests

if TYPE_CHECKING:
    from searchkit.types import Vector


SWITCH = "SEARCHKIT_VECTOR_CACHE"
DEFAULT_BOUND = 2_000_000_000
"""Bytes: 1.3 million vectors of 384 dimensions, some ten hours of encoding on two cores."""

SMALLEST_BOUND = 1_000_000
_LOG_BYTES = 32 << 20
_LOGS = 8
"""Where the bound is small a log takes this part of it, so that the oldest can go without the rest."""

_OFF = {"0", "off", "no", "false"}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SUFFIX = ".log"
_INSTANT = "%Y%m%dT%H%M%S.%f"


def bound() -> int:
    """Return how many bytes the cache may take: what ``SEARCHKIT_VECTOR_CACHE`` says, 0 where it is off.

    Raises ``ConfigError`` where that isn't a size.
    """
    setting = os.environ.get(SWITCH, "").strip().lower()
    if not setting:
        return DEFAULT_BOUND
    if setting in _OFF:
        return 0
    parsed = _SIZE.fullmatch(setting)
    size = int(float(parsed[1]) * _UNITS[parsed[2].lower()]) if parsed else -1
    if 0 < size < SMALLEST_BOUND or size < 0:
        raise ConfigError(
            f"{SWITCH} is '{setting}'.", hint="Give a size of 1MB or more, such as 500MB or 2GB, or 'off'."
        )
    return size


def vectors_folder() -> Path:
    """Return where the cache lies, whether it is there or not."""
    return cache_folder() / "vectors"


class EmbeddingCache:
    """The vectors of one encoder that this user has paid for. Not to be shared among threads."""

    def __init__(self, maker: EncoderIdentity, bound_bytes: int, *, apart: bool = False) -> None:
        """Take whose vectors are looked for, and the size that all encoders' together may have.

        With ``apart`` what is kept goes into a log of its own, which comes first in the search: it replaces what
        earlier logs have.
        """
        self.notes: list[str] = []
        self._maker, self._bound = maker, bound_bytes
        self._folder = vectors_folder() / hashlib.sha256(maker.fingerprint.encode()).hexdigest()[:32]
        self._log_bytes = min(_LOG_BYTES, bound_bytes // _LOGS)
        self._writer: LogWriter | None = None
        self._apart = apart
        self._writable = self._log_bytes >= HEAD_BYTES + block_bytes(1, maker.dimension)

    def find(self, wanted: Collection[bytes]) -> Iterator[tuple[bytes, Vector]]:
        """Yield digest and vector, ``(dimension,)``, of what is there; what is wanted may shrink on the way."""
        for path in reversed(_logs(self._folder, self.notes)):
            if not wanted:
                return
            try:
                yield from find(path, self._maker, wanted)
            except FileNotFoundError:  # another process made room
                continue
            except OSError as error:
                self._note(f"{path} can't be read ({error.strerror or error}): what it holds was encoded again")

    def keep(self, digests: Sequence[bytes], vectors: Vector) -> None:
        """Keep a batch: ``vectors`` is ``(len(digests), dimension)``."""
        if not self._writable:
            return
        step = (self._log_bytes - HEAD_BYTES) // block_bytes(1, self._maker.dimension)
        try:
            for first in range(0, len(digests), step):
                some = digests[first : first + step]
                writer = self._with_room(block_bytes(len(some), self._maker.dimension))
                writer.append(some, vectors[first : first + step], flush=False)
        except OSError as error:
            self._note(f"{self._folder} can't be written ({error.strerror or error}): no more vectors are kept there")
            self._writable = False
            self.close()

    def close(self) -> None:
        """Let go of the log that is written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _note(self, reason: str) -> None:
        self.notes.append(f"The cache of vectors in {reason}.")

    def _with_room(self, size: int) -> LogWriter:
        """Return a log that takes so many bytes more, and make room for it. Raises ``OSError``."""
        if self._writer is None or self._writer.size + size > self._log_bytes:
            self.close()
            try:
                self._writer = self._begun(size)
            except FileNotFoundError:  # another process emptied the cache a moment ago
                self._writer = self._begun(size)
            _make_room(self._bound - self._log_bytes)
        return self._writer

    def _begun(self, size: int) -> LogWriter:
        """Go on with the latest log that has room and that nobody writes, or begin one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in () if self._apart else reversed(_logs(self._folder, [])):
            with suppress(FileNotFoundError, BlockingIOError, ValueError):
                if path.stat().st_size + size <= self._log_bytes and read_identity(path) == self._maker:
                    return LogWriter(path, self._maker)
        name = f"{datetime.now(UTC):{_INSTANT}}-{os.getpid()}{_SUFFIX}"
        return LogWriter(self._folder / name, self._maker)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderShare:
    """What the cache holds of one encoder; ``since`` is when the oldest log was begun."""

    encoder: str
    fingerprint: str
    dimension: int
    vectors: int
    bytes: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheState:
    """What the cache holds: where it lies, its size, the size it may have (0: it is off), and what of which encoder."""

    folder: str
    bytes: int
    bound: int
    encoders: tuple[EncoderShare, ...]
    notes: tuple[str, ...] = ()


def cache_state() -> CacheState:
    """Look at the cache; a log that can't be read is told in ``notes``. Raises ``ConfigError`` as ``bound`` does."""
    notes: list[str] = []
    shares = [_share(folder, notes) for folder in _folders(notes)]
    return CacheState(
        folder=str(vectors_folder()),
        bytes=sum(share.bytes for share in shares),
        bound=bound(),
        encoders=tuple(sorted((share for share in shares if share.bytes), key=lambda share: -share.bytes)),
        notes=tuple(notes),
    )


def clear() -> int:
    """Remove all vectors, and the digests that are remembered of large files; return the bytes that were freed.

    A process that encodes meanwhile goes on; what it computed before is forgotten with the rest. Raises ``OSError``.
    """
    freed = 0
    for folder in _folders([]):
        for path in folder.glob(f"*{_SUFFIX}"):  # not only plain files: no other kind is of use to anybody here
            with suppress(FileNotFoundError, IsADirectoryError):
                size = path.lstat().st_size
                path.unlink()
                freed += size
        with suppress(OSError):
            folder.rmdir()
    return freed + forget_digests()


def _share(folder: Path, notes: list[str]) -> EncoderShare:
    maker = EncoderIdentity(encoder="", fingerprint="", dimension=0)
    vectors = size = 0
    logs = _logs(folder, notes)
    for path in logs:
        try:
            size += path.stat().st_size
            if (own := read_identity(path)) is not None:
                maker = own
                vectors += count(path, own)
        except FileNotFoundError:
            continue
        except OSError as error:
            notes.append(f"{path} can't be read: {error.strerror or error}.")
    since = None
    with suppress(IndexError, ValueError):  # there is none, or somebody gave it another name
        since = datetime.strptime(logs[0].name.split("-")[0], _INSTANT).replace(tzinfo=UTC)
    return EncoderShare(**asdict(maker), vectors=vectors, bytes=size, since=since)


def _make_room(limit: int) -> None:
    """Remove the oldest logs until all together take no more than ``limit`` bytes; one that is written stays."""
    sizes: dict[Path, int] = {}
    for path in sorted((path for folder in _folders([]) for path in _logs(folder, [])), key=lambda path: path.name):
        with suppress(FileNotFoundError):
            sizes[path] = path.stat().st_size
    total = sum(sizes.values())
    for path, size in sizes.items():
        if total <= limit:
            return
        with suppress(FileNotFoundError, BlockingIOError), path.open("r+b") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            total -= size


def _folders(notes: list[str]) -> list[Path]:
    return _inside(vectors_folder(), Path.is_dir, notes)


def _logs(folder: Path, notes: list[str]) -> list[Path]:
    """Return the logs in a folder, the oldest first."""
    return _inside(folder, lambda path: path.suffix == _SUFFIX and path.is_file(), notes)


def _inside(folder: Path, is_wanted: Callable[[Path], bool], notes: list[str]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if is_wanted(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        notes.append(f"The cache of vectors in {folder} can't be read: {error.strerror or error}.")
        return []
