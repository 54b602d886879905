"""Answers as JSON: what a search, an article or an index gives, in the members that ``response_models.py`` names."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from searchkit.answer import Answer, ChunkResult, FacetCount, Result
from searchkit.types import Article, Chunk, FieldValue, IndexInfo, Part


def to_bytes(values: Mapping[str, Any]) -> bytes:
    """Write values as JSON."""
    try:
        return to_json(values)  # three times as fast as the standard library
    except PydanticSerializationError:  # a lone surrogate
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def answer_json(answer: Answer, fields: Collection[str], *, hides: bool) -> dict[str, Any]:
    """Return an answer with some fields of its articles.

    ``hides``: whether it is for someone who sees a part of the articles alone. Other spellings are left out then: they
    are words of any article.
    """
    parts = frozenset(answer.query.parts)
    if answer.query.explain:
        parts |= {Part.EXPLANATIONS}
    shown = fields if Part.ARTICLES in parts else ()
    return {
        "generation": answer.generation,
        "query": answer.query.text,
        "mode": str(answer.query.mode),
        "reading": asdict(answer.reading),
        "total": answer.total,
        "total_of": answer.total_of,
        "next_cursor": answer.next_cursor,
        "notes": list(answer.notes),
        "suggestions": [] if hides else list(answer.suggestions),
        "facets": facets_json(answer.facets),
        "results": [_result_json(result, shown, parts) for result in answer.results],
        **({"nearest": _result_json(answer.nearest, shown, parts)} if answer.nearest else {}),
    }


def facets_json(facets: Mapping[str, tuple[FacetCount, ...]]) -> dict[str, list[dict[str, Any]]]:
    """Return counts by field and value."""
    return {
        name: [{"value": count.value, "articles": count.articles} for count in counts]
        for name, counts in facets.items()
    }


def article_json(article: Article, fields: Collection[str]) -> dict[str, Any]:
    """Return an article's id and some of its fields."""
    return {"id": article.id} | {name: _FIELDS[name](article) for name in _FIELDS if name in fields}


def chunk_json(chunk: Chunk) -> dict[str, Any]:
    """Return a chunk."""
    return {"id": chunk.id, "start": chunk.start, "end": chunk.end, "heading": chunk.heading, "text": chunk.text}


def info_json(info: IndexInfo) -> dict[str, Any]:
    """Return what an index is made of, without where it lies."""
    return {
        "chunks": info.chunks,
        "vectors": info.vectors,
        "encoder": info.encoder,
        "created": _moment(info.created),
        "first_published": _moment(info.first_published),
        "last_published": _moment(info.last_published),
        "languages": dict(info.languages),
    }


def _moment(moment: datetime | None) -> str | None:
    """Write a moment by its own clock as ISO 8601; a midnight of UTC is a day without a time."""
    if moment is None:
        return None
    day = moment.tzinfo == UTC and moment.time() == datetime.min.time()
    return moment.date().isoformat() if day else moment.isoformat().replace("+00:00", "Z")


def _finite(value: FieldValue) -> FieldValue | None:
    return None if isinstance(value, float) and not isfinite(value) else value


_FIELDS: dict[str, Callable[[Article], Any]] = {
    "title": lambda article: article.title,
    "url": lambda article: article.url,
    "source": lambda article: article.source,
    "authors": lambda article: list(article.authors),
    "published": lambda article: _moment(article.published_local),
    "updated": lambda article: _moment(article.updated),
    "language": lambda article: article.language,
    "tags": lambda article: list(article.tags),
    "fields": lambda article: {name: _finite(value) for name, value in article.fields.items()},
    "sections": lambda article: [asdict(section) for section in article.sections],
    "text": lambda article: article.text,
}


_OF_CHUNKS = frozenset((Part.CHUNKS, Part.SNIPPETS))


def _result_json(result: Result, fields: Collection[str], parts: frozenset[Part]) -> dict[str, Any]:
    explained = {
        "contributions": [asdict(contribution) for contribution in result.contributions],
        "votes": [asdict(vote) for vote in result.votes],
    }
    return {
        "rank": result.rank,
        "score": result.score,
        "confidence": result.confidence,
        "article": article_json(result.article, fields),
        "chunks": [_chunk_result_json(chunk, parts) for chunk in result.chunks] if parts & _OF_CHUNKS else [],
        **({"copy_of": result.copy_of} if result.copy_of else {}),
        **(explained if Part.EXPLANATIONS in parts else {}),
    }


def _chunk_result_json(result: ChunkResult, parts: frozenset[Part]) -> dict[str, Any]:
    snippet = result.snippet
    cut = {
        "text": snippet.text,
        "start": snippet.start,
        "end": snippet.end,
        "highlights": [list(span) for span in snippet.highlights],
    }
    explained = {"contributions": [asdict(contribution) for contribution in result.contributions]}
    return {
        **chunk_json(result.chunk),
        "score": result.score,
        **({"snippet": cut} if Part.SNIPPETS in parts else {}),
        **(explained if Part.EXPLANATIONS in parts else {}),
    }
