"""Neighbours: a chunk that says it in other words stands beside chunks that say it in the question's.

Documents near each other tend to answer the same questions (the cluster hypothesis: Jardine and van Rijsbergen 1971;
scores regularized by it: Diaz, CIKM 2005; Tao et al., NAACL 2006). Of the 100 best chunks of the archive for a question
each takes a part of its keyword score from its neighbours::

    K' = (1 - g) * K + g * mean of the K of its 4 nearest, weighted by their cosines

K is what keyword and coverage give (``fusion.py``), g ``SearchConfig.neighbour_weight`` times what the encoder is worth
in the chunk's language (``language_bias.py``) and times ``n² / (n² + 100²)``, n the chunks that have vectors: where the
100 best are most of the archive, many have nothing to do with the question, and neighbours mislead. Neighbours are
among these 100 and of other articles; where a chunk has none, and outside of the 100, K stays. So the term is bounded:
no K' is higher than the highest K.

*Who the 100 are* depends on the question and the index alone: not on filters, k, or the depth of the search. They are
the best by score, without this term, of those that score more than the 128th by keyword or by cosine; equal scores at
the border stay out together, so that the order of the rows decides nothing. A search with a filter asks both retrievers
once more, without it.

The cosines are those of vectors rounded to 14 bits, whose products are exact: they don't depend on the order of sums,
the processor or where a row lies.

nDCG@10 by how it is made, cranfield, xquad-en, scifact and the samples (with neither term .572 .981 .739 .786): of 100
chunks .588 .980 .748 .786; of 64 .588 .981 .749 .782; coverage .3 .586 .980 .746 .787, .5 .588 .981 .748 .786. On
cranfield g .2 .580, .4 .596; 8 neighbours .584; coverage added after, not taken from neighbours, .586. A greater g
costs questions for known articles. ``scripts/ablations.py`` prints the table. By size, g 0 and .3 whatever n is, each
the mean of two parts of cranfield: 74 chunks .756 .753; 158 .649 .653; 316 .595 .612; 627 .597 .610; of scifact: 120
.965 .974, 256 .940 .939, 495 .920 .923, 998 .896 .901.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.search.fusion import KEYWORD, VECTOR
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.search.fusion import Scale
    from searchkit.search.language_bias import QueryBias
    from searchkit.search.protocols import RowSpace

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Places = NDArray[np.int32]


POOL = 100
LEG_DEPTH = 128
NEAREST = 4

_UNIT = 1 << 14
"""Vectors of length 1 times this are whole numbers of 16 bits, and their products of 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShift:
    """What is added to some rows' scores: ``(n,)`` rows, ascending, and shares."""

    rows: Rows
    shares: Scores

    def of(self, rows: Rows) -> Scores:
        """Return what each row's score is moved by: 0 for one that isn't among these."""
        places = np.searchsorted(self.rows, rows)
        inside = np.minimum(places, max(len(self.rows) - 1, 0))
        moved = np.zeros(len(rows), dtype=np.float64)
        if len(self.rows):
            same = self.rows[inside] == rows
            moved[same] = self.shares[inside[same]]
        return moved


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourShift(RowShift):
    """What neighbours add to some rows' scores.

    ``own`` ``(n,)`` is what keyword and coverage give each, ``means`` ``(n,)`` what they give its neighbours,
    ``weights`` ``(n,)`` how much of ``own`` these replace, and ``places`` ``(n, 4)`` which of the rows they are, the
    nearest first; -1 where there are fewer.
    """

    own: Scores
    means: Scores
    weights: Scores
    places: Places


@dataclass(frozen=True, slots=True, kw_only=True)
class LegScores:
    """What both retrievers say of rows among which are the best of each: ``(n,)`` each, the rows ascending.

    ``bound`` is the highest keyword score of any other row.
    """

    rows: Rows
    keyword: Scores
    cosines: Scores
    nearness: Scores
    bound: float


def neighbour_shift(
    generation: RowSpace, legs: LegScores, scale: Scale, weight: float, lean: QueryBias | None
) -> NeighbourShift:
    """Return what neighbours add; ``legs`` are the best ``LEG_DEPTH`` of both retrievers without a filter."""
    rows, own = _pool(generation, legs, scale)
    places, products = _near(generation, rows, own)
    weights = np.where(places >= 0, np.maximum(products, 0), 0).astype(np.float64)
    total = weights.sum(axis=1)
    known = total > 0
    means = own.copy()
    means[known] = (weights * own[places]).sum(axis=1)[known] / total[known]
    weight *= pool_share(generation.manifest.vectors)
    weighed = np.full(own.shape, weight) if lean is None else weight * lean.shares_of(rows)
    return NeighbourShift(
        rows=rows, shares=weighed * (means - own), own=own, means=means, weights=weighed, places=places
    )


def pool_share(chunks: int) -> float:
    """Return what neighbours are worth in an archive of so many chunks with vectors, 0 to 1: half at 100."""
    return chunks**2 / (chunks**2 + POOL**2) if chunks else 0.0


def _pool(generation: RowSpace, legs: LegScores, scale: Scale) -> tuple[Rows, Scores]:
    """Return the best rows, ascending, and what keyword and coverage give each."""
    own = scale.share(KEYWORD, legs.keyword)
    scores = own + scale.share(VECTOR, legs.nearness)
    kept = legs.cosines > _border(legs.cosines, LEG_DEPTH)
    kept |= legs.keyword > max(legs.bound, 0.0)
    if generation.vectored is not None:
        kept &= generation.vectored[legs.rows]
    kept[kept] = scores[kept] > _border(scores[kept], POOL + 1)
    return legs.rows[kept], own[kept]


def _border(scores: Scores, place: int) -> float:
    """Return the score at a place, counted from 1, of the highest; -inf where they are fewer."""
    return float(-np.partition(-scores, place - 1)[place - 1]) if len(scores) >= place else -np.inf


def _near(generation: RowSpace, rows: Rows, own: Scores) -> tuple[Places, Places]:
    """Return ``(n, 4)`` places of each row's nearest of other articles among the rows, and their inner products.

    Of equally near ones those of the higher keyword score come first, so that the order of the rows decides nothing.
    """
    order = np.empty(len(rows), dtype=np.int32)
    order[np.argsort(own, kind="stable")] = np.arange(len(rows), dtype=np.int32)
    vectors, articles = generation.vectors_of(rows), generation.article_of_row[rows]
    if native.COMPILED is None:
        return _near_in_numpy(vectors, articles, order)
    packed, products = native.COMPILED.near_rows(vectors, _UNIT, articles, order, NEAREST)
    shape = len(rows), NEAREST
    return np.frombuffer(packed, np.int32).reshape(shape), np.frombuffer(products, np.int32).reshape(shape)


def _near_in_numpy(vectors: NDArray[np.float32], articles: Rows, order: Places) -> tuple[Places, Places]:
    """Return what the compiled extension does."""
    codes = np.rint(vectors * np.float32(_UNIT)).astype(np.float64)
    products = np.einsum("ik,jk->ij", codes, codes).astype(np.int64)  # ``@`` starts a thread a core
    keys = products * max(1, len(codes)) + order
    none = np.iinfo(np.int64).min
    keys[articles[:, None] == articles[None, :]] = none
    places = np.full((len(codes), NEAREST), -1, dtype=np.int32)
    each = np.arange(len(codes))
    for place in range(NEAREST if len(codes) else 0):
        nearest = keys.argmax(axis=1)
        there = keys[each, nearest] > none
        places[there, place] = nearest[there]
        keys[each, nearest] = none
    near = np.where(places >= 0, products[each[:, None], places], 0) if len(codes) else np.zeros((0, NEAREST))
    return places, near.astype(np.int32)
