"""Similar articles: more like one that the index has, or like a text, by both retrievers.

By keyword the article's most telling words are asked for (``article_terms.py``); by vector the mean of its chunks'
vectors, brought to length 1 (the centroid of Rocchio 1971), for which no encoder is needed. The scores are fused,
chunks vote, and filters hold as in a search. The article itself is never among the results. What is a near copy of it,
or of a better result, is left out or marked (``near_copies.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from searchkit.answer import Result
from searchkit.config import SearchConfig
from searchkit.errors import QueryError, VectorsMissing
from searchkit.filter_expression import shown_value
from searchkit.keyword.query.ast import Nothing, Tree
from searchkit.keyword.query.query_terms import any_of
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.search.article_terms import ArticleTerm, article_terms
from searchkit.search.candidates import Candidates, Encode
from searchkit.search.fusion import hybrid, keyword_alone, vector_alone
from searchkit.search.near_copies import SeenArticles, shingles
from searchkit.search.query import TEXT_LIMIT, check_query, mode_of
from searchkit.search.ranking import depth_for, rank_articles
from searchkit.search.results import make_results
from searchkit.search.retrieval import SearchContext, legs_of, searched_rows, weight_of
from searchkit.types import Article, Mode, Query, QueryReading, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.types import Vector

    Mask = NDArray[np.bool_]

MOST = 1_000
"""Results of one question: each is compared with all better ones."""

_SPARE = 8
_MORE = 4
"""So many more than k are looked at first, and so many times as many where copies took their places."""

_NAMED = 12
"""Words that the note on them names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What more is looked for of: an article of the index, whose chunks have ``rows``, or a text of no article."""

    article: Article
    rows: range | None = None

    @property
    def text(self) -> str:
        """Its title and its text."""
        return "\n".join(part for part in (self.article.title, self.article.text) if part)


def example_of(context: SearchContext, article_id: str | None, text: str | None) -> Example:
    """Return what is asked for. Raises ``QueryError`` where it isn't one of both, or there is no such article."""
    if (article_id is None) == (text is None):
        raise QueryError("More like what?", hint="Give an article's id or a text, and not both.")
    given = text if article_id is None else article_id
    if not isinstance(given, str) or not given.strip():
        raise QueryError(f"More like {shown_value(given)}?", hint="Give an article's id, or a text that isn't empty.")
    if article_id is None:
        return Example(article=Article(id="", text=given))
    stored = context.generation.find_article(given)
    if stored is None:
        raise QueryError(f"No article has the id {shown_value(given)}.", hint="A search names the ids of articles.")
    return Example(article=stored[0], rows=stored[1])


def query_like(example: Example, *, k: int, mode: Mode | str, where: Where, explain: bool) -> Query:
    """Return the query that an answer shows: the example's title, or its text. Raises ``QueryError``."""
    text = (example.article.title.strip() or example.article.text)[:TEXT_LIMIT]
    query = Query(text=text, mode=mode_of(mode), k=k, where=where, explain=explain)
    check_query(query)
    if k > MOST:
        raise QueryError(f"k is {k:,}.", hint=f"Ask for at most {MOST:,} similar articles.")
    return query


def more_like(
    context: SearchContext, example: Example, query: Query, config: SearchConfig, encode: Encode, *, copies: bool
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """Return the results and the notes. Raises ``QueryError``, ``VectorsMissing``, and what ``encode`` raises."""
    candidates = _candidates(context, example, query, config, encode)
    wanted = query.k + _SPARE
    while True:
        depth = config.depth if query.explain else depth_for(candidates.legs, wanted, config.depth)
        ranked = rank_articles(candidates.legs, wanted, depth)
        articles = [article for article, _ in context.generation.articles_at(ranked.keys)]
        originals = _originals(context, example, articles, query.k, copies=copies)
        kept = [place for place, original in enumerate(originals) if copies or original is None]
        if len(kept) >= query.k or len(ranked.keys) < wanted:
            break
        wanted *= _MORE
    kept = kept[: query.k]
    chosen = replace(ranked, keys=ranked.keys[kept], scores=ranked.scores[kept])
    results = make_results(context, candidates, chosen, config)
    left_out = 0 if copies else sum(original is not None for original in originals[: max(kept, default=-1) + 1])
    notes = [] if not left_out else [f"{left_out:,} near {'copy' if left_out == 1 else 'copies'} left out."]
    # The curve of confidence is that of questions.
    marked = tuple(
        replace(result, confidence=None, copy_of=originals[place]) for result, place in zip(results, kept, strict=True)
    )
    return marked, (*candidates.notes, *notes)


def _originals(
    context: SearchContext, example: Example, articles: Sequence[Article], k: int, *, copies: bool
) -> list[str | None]:
    """Return of each article, best first, the id of which better one it is a near copy of; "" is the text given."""
    seen = SeenArticles()
    seen.add(example.article.id, shingles(example.article, context.analyzer))
    originals: list[str | None] = []
    kept = 0
    for article in articles:
        own = shingles(article, context.analyzer)
        original = seen.original(own)
        originals.append(original)
        if original is None:
            seen.add(article.id, own)
        kept += copies or original is None
        if kept >= k:
            break
    return originals


def _candidates(
    context: SearchContext, example: Example, query: Query, config: SearchConfig, encode: Encode
) -> Candidates:
    mask = searched_rows(context, query)
    notes = [*context.standing(query.mode), *context.notes_on(query, mask)]
    others = _without(context, mask, example.rows)
    terms = [] if query.mode is Mode.VECTOR else _terms(context, example)
    vector = None if query.mode is Mode.KEYWORD else _vector(context, example, encode)
    if vector is None and query.mode is Mode.VECTOR:
        raise VectorsMissing("The article has no vectors yet.", hint="Search by keyword, or wait for the vectors.")
    matches = None if query.mode is Mode.VECTOR else evaluate(context.keyword, _tree(terms), mask=others)
    if query.explain and terms:
        notes.append(_chosen(terms))
    if matches is None:
        scale = vector_alone(weight_of(context, config))
    elif query.mode is Mode.KEYWORD:
        scale = keyword_alone(matches.idf_sum)
    else:
        scale = hybrid(matches.idf_sum, weight_of(context, config))
    return Candidates(
        query=query,
        parsed=None,
        legs=legs_of(context, scale, matches, vector, others, config),
        mask=others,
        notes=tuple(notes),
        reading=QueryReading(),
        words=tuple(each.term for each in _terms(context, example)) if matches is None else (),
    )


def _without(context: SearchContext, mask: Mask | None, rows: range | None) -> Mask | None:
    """Leave out the rows of the article itself."""
    if rows is None:
        return mask
    others = np.ones(context.generation.rows, dtype=bool) if mask is None else mask.copy()
    others[rows.start : rows.stop] = False
    return others


def _terms(context: SearchContext, example: Example) -> list[ArticleTerm]:
    language = context.generation.analysed_as(example.article.language)
    languages = context.generation.languages if example.rows is None else (language,)
    return article_terms(example.text, languages, context.keyword, context.analyzer)


def _tree(terms: Sequence[ArticleTerm]) -> Tree:
    return any_of([each.term for each in terms]) if terms else Nothing()


def _vector(context: SearchContext, example: Example, encode: Encode) -> Vector | None:
    """Return the example's vector; None where its chunks have none."""
    if not context.generation.has_vectors:
        return None
    if example.rows is None:
        return encode(context, example.text)
    segment, first = context.generation.place(example.rows.start)
    if segment.vectors is None:
        return None
    total = segment.vectors.matrix[first : first + len(example.rows)].sum(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(total))
    return (total / length).astype(np.float32) if length > 0 else None


def _chosen(terms: Sequence[ArticleTerm]) -> str:
    """Say by which words was looked."""
    shown = ", ".join(f"{each.word} ({each.tf} * {each.idf:.2f})" for each in terms[:_NAMED])
    return (
        f"By keyword its most telling words were looked for, tf * idf: {shown}{', …' if len(terms) > _NAMED else ''}."
    )
