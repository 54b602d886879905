"""Here are an article's cells in SQLite; which article do they hold? Each is checked: anybody may have made it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

from searchkit.ingest.language_detection import normalise
from searchkit.keyword.analysis.normalization import fold
from searchkit.types import Article, FieldValue, Origin, Section

COLUMNS = "id, title, text, url, source, authors, published, updated, language, tags, fields, sections"
KINDS = "tttTTtTTTttt"
"""What each column holds, as ``right_kinds`` reads it."""


def json_of(value: object) -> str:
    """Write what a column holds as JSON."""
    return json.dumps(value, ensure_ascii=False)


_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4})?", re.ASCII)
"""A number, which 007 and 1.2.3 aren't."""

_BLANKS = re.compile(r"\s+")

_LONGEST_NUMBER = 40
"""Characters of a number that is compared as one; longer ones are names."""

_PLAIN_EXPONENTS = range(-30, 31)
"""Powers of ten that are written out, so that ``CAST(value AS REAL)`` reads digits alone."""


def label_key(name: str, value: str) -> str:
    """Return that by which a field's values compare: equal for values that are the same to a reader.

    Folded as words are (case, width, diacritics, NFC and NFD), blanks at the ends off and runs of them one blank;
    numbers as numbers (2.0 and 2, 4.50 and 4.5, 1e-05 and 0.00001); languages by their base (en-GB and en).
    """
    if name == "language":
        return _language_key(value)
    return _key(value)


def folded_piece(text: str) -> str:
    """Return a part of a value as it stands in the value's key: blanks at its ends are blanks of the value."""
    return _BLANKS.sub(" ", fold(text))


@lru_cache(maxsize=1 << 16)
def _key(value: str) -> str:
    text = " ".join(fold(value).split())
    if not text or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    if not number:
        return "0"
    number = number.normalize()
    return format(number, "f") if number.adjusted() in _PLAIN_EXPONENTS else str(number).lower()


@lru_cache(maxsize=1 << 10)
def _language_key(value: str) -> str:
    return normalise(value) or _key(value).replace("_", "-").split("-")[0]


def text_of(instant: datetime | None, offset_s: int = 0) -> str | None:
    """Write an instant, as ISO 8601, by a clock that is so many seconds ahead of UTC."""
    if instant is None:
        return None
    return instant.astimezone(timezone(timedelta(seconds=offset_s)) if offset_s else UTC).isoformat()


def instant_of(text: str | None) -> datetime | None:
    """Read an instant, by the clock it was written by. Raises ``ValueError`` where it is none, or names no zone."""
    instant = None if text is None else datetime.fromisoformat(text)
    if instant is not None and instant.utcoffset() is None:
        raise ValueError(f"{text} names no zone")
    return instant


def offset_of(instant: datetime | None) -> int:
    """Return by how many seconds the clock of an aware instant is ahead of UTC; 0 where there is none."""
    offset = None if instant is None else instant.utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def article_of(cells: tuple[Any, ...], origin: Origin | None = None) -> Article:
    """Read ``COLUMNS``, whose ``KINDS`` are right; ``origin`` stands elsewhere.

    Raises ``ValueError``, ``OverflowError``, ``TypeError``, ``AttributeError`` or ``RecursionError`` where they hold no
    article.
    """
    id_, title, text, url, source, authors, published, updated, language, tags, fields, sections = cells
    appeared, changed = instant_of(published), instant_of(updated)
    return Article(
        id=id_,
        title=title,
        text=text,
        url=url,
        source=source,
        authors=_texts(authors),
        published=None if appeared is None else appeared.astimezone(UTC),
        updated=None if changed is None else changed.astimezone(UTC),
        utc_offset_s=offset_of(appeared),
        language=language,
        tags=_texts(tags),
        fields={} if fields == "{}" else {name: _value(value) for name, value in json.loads(fields).items()},
        sections=() if sections == "[]" else tuple(_section(**section) for section in json.loads(sections)),
        origin=origin,
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
