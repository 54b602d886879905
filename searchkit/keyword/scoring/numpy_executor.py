"""Numpy executor: a plan's steps over all rows of a segment at once; the fallback, and the reference of the tests.

What takes over where the compiled loops couldn't be built, and what they are held equal to: the same steps, the same
sums in the same order.

Within a row it is read by the row's own positions. Over borders it is read by the positions of the article's text, as
far as chunks go on from one to the next; what several chunks repeat counts in the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from searchkit.keyword.query.ast import TEXT, Phrase, Term
from searchkit.keyword.query.plan import ALL, Op, QueryPlan, lone_word
from searchkit.keyword.scoring.bm25 import OWN_FORM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.postings.inverter import Borders
    from searchkit.keyword.postings.reader import FieldPostings
    from searchkit.keyword.query.ast import Phrase, Term
    from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings

    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Scores = NDArray[np.float64]


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
        rows_here = rows[unit][np.isin(text[rows[unit]], common)]
        keys = _places(field, those, rows_here)
        row, position = rows_here[keys // _STRIDE].astype(np.int64), keys % _STRIDE
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScores:
    """``(rows,)`` each: the scores, 0 where a row doesn't match, the rows that match, and those of allowed articles."""

    scores: Scores
    matched: Mask
    allowed: Mask


class LeafReader:
    """The postings of a program's leaves, each read once a segment, and their idf."""

    def __init__(self, index: KeywordSegments, leaves: Sequence[Term | Phrase]) -> None:
        self.index = index
        self.leaves = leaves
        self._read: dict[tuple[Term | Phrase, int], tuple[Numbers, Scores]] = {}
        self._idfs: dict[Term | Phrase, float] = {}

    def postings(self, leaf: Term | Phrase, number: int) -> tuple[Numbers, Scores]:
        """Return the living rows of a segment in which a leaf occurs, ascending, and how often it does in each."""
        if (leaf, number) not in self._read:
            if isinstance(leaf, Phrase):
                postings = phrase_postings(self.index, number, leaf)
            else:
                postings = self.index.postings(number, leaf.field, leaf.terms, leaf.surfaces)
            self._read[leaf, number] = postings
        return self._read[leaf, number]

    def idf(self, leaf: Term | Phrase) -> float:
        """Return a leaf's idf: that of the living rows that have any of its terms, or the sum of a phrase's words'."""
        if leaf not in self._idfs:
            if isinstance(leaf, Phrase):
                self._idfs[leaf] = sum(map(self.idf, leaf.units), 0.0)
            elif len(leaf.terms) == 1 and not leaf.surfaces:
                self._idfs[leaf] = self.index.idf(self.index.df(leaf.field, leaf.terms[0]))
            else:
                df = sum(len(self.postings(leaf, number)[0]) for number in range(len(self.index.segments)))
                self._idfs[leaf] = self.index.idf(df)
        return self._idfs[leaf]


def run(
    index: KeywordSegments,
    program: QueryPlan,
    leaves: LeafReader,
    mask: Mask | None,
    filters: Sequence[Mask],
    presence: float = 0.0,
) -> RowScores:
    """Work a program out over all segments. ``mask`` and ``filters`` are ``(rows,)`` each.

    ``presence`` is what a leaf counts, times its weight, in each row where it stands.
    """
    dense = RowScores(
        scores=np.zeros(index.rows), matched=np.zeros(index.rows, dtype=bool), allowed=np.zeros(index.rows, dtype=bool)
    )
    for number, base in enumerate(index.bases[:-1]):
        rows_here = slice(base, index.bases[number + 1])
        _SegmentExecutor(program, leaves, number, [filter_[rows_here] for filter_ in filters], presence).run(
            None if mask is None else mask[rows_here],
            dense.scores[rows_here],
            dense.matched[rows_here],
            dense.allowed[rows_here],
        )
    return dense


class _SegmentExecutor:
    """One segment: its registers, each worked out once."""

    def __init__(
        self, program: QueryPlan, leaves: LeafReader, number: int, filters: Sequence[Mask], presence: float
    ) -> None:
        self._program, self._leaves, self._number, self._filters = program, leaves, number, filters
        self._presence = presence
        self._article_of_row = leaves.index.articles_of(number)
        self._articles = int(self._article_of_row[-1]) + 1 if len(self._article_of_row) else 0
        self._registers: list[Mask] = []
        for do, a, b in program.operations:
            self._registers.append(self._made(do, a, b))

    def run(self, mask: Mask | None, scores: Scores, matched: Mask, allowed: Mask) -> None:
        """Fill in ``(rows,)`` zeros."""
        index, program = self._leaves.index, self._program
        deleted = index.segments[self._number].deleted
        allowed[:] = self._rows(program.root)
        if deleted is not None:
            allowed &= ~deleted
        if mask is not None:
            allowed &= mask
        if not program.asks:
            matched[:] = allowed
            return
        for step in program.steps:
            gate = allowed if step.gate in (ALL, program.root) else allowed & self._rows(step.gate)
            if step.leaf < 0:
                matched |= gate
                continue
            holding = gate if step.holding == step.gate else allowed & self._rows(step.holding)
            leaf = program.leaves[step.leaf]
            rows, tf = self._leaves.postings(leaf, self._number)
            open_ = gate[rows]
            rows, tf = rows[open_], tf[open_]
            weight = step.factor * self._leaves.idf(leaf)
            shares = weight * (tf / (tf + index.norms(self._number, leaf.field)[rows]) + self._presence)
            if (word := lone_word(program)) is not None:
                shares = np.where(np.isin(rows, self._own_rows(word)), shares * OWN_FORM, shares)
            scores[rows] += shares
            matched[rows] |= holding[rows]
        scores[~matched] = 0.0

    def _own_rows(self, word: Term) -> NDArray[np.uint32]:
        """Return the rows in which a word stands in its own form."""
        field = self._leaves.index.segments[self._number].postings.field(word.field)
        form = self._leaves.index.own_forms(word.field, word.terms[0], word.own[0])[self._number]
        term_id = field.term_id(word.terms[0])
        return np.zeros(0, np.uint32) if form < 0 or term_id is None else field.form_counts(term_id, form)[0]

    def _rows(self, register: int) -> Mask:
        if register == ALL:
            return np.ones(len(self._article_of_row), dtype=bool)
        return self._registers[register][self._article_of_row]

    def _made(self, do: Op, a: int, b: int) -> Mask:
        """Return ``(articles,)`` bool."""
        match do:
            case Op.ALL:
                return np.ones(self._articles, dtype=bool)
            case Op.NONE:
                return np.zeros(self._articles, dtype=bool)
            case Op.LEAF:
                return self._having(self._leaves.postings(self._program.leaves[a], self._number)[0])
            case Op.FILTER:
                return self._having(np.flatnonzero(self._filters[a]))
            case Op.AND:
                return self._registers[a] & self._registers[b]
            case Op.OR:
                return self._registers[a] | self._registers[b]
            case Op.NOT:
                return ~self._registers[a]

    def _having(self, rows: Numbers) -> Mask:
        held = np.zeros(self._articles, dtype=bool)
        held[self._article_of_row[rows]] = True
        return held
