"""Here are texts as tokens; in which order and company are they encoded? Like lengths together, the longest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.types import Vector

BATCH_TOKENS = 512
"""Tokens of a batch, padding included.

Texts per CPU-second of the default encoder on one thread of ONNX Runtime, by the size of the batch: of 200 tokens each,
19.5 at 1 and 2, 18 at 4 and 8, 16 at 16; of 24 tokens each, 142 at 1, 174 at 4, 189 at 16 and 32.
"""


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of the texts, batch by batch: every one once, of falling length, ties in their order."""
    found: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if not found or (len(found[-1]) + 1) * lengths[found[-1][0]] > BATCH_TOKENS:
            found.append([])
        found[-1].append(number)
    return found


def padded(rows: Sequence[Sequence[int]], fill: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows as one ``(n, longest)`` int64 array, filled up to the right, and the mask of what is real."""
    longest = max(1, max(map(len, rows), default=1))
    ids = np.full((len(rows), longest), fill, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def unit_rows(vectors: NDArray[np.floating]) -> Vector:
    """Return the rows as float32 of length 1. A row without direction (all zero, or not numbers) becomes zeros."""
    exact = np.nan_to_num(np.asarray(vectors, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    rows: Vector = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0).astype(np.float32)
    return rows
