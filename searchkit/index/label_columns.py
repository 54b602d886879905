"""Label columns: which articles of a generation have which values of a field, as arrays that counts are quick over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.articles_db import label_key
from searchkit.index.filters import labels
from searchkit.index.segment_reader import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumn:
    """The values of a field.

    Attributes:
        articles: ``(labels,)``, the number over all segments of the article that has each label.
        spellings: ``(labels,)``, the number of its spelling.
        counts: ``(labels,)``, whether it is the article's first of its value.
        texts: The spellings.
        keys: What each spelling compares by.
    """

    articles: NDArray[np.int64]
    spellings: NDArray[np.int64]
    counts: NDArray[np.bool_]
    texts: tuple[str, ...]
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.articles) + len(self.texts)


def label_column(segments: Sequence[Segment], bases: Iterable[int], name: str) -> LabelColumn:
    """Read the values of a field, of deleted articles too. Raises ``IndexCorrupt``."""
    numbers: dict[tuple[str, str], int] = {}
    seen: set[tuple[int, str]] = set()
    rows = []
    for article, key, text in _labels(segments, bases, name):
        pair = (article, key)
        rows.append((article, numbers.setdefault((key, text), len(numbers)), pair not in seen))
        seen.add(pair)
    articles, spellings, counts = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return LabelColumn(
        articles=np.ascontiguousarray(articles),
        spellings=np.ascontiguousarray(spellings),
        counts=counts.astype(bool),
        texts=tuple(text for _, text in numbers),
        keys=tuple(key for key, _ in numbers),
    )


def _labels(segments: Sequence[Segment], bases: Iterable[int], name: str) -> Iterator[tuple[int, str, str]]:
    """Yield the article, the value's key and its spelling of each label."""
    statement = "SELECT article, value, shown FROM labels WHERE name = ?"
    for segment, base in zip(segments, bases, strict=False):
        by_key = not segment.articles.is_of_first_form
        for article, stored, text in labels(segment, statement, (name,), "tt"):
            yield int(base) + article, stored if by_key else label_key(name, text), text
