"""How are a program's steps worked out by the compiled loops? Window by window, and only as far as is asked.

``native/windows.c`` keeps the sums of some thousand rows at a time in the nearest cache: no array of all rows is made
unless somebody wants one. What it gives is what ``dense.py`` gives, to the last bit.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.index.keyword.dense import Dense, field_of
from searchkit.index.keyword.tree import Phrase, Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.program import Program
    from searchkit.index.keyword.statistics import KeywordSegments

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]

_NONE = (np.zeros(0, np.uint32), np.zeros(0, np.uint32), 0)


class Lists:
    """The postings of a program's leaves as the loops take them, and their idf.

    Leaves are told apart by identity, since the tree that holds them outlives this, and to hash one costs more than to
    read its list.
    """

    def __init__(self, index: KeywordSegments, compiled: Any) -> None:
        self.index = index
        self.compiled = compiled
        self._lists: dict[tuple[int, int], Any] = {}
        self._idfs: dict[int, float] = {}

    def list_of(self, leaf: Term | Phrase, number: int) -> Any:
        """Return a leaf's list in a segment: packed for a single term, rows and counts for unions and phrases."""
        if isinstance(leaf, Term) and len(leaf.terms) == 1:
            return self.index.packed(number, leaf.field, leaf.terms[0]) or _NONE
        key = id(leaf), number
        if key not in self._lists:
            self._lists[key] = self._phrase(leaf, number) if isinstance(leaf, Phrase) else self._term(leaf, number)
        return self._lists[key]

    def idf(self, leaf: Term | Phrase) -> float:
        """Return a leaf's idf: that of the living rows that have any of its terms, or the sum of a phrase's words'."""
        idf = self._idfs.get(id(leaf))
        if idf is None:
            if isinstance(leaf, Phrase):
                idf = sum(map(self.idf, leaf.units), 0.0)
            elif len(leaf.terms) == 1:
                idf = self.index.idf(self.index.df(leaf.field, leaf.terms[0]))
            else:
                idf = self.index.idf(sum(self._df(leaf, number) for number in self._numbers()))
            self._idfs[id(leaf)] = idf
        return idf

    def _numbers(self) -> range:
        return range(len(self.index.segments))

    def _df(self, leaf: Term, number: int) -> int:
        given = self.list_of(leaf, number)
        if isinstance(given[1], int):  # the only one of its terms that is there
            return sum(self.index.living_df(number, leaf.field, term) for term in leaf.terms)
        return len(given[0])

    def _packed(self, leaf: Term, number: int) -> list[Any]:
        return [one for term in leaf.terms if (one := self.index.packed(number, leaf.field, term)) is not None]

    def _term(self, leaf: Term, number: int) -> Any:
        packed = self._packed(leaf, number)
        if not packed:
            return _NONE
        if len(packed) == 1:
            return packed[0]
        segment = self.index.segments[number]
        return self._checked(leaf, number, self.compiled.unite, packed, segment.postings.rows, segment.deleted)

    def _phrase(self, leaf: Phrase, number: int) -> Any:
        segment = self.index.segments[number]
        each = [self._packed(unit, number) for unit in leaf.units]
        if not all(each):
            return _NONE
        if any(len(packed) > 1 for packed in each):
            from searchkit.index.keyword.phrases import phrase_postings

            rows, counts = phrase_postings(segment, leaf)
            return rows.astype(np.uint32), counts.astype(np.uint32), 0
        gaps = array("i", (after - before for before, after in zip(leaf.offsets, leaf.offsets[1:], strict=False)))
        lists = [packed[0] for packed in each]
        return self._checked(
            leaf, number, self.compiled.phrase, lists, gaps, leaf.slop, segment.postings.rows, segment.deleted
        )

    def _checked(self, leaf: Term | Phrase, number: int, loop: Any, *given: Any) -> Any:
        try:
            rows, counts = loop(*given)
        except ValueError as error:
            raise self.index.segments[number].postings.field(field_of(leaf)).corrupt(str(error)) from error
        return np.frombuffer(rows, np.uint32), np.frombuffer(counts, np.uint32), 0


class Windows:
    """A program, ready to be run in each segment."""

    def __init__(
        self, index: KeywordSegments, program: Program, lists: Lists, mask: Mask | None, filters: Sequence[Mask]
    ) -> None:
        self._index, self._program, self._lists, self._mask, self._filters = index, program, lists, mask, filters
        self._operations = array("i", (number for operation in program.operations for number in operation))
        self._steps = array("i", (number for s in program.steps for number in (s.leaf, s.gate, s.holding)))
        self._required = array("i", program.required)
        self._plain = program.plain
        self._fields = [field_of(leaf) for leaf in program.leaves]

    @cached_property
    def _weights(self) -> array[float]:
        idf, leaves = self._lists.idf, self._program.leaves
        return array("d", (s.factor * idf(leaves[s.leaf]) if s.leaf >= 0 else 0.0 for s in self._program.steps))

    def best(self, depth: int) -> tuple[Rows, Scores, float]:
        """Return the ``depth`` best rows, best first, their scores, and the highest score of any other."""
        floor = 0.0 if self._plain else -1.0
        parts: list[tuple[Rows, Scores]] = []
        for number, base in enumerate(self._index.bases[:-1]):
            found, values = self._run(number, limit=depth + 1, floor=floor)
            scores = np.frombuffer(values, np.float64)
            parts.append((np.frombuffer(found, np.int64) + base, scores))
            if len(scores) > depth and len(self._index.segments) > 1:
                floor = max(floor, float(scores.min()))
        if len(parts) == 1:
            ((rows, scores),) = parts
        elif parts:
            rows, scores = np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])
        else:
            rows, scores = np.zeros(0, np.int64), np.zeros(0)
        order = (-scores).argsort(kind="stable")
        bound = float(scores[order[depth]]) if len(order) > depth else -np.inf
        order = order[:depth]
        return rows[order], scores[order], bound

    def at(self, rows: Rows) -> tuple[Scores, Mask]:
        """Return the scores of some rows, and which of them match."""
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        scores, matched = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        cuts = np.searchsorted(ordered, self._index.bases).tolist()
        for number, (first, last) in enumerate(pairwise(cuts)):
            if last > first:
                wanted = (ordered[first:last] - self._index.bases[number]).astype(np.uint32)
                values, hits = np.zeros(last - first), np.zeros(last - first, dtype=bool)
                self._run(number, wanted=wanted, scores=values, matched=hits)
                scores[order[first:last]], matched[order[first:last]] = values, hits
        return scores, matched

    def dense(self) -> Dense:
        """Return the same of every row."""
        rows = self._index.rows
        dense = Dense(scores=np.zeros(rows), matched=np.zeros(rows, dtype=bool), allowed=np.zeros(rows, dtype=bool))
        for number, base in enumerate(self._index.bases[:-1]):
            mine = slice(base, self._index.bases[number + 1])
            self._run(number, scores=dense.scores[mine], matched=dense.matched[mine], allowed=dense.allowed[mine])
        return dense

    def _run(
        self,
        number: int,
        *,
        limit: int = 0,
        floor: float = -1.0,
        wanted: NDArray[np.uint32] | None = None,
        scores: Scores | None = None,
        matched: Mask | None = None,
        allowed: Mask | None = None,
    ) -> tuple[bytes, bytes]:
        index, program = self._index, self._program
        segment, base = index.segments[number], index.bases[number]
        rows = segment.postings.rows
        if not rows:
            return b"", b""
        mine = slice(base, base + rows)
        streams = self._plain and limit > 0
        tables = {field: index.table(number, field) for field in set(self._fields)}
        try:
            found: tuple[bytes, bytes] = self._lists.compiled.search(
                [self._lists.list_of(leaf, number) for leaf in program.leaves],
                [tables[field] for field in self._fields],
                self._operations,
                self._steps,
                self._weights,
                self._required,
                program.root,
                program.asks,
                self._plain,
                rows,
                None if streams else index.articles_of(number),
                segment.deleted,
                None if self._mask is None else self._mask[mine],
                [one[mine] for one in self._filters],
                limit,
                floor,
                wanted,
                scores,
                matched,
                allowed,
            )
        except ValueError as error:
            raise segment.postings.field("text").corrupt(str(error)) from error
        return found
