"""Explanations: how a result's score comes about, to be added up by anyone.

A chunk's score is the sum of its contributions' shares, and an article's the sum of ``counts * score`` over its votes.
``Contribution.how`` writes a share as arithmetic on what stands beside it: the leg's own ``score``; ``less``, what is
taken off that; ``times``, what the rest is worth; and ``rank``. In a hybrid's keyword leg it names U (``fusion.py``).
A field that counts more has a contribution of its own, "boost of title". Neighbours are named, the nearest first; what
is taken off their mean is what keyword and coverage give the chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchkit.answer import Contribution, Vote
from searchkit.config import SearchConfig
from searchkit.search.fusion import (
    COVERAGE,
    KEYWORD,
    NEIGHBOURS,
    RERANKER,
    RRF_K,
    TIME,
    VECTOR,
    CandidateScale,
    Scale,
    ScoreLine,
)
from searchkit.search.neighbours import NeighbourShift
from searchkit.search.ranking import RerankShift, RetrieverScores, vote_of, weights
from searchkit.search.time_prior import TimePrior

if TYPE_CHECKING:
    from numpy.typing import NDArray


ALONE = "score"
WEIGHED = "score * times"
STRAIGHT = "(score - less) * times"
RECIPROCAL = f"1 / ({RRF_K} + rank)"
LOGISTIC = "(1 / (1 + exp(-score)) - less) * times"
NOTHING = "0"
BOOST = "boost of "
"""Stands before the name of the field."""
VOTED = "sum of counts * share over the votes"


class Explainer:
    """Explains the results of one search. Its ranks reach as deep as every search looks, so they don't depend on k."""

    def __init__(self, legs: RetrieverScores, config: SearchConfig) -> None:
        self._legs, self._rerank_weight, depth = legs, config.rerank_weight, config.depth
        self._coverage_weight = config.coverage_weight
        self._told: dict[int, tuple[Contribution, ...]] = {}
        self._keyword = self._vector = np.empty(0)
        if legs.keyword is not None:
            self._keyword = _descending(legs.keyword.uncovered.best(depth).scores, depth)
        if legs.vector is not None:
            rows, _ = legs.nearest(legs.vector, depth)
            self._vector = _descending(legs.generation.similarity(legs.vector, rows), depth)

    def votes(self, article_id: str, rows: range) -> tuple[Vote, ...]:
        """Return the votes of the chunks of an article, the best first. The rows of all of them are given."""
        rows_of_article = np.arange(rows.start, rows.stop)
        scores = self._legs.score(rows_of_article)
        order = np.argsort(-scores, kind="stable")
        return tuple(
            Vote(
                chunk_id=f"{article_id}#{place}",
                counts=float(counts),
                score=float(scores[place]),
                contributions=self.contributions(rows.start + place),
            )
            for place, counts in zip(
                order.tolist(), weights(len(rows_of_article), vote_of(self._legs.scale)), strict=False
            )
            if counts > 0
        )

    def contributions(self, row: int) -> tuple[Contribution, ...]:
        """Return what each leg gave a chunk."""
        if row not in self._told:
            self._told[row] = tuple(self._contributions(row))
        return self._told[row]

    def _contributions(self, row: int) -> Iterator[Contribution]:
        legs, rows = self._legs, np.asarray([row])
        cosine, nearness = legs.cosine(rows), legs.nearness(rows)
        if legs.keyword is not None:
            score = float(legs.keyword.uncovered.at(rows)[0])
            rank = _rank(self._keyword, score) if legs.keyword.matching(rows)[0] else None
            yield _contribution(legs.scale, KEYWORD, rank, score, score)
            for name, boost in self._boosts(rows).items():
                yield replace(_contribution(legs.scale, KEYWORD, None, boost, boost), leg=f"{BOOST}{name}")
        vectored = legs.generation.vectored is None or legs.generation.vectored[row]
        if cosine is not None and nearness is not None and vectored:
            score = float(cosine[0])
            share = 1.0 if legs.lean is None else float(legs.lean.shares_of(rows)[0])
            yield _contribution(legs.scale, VECTOR, _rank(self._vector, score), score, float(nearness[0]), share)
        yield from self._beside(rows)
        if legs.prior is not None:
            yield _dated(legs.prior, row)
        if legs.named is not None and (named := legs.named.told(row)) is not None:
            name, tier = named
            share = tier * legs.named.step
            yield Contribution(leg=name, rank=None, score=float(tier), share=share, times=legs.named.step, how=WEIGHED)
        if legs.shift is not None and row in legs.shift.rows:
            yield self._reranked(legs.shift, int(np.searchsorted(legs.shift.rows, row)))

    def _boosts(self, rows: NDArray[np.int64]) -> dict[str, float]:
        """Return what fields that count more add to a row's BM25."""
        scores = {name: float(matches.at(rows)[0]) for name, matches in self._legs.boosted.items()}
        return {name: score for name, score in scores.items() if score}

    def _beside(self, rows: NDArray[np.int64]) -> Iterator[Contribution]:
        """Yield what coverage and neighbours give a row."""
        legs = self._legs
        if legs.keyword is not None and legs.keyword.uncovered is not legs.keyword:
            covered = legs.keyword.at(rows) - legs.keyword.uncovered.at(rows)
            share, times = float(legs.scale.share(KEYWORD, covered)[0]), self._coverage_weight
            if share:
                yield Contribution(leg=COVERAGE, rank=None, score=share / times, share=share, times=times, how=WEIGHED)
        near = legs.neighbours
        if near is not None and len(place := np.flatnonzero(near.rows == rows[0])) and near.shares[place[0]]:
            yield self._neighbours(near, int(place[0]))

    def _neighbours(self, near: NeighbourShift, place: int) -> Contribution:
        beside = near.rows[near.places[place][near.places[place] >= 0]]
        if self._legs.allowed is not None:  # no id of what a filter hides is told
            beside = beside[self._legs.allowed[beside]]
        chunks = [self._legs.generation.chunks_at(range(row, row + 1))[0].id for row in beside.tolist()]
        return Contribution(
            leg=NEIGHBOURS,
            rank=None,
            score=float(near.means[place]),
            share=float(near.shares[place]),
            less=float(near.own[place]),
            times=float(near.weights[place]),
            how=STRAIGHT,
            chunk_ids=tuple(chunks),
        )

    def _reranked(self, shift: RerankShift, place: int) -> Contribution:
        own, scale = float(shift.scores[place]), self._legs.scale
        return Contribution(
            leg=RERANKER,
            rank=int(np.count_nonzero(shift.scores > own)) + 1,
            score=own,
            share=float(shift.shares[place]),
            less=0.5,
            times=self._rerank_weight * (scale.unit if isinstance(scale, Scale) else 1.0),
            how=LOGISTIC,
        )


def _dated(prior: TimePrior, row: int) -> Contribution:
    """Explain what a date adds: of an article without, what all get in the mean."""
    article = int(prior.article_of_row[row])
    factor, share = float(prior.factors[article]), float(prior.shares[row])
    if not prior.dated[article]:
        return Contribution(leg=TIME, rank=None, score=factor, share=share, times=prior.weight, how=WEIGHED)
    days = abs(float(prior.distances[article]))
    how = f"times * exp(-score / {prior.scale_days!r})" if share else NOTHING
    return Contribution(leg=TIME, rank=None, score=days, share=share, times=prior.weight, how=how)


def of_article(votes: tuple[Vote, ...]) -> tuple[Contribution, ...]:
    """Return what each leg gave an article: rank and own score are those of its best chunk."""
    if len(votes) == 1:
        return votes[0].contributions
    shares: dict[str, float] = {}
    for vote in votes:
        for contribution in vote.contributions:
            shares[contribution.leg] = shares.get(contribution.leg, 0.0) + vote.counts * contribution.share
    best = {contribution.leg: contribution for contribution in votes[0].contributions}
    return tuple(
        replace(
            best.get(leg, Contribution(leg=leg, rank=None, score=0.0, share=0.0)),
            share=share,
            less=0.0,
            times=1.0,
            how=VOTED,
        )
        for leg, share in shares.items()
    )


def _contribution(
    scale: Scale | CandidateScale, leg: str, rank: int | None, score: float, counted: float, worth: float = 1.0
) -> Contribution:
    """Explain a leg's share.

    ``counted`` is its own score, less what is taken off it, times ``worth``.
    """
    share = float(scale.share(leg, np.asarray([counted]))[0])
    less = score - counted / worth if worth else 0.0
    contribution = Contribution(leg=leg, rank=rank, score=score, share=share, less=less)
    if isinstance(scale, Scale):
        times = ((scale.keyword if leg == KEYWORD else scale.vector) or 0.0) * worth
        return replace(contribution, times=times, how=_how(scale, leg, times, contribution.less))
    curve = scale.keyword if leg == KEYWORD else scale.vector
    if isinstance(curve, ScoreLine):
        return replace(contribution, less=curve.zero, times=1 / curve.unit if curve.unit > 0 else 0.0, how=STRAIGHT)
    return replace(contribution, how=NOTHING if rank is None else RECIPROCAL)


def _how(scale: Scale, leg: str, times: float, less: float) -> str:
    if scale.keyword is None or scale.vector is None:
        return ALONE
    if leg == KEYWORD:
        return f"score / sqrt({1 / times**2!r})" if times else NOTHING
    return STRAIGHT if less else WEIGHED


def _descending(scores: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
    return -np.sort(-scores)[:depth]


def _rank(best: NDArray[np.float64], score: float) -> int | None:
    """Count from 1 where a score stands among the best; equal scores share the first of their ranks."""
    if not len(best) or score < best[-1]:
        return None
    return int(np.searchsorted(-best, -score, side="left")) + 1
