"""Filter values as they are typed: ranges, wildcards and dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from searchkit.errors import QueryError
from searchkit.keyword.query.syntax_nodes import UnreadableError
from searchkit.types import Bound, Filter, FilterExpression, ValuePattern

_RANGE = re.compile(
    r"[\[{]\s*(?P<low>.*?)\s*(?:(?<![^\s\[{])TO(?![^\s\]}])|\.\.)\s*(?P<high>.*?)\s*[\]}]", re.IGNORECASE | re.DOTALL
)
_LIMIT = re.compile(r"(?P<sign>>=|=>|<=|=<|>|<)(?P<value>.*)", re.DOTALL)
_SPAN = re.compile(r"(?P<low>[\d:T+Z\-]*)\.\.(?P<high>[\d:T+Z\-]*)")
_ESCAPED = re.compile(r"\\([\"\\])")
_DATES = frozenset({"published"})
"""Fields of dates of every article; others are declared."""


def read_filter(name: str, value: str) -> Filter:
    r"""Read a filter's value: ``[a TO b]`` (``{``, ``}``: without the bound), ``>a``, ``<=b``, ``a..b`` or as it is.

    ``*`` in a value stands for any run of characters. Between quotation marks it is a value whatever is in it, where
    ``\"`` is a quotation mark and ``\\`` a backslash. What the values mean is left to whoever knows the field; that
    those of ``published`` are dates is seen here. Raises ``UnreadableError`` for brackets without a range, or what is
    no date.
    """
    condition = _read(name, value)
    if name == "published":
        if condition.values == (ValuePattern(text="*"),):
            return Filter(field=name)
        for bound in (*(condition.values or ()), condition.low, condition.high):
            _check_date(bound)
    return condition


def dated(condition: Filter, now: datetime, names: Collection[str] = _DATES) -> tuple[Filter, ...]:
    """Return a condition on a field of dates with its bounds read, by an aware ``now``: ranges of which any may hold.

    A period means its beginning as a lower bound, its end as an upper one. Conditions on other fields than ``names``
    stay as they are, and so do patterns, but for those of ``published``. Raises ``QueryError`` where a bound is no
    date.
    """
    if condition.field not in names:
        return (condition,)
    if condition.values is not None:
        return tuple(_dated_value(condition, value, now) for value in condition.values)
    return (
        replace(
            condition,
            low=_bound(condition.low, now, end=not condition.includes_low),
            high=_bound(condition.high, now, end=condition.includes_high),
        ),
    )


def _dated_value(condition: Filter, value: str | ValuePattern, now: datetime) -> Filter:
    if isinstance(value, ValuePattern) and condition.field not in _DATES:
        return replace(condition, values=(value,))
    text = _text(value)
    return replace(condition, values=None, low=_bound(text, now, end=False), high=_bound(text, now, end=True))


def dated_expression(
    expression: FilterExpression, now: Callable[[], datetime], names: Collection[str] = _DATES
) -> FilterExpression:
    """Return an expression with its dates read, as ``dated`` does; ``now`` tells the time by the asker's clock."""
    condition = expression.condition
    if condition is None:
        operands = tuple(dated_expression(operand, now, names) for operand in expression.operands)
        return replace(expression, operands=operands)
    if condition.field not in names:
        return expression
    at = now()
    local = replace(condition, low=_local(condition.low, at), high=_local(condition.high, at))
    ranges = tuple(FilterExpression(operator="is", condition=each) for each in dated(local, at, names))
    return ranges[0] if len(ranges) == 1 else FilterExpression(operator="or", operands=ranges)


def _local(bound: str | Bound | None, now: datetime) -> str | Bound | None:
    """Return a bound; an instant of no zone is one by the asker's clock."""
    return bound.replace(tzinfo=now.tzinfo) if isinstance(bound, datetime) and bound.tzinfo is None else bound


def _bound(bound: str | Bound | None, now: datetime, *, end: bool) -> Bound | None:
    if not isinstance(bound, str):
        return bound
    from searchkit.ingest.dates import parse_bound

    return parse_bound(bound, now=now, end=end)


def _text(value: str | ValuePattern) -> str:
    return value if isinstance(value, str) else value.text


def _check_date(bound: str | Bound | ValuePattern | None) -> None:
    if not isinstance(bound, str | ValuePattern):
        return
    text = _text(bound)
    try:
        _bound(text, datetime.now(UTC), end=False)
    except QueryError as error:
        raise UnreadableError(f"'{text[:40]}' is no date") from error


def _read(name: str, value: str) -> Filter:
    if value.startswith(("[", "{")):
        match = _RANGE.fullmatch(value)
        if match is None:
            shown = value if len(value) <= 40 else value[:40] + "…"
            raise UnreadableError(f"'{name}:{shown}' is no range, which is written [2025-01-01 TO 2025-06-30]")
        return Filter(
            field=name,
            low=_limit(match["low"]),
            high=_limit(match["high"]),
            includes_low=value[0] == "[",
            includes_high=value[-1] == "]",
        )
    if value.startswith('"'):
        inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
        return Filter(field=name, values=(_ESCAPED.sub(r"\1", inner).strip(),))
    if limit := _LIMIT.fullmatch(value):
        bound = _limit(limit["value"])
        if bound is None:
            raise UnreadableError(f"'{name}:{limit['sign']}' is compared with nothing")
        includes = "=" in limit["sign"]
        if ">" in limit["sign"]:
            return Filter(field=name, low=bound, includes_low=includes)
        return Filter(field=name, high=bound, includes_high=includes)
    if (span := _SPAN.fullmatch(value)) and len(value) > 2:
        return Filter(field=name, low=span["low"] or None, high=span["high"] or None)
    return Filter(field=name, values=(ValuePattern(text=value) if "*" in value and "://" not in value else value,))


def _limit(text: str) -> str | None:
    bare = text.strip("\"' ")
    return None if bare in ("", "*") else bare
