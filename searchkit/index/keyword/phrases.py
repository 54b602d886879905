"""Here are words in order; how often do they stand so in each row, and over the borders of rows?

Within a row it is read by the row's own positions. Over borders it is read by the positions of the article's text, as
far as chunks go on from one to the next; what several chunks repeat counts in the last of them.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.keyword.tree import TEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.inverter import Borders
    from searchkit.index.keyword.postings import FieldPostings
    from searchkit.index.keyword.statistics import KeywordSegments, SegmentPostings
    from searchkit.index.keyword.tree import Phrase, Term

    Numbers = NDArray[np.int64]

_STRIDE = 1 << 34
"""Above any position (32 bits) with any slop added, so that row and position make one number, and rows never meet."""

_Forms = list[tuple[int, int | None]]
"""Terms of a unit by their ids, each with the one form of it that counts; None for all."""


def phrase_postings(index: KeywordSegments, number: int, phrase: Phrase) -> tuple[Numbers, NDArray[np.float64]]:
    """Return the living rows of a segment, ascending, in which a phrase occurs, and how often it does in each."""
    segment = index.segments[number]
    field = segment.postings.field(phrase.units[0].field)
    # A word that stands in the phrase several times is read once.
    ids = {unit: _ids(index, number, unit) for unit in dict.fromkeys(phrase.units)}
    candidates = _common_rows(segment, field, list(ids.values()))
    starts = np.zeros(0, dtype=np.int64)
    if len(candidates):
        starts = _starts({unit: _places(field, those, candidates) for unit, those in ids.items()}, phrase)
        starts = candidates.astype(np.int64)[starts // _STRIDE] * _STRIDE + starts % _STRIDE
    borders = segment.postings.borders
    if borders is not None and phrase.units[0].field == TEXT and all(ids.values()):
        starts = np.union1d(starts, _crossing(segment, field, ids, phrase, borders))
    rows, occurrences = np.unique(starts // _STRIDE, return_counts=True)
    return rows, occurrences.astype(np.float64)


def _ids(index: KeywordSegments, number: int, unit: Term) -> _Forms:
    if unit.surfaces:
        return list(index.forms(number, unit.field, unit.surfaces))
    field = index.segments[number].postings.field(unit.field)
    return [(i, None) for term in unit.terms if (i := field.term_id(term)) is not None]


def _crossing(
    segment: SegmentPostings, field: FieldPostings, ids: dict[Term, _Forms], phrase: Phrase, borders: Borders
) -> Numbers:
    """Return the row and position (row times stride, plus position) of each reading in the text of articles."""
    text, begins = _laid_out(borders)
    rows = {unit: _rows(field, those) for unit, those in ids.items()}
    common = reduce(np.intersect1d, [np.unique(text[those]) for those in rows.values()])
    bodies = borders.bodies.astype(np.int64)
    ends = np.append(np.where(text[1:] == text[:-1], begins[1:], np.int64(_STRIDE)), np.int64(_STRIDE))
    places: dict[Term, Numbers] = {}
    for unit, those in ids.items():
        mine = rows[unit][np.isin(text[rows[unit]], common)]
        keys = _places(field, those, mine)
        row, position = mine[keys // _STRIDE].astype(np.int64), keys % _STRIDE
        place = begins[row] + position - bodies[row]
        own = (position >= bodies[row]) & (place < ends[row])
        places[unit] = np.unique(text[row[own]] * _STRIDE + place[own])
    starts = _starts(places, phrase)
    # The row of a start is the last one of its text that begins there or before.
    row = np.searchsorted(text * _STRIDE + begins, starts, side="right") - 1
    kept = np.ones(len(row), dtype=bool) if segment.deleted is None else ~segment.deleted[row]
    row = row[kept]
    crossings: Numbers = row * _STRIDE + (starts[kept] % _STRIDE - begins[row] + bodies[row])
    return crossings


def _laid_out(borders: Borders) -> tuple[Numbers, Numbers]:
    """Return of each row the first row of the text that it goes on with, and where in that text it begins."""
    joins = borders.joins.astype(np.int64)
    sizes = borders.ends.astype(np.int64) - borders.bodies
    steps = np.zeros(len(joins), np.int64)
    steps[1:] = np.where(joins[1:] > 0, np.maximum(sizes[:-1] - (joins[1:] - 1), 0), 0)
    first = np.maximum.accumulate(np.where(joins == 0, np.arange(len(joins)), 0))
    begins = np.cumsum(steps)
    return first, begins - begins[first]


def _common_rows(segment: SegmentPostings, field: FieldPostings, ids: list[_Forms]) -> NDArray[np.uint32]:
    """Return the living rows that have every unit of the phrase: positions are read for these alone."""
    if not all(ids):
        return np.zeros(0, dtype=np.uint32)
    rarest_first = sorted(ids, key=lambda unit: sum(field.df(i) for i, _ in unit))
    each = (_rows(field, unit) for unit in rarest_first)
    common = reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), each)
    return common if segment.deleted is None else common[~segment.deleted[common]]


def _rows(field: FieldPostings, ids: _Forms) -> NDArray[np.uint32]:
    if len(ids) == 1:
        return field.postings(ids[0][0])[0]
    return np.unique(np.concatenate([field.postings(i)[0] for i, _ in ids]))


def _places(field: FieldPostings, ids: _Forms, rows: NDArray[np.uint32]) -> Numbers:
    """Return where a unit stands in some rows, ascending: place in ``rows`` times stride, plus position."""
    keys = []
    for i, form in ids:
        positions, starts = field.positions_of(i, rows, form)
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
