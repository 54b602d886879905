"""Entry messages: articles, problems and what parsers return, as JSON values for a pipe, and back.

A plain value is itself; anything else is a list that begins with its kind: ``["tuple", …]``, ``["date", text]``,
``["Article", [name, value], …]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.types import Article, Origin, Problem, Section

_RECORDS = {record.__name__: record for record in (Article, Origin, ParsedArticle, Problem, Section)}


def packed(value: object) -> Any:
    """Return a value as JSON has it. Raises ``TypeError`` for one that a message can't hold."""
    match value:
        case None | str() | bool() | int() | float():
            return value
        case list() | tuple():
            return [type(value).__name__, *map(packed, value)]
        case Mapping():
            return ["dict", *([packed(key), packed(inner)] for key, inner in value.items())]
        case datetime():
            return ["datetime", value.isoformat()]
        case date():
            return ["date", value.isoformat()]
    if is_dataclass(value) and _RECORDS.get(type(value).__name__) is type(value):
        return [type(value).__name__, *([each.name, packed(getattr(value, each.name))] for each in fields(value))]
    raise TypeError(f"a {type(value).__name__} in a message")


def unpacked(value: Any) -> Any:
    """Return the value that ``packed`` was given."""
    if not isinstance(value, list):
        return value
    kind, *parts = value
    match kind:
        case "list":
            return [unpacked(part) for part in parts]
        case "tuple":
            return tuple(unpacked(part) for part in parts)
        case "dict":
            return {unpacked(key): unpacked(inner) for key, inner in parts}
        case "datetime":
            return datetime.fromisoformat(parts[0])
        case "date":
            return date.fromisoformat(parts[0])
    return _RECORDS[kind](**{name: unpacked(inner) for name, inner in parts})
