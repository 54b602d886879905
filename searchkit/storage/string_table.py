"""String table: sorted words in one blob, numbered by bisection.

Two arrays: ``NAME.blob``, the UTF-8 bytes of all strings one after the other, in the order of their bytes (which is
that of their code points), and ``NAME.offsets``, where each begins, and the end of the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt
from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, ArrayWriter, width_for


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
    writer.write(f"{name}.blob", 1, np.frombuffer(blob, np.uint8))
    writer.write(f"{name}.offsets", max(4, width_for(int(offsets[-1]))), offsets)
    return order


class SortedStrings:
    """Sorted strings in an array file. Raises ``IndexCorrupt`` where offsets or bytes can't be right."""

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

    def _corrupt(self) -> IndexCorrupt:
        return self._file.corrupt(f"the strings of '{self._name}' don't fit their offsets")
