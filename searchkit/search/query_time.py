"""Time of a query: what a caller gives as ``as_of`` and ``around``, what the question's words say, and which counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from searchkit.config import SearchConfig
from searchkit.errors import ConfigError, QueryError
from searchkit.filter_expression import shown_value
from searchkit.keyword.query.ast import filters
from searchkit.keyword.query.parser import ParsedQuery
from searchkit.keyword.query.time_expressions import may_name_time, read_time
from searchkit.types import Filter, FilterExpression, Query, QueryReading, SpanBound, TimeSpan, Where

When = str | date | datetime | None
Around = When | TimeSpan | Sequence[str | date | datetime]
Now = Callable[[], datetime]
"""Tells the time by the asker's clock."""

LATER_DAYS = 3.0
"""So many days after ``as_of`` an article still counts, where later ones are shown: news of a day is printed on the
next. Measured with the form in ``time_prior.py``."""

CALENDAR_SHARE = 0.5
"""Of the weight, where the words name a month, a day or any year: what is told of it is often published later. nDCG@10
with none, half and all of the weight (static vectors, hybrid): of digitalgov-known's summaries 13 that name a year
.895, .923, .895, 11 a month .966, .966, .939, 10 a day .900, .900, .863; of 145 questions on news with the month of
their date behind them .755, .797, .807, the day .756, .795, .804, the year .756, .768, .767. By vector, whose
order a date outdoes sooner, the square of it: on all questions of both as they stand .653 and .578 without dates, .653
and .578 with a fourth, .649 and .571 with half."""

_LONGEST_MONTH = 31
_NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTime:
    """The time that a query is of.

    ``share``: of the weight that dates have. ``later_days``: later articles than this count nothing; None: they count
    as earlier ones do. ``words``: what said so in the question; "" where a program did. ``today``: the day from which
    they count back ("last week"); None where they don't.
    """

    span: TimeSpan
    share: float = 1.0
    later_days: float | None = None
    words: str = ""
    today: date | None = None


def as_of_bound(when: str | date | datetime, now: Now) -> date:
    """Read ``as_of``: the last day of a period, or an aware instant; "now" is today. Raises ``QueryError``."""
    if isinstance(when, str) and when.strip().casefold() == _NOW:
        return now().date()  # so that an answer is the same a minute later
    return _end("as_of", when, now, end=not _is_span(when, now))


def around_span(around: Around, now: Now) -> TimeSpan:
    """Read ``around``: a date, a period, or both ends of a span. Raises ``QueryError``."""
    if isinstance(around, TimeSpan):
        return around
    if isinstance(around, str) and ".." in around:
        first, _, last = around.partition("..")
        return _span(first, last, now)
    if isinstance(around, Sequence) and not isinstance(around, str):
        if len(around) != 2:
            raise QueryError(
                f"'around' has {len(around)} dates.", hint="Give one, or the first and the last of a span."
            )
        return _span(around[0], around[1], now)
    return _span(around, around, now)


def _span(first: When, last: When, now: Now) -> TimeSpan:
    begin, end = _end("around", first, now, end=False), _end("around", last, now, end=True)
    if isinstance(begin, datetime) != isinstance(end, datetime):  # a day and an instant: by the asker's clock
        zone = now().tzinfo
        if not isinstance(begin, datetime):
            begin = datetime.combine(begin, time.min, zone)
        if not isinstance(end, datetime):
            end = datetime.combine(end, time.max, zone)
    return TimeSpan(first=begin, last=end)


def _is_span(when: object, now: Now) -> bool:
    """Say whether a text is a span back from now ("24h"): as of it means where it begins."""
    from searchkit.ingest.dates import parse_bound

    return isinstance(when, str) and isinstance(parse_bound(when, now=now(), end=False), SpanBound)


def _end(name: str, when: When, now: Now, *, end: bool) -> date:
    bound = bound_of(name, when, now, end=end)
    if bound is None:
        raise QueryError(f"'{name}' names no time.", hint="Give a date, an instant, or text such as '2025-10'.")
    return bound.instant if isinstance(bound, SpanBound) else bound


def bound_of(name: str, when: When, now: Now, *, end: bool) -> date | SpanBound | None:
    """Read a bound of a date: a day, or an aware instant. Raises ``QueryError``."""
    if when is None:
        return None
    if isinstance(when, str):
        from searchkit.ingest.dates import parse_bound

        return parse_bound(when, now=now(), end=end)
    if not isinstance(when, date) and hasattr(when, "item"):  # numpy's datetime64
        when = when.item()
    if isinstance(when, datetime):
        return when.replace(tzinfo=now().tzinfo) if when.tzinfo is None else when
    if not isinstance(when, date):
        raise QueryError(
            f"'{name}' is {shown_value(when)}, which is no date.",
            hint="Give a date, an instant, or text such as '2025-10'.",
        )
    return when


def check_time(query: Query) -> None:
    """Refuse what is no time. Raises ``QueryError``."""
    if query.recency is not None and not isinstance(query.recency, bool):
        raise QueryError(f"recency is {shown_value(query.recency)}.", hint="Give True, False, or nothing.")
    if query.include_later and query.as_of is None:
        raise QueryError("include_later says what as_of leaves out, and there is no as_of.", hint="Give as_of, too.")
    ends = [("as_of", query.as_of)] if query.as_of is not None else []
    if (around := query.around) is not None:
        if not isinstance(around, TimeSpan):
            raise QueryError(f"'around' is {shown_value(around)}.", hint="Give a TimeSpan, or ask through 'search'.")
        ends += [("around", around.first), ("around", around.last)]
    for name, end in ends:
        if not isinstance(end, date):
            raise QueryError(f"'{name}' is {shown_value(end)}, which is no date.", hint="Give a date or an instant.")
        if isinstance(end, datetime) and end.tzinfo is None:
            raise QueryError(f"'{name}' ({end}) names no time zone.", hint="Give an aware datetime, or a date.")
    if around is not None:
        if isinstance(around.first, datetime) != isinstance(around.last, datetime):
            raise QueryError("'around' is of a day and an instant.", hint="Give two days, or two aware datetimes.")
        if around.first > around.last:
            raise QueryError(f"'around' ({around}) ends before it begins.", hint="Swap the two.")


def where_at(query: Query) -> Where:
    """Return a query's filter, with the one that later articles than ``as_of`` don't pass; those without a date do."""
    if query.as_of is None or query.include_later:
        return query.where
    later = Filter(field="published", low=query.as_of, includes_low=False)
    earlier = ~FilterExpression(operator="is", condition=later)
    own = query.where.expression
    return replace(query.where, expression=earlier if own is None else own & earlier)


def asked_time(query: Query, parsed: ParsedQuery, config: SearchConfig, now: Now) -> QueryTime | None:
    """Return the time that a query is of; None where dates don't count. Raises ``ConfigError``: they can't.

    The first that there is: ``around``, ``as_of``, what the words say, today where ``recency`` is asked for.
    """
    if query.recency is False:
        return None
    time_ = _stated_time(query, now) or _worded_time(query, parsed, now) or (_today(now) if query.recency else None)
    if time_ is None or config.fusion == "sum":
        return time_
    if time_.words and not query.recency:
        return None
    raise ConfigError(
        f"Dates can't count beside fusion '{config.fusion}'.", hint="Leave it at 'sum', or dates out: recency=False."
    )


def _stated_time(query: Query, now: Now) -> QueryTime | None:
    if query.around is not None:
        return QueryTime(span=query.around)
    if query.as_of is None:
        return None
    return QueryTime(span=TimeSpan(first=query.as_of, last=query.as_of), later_days=LATER_DAYS)


def _worded_time(query: Query, parsed: ParsedQuery, now: Now) -> QueryTime | None:
    """Return what the words say; None where a filter names a date: that is the time then."""
    text = parsed.text
    if not may_name_time(text) or _is_date_filtered(query.where, parsed):
        return None
    at = now()
    reading = read_time(text, at)
    if reading is None:
        return None
    of_a_year = (reading.span.last - reading.span.first).days > _LONGEST_MONTH
    return QueryTime(
        span=reading.span,
        share=CALENDAR_SHARE if reading.calendar or of_a_year else 1.0,
        later_days=LATER_DAYS if reading.recent else None,
        words=reading.words,
        today=None if reading.calendar else at.date(),
    )


def until_newest(time_: QueryTime, newest_day: int | None) -> QueryTime:
    """Return a time whose words ask for what is new, which counts from the newest article where that is older."""
    if newest_day is None or not time_.words or time_.later_days is None:
        return time_
    newest = date(1970, 1, 1) + timedelta(days=newest_day)
    last = time_.span.last
    if newest >= (last.date() if isinstance(last, datetime) else last):
        return time_
    return replace(time_, span=TimeSpan(first=newest, last=newest))


def _is_date_filtered(where: Where, parsed: ParsedQuery) -> bool:
    conditions = () if where.expression is None else tuple(where.expression.conditions())
    if not parsed.plain:
        conditions += tuple(filters(parsed.tree))
    named = any(condition.field == "published" for condition in conditions)
    return named or not where.since is where.until is None


def _today(now: Now) -> QueryTime:
    day = now().date()
    return QueryTime(span=TimeSpan(first=day, last=day), later_days=LATER_DAYS)


def timed_reading(reading: QueryReading, time_: QueryTime | None) -> QueryReading:
    """Return what a query was read as, with the time that its words say."""
    if time_ is None or not time_.words:
        return reading
    return replace(reading, time=f"{time_.span} (“{time_.words}”)")
