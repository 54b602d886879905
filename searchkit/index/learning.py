"""Here is a generation about to be published; what does a search want to know of its vectors? How they lie.

The sums of ``spread.py`` are handed on from generation to generation: what is new is added, what is deleted is taken
away. Where vectors are made that segments waited for, or the generation before didn't count, all are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.spread import Spread, Spreads, combined, group_of, spreads_from, spreads_of
from searchkit.storage.files import let_go

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.facts import Manifest
    from searchkit.index.merging import Part
    from searchkit.index.segment import Segment

    Mask = NDArray[np.bool_]

_FEW = 50
"""Where fewer than one of so many articles are asked for, each is looked up: reading all is reading the whole file."""

_AT_ONCE = 65_536
"""Vectors that are counted before their pages are given back: 100 MB of 384 dimensions."""


def groups(segment: Segment) -> list[str]:
    """Return the group of languages of each article of a segment, in the order of its rows."""
    return [group_of(language) for (language,) in segment.articles.rows("SELECT language FROM articles ORDER BY row")]


def changed_spreads(before: Manifest | None, parts: Sequence[Part]) -> dict[str, Spread] | None:
    """Return how the vectors lie after a change: ``parts`` are the segments of the generation before, then new ones.

    None where that can't be known from the change alone.
    """
    old = before.segments if before else ()
    if before and before.vectors and not before.spreads:
        return None
    counted: list[tuple[Spreads, int]] = []
    if before:
        try:
            counted.append((spreads_from(before.spreads, before.encoder.dimension), 1))
        except ValueError:  # altered by somebody
            return None
    for place, part in enumerate(parts):
        if place >= len(old):
            counted.append((_counted(part.segment, ~part.gone), 1))
        elif part.fresh:
            chosen = np.zeros(len(part.gone), dtype=bool)
            chosen[list(part.fresh)] = True
            counted.append((_counted(part.segment, chosen), -1))
    return combined(counted)


def all_spreads(segments: Iterable[Segment]) -> dict[str, Spread]:
    """Return how the vectors of all that lives lie."""
    return combined((_counted(segment, segment.living_articles), 1) for segment in segments)


def _counted(segment: Segment, articles: Mask) -> dict[str, Spread]:
    """Count the vectors of some articles of a segment, ``(articles,)`` bool."""
    if segment.vectors is None:
        return {}
    chosen, sizes = np.flatnonzero(articles), np.diff(segment.starts)
    if len(chosen) * _FEW <= len(articles):
        names = [group_of(language) for language in segment.articles.languages(chosen.tolist())]
    else:
        every = groups(segment)
        names = [every[row] for row in chosen]
    rows = np.flatnonzero(segment.rows_of(articles))
    of_rows = np.repeat(np.asarray(names, dtype=object), sizes[chosen])
    counted: list[tuple[Spreads, int]] = []
    for first in range(0, len(rows), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        counted.append((spreads_of(segment.vectors.matrix, of_rows[some].tolist(), rows[some]), 1))
        let_go(segment.vectors.matrix)
    return combined(counted)
