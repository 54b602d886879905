"""How are a program's steps worked out with numpy alone? Over all rows of a segment at once.

What takes over where the compiled loops couldn't be built, and what they are held equal to: the same steps, the same
sums in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.keyword.phrases import phrase_postings
from searchkit.index.keyword.program import ALL, Do, Program, lone_word
from searchkit.index.keyword.statistics import OWN_FORM
from searchkit.index.keyword.tree import FieldName, Phrase, Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.statistics import KeywordSegments

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]
    Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """``(rows,)`` each: the scores, 0 where a row doesn't match, the rows that match, and those of allowed articles."""

    scores: Scores
    matched: Mask
    allowed: Mask


class Leaves:
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


def field_of(leaf: Term | Phrase) -> FieldName:
    """Return the field that a leaf looks in."""
    return leaf.units[0].field if isinstance(leaf, Phrase) else leaf.field


def run(index: KeywordSegments, program: Program, leaves: Leaves, mask: Mask | None, filters: Sequence[Mask]) -> Dense:
    """Work a program out over all segments. ``mask`` and ``filters`` are ``(rows,)`` each."""
    dense = Dense(
        scores=np.zeros(index.rows), matched=np.zeros(index.rows, dtype=bool), allowed=np.zeros(index.rows, dtype=bool)
    )
    for number, base in enumerate(index.bases[:-1]):
        mine = slice(base, index.bases[number + 1])
        _Segment(program, leaves, number, [one[mine] for one in filters]).run(
            None if mask is None else mask[mine], dense.scores[mine], dense.matched[mine], dense.allowed[mine]
        )
    return dense


class _Segment:
    """One segment: its registers, each worked out once."""

    def __init__(self, program: Program, leaves: Leaves, number: int, filters: Sequence[Mask]) -> None:
        self._program, self._leaves, self._number, self._filters = program, leaves, number, filters
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
            shares = weight * (tf / (tf + index.norms(self._number, field_of(leaf))[rows]))
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

    def _made(self, do: Do, a: int, b: int) -> Mask:
        """Return ``(articles,)`` bool."""
        match do:
            case Do.ALL:
                return np.ones(self._articles, dtype=bool)
            case Do.NONE:
                return np.zeros(self._articles, dtype=bool)
            case Do.LEAF:
                return self._having(self._leaves.postings(self._program.leaves[a], self._number)[0])
            case Do.FILTER:
                return self._having(np.flatnonzero(self._filters[a]))
            case Do.AND:
                return self._registers[a] & self._registers[b]
            case Do.OR:
                return self._registers[a] | self._registers[b]
            case Do.NOT:
                return ~self._registers[a]

    def _having(self, rows: Numbers) -> Mask:
        held = np.zeros(self._articles, dtype=bool)
        held[self._article_of_row[rows]] = True
        return held
