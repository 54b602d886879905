"""Keyword segments: a generation's postings as one space of rows and one set of statistics, for both executors.

A segment's file counts all its rows; what deleted rows take is subtracted. So an index scores like one built afresh.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.postings.word_dictionary import WordDictionary
from searchkit.keyword.query.ast import Term
from searchkit.keyword.scoring.bm25 import idf, length_norms, saturation
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.errors import IndexCorrupt
    from searchkit.keyword.query.ast import FieldName

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    from searchkit.keyword.postings.deletion_stats import FieldDelta, PostingsDelta
    from searchkit.keyword.postings.reader import PostingsReader

    Numbers = NDArray[np.int64]


FIELDS: dict[FieldName, int] = {"text": 0, "title": 1}

_REMEMBERED = 1 << 16
"""Terms whose places are remembered, some 200 bytes each: people ask for the same words again and again."""


_TEXT: frozenset[FieldName] = frozenset({"text"})


PlanArrays = tuple["array[int]", "array[int]", "array[int]", int, bool]
"""Operations, steps, required leaves, root, and whether it is plain, of a plan as the compiled extension takes it."""


class NativeSegments:
    """The compiled side of ``KeywordSegments``. Holds caches alone, so any number of threads may share one."""

    def __init__(self, index: KeywordSegments, compiled: Any) -> None:
        self.index = index
        self.segments = compiled.Segments([_arrays(segment) for segment in index.segments])
        self._ready: set[FieldName | None] = set()
        self._terms: BoundedCache[tuple[FieldName, str], Any] = BoundedCache(_REMEMBERED)
        self._forms: BoundedCache[tuple[FieldName, tuple[str, ...]], Any] = BoundedCache(_REMEMBERED)
        self._own: BoundedCache[tuple[FieldName, str, str], Any] = BoundedCache(_REMEMBERED)
        self._has_words = False

    def make_ready(self, fields: frozenset[FieldName], *, articles: bool) -> None:
        """Hand over what turns counts of some fields into scores and, where asked, which article has each row."""
        if fields <= self._ready and (not articles or None in self._ready):
            return
        for field in (*fields, None) if articles else fields:
            if field in self._ready:
                continue
            for number, segment in enumerate(self.index.segments):
                if not segment.postings.rows:
                    continue
                if field is None:
                    self.segments.set_articles(number, self.index.articles_of(number))
                else:
                    self.segments.set_table(number, FIELDS[field], *self.index.table(number, field))
            self._ready.add(field)

    def term(self, field: FieldName, term: str) -> Any:
        """Return a term's postings in all segments. Raises ``IndexCorrupt``."""
        postings = self._terms.get((field, term))
        if postings is None:
            try:
                postings = self.segments.term(FIELDS[field], term.encode("utf-8", "surrogatepass"))
            except ValueError as error:
                raise self.corrupt(error, field) from error
            self._terms[field, term] = postings
        return postings

    def best(
        self, plan: PlanArrays, leaves: list[Any], weights: list[float], mask: Mask | None, depth: int
    ) -> tuple[Rows, Scores]:
        """Return the best ``depth`` rows, and one more, that a plan of leaves of "text" finds, and their scores.

        They come best first. ``weights``: of each leaf. ``mask``, ``(rows,)``: the rows that may be found. Raises
        ``IndexCorrupt``.
        """
        operations, steps, required, root, plain = plan
        self.make_ready(_TEXT, articles=not plain)
        try:
            rows, scores, _ = self.segments.best(
                leaves, operations, steps, array("d", weights), required, root, True, plain, mask, [], depth
            )
        except ValueError as error:
            raise self.corrupt(error, "text") from error
        return np.frombuffer(rows, np.int64), np.frombuffer(scores, np.float64)

    def common_rows(self, field: FieldName, words: Sequence[Sequence[str]], reach: int) -> Rows:
        """Return the rows, ascending, of the first word that have each other at most ``reach`` rows away.

        A word is given as its terms, any of which stands for it; deleted rows count, too. Raises ``IndexCorrupt``.
        """
        lists = [[self.term(field, term) for term in terms] for terms in words]
        try:
            return np.frombuffer(self.segments.common_rows(lists, reach), np.int64)
        except ValueError as error:
            raise self.corrupt(error, field) from error

    def words(self, kind: int, pattern: str, limit: int) -> tuple[bytes, ...]:
        """Return for each segment the living words that look like a pattern, as the numbers of its table.

        ``kind``: 0 begin with it, 1 fit it, 2 lie within ``limit`` edits. Raises ``IndexCorrupt``.
        """
        self._give_words()
        points = np.frombuffer(pattern.encode("utf-32-le", "surrogatepass"), np.uint32)
        try:
            words: tuple[bytes, ...] = self.segments.words(
                kind, pattern.encode("utf-8", "surrogatepass"), points, limit
            )
        except ValueError as error:
            raise self.corrupt(error, "text") from error
        return words

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
    return text, title, segment.deleted, *(np.ascontiguousarray(array, np.uint32) for array in ids), *joined


_READY = 4
"""Counts of a word in a row for which its share of the score is worked out once for all lengths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPostings:
    """What the keyword retriever needs of a segment.

    ``article_of_row``: ``(rows,)`` ascending, the article that each row belongs to, counted from 0 in the segment, or
    what makes that array when it is first needed. ``deleted``: ``(rows,)`` bool, whole articles, with ``delta``, what
    those rows take from the statistics; both or neither.
    """

    postings: PostingsReader
    article_of_row: NDArray[np.int32] | Callable[[], NDArray[np.int32]]
    deleted: Mask | None = None
    delta: PostingsDelta | None = None


class KeywordSegments:
    """The segments of a generation as the keyword retriever sees them: one space of rows, one set of statistics.

    Row i of segment s is global row ``bases[s] + i``. Holds caches alone, so any number of threads may share one.
    """

    def __init__(self, segments: Sequence[SegmentPostings]) -> None:
        self.segments = tuple(segments)
        self.bases = list(accumulate((segment.postings.rows for segment in segments), initial=0))
        self.rows = self.bases[-1]
        gone = sum(int(np.count_nonzero(segment.deleted)) for segment in self.segments if segment.deleted is not None)
        self.living_rows = self.rows - gone
        self._norms: dict[tuple[int, FieldName], Scores] = {}
        self._articles: dict[int, NDArray[np.int32]] = {}
        self._tables: dict[tuple[int, FieldName], tuple[NDArray[Any] | None, Scores, Scores | None]] = {}
        self._dfs: BoundedCache[tuple[FieldName, str], int] = BoundedCache(_REMEMBERED)
        self._average: dict[FieldName, float] = {}

    def articles_of(self, number: int) -> NDArray[np.int32]:
        """Return the article of each row of a segment, counted from 0 in it: ``(rows,)`` ascending."""
        if number not in self._articles:
            articles = self.segments[number].article_of_row
            self._articles[number] = np.ascontiguousarray(
                articles() if callable(articles) else articles, dtype=np.int32
            )
        return self._articles[number]

    @cached_property
    def living(self) -> Mask:
        """``(rows,)``: which rows aren't deleted."""
        living = np.ones(self.rows, dtype=bool)
        for segment, base in zip(self.segments, self.bases, strict=False):
            if segment.deleted is not None:
                living[base : base + segment.postings.rows] = ~segment.deleted
        return living

    @cached_property
    def article_of_row(self) -> Numbers:
        """``(rows,)``: the number of each row's article, counted over all segments."""
        parts, articles = [np.zeros(0, dtype=np.int64)], 0
        for number in range(len(self.segments)):
            own_articles = self.articles_of(number)
            parts.append(own_articles.astype(np.int64) + articles)
            articles += int(own_articles[-1]) + 1 if len(own_articles) else 0
        return np.concatenate(parts)

    def total_length(self, field: FieldName) -> int:
        """Count the terms of a field over the living rows."""
        return sum(
            segment.postings.field(field).total_length
            - (0 if segment.delta is None else field_delta(segment.delta, field).total_length)
            for segment in self.segments
        )

    def average_length(self, field: FieldName) -> float:
        """Return the mean length of a field over the living rows; 1 where there is nothing to divide."""
        if field not in self._average:
            self._average[field] = self.total_length(field) / max(1, self.living_rows) or 1.0
        return self._average[field]

    def df(self, field: FieldName, term: str) -> int:
        """Count the living rows that have a term."""
        df = self._dfs.get((field, term))
        if df is None:
            df = sum(living_counts(segment, field, term)[0] for segment in self.segments)
            self._dfs[field, term] = df
        return df

    def idf(self, df: int) -> float:
        """Return the idf of a term that so many living rows have."""
        return idf(self.living_rows, df)

    def table(self, number: int, field: FieldName) -> tuple[NDArray[Any] | None, Scores, Scores | None]:
        """Return what turns counts into scores in a segment, for the compiled loops.

        The lengths of its rows, the norm of each length, and ``tf / (tf + norm)`` of tf 1 to ``_READY`` and each
        length; where lengths are of 32 bits, the norm of each row alone.
        """
        if (number, field) not in self._tables:
            lengths = self.segments[number].postings.field(field).lengths
            if lengths.dtype.itemsize == 2:
                every = np.arange(int(lengths.max(initial=0)) + 1, dtype=np.float64)
                norms = length_norms(every, self.average_length(field))
                counts = np.arange(1.0, _READY + 1)[:, None]
                self._tables[number, field] = lengths, norms, saturation(counts, norms).ravel()
            else:
                self._tables[number, field] = None, self.norms(number, field), None
        return self._tables[number, field]

    def norms(self, number: int, field: FieldName) -> Scores:
        """Return BM25's length norms of a segment's rows."""
        if (number, field) not in self._norms:
            lengths = np.asarray(self.segments[number].postings.field(field).lengths)
            self._norms[number, field] = length_norms(lengths, self.average_length(field))
        return self._norms[number, field]

    def words_of(self, term: str) -> list[str]:
        """Return the words that stand for a term of the field "text" in some language, those of deleted rows too."""
        words: list[str] = []
        for segment in self.segments:
            if (term_id := segment.postings.field("text").term_id(term)) is not None:
                words += segment.postings.words.words_of(term_id)
        return words

    @cached_property
    def has_forms(self) -> bool:
        """Whether all segments tell the forms of a term apart: else a word in quotes stands for all of them."""
        return all(segment.postings.words.has_forms for segment in self.segments)

    def forms(self, number: int, field: FieldName, surfaces: Sequence[str]) -> list[tuple[int, int]]:
        """Return what some surfaces are in a field of a segment: ids of terms, each with the number of the form."""
        postings = self.segments[number].postings
        pairs = dict.fromkeys(pair for surface in surfaces for pair in postings.words.forms_of(surface))
        if field == "text":
            return list(pairs)
        names = postings.field("text").terms([term_id for term_id, _ in pairs])
        ids = [postings.field(field).term_id(name) for name in names]
        return [(term_id, form) for term_id, (_, form) in zip(ids, pairs, strict=True) if term_id is not None]

    def own_forms(self, field: FieldName, term: str, surface: str) -> list[int]:
        """Return for each segment which form of a term a surface is; -1 where it isn't one, or isn't told apart.

        So it is in all of them where the term has this form in every row: then there is nothing to prefer.
        """
        if field == "text" and self.lexicon.count(surface) == self.df(field, term):
            return [-1] * len(self.segments)
        forms: list[int] = []
        for number, segment in enumerate(self.segments):
            pairs = self.forms(number, field, (surface,)) if self.has_forms else []
            term_id = segment.postings.field(field).term_id(term) if pairs else None
            forms.append(next((form for owner, form in pairs if owner == term_id), -1))
        return forms

    def form_df(self, field: FieldName, surfaces: Sequence[str]) -> int | None:
        """Count the living rows that have a form, where that is known without looking at them; or None."""
        return self.lexicon.count(surfaces[0]) if field == "text" and len(surfaces) == 1 else None

    def postings(
        self, number: int, field: FieldName, terms: Sequence[str], surfaces: Sequence[str] = ()
    ) -> tuple[Numbers, Scores]:
        """Return the living rows of a segment, ascending, that have any of the terms, and how often each has them.

        With ``surfaces``, only these forms count.
        """
        segment = self.segments[number]
        reader = segment.postings.field(field)
        if surfaces:
            picked = (reader.form_counts(*pair) for pair in self.forms(number, field, surfaces))
            lists = [(rows, counts) for rows, counts in picked if len(rows)]
        else:
            lists = [reader.postings(i) for term in terms if (i := reader.term_id(term)) is not None]
        if not lists:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        rows, counts = lists[0] if len(lists) == 1 else _united(lists, segment.postings.rows)
        if segment.deleted is not None:
            kept = ~segment.deleted[rows]
            rows, counts = rows[kept], counts[kept]
        return rows.astype(np.int64), counts.astype(np.float64)

    @cached_property
    def parts(self) -> NativeSegments:
        """The same for the compiled loops, which must be here."""
        return NativeSegments(self, native.COMPILED)

    @cached_property
    def lexicon(self) -> WordDictionary:
        """The living words of the field "text"."""
        return WordDictionary(
            [segment.postings.words for segment in self.segments], [_word_counts(segment) for segment in self.segments]
        )


def field_delta(delta: PostingsDelta, field: FieldName) -> FieldDelta:
    """Return one field's part of a delta."""
    return delta.text if field == "text" else delta.title


def living_counts(segment: SegmentPostings, field: FieldName, term: str) -> tuple[int, int]:
    """Count the living rows of a segment that have a term, and its occurrences in them."""
    reader = segment.postings.field(field)
    index = reader.term_id(term)
    if index is None:
        return 0, 0
    df, cf = reader.df(index), reader.cf(index)
    if segment.delta is not None:
        delta = field_delta(segment.delta, field)
        place = int(np.searchsorted(delta.term_ids, index))
        if place < len(delta.term_ids) and delta.term_ids[place] == index:
            df, cf = df - int(delta.df[place]), cf - int(delta.cf[place])
    return df, cf


def _word_counts(segment: SegmentPostings) -> NDArray[np.uint32]:
    counts = segment.postings.words.counts
    if segment.delta is not None:
        counts = counts.copy()
        counts[segment.delta.words] -= segment.delta.word_counts
    return counts


def _united(lists: list[tuple[NDArray[np.uint32], NDArray[np.uint32]]], rows: int) -> tuple[Numbers, Scores]:
    """Unite the postings of several terms: the rows that have any, ascending, and the sum of the counts."""
    every = np.concatenate([these for these, _ in lists])
    counts = np.concatenate([count for _, count in lists])
    if len(every) * 4 < rows:  # few: sorting them costs less than a sum over all rows of the segment
        distinct, place = np.unique(every, return_inverse=True)
        return distinct.astype(np.int64), np.bincount(place, counts).astype(np.float64)
    sums = np.bincount(every, counts).astype(np.float64)
    present = np.flatnonzero(sums)
    return present.astype(np.int64), sums[present]
