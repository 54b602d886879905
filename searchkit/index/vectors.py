"""Here is a segment's ``vectors.faiss``; which rows are nearest to a vector? The only file that imports FAISS.

The file is FAISS's own flat index of inner products over float32 rows, row i for chunk i. Its head, in little-endian
bytes (FAISS's ``write_index_header``): ``IxFI``, dimension int32, rows int64, two int64 that mean nothing, trained
uint8, metric int32 (0, the inner product), then the number of float32 values as uint64, then the values and nothing
else. FAISS trusts what it reads, so all of that is checked here before FAISS sees the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.files import storing

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = struct.Struct("<4siqqqBiQ")
_NOTHING = 1 << 20
"""What FAISS writes where its format has two numbers without a meaning."""

_GATHER_SHARE = 0.02
"""Below this share of rows allowed, gathering them beats a scan with a selector (200,000 rows: .25 ms at 1 %)."""


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write ``(n, dimension)`` float32 rows of length 1 as a flat FAISS index. Raises ``StorageError``."""
    write_parts(path, [vectors], rows=len(vectors), dimension=vectors.shape[1])


def write_parts(path: Path, parts: Iterable[NDArray[np.float32]], *, rows: int, dimension: int) -> None:
    """Write rows that come in parts, ``rows`` of them in all, the same way. Raises ``StorageError``.

    FAISS's own writer would take all rows at once, and tell no errno where the disk refuses; a test holds the bytes
    equal.
    """
    written = 0
    with storing(path), path.open("wb") as file:
        file.write(_HEAD.pack(b"IxFI", dimension, rows, _NOTHING, _NOTHING, 1, 0, rows * dimension))
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype="<f4").data)
            written += len(part)
    if written != rows:
        raise ValueError(f"{path} was given {written} rows where {rows} were announced")


class VectorsReader:
    """A memory-mapped ``vectors.faiss``. Safe to share among threads."""

    def __init__(self, path: Path, *, rows: int, dimension: int) -> None:
        """Open and check the file. Raises ``IndexCorrupt`` where it isn't a flat index of that shape."""
        self.path = path
        offset = _checked_offset(path, rows, dimension)
        self._flat: Any = None
        self.matrix: NDArray[np.float32] = (
            np.memmap(path, dtype="<f4", mode="r", offset=offset, shape=(rows, dimension))
            if rows
            else np.empty((0, dimension), dtype=np.float32)
        )

    def nearest(
        self, query: NDArray[np.float32], depth: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], float]:
        """Return the rows of the ``depth`` largest inner products, and a bound that no other allowed row exceeds.

        ``query`` is ``(dimension,)``; ``allowed`` is ``(rows,)`` or None for all. Exact: no row is missed. The bound is
        -inf where every allowed row was returned.
        """
        number = len(self.matrix) if allowed is None else int(np.count_nonzero(allowed))
        if number <= depth:
            return (np.arange(number) if allowed is None else np.flatnonzero(allowed)), -np.inf
        if allowed is not None and number < max(depth, _GATHER_SHARE * len(self.matrix)):
            rows = np.flatnonzero(allowed)
            scores = self.similarity(query, rows)
            best = np.argpartition(-scores, depth - 1)[:depth]
            return rows[best], float(scores[best].min())
        scores32, found = self._search(query, depth, allowed)
        # FAISS adds float32 in another order than `similarity`; the margin covers the difference many times over.
        return found, float(scores32.min()) + 1e-5

    def similarity(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return each row's inner product with the query, in float64.

        A row's value depends on the row and the query alone, not on its neighbours: it is the same in every search.
        """
        gathered = self.matrix[rows].astype(np.float64)
        gathered *= query.astype(np.float64)
        return np.asarray(gathered.sum(axis=1))

    def _search(
        self, query: NDArray[np.float32], depth: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        import faiss

        if self._flat is None:
            self._flat = faiss.read_index(str(self.path), faiss.IO_FLAG_MMAP_IFC)
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            make: Any = faiss.SearchParameters  # its generated types miss the keywords that Python adds
            parameters = make(sel=selector)
        scores, rows = self._flat.search(query.reshape(1, -1), depth, params=parameters)
        return scores[0], rows[0]


def _checked_offset(path: Path, rows: int, dimension: int) -> int:
    """Check the head and the size of the file; return the offset of its values."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
    except OSError as error:
        raise IndexCorrupt(f"{path} can't be read: {error.strerror}.") from error
    if len(head) < _HEAD.size:
        raise IndexCorrupt(f"{path} is cut short.")
    kind, width, number, _, _, trained, metric, values = _HEAD.unpack(head)
    expected = (b"IxFI", dimension, rows, 1, 0, rows * dimension)
    if (kind, width, number, trained, metric, values) != expected or size != _HEAD.size + 4 * rows * dimension:
        raise IndexCorrupt(f"{path} isn't a flat index of {rows} rows of {dimension} values.")
    return _HEAD.size
