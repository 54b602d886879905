"""Here is a result's score; how sure is it that the archive has something on what was asked? A number from 0 to 1.

``confidence = sigma(a * (x - x0) - b)``: x is the score on the scale of its mode (hybrid: the score; keyword: BM25 over
the root of U; vector: the cosine), x0 what questions without sense score in this archive in that mode
(``index/zero.py``), and a and b were chosen on three collections and held on three others. So it compares across
queries and indexes, and it is in the order of the scores. **It says "the archive covers this", not "this is the
answer"**: it tells a question of another field, or nonsense, from one that the archive is about, and knows much less
of whether just this question is answered. ``scripts/bench_confidence.py`` measures it; the README has the figures.

In hybrid mode x0 is put together of its two shares with the weight that holds, so that a tuned weight changes nothing
of what a confidence means. Where too little was there to ask (fewer than 100 chunks), x0 is the mean of six
collections.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

from searchkit.index.facts import ZeroFact
from searchkit.search.fusion import Scale

if TYPE_CHECKING:
    from searchkit.search.alternatives import CandidateScale

USUAL_ZERO = ZeroFact(queries=0, keyword=0.88, vector=0.39, words=0.76, nearness=0.31)
"""Means of scifact, cranfield, digitalgov-known, xquad-en, xquad-xling and the samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """``sigma(steepness * (x - zero) - distance)``."""

    steepness: float
    distance: float

    def at(self, above_zero: float) -> float:
        """Return the confidence of what lies so far above the zero."""
        z = self.steepness * above_zero - self.distance
        return 1 / (1 + exp(-z)) if z > -700 else 0.0


HYBRID = Curve(steepness=5.5, distance=3.0)
KEYWORD = Curve(steepness=7.5, distance=2.9)
VECTOR = Curve(steepness=28.0, distance=2.4)
"""From the calibration error on scifact, xquad-en and the samples; steepness half or twice as great adds .02 to it."""


def confidence(score: float, scale: Scale | CandidateScale, zero: ZeroFact | None) -> float | None:
    """Return the confidence of a result; None in a fusion whose scores mean nothing beyond one search."""
    if not isinstance(scale, Scale):
        return None
    known = zero or USUAL_ZERO
    if scale.vector is None:
        return KEYWORD.at(score / scale.unit - known.keyword)
    if scale.keyword is None:
        return VECTOR.at(score - known.vector)
    return HYBRID.at(score - known.words - scale.vector * known.nearness)
