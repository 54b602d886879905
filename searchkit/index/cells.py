"""Here are an article's cells in SQLite; which article do they hold? Each is checked: anybody may have made it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from searchkit.types import Article, FieldValue, Section

COLUMNS = "id, title, text, url, source, authors, published, updated, language, tags, fields, sections"
KINDS = "tttTTtTTTttt"
"""What each column holds, as ``right_kinds`` reads it."""


def json_of(value: object) -> str:
    """Write what a column holds as JSON."""
    return json.dumps(value, ensure_ascii=False)


def text_of(instant: datetime | None) -> str | None:
    """Write an instant, as ISO 8601."""
    return None if instant is None else instant.isoformat()


def instant_of(text: str | None) -> datetime | None:
    """Read an instant. Raises ``ValueError`` where it is none, or not in UTC."""
    instant = None if text is None else datetime.fromisoformat(text)
    if instant is not None and instant.utcoffset() != timedelta():
        raise ValueError(f"{text} isn't an instant in UTC")
    return instant


def article_of(cells: tuple[Any, ...]) -> Article:
    """Read ``COLUMNS``, whose ``KINDS`` are right.

    Raises ``ValueError``, ``TypeError``, ``AttributeError`` or ``RecursionError`` where they hold no article.
    """
    id_, title, text, url, source, authors, published, updated, language, tags, fields, sections = cells
    return Article(
        id=id_,
        title=title,
        text=text,
        url=url,
        source=source,
        authors=_texts(authors),
        published=instant_of(published),
        updated=instant_of(updated),
        language=language,
        tags=_texts(tags),
        fields={} if fields == "{}" else {name: _value(value) for name, value in json.loads(fields).items()},
        sections=() if sections == "[]" else tuple(_section(**section) for section in json.loads(sections)),
    )


def _texts(written: str) -> tuple[str, ...]:
    if written == "[]":
        return ()
    values = json.loads(written)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("what should be a list of texts isn't")
    return tuple(values)


def _value(value: Any) -> FieldValue:
    if not all(isinstance(one, str | int | float) for one in (value if isinstance(value, list) else [value])):
        raise ValueError("a field is neither text nor number")
    return tuple(value) if isinstance(value, list) else value


def _section(heading: str, start: int, end: int) -> Section:
    if not (isinstance(heading, str) and isinstance(start, int) and isinstance(end, int) and 0 <= start <= end):
        raise ValueError("a section lies nowhere")
    return Section(heading=heading, start=start, end=end)
