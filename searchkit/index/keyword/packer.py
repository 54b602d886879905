"""Here are the postings of terms, one after the other; how do they go into the file? ``postings.py`` has the format."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from searchkit.index.keyword.packing import BLOCK, PADDING, pack_bits, pack_lanes, packed_bytes
from searchkit.storage.array_file import ArrayWriter, width_for


class Packer:
    """Packs one field's postings block by block; what doesn't fill a block waits for what follows.

    Positions go to the file at once. Rows, counts and forms, about two bytes a posting, are held back: an array of the
    file grows alone.
    """

    def __init__(self, writer: ArrayWriter, name: str) -> None:
        self._writer, self._name = writer, name
        self._gaps, self._counts, self._rows, self._jumps, self._forms = (np.zeros(0, np.uint32) for _ in range(5))
        self._last_row = 0
        self._pieces: list[bytes] = []
        self._packed_forms: list[bytes] = []
        self._row_bits, self._count_bits, self._position_bits, self._form_bits, self._bases = (
            [np.zeros(0, np.uint8)] for _ in range(5)
        )
        self._occurrences = [np.zeros(0, np.int64)]
        writer.grow(f"{name}.positions", 1)

    def add(
        self,
        starts: NDArray[np.int64],
        rows: NDArray[np.uint32],
        counts: NDArray[np.uint32],
        positions: NDArray[np.uint32],
        forms: NDArray[np.uint32],
    ) -> None:
        """Take the postings of some terms, which begin at ``starts``.

        ``counts`` of positions belong to each row, a form to each position.
        """
        gaps = np.empty(len(rows), np.uint32)
        gaps[1:] = rows[1:] - rows[:-1] - np.uint32(1)
        gaps[starts] = rows[starts]
        jumps = np.empty(len(positions), np.uint32)
        jumps[1:] = positions[1:] - positions[:-1]
        begins = np.cumsum(counts, dtype=np.int64) - counts
        jumps[begins] = positions[begins]
        self._gaps = np.concatenate((self._gaps, gaps))
        self._counts = np.concatenate((self._counts, counts))
        self._rows = np.concatenate((self._rows, rows))
        self._jumps = np.concatenate((self._jumps, jumps))
        self._forms = np.concatenate((self._forms, forms))
        self._pack(len(self._rows) // BLOCK * BLOCK)

    def finish(self) -> None:
        """Write what is left, and the arrays that say where each block is."""
        if missing := -len(self._rows) % BLOCK:
            whole = len(self._rows) + missing
            fill = np.zeros(missing, np.uint32)
            self._gaps = np.concatenate((self._gaps, fill))
            self._rows = np.concatenate((self._rows, fill))
            self._counts = np.concatenate((self._counts, fill))
            self._pack(whole)
        writer, name = self._writer, self._name
        writer.append(f"{name}.positions", np.zeros(PADDING, np.uint8))
        row_bits, count_bits, position_bits, form_bits = map(
            np.concatenate, (self._row_bits, self._count_bits, self._position_bits, self._form_bits)
        )
        writer.grow(f"{name}.postings", 1)
        for piece in self._pieces:
            writer.append(f"{name}.postings", np.frombuffer(piece, np.uint8))
        writer.grow(f"{name}.forms", 1)
        for piece in self._packed_forms:
            writer.append(f"{name}.forms", np.frombuffer(piece, np.uint8))
        writer.append(f"{name}.forms", np.zeros(PADDING, np.uint8))
        writer.write(f"{name}.form_bits", 1, form_bits)
        writer.write(f"{name}.row_bits", 1, row_bits)
        writer.write(f"{name}.count_bits", 1, count_bits)
        writer.write(f"{name}.position_bits", 1, position_bits)
        writer.write(f"{name}.bases", 4, np.concatenate(self._bases))
        occurrences = np.concatenate(self._occurrences)
        self._write_starts("blocks", occurrences, end=True)
        self._write_starts("postings.at", 16 * (row_bits.astype(np.int64) + count_bits))
        self._write_starts("positions.at", packed_bytes(occurrences, position_bits))
        self._write_starts("forms.at", packed_bytes(occurrences, form_bits))

    def _write_starts(self, what: str, sizes: NDArray[np.int64], *, end: bool = False) -> None:
        """Write where each begins when they stand one after the other; with ``end`` also where the last one ends."""
        starts = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        width = max(4, width_for(int(starts[-1])))
        self._writer.write(f"{self._name}.{what}", width, starts if end else starts[:-1])

    def _pack(self, postings: int) -> None:
        """Pack the first so many, whole blocks."""
        if not postings:
            return
        counts = self._counts[:postings]
        rows, row_bits = pack_lanes(self._gaps[:postings])
        # What fills the last block up has no occurrence; as "one less" it would be the largest number.
        less, count_bits = pack_lanes(np.maximum(counts, 1) - np.uint32(1))
        self._pieces.append(
            b"".join(chain.from_iterable(zip(_cut(rows, row_bits), _cut(less, count_bits), strict=True)))
        )
        occurrences = counts.reshape(-1, BLOCK).sum(axis=1, dtype=np.int64)
        starts = np.zeros(len(occurrences) + 1, np.int64)
        np.cumsum(occurrences, out=starts[1:])
        packed, position_bits = pack_bits(self._jumps[: starts[-1]], starts)
        self._writer.append(f"{self._name}.positions", np.frombuffer(packed, np.uint8))
        packed, form_bits = pack_bits(self._forms[: starts[-1]], starts)
        self._packed_forms.append(packed)
        self._form_bits.append(form_bits)
        ends = self._rows[BLOCK - 1 : postings : BLOCK]
        self._bases.append(np.concatenate((np.array([self._last_row], np.uint32), ends[:-1])))
        self._last_row = int(ends[-1])
        self._row_bits.append(row_bits)
        self._count_bits.append(count_bits)
        self._position_bits.append(position_bits)
        self._occurrences.append(occurrences)
        self._gaps, self._counts, self._rows = (one[postings:] for one in (self._gaps, self._counts, self._rows))
        self._jumps, self._forms = self._jumps[starts[-1] :], self._forms[starts[-1] :]


def _cut(packed: bytes, bits: NDArray[Any]) -> list[bytes]:
    """Cut packed blocks apart."""
    ends = np.cumsum(16 * bits.astype(np.int64)).tolist()
    return [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]
