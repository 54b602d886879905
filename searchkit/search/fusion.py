"""Fusion: a chunk's score from those of both retrievers; ``neighbours.py`` moves those of the best chunks.

``s = BM25 / sqrt(U) + .4 * c + w * cosine``, where ``U`` is the sum of the idf of the query's words (repeats count, an
unknown word counts as one in no chunk), ``c``, the coverage, the share of it whose words stand in the chunk, and ``w``
is ``SearchConfig.vector_weight``, or what the index has learnt from its own vectors (``index/vector_stats.py``). In an
archive of several languages the cosine is what of it is more than its language's (``language_bias.py``). The root of U
is the scale on which BM25 grows with a query's length and rarity, so that one weight serves all queries; without words
(U = 0) the first term is 0. A convex sum of scores beats reciprocal ranks (Bruch, Gai, Ingber, TOIS 2023: doi
10.1145/3596512); this form, unlike min-max, depends on the query, the chunk and the index alone: no other candidate,
filter, depth or k changes a score. Measured, nDCG@10, mean of eleven collections: RRF (k = 60) .636, min-max .656, this
.661.

The alternatives look at the candidates of one search: the best ``depth`` chunks of each leg, every one with its exact
score in both. So a score moves with the filter and the depth, and articles beyond the candidates can't be found: what
the default ("sum") was made to avoid. Both legs count the same.

*minmax*: ``(s - min) / (max - min)`` (Fox and Shaw, TREC-2, 1994; Bruch, Gai, Ingber 2023 for hybrids).
*rrf*: ``1 / (60 + rank)`` in each leg that has the chunk among its best (Cormack, Clarke, Buettcher, SIGIR 2009, doi
10.1145/1571941.1572114); equal scores share the better rank.

nDCG@10 of sum, rrf, minmax: scifact .742, .720, .746; cranfield .572, .559, .573; digitalgov-known .833, .788, .827;
xquad-en .981, .970, .979; xquad-xling .426, .294, .391; the samples .785, .704, .747; mean .723, .672, .710. Min-max
ranks two collections better, but neither says what a score means; and in neither do chunks vote for their article
(``ranking.py``) or languages lean (``language_bias.py``), which go by what a score means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Curve = Callable[[Scores], Scores]
    """From a leg's scores to what they add to the results' scores."""


RRF_K = 60
"""From the paper, which found little difference around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
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
    return CandidateScale(keyword=_min_max(keyword), vector=_min_max(vector))


def _min_max(scores: Scores) -> ScoreLine:
    return (
        ScoreLine(zero=float(scores.min()), unit=float(np.ptp(scores)))
        if len(scores)
        else ScoreLine(zero=0.0, unit=0.0)
    )


def _ranked(scores: Scores, depth: int) -> Curve:
    """Return the curve from a score to the reciprocal of its rank among the best; 0 below them."""
    falling = np.sort(-scores)[:depth]

    def curve(raw: Scores) -> Scores:
        ranks = np.searchsorted(falling, -raw, side="left") + 1
        below = -raw > (falling[-1] if len(falling) else -np.inf)
        return np.where(below, 0.0, 1.0 / (RRF_K + ranks))

    return curve


KEYWORD = "keyword"
VECTOR = "vector"
COVERAGE = "coverage"
NEIGHBOURS = "neighbours"
RERANKER = "reranker"
TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What one point of a leg's own score is worth in the result's score. None: the leg isn't asked.

    ``unit``: how much of a score here is one point of the hybrid's, so that what is added to scores weighs the same in
    every mode.
    """

    keyword: float | None
    vector: float | None
    unit: float = 1.0

    def share(self, leg: str, scores: Scores) -> Scores:
        """Return what a leg's scores add to the results' scores. A leg that isn't asked adds nothing."""
        factor = self.keyword if leg == KEYWORD else self.vector
        if factor is None:
            return np.zeros_like(scores)
        return scores if factor == 1.0 else scores * factor

    def bound(self, keyword: float, vector: float) -> float:
        """Return the highest score of a chunk whose scores in the legs are at most these."""
        parts = [
            factor * limit for factor, limit in ((self.keyword, keyword), (self.vector, vector)) if factor is not None
        ]
        return sum(parts)


def keyword_alone(idf_sum: float = 0.0) -> Scale:
    """The score is BM25 itself. ``idf_sum`` is U, 0 where the query has no words."""
    return Scale(keyword=1.0, vector=None, unit=sqrt(idf_sum) if idf_sum > 0 else 1.0)


def vector_alone(vector_weight: float = 1.0) -> Scale:
    """The score is the cosine itself. ``vector_weight`` is what the hybrid would multiply it by."""
    return Scale(keyword=None, vector=1.0, unit=1 / vector_weight)


def hybrid(idf_sum: float, vector_weight: float) -> Scale:
    """Both legs, on the scale that the module's formula gives. ``idf_sum`` is U, 0 where the query has no words."""
    return Scale(keyword=1 / sqrt(idf_sum) if idf_sum > 0 else 0.0, vector=vector_weight)


def fused(scale: Scale | CandidateScale, keyword: Scores | None, vector: Scores | None) -> Scores:
    """Return the results' scores: the sum of the legs' shares, ``(n,)`` float64. One leg at least is given."""
    if vector is None:
        if keyword is None:
            raise ValueError("no leg was asked")
        return scale.share(KEYWORD, keyword)
    shares = scale.share(VECTOR, vector)
    return shares if keyword is None else scale.share(KEYWORD, keyword) + shares
