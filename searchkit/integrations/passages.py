"""Passages: what a framework gets of each result: a text, and in its metadata what it is cited and judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from searchkit.answer import Answer, Result
from searchkit.errors import ConfigError
from searchkit.filter_expression import filter_expression
from searchkit.integrations.metadata_filters import joined
from searchkit.integrations.stored_documents import document_metadata, document_text
from searchkit.search.async_searcher import THREADS, AsyncSearcher, BoundedThreads
from searchkit.search.searcher import Searcher
from searchkit.types import Article, FilterExpression, Part


class Content(StrEnum):
    """What a framework's document holds of a result; the value in text does as well.

    Attributes:
        PASSAGE: ``"passage"``: the article's best chunk.
        ARTICLE: ``"article"``: the whole text of the article.
    """

    PASSAGE = "passage"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of a result.

    Attributes:
        id: The chunk's id; the article's where the text is the whole article.
        text: The text.
        article: The article that it is of.
        score: The result's score, higher is better.
        metadata: What the article has: ``title``, ``url``, ``source``, ``authors``, ``published``, ``updated``,
            ``language``, ``tags`` and its other fields by their names. Then, whatever field has such a name:
            ``article_id``, ``chunk_id``, ``heading``, ``start`` and ``end`` (characters of the article's text),
            ``rank``, ``score``, ``confidence`` (0 to 1) and ``generation``. What isn't known isn't there.
    """

    id: str
    text: str
    article: Article
    score: float
    metadata: dict[str, Any]


class PassageSearch:
    """Asks an opened index for passages, in this thread or, awaited, in bounded ones.

    Attributes:
        searcher: The opened index.
    """

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self._async = AsyncSearcher(searcher, BoundedThreads(THREADS))

    def passages(
        self,
        query: str,
        *,
        content: Content | str,
        conditions: Iterable[FilterExpression | None] = (),
        options: Mapping[str, Any],
    ) -> list[Passage]:
        """Return a passage of each of the best articles, best first. Raises as ``Searcher.search`` does.

        Args:
            query: The text of the question.
            content: What each passage holds.
            conditions: What articles must meet, all of them; None is none.
            options: Arguments of ``Searcher.search``, such as ``k``.
        """
        answer = self.searcher.search(query, **_arguments(content, conditions, options))
        return _passages(answer, content)

    async def passages_async(
        self,
        query: str,
        *,
        content: Content | str,
        conditions: Iterable[FilterExpression | None] = (),
        options: Mapping[str, Any],
    ) -> list[Passage]:
        """Do as ``passages`` does, in another thread; whoever cancels gets away at once."""
        answer = await self._async.search(query, **_arguments(content, conditions, options))
        return _passages(answer, content)


def _arguments(
    content: Content | str, conditions: Iterable[FilterExpression | None], options: Mapping[str, Any]
) -> dict[str, Any]:
    parts = (Part.ARTICLES, Part.CHUNKS) if _content(content) is Content.PASSAGE else (Part.ARTICLES,)
    others = dict(options)
    needed = [each for each in conditions if each is not None]
    if (where := others.pop("where", None)) is not None:  # it narrows the conditions, and never takes their place
        needed.append(filter_expression(where))
    return {"parts": parts, "where": joined("and", needed) if needed else None, **others}


def _content(name: Content | str) -> Content:
    try:
        return Content(name)
    except ValueError as error:
        raise ConfigError(f"content can't be {name!r}.", hint=f"There are: {', '.join(Content)}.") from error


def _passages(answer: Answer, content: Content | str) -> list[Passage]:
    return [_passage(result, _content(content), answer.generation) for result in answer.results]


def _passage(result: Result, content: Content, generation: int) -> Passage:
    """Return the passage of a result. An article that has no chunk is whole."""
    chunk = result.chunks[0].chunk if content is Content.PASSAGE and result.chunks else None
    article = result.article
    text = document_text(article) if chunk is None else chunk.text
    facts = {
        "article_id": article.id,
        "chunk_id": chunk.id if chunk else None,
        "heading": (chunk.heading if chunk else "") or None,
        "start": chunk.start if chunk else 0,
        "end": chunk.end if chunk else len(article.text),
        "rank": result.rank,
        "score": result.score,
        "confidence": result.confidence,
        "generation": generation,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return Passage(
        id=chunk.id if chunk else article.id,
        text=text,
        article=article,
        score=result.score,
        metadata=document_metadata(article) | known,
    )
