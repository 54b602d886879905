"""Results: what is shown of each ranked article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from searchkit.answer import ChunkResult, Result, Snippet
from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.index.declared_fields import shown_article
from searchkit.keyword.query.query_terms import may_say_nothing, says_nothing
from searchkit.search.answer_shape import mode_of, shape_of
from searchkit.search.candidates import Candidates, IndexContext
from searchkit.search.confidence import (
    ModeScale,
    QuestionConfidence,
    archive_level,
    of_no_topic,
    question_confidence,
)
from searchkit.search.explain import Explainer, of_article
from searchkit.search.fusion import Scale
from searchkit.search.protocols import RowSpace
from searchkit.search.ranking import RankedKeys, RetrieverScores, vote_of, votes_of_all
from searchkit.types import Article, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import QueryWord


def make_results(
    context: IndexContext, candidates: Candidates, ranked: RankedKeys, config: SearchConfig, *, first_rank: int = 1
) -> tuple[Result, ...]:
    """Return the ranked articles as results, each with its best chunks, best first, as far as the query wants them.

    Whatever is read, scored or cut is so for all results at once. How scores come about is told where it is asked for.
    """
    query, scores = candidates.query, ranked.scores.tolist()
    has_chunks = not {Part.CHUNKS, Part.SNIPPETS}.isdisjoint(query.parts)
    articles = _articles(candidates.legs.generation, ranked.keys, whole=has_chunks or Part.ARTICLES in query.parts)
    explaining = Explainer(candidates.legs, config) if query.is_explained else None
    shown: Iterable[tuple[ChunkResult, ...]] = [()] * len(articles)
    if has_chunks:
        shown = _chunk_results(context, candidates, ranked, articles, config, explaining)
    sure = _confidences(context, candidates, [rows for _, rows in articles], scores)
    if Part.ARTICLES not in query.parts:
        articles = [(Article(id=article.id, text=""), rows) for article, rows in articles]
    ranks = zip(articles, scores, shown, sure, strict=True)
    results = []
    for rank, ((article, rows), score, chunks, confidence) in enumerate(ranks, start=first_rank):
        votes = explaining.votes(article.id, rows) if explaining else ()
        results.append(
            Result(
                rank=rank,
                score=score,
                article=shown_article(article, context.generation.hidden),
                chunks=chunks,
                contributions=of_article(votes) if votes else (),
                votes=votes,
                confidence=confidence,
            )
        )
    return tuple(results)


def _articles(generation: RowSpace, keys: NDArray[np.int64], *, whole: bool) -> list[tuple[Article, range]]:
    """Return some articles with the rows of their chunks; unless they are wanted ``whole``, with nothing but an id."""
    if whole:
        return generation.articles_at(keys)
    starts = generation.article_starts
    rows = [range(first, end) for first, end in zip(starts[keys].tolist(), starts[keys + 1].tolist(), strict=True)]
    ids = generation.article_ids(keys)
    return [(Article(id=article_id, text=""), mine) for article_id, mine in zip(ids, rows, strict=True)]


def _chunk_results(
    context: IndexContext,
    candidates: Candidates,
    ranked: RankedKeys,
    articles: Sequence[tuple[Article, range]],
    config: SearchConfig,
    explaining: Explainer | None,
) -> Iterator[tuple[ChunkResult, ...]]:
    """Yield the best chunks of each article, cut to what is worth showing where the query wants that."""
    if candidates.legs.generation.rows_are_articles:  # the chunk's score is the article's
        best = [[pair] for pair in zip(ranked.keys.tolist(), ranked.scores.tolist(), strict=True)]
    else:
        best = _best(candidates.legs, [rows for _, rows in articles], config.chunks_per_result)
    shown = [(row, article) for (article, _), scored in zip(articles, best, strict=True) for row, _ in scored]
    chunks = candidates.legs.generation.chunks_of([row for row, _ in shown], [article for _, article in shown])
    if Part.SNIPPETS in candidates.query.parts:
        languages = [context.generation.analysed_as(article.language) for _, article in shown]
        snippets = context.snippets.of(chunks, candidates.highlights, languages)
    else:
        snippets = [Snippet(text="", start=chunk.start, end=chunk.start) for chunk in chunks]
    following = iter(zip(chunks, snippets, strict=True))
    for scored in best:
        yield tuple(
            [
                ChunkResult(
                    chunk=chunk,
                    score=own,
                    snippet=cut,
                    contributions=explaining.contributions(row) if explaining else (),
                )
                for (row, own), (chunk, cut) in zip(scored, following, strict=False)
            ]
        )


def _confidences(
    context: IndexContext, candidates: Candidates, articles: Sequence[range], scores: Sequence[float]
) -> list[float | None]:
    """Return the confidences of articles by what they score without dates and a reranker; None where there is none.

    Dates and a reranker say which article answers better, not whether the archive has one.
    """
    question = confidence_of(context, candidates.legs, candidates.plain_text, candidates.telling)
    if question is None:
        return [None] * len(scores)
    if candidates.legs.is_shifted:
        scores = article_scores(candidates.legs.alone, articles).tolist()
    return [question.of(score) for score in scores]


def confidence_of(
    context: IndexContext, legs: RetrieverScores, text: str, telling: Sequence[QueryWord] | None = None
) -> QuestionConfidence | None:
    """Return a question's confidence, filters aside; ``text`` is that of plain words, "" of an expression.

    ``telling`` are the words of ``text`` that count, if known.

    None where no word was asked for, and in a fusion whose scores mean nothing beyond one search.
    """
    if is_wordless(legs) or not isinstance(legs.scale, Scale):
        return None
    name = mode_of(legs)
    mode = ModeScale(name, legs.scale, context.generation.manifest.zero)
    level = context.levels.get((name, mode.weight))
    if level is None:
        level = archive_level(mode, context.generation.manifest.answers)
        context.levels[name, mode.weight] = level
    mixed = context.mixed(text, telling) if text else 0.0
    question = question_confidence(shape_of(legs), mode, level, mixed)
    return of_no_topic(question) if text and _has_no_topic(context, text, telling) else question


def _has_no_topic(context: IndexContext, text: str, telling: Sequence[QueryWord] | None) -> bool:
    """Say whether no word of a text says what it is about."""
    languages = context.generation.languages
    if telling is not None and not may_say_nothing(telling, languages):
        return False
    return says_nothing(context.analyzer.query_terms(text, languages), languages)


def article_scores(legs: RetrieverScores, articles: Sequence[range]) -> NDArray[np.float64]:
    """Return the score of each article, whose rows are given."""
    if not articles:
        return np.empty(0)
    counts = np.asarray([len(rows) for rows in articles], dtype=np.int64)
    rows = np.concatenate([np.arange(rows.start, rows.stop) for rows in articles])
    return votes_of_all(counts, legs.score(rows), vote_of(legs.scale))


def is_wordless(legs: RetrieverScores) -> bool:
    """Say whether a query only says what an article must have or lack: all results score alike then."""
    return legs.vector is None and legs.keyword is not None and not legs.keyword.idf_sum


def unsure_note(candidates: Candidates) -> tuple[str, ...]:
    """Say that nothing could be left out for want of confidence where none can be told."""
    if not candidates.query.min_confidence or not is_wordless(candidates.legs):
        return ()
    return ("The query has no words by which to be confident: nothing is left out for want of confidence.",)


def confident(results: Sequence[Result], candidates: Candidates, config: SearchConfig) -> tuple[Result, ...]:
    """Leave those that reach the confidence asked for; all of them where the query has no words to be sure of.

    Raises ``QueryError`` where a fusion gives no confidence.
    """
    least = candidates.query.min_confidence
    if not least or is_wordless(candidates.legs):
        return tuple(results)
    if results:
        refuse_without_confidence(candidates.legs, config)
    return tuple(result for result in results if result.confidence is not None and result.confidence >= least)


def refuse_without_confidence(legs: RetrieverScores, config: SearchConfig) -> None:
    """Raise ``QueryError`` where a fusion gives no confidence."""
    if not isinstance(legs.scale, Scale):
        raise QueryError(
            f"The scores of fusion '{config.fusion}' tell no confidence.",
            hint="Leave fusion at 'sum', or min_confidence out.",
        )


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
        if legs.named is not None:
            answers = answers | np.isin(rows, legs.named.rows)
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
