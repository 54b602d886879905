"""Typed values: an article's value as a declared field has it, out of what files and programs write."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from math import isfinite

from searchkit.field_config import FieldConfig, FieldValue, Value
from searchkit.ingest.dates import has_two_readings, parse_dated

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(
    r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+|,\d{3}(?:,\d{3})+|\.\d{3}(?:\.\d{3})+)", re.ASCII
)
"""A number whose signs can be read in one way: 1,250.75 and 1.250,75, and 1,250,000."""

_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
"""A number with one comma, which stands before thousands or before a part of one."""

_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_BETWEEN = re.compile("[;|]")
"""What stands between the values of a list in one text, as in a cell of a CSV file."""

_SHOWN = 60
"""Characters of a value that a problem shows."""


def typed_value(config: FieldConfig, value: object, *, day_first: bool | None = None) -> FieldValue | None:
    """Return a value as a field has it; None where there is none. Raises ``ValueError`` that says what it is.

    ``day_first``: how ``03/04/2025`` is read, as ``parse_dated`` has it.
    """
    if config.is_list:
        kept = (_typed(item, config.single_type, day_first) for item in _items(config, value))
        return tuple(item for item in kept if item is not None) or None
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, list | tuple):
        raise ValueError(f"has {len(value)} values, and {config.type} takes one: make it 'list[{config.type}]'")
    return _typed(value, config.single_type, day_first)


def is_open_date(config: FieldConfig, value: object) -> bool:
    """Say whether a value of a field of dates may have the day or the month first: ``03/04/2025``."""
    return config.single_type == "date" and any(has_two_readings(item) for item in _items(config, value))


def _items(config: FieldConfig, value: object) -> tuple[object, ...]:
    """Return the values that one may stand for; words hold signs of their own, so text isn't parted."""
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value)
    if config.is_list and isinstance(value, str) and not config.is_text:
        return tuple(part.strip() for part in _BETWEEN.split(value))
    return (value,)


def _typed(value: object, kind: str, day_first: bool | None) -> Value | None:
    """Return a value of a type; None for an empty one. Raises ``ValueError`` with what is wrong, as "is … "."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind in ("text", "keyword"):
        return _words(value)
    text = value.strip() if isinstance(value, str) else value
    if kind == "boolean":
        return _truth(text)
    if kind == "date":
        return _day(text, day_first)
    return _number(text, whole=kind == "integer")


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(f"is {_shown(value)}, which is no text")


def _truth(value: object) -> bool:
    name = str(value).lower() if isinstance(value, str | int) else ""
    if name in _YES or name in _NO:
        return name in _YES
    raise ValueError(f"is {_shown(value)}, which is neither true nor false")


def _day(value: object, day_first: bool | None) -> str:
    """Return a date as ISO 8601 has it: a day, or an instant where a time is named, by the clock that it names."""
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    for read in (date, datetime):
        try:
            return read.fromisoformat(str(value)).isoformat()
        except ValueError:
            continue
    moment = parse_dated(value, day_first=day_first)
    if moment is None:
        raise ValueError(f"is {_shown(value)}, which is no date such as 2025-10-21")
    is_day = moment == datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.date().isoformat() if is_day else moment.isoformat()


def _number(value: object, *, whole: bool) -> int | float:
    kind = "whole number" if whole else "number"
    if isinstance(value, str):
        plain = _without_groups(value)
        if not (_WHOLE if whole else _NUMBER).fullmatch(plain):
            hint = ": a comma may stand before thousands or decimals" if _COMMA.fullmatch(value) else ""
            raise ValueError(f"is {_shown(value)}, which is no {kind}{hint}")
        value = int(plain) if _WHOLE.fullmatch(plain) else float(plain)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"is {_shown(value)}, which is no {kind}")
    if whole and value != int(value):
        raise ValueError(f"is {_shown(value)}, which is no {kind}")
    return int(value) if whole else value


def _without_groups(text: str) -> str:
    """Return a number without the signs between its thousands, where they can be nothing else."""
    if not _GROUPED.fullmatch(text):
        return text
    last = max(text.rfind(","), text.rfind("."))
    if text.count(text[last]) > 1:
        return text.replace(text[last], "")
    return f"{text[:last].replace(',', '').replace('.', '')}.{text[last + 1 :]}"


def _shown(value: object) -> str:
    """Return a value as a problem shows it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
