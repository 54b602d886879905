"""Here is a filter; is there a field, is there an article that it could let through? Else the caller must be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from searchkit.errors import QueryError
from searchkit.index.articles_db import label_key
from searchkit.index.filters import (
    articles_for,
    as_number,
    has_value,
    holds_numbers,
    is_empty_range,
    values_among,
)
from searchkit.index.generation import Generation
from searchkit.keyword.query.filter_values import dated
from searchkit.types import Filter, ValuePattern, Where

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

FIELDS_EVERYWHERE = frozenset({"source", "language", "tag", "author", "published", "year"})
"""Fields that every query may filter by, whether or not an article has them."""

_LOOKED_AT = 10_000
"""Values of a field among which the nearest is looked for."""

_TYPED = 20
"""Values of one condition that somebody may have typed and wants to hear about; more are a program's list, and looking
each of them up would cost what the list costs."""

_CUT = 40
"""Characters of a bound that an error shows."""

_NOTED = 5
"""Values that notes are made of, with the nearest to each, which takes .1 s where a field has 10,000 values."""


def check_fields(generation: Generation, where: Where) -> None:
    """Raise ``QueryError`` for a field that no article here has: the name is wrong, not the archive.

    An empty list is taken on any field: whoever may see nothing sees nothing.
    """
    for name, values in where.fields:
        if values and name not in generation.field_names | FIELDS_EVERYWHERE:
            raise unknown_field(generation, name)


def unknown_field(generation: Generation, name: str) -> QueryError:
    """Make the error for a field that no article has, with the nearest that there is."""
    known = sorted(generation.field_names)
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known) or 'none'}."
    return QueryError(f"No article here has a field '{name}'.", hint=hint)


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
    notes: list[str] = []
    for condition in conditions:
        values = condition.values
        if values is None or (some_pass and not 1 < len(values) <= _TYPED):
            continue  # where articles pass, each condition has a value that some of them have
        others = [other for other in conditions if other is not condition]
        among = _meeting_all(generation, others)
        notes += _notes(generation, condition, among, within=bool(others), suggest=suggest)
    return tuple(notes)


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
        if any(is_empty_range(each) for each in dated(condition, datetime.now(UTC))):
            shown = f"{condition.field}:[{condition.low} TO {condition.high}]"
            notes.append(f"'{shown}' ends before it begins, so no article is in it.")
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
    masks = []
    for segment in generation.segments:
        mask = segment.living_articles
        for condition in conditions:
            mask = mask & articles_for(segment, condition)
        masks.append(mask)
    return masks


def _notes(
    generation: Generation, condition: Filter, among: Sequence[Mask], *, within: bool, suggest: bool
) -> list[str]:
    name, values = condition.field, condition.values or ()
    who = "No article within the other filters" if within else "No article"
    if not values:
        return [f"The filter '{name}' accepts no value, so no article passes."]
    if len(values) > _TYPED:  # asked for only where nothing passes
        passing = any(
            (articles_for(segment, condition) & mask).any()
            for segment, mask in zip(generation.segments, among, strict=True)
        )
        return [] if passing else [f"{who} has any of the {len(values):,} values of '{name}'."]
    absent = [
        value
        for value in values
        if not any(
            has_value(segment, name, value, mask) for segment, mask in zip(generation.segments, among, strict=True)
        )
    ][:_NOTED]
    spellings = _spellings(generation, name, among) if suggest and absent else {}
    return [f"{who} has the {name} '{_text(value)}'.{_nearest(spellings, name, value)}" for value in absent]


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
