"""Here is what a caller typed; which query is it, and which settings hold? Reads and checks what a search is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from numbers import Integral, Real
from typing import Any

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.index.generation import Generation
from searchkit.index.search_settings import check_settings
from searchkit.types import Bound, Mode, Query, SpanBound, Syntax, Where

Value = str | float | bool | date
"""What a field's value can be given as; numbers and truth values of numpy too."""
Values = Value | Iterable[Value] | None
"""A value, or several in a list, tuple, set, array or generator, of which any may hold; None: not filtered."""
When = str | date | datetime | None
Now = Callable[[], datetime]
"""Tells the time by the asker's clock."""

K_LIMIT = 1_000_000
_HUGE = 10**300
"""Numbers from which on Python makes no float, and soon no text."""

TEXT_LIMIT = 200_000
"""Characters of a query: 10,000 words are 60,000. Every one is looked at before the first answer."""


def make_query(
    text: str,
    *,
    k: int,
    mode: Mode | str,
    since: When,
    until: When,
    source: Values,
    language: Values,
    tag: Values,
    author: Values,
    fields: Mapping[str, Values] | None,
    facets: str | Iterable[str],
    rerank: bool,
    min_confidence: float,
    suggest_values: bool,
    now: Now,
    syntax: Syntax | str = Syntax.AUTO,
    explain: bool = False,
) -> Query:
    """Make a query of the arguments of ``Searcher.search``; ``now`` is asked where words such as "today" are read.

    Raises ``QueryError`` naming what can't be understood.
    """
    where = Where(
        since=_bound("since", since, now, end=False),
        until=_bound("until", until, now, end=True),
        sources=_values("source", source),
        languages=_values("language", language),
        tags=_values("tag", tag),
        authors=_values("author", author),
        fields=_fields(fields),
    )
    query = Query(
        text=text,
        mode=_mode(mode),
        k=k,
        where=where,
        facets=_facets(facets),
        rerank=rerank,
        min_confidence=min_confidence,
        suggest_values=suggest_values,
        syntax=_syntax(syntax),
        explain=explain,
    )
    check_query(query)
    return query


def settings_for(generation: Generation, config: SearchConfig | None) -> SearchConfig:
    """Return the settings that hold: the caller's, or else those that the generation names, or else the defaults.

    Raises ``ConfigError`` where the caller's were chosen for vectors of another encoder.
    """
    if config is None:
        return generation.settings
    check_settings(config.made_for, generation.manifest, generation.paths.root)
    return config


def check_query(query: Query) -> None:
    """Refuse a query that asks for nothing. Raises ``QueryError``."""
    if not isinstance(query.text, str):
        raise QueryError(f"The query is a {type(query.text).__name__}.", hint="Give it as text.")
    if len(query.text) > TEXT_LIMIT:
        raise QueryError(
            f"The query has {len(query.text):,} characters.", hint=f"Ask in at most {TEXT_LIMIT:,}: a few words do."
        )
    if not query.text.strip():
        raise QueryError("The query is empty.", hint="Say what to look for, as words or as a question.")
    if not isinstance(query.k, int) or not 1 <= query.k <= K_LIMIT:
        raise QueryError(f"k is {_cut(query.k)}.", hint=f"Ask for 1 to {K_LIMIT:,} results.")
    if not isinstance(query.min_confidence, Real) or not 0 <= query.min_confidence <= 1:
        raise QueryError(
            f"min_confidence is {_cut(query.min_confidence)}.", hint="Ask for 0 to 1: 0.5 is as likely as not."
        )
    _facets(query.facets)
    _check_span(query.where)


_WEST, _EAST = timedelta(hours=12), timedelta(hours=14)
"""How far clocks are behind and ahead of UTC: a day begins first in Kiritimati and ends last west of Hawaii."""


def _check_span(where: Where) -> None:
    """Refuse bounds that no article can lie between, and instants of no zone. Raises ``QueryError``."""
    since, until = _plain(where.since), _plain(where.until)
    for name, bound in (("since", since), ("until", until)):
        if isinstance(bound, datetime) and bound.tzinfo is None:
            raise QueryError(f"'{name}' ({bound}) names no time zone.", hint="Give an aware datetime, or a date.")
    if since is None or until is None:
        return
    if isinstance(since, datetime) != isinstance(until, datetime):
        # A day against an instant: as far apart as their clocks may be.
        first = since if isinstance(since, datetime) else _midnight(since) - _EAST
        last = until if isinstance(until, datetime) else _midnight(until) + timedelta(days=1) + _WEST
        crossed = first > last
    else:
        crossed = since > until
    if crossed:
        raise QueryError(f"'since' ({_shown(since)}) is later than 'until' ({_shown(until)}).", hint="Swap the two.")


def _plain(bound: Bound | None) -> date | None:
    return bound.instant if isinstance(bound, SpanBound) else bound


def _midnight(day: date) -> datetime:
    # Two days from either end of time nothing is published, and sums with clocks stay in the calendar.
    day = min(max(day, date.min + timedelta(days=2)), date.max - timedelta(days=2))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _shown(bound: date) -> str:
    return bound.isoformat(timespec="minutes") if isinstance(bound, datetime) else bound.isoformat()


def _mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError as error:
        raise QueryError(f"There is no mode {_cut(mode)}.", hint=f"Choose one of: {', '.join(Mode)}.") from error


def _syntax(syntax: Syntax | str) -> Syntax:
    try:
        return Syntax(syntax)
    except ValueError as error:
        raise QueryError(f"There is no syntax {_cut(syntax)}.", hint=f"Choose one of: {', '.join(Syntax)}.") from error


def _bound(name: str, when: When, now: Now, *, end: bool) -> Bound | None:
    """Read a bound of the date: a day, or an aware instant. Raises ``QueryError``."""
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
            f"'{name}' is {_cut(when)}, which is no date.", hint="Give a date, an instant, or text such as '2025-10'."
        )
    return when


def _fields(fields: Mapping[str, Values] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if fields is None:
        return ()
    if not isinstance(fields, Mapping):
        raise QueryError(f"'fields' is {_cut(fields)}.", hint="Give a mapping: fields={'desk': ['world', 'city']}.")
    accepted_values = []
    for name, values in fields.items():
        if not isinstance(name, str):
            raise QueryError(f"{_cut(name)} names no field.", hint="Give the names of fields as text.")
        if name == "published":
            raise QueryError("'published' is no field to give values for.", hint="Give 'since' and 'until'.")
        if (accepted := _values(name, values)) is not None:
            accepted_values.append((name, accepted))
    return tuple(accepted_values)


def _facets(facets: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of the fields to count. Raises ``QueryError``."""
    if isinstance(facets, str):
        return (facets,)
    if isinstance(facets, Mapping | bytes | bytearray) or not isinstance(facets, Iterable):
        raise QueryError(f"'facets' is {_cut(facets)}.", hint="Give names of fields: facets=['source', 'tag'].")
    names = tuple(facets)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{_cut(name)} names no field to count.", hint="Give names as text: facets=['source'].")
    return names


def _values(name: str, values: Values) -> tuple[str, ...] | None:
    """Return the accepted values of a field as text; None where it isn't filtered. Raises ``QueryError``."""
    if values is None:
        return None
    unboxed = _unboxed(values)
    if isinstance(unboxed, str | bool | Real | date):
        return (_value(name, unboxed),)
    if isinstance(unboxed, Mapping | bytes | bytearray) or not isinstance(unboxed, Iterable):
        raise QueryError(
            f"The filter '{name}' is {_cut(unboxed)}.", hint="Give text, a number, a date, or a list of such."
        )
    return tuple(dict.fromkeys(_value(name, value) for value in unboxed))


def _value(name: str, value: object) -> str:
    value = _unboxed(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        if abs(int(value)) >= _HUGE:
            raise QueryError(f"The filter '{name}' is a number of too many digits.", hint="Give it as text.")
        return str(int(value))
    if isinstance(value, Real) and _is_finite(value):
        return str(float(value))
    if isinstance(value, date):
        return value.isoformat()
    raise QueryError(
        f"The filter '{name}' can't accept {_cut(value)}.",
        hint="Give text, numbers, dates, True or False; None in the place of the whole filter is no filter.",
    )


def _is_finite(value: Real) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a fraction that no float holds
        return False


def _unboxed(value: object) -> object:
    """Return a number, truth value or list out of numpy's or a data frame's; anything else as it is."""
    array: Any = value
    return array.tolist() if hasattr(value, "tolist") and hasattr(value, "dtype") else value


def _cut(value: object) -> str:
    try:
        shown = repr(value)
    except Exception:  # a caller's own object; or an integer of more digits than Python shows
        shown = f"a {type(value).__name__} that can't be shown"
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
