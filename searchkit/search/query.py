"""Query and settings of one search, read from what a caller gives and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from numbers import Real
from typing import TYPE_CHECKING

from searchkit.config import SearchConfig, checked_boosts
from searchkit.errors import ConfigError, QueryError
from searchkit.filter_expression import (
    Conditions,
    Values,
    accepted_values,
    check_depth,
    filter_expression,
    shown_value,
)
from searchkit.index.articles_db import label_key
from searchkit.index.declared_dates import ranges_of
from searchkit.index.filters import (
    as_number,
    has_value,
    holds_numbers,
    is_empty_range,
    values_among,
)
from searchkit.index.generation import Generation
from searchkit.index.search_settings import check_settings
from searchkit.keyword.query.filter_values import dated_expression
from searchkit.search.protocols import SearchedIndex
from searchkit.search.query_time import Around, Now, When, around_span, as_of_bound, bound_of, check_time
from searchkit.types import (
    NO_FILTER,
    USUAL_PARTS,
    Bound,
    Filter,
    Mode,
    Part,
    Query,
    SpanBound,
    Syntax,
    ValuePattern,
    Where,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


_LOOKED_AT = 10_000
"""Values of a field among which the nearest is looked for."""

_TYPED = 20
"""Values of one condition that somebody may have typed and wants to hear about; more are a program's list, and looking
each of them up would cost what the list costs."""

_CUT = 40
"""Characters of a bound that an error shows."""

_NOTED = 5
"""Values that notes are made of, with the nearest to each, which takes .1 s where a field has 10,000 values."""


def notes_on_arguments(
    generation: Generation, where: Where, passing: NDArray[np.bool_] | None, *, suggest: bool
) -> tuple[str, ...]:
    """Return a note for each value of a program's filter that no article has within its other conditions.

    ``passing``, ``(rows,)``: the rows that meet all of them. Only with ``suggest`` a note names the nearest value that
    there is: the filter itself may be there to hide it. Whether an article outside the other conditions has the value
    is never told.
    """
    conditions = where.filters()
    some_pass = passing is None or bool(passing.any())
    # Which of joined conditions lets nothing pass may be what the filter hides.
    notes = [] if some_pass or where.expression is None else ["No article passes the filter."]
    for condition in conditions:
        values = condition.values
        if values is None or (some_pass and not 1 < len(values) <= _TYPED):
            continue  # where articles pass, each condition has a value that some of them have
        others = [other for other in conditions if other is not condition]
        among = _meeting_all(generation, others)
        notes += _notes(generation, condition, among, within=bool(others), suggest=suggest)
    if where.expression is not None:
        read = dated_expression(where.expression, lambda: datetime.now(UTC), generation.date_names)
        notes += map(_note_on_empty, filter(is_empty_range, read.conditions()))
    return tuple(dict.fromkeys(notes))


def _note_on_empty(condition: Filter) -> str:
    low, high = (bound.instant if isinstance(bound, SpanBound) else bound for bound in (condition.low, condition.high))
    return f"'{condition.field}:[{low} TO {high}]' ends before it begins, so no article is in it."


def notes_on_text(
    generation: Generation, conditions: Iterable[Filter], passing: NDArray[np.bool_] | None
) -> tuple[str, ...]:
    """Return a note for each value of a condition in a query's text that no article has.

    ``passing``, ``(rows,)``: the rows that a program's filter leaves; what lies outside isn't told of. None: all.
    Raises ``QueryError`` where a field of numbers is compared with what is no number.
    """
    conditions = tuple(conditions)
    notes: list[str] = []
    among: list[Mask] | None = None
    for condition in conditions:
        words = [bound for bound in (condition.low, condition.high) if isinstance(bound, str) and not as_number(bound)]
        if words and condition.field != "published":
            among = _articles_of(generation, passing) if among is None else among
            if holds_numbers(zip(generation.segments, among, strict=True), condition.field):
                raise QueryError(
                    f"'{words[0][:_CUT]}' is no number, which the field '{condition.field}' is compared with.",
                    hint=f"Write {condition.field}:<60, {condition.field}:>=1000 or {condition.field}:[10 TO 60].",
                )
    for condition in dict.fromkeys(conditions):
        ranges = ranges_of(condition, generation.date_names, lambda: datetime.now(UTC))
        if any(map(is_empty_range, ranges)):
            notes.append(_note_on_empty(condition))
        if condition.values and condition.field != "published":
            among = _articles_of(generation, passing) if among is None else among
            notes += _notes(generation, condition, among, within=False, suggest=True)
        if len(notes) >= _NOTED:
            break
    return tuple(dict.fromkeys(notes))


def _articles_of(generation: Generation, rows: NDArray[np.bool_] | None) -> list[Mask]:
    """Return for each segment ``(articles,)``: those that have any of some rows; None for all that live."""
    if rows is None:
        return [segment.living_articles for segment in generation.segments]
    return [
        rows[base:end][segment.starts[:-1]]
        for segment, base, end in zip(generation.segments, generation.bases, generation.bases[1:], strict=False)
    ]


def _meeting_all(generation: Generation, conditions: Sequence[Filter]) -> list[Mask]:
    """Return for each segment ``(articles,)``: the living ones that meet every condition."""
    masks = [segment.living_articles for segment in generation.segments]
    for condition in conditions:
        masks = [mask & chosen for mask, chosen in zip(masks, generation.meeting(condition), strict=True)]
    return masks


def _notes(
    generation: Generation, condition: Filter, among: Sequence[Mask], *, within: bool, suggest: bool
) -> list[str]:
    name, values = condition.field, condition.values or ()
    who = "No article within the other filters" if within else "No article"
    if not values:
        return [f"The filter '{name}' accepts no value, so no article passes."]
    if len(values) > _TYPED:  # asked for only where nothing passes
        passing = _is_met(generation, condition, among)
        return [] if passing else [f"{who} has any of the {len(values):,} values of '{name}'."]
    absent = [value for value in values if not _is_anywhere(generation, name, value, among)][:_NOTED]
    names_nearest = suggest and absent and name not in generation.hidden
    spellings = _spellings(generation, name, among) if names_nearest else {}
    return [f"{who} has the {name} '{_text(value)}'.{_nearest(spellings, name, value)}" for value in absent]


def _is_met(generation: Generation, condition: Filter, among: Sequence[Mask]) -> bool:
    return any((chosen & mask).any() for chosen, mask in zip(generation.meeting(condition), among, strict=True))


def _is_anywhere(generation: Generation, name: str, value: str | ValuePattern, among: Sequence[Mask]) -> bool:
    if name in generation.date_names:
        return _is_met(generation, Filter(field=name, values=(value,)), among)
    return any(has_value(segment, name, value, mask) for segment, mask in zip(generation.segments, among, strict=True))


def _text(value: str | ValuePattern) -> str:
    return value if isinstance(value, str) else value.text


def _spellings(generation: Generation, name: str, among: Sequence[Mask]) -> dict[str, str]:
    """Return how some articles spell the values of a field, by their keys."""
    spellings: dict[str, str] = {}
    for segment, mask in zip(generation.segments, among, strict=True):
        for shown in values_among(segment, name, mask, _LOOKED_AT):
            key = label_key(name, shown)
            spellings[key] = min(spellings.get(key, shown), shown)
    return spellings


def _nearest(spellings: dict[str, str], name: str, value: str | ValuePattern) -> str:
    near = get_close_matches(label_key(name, _text(value)), sorted(spellings), n=1)
    return f" Did you mean '{spellings[near[0]]}'?" if near else ""


K_LIMIT = 1_000_000
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
    where: Conditions = None,
    as_of: When = None,
    around: Around = None,
    recency: bool | None = None,
    include_later: bool = False,
    sort: str = "",
    cursor: str | None = None,
    parts: str | Iterable[str] | None = None,
    boosts: Mapping[str, float] | None = None,
) -> Query:
    """Make a query of the arguments of ``Searcher.search``; ``now`` is asked where words such as "today" are read.

    Raises ``QueryError`` naming what can't be understood.
    """
    is_filtered = not (since is until is source is language is tag is author is fields is where is None)
    filters = NO_FILTER
    if is_filtered:
        filters = Where(
            since=bound_of("since", since, now, end=False),
            until=bound_of("until", until, now, end=True),
            sources=_values("source", source),
            languages=_values("language", language),
            tags=_values("tag", tag),
            authors=_values("author", author),
            fields=_fields(fields),
            expression=None if where is None else dated_expression(filter_expression(where), now),
        )
    query = Query(
        text=text,
        mode=mode_of(mode),
        k=k,
        where=filters,
        facets=_facets(facets),
        rerank=rerank,
        min_confidence=min_confidence,
        suggest_values=suggest_values,
        syntax=_syntax(syntax),
        explain=explain,
        as_of=None if as_of is None else as_of_bound(as_of, now),
        around=None if around is None else around_span(around, now),
        recency=recency,
        include_later=include_later,
        sort=sort,
        cursor=cursor,
        parts=USUAL_PARTS if parts is None else _parts(parts),
        boosts=None if boosts is None else _boosts(boosts),
    )
    check_query(query)
    return query


def settings_for(generation: SearchedIndex, config: SearchConfig | None, query: Query | None = None) -> SearchConfig:
    """Return the settings that hold: the caller's, or else those that the generation names, or else the defaults.

    A query's boosts stand in the place of the settings'. Raises ``ConfigError`` where the caller's were chosen for
    vectors of another encoder.
    """
    if config is None:
        config = generation.settings
    else:
        check_settings(config.made_for, generation.manifest, generation.label)
    return config if query is None or query.boosts is None else replace(config, boosts=dict(query.boosts))


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
    if not isinstance(query.k, int) or isinstance(query.k, bool) or not 1 <= query.k <= K_LIMIT:
        raise QueryError(f"k is {shown_value(query.k)}.", hint=f"Ask for 1 to {K_LIMIT:,} results.")
    if not isinstance(query.min_confidence, float | Real) or not 0 <= query.min_confidence <= 1:
        raise QueryError(
            f"min_confidence is {shown_value(query.min_confidence)}.", hint="Ask for 0 to 1: 0.5 is as likely as not."
        )
    _facets(query.facets)
    if not isinstance(query.sort, str):
        raise QueryError(
            f"'sort' is {shown_value(query.sort)}.", hint="Name a field: sort='published', or '-published' in reverse."
        )
    if query.parts is not USUAL_PARTS:
        _parts(query.parts)
    _check_span(query.where)
    if query.as_of is not None or query.around is not None or query.recency is not None or query.include_later:
        check_time(query)
    if query.where.expression is not None:
        check_depth(query.where.expression)


_WEST, _EAST = timedelta(hours=12), timedelta(hours=14)
"""How far clocks are behind and ahead of UTC: a day begins first in Kiritimati and ends last west of Hawaii."""


def _check_span(where: Where) -> None:
    """Refuse bounds that no article can lie between, and instants of no zone. Raises ``QueryError``."""
    if where.since is where.until is None:
        return
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


def mode_of(mode: Mode | str) -> Mode:
    """Return a mode by its name. Raises ``QueryError``."""
    try:
        return Mode(mode)
    except ValueError as error:
        raise QueryError(f"There is no mode {shown_value(mode)}.", hint=f"Choose one of: {', '.join(Mode)}.") from error


def _syntax(syntax: Syntax | str) -> Syntax:
    try:
        return Syntax(syntax)
    except ValueError as error:
        raise QueryError(
            f"There is no syntax {shown_value(syntax)}.", hint=f"Choose one of: {', '.join(Syntax)}."
        ) from error


def _fields(fields: Mapping[str, Values] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if fields is None:
        return ()
    if not isinstance(fields, Mapping):
        raise QueryError(
            f"'fields' is {shown_value(fields)}.", hint="Give a mapping: fields={'desk': ['world', 'city']}."
        )
    accepted_fields = []
    for name, values in fields.items():
        if not isinstance(name, str):
            raise QueryError(f"{shown_value(name)} names no field.", hint="Give the names of fields as text.")
        if name == "published":
            raise QueryError("'published' is no field to give values for.", hint="Give 'since' and 'until'.")
        if (accepted := accepted_values(name, values)) is not None:
            accepted_fields.append((name, accepted))
    return tuple(accepted_fields)


def _facets(facets: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of the fields to count. Raises ``QueryError``."""
    if isinstance(facets, tuple) and not facets:  # as most are
        return facets
    if isinstance(facets, str):
        return (facets,)
    if isinstance(facets, Mapping | bytes | bytearray) or not isinstance(facets, Iterable):
        raise QueryError(f"'facets' is {shown_value(facets)}.", hint="Give names of fields: facets=['source', 'tag'].")
    names = tuple(facets)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(
                f"{shown_value(name)} names no field to count.", hint="Give names as text: facets=['source']."
            )
    return names


def ids_of(ids: Iterable[str]) -> tuple[str, ...]:
    """Return ids of articles, each once. Raises ``QueryError``."""
    hint = "Give a list of ids, as results have them in article.id."
    if isinstance(ids, str | bytes | Mapping) or not isinstance(ids, Iterable):
        raise QueryError(f"The ids are {shown_value(ids)}.", hint=hint)
    wanted = tuple(dict.fromkeys(ids))
    for article_id in wanted:
        if not isinstance(article_id, str):
            raise QueryError(f"{shown_value(article_id)} is no id of an article.", hint=hint)
    return wanted


def _boosts(boosts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return which fields count more. Raises ``QueryError``."""
    try:
        return tuple(checked_boosts(boosts).items())
    except ConfigError as error:
        raise QueryError(error.message, hint=error.hint) from error


def _parts(parts: str | Iterable[str]) -> tuple[Part, ...]:
    """Return what is to be made of results. Raises ``QueryError``."""
    names = (parts,) if isinstance(parts, str) else parts
    if not isinstance(names, Iterable) or isinstance(names, Mapping | bytes | bytearray):
        raise QueryError(f"'parts' is {shown_value(parts)}.", hint=f"Choose among: {', '.join(Part)}.")
    return tuple(_part(name) for name in names)


def _part(name: object) -> Part:
    try:
        return Part(name)  # type: ignore[arg-type]
    except ValueError as error:
        raise QueryError(f"There is no part {shown_value(name)}.", hint=f"Choose among: {', '.join(Part)}.") from error


def _values(name: str, values: Values) -> tuple[str, ...] | None:
    """Return the accepted values of a field as text; None where it isn't filtered. Raises ``QueryError``."""
    return None if values is None else accepted_values(name, values)
