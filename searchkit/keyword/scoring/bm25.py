"""BM25: its formula and constants.

``score = idf(t) * tf / (tf + k1 * ((1 - b) + b * length / average))``, summed over the terms of a query: Robertson and
Zaragoza 2009, The Probabilistic Relevance Framework, with Lucene's idf, exact lengths, and without the constant factor
``k1 + 1``, which moves no rank. ``native/`` works out the same sums from the tables that are made here.
"""

from __future__ import annotations

from math import log1p
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

K1 = 1.2
B = 0.75
"""Lucene's defaults. On eleven collections k1 .9 with b .4 ranked .004 nDCG@10 lower."""

OWN_FORM = 1.05
"""A word that is the whole query scores so many times as much where its own form stands, as ``native/bm25.h`` has it:
more than a few words more or less of a chunk's length, less than a second occurrence."""


def idf(rows: int, df: int) -> float:
    """Return ``ln(1 + (N - df + .5) / (df + .5))``, N the living rows: Lucene's form of BM25's idf, never negative.

    A word that stands nowhere (df 0) counts ``ln(1 + (N + .5) / .5)``.
    """
    return log1p((rows - df + 0.5) / (df + 0.5))


def length_norms(lengths: NDArray[Any], average: float) -> Numbers:
    """Return ``k1 * ((1 - b) + b * length / average)`` of some lengths: what is added to tf below the line."""
    return K1 * ((1 - B) + B * lengths.astype(np.float64) / average)


def saturation(counts: Numbers, norms: Numbers) -> Numbers:
    """Return ``tf / (tf + norm)``: a term's share of a row's score, below 1."""
    shares: Numbers = counts / (counts + norms)
    return shares
