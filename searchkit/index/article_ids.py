"""Article ids of a segment, without a look into SQLite, which takes 20 µs for each.

``ids.bin`` is a file of arrays (``storage/array_file.py``), beside the articles of a segment that has ``IDS_FROM`` of
them or more, and is read where it lies: a search that asks for ten ids reads ten.

| array | type | count | content |
|---|---|---|---|
| ids.blob | u1 | | the UTF-8 bytes of all ids, one after the other, in the order of the articles' rows |
| ids.offsets | u4, u8 | articles + 1 | where each id begins, and the end of the last |
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, ArrayWriter, width_for

IDS_FROM = 1_000
"""Articles of a segment from which the file is written: of fewer all ids are soon remembered."""

_MAGIC = b"SKIDS001"


class IdsWriter:
    """Takes the ids of a segment's articles in the order of their rows, some bytes each, and writes them in the end."""

    def __init__(self) -> None:
        self._blob = bytearray()
        self._offsets = array("Q", [0])

    def add(self, article_id: str) -> None:
        """Take the next id."""
        self._blob += article_id.encode()
        self._offsets.append(len(self._blob))

    def write(self, path: Path) -> None:
        """Write the file, if there are enough for one. Raises ``StorageError``."""
        if len(self._offsets) <= IDS_FROM:
            return
        with ArrayWriter(path, _MAGIC) as writer:
            writer.write("ids.blob", 1, np.frombuffer(self._blob, np.uint8))
            writer.write("ids.offsets", max(4, width_for(len(self._blob))), np.asarray(self._offsets))
            writer.finish()


class IdsReader:
    """An opened ``ids.bin``. Safe to share among threads. Raises ``IndexCorrupt`` for what can't be right."""

    def __init__(self, path: Path, articles: int) -> None:
        """Open the file of a segment of so many articles. Raises ``FormatTooOld`` and ``FormatTooNew`` too."""
        self._file = ArrayFile(path, _MAGIC)
        self._blob = self._file.view("ids.blob", 1)
        self._offsets = self._file.view("ids.offsets", 4, 8)
        count = len(self._offsets) - 1
        if count != articles or self._offsets[0] != 0 or self._offsets[count] != len(self._blob):
            raise self._file.corrupt(f"it doesn't hold the ids of {articles} articles")

    def of(self, rows: Sequence[int]) -> list[str]:
        """Return the ids of the articles of some rows, in their order."""
        try:
            return [self._at(row) for row in rows]
        except ValueError as error:  # UnicodeDecodeError is one
            raise self._file.corrupt("its ids don't fit their offsets") from error

    def _at(self, row: int) -> str:
        if not 0 <= row < len(self._offsets) - 1:
            raise ValueError("there is no such row")
        start, end = self._offsets[row], self._offsets[row + 1]
        if not start <= end <= len(self._blob):
            raise ValueError("an id lies outside")
        return str(self._blob[start:end], "utf-8")

    @property
    def arrays(self) -> tuple[memoryview[int], memoryview[int]]:
        """The blob and the offsets, for the compiled loops."""
        return self._blob, self._offsets

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def ids_of(
    readers: Sequence[IdsReader], numbers: NDArray[np.int64], scores: NDArray[np.float64] | None = None
) -> list[str] | None:
    """Return the ids of articles that are counted over several files, by the compiled loops.

    With ``scores``, neighbours that have the same come in the order of their ids. None where the loops aren't here, or
    something can't be right: ``IdsReader.of`` says what, and in which file.
    """
    if native.COMPILED is None:
        return None
    try:
        ids: list[str] = native.COMPILED.strings([reader.arrays for reader in readers], numbers, scores)
    except ValueError:
        return None
    return ids
