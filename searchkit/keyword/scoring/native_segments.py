"""Native segments: a generation's arrays, handed to the compiled extension once, so that a search only names them."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.keyword.query.ast import Term
from searchkit.keyword.query.fast_parse import Asked, Joint
from searchkit.keyword.query.plan import program_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.errors import IndexCorrupt
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.scoring.bm25_statistics import KeywordSegments, SegmentPostings

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]


FIELDS: dict[FieldName, int] = {"text": 0, "title": 1}

_REMEMBERED = 1 << 16
"""Terms whose places are remembered, some 200 bytes each: people ask for the same words again and again."""


_TEXT: frozenset[FieldName] = frozenset({"text"})


@lru_cache(maxsize=256)
def _shape(joint: Joint, count: int) -> tuple[array[int], array[int], array[int], int, bool]:
    """Return the operations, the steps, the required leaves, the root and whether it is plain, as the loops take them.

    Of the program of so many different words: step i adds leaf i.
    """
    program = program_of(Asked(joint, [Term(terms=(str(place),)) for place in range(count)]).tree)
    return (
        array("i", [number for operation in program.operations for number in operation]),
        array("i", [number for step in program.steps for number in (step.leaf, step.gate, step.holding)]),
        array("i", program.required),
        program.root,
        program.plain,
    )


class Parts:
    """The compiled side of ``KeywordSegments``. Holds caches alone, so any number of threads may share one."""

    def __init__(self, index: KeywordSegments, compiled: Any) -> None:
        self.index = index
        self.segments = compiled.Segments([_arrays(segment) for segment in index.segments])
        self._ready: set[FieldName | None] = set()
        self._terms: dict[tuple[FieldName, str], Any] = {}
        self._forms: dict[tuple[FieldName, tuple[str, ...]], Any] = {}
        self._own: dict[tuple[FieldName, str, str], Any] = {}
        self._has_words = False

    def make_ready(self, fields: frozenset[FieldName], *, articles: bool) -> None:
        """Hand over what turns counts of some fields into scores and, where asked, which article has each row."""
        if fields <= self._ready and (not articles or None in self._ready):
            return
        for one in (*fields, None) if articles else fields:
            if one in self._ready:
                continue
            for number, segment in enumerate(self.index.segments):
                if not segment.postings.rows:
                    continue
                if one is None:
                    self.segments.set_articles(number, self.index.articles_of(number))
                else:
                    self.segments.set_table(number, FIELDS[one], *self.index.table(number, one))
            self._ready.add(one)

    def term(self, field: FieldName, term: str) -> Any:
        """Return a term's postings in all segments. Raises ``IndexCorrupt``."""
        found = self._terms.get((field, term))
        if found is None:
            try:
                found = self.segments.term(FIELDS[field], term.encode("utf-8", "surrogatepass"))
            except ValueError as error:
                raise self.corrupt(error, field) from error
            if len(self._terms) >= _REMEMBERED:
                self._terms.clear()
            self._terms[field, term] = found
        return found

    def best(
        self, joint: Joint, leaves: list[Any], weights: list[float], mask: Mask | None, depth: int
    ) -> tuple[Rows, Scores]:
        """Return the best ``depth`` rows, and one more, that have any or all leaves of "text", and their scores.

        They come best first. ``weights``: of each leaf. ``mask``, ``(rows,)``: the rows that may be found. Raises
        ``IndexCorrupt``.
        """
        operations, steps, required, root, plain = _shape(joint, len(leaves))
        self.make_ready(_TEXT, articles=not plain)
        try:
            rows, scores = self.segments.best(
                leaves, operations, steps, array("d", weights), required, root, True, plain, mask, [], depth
            )
        except ValueError as error:
            raise self.corrupt(error, "text") from error
        return np.frombuffer(rows, np.int64), np.frombuffer(scores, np.float64)

    def words(self, kind: int, pattern: str, limit: int) -> tuple[bytes, ...]:
        """Return for each segment the living words that look like a pattern, as the numbers of its table.

        ``kind``: 0 begin with it, 1 fit it, 2 lie within ``limit`` edits. Raises ``IndexCorrupt``.
        """
        self._give_words()
        points = np.frombuffer(pattern.encode("utf-32-le", "surrogatepass"), np.uint32)
        try:
            found: tuple[bytes, ...] = self.segments.words(
                kind, pattern.encode("utf-8", "surrogatepass"), points, limit
            )
        except ValueError as error:
            raise self.corrupt(error, "text") from error
        return found

    def union(self, field: FieldName, words: tuple[bytes, ...]) -> Any:
        """Return where any term of some words stands. Raises ``IndexCorrupt``."""
        self._give_words()
        try:
            return self.segments.union(FIELDS[field], words)
        except ValueError as error:
            raise self.corrupt(error, field) from error

    def forms(self, field: FieldName, surfaces: tuple[str, ...]) -> Any:
        """Return where any of some forms stands. Raises ``IndexCorrupt``."""
        return self._of_forms(field, self._numbers(field, surfaces), placed=False)

    def preferring(self, word: Term) -> Any:
        """Return where a word of one term stands, which scores more in its own form. Raises ``IndexCorrupt``."""
        key = word.field, word.terms[0], word.own[0]
        part = self._own.get(key)
        if part is None:
            forms = self.index.own_forms(*key)
            part = self.term(word.field, word.terms[0])
            if max(forms, default=-1) >= 0:
                part = self.segments.preferring(part, forms)
            if len(self._own) >= _REMEMBERED:
                self._own.clear()
            self._own[key] = part
        return part

    def placed(self, unit: Term) -> Any:
        """Return where a word of a phrase stands, with its positions. Raises ``IndexCorrupt``."""
        if not unit.surfaces:
            if len(unit.terms) == 1:
                return self.term(unit.field, unit.terms[0])
            return self._of_forms(unit.field, self._all_forms(unit), placed=True)
        key = unit.field, unit.surfaces
        part = self._forms.get(key)
        if part is None:
            numbers = self._numbers(*key)
            part = self._of_forms(unit.field, numbers, placed=True)
            if max(map(len, numbers), default=0) <= 1:  # else it holds what it found
                if len(self._forms) >= _REMEMBERED:
                    self._forms.clear()
                self._forms[key] = part
        return part

    def _all_forms(self, unit: Term) -> list[list[tuple[int, int]]]:
        fields = [segment.postings.field(unit.field) for segment in self.index.segments]
        return [[(i, -1) for term in unit.terms if (i := field.term_id(term)) is not None] for field in fields]

    def _numbers(self, field: FieldName, surfaces: tuple[str, ...]) -> list[list[tuple[int, int]]]:
        return [self.index.forms(number, field, surfaces) for number in range(len(self.index.segments))]

    def _of_forms(self, field: FieldName, numbers: list[list[tuple[int, int]]], *, placed: bool) -> Any:
        try:
            return self.segments.forms(FIELDS[field], numbers, placed)
        except ValueError as error:
            raise self.corrupt(error, field) from error

    def together(self, field: FieldName, leaves: list[Any]) -> Any:
        """Return where any of some terms stands. Raises ``IndexCorrupt``."""
        try:
            return self.segments.together(FIELDS[field], leaves)
        except ValueError as error:
            raise self.corrupt(error, field) from error

    def corrupt(self, error: ValueError, field: FieldName) -> IndexCorrupt:
        """Make the error that names the file of the segment where a loop found something damaged."""
        what, number = error.args if len(error.args) == 2 else (str(error), 0)
        return self.index.segments[number].postings.field(field).corrupt(str(what))

    def _give_words(self) -> None:
        if not self._has_words:
            counts = self.index.lexicon.counts
            for number, (segment, living) in enumerate(zip(self.index.segments, counts, strict=True)):
                self.segments.set_words(number, *segment.postings.words.arrays(living))
            self._has_words = True


def _arrays(segment: SegmentPostings) -> tuple[Any, ...]:
    """Return a segment's fields, its deleted rows, what those take from the df of terms, and its borders."""
    text, title = (segment.postings.field(name).packed for name in FIELDS)
    borders = segment.postings.borders
    joined = (None, None, None) if borders is None else (borders.bodies, borders.ends, borders.joins)
    if segment.delta is None:
        return text, title, segment.deleted, None, None, None, None, *joined
    delta = segment.delta
    ids = (delta.text.term_ids, delta.text.df, delta.title.term_ids, delta.title.df)
    return text, title, segment.deleted, *(np.ascontiguousarray(one, np.uint32) for one in ids), *joined
