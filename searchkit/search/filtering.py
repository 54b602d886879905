"""Here is a filter that a user typed; is there anything in this archive that it could let through?"""

from __future__ import annotations

from difflib import get_close_matches

from searchkit.errors import QueryError
from searchkit.index.filters import has_value, labels, named_conditions
from searchkit.index.reader import Generation
from searchkit.types import Where

FIELDS_EVERYWHERE = frozenset({"source", "language", "tag", "author", "published", "year"})
"""Fields that every query may filter by, whether or not an article has them."""

_LOOKED_AT = 10_000
"""Values of a field among which the nearest is looked for."""

_NEAR = 5
"""Of so many near values the nearest is taken that a living article has."""


def check_fields(generation: Generation, where: Where) -> None:
    """Raise ``QueryError`` for a field that no article here has: the name is wrong, not the archive."""
    for name, _ in where.fields:
        if name not in generation.field_names | FIELDS_EVERYWHERE:
            raise unknown_field(generation, name)


def unknown_field(generation: Generation, name: str) -> QueryError:
    """Make the error for a field that no article has, with the nearest that there is."""
    known = sorted(generation.field_names)
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known) or 'none'}."
    return QueryError(f"No article here has a field '{name}'.", hint=hint)


def absent_values(generation: Generation, where: Where) -> tuple[str, ...]:
    """Return a note for each value of the filter that no article has, with the nearest that there is."""
    return tuple(
        _note(generation, name, value)
        for name, values in named_conditions(where)
        for value in values
        if not any(has_value(segment, name, value.casefold()) for segment in generation.segments)
    )


def _note(generation: Generation, name: str, value: str) -> str:
    known: set[str] = set()
    for segment in generation.segments:
        statement = "SELECT DISTINCT value FROM labels WHERE name = ? LIMIT ?"
        known.update(other for (other,) in segment.articles.rows(statement, (name, _LOOKED_AT), kinds="t"))
    near = get_close_matches(value.casefold(), sorted(known), n=_NEAR)
    living = [spellings for other in near if (spellings := _spellings(generation, name, other))]
    return f"No article has the {name} '{value}'." + (f" Did you mean '{min(living[0])}'?" if living else "")


def _spellings(generation: Generation, name: str, value: str) -> set[str]:
    """Return how the living articles spell a value of a field that is given in small letters; none if none has it."""
    statement = "SELECT article, shown FROM labels WHERE name = ? AND value = ?"
    return {
        shown
        for segment in generation.segments
        for article, shown in labels(segment, statement, (name, value), "t")
        if segment.living_articles[article]
    }
