"""Here are words in order; how often do they stand so in each row?"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.postings import FieldPostings
    from searchkit.index.keyword.statistics import SegmentPostings
    from searchkit.index.keyword.tree import Phrase, Term

    Numbers = NDArray[np.int64]

_STRIDE = 1 << 34
"""Above any position (32 bits) with any slop added, so that row and position make one number, and rows never meet."""


def phrase_postings(segment: SegmentPostings, phrase: Phrase) -> tuple[Numbers, NDArray[np.float64]]:
    """Return the living rows of a segment, ascending, in which a phrase occurs, and how often it does in each."""
    field = segment.postings.field(phrase.units[0].field)
    # A word that stands in the phrase several times is read once.
    ids = {
        unit: [i for term in unit.terms if (i := field.term_id(term)) is not None]
        for unit in dict.fromkeys(phrase.units)
    }
    candidates = _common_rows(segment, field, list(ids.values()))
    if not len(candidates):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    starts = _starts({unit: _places(field, those, candidates) for unit, those in ids.items()}, phrase)
    occurrences = np.bincount(starts // _STRIDE, minlength=len(candidates))
    found = np.flatnonzero(occurrences)
    return candidates[found].astype(np.int64), occurrences[found].astype(np.float64)


def _common_rows(segment: SegmentPostings, field: FieldPostings, ids: list[list[int]]) -> NDArray[np.uint32]:
    """Return the living rows that have every unit of the phrase: positions are read for these alone."""
    if not all(ids):
        return np.zeros(0, dtype=np.uint32)
    rarest_first = sorted(ids, key=lambda unit: sum(field.df(i) for i in unit))
    each = (_rows(field, unit) for unit in rarest_first)
    common = reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), each)
    return common if segment.deleted is None else common[~segment.deleted[common]]


def _rows(field: FieldPostings, ids: list[int]) -> NDArray[np.uint32]:
    if len(ids) == 1:
        return field.postings(ids[0])[0]
    return np.unique(np.concatenate([field.postings(i)[0] for i in ids]))


def _places(field: FieldPostings, ids: list[int], rows: NDArray[np.uint32]) -> Numbers:
    """Return where a unit stands in some rows, ascending: place in ``rows`` times stride, plus position."""
    keys = []
    for i in ids:
        positions, starts = field.positions_of(i, rows)
        place = np.repeat(np.arange(len(rows), dtype=np.int64), np.diff(starts))
        keys.append(place * _STRIDE + positions.astype(np.int64))
    return keys[0] if len(keys) == 1 else np.unique(np.concatenate(keys))


def _starts(places: dict[Term, Numbers], phrase: Phrase) -> Numbers:
    """Return the places of the first unit from which the phrase can be read to its end."""
    reachable = places[phrase.units[-1]]
    for i in range(len(phrase.units) - 2, -1, -1):
        if not len(reachable):
            break
        gap = phrase.offsets[i + 1] - phrase.offsets[i]
        here = places[phrase.units[i]]
        nearest = np.searchsorted(reachable, here + gap)
        inside = nearest < len(reachable)
        here = here[inside]
        reachable = here[reachable[nearest[inside]] <= here + gap + phrase.slop - 1]
    return reachable
