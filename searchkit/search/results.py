"""Here are ranked articles; what is shown of each, and why does it stand there?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.search.confidence import confidence
from searchkit.search.explaining import Explaining, of_article
from searchkit.search.legs import Looked, Reading
from searchkit.search.ranking import Legs, Ranked
from searchkit.search.snippets import snippet
from searchkit.search.voting import vote_of, votes_of_all
from searchkit.types import ChunkResult, Result


def make_results(reading: Reading, looked: Looked, ranked: Ranked, config: SearchConfig) -> tuple[Result, ...]:
    """Return the ranked articles as results, each with its best chunks, best first."""
    explaining = Explaining(looked.legs, config)
    plain = looked.parsed is None or looked.parsed.plain
    mixed = reading.mixed(looked.query.text) if plain else 0.0
    results = []
    for rank, (number, score) in enumerate(zip(ranked.keys, ranked.scores, strict=True), start=1):
        article, rows = reading.generation.article_at(int(number))
        chunks = reading.generation.chunks_at(rows)
        votes = explaining.votes(chunks, rows)
        language = reading.generation.analysed_as(article.language)
        results.append(
            Result(
                rank=rank,
                score=float(score),
                article=article,
                chunks=tuple(
                    ChunkResult(
                        chunk=chunks[row - rows.start],
                        score=float(looked.legs.score(np.asarray([row]))[0]),
                        contributions=explaining.contributions(row),
                        snippet=snippet(chunks[row - rows.start], looked.terms, reading.analyzer, language),
                    )
                    for row in _best(looked.legs, rows, config.chunks_per_result)
                ),
                contributions=of_article(votes),
                votes=votes,
                confidence=_confidence(reading, looked.legs, rows, float(score), mixed),
            )
        )
    return tuple(results)


def _confidence(reading: Reading, legs: Legs, rows: range, score: float, mixed: float) -> float | None:
    """Return the confidence of an article's fused score, before a reranker; None where no word was asked for."""
    if _wordless(legs):
        return None
    if legs.shift is not None:
        fused = replace(legs, shift=None).score(np.arange(rows.start, rows.stop))
        score = float(votes_of_all(np.asarray([len(rows)]), fused, vote_of(legs.scale))[0])
    return confidence(score, legs.scale, reading.generation.manifest.zero, mixed)


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


def _best(legs: Legs, rows: range, limit: int) -> Iterator[int]:
    """Yield the best rows of an article that answer at all, best first."""
    mine = np.arange(rows.start, rows.stop)
    if legs.vector is None and legs.keyword is not None:
        mine = mine[legs.keyword.matching(mine)]
    yield from mine[np.argsort(-legs.score(mine), kind="stable")[:limit]].tolist()
