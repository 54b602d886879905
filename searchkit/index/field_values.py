"""Field values: the titles of a generation's articles and the values of their fields, sorted by what they fold to.

They are read once, 3 s for 100,000 articles with seven values each, and kept while the generation is open: 100 bytes a
value, and 4 an article that has it. An article counts once for a value, however often it is spelt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.articles_db import LONGEST_LABEL, label_key
from searchkit.index.filters import labels
from searchkit.index.generation import Generation
from searchkit.keyword.analysis.normalization import fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

TITLE = "title"
"""The name under which titles stand; an article's own field of this name stands aside."""

LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """The values of one field: their keys, ascending, and the articles that have each.

    ``articles`` are numbers over all segments, those of key i from ``starts[i]`` to ``starts[i + 1]``, ascending.
    """

    keys: list[str]
    starts: Numbers
    articles: NDArray[np.int32]

    def beginning(self, prefix: str) -> range:
        """Return the places of the keys that begin with a prefix."""
        return range(bisect_left(self.keys, prefix), bisect_left(self.keys, prefix + LAST_CHARACTER))

    def counts(self, mask: Mask | None) -> Numbers:
        """Return how many articles have each value: of those that ``mask``, ``(articles,)``, leaves; None for all."""
        if mask is None or not self.keys:
            return np.diff(self.starts)
        return np.add.reduceat(mask[self.articles], self.starts[:-1], dtype=np.int64)

    def first_article(self, place: int, mask: Mask | None) -> int:
        """Return the number of the first article that has a value and that the mask leaves; some must."""
        having = self.articles[self.starts[place] : self.starts[place + 1]]
        return int(having[0] if mask is None else having[np.argmax(mask[having])])


def value_key(text: str) -> str:
    """Return that by which a title, or what was typed of one, compares."""
    return " ".join(fold(text).split())[:LONGEST_LABEL]


def value_tables(generation: Generation) -> dict[str, ValueTable]:
    """Read the values of all fields, by name, titles among them; those of deleted articles too.

    Raises ``IndexCorrupt``.
    """
    rows = [*_titles(generation), *_labels(generation)]
    rows.sort()
    return {name: _table([(key, article) for _, key, article in of_name]) for name, of_name in _by_name(rows)}


def _by_name(rows: list[tuple[str, str, int]]) -> Iterator[tuple[str, Iterator[tuple[str, str, int]]]]:
    return groupby(rows, key=itemgetter(0))


def _table(pairs: list[tuple[str, int]]) -> ValueTable:
    """Make a table of sorted pairs of a key and an article; an article that is named twice for a key counts once."""
    keys: list[str] = []
    starts: list[int] = []
    articles: list[int] = []
    for key, article in pairs:
        if not keys or keys[-1] != key:
            keys.append(key)
            starts.append(len(articles))
        elif articles[-1] == article:
            continue
        articles.append(article)
    return ValueTable(
        keys=keys,
        starts=np.asarray([*starts, len(articles)], dtype=np.int64),
        articles=np.asarray(articles, dtype=np.int32),
    )


def _titles(generation: Generation) -> Iterator[tuple[str, str, int]]:
    for segment, base in zip(generation.segments, generation.article_bases.tolist(), strict=False):
        for row, title in labels(segment, "SELECT row, title FROM articles", (), "t"):
            if key := value_key(title):
                yield TITLE, key, base + row


def _labels(generation: Generation) -> Iterator[tuple[str, str, int]]:
    for segment, base in zip(generation.segments, generation.article_bases.tolist(), strict=False):
        by_key = not segment.articles.is_of_first_form
        statement = f"SELECT article, name, {'value' if by_key else 'shown'} FROM labels WHERE name <> ?"
        for row, name, value in labels(segment, statement, (TITLE,), "tt"):
            if key := value if by_key else label_key(name, value):
                yield name, key, base + row


def shown_value_of(generation: Generation, name: str, article: int, key: str) -> str:
    """Return how an article, by its number over all segments, spells the value that it has of a key.

    Raises ``IndexCorrupt``.
    """
    owner = int(np.searchsorted(generation.article_bases, article, side="right")) - 1
    segment, row = generation.segments[owner], article - int(generation.article_bases[owner])
    if name == TITLE:
        rows = segment.articles.rows("SELECT title FROM articles WHERE row = ?", (row,), kinds="t")
    elif segment.articles.is_of_first_form:
        spelt = segment.articles.rows("SELECT shown FROM labels WHERE name = ? AND article = ?", (name, row), kinds="t")
        rows = [each for each in spelt if label_key(name, each[0]) == key]
    else:
        rows = segment.articles.rows(
            "SELECT shown FROM labels WHERE name = ? AND value = ? AND article = ?", (name, key, row), kinds="t"
        )
    if not rows:
        raise segment.articles.corrupt(f"the article in row {row} has lost a value of '{name}'")
    return " ".join(str(rows[0][0]).split())
