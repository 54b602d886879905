"""Here is the value of a filter as somebody typed it; is it a range, or a value as it stands?"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from searchkit.errors import QueryError
from searchkit.index.keyword.expression import UnreadableError
from searchkit.index.keyword.tree import Filter

_RANGE = re.compile(
    r"[\[{]\s*(?P<low>.*?)\s*(?:(?<![^\s\[{])TO(?![^\s\]}])|\.\.)\s*(?P<high>.*?)\s*[\]}]", re.IGNORECASE | re.DOTALL
)
_LIMIT = re.compile(r"(?P<sign>>=|=>|<=|=<|>|<)(?P<value>.+)", re.DOTALL)
_SPAN = re.compile(r"(?P<low>[\d:T+Z\-]*)\.\.(?P<high>[\d:T+Z\-]*)")


def read_filter(name: str, value: str) -> Filter:
    """Read a filter's value: ``[a TO b]`` (``{``, ``}``: without the bound), ``>a``, ``<=b``, ``a..b`` or as it is.

    What the values mean is left to whoever knows the field; that those of ``published`` are dates is seen here. Raises
    ``UnreadableError`` for brackets without a range, or what is no date.
    """
    condition = _read(name, value)
    if name == "published":
        for text in (*condition.values, condition.low, condition.high):
            _check_date(text)
    return condition


def _check_date(text: str | None) -> None:
    if text is None:
        return
    from searchkit.ingest import parse_when

    try:
        parse_when(text, now=datetime.now(UTC), end=False)
    except QueryError as error:
        raise UnreadableError(f"'{text[:40]}' is no date") from error


def _read(name: str, value: str) -> Filter:
    if value.startswith(("[", "{")):
        found = _RANGE.fullmatch(value)
        if found is None:
            shown = value if len(value) <= 40 else value[:40] + "…"
            raise UnreadableError(f"'{name}:{shown}' is no range, which is written [2025-01-01 TO 2025-06-30]")
        return Filter(
            field=name,
            low=_limit(found["low"]),
            high=_limit(found["high"]),
            includes_low=value[0] == "[",
            includes_high=value[-1] == "]",
        )
    if value.startswith('"'):
        return Filter(field=name, values=(value.strip('"').strip(),))
    if limit := _LIMIT.fullmatch(value):
        includes = "=" in limit["sign"]
        if ">" in limit["sign"]:
            return Filter(field=name, low=limit["value"], includes_low=includes)
        return Filter(field=name, high=limit["value"], includes_high=includes)
    if (span := _SPAN.fullmatch(value)) and len(value) > 2:
        return Filter(field=name, low=span["low"] or None, high=span["high"] or None)
    return Filter(field=name, values=(value,))


def _limit(text: str) -> str | None:
    bare = text.strip("\"' ")
    return None if bare in ("", "*") else bare
