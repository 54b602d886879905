"""How else could two legs be fused? As published systems do it, to measure the default against.

All of these look at the candidates of one search: the best ``depth`` chunks of each leg, every one with its exact score
in both. So a score here moves with the filter and the depth, and articles beyond the candidates can't be found: what
the default (``fusion.py``, "sum") was made to avoid. Both legs count the same.

*minmax*: ``(s - min) / (max - min)`` (Fox and Shaw, TREC-2, 1994; Bruch, Gai, Ingber 2023 for hybrids).
*zscore*: ``(s - mean) / standard deviation`` (Montague and Aslam, CIKM 2001, doi 10.1145/502585.502657).
*dbsf*: ``(s - (mean - 3 sd)) / (6 sd)``, Qdrant's distribution-based score fusion: z-scores on another scale, and so
the same order as long as both legs are asked about the same candidates.
*rrf*: ``1 / (60 + rank)`` in each leg that has the chunk among its best (Cormack, Clarke, Buettcher, SIGIR 2009, doi
10.1145/1571941.1572114); equal scores share the better rank.

nDCG@10 of sum, rrf, minmax, zscore: scifact .742, .720, .746, .750; cranfield .572, .559, .573, .574; digitalgov-known
.833, .788, .827, .828; xquad-en .981, .970, .979, .979; xquad-xling .426, .294, .391, .396; the samples .785, .704,
.747, .748; mean .723, .672, .710, .713. Some rank a collection better, none says what a score means; and in none do
chunks vote for their article (``voting.py``) or languages lean (``leaning.py``), which go by what a score means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.search.fusion import KEYWORD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Curve = Callable[[Scores], Scores]
    """From a leg's scores to what they add to the results' scores."""

RRF_K = 60
"""From the paper, which found little difference around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``(score - zero) / unit``; 0 where unit is: a leg in which all candidates score the same has nothing to say."""

    zero: float
    unit: float

    def __call__(self, scores: Scores) -> Scores:
        """Return what a leg's scores add to the results' scores."""
        return (scores - self.zero) / self.unit if self.unit > 0 else np.zeros_like(scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateScale:
    """What a leg's score is worth in one search, learnt from its candidates: stands in for ``fusion.Scale``."""

    keyword: Curve
    vector: Curve

    def share(self, leg: str, scores: Scores) -> Scores:
        """Return what a leg's scores add to the results' scores."""
        return self.keyword(scores) if leg == KEYWORD else self.vector(scores)

    def bound(self, keyword: float, vector: float) -> float:
        """Return -inf: nothing beyond the candidates is looked at."""
        return -np.inf


def candidate_scale(name: str, keyword: Scores, vector: Scores, depth: int) -> CandidateScale:
    """Learn a scale from the candidates' scores in both legs, ``(n,)`` each; keyword's are 0 where no word stands.

    ``name`` is one of ``config.FUSIONS`` but "sum"; ``depth`` is how many of each leg are its best.
    """
    if name == "rrf":
        return CandidateScale(keyword=_ranked(keyword[keyword > 0], depth), vector=_ranked(vector, depth))
    line = {"minmax": _least_and_range, "zscore": _mean_and_deviation, "dbsf": _three_deviations}[name]
    return CandidateScale(keyword=line(keyword), vector=line(vector))


def _least_and_range(scores: Scores) -> Line:
    return Line(zero=float(scores.min()), unit=float(np.ptp(scores))) if len(scores) else Line(zero=0.0, unit=0.0)


def _mean_and_deviation(scores: Scores) -> Line:
    return Line(zero=float(scores.mean()), unit=float(scores.std())) if len(scores) else Line(zero=0.0, unit=0.0)


def _three_deviations(scores: Scores) -> Line:
    one = _mean_and_deviation(scores)
    return Line(zero=one.zero - 3 * one.unit, unit=6 * one.unit)


def _ranked(scores: Scores, depth: int) -> Curve:
    """Return the curve from a score to the reciprocal of its rank among the best; 0 below them."""
    falling = np.sort(-scores)[:depth]

    def curve(given: Scores) -> Scores:
        ranks = np.searchsorted(falling, -given, side="left") + 1
        below = -given > (falling[-1] if len(falling) else -np.inf)
        return np.where(below, 0.0, 1.0 / (RRF_K + ranks))

    return curve
