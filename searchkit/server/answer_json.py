"""Answers as JSON: what a search, an article or an index gives, in the members that ``response_models.py`` names."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from searchkit.answer import Answer, Result, article_dict, iso
from searchkit.types import Article, IndexInfo, Part

_UNSHOWN = ("k", "sort", "took_s")
"""What whoever asks knows, and what differs each time."""


def to_bytes(values: Mapping[str, Any]) -> bytes:
    """Write values as JSON."""
    try:
        return to_json(values)  # three times as fast as the standard library
    except PydanticSerializationError:  # a lone surrogate
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def answer_json(answer: Answer, fields: Collection[str], *, hides: bool) -> dict[str, Any]:
    """Return an answer with some fields of its articles.

    ``hides``: whether it is for someone who sees a part of the articles alone. Other spellings are left out then: they
    are words of any article; and so is what the confidence is read from, which is of the best of all.
    """
    values = answer.to_dict()
    for name in _UNSHOWN:
        del values[name]
    if hides:
        values["suggestions"] = []
        values.pop("confidence_terms", None)
    parts = frozenset(answer.query.parts) | ({Part.EXPLANATIONS} if answer.query.explain else frozenset())
    shown = [(answer.results[number], result) for number, result in enumerate(values["results"])]
    if answer.nearest is not None:
        shown.append((answer.nearest, values["nearest"]))
    for result, plain in shown:
        _choose(result, plain, fields if Part.ARTICLES in parts else (), parts)
    return values


def article_json(article: Article, fields: Collection[str]) -> dict[str, Any]:
    """Return an article's id and some of its fields."""
    values = {name: value for name, value in article_dict(article).items() if name == "id" or name in fields}
    if "sections" in fields:
        values["sections"] = [asdict(section) for section in article.sections]
    if "text" in fields:
        values["text"] = article.text
    return values


def facets_json(answer: Answer) -> dict[str, list[dict[str, Any]]]:
    """Return an answer's counts by field and value."""
    return {name: [asdict(count) for count in counts] for name, counts in answer.facets.items()}


def info_json(info: IndexInfo) -> dict[str, Any]:
    """Return what an index is made of, without where it lies."""
    return {
        "chunks": info.chunks,
        "vectors": info.vectors,
        "encoder": info.encoder,
        "created": iso(info.created),
        "first_published": iso(info.first_published),
        "last_published": iso(info.last_published),
        "languages": dict(info.languages),
    }


def _choose(result: Result, plain: dict[str, Any], fields: Collection[str], parts: frozenset[Part]) -> None:
    """Leave of a result's plain values what was asked for."""
    plain["article"] = article_json(result.article, fields)
    if Part.EXPLANATIONS not in parts:
        plain.pop("contributions", None)
    for chunk in plain["chunks"]:
        if Part.EXPLANATIONS not in parts:
            chunk.pop("contributions", None)
        if Part.SNIPPETS not in parts:
            chunk.pop("snippet", None)
