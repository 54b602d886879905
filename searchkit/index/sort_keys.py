"""Sort keys: for each article of a generation a number by which a field sorts, ascending, and missing last.

Dates are microseconds since 1970. The values of other fields are numbered in their order: numbers before text, numbers
as such, text by its key (``label_key``). Of several values the one counts that comes first in the direction asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.articles_db import instant_of, label_key, microseconds
from searchkit.index.filters import as_number, labels
from searchkit.index.segment_reader import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]


MISSING = (1 << 63) - 1
"""The key of an article without the field: behind all others, whichever way they are sorted."""

OWN_COLUMNS = frozenset({"published", "updated", "title"})
"""What is sorted by and is no label; every archive may have it."""


def sort_keys(segments: Sequence[Segment], name: str, *, descending: bool) -> Keys:
    """Return ``(articles,)``, over all segments: the key of each article, ascending also where it is ``descending``.

    Raises ``IndexCorrupt``.
    """
    if name == "published":
        parts = [_instants(segment) for segment in segments]
    elif name == "updated":
        parts = [_updates(segment) for segment in segments]
    else:
        parts = _numbered([_values(segment, name) for segment in segments])
    sizes = [segment.fact.articles for segment in segments]
    keys = [_spread(*part, size, descending=descending) for part, size in zip(parts, sizes, strict=True)]
    return np.concatenate([np.empty(0, dtype=np.int64), *keys])


def _spread(articles: Keys, values: Keys, size: int, *, descending: bool) -> Keys:
    """Return ``(size,)``: the first value of each article in the direction asked for, ``MISSING`` where it has none."""
    keys = np.full(size, MISSING, dtype=np.int64)
    np.minimum.at(keys, articles, -values if descending else values)
    return keys


def _instants(segment: Segment) -> tuple[Keys, Keys]:
    published, rows = segment.dates.columns()
    return rows, published


def _updates(segment: Segment) -> tuple[Keys, Keys]:
    pairs = []
    for row, text in segment.articles.column("updated", "T"):
        try:
            instant = instant_of(text)
        except ValueError as error:
            raise segment.articles.corrupt(str(error)) from error
        if instant is not None:
            pairs.append((row, microseconds(instant.astimezone(UTC))))
    return _columns(pairs)


def _values(segment: Segment, name: str) -> list[tuple[int, str]]:
    """Return the row of each article that has a field, with the key of a value; several pairs where it has several."""
    if name == "title":
        titles = ((row, label_key(name, title)) for row, title in segment.articles.column("title", "t"))
        return [(row, key) for row, key in titles if key]
    statement = "SELECT article, value, shown FROM labels WHERE name = ?"
    by_key = not segment.articles.is_of_first_form
    return [
        (article, value if by_key else label_key(name, shown))
        for article, value, shown in labels(segment, statement, (name,), "tt")
    ]


def _numbered(parts: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[Keys, Keys]]:
    """Put the place of each value among all in its stead."""
    values = sorted({value for pairs in parts for _, value in pairs}, key=_order)
    places = {value: place for place, value in enumerate(values)}
    return [_columns((row, places[value]) for row, value in pairs) for pairs in parts]


def _order(value: str) -> tuple[bool, float, str]:
    number = as_number(value)
    return (number is None, float(number or 0), value)


def _columns(pairs: Iterable[tuple[int, int]]) -> tuple[Keys, Keys]:
    rows, values = np.array(list(pairs), dtype=np.int64).reshape(-1, 2).T
    return rows, values
