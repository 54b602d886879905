"""Facets: how many of the articles that match have which source, tag, year."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from searchkit.answer import FacetCount
from searchkit.index.articles_db import label_key
from searchkit.index.filters import labels
from searchkit.index.generation import FIELDS_EVERYWHERE, Generation, unknown_field

if TYPE_CHECKING:
    from numpy.typing import NDArray


def count_facets(
    generation: Generation, names: tuple[str, ...], rows: NDArray[np.bool_] | None
) -> dict[str, tuple[FacetCount, ...]]:
    """Count the values of each named field over the articles that have any of the rows, most frequent first.

    An article counts once for each of its values; spellings that compare as equal (``label_key``) are one value.
    ``rows`` is ``(rows,)``, None for all that live. Raises ``QueryError`` for a field that no article has, but
    for those that every archive may have.
    """
    for name in names:
        if name not in generation.field_names and (name not in FIELDS_EVERYWHERE or name == "published"):
            raise unknown_field(name, generation.field_names)
    matching = np.zeros(int(generation.article_bases[-1]), dtype=bool)
    chosen = generation.article_of_row if rows is None else generation.article_of_row[rows]
    matching[chosen] = True
    return {name: _count(generation, name, matching) for name in names}


def _count(generation: Generation, name: str, matching: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    counts: Counter[str] = Counter()
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for segment, base in zip(generation.segments, generation.article_bases, strict=False):
        seen: set[tuple[int, str]] = set()
        by_key = not segment.articles.is_of_first_form
        statement = "SELECT article, value, shown FROM labels WHERE name = ?"
        for article, stored, text in labels(segment, statement, (name,), "tt"):
            if not matching[base + article]:
                continue
            value = stored if by_key else label_key(name, text)
            spellings[value][text] += 1
            if by_key or (article, value) not in seen:
                counts[value] += 1
                if not by_key:
                    seen.add((article, value))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetCount(value=usual_spelling(spellings[value]), articles=number) for value, number in ordered)


def usual_spelling(spellings: Counter[str]) -> str:
    """Return the most frequent spelling, the first by its letters among equals: whatever the order of the articles."""
    return min(spellings, key=lambda text: (-spellings[text], text))
