"""Vector index: a segment's vectors, written, checked and searched. The only file that imports FAISS.

The answer is exact at every size. Few rows are scanned as they are, in float32. Of more their 8-bit forms are scanned,
a quarter of the memory: by the compiled loops, which make them when they are first needed, and from
``EIGHT_BITS_FROM`` on by FAISS from the file. What that can be wrong by is known: a row x and its form y give inner
products with a query q that differ by no more than |q| |x - y| (Cauchy and Schwarz), and the longest x - y of a segment
was measured when it was written: .012 to .015 for the default encoder. So each row has a score and a *slack*; whatever
may belong to the nearest is handed on, and who ranks takes its exact score from the float32 row (filter and refine, as
Seidl and Kriegel do it, SIGMOD 1998, doi 10.1145/276304.276319).

Why not an index that leaves rows out? On 100,000 clustered vectors, the 100 nearest, one thread, inverted lists found
.967 of them in .5 ms, .984 in 1.0, .995 in 2.1, and all of them at 8 bits took 2.5. HNSW loses more where a filter
allows few. The encoder takes 7 ms, and where answers may be missing there is no bound for the ranking to stop at.

``vectors.faiss`` is a flat index of inner products over float32 rows, row i for chunk i. Its head, little-endian, as
FAISS's ``write_index_header`` lays it out: ``IxFI``, dimension int32, rows int64, two int64 that mean nothing, trained
uint8, metric int32 (0, the inner product), then the number of float32 values as uint64, the values and nothing else.

``vectors8.faiss``, only beside ``EIGHT_BITS_FROM`` rows or more, has the same rows at 8 bits a value: the same head
with ``IxSQ``, then the quantizer (kind int32, 2: one range for all values; two settings of its training, int32 and
float32, both 0; dimension and bytes a row as uint64; the number 2 as uint64, the least value and the width of the range
as float32), the number of bytes as uint64, and the bytes. Byte b stands for ``least + (b + .5) / 255 * width``. Behind
what FAISS reads stand two float64 of ours: the length of the longest difference between a row and what its bytes stand
for, and the recall that was measured when it was written.

Both files are written without FAISS. It trusts what it reads, so all of a head and the size of the file are checked
here before FAISS sees it; the values can't do harm, whatever they are.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from searchkit.errors import IndexCorrupt, importing
from searchkit.index.paths import EIGHT_BITS, VECTORS
from searchkit.storage import native
from searchkit.storage.files import OPEN_AGAIN, HeldFile, let_go, remove, storing, unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Vectors = NDArray[np.float32]


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
"""Vectors that are worked on at once: 12 MB of 384 dimensions. In the file they begin at odd places, where numpy's
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

    def add(self, vectors: Vectors) -> None:
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


def write_eight_bits(path: Path, matrix: Vectors) -> None:
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


def eight_bits_of(matrix: Vectors) -> tuple[NDArray[np.uint8], EightBits] | None:
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


def _range_of(matrix: Vectors) -> tuple[np.float32, np.float32]:
    """Return the least value of some rows, and how far the others lie above it."""
    least = min((float(part.min()) for part in parts_of(matrix)), default=0.0)
    most = max((float(part.max()) for part in parts_of(matrix)), default=0.0)
    return np.float32(least), np.float32(most) - np.float32(least) or np.float32(1.0)


def _coded(matrix: Vectors, least: np.float32, width: np.float32) -> Iterator[tuple[NDArray[np.uint8], float]]:
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


def longest_difference(rows: Vectors, codes: NDArray[np.uint8], *, least: float, width: float) -> float:
    """Return a length that no difference between a row and what its bytes stand for exceeds, and that one nearly has.

    In float32, with a margin for what that rounds: .5 s for a million rows of 384 values instead of 6 s in float64.
    """
    meant = codes.astype(np.float32)
    meant *= np.float32(width / 255)
    meant += np.float32(least + 0.5 / 255 * width)
    meant -= rows
    return float(np.sqrt(np.einsum("ij,ij->i", meant, meant).max(initial=0.0))) * (1 + 1e-4) + 1e-6


def map_vectors(path: Path, rows: int, dimension: int) -> Vectors:
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


def parts_of(matrix: Vectors) -> Iterator[Vectors]:
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


LEAST_RECALL = 0.98
"""Of the 100 nearest that must be found at 8 bits when they are written; a machine whose FAISS can't gets none."""

_ROUNDING = 1e-5
"""FAISS adds float32 in another order than ``similarity``: differences of 2e-7 were seen, the margin covers 50 times
that."""

_GATHER_SHARE = 0.01
"""Below this share of rows allowed, gathering them beats a scan with a selector. CPU ms gathered, scanned in float32,
at 8 bits: 100,000 rows, 1 % .24, .52, .60, 5 % 3.4, 2.2, 1.8; 1,000,000 rows, .5 % 5.4, 6.1, 7.2, 2 % 14.7, 11.7,
8.9."""

_FEW = 4_096
"""Rows that numpy multiplies: FAISS takes .3 ms less for so many, and 55 ms of CPU to be imported."""

_WIDER = 4
"""At 8 bits so many times ``depth`` rows are asked for, among which are mostly all that may be the nearest: 320 to 400
for the 200 nearest. Where they aren't, so many times more are asked for, once. Asking for 800 instead of 200 takes .4
of 2.5 ms at 100,000 rows, nothing at 1,000,000."""

_AHEAD = 256
"""One of so many rows is asked for at 8 bits, however few are wanted: of 1,000,000 rows 200, 800, 3,200 and 4,000 took
28, 24, 27 and 28 ms of CPU, a second scan would take as long again."""

_SCANS = 4
"""Scans that are remembered: searches of several threads take turns, and each may ask for more. The best 0.4 % of the
rows each, and the flags of those allowed."""

_PROBES = 20
_PROBED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The rows nearest to a query: ``rows`` ``(n,)``, in no order, and their ``scores`` ``(n,)`` float64.

    An exact score differs from a row's by no more than ``slack``; that of an allowed row that isn't here is no more
    than ``rest``, which is -inf where none is left out.
    """

    rows: Rows
    scores: NDArray[np.float64]
    slack: float
    rest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """What a scan at 8 bits found, best first: ``(n,)`` scores and rows; for which query, among which rows."""

    query: Vectors
    allowed: Mask | None
    scores: Vectors
    rows: Rows

    def answers(self, query: Vectors, allowed: Mask | None) -> bool:
        """Say whether it was made for this query among these rows, which a search works out anew each time it asks.

        To compare 1,000,000 flags takes .1 ms, a scan 28.
        """
        if (self.allowed is None) != (allowed is None) or not np.array_equal(self.query, query):
            return False
        return self.allowed is allowed or bool(np.array_equal(self.allowed, allowed))  # type: ignore[arg-type]


class VectorsReader:
    """A segment's memory-mapped vectors. Safe to share among threads."""

    def __init__(self, path: Path, *, rows: int, dimension: int, eight_bits: Path | None = None) -> None:
        """Map ``vectors.faiss``, and ``vectors8.faiss`` where there is one.

        Raises ``IndexCorrupt`` where one of them isn't of that shape.
        """
        self.path = path
        self.matrix: Vectors = map_vectors(path, rows, dimension)
        self.eight_bits: EightBits | None = None
        self._scanned = path if eight_bits is None else eight_bits
        if eight_bits is not None:
            self.codes, self.eight_bits = map_eight_bits(eight_bits, rows, dimension)
        # Before it is mapped anything at this path would do; from here on it is this file alone.
        self._file = _held(self._scanned) if len(self.matrix) > _FEW else None
        self._asked = False
        self._scans: tuple[_Scan, ...] = ()  # the latest first, of whichever thread: each says what it answers

    def close(self) -> None:
        """Let go of the files, which close with the last array that was handed out."""
        if self._file is not None:
            self._file.close()
        self._scans = ()
        for name in ("_index", "_coded"):
            self.__dict__.pop(name, None)
        self.matrix = np.empty((0, 0), dtype=np.float32)
        if self.eight_bits is not None:
            self.codes = np.empty((0, 0), dtype=np.uint8)

    def nearest(self, query: Vectors, depth: int, allowed: Mask | None) -> Nearest:
        """Return rows among which the ``depth`` of the largest inner products are, unless ``rest`` says otherwise.

        ``query`` is ``(dimension,)`` float32; ``allowed`` is ``(rows,)`` or None for all.
        """
        number = len(self.matrix) if allowed is None else int(np.count_nonzero(allowed))
        wanted = depth if self.eight_bits is None else _WIDER * depth
        few = len(self.matrix) <= _FEW or number <= wanted
        codes = self.eight_bits is None and native.COMPILED is not None
        first, self._asked = codes and not self._asked, True  # a command that asks once needn't wait for the codes
        if few or first or (allowed is not None and number < _GATHER_SHARE * len(self.matrix)):
            return self._gathered(query, depth, np.arange(number) if allowed is None else np.flatnonzero(allowed))
        if codes and self._coded is not None:
            return self._near_codes(query, depth, allowed, *self._coded)
        if self.eight_bits is None:
            slack = _ROUNDING
            scores, rows = self._search(query, depth, allowed)
        else:
            slack = _ROUNDING + self.eight_bits.error * float(np.linalg.norm(query))
            scores, rows = self._scan(query, wanted, number, allowed)
            if scores[-1] + slack > scores[depth - 1] - slack:  # what is left out may belong to the nearest
                scores, rows = self._scan(query, min(number, _WIDER * wanted), number, allowed)
        return Nearest(rows=rows, scores=scores.astype(np.float64), slack=slack, rest=float(scores.min()) + slack)

    @cached_property
    def _coded(self) -> tuple[NDArray[np.uint8], EightBits] | None:
        return eight_bits_of(self.matrix)

    def _near_codes(
        self, query: Vectors, depth: int, allowed: Mask | None, codes: NDArray[np.uint8], form: EightBits
    ) -> Nearest:
        """Return what ``nearest`` does, by the compiled loops: whatever may be among the ``depth`` nearest.

        A code b stands for ``least + (b + .5) * step``, so that a row's score is ``base + unit * sum(b * q)``, where q
        are the query's values as whole numbers, ``query * scale``.
        """
        exact = query.astype(np.float64)
        step = form.width / 255
        # As large as 16 bits hold, and 32 a sum of 255 times each; the 1 is for rounding.
        scale = min(32_767 / np.abs(exact).max(), (2**31 / 255 - len(exact)) / np.abs(exact).sum()) - 1
        shares = np.rint(exact * scale)
        unit, base = step / scale, (form.least + step / 2) * shares.sum() / scale
        farthest = max(abs(form.least), abs(form.least + form.width))
        lost = farthest * float(np.abs(exact - shares / scale).sum())  # by rounding the query
        slack = _ROUNDING + form.error * float(np.linalg.norm(exact)) + lost
        packed_rows, sums = native.COMPILED.nearest_codes(
            codes, shares.astype(np.int16), allowed, depth, int(2 * slack / unit) + 1
        )
        scores = base + unit * np.frombuffer(sums, np.int32)
        rows = np.frombuffer(packed_rows, np.int64)
        return Nearest(rows=rows, scores=scores, slack=slack, rest=float(scores.min()) + slack)

    def similarity(self, query: Vectors, rows: Rows) -> NDArray[np.float64]:
        """Return each row's inner product with the query, in float64.

        A row's value depends on the row and the query alone, not on its neighbours: it is the same in every search.
        """
        exact = query.astype(np.float64)
        if native.COMPILED is not None:
            return np.frombuffer(native.COMPILED.similarity(self.matrix, exact, rows.astype(np.int64, copy=False)))
        gathered = self.matrix[rows].astype(np.float64)
        gathered *= exact
        return np.asarray(gathered.sum(axis=1))

    def _products(self, query: Vectors, rows: Rows) -> NDArray[np.float64]:
        """Return some rows' inner products with the query, on this thread alone, summed up in float32.

        Not numpy's ``@``: OpenBLAS answers each caller with a thread a core. For 4,096 rows it took 1.0 to 8.4 ms of
        CPU (two cores), the loops .3 and ``einsum`` .5.
        """
        if native.COMPILED is None:
            gathered = self.matrix if len(rows) == len(self.matrix) else self.matrix[rows]
            return np.asarray(np.einsum("ij,j->i", gathered, query), dtype=np.float64)
        every = None if len(rows) == len(self.matrix) else rows
        wanted = np.ascontiguousarray(query, dtype=np.float32)
        return np.frombuffer(native.COMPILED.products(self.matrix, wanted, every), np.float32).astype(np.float64)

    def _gathered(self, query: Vectors, depth: int, rows: Rows) -> Nearest:
        scores = self._products(query, rows)
        if len(rows) <= depth:
            return Nearest(rows=rows, scores=scores, slack=_ROUNDING, rest=-np.inf)
        best = np.argpartition(-scores, depth - 1)[:depth]
        return Nearest(
            rows=rows[best], scores=scores[best], slack=_ROUNDING, rest=float(scores[best].min()) + _ROUNDING
        )

    def _scan(self, query: Vectors, wanted: int, number: int, allowed: Mask | None) -> tuple[Vectors, Rows]:
        """Return the ``wanted`` best of ``number`` allowed rows at 8 bits, best first: from the last scan, if it fits.

        Who ranks asks for more where a bound isn't reached, and a scan takes the same time however many it gives.
        """
        for scan in self._scans:
            if len(scan.rows) >= wanted and scan.answers(query, allowed):
                return scan.scores[:wanted], scan.rows[:wanted]
        ahead = min(number, max(wanted, len(self.matrix) // _AHEAD))
        scores, rows = self._search(query, ahead, allowed)
        scan = _Scan(query=query.copy(), allowed=allowed, scores=scores, rows=rows)
        self._scans = (scan, *self._scans[: _SCANS - 1])
        return scores[:wanted], rows[:wanted]

    def _search(self, query: Vectors, depth: int, allowed: Mask | None) -> tuple[Vectors, Rows]:
        with importing():
            import faiss

        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            make: Any = faiss.SearchParameters  # its generated types miss the keywords that Python adds
            parameters = make(sel=selector)
        with _one_thread():
            scores, rows = self._index.search(query.reshape(1, -1), depth, params=parameters)
        return scores[0], rows[0]

    @cached_property
    def _index(self) -> Any:
        with importing():
            import faiss

        file = self._file or _held(self._scanned)
        try:
            with file.named() as path:
                return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except FileNotFoundError as error:
            raise IndexCorrupt(f"{self._scanned} can't be read: {error.strerror}.", hint=OPEN_AGAIN) from error


def _held(path: Path) -> HeldFile:
    try:
        return HeldFile(path)
    except OSError as error:
        raise IndexCorrupt(f"{path} can't be read: {error.strerror}.") from error


def best_of(parts: list[tuple[int, Nearest]], depth: int) -> tuple[Rows, float]:
    """Join what segments found, each given with the number of its first row.

    Returns at least the ``depth`` nearest of all rows, in no order, and a bound that no other allowed row exceeds.
    """
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(near.rows + base for base, near in parts)])
    rest = max((near.rest for _, near in parts), default=-np.inf)
    if rest == -np.inf or len(rows) <= depth:
        return rows, rest
    least = np.concatenate([near.scores - near.slack for _, near in parts])
    most = np.concatenate([near.scores + near.slack for _, near in parts])
    # So many rows have no less than this; whatever can't have as much isn't among them.
    floor = float(np.partition(least, len(least) - depth)[len(least) - depth])
    kept = most >= floor
    return rows[kept], rest if kept.all() else max(rest, floor)


def add_eight_bits(folder: Path, *, rows: int, dimension: int) -> None:
    """Write ``vectors8.faiss`` beside a ``vectors.faiss`` that was just written, where there are rows enough.

    Raises ``StorageError``. Recall is measured with vectors of the segment itself, spread evenly: the share of the 100
    nearest by an exact scan that are found. Below ``LEAST_RECALL`` the file is taken away again.
    """
    if rows < EIGHT_BITS_FROM:
        return
    path = folder / EIGHT_BITS
    write_eight_bits(path, map_vectors(folder / VECTORS, rows, dimension))
    recall = measured_recall(VectorsReader(folder / VECTORS, rows=rows, dimension=dimension, eight_bits=path))
    if recall < LEAST_RECALL:
        remove(path)
        return
    note_recall(path, recall)


def measured_recall(reader: VectorsReader) -> float:
    """Return the share of the nearest rows by an exact scan that a reader's search, rescored, has among its own."""
    rows = len(reader.matrix)
    depth = min(_PROBED, rows)
    probes = reader.matrix[np.linspace(0, rows - 1, _PROBES).astype(np.int64)]
    shares = []
    for probe, nearest in zip(probes, _exact(reader.matrix, probes, depth), strict=True):
        found_rows, _ = best_of([(0, reader.nearest(probe, depth, None))], depth)
        scores_found = np.sort(reader.similarity(probe, found_rows))[-depth:]
        # By score, not by row: of rows that are equal either will do.
        true = np.sort(reader.similarity(probe, nearest))[-depth]
        shares.append(float(np.count_nonzero(scores_found >= true)) / depth)
        # Each row that was read brought its neighbours along, 64 KB of the file: half a gigabyte for all probes.
        let_go(reader.matrix)
    return float(np.mean(shares))


def _exact(matrix: Vectors, probes: Vectors, depth: int) -> Rows:
    """Return ``(probes, twice depth)`` rows, among which each probe's nearest are: one pass over the file for all."""
    best: Vectors = np.empty((len(probes), 0), dtype=np.float32)
    rows: Rows = np.empty((len(probes), 0), dtype=np.int64)
    first = 0
    for part in parts_of(matrix):
        best = np.hstack([best, probes @ part.T])
        rows = np.hstack([rows, np.broadcast_to(np.arange(first, first + len(part)), (len(probes), len(part)))])
        first += len(part)
        if best.shape[1] > 2 * depth:
            # Twice as many as are asked for: float32 rounds, and may put the last of them in another order.
            chosen = np.argpartition(-best, 2 * depth, axis=1)[:, : 2 * depth]
            best, rows = np.take_along_axis(best, chosen, axis=1), np.take_along_axis(rows, chosen, axis=1)
    return rows


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep FAISS from waking a thread a core, which for one query waits, busily, for the one that works."""
    with importing():
        import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
