"""Here are two legs and a scale; which articles come first? Exactly those that scoring every chunk would put first.

The threshold algorithm (Fagin, Lotem, Naor 2003, doi 10.1016/S0022-0000(03)00026-6): each leg gives its best ``depth``
rows, every row found by either gets its exact score in both, and no row found by neither can score more than the legs'
bounds together. Articles above that bound are final; where they are fewer than k, the legs are asked for more. So depth
decides speed alone, and the first k don't depend on k.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.reader import Generation
from searchkit.search.alternatives import CandidateScale
from searchkit.search.fusion import Scale, fused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_DEEPER = 4
"""Each time the bound isn't reached, the depth grows so many times: the last look costs as much as all before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """One query's view of a generation: what each leg says of any row.

    ``keyword`` is ``(rows,)`` float64, BM25 of every row, None where that leg isn't asked; ``matched`` is ``(rows,)``,
    the rows that the keyword leg can return; ``vector`` is the query's, None where that leg isn't asked; ``allowed`` is
    ``(rows,)``, the rows that live and pass the filters, None for all.
    """

    generation: Generation
    scale: Scale | CandidateScale
    keyword: Scores | None
    matched: Mask | None
    vector: NDArray[np.float32] | None
    allowed: Mask | None

    def cosine(self, rows: Rows) -> Scores | None:
        """Return each row's cosine with the query, exactly; None where the vector leg isn't asked."""
        return None if self.vector is None else self.generation.similarity(self.vector, rows)

    def bm25(self, rows: Rows) -> Scores | None:
        """Return each row's BM25; None where the keyword leg isn't asked."""
        return None if self.keyword is None else self.keyword[rows]

    def score(self, rows: Rows) -> Scores:
        """Return each row's score."""
        return fused(self.scale, self.bm25(rows), self.cosine(rows))

    def candidates(self, depth: int) -> tuple[Rows, float]:
        """Return the rows that are among the best ``depth`` of a leg, and the highest score that any other can have."""
        found, keyword_bound, vector_bound = [], 0.0, 0.0
        if self.keyword is not None and self.matched is not None:
            rows, keyword_bound = _best(self.keyword, np.flatnonzero(self.matched), depth)
            found.append(rows)
        if self.vector is None:
            return found[0], self.scale.bound(keyword_bound, 0.0) if keyword_bound > -np.inf else -np.inf
        rows, vector_bound = self.generation.nearest(self.vector, depth, self.allowed)
        found.append(rows)
        if vector_bound == -np.inf:
            return np.unique(np.concatenate(found)), -np.inf
        return np.unique(np.concatenate(found)), self.scale.bound(max(keyword_bound, 0.0), vector_bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The best groups of rows: their keys and scores, best first, ties in the order of the keys' names."""

    keys: Rows
    scores: Scores


def rank_articles(legs: Legs, k: int, depth: int) -> Ranked:
    """Return the ``k`` best articles, by their best chunk, as numbers over all segments."""
    generation = legs.generation
    return _rank(legs, k, depth, generation.article_of_row, generation.article_id)


def rank_chunks(legs: Legs, k: int, depth: int) -> Ranked:
    """Return the ``k`` best rows."""
    return _rank(legs, k, depth, None, lambda row: legs.generation.chunks_at(range(row, row + 1))[0].id)


def _rank(legs: Legs, k: int, depth: int, group_of: Rows | None, name_of: Callable[[int], str]) -> Ranked:
    while True:
        rows, bound = legs.candidates(depth)
        keys, scores = _best_of_groups(rows if group_of is None else group_of[rows], legs.score(rows))
        if bound == -np.inf or np.count_nonzero(scores > bound) >= k:
            break
        depth *= _DEEPER
    order = np.argsort(-scores, kind="stable")
    if len(order) > k:
        order = order[: int(np.searchsorted(-scores[order], -scores[order[k - 1]], side="right"))]
    keys, scores = keys[order], scores[order]
    chosen = _ties_by_name(keys, scores, name_of)[:k]
    return Ranked(keys=keys[chosen], scores=scores[chosen])


def _best(scores: Scores, rows: Rows, depth: int) -> tuple[Rows, float]:
    """Return the ``depth`` rows of the highest scores among ``rows``, and the highest that is left (-inf: none)."""
    if len(rows) <= depth:
        return rows, -np.inf
    mine = scores[rows]
    order = np.argpartition(-mine, depth)
    return rows[order[:depth]], float(mine[order[depth]])


def _best_of_groups(groups: Rows, scores: Scores) -> tuple[Rows, Scores]:
    """Return each group once, ascending, with the highest of its scores."""
    order = np.argsort(groups, kind="stable")
    keys, starts = np.unique(groups[order], return_index=True)
    return keys, np.maximum.reduceat(scores[order], starts) if len(keys) else scores


def _ties_by_name(keys: Rows, scores: Scores, name_of: Callable[[int], str]) -> Rows:
    """Return the order in which equal scores stand by name; names are looked up for those alone."""
    tied = np.zeros(len(scores), dtype=bool)
    same = scores[1:] == scores[:-1]
    tied[1:] |= same
    tied[:-1] |= same
    names = {int(number): name_of(int(keys[number])) for number in np.flatnonzero(tied)}
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], names.get(number, "")))
    return np.asarray(order, dtype=np.int64)
