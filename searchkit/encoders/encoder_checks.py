"""Encoder checks: what an encoder, and the vectors that it gives, must be.

Everything that counts with vectors takes for granted that they are rows of length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import ConfigError, VectorsInvalid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.types import Encoder, Vector

MOST_DIMENSIONS = 1 << 20
"""More values of a vector than any model has."""

LENGTH_TOLERANCE = 0.01
"""How far from 1 the length of a row may be: float16 rounds it by less than .001, bfloat16 by less than .005."""


def check_encoder(encoder: Encoder | None) -> None:
    """Raise ``ConfigError`` where what a program gave as an encoder is something else, as a model's name is.

    Also where its vectors' length is no whole number of at least 1.
    """
    if encoder is None or getattr(encoder, "checks_itself", False):
        return
    if hasattr(encoder, "encode_chunks"):
        _check_dimension(encoder)
        return
    name = encoder if isinstance(encoder, str) else "NAME"
    raise ConfigError(
        f"encoder takes an Encoder object, not {encoder!r}.",
        hint=f"Give build or rebuild the name as config=IndexConfig(encoder={name!r}), or give the object:"
        f" encoder=searchkit.encoders.load_encoder({name!r}). An index that was built loads its own without.",
    )


def _check_dimension(encoder: Encoder) -> None:
    dimension: object = getattr(encoder, "dimension", None)
    try:
        number = index(dimension)  # type: ignore[arg-type] # whatever a stranger's object says
    except TypeError:
        number = 0
    if isinstance(dimension, bool) or not 1 <= number <= MOST_DIMENSIONS:
        raise ConfigError(
            f"The encoder '{getattr(encoder, 'name', type(encoder).__name__)}' says that its dimension is"
            f" {dimension!r}.",
            hint=f"Let its dimension be a whole number from 1 to {MOST_DIMENSIONS:,}: how many values a vector has.",
        )


def sound_rows(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Say of each row, ``(n, dimension)``, whether it is a vector of length 1: ``(n,)``."""
    with np.errstate(all="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        sound: NDArray[np.bool_] = np.abs(lengths - 1) <= LENGTH_TOLERANCE
    return sound


def no_array(encoder: str, encoded: object) -> VectorsInvalid:
    """Make the error for what an encoder gave, of which no array can be made: mostly rows that aren't of one length."""
    hint = "Let it return one row of numbers for each text, all of one length."
    try:
        lengths = sorted({len(row) for row in encoded})  # type: ignore[attr-defined]
    except TypeError:
        lengths = []
    if len(lengths) > 1:
        return VectorsInvalid(
            f"The encoder '{encoder}' gave rows that aren't of one length: from {lengths[0]} to {lengths[-1]} numbers.",
            hint=hint,
        )
    return VectorsInvalid(f"The encoder '{encoder}' gave no array of numbers but {type(encoded).__name__}.", hint=hint)


def checked_rows(encoded: object, encoder: str, texts: Sequence[str], dimension: int) -> Vector:
    """Return what an encoder gave for some texts as ``(len(texts), dimension)`` float32 rows of length 1.

    Raises ``VectorsInvalid``, which names the encoder, where it is something else: nothing is mended silently, for what
    makes one row wrong may be wrong with all.
    """
    try:
        rows = np.asarray(encoded)
    except Exception as error:  # whatever a stranger's array does where it can't be one of numpy's
        raise no_array(encoder, encoded) from error
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
