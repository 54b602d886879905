"""Here are ranked articles; what is shown of each, and why does it stand there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig
from searchkit.search.fusion import KEYWORD, VECTOR
from searchkit.search.legs import Looked, Reading
from searchkit.search.ranking import Legs, Ranked
from searchkit.search.snippets import snippet
from searchkit.types import Article, Chunk, ChunkResult, Contribution, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray


def make_results(reading: Reading, looked: Looked, ranked: Ranked, config: SearchConfig) -> tuple[Result, ...]:
    """Return the ranked articles as results, each with its best chunks, best first."""
    ranks = _Ranks(looked.legs, config.depth)
    results = []
    for rank, (number, score) in enumerate(zip(ranked.keys, ranked.scores, strict=True), start=1):
        article, rows = reading.generation.article_at(int(number))
        chunks = _chunks(reading, looked, ranks, article, rows, config.chunks_per_result)
        results.append(Result(rank=rank, score=float(score), article=article, chunks=chunks))
    return tuple(results)


class _Ranks:
    """Ranks of rows within each leg, up to the depth that every search looks at, so that they never depend on k."""

    def __init__(self, legs: Legs, depth: int) -> None:
        self._keyword = self._vector = np.empty(0)
        if legs.keyword is not None and legs.matched is not None:
            self._keyword = _descending(legs.keyword[legs.matched], depth)
        if legs.vector is not None:
            rows, _ = legs.generation.nearest(legs.vector, depth, legs.allowed)
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
    if legs.vector is None and legs.matched is not None:
        mine = mine[legs.matched[mine]]
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


def _contributions(legs: Legs, ranks: _Ranks, row: int) -> tuple[Contribution, ...]:
    rows = np.asarray([row])
    found = []
    bm25, cosine = legs.bm25(rows), legs.cosine(rows)
    if bm25 is not None and legs.matched is not None:
        score = float(bm25[0])
        rank = ranks.keyword(score) if legs.matched[row] else None
        found.append(Contribution(leg=KEYWORD, rank=rank, score=score, share=float(legs.scale.share(KEYWORD, bm25)[0])))
    if cosine is not None:
        score = float(cosine[0])
        share = float(legs.scale.share(VECTOR, cosine)[0])
        found.append(Contribution(leg=VECTOR, rank=ranks.vector(score), score=score, share=share))
    return tuple(found)
