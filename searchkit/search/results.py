"""Results: what is shown of each ranked article."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.search.confidence import confidences
from searchkit.search.explain import Explainer, of_article
from searchkit.search.ranking import RankedKeys, RetrieverScores, vote_of, votes_of_all
from searchkit.search.retrieval import Candidates, SearchContext
from searchkit.types import ChunkResult, Result


def make_results(
    context: SearchContext, candidates: Candidates, ranked: RankedKeys, config: SearchConfig
) -> tuple[Result, ...]:
    """Return the ranked articles as results, each with its best chunks, best first.

    Whatever is read, scored or cut is so for all results at once. How scores come about is told where it is asked for.
    """
    articles = context.generation.articles_at(ranked.keys)
    if context.generation.rows_are_articles:  # the chunk's score is the article's
        keys, scores = ranked.keys.tolist(), ranked.scores.tolist()
        best = [[pair] for pair in zip(keys, scores, strict=True)]
    else:
        best = _best(candidates.legs, [rows for _, rows in articles], config.chunks_per_result)
    shown = [(row, article) for (article, _), scored in zip(articles, best, strict=True) for row, _ in scored]
    chunks = context.generation.chunks_of([row for row, _ in shown], [article for _, article in shown])
    snippets = context.snippets.of(
        chunks, candidates.highlights, [context.generation.analysed_as(article.language) for _, article in shown]
    )
    explaining = Explainer(candidates.legs, config) if candidates.query.explain else None
    plain = candidates.parsed is None or candidates.parsed.plain
    mixed = context.mixed(candidates.query.text) if plain else 0.0
    following = iter(zip(chunks, snippets, strict=True))
    results = []
    scores = ranked.scores.tolist()
    sure = _confidences(context, candidates.legs, [rows for _, rows in articles], scores, mixed)
    ranks = zip(articles, scores, best, sure, strict=True)
    for rank, ((article, rows), score, scored, confidence) in enumerate(ranks, start=1):
        votes = explaining.votes(article.id, rows) if explaining else ()
        results.append(
            Result(
                rank=rank,
                score=score,
                article=article,
                chunks=tuple(
                    [
                        ChunkResult(
                            chunk=chunk,
                            score=own,
                            snippet=cut,
                            contributions=explaining.contributions(row) if explaining else (),
                        )
                        for (row, own), (chunk, cut) in zip(scored, following, strict=False)
                    ]
                ),
                contributions=of_article(votes) if votes else (),
                votes=votes,
                confidence=confidence,
            )
        )
    return tuple(results)


def _confidences(
    context: SearchContext, legs: RetrieverScores, articles: Sequence[range], scores: Sequence[float], mixed: float
) -> list[float | None]:
    """Return the confidences of what the retrievers say of articles by themselves; None where no word was asked for.

    A reranker, coverage and neighbours say which of the articles answers better, not whether the archive has one.
    """
    if _wordless(legs):
        return [None] * len(scores)
    if legs.shift is not None or legs.neighbour_weight or (legs.keyword and legs.keyword.uncovered is not legs.keyword):
        fused = legs.alone
        own = [fused.score(np.arange(rows.start, rows.stop)) for rows in articles]
        counts = np.asarray([len(rows) for rows in articles], dtype=np.int64)
        scores = votes_of_all(counts, np.concatenate(own), vote_of(legs.scale)).tolist() if own else []
    return confidences(scores, legs.scale, context.generation.manifest.zero, mixed)


def _wordless(legs: RetrieverScores) -> bool:
    """Say whether a query only says what an article must have or lack: all results score alike then."""
    return legs.vector is None and legs.keyword is not None and not legs.keyword.idf_sum


def unsure_note(candidates: Candidates) -> tuple[str, ...]:
    """Say that nothing could be left out for want of confidence where none can be told."""
    if not candidates.query.min_confidence or not _wordless(candidates.legs):
        return ()
    return ("The query has no words by which to be confident: nothing is left out for want of confidence.",)


def confident(results: Sequence[Result], candidates: Candidates, config: SearchConfig) -> tuple[Result, ...]:
    """Leave those that reach the confidence asked for; all of them where the query has no words to be sure of.

    Raises ``QueryError`` where a fusion gives no confidence.
    """
    least = candidates.query.min_confidence
    if not least or _wordless(candidates.legs):
        return tuple(results)
    if any(result.confidence is None for result in results):
        raise QueryError(
            f"The scores of fusion '{config.fusion}' tell no confidence.",
            hint="Leave fusion at 'sum', or min_confidence out.",
        )
    return tuple(result for result in results if result.confidence is not None and result.confidence >= least)


def nearest_note(nearest: Result | None) -> tuple[str, ...]:
    """Say which result was the best where none was good enough; nothing where there is none to name."""
    if nearest is None:
        return ()
    name = nearest.article.title.strip() or nearest.article.id
    return (f"Nothing relevant; the nearest was '{name}', with a confidence of {nearest.confidence:.2f}.",)


def _best(legs: RetrieverScores, articles: Sequence[range], limit: int) -> list[list[tuple[int, float]]]:
    """Return of each article, whose rows are given, the best rows that answer at all and their scores, best first."""
    rows = np.fromiter(chain.from_iterable(articles), np.int64, sum(map(len, articles)))
    if legs.vector is None and legs.keyword is not None:
        own, answers = legs.keyword.scored(rows)
        scores, kept = legs.score(rows, own).tolist(), answers.tolist()
    else:
        scores, kept = legs.scored(rows).tolist(), [True] * len(rows)
    chunks: list[list[tuple[int, float]]] = []
    first = 0
    for article in articles:
        places = [place for place in range(first, first + len(article)) if kept[place]]
        places.sort(key=scores.__getitem__, reverse=True)  # of equal scores the first row stays the first
        chunks.append([(article[place - first], scores[place]) for place in places[:limit]])
        first += len(article)
    return chunks
