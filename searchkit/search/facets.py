"""Facets: how many of the articles that match have which source, tag, year, or are of which day or month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from searchkit.answer import FacetCount
from searchkit.index.declared_fields import refuse_uncounted
from searchkit.index.generation import FIELDS_EVERYWHERE, Generation, unknown_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PERIODS = 62
"""Days, or else months, from the first article to the last: two months, five years. Beyond that years are counted."""


def count_facets(
    generation: Generation, names: tuple[str, ...], rows: NDArray[np.bool_] | None
) -> dict[str, tuple[FacetCount, ...]]:
    """Count the values of each named field over the articles that have any of the rows, most frequent first.

    An article counts once for each of its values; spellings that compare as equal (``label_key``) are one value.
    ``published`` counts by day, month or year, in the order of time (``_periods``).
    ``rows`` is ``(rows,)``, None for all that live. Raises ``QueryError`` for a field that no article has, but
    for those that every archive may have.
    """
    refuse_uncounted(generation.declared, names)
    for name in names:
        if name not in generation.field_names | FIELDS_EVERYWHERE:
            raise unknown_field(name, generation.field_names)
    matching = np.zeros(int(generation.article_bases[-1]), dtype=bool)
    chosen = generation.article_of_row if rows is None else generation.article_of_row[rows]
    matching[chosen] = True
    return {
        name: _periods(generation, matching) if name == "published" else _count(generation, name, matching)
        for name in names
    }


def _periods(generation: Generation, matching: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    """Count articles by the day that each names: by days, by months or by years, so that there are few."""
    parts = [np.empty(0, np.int64)]
    for segment, base in zip(generation.segments, generation.article_bases, strict=False):
        shown, articles = segment.dates.own_times()
        parts.append(shown[matching[base + articles]])
    days = np.concatenate(parts).astype("datetime64[us]").astype("datetime64[D]")
    for unit in ("D", "M", "Y"):
        values, counts = np.unique(days.astype(f"datetime64[{unit}]"), return_counts=True)
        if not len(values) or int((values[-1] - values[0]).astype(int)) < MOST_PERIODS:
            break
    pairs = zip(np.datetime_as_string(values).tolist(), counts.tolist(), strict=True)
    return tuple(FacetCount(value=value, articles=count) for value, count in pairs)


def _count(generation: Generation, name: str, matching: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    column = generation.label_column(name)
    chosen = matching[column.articles]
    size = len(column.texts)
    written = np.bincount(column.spellings[chosen], minlength=size)
    counted = np.bincount(column.spellings[chosen & column.counts], minlength=size)
    counts: Counter[str] = Counter()
    for number in np.flatnonzero(written).tolist():
        counts[column.keys[number]] += int(counted[number])
    texts = ((column.keys[number], column.texts[number], int(written[number])) for number in np.flatnonzero(written))
    return facet_of(counts, texts)


def facet_of(counts: Mapping[str, int], spellings: Iterable[tuple[str, str, int]]) -> tuple[FacetCount, ...]:
    """Return values as they are spelt most often, most frequent first.

    ``counts`` are the articles by key; ``spellings`` a key, a text of it, and the articles that have that.
    """
    usual: dict[str, tuple[int, str]] = {}
    for key, text, articles in spellings:
        # The first by its letters among equals: whatever the order of the articles.
        usual[key] = min(usual.get(key, (-articles, text)), (-articles, text))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetCount(value=usual[key][1], articles=count) for key, count in ordered if key in usual)
