"""Here are ranked articles; what is shown of each, and why does it stand there?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.search.confidence import confidence
from searchkit.search.fusion import KEYWORD, RERANKER, VECTOR
from searchkit.search.legs import Looked, Reading
from searchkit.search.ranking import Legs, Ranked
from searchkit.search.snippets import snippet
from searchkit.search.voting import vote_of, votes_of_all, weights
from searchkit.types import Article, Chunk, ChunkResult, Contribution, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray


def make_results(reading: Reading, looked: Looked, ranked: Ranked, config: SearchConfig) -> tuple[Result, ...]:
    """Return the ranked articles as results, each with its best chunks, best first."""
    ranks = _Ranks(looked.legs, config.depth)
    results = []
    for rank, (number, score) in enumerate(zip(ranked.keys, ranked.scores, strict=True), start=1):
        article, rows = reading.generation.article_at(int(number))
        results.append(
            Result(
                rank=rank,
                score=float(score),
                article=article,
                chunks=_chunks(reading, looked, ranks, article, rows, config.chunks_per_result),
                contributions=_of_article(looked.legs, ranks, rows),
                confidence=_confidence(reading, looked.legs, rows, float(score)),
            )
        )
    return tuple(results)


def _confidence(reading: Reading, legs: Legs, rows: range, score: float) -> float | None:
    """Return the confidence of an article's fused score, before a reranker; None where no word was asked for."""
    if _wordless(legs):
        return None
    if legs.shift is not None:
        fused = replace(legs, shift=None).score(np.arange(rows.start, rows.stop))
        score = float(votes_of_all(np.asarray([len(rows)]), fused, vote_of(legs.scale))[0])
    return confidence(score, legs.scale, reading.generation.manifest.zero)


def _wordless(legs: Legs) -> bool:
    """Say whether a query only says what an article must have or lack: all results score alike then."""
    return legs.vector is None and legs.keyword is not None and not legs.keyword.idf_sum


def unsure_note(looked: Looked) -> tuple[str, ...]:
    """Say that nothing could be left out for want of confidence where none can be told."""
    if not looked.query.min_confidence or not _wordless(looked.legs):
        return ()
    return ("The query has no words by which to be confident: nothing is left out for want of confidence.",)


def confident(results: Sequence[Result], looked: Looked, config: SearchConfig) -> tuple[Result, ...]:
    """Leave those that reach the confidence asked for; all of them where the query has no words to be sure of.

    Raises ``QueryError`` where a fusion gives no confidence.
    """
    least = looked.query.min_confidence
    if not least or _wordless(looked.legs):
        return tuple(results)
    if any(result.confidence is None for result in results):
        raise QueryError(
            f"The scores of fusion '{config.fusion}' tell no confidence.",
            hint="Leave fusion at 'sum', or min_confidence out.",
        )
    return tuple(one for one in results if one.confidence is not None and one.confidence >= least)


def nearest_note(nearest: Result | None) -> tuple[str, ...]:
    """Say which result was the best where none was good enough; nothing where there is none to name."""
    if nearest is None:
        return ()
    name = nearest.article.title.strip() or nearest.article.id
    return (f"Nothing relevant; the nearest was '{name}', with a confidence of {nearest.confidence:.2f}.",)


class _Ranks:
    """Ranks of rows within each leg, up to the depth that every search looks at, so that they never depend on k."""

    def __init__(self, legs: Legs, depth: int) -> None:
        self._keyword = self._vector = np.empty(0)
        if legs.keyword is not None:
            self._keyword = _descending(legs.keyword.best(depth).scores, depth)
        if legs.vector is not None:
            rows, _ = legs.nearest(legs.vector, depth)
            self._vector = _descending(legs.generation.similarity(legs.vector, rows), depth)

    def keyword(self, score: float) -> int | None:
        return _rank(self._keyword, score)

    def vector(self, score: float) -> int | None:
        return _rank(self._vector, score)


def _descending(scores: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
    return -np.sort(-scores)[:depth]


def _rank(best: NDArray[np.float64], score: float) -> int | None:
    """Count from 1 where a score stands among the best; equal scores share the first of their ranks."""
    if not len(best) or score < best[-1]:
        return None
    return int(np.searchsorted(-best, -score, side="left")) + 1


def _chunks(
    reading: Reading, looked: Looked, ranks: _Ranks, article: Article, rows: range, limit: int
) -> tuple[ChunkResult, ...]:
    legs = looked.legs
    mine = np.arange(rows.start, rows.stop)
    if legs.vector is None and legs.keyword is not None:
        mine = mine[legs.keyword.matching(mine)]
    scores = legs.score(mine)
    order = np.argsort(-scores, kind="stable")[:limit]
    chunks = reading.generation.chunks_at(rows)
    return tuple(
        _chunk(reading, looked, ranks, article, chunks[int(row) - rows.start], int(row)) for row in mine[order]
    )


def _chunk(reading: Reading, looked: Looked, ranks: _Ranks, article: Article, chunk: Chunk, row: int) -> ChunkResult:
    contributions = _contributions(looked.legs, ranks, row)
    return ChunkResult(
        chunk=chunk,
        score=float(looked.legs.score(np.asarray([row]))[0]),
        contributions=contributions,
        snippet=snippet(chunk, looked.terms, reading.analyzer, article.language),
    )


def _of_article(legs: Legs, ranks: _Ranks, rows: range) -> tuple[Contribution, ...]:
    """Return what each leg gave an article: the shares of its chunks, weighted as they vote."""
    mine = np.arange(rows.start, rows.stop)
    order = np.argsort(-legs.score(mine), kind="stable")
    weight = weights(len(mine), vote_of(legs.scale))
    heard = [_contributions(legs, ranks, int(row)) for row in mine[order][: len(weight)]]
    shares: dict[str, float] = {}
    for counted, contributions in zip(weight, heard, strict=True):
        for one in contributions:
            shares[one.leg] = shares.get(one.leg, 0.0) + float(counted) * one.share
    first = {one.leg: one for one in heard[0]}
    return tuple(
        replace(first[leg], share=share) if leg in first else Contribution(leg=leg, rank=None, score=0.0, share=share)
        for leg, share in shares.items()
    )


def _contributions(legs: Legs, ranks: _Ranks, row: int) -> tuple[Contribution, ...]:
    rows = np.asarray([row])
    found = []
    bm25, cosine, nearness = legs.bm25(rows), legs.cosine(rows), legs.nearness(rows)
    if bm25 is not None and legs.keyword is not None:
        score = float(bm25[0])
        rank = ranks.keyword(score) if legs.keyword.matching(rows)[0] else None
        found.append(Contribution(leg=KEYWORD, rank=rank, score=score, share=float(legs.scale.share(KEYWORD, bm25)[0])))
    if (
        cosine is not None
        and nearness is not None
        and (legs.generation.vectored is None or legs.generation.vectored[row])
    ):
        score = float(cosine[0])
        share = float(legs.scale.share(VECTOR, nearness)[0])
        found.append(Contribution(leg=VECTOR, rank=ranks.vector(score), score=score, share=share))
    if legs.shift is not None and row in legs.shift.rows:
        place = int(np.searchsorted(legs.shift.rows, row))
        own, share = float(legs.shift.scores[place]), float(legs.shift.shares[place])
        rank = int(np.count_nonzero(legs.shift.scores > own)) + 1
        found.append(Contribution(leg=RERANKER, rank=rank, score=own, share=share))
    return tuple(found)
