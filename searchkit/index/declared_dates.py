"""Declared dates: conditions on fields that were declared as dates, read and met as those on ``published`` are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime

from searchkit.index.articles_db import microseconds, microseconds_of_day
from searchkit.keyword.query.filter_values import dated, dated_expression
from searchkit.types import Bound, Filter, FilterExpression, SpanBound, Where

_SLACK_DAYS = 2
"""A clock is less than a day from UTC, so that the day in a date's text is within two of any day of its instant."""

_DAY = 86_400_000_000
"""Microseconds."""


def with_dates(where: Where, names: Collection[str], now: Callable[[], datetime]) -> Where:
    """Return a filter with its conditions on some fields of dates read; ``now`` tells the time by the asker's clock.

    Raises ``QueryError`` where a value is no date.
    """
    if not names:
        return where
    expression = None if where.expression is None else dated_expression(where.expression, now, names)
    for name, values in where.fields:
        if name in names:
            own = FilterExpression(operator="is", condition=Filter(field=name, values=values))
            read = dated_expression(own, now, names)
            expression = read if expression is None else expression & read
    others = tuple((name, values) for name, values in where.fields if name not in names)
    return replace(where, fields=others, expression=expression)


def ranges_of(condition: Filter, names: Collection[str], now: Callable[[], datetime]) -> tuple[Filter, ...]:
    """Return the conditions of which any may hold for one on ``published`` or on some fields of dates to hold.

    Raises ``QueryError`` where a value is no date.
    """
    names = {*names, "published"}
    return dated(condition, now(), names) if condition.field in names else (condition,)


def is_read(condition: Filter) -> bool:
    """Say whether a condition on a field's values was read as one on dates."""
    return any(isinstance(bound, date | SpanBound) for bound in (condition.low, condition.high))


def day_limits(condition: Filter) -> tuple[str, str]:
    """Return the texts between which those of all dates lie that may meet a condition."""
    low, high = (_day_of(bound) for bound in (condition.low, condition.high))
    first = date.min if low is None else date.fromordinal(max(low.toordinal() - _SLACK_DAYS, 1))
    last = date.max if high is None else date.fromordinal(min(high.toordinal() + _SLACK_DAYS, date.max.toordinal()))
    return first.isoformat(), f"{last.isoformat()}~"  # behind all that begins with the day


def meets(text: str, condition: Filter) -> bool:
    """Say whether the date of a text, as ``typed_value`` writes it, meets a condition; what is no date never does."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    is_day = len(text) <= len("2025-06-04")
    instant = microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    own = microseconds(moment.replace(tzinfo=UTC))
    low, high = (_limits(bound, instant, own, is_day=is_day) for bound in (condition.low, condition.high))
    if low is not None and not (low[0] <= low[2] if condition.includes_low else low[1] < low[2]):
        return False
    return high is None or (high[2] <= high[1] if condition.includes_high else high[2] < high[0])


def _limits(bound: str | Bound | None, instant: int, own: int, *, is_day: bool) -> tuple[int, int, int] | None:
    """Return the first and the last microsecond of a bound, and which of a date's two times compares with them."""
    if isinstance(bound, SpanBound):
        bound = bound.day if is_day else bound.instant
    if isinstance(bound, datetime):
        at = microseconds(bound)
        return at, at, instant
    if isinstance(bound, date):
        first = microseconds_of_day(bound)
        return first, first + _DAY - 1, own
    return None


def _day_of(bound: str | Bound | None) -> date | None:
    if isinstance(bound, SpanBound):
        bound = bound.instant
    if isinstance(bound, datetime):
        return bound.date()
    return bound if isinstance(bound, date) else None
