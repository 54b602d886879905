"""Embedding log: computed vectors in checked blocks, so that a stopped build resumes.

A log holds vectors of one encoder, each under the digest of its text, and is only ever appended to. In it lie, with
little-endian numbers:

========  =============================================================================================================
head      1,024 bytes: ``SKVECS1`` and a line feed, then ``encoder``, ``fingerprint`` and ``dimension`` as JSON, filled
          up with spaces
blocks    one for each batch: ``SKvb``, the number n of rows as uint32, a check of 8 bytes; n digests of 16 bytes; n
          checks of 8 bytes; ``(n, dimension)`` float32
========  =============================================================================================================

A check is a BLAKE2b of 8 bytes under a key made of the encoder's fingerprint and dimension. A block's covers its number
of rows, their digests and their checks; a row's covers its digest and its vector. So a writer that was killed leaves at
worst the beginning of a block, which nobody takes for one; a damaged vector isn't found, and a damaged block hides no
other; and no vector is ever found for another encoder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import struct
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from searchkit.encoders.encoder_checks import MOST_DIMENSIONS

if TYPE_CHECKING:
    from searchkit.types import Encoder, Vector


DIGEST_BYTES = 16
HEAD_BYTES = 1_024
_HEAD = b"SKVECS1\n"
_MARK = b"SKvb"
_BLOCK = struct.Struct("<4sI8s")
_CHECK_BYTES = 8
_MOST_ROWS = 1 << 16
"""No block has more: what is claimed by a block that can't be told yet from damage stays within 2 MB."""

_LONGEST_NAME = 100
_LONGEST_FINGERPRINT = 128
_WINDOW = 1 << 20
_MOST_DAMAGED = 1_000
"""So many times the next block is looked for in one log: a file made to look damaged everywhere isn't read for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderIdentity:
    """Whose vectors a log holds: the encoder's name, for people, its fingerprint and its dimension."""

    encoder: str = field(compare=False)
    fingerprint: str
    dimension: int


def identity_of(encoder: Encoder) -> EncoderIdentity:
    """Tell what a log must know of an encoder; what of it wouldn't fit into a head is cut, or named by its sha256."""
    name = "".join(letter for letter in encoder.name if letter.isprintable())[-_LONGEST_NAME:]
    fingerprint = encoder.fingerprint
    if not fingerprint.isascii() or not fingerprint.isprintable() or len(fingerprint) > _LONGEST_FINGERPRINT:
        fingerprint = hashlib.sha256(fingerprint.encode("utf-8", "surrogatepass")).hexdigest()
    return EncoderIdentity(encoder=name, fingerprint=fingerprint, dimension=int(encoder.dimension))


def read_identity(path: Path) -> EncoderIdentity | None:
    """Return whose vectors a log holds; None where its head is no log's. Raises ``OSError``."""
    with path.open("rb") as file:
        return _maker(file.read(HEAD_BYTES))


def find(path: Path, maker: EncoderIdentity, wanted: Container[bytes]) -> Iterator[tuple[bytes, Vector]]:
    """Yield the digest and the vector, ``(dimension,)``, of each whole row of a log whose digest is wanted.

    What is wanted may shrink on the way. Raises ``OSError`` where the file can't be read.
    """
    row_bytes = 4 * maker.dimension
    with path.open("rb", buffering=0) as file:
        for block in _blocks(file.fileno(), maker):
            for row in range(block.rows):
                if (digest := _row(block.digests, row, DIGEST_BYTES)) in wanted:
                    vector = os.pread(file.fileno(), row_bytes, block.vectors + row * row_bytes)
                    if _check(maker, digest, vector) == _row(block.checks, row, _CHECK_BYTES):
                        yield digest, np.frombuffer(vector, dtype="<f4")


def count(path: Path, maker: EncoderIdentity) -> int:
    """Count the vectors in the whole blocks of a log. Raises ``OSError``."""
    with path.open("rb", buffering=0) as file:
        return sum(block.rows for block in _blocks(file.fileno(), maker))


def block_bytes(rows: int, dimension: int) -> int:
    """Tell how much a batch takes."""
    return _BLOCK.size + rows * (DIGEST_BYTES + _CHECK_BYTES + 4 * dimension)


class LogWriter:
    """Appends to a log, alone: a lock on the file, which ends with its holder, keeps other writers away.

    Raises ``BlockingIOError`` where another has it or it is being removed, ``ValueError`` where the file is the log of
    another encoder or none, other ``OSError`` where the disk refuses.
    """

    def __init__(self, path: Path, maker: EncoderIdentity) -> None:
        self._maker, self._owner = maker, os.getpid()
        self._file: Any = path.open("x+b" if not path.exists() else "r+b", buffering=0)
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file.fileno()).st_nlink != 1:
                raise BlockingIOError
            self.size = self._begun()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. What a failing disk loses of it now isn't found again, and no worse."""
        with suppress(OSError, ValueError):
            if os.getpid() == self._owner:  # unlocked, or a process that was forked meanwhile would hold it on
                fcntl.flock(self._file.fileno(), fcntl.LOCK_UN)
        with suppress(OSError):
            self._file.close()

    def append(self, digests: Sequence[bytes], vectors: Vector, *, flush: bool) -> None:
        """Append a batch: ``vectors`` is ``(len(digests), dimension)`` float32. Raises ``OSError``.

        With ``flush`` it outlives a power cut; without, the end of this process only. What the disk didn't take whole
        is taken back.
        """
        for first in range(0, len(digests), _MOST_ROWS):
            block = _block(self._maker, digests[first : first + _MOST_ROWS], vectors[first : first + _MOST_ROWS])
            try:
                self._write(block)
            except OSError:
                os.ftruncate(self._file.fileno(), self.size)
                self._file.seek(self.size)
                raise
            self.size += len(block)
        if flush:
            os.fsync(self._file.fileno())

    def _begun(self) -> int:
        """Write the head of a new log, or cut off what a stopped writer left of a block; return the size."""
        descriptor = self._file.fileno()
        head = os.pread(descriptor, HEAD_BYTES, 0)
        end = HEAD_BYTES
        if len(head) < HEAD_BYTES:
            os.ftruncate(descriptor, 0)
            self._file.seek(0)
            self._write((_HEAD + json.dumps(asdict(self._maker), ensure_ascii=False).encode()).ljust(HEAD_BYTES))
        elif _maker(head) != self._maker:
            raise ValueError("another encoder's log, or none")
        else:
            for block in _blocks(descriptor, self._maker):
                end = block.end
            if os.fstat(descriptor).st_size > end:
                os.ftruncate(descriptor, end)
        self._file.seek(end)
        return end

    def _write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]


@dataclass(frozen=True, slots=True)
class _Block:
    """A block whose own check holds: its rows' digests and checks, where its vectors begin and where it ends."""

    rows: int
    digests: bytes
    checks: bytes
    vectors: int
    end: int


def _blocks(descriptor: int, maker: EncoderIdentity) -> Iterator[_Block]:
    """Yield the whole blocks of a log; after a damaged one go on at the next."""
    size = os.fstat(descriptor).st_size
    at, damaged = HEAD_BYTES, 0
    while at + _BLOCK.size <= size and damaged < _MOST_DAMAGED:
        block = _block_at(descriptor, at, size, maker)
        if block is not None:
            yield block
            at = block.end
        else:
            damaged += 1
            at = _next_mark(descriptor, at + 1, size)


def _block_at(descriptor: int, at: int, size: int, maker: EncoderIdentity) -> _Block | None:
    head = os.pread(descriptor, _BLOCK.size, at)
    if len(head) < _BLOCK.size:
        return None
    mark, rows, check = _BLOCK.unpack(head)
    end = at + block_bytes(rows, maker.dimension)
    if mark != _MARK or not 0 < rows <= _MOST_ROWS or end > size:
        return None
    names = os.pread(descriptor, rows * (DIGEST_BYTES + _CHECK_BYTES), at + _BLOCK.size)
    if _check(maker, head[4:8], names) != check:
        return None
    digests, checks = names[: rows * DIGEST_BYTES], names[rows * DIGEST_BYTES :]
    return _Block(rows, digests, checks, at + _BLOCK.size + len(names), end)


def _block(maker: EncoderIdentity, digests: Sequence[bytes], vectors: Vector) -> bytes:
    """Return the bytes of a block."""
    if vectors.shape != (len(digests), maker.dimension):
        raise ValueError(f"vectors of shape {vectors.shape} for {len(digests)} digests")
    rows = [row.tobytes() for row in np.asarray(vectors, dtype="<f4")]
    checks = [_check(maker, digest, row) for digest, row in zip(digests, rows, strict=True)]
    names = b"".join((*digests, *checks))
    check = _check(maker, len(rows).to_bytes(4, "little"), names)
    return b"".join((_BLOCK.pack(_MARK, len(rows), check), names, *rows))


def _check(maker: EncoderIdentity, *parts: bytes) -> bytes:
    key = _key(maker.fingerprint, maker.dimension)
    return hashlib.blake2b(b"".join(parts), key=key, digest_size=_CHECK_BYTES).digest()


@cache
def _key(fingerprint: str, dimension: int) -> bytes:
    return hashlib.blake2b(f"{dimension} {fingerprint}".encode(), digest_size=32).digest()


def _row(content: bytes, row: int, size: int) -> bytes:
    return content[row * size : (row + 1) * size]


def _next_mark(descriptor: int, at: int, size: int) -> int:
    """Return where the next block may begin; the end of the file where none does."""
    while at < size:
        window = os.pread(descriptor, _WINDOW, at)
        place = window.find(_MARK)
        if place >= 0:
            return at + place
        if len(window) < _WINDOW:
            break
        at += _WINDOW - len(_MARK) + 1
    return size


def _maker(head: bytes) -> EncoderIdentity | None:
    if len(head) < HEAD_BYTES or not head.startswith(_HEAD):
        return None
    try:
        maker = EncoderIdentity(**json.loads(head[len(_HEAD) :]))
    except (ValueError, TypeError):
        return None
    texts = isinstance(maker.encoder, str) and isinstance(maker.fingerprint, str) and maker.fingerprint.isascii()
    number = isinstance(maker.dimension, int) and 0 < maker.dimension <= MOST_DIMENSIONS
    return maker if texts and number else None
