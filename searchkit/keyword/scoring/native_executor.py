"""Native executor: a plan's steps by the compiled extension, window by window.

``native/score_window.c`` keeps the sums of some thousand rows at a time in the nearest cache,
``native/score_conjunction.c`` moves from row to row that all required words have: no array of all rows is made unless
somebody wants one. What they give is what ``numpy_executor.py`` gives, to the last bit.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from searchkit.keyword.query.ast import And, FieldName, Maybe, Or, Phrase, Term
from searchkit.keyword.query.plan import lone_word, plan_of
from searchkit.keyword.query.rewrite import WordSet
from searchkit.keyword.scoring.numpy_executor import RowScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.query.plan import Operation, QueryPlan, Step
    from searchkit.keyword.scoring.segments import KeywordSegments, PlanArrays

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]

Joint = Literal["any", "all"]


class LeafPostings:
    """The postings of a program's leaves as the loops take them, and their idf.

    Leaves are told apart by identity, since the tree that holds them outlives this, and to hash one costs more than to
    read its list.
    """

    def __init__(self, index: KeywordSegments) -> None:
        self.index = index
        self.parts = index.parts
        self._leaves: dict[int, Any] = {}
        self._idfs: dict[int, float] = {}

    def leaf(self, leaf: Term | Phrase) -> Any:
        """Return what a leaf has in all segments. Raises ``IndexCorrupt``."""
        postings = self._leaves.get(id(leaf))
        if postings is None:
            postings = self._phrase(leaf) if isinstance(leaf, Phrase) else self._term(leaf)
            self._leaves[id(leaf)] = postings
        return postings

    def idf(self, leaf: Term | Phrase) -> float:
        """Return a leaf's idf: that of the living rows that have any of its terms, or the sum of a phrase's words'."""
        idf = self._idfs.get(id(leaf))
        if idf is None:
            if isinstance(leaf, Phrase):
                idf = sum([self.idf(unit) for unit in leaf.units], 0.0)
            else:
                df = self.index.form_df(leaf.field, leaf.surfaces) if leaf.surfaces else None
                idf = self.index.idf(self.leaf(leaf).df if df is None else df)
            self._idfs[id(leaf)] = idf
        return idf

    def _term(self, leaf: Term) -> Any:
        if isinstance(leaf.terms, WordSet):
            return self.parts.union(leaf.field, leaf.terms.words)
        if leaf.surfaces:
            return self.parts.forms(leaf.field, leaf.surfaces)
        if len(leaf.terms) == 1:
            return self.parts.term(leaf.field, leaf.terms[0])
        return self.parts.together(leaf.field, [self.parts.term(leaf.field, term) for term in leaf.terms])

    def _phrase(self, leaf: Phrase) -> Any:
        units = [self.parts.placed(unit) for unit in leaf.units]
        return self.parts.segments.phrase(units, leaf.offsets, leaf.slop)


MOST_ARTICLES = 256
"""So many articles are scored by one call."""


class VotedArticles(NamedTuple):
    """Articles by their numbers over all segments, ascending, and their scores, which all of their chunks have made.

    ``looked``: how many of the rows given were looked at until there were as many articles as asked for. ``rows``,
    ascending, ``of_rows`` and ``matched``: the chunks of the articles, the score of each, and which of them match.
    """

    articles: Rows
    scores: Scores
    looked: int
    rows: Rows
    of_rows: Scores
    matched: Mask


class NativeExecutor:
    """A program, ready to be run.

    ``presence`` is what a leaf counts, times its weight, in each row where it stands. With ``counting`` the search for
    the best rows also counts the articles that match, where that costs little: ``counted``.
    """

    def __init__(
        self,
        index: KeywordSegments,
        program: QueryPlan,
        lists: LeafPostings,
        mask: Mask | None,
        filters: Sequence[Mask],
    ) -> None:
        self._index, self._program, self._lists, self._mask, self._filters = index, program, lists, mask, list(filters)
        self.presence = 0.0
        self.counting = False
        self.counted: int | None = None

    def among(self, mask: Mask | None, presence: float) -> NativeExecutor:
        """Return the same among other rows or with another presence; the lists are the same, which were looked up."""
        other = NativeExecutor.__new__(NativeExecutor)
        other.__dict__ |= self.__dict__
        other._mask, other.presence, other.counting, other.counted = mask, presence, False, None
        if "_plan_arguments" in other.__dict__:
            *plan, _, filters = self._plan_arguments
            other.__dict__["_plan_arguments"] = (*plan, mask, filters)
        return other

    def best(self, depth: int) -> tuple[Rows, Scores, float]:
        """Return the ``depth`` best rows, best first, their scores, and the highest score of any other."""
        counting = self.counting and self.counted is None
        self._lists.parts.make_ready(self._fields, articles=counting or not self._program.plain)
        try:
            packed_rows, values, articles = self._lists.parts.segments.best(
                *self._plan_arguments, depth, self.presence, counting
            )
        except ValueError as error:
            raise self._lists.parts.corrupt(error, "text") from error
        if articles >= 0:
            self.counted = articles
        rows, scores = np.frombuffer(packed_rows, np.int64), np.frombuffer(values, np.float64)
        if len(rows) <= depth:
            return rows, scores, -np.inf
        return rows[:depth], scores[:depth], float(scores[depth])

    def voted(self, rows: Rows, most: int, vote: float, voters: int) -> VotedArticles:
        """Return the first ``most`` different articles of some rows, scored by all of their chunks."""
        self._lists.parts.make_ready(self._fields, articles=True)
        try:
            numbers, scores, looked, chunks, values, hits = self._lists.parts.segments.voted(
                *self._plan_arguments, rows, most, vote, voters
            )
        except ValueError as error:
            raise self._lists.parts.corrupt(error, "text") from error
        return VotedArticles(
            articles=np.frombuffer(numbers, np.int64),
            scores=np.frombuffer(scores, np.float64),
            looked=looked,
            rows=np.frombuffer(chunks, np.int64),
            of_rows=np.frombuffer(values, np.float64),
            matched=np.frombuffer(hits, np.bool_),
        )

    def count(self) -> int:
        """Count the articles that match."""
        if self.counted is not None:
            return self.counted
        self._lists.parts.make_ready(self._fields, articles=True)
        try:
            return int(self._lists.parts.segments.count(*self._plan_arguments))
        except ValueError as error:
            raise self._lists.parts.corrupt(error, "text") from error

    def at(self, rows: Rows, bare: Scores | None = None) -> tuple[Scores, Mask]:
        """Return the scores of some rows, and which of them match; ``bare`` gets the scores without presence."""
        ascends = bool((rows[1:] >= rows[:-1]).all())  # mostly, and to sort them costs more than to look
        order = None if ascends else np.argsort(rows, kind="stable")
        ordered = rows if order is None else rows[order]
        scores, matched = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        cuts = ordered.searchsorted(self._index.bases).tolist()
        for number, (first, last) in enumerate(pairwise(cuts)):
            if last > first:
                part = slice(first, last)
                wanted = (ordered[part] - self._index.bases[number]).astype(np.uint32)
                own_bare = None if bare is None else bare[part]
                self._fill(number, wanted, scores[part], matched[part], None, own_bare)
        if order is None:
            return scores, matched
        for values in (scores, matched, *([] if bare is None else [bare])):
            values[order] = values.copy()
        return scores, matched

    def dense(self) -> RowScores:
        """Return the same of every row."""
        rows = self._index.rows
        dense = RowScores(scores=np.zeros(rows), matched=np.zeros(rows, dtype=bool), allowed=np.zeros(rows, dtype=bool))
        for number, (base, end) in enumerate(pairwise(self._index.bases)):
            part = slice(base, end)
            if end > base:
                self._fill(number, None, dense.scores[part], dense.matched[part], dense.allowed[part])
        return dense

    def _fill(
        self,
        number: int,
        wanted: NDArray[np.uint32] | None,
        scores: Scores,
        matched: Mask,
        allowed: Mask | None,
        bare: Scores | None = None,
    ) -> None:
        self._lists.parts.make_ready(self._fields, articles=True)
        try:
            self._lists.parts.segments.fill(
                number, *self._plan_arguments, wanted, scores, matched, allowed, self.presence, bare
            )
        except ValueError as error:
            raise self._lists.parts.corrupt(error, "text") from error

    @cached_property
    def _fields(self) -> frozenset[FieldName]:
        return frozenset([leaf.field for leaf in self._program.leaves])

    @cached_property
    def _plan_arguments(self) -> tuple[Any, ...]:
        """The program as the loops take it."""
        program, lists = self._program, self._lists
        leaves = program.leaves
        weights = [step.factor * lists.idf(leaves[step.leaf]) if step.leaf >= 0 else 0.0 for step in program.steps]
        word = lone_word(program)
        operations, steps, required = _laid_out(program.operations, program.steps, program.required)
        return (
            [lists.leaf(leaf) for leaf in leaves] if word is None else [lists.parts.preferring(word)],
            operations,
            steps,
            array("d", weights),
            required,
            program.root,
            program.asks,
            program.plain,
            self._mask,
            self._filters,
        )


@lru_cache(maxsize=256)
def _laid_out(
    operations: tuple[Operation, ...], steps: tuple[Step, ...], required: tuple[int, ...]
) -> tuple[array[int], array[int], array[int]]:
    """Lay out what is done as the loops take it: most questions differ in their words alone."""
    return (
        array("i", [number for operation in operations for number in operation]),
        array("i", [number for step in steps for number in (step.leaf, step.gate, step.holding)]),
        array("i", required),
    )


@lru_cache(maxsize=256)
def plan_arrays(joint: Joint, count: int) -> PlanArrays:
    """Return the operations, the steps, the required leaves, the root and whether it is plain, as the loops take them.

    Of the program of so many different words, of which "any" may or "all" must be there: step i adds leaf i.
    """
    words = tuple(Term(terms=(str(place),)) for place in range(count))
    whole = words[0] if count == 1 else And(children=words) if joint == "all" else Or(children=words)
    program = plan_of(whole if joint == "all" else Maybe(child=whole))
    return (
        array("i", [number for operation in program.operations for number in operation]),
        array("i", [number for step in program.steps for number in (step.leaf, step.gate, step.holding)]),
        array("i", program.required),
        program.root,
        program.plain,
    )
