"""Answer shape: what the best chunks of the archive are like for a question, filters aside.

An answer is near, has most of what was asked in one chunk, and stands above all else; a question that only comes near
to what the archive is about has many chunks that are as good as each other. Four numbers tell that: ``words`` and
``nearness`` of the best chunk, ``lead``, how far it stands above the best of another article, and ``coverage``, the
greatest share of U whose words stand in one chunk. They are of the scores that both retrievers give by themselves:
neither coverage nor neighbours, dates, names or a reranker are in them, so no setting but the vector's weight moves
them. ``top`` is the highest score of a chunk without dates, names and a reranker: what results are compared with.

By both retrievers they are of the chunks that neighbours are looked for among (the best 128 of each,
``neighbours.py``); by one, of its best chunks, and coverage is the best one's. So they are a function of the question
and the index alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.answer_baseline import lead_of
from searchkit.keyword.scoring.evaluator import BestRows
from searchkit.search.fusion import Scale
from searchkit.search.neighbours import LEG_DEPTH
from searchkit.types import Mode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.search.protocols import KeywordScores
    from searchkit.search.ranking import RetrieverScores

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShape:
    """See the module. ``words`` is BM25 / sqrt(U), ``lead`` on the scale of the hybrid, by vector of the cosine."""

    words: float = 0.0
    nearness: float = 0.0
    lead: float = 0.0
    coverage: float = 0.0
    top: float = 0.0


NOTHING = AnswerShape()


def shape_of(legs: RetrieverScores) -> AnswerShape:
    """Return what the archive's best chunks are like; all 0 where nothing was found."""
    whole = (legs.whole or legs).alone
    if not isinstance(whole.scale, Scale):
        return NOTHING
    if whole.keyword is None:
        return _by_vector(whole)
    return (
        _by_keyword(whole, whole.keyword, whole.scale)
        if whole.vector is None
        else _by_both(whole, whole.keyword, whole.scale)
    )


def mode_of(legs: RetrieverScores) -> Mode:
    """Return the mode of the retrievers that were asked."""
    if legs.vector is None:
        return Mode.KEYWORD
    return Mode.VECTOR if legs.keyword is None else Mode.HYBRID


def _by_both(legs: RetrieverScores, keyword: KeywordScores, scale: Scale) -> AnswerShape:
    """Read what neighbours were found by, where they were."""
    known = legs.read[0] if legs.neighbours is not None and legs.read else None
    rows = legs.best(LEG_DEPTH)[0] if known is None else known[0]
    nearness = legs.nearness(rows) if known is None else known[2]
    if not len(rows) or nearness is None:
        return NOTHING
    covered = keyword.at(rows) if known is None else known[1]
    bare, weight = keyword.uncovered.at(rows), scale.vector or 0.0
    words = bare * (scale.keyword or 0.0)
    scores = words + weight * nearness
    best = int(scores.argmax())
    shown = legs.score(rows) - (legs.named.of(rows) if legs.named is not None else 0.0)
    return AnswerShape(
        words=float(words[best]),
        nearness=float(nearness[best]),
        lead=lead_of(scores, legs.generation.article_of_row[rows], best),
        coverage=float(keyword.coverage_of(rows, bare, covered).max()),
        top=float(shown.max()),
    )


def _by_keyword(legs: RetrieverScores, keyword: KeywordScores, scale: Scale) -> AnswerShape:
    rows, scores, _ = _of_two_articles(legs, keyword.deepest or keyword.best(LEG_DEPTH), keyword.best)
    if not len(rows):
        return NOTHING
    best = int(scores.argmax())
    equal = rows[scores == scores[best]]
    bare = np.full(len(equal), scores[best]) if keyword.uncovered is keyword else keyword.uncovered.at(equal)
    unit = 1 / sqrt(keyword.idf_sum) if keyword.idf_sum > 0 else 0.0
    return AnswerShape(
        words=float(scores[best]) * unit,
        lead=lead_of(scores, legs.generation.article_of_row[rows], best) * unit,
        coverage=float(keyword.coverage_of(equal, bare).max()),
        top=float(scores[best]) * (scale.keyword or 0.0),
    )


def _by_vector(legs: RetrieverScores) -> AnswerShape:
    vector = legs.vector
    if vector is None:
        return NOTHING

    def look(depth: int) -> BestRows:
        rows, bound = legs.nearest(vector, depth)
        return BestRows(rows, legs.generation.similarity(vector, rows), bound)

    rows, cosines, _ = _of_two_articles(legs, look(max(legs.looked, default=LEG_DEPTH)), look)
    if not len(rows):
        return NOTHING
    best = int(cosines.argmax())
    lead = lead_of(cosines, legs.generation.article_of_row[rows], best)
    return AnswerShape(nearness=float(cosines[best]), lead=lead, top=float(cosines[best]))


def _of_two_articles(legs: RetrieverScores, best: BestRows, look: Callable[[int], BestRows]) -> BestRows:
    """Return the best rows, as many as it takes for two articles: how deep the ranking looked decides nothing then."""
    depth = LEG_DEPTH
    while best.bound > -np.inf and len(best.rows):
        articles = legs.generation.article_of_row[best.rows]
        if (articles != articles[0]).any():
            break
        depth *= 4
        best = look(depth)
    return best
