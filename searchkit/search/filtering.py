"""Here is a filter that a user typed; is there anything in this archive that it could let through?"""

from __future__ import annotations

from difflib import get_close_matches

from searchkit.errors import QueryError
from searchkit.index.filters import articles_with_label, named_conditions
from searchkit.index.reader import Generation
from searchkit.types import Where

FIELDS_EVERYWHERE = frozenset({"source", "language", "tag", "author", "published", "year"})
"""Fields that every query may filter by, whether or not an article has them."""

_LOOKED_AT = 10_000
"""Values of a field among which the nearest is looked for."""


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
        if not any(articles_with_label(segment, name, (value,)) for segment in generation.segments)
    )


def _note(generation: Generation, name: str, value: str) -> str:
    shown: dict[str, str] = {}
    for segment in generation.segments:
        statement = "SELECT DISTINCT value, shown FROM labels WHERE name = ? LIMIT ?"
        shown.update(segment.articles.rows(statement, (name, _LOOKED_AT)))
    near = get_close_matches(value.casefold(), shown, n=1)
    return f"No article has the {name} '{value}'." + (f" Did you mean '{shown[near[0]]}'?" if near else "")
