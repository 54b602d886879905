"""Here are texts as tokens; in which order and company are they encoded? Like lengths together, the longest first.

And here are vectors; are they rows of length 1, as everything that counts with them takes for granted?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import VectorsInvalid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.types import Vector

BATCH_TOKENS = 512
"""Tokens of a batch, padding included.

Texts per CPU-second of the default encoder on one thread of ONNX Runtime, by the size of the batch: of 200 tokens each,
19.5 at 1 and 2, 18 at 4 and 8, 16 at 16; of 24 tokens each, 142 at 1, 174 at 4, 189 at 16 and 32.
"""


LENGTH_TOLERANCE = 0.01
"""How far from 1 the length of a row may be: float16 rounds it by less than .001, bfloat16 by less than .005."""


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


def sound_rows(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Say of each row, ``(n, dimension)``, whether it is a vector of length 1: ``(n,)``."""
    with np.errstate(all="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        sound: NDArray[np.bool_] = np.abs(lengths - 1) <= LENGTH_TOLERANCE
    return sound


def checked_rows(given: object, encoder: str, texts: Sequence[str], dimension: int) -> Vector:
    """Return what an encoder gave for some texts as ``(len(texts), dimension)`` float32 rows of length 1.

    Raises ``VectorsInvalid``, which names the encoder, where it is something else: nothing is mended silently, for what
    makes one row wrong may be wrong with all.
    """
    try:
        rows = np.asarray(given)
    except Exception as error:  # whatever a stranger's array does where it can't be one of numpy's
        raise VectorsInvalid(f"The encoder '{encoder}' gave no array but {type(given).__name__}: {error}.") from error
    if rows.dtype.kind not in "fiu":
        raise VectorsInvalid(f"The encoder '{encoder}' gave values of the type {rows.dtype}, not float32.")
    if rows.shape != (len(texts), dimension):
        raise VectorsInvalid(
            f"The encoder '{encoder}' gave an array of the shape {rows.shape} for {len(texts)} texts, not"
            f" {(len(texts), dimension)}."
        )
    with np.errstate(all="ignore"):
        vectors: Vector = rows.astype(np.float32)
    sound = sound_rows(vectors)
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        length = float(np.linalg.norm(vectors[row].astype(np.float64)))
        what = f"of length {length:.6g}" if np.isfinite(length) else "that holds NaN or infinity"
        raise VectorsInvalid(
            f"The encoder '{encoder}' gave a vector {what} where the length must be 1, for {int((~sound).sum())} of"
            f" {len(texts)} texts; the first is {texts[row][:60]!r}."
        )
    return vectors
