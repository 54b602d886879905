"""Array file: named arrays of numbers, and sorted strings, in one file, each part checked and read in place.

| what | bytes | content |
|---|---|---|
| header | 64 | magic 8s, format version u32, count of entries u32, offset of the table u64, size of the file u64, CRC-32 of the table u32, CRC-32 of the 36 bytes before u32, zeros |
| arrays | | each from a multiple of 64, zeros between; little-endian |
| table of contents | 64 an entry | name 40s (ASCII, zeros after), type 8s ("u1", "u2", "u4" or "u8"), offset u64, count u64 |

The header is written last, so a file that was cut short has none. Opening checks every offset, count and size against
the file before it is used; what numbers in the arrays refer to is checked by who reads them.

Strings are two arrays: ``NAME.blob``, the UTF-8 bytes of all, one after the other, and ``NAME.offsets``, where each
begins, and the end of the last. Sorted ones are numbered by bisection, in the order of their bytes, which is that of
their code points.
"""  # noqa: E501

from __future__ import annotations

import mmap
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, StorageError
from searchkit.storage import native
from searchkit.storage.files import storing

FORMAT = 1
OLDEST_FORMAT = 1
ALIGNMENT = 64

MAPPED_FROM_BYTES = 1 << 20
"""A smaller file is read (.3 ms at most), not mapped: it can be cut short under a reader, who keeps what was read.

A larger one can't be guarded: the process of a reader ends (SIGBUS) that reads in a mapped file where it no longer is.
Nothing in searchkit ever cuts a file short in place, and what was cut before it is opened is told.
"""

_HEADER = struct.Struct("<8sIIQQI")
_CHECKED = struct.Struct("<8sIIQQII24x")
_ENTRY = struct.Struct("<40s8sQQ")
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where an array lies: width of a number in bytes, offset in the file, count of numbers."""

    width: int
    offset: int
    count: int

    @property
    def end(self) -> int:
        return self.offset + self.width * self.count


def width_for(largest: int) -> int:
    """Return the bytes that a number takes which can be as large as this: 2, 4 or 8."""
    return 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8


class ArrayWriter:
    """Writes an array file. Arrays are announced with their size, then filled bit by bit, in any order.

    Every method raises ``StorageError`` where the disk refuses.
    """

    def __init__(self, path: Path, magic: bytes) -> None:
        self._path = path
        self._magic = magic
        self._slots: dict[str, _Slot] = {}
        self._filled: dict[str, int] = {}
        self._growing: str | None = None
        self._end = _CHECKED.size
        with storing(path):
            self._file = path.open("wb")

    def reserve(self, name: str, width: int, count: int) -> None:
        """Announce an array of ``count`` numbers of ``width`` bytes."""
        self._settle()
        offset = -(-self._end // ALIGNMENT) * ALIGNMENT
        self._slots[name] = slot = _Slot(width, offset, count)
        self._filled[name] = 0
        self._end = slot.end

    def grow(self, name: str, width: int) -> None:
        """Announce an array that ends where the next one is announced."""
        self.reserve(name, width, 0)
        self._growing = name

    def append(self, name: str, values: NDArray[Any]) -> None:
        """Put the next values of an announced array in place."""
        slot, filled = self._slots[name], self._filled[name]
        self._filled[name] = filled + len(values)
        with storing(self._path):
            self._file.seek(slot.offset + filled * slot.width)
            self._file.write(np.ascontiguousarray(values, dtype=f"<u{slot.width}").data)

    def write(self, name: str, width: int, values: NDArray[Any]) -> None:
        """Announce an array and put all of it in place."""
        self.reserve(name, width, len(values))
        self.append(name, values)

    def finish(self) -> int:
        """Write the table of contents and the header, close the file and return its size in bytes."""
        self._settle()
        unfilled = [name for name, slot in self._slots.items() if self._filled[name] != slot.count]
        if unfilled:
            raise ValueError(f"arrays of {self._path} are not as long as announced: {unfilled}")
        entries = (
            _ENTRY.pack(name.encode("ascii"), f"u{slot.width}".encode(), slot.offset, slot.count)
            for name, slot in self._slots.items()
        )
        table = b"".join(entries)
        at = -(-self._end // ALIGNMENT) * ALIGNMENT
        size = at + len(table)
        fields = (self._magic, FORMAT, len(self._slots), at, size, zlib.crc32(table))
        with storing(self._path):
            self._file.seek(at)
            self._file.write(table)
            self._file.seek(0)
            self._file.write(_CHECKED.pack(*fields, zlib.crc32(_HEADER.pack(*fields))))
            self._file.close()
        return size

    def _settle(self) -> None:
        """Let the array that grows end here."""
        if self._growing is not None:
            slot = self._slots[self._growing]
            self._slots[self._growing] = slot = _Slot(slot.width, slot.offset, self._filled[self._growing])
            self._end = slot.end
            self._growing = None

    def close(self) -> None:
        """Close the file, finished or not."""
        with storing(self._path):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        with suppress(OSError):  # The first error is the one to tell.
            self._file.close()


class ArrayFile:
    """A memory-mapped array file. What it hands out stays valid after ``close``."""

    def __init__(self, path: Path, magic: bytes) -> None:
        """Open a file. Raises ``IndexCorrupt``, ``FormatTooOld``, ``FormatTooNew`` or ``StorageError``."""
        self.path = path
        if sys.byteorder != "little":
            raise StorageError(f"Can't read {path} on a big-endian machine.", hint="Search it on another machine.")
        self._bytes = memoryview(_mapped(path))
        self._slots = self._contents(magic)

    def __contains__(self, name: str) -> bool:
        """Say whether there is an array of this name: later versions write more of them."""
        return name in self._slots

    def array(self, name: str, *widths: int) -> NDArray[Any]:
        """Return an array in place, read-only. Raises ``IndexCorrupt`` where it's missing or of another width."""
        slot = self._slot(name, widths)
        return np.frombuffer(self._bytes[slot.offset : slot.end], dtype=f"<u{slot.width}")

    def view(self, name: str, *widths: int) -> memoryview[int]:
        """Return an array in place as a memoryview, whose single numbers are quicker to read than a numpy array's."""
        slot = self._slot(name, widths)
        return self._bytes[slot.offset : slot.end].cast(_CODES[slot.width])  # type: ignore[call-overload,no-any-return]

    def corrupt(self, what: str) -> IndexCorrupt:
        """Make the error that says what is wrong with this file."""
        return IndexCorrupt(f"{self.path} is damaged: {what}.")

    def close(self) -> None:
        """Let go of the file; it is unmapped when the last array that was handed out goes."""
        self._bytes = memoryview(b"")
        self._slots = {}

    def _slot(self, name: str, widths: Iterable[int]) -> _Slot:
        slot = self._slots.get(name)
        if slot is None:
            raise self.corrupt(f"the array '{name}' is missing")
        if slot.width not in widths:
            raise self.corrupt(f"the numbers of '{name}' are {slot.width} bytes wide")
        return slot

    def _contents(self, magic: bytes) -> dict[str, _Slot]:
        if len(self._bytes) < _CHECKED.size:
            raise self.corrupt("it is cut short")
        head = bytes(self._bytes[: _CHECKED.size])
        own_magic, version, entries, at, size, table_crc, head_crc = _CHECKED.unpack(head)
        if own_magic != magic:
            raise self.corrupt("it is another kind of file")
        if zlib.crc32(head[: _HEADER.size]) != head_crc:
            raise self.corrupt("its header was altered")
        if version > FORMAT:
            raise FormatTooNew(f"{self.path} has format {version}; this version reads up to {FORMAT}.")
        if version < OLDEST_FORMAT:
            raise FormatTooOld(f"{self.path} has format {version}; this version reads from {OLDEST_FORMAT} on.")
        if size != len(self._bytes) or at + entries * _ENTRY.size != size:
            raise self.corrupt(f"it should have {size} bytes and has {len(self._bytes)}")
        table = self._bytes[at:]
        if zlib.crc32(table) != table_crc:
            raise self.corrupt("its table of contents was altered")
        return self._checked(at, [_ENTRY.unpack_from(table, place * _ENTRY.size) for place in range(entries)])

    def _checked(self, limit: int, entries: list[tuple[bytes, bytes, int, int]]) -> dict[str, _Slot]:
        slots: dict[str, _Slot] = {}
        for raw_name, raw_type, offset, count in entries:
            name, kind = (raw.rstrip(b"\0").decode("ascii", "replace") for raw in (raw_name, raw_type))
            width = {"u1": 1, "u2": 2, "u4": 4, "u8": 8}.get(kind)
            if width is None or name in slots:
                raise self.corrupt(f"its table of contents names '{name}' twice or with the unknown type '{kind}'")
            slots[name] = slot = _Slot(width, offset, count)
            if offset % ALIGNMENT or offset < _CHECKED.size or slot.end > limit:
                raise self.corrupt(f"the array '{name}' would lie outside")
        ordered = sorted(slots.values(), key=lambda slot: (slot.offset, slot.end))
        if any(first.end > second.offset for first, second in pairwise(ordered)):
            raise self.corrupt("its arrays overlap")
        return slots


def _mapped(path: Path) -> mmap.mmap | bytes:
    """Map a file into memory, or read a small one.

    A file that vanished is damage; one that may not be read is the disk's refusal.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < MAPPED_FROM_BYTES:
                return file.read(MAPPED_FROM_BYTES)
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise IndexCorrupt(f"{path} is missing.") from error
    except OSError as error:
        raise StorageError(
            f"Can't read {path}: {error.strerror or error}.",
            hint="Ask its owner for the right to read it, or try again.",
        ) from error


def write_strings(writer: ArrayWriter, name: str, strings: list[str]) -> NDArray[np.int64]:
    """Write distinct strings, sorted; return the numbers that they have in the list in the order of the file."""
    if native.COMPILED is None:
        order = np.array(sorted(range(len(strings)), key=strings.__getitem__), np.int64)
        pieces = [strings[number].encode() for number in order.tolist()]
        offsets = np.zeros(len(pieces) + 1, np.uint64)
        np.cumsum(np.fromiter(map(len, pieces), np.uint64, len(pieces)), out=offsets[1:])
        blob = b"".join(pieces)
    else:
        numbers, blob, begins = native.COMPILED.arrange(strings)
        order = np.frombuffer(numbers, np.uint32).astype(np.int64)
        offsets = np.frombuffer(begins, np.uint64)
    _write_table(writer, name, blob, offsets)
    return order


def _write_table(writer: ArrayWriter, name: str, blob: bytes | bytearray, offsets: NDArray[np.uint64]) -> None:
    writer.write(f"{name}.blob", 1, np.frombuffer(blob, np.uint8))
    writer.write(f"{name}.offsets", max(4, width_for(int(offsets[-1]))), offsets)


class StringsWriter:
    """Takes strings in their order, some bytes each, and writes them in the end. ``len`` counts them."""

    def __init__(self) -> None:
        self._blob = bytearray()
        self._offsets = array("Q", [0])

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def add(self, string: str) -> None:
        """Take the next string."""
        self._blob += string.encode()
        self._offsets.append(len(self._blob))

    def write(self, writer: ArrayWriter, name: str) -> None:
        """Write all under a name. Raises ``StorageError``."""
        _write_table(writer, name, self._blob, np.asarray(self._offsets))


class StringTable:
    """Strings in an array file; ``find``, ``not_less`` and ``prefix`` are for sorted ones.

    Raises ``IndexCorrupt`` where offsets or bytes can't be right.
    """

    def __init__(self, file: ArrayFile, name: str) -> None:
        self._file = file
        self._name = name
        self._blob = file.view(f"{name}.blob", 1)
        self._offsets = file.view(f"{name}.offsets", 4, 8)
        if not self._offsets or self._offsets[0] != 0 or self._offsets[-1] != len(self._blob):
            raise self._corrupt()

    @property
    def arrays(self) -> tuple[memoryview[int], memoryview[int]]:
        """The blob and the offsets, for the compiled loops."""
        return self._blob, self._offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def get(self, index: int) -> str:
        """Return a string. Raises ``IndexError`` for an index that isn't there."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no string {index} among {len(self)}")
        try:
            return self._at(index).decode()
        except UnicodeDecodeError as error:
            raise self._corrupt() from error

    def slice(self, start: int, stop: int) -> list[str]:
        """Return strings ``start`` to ``stop`` (not included), all decoded at once."""
        start, stop = max(start, 0), min(stop, len(self))
        if start >= stop:
            return []
        offsets = self._offsets[start : stop + 1].tolist()
        first, last = offsets[0], offsets[-1]
        if last > len(self._blob) or any(left > right for left, right in pairwise(offsets)):
            raise self._corrupt()
        raw = bytes(self._blob[first:last])
        try:
            if raw.isascii():
                text = raw.decode("ascii")
                return [text[left - first : right - first] for left, right in pairwise(offsets)]
            return [raw[left - first : right - first].decode() for left, right in pairwise(offsets)]
        except UnicodeDecodeError as error:
            raise self._corrupt() from error

    def some(self, indexes: Sequence[int]) -> list[str]:
        """Return the strings at some indexes, in their order: quicker than one by one. Raises as ``get`` does."""
        offsets, blob, size = self._offsets, self._blob, len(self._blob)
        if indexes and not 0 <= min(indexes) <= max(indexes) < len(self):
            raise IndexError(f"there are {len(self)} strings")
        spans = [(offsets[index], offsets[index + 1]) for index in indexes]
        if any(start > end or end > size for start, end in spans):
            raise self._corrupt()
        try:
            return [str(blob[start:end], "utf-8") for start, end in spans]
        except UnicodeDecodeError as error:
            raise self._corrupt() from error

    def find(self, string: str) -> int | None:
        """Return the index of a string, or None."""
        wanted = string.encode("utf-8", "surrogatepass")
        if native.COMPILED is not None:
            index, same = self._compiled(wanted)
            return index if same else None
        index = self._not_less(wanted)
        return index if index < len(self) and self._at(index) == wanted else None

    def not_less(self, string: str) -> int:
        """Return the index of the first string that isn't less; the count of all where there is none."""
        return self._not_less(string.encode("utf-8", "surrogatepass"))

    def prefix(self, prefix: str) -> range:
        """Return the indexes of the strings that begin with a prefix (no byte of UTF-8 is above 0xF4)."""
        first = prefix.encode("utf-8", "surrogatepass")
        return range(self._not_less(first), self._not_less(first + b"\xff") if first else len(self))

    def _compiled(self, wanted: bytes) -> tuple[int, bool]:
        """Find by the compiled bisection the first string that isn't less, and say whether it is the same."""
        try:
            place: tuple[int, bool] = native.COMPILED.find(self._blob, self._offsets, wanted)
        except ValueError as error:
            raise self._corrupt() from error
        return place

    def _not_less(self, wanted: bytes) -> int:
        if native.COMPILED is not None:
            return self._compiled(wanted)[0]
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._at(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _at(self, index: int) -> bytes:
        start, end = self._offsets[index], self._offsets[index + 1]
        if start > end or end > len(self._blob):
            raise self._corrupt()
        return bytes(self._blob[start:end])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _corrupt(self) -> IndexCorrupt:
        return self._file.corrupt(f"the strings of '{self._name}' don't fit their offsets")
