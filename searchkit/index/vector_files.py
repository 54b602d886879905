"""Vector files of a segment, in FAISS's own form, written and checked without it.

``vectors.faiss`` is a flat index of inner products over float32 rows, row i for chunk i. Its head, little-endian, as
FAISS's ``write_index_header`` lays it out: ``IxFI``, dimension int32, rows int64, two int64 that mean nothing, trained
uint8, metric int32 (0, the inner product), then the number of float32 values as uint64, the values and nothing else.

``vectors8.faiss``, only beside ``EIGHT_BITS_FROM`` rows or more, has the same rows at 8 bits a value: the same head
with ``IxSQ``, then the quantizer (kind int32, 2: one range for all values; two settings of its training, int32 and
float32, both 0; dimension and bytes a row as uint64; the number 2 as uint64, the least value and the width of the range
as float32), the number of bytes as uint64, and the bytes. Byte b stands for ``least + (b + .5) / 255 * width``. Behind
what FAISS reads stand two float64 of ours: the length of the longest difference between a row and what its bytes stand
for, and the recall that was measured when it was written (``vector_index.py`` says of what).

FAISS trusts what it reads, so all of a head and the size of the file are checked here before FAISS sees it; the values
can't do harm, whatever they are.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.storage.files import let_go, storing, unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]


EIGHT_BITS_FROM = 32_768
"""Chunks of a segment from which the 8-bit rows are written too.

CPU ms of the 200 nearest of 384 dimensions with their exact scores, one thread (AMD EPYC, faiss 1.15), float32 and 8
bits: 10,000 rows .75 and .85; 20,000 1.9 and 1.7; 34,000 (real vectors of six collections) 2.5 and 2.1; 50,000 4.0 and
2.6; 100,000 8.1 and 3.7; 1,000,000 65 and 31. FAISS gives a query one thread; a second one serves another search.
Below, a quarter more of disk isn't worth it.
"""

_HEAD = struct.Struct("<4siqqqBi")
_QUANTIZER = struct.Struct("<iifQQQ")
_RANGE = struct.Struct("<ffQ")
_COUNT = struct.Struct("<Q")
_MEASURED = struct.Struct("<dd")
_NOTHING = 1 << 20
"""What FAISS writes where its format has two numbers without a meaning."""

_UNIFORM = 2
"""FAISS's number for one range for all values (``ScalarQuantizer.QT_8bit_uniform``). It is the fastest of its kinds:
100,000 rows took 3.3 ms, with a range for each dimension 5.3, in 16-bit floats 4.1, in float32 7.5."""

_BLOCK = 8_192
"""Rows that are worked on at once: 12 MB of 384 dimensions. In the file they begin at odd places, where numpy's
products take five times as long: 1.1 ms for these, .2 where they were copied before, which takes .3 once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EightBits:
    """What is known of a file of 8-bit rows: the range, the longest difference from the rows, the measured recall."""

    least: float
    width: float
    error: float
    recall: float


class VectorsWriter:
    """Writes ``vectors.faiss`` from rows that come some at a time, until nobody knows how many: the head comes last.

    FAISS's own writer would take all rows at once, and tell no errno where the disk refuses; a test holds the bytes
    equal. Every method raises ``StorageError`` where the disk refuses.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._rows = 0
        self._path, self._dimension = path, dimension
        with storing(path):
            self._file = path.open("wb")
            self._file.seek(_HEAD.size + _COUNT.size)

    def add(self, vectors: Rows) -> None:
        """Append ``(n, dimension)`` float32 rows of length 1."""
        with storing(self._path):
            self._file.write(np.ascontiguousarray(vectors, dtype="<f4").data)
        self._rows += len(vectors)

    def finish(self, rows: int) -> None:
        """Say in the head how many rows there are, and close the file. ``rows`` must have come."""
        if self._rows != rows:
            raise ValueError(f"{self._path} was given {self._rows} rows where {rows} were announced")
        with storing(self._path):
            self._file.seek(0)
            self._file.write(_head(b"IxFI", rows, self._dimension) + _COUNT.pack(rows * self._dimension))
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file as it is; without ``finish`` it is no file of vectors."""
        with suppress(OSError):
            self._file.close()


def write_eight_bits(path: Path, matrix: Rows) -> None:
    """Write ``(n, dimension)`` rows at 8 bits a value, without a recall yet. Raises ``StorageError``.

    The rows may lie in a file: they are gone through twice, some at a time.
    """
    rows, dimension = matrix.shape
    least, width = _range_of(matrix)
    error = 0.0
    with storing(path), path.open("wb") as file:
        file.write(_head(b"IxSQ", rows, dimension) + _settings(dimension) + _RANGE.pack(least, width, rows * dimension))
        for codes, difference in _coded(matrix, least, width):
            file.write(codes.data)
            error = max(error, difference)
        file.write(_MEASURED.pack(error, 0.0))


def eight_bits_of(matrix: Rows) -> tuple[NDArray[np.uint8], EightBits] | None:
    """Return ``(n, dimension)`` rows at 8 bits a value, as ``write_eight_bits`` writes them; None of what is no vector.

    20,000 rows of 384 values take 40 ms.
    """
    with np.errstate(all="ignore"):
        least, width = _range_of(matrix)
        if not np.isfinite(least) or not np.isfinite(width):
            return None
        parts, differences = zip(*_coded(matrix, least, width), strict=True)
    form = EightBits(least=float(least), width=float(width), error=max(differences), recall=1.0)
    return np.concatenate(parts), form


def _range_of(matrix: Rows) -> tuple[np.float32, np.float32]:
    """Return the least value of some rows, and how far the others lie above it."""
    least = min((float(part.min()) for part in parts_of(matrix)), default=0.0)
    most = max((float(part.max()) for part in parts_of(matrix)), default=0.0)
    return np.float32(least), np.float32(most) - np.float32(least) or np.float32(1.0)


def _coded(matrix: Rows, least: np.float32, width: np.float32) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Yield rows at 8 bits a value, some at a time, and the longest difference of one of them from what was there."""
    for part in parts_of(matrix):
        # In float32 and cut, not rounded: what FAISS's own quantizer does, byte for byte.
        shares = (part - least) / width * np.float32(255)
        codes = np.clip(shares, 0, 255).astype(np.uint8)
        yield codes, longest_difference(part, codes, least=float(least), width=float(width))


def note_recall(path: Path, recall: float) -> None:
    """Write the measured recall into a file of 8-bit rows that is being made. Raises ``StorageError``."""
    with storing(path), path.open("r+b") as file:
        file.seek(-_MEASURED.size // 2, 2)
        file.write(_MEASURED.pack(0.0, recall)[-_MEASURED.size // 2 :])


def longest_difference(rows: Rows, codes: NDArray[np.uint8], *, least: float, width: float) -> float:
    """Return a length that no difference between a row and what its bytes stand for exceeds, and that one nearly has.

    In float32, with a margin for what that rounds: .5 s for a million rows of 384 values instead of 6 s in float64.
    """
    meant = codes.astype(np.float32)
    meant *= np.float32(width / 255)
    meant += np.float32(least + 0.5 / 255 * width)
    meant -= rows
    return float(np.sqrt(np.einsum("ij,ij->i", meant, meant).max(initial=0.0))) * (1 + 1e-4) + 1e-6


def map_vectors(path: Path, rows: int, dimension: int) -> Rows:
    """Check ``vectors.faiss`` and map its rows. Raises ``IndexCorrupt`` where it isn't a flat index of that shape."""
    head = _head(b"IxFI", rows, dimension) + _COUNT.pack(rows * dimension)
    _checked(path, head, len(head), len(head) + 4 * rows * dimension, f"a flat index of {rows} rows of {dimension}")
    if not rows:
        return np.empty((0, dimension), dtype=np.float32)
    return np.frombuffer(_mapped(path), dtype="<f4", offset=len(head), count=rows * dimension).reshape(rows, dimension)


def map_eight_bits(path: Path, rows: int, dimension: int) -> tuple[NDArray[np.uint8], EightBits]:
    """Check ``vectors8.faiss`` and map its rows. Raises ``IndexCorrupt`` where it isn't what ``write_eight_bits`` made.

    A range, a difference or a recall that can't be is damage too: a difference too small would lose rows.
    """
    start = _HEAD.size + _QUANTIZER.size + _RANGE.size
    size = start + rows * dimension + _MEASURED.size
    what = f"an index at 8 bits of {rows} rows of {dimension}"
    head = _checked(path, _head(b"IxSQ", rows, dimension) + _settings(dimension), start, size, what)
    least, width, count = _RANGE.unpack_from(head, start - _RANGE.size)
    with path.open("rb") as file:
        file.seek(start + rows * dimension)
        error, recall = _MEASURED.unpack(file.read(_MEASURED.size))
    sound = np.isfinite(least) and 0 < width < np.inf and 0 <= error < np.inf and 0 <= recall <= 1
    if count != rows * dimension or not sound or not rows:
        raise IndexCorrupt(f"{path} isn't {what} values.")
    codes = np.frombuffer(_mapped(path), dtype=np.uint8, offset=start, count=rows * dimension)
    return codes.reshape(rows, dimension), EightBits(least=least, width=width, error=error, recall=recall)


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise unreadable(path, error) from error


def _head(kind: bytes, rows: int, dimension: int) -> bytes:
    return _HEAD.pack(kind, dimension, rows, _NOTHING, _NOTHING, 1, 0)


def _settings(dimension: int) -> bytes:
    return _QUANTIZER.pack(_UNIFORM, 0, 0.0, dimension, dimension, 2)


def parts_of(matrix: Rows) -> Iterator[Rows]:
    """Yield mapped rows some at a time, copied to where floats begin at multiples of 4 bytes; let go of them after."""
    for first in range(0, len(matrix), _BLOCK):
        yield matrix[first : first + _BLOCK].copy()
        let_go(matrix)


def _checked(path: Path, expected: bytes, length: int, size: int, what: str) -> bytes:
    """Check a file's size and how it begins, but for the numbers without a meaning; return its first bytes."""
    try:
        actual = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(head) < length:
        raise IndexCorrupt(f"{path} is cut short.")
    meaning = [*range(16), *range(32, len(expected))]
    if actual != size or any(head[at] != expected[at] for at in meaning):
        raise IndexCorrupt(f"{path} isn't {what} values.")
    return head
