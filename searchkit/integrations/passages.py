"""Passages: what a framework gets of each result: a text, and in its metadata what it is cited and judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from searchkit.answer import Answer, Result, article_dict
from searchkit.errors import ConfigError


class Content(StrEnum):
    """What a framework's document holds of a result. Where one is taken, its value in text does as well.

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
        text: The text: ``article.text[start:end]``, with ``start`` and ``end`` out of ``metadata``.
        score: The result's score, higher is better.
        metadata: What is known of it: ``article_id``, ``chunk_id``, ``start`` and ``end`` (in characters of the
            article's text), ``rank``, ``score``, ``confidence``, ``generation``, ``heading``, and what the article
            has: ``title``, ``url``, ``source``, ``authors``, ``published``, ``updated``, ``language``, ``tags``, and
            its other fields in ``fields``. What it hasn't got isn't there.
    """

    id: str
    text: str
    score: float
    metadata: dict[str, Any]


def content_of(name: Content | str) -> Content:
    """Return what a document shall hold, by its name. Raises ``ConfigError``."""
    try:
        return Content(name)
    except ValueError as error:
        raise ConfigError(
            f"content can't be {name!r}.", hint=f"There are: {', '.join(map(repr, map(str, Content)))}."
        ) from error


def passages(answer: Answer, content: Content) -> Iterator[Passage]:
    """Yield a passage for each result of an answer, in its order."""
    for result in answer.results:
        yield _passage(result, content, answer.generation)


def _passage(result: Result, content: Content, generation: int) -> Passage:
    chunk = result.chunks[0].chunk if content is Content.PASSAGE and result.chunks else None
    text = result.article.text if chunk is None else chunk.text
    facts = {
        "article_id": result.article.id,
        "chunk_id": chunk and chunk.id,
        "start": chunk.start if chunk else 0,
        "end": chunk.end if chunk else len(text),
        "rank": result.rank,
        "score": result.score,
        "confidence": result.confidence,
        "generation": generation,
        "heading": chunk and chunk.heading,
    }
    article = article_dict(result.article)
    del article["id"]
    known = {name: value for name, value in (facts | article).items() if value not in (None, "", [], {})}
    return Passage(id=chunk.id if chunk else result.article.id, text=text, score=result.score, metadata=known)
