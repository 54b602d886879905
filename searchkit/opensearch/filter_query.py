"""Filter compiler: filters become queries of the cluster, values as values, never as text that somebody parses.

They say of an article what ``index/filters.py`` says of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from searchkit.index.articles_db import folded_piece, label_key, microseconds, microseconds_of_day
from searchkit.index.filters import as_number
from searchkit.opensearch.documents import DAY, SEPARATOR, label, sortable
from searchkit.types import Bound, Filter, FilterExpression, SpanBound, ValuePattern, Where

Clause = dict[str, Any]
"""A query of the cluster."""

NOTHING: Clause = {"match_none": {}}
EVERYTHING: Clause = {"match_all": {}}

_TERMS_AT_ONCE = 60_000
"""Values of one clause: the cluster takes 65,536."""

_AFTER = chr(ord(SEPARATOR) + 1)


def clauses_of(where: Where) -> list[Clause]:
    """Return the queries all of which the articles meet that pass a filter."""
    clauses = [clause_of(condition) for condition in where.filters()]
    if where.expression is not None:
        clauses.append(_expression(where.expression))
    return clauses


def all_of(clauses: list[Clause]) -> Clause:
    """Return the query that is met where all of some are."""
    return clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}} if clauses else EVERYTHING


def any_of(clauses: list[Clause]) -> Clause:
    """Return the query that is met where any of some is."""
    if len(clauses) == 1:
        return clauses[0]
    return {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else NOTHING


def none_of(clause: Clause) -> Clause:
    """Return the query that is met where another isn't."""
    return {"bool": {"must_not": [clause]}}


def _expression(expression: FilterExpression) -> Clause:
    if expression.condition is not None:
        return clause_of(expression.condition)
    operands = [_expression(operand) for operand in expression.operands]
    if expression.operator == "not":
        return none_of(operands[0])
    return all_of(operands) if expression.operator == "and" else any_of(operands)


def clause_of(condition: Filter) -> Clause:
    """Return the query of one condition; the bounds of ``published`` must be dates or instants."""
    if condition.values is not None:
        return any_of(list(_values(condition.field, condition.values)))
    if condition.field == "published":
        return all_of(list(_published(condition)))
    return all_of(list(_range(condition)))


def _values(name: str, values: tuple[str | ValuePattern, ...]) -> Iterator[Clause]:
    keys = sorted({label(name, label_key(name, value)) for value in values if isinstance(value, str)})
    for first in range(0, len(keys), _TERMS_AT_ONCE):
        yield {"terms": {"labels": keys[first : first + _TERMS_AT_ONCE]}}
    for value in values:
        if isinstance(value, ValuePattern):
            yield _pattern(name, value)


def _pattern(name: str, pattern: ValuePattern) -> Clause:
    pieces = "*".join(_literal(folded_piece(piece)) for piece in pattern.text.split("*"))
    return {"wildcard": {"labels": {"value": label(_literal(name), pieces)}}}


def _literal(text: str) -> str:
    """Return a text as a wildcard query takes it for itself."""
    return "".join(f"\\{sign}" if sign in "\\*?" else sign for sign in text)


def _range(condition: Filter) -> Iterator[Clause]:
    """Yield a query for each way in which the bounds compare, as numbers or as text; both bounds of one way together.

    A field of several values needs one that lies between both.
    """
    name, sides = condition.field, {"numbers": _Span(condition.field), "labels": _Span(condition.field)}
    low, high = "gte" if condition.includes_low else "gt", "lte" if condition.includes_high else "lt"
    for sign, bound in ((low, condition.low), (high, condition.high)):
        if bound is None:
            continue
        text = str(bound).strip()
        number = as_number(text)
        if number is None:
            sides["labels"].put(sign, label(name, label_key(name, text)))
        else:
            sides["numbers"].put(sign, label(name, sortable(float(number))))
    touched = [field for field, span in sides.items() if span.is_bounded] or ["labels"]
    for field in touched:
        yield {"range": {field: sides[field].limits}}


class _Span:
    """The limits of a range among the values of a field: open ends are those of the field's own values."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._low: tuple[str, str] | None = None
        self._high: tuple[str, str] | None = None

    @property
    def is_bounded(self) -> bool:
        return self._low is not None or self._high is not None

    def put(self, sign: str, value: str) -> None:
        if sign.startswith("g"):
            self._low = sign, value
        else:
            self._high = sign, value

    @property
    def limits(self) -> dict[str, str]:
        low = self._low or ("gte", self._name + SEPARATOR)
        high = self._high or ("lt", self._name + _AFTER)
        return dict((low, high))


def _published(condition: Filter) -> Iterator[Clause]:
    """Yield queries for the bounds of a date, each by the clock that it goes by."""
    if condition.low is None and condition.high is None:
        yield {"exists": {"field": "instant"}}
    for side in (replace(condition, high=None), replace(condition, low=None)):
        bound = side.high if side.low is None else side.low
        if isinstance(bound, SpanBound):
            timed, dayed = _side(side, bound.instant), _side(side, bound.day)
            yield any_of(
                [
                    {"bool": {"filter": [timed, {"term": {"names_day": False}}]}},
                    {"bool": {"filter": [dayed, {"term": {"names_day": True}}]}},
                ]
            )
        elif bound is not None:
            yield _side(side, bound)


def _side(side: Filter, bound: str | Bound) -> Clause:
    """Return the query of one bound, which is that side's."""
    first, last, field = _at(bound)
    if side.low is not None:
        return {"range": {field: {"gte": first} if side.includes_low else {"gt": last}}}
    return {"range": {field: {"lte": last} if side.includes_high else {"lt": first}}}


def _at(bound: str | Bound) -> tuple[int, int, str]:
    """Return the first and the last microsecond of a bound, and the field that has the clock it goes by."""
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return instant, instant, "instant"
    if isinstance(bound, date):
        first = microseconds_of_day(bound)
        return first, first + DAY - 1, "clock"
    raise ValueError(f"the bound {bound!r} of a date is still to be read")
