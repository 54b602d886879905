"""BM25: its formula, and the statistics over what lives in all segments.

A segment's file counts all its rows; what deleted rows take is subtracted. So an index scores like one built afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import log1p
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.keyword.postings.word_dictionary import Lexicon
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.postings.deletion_stats import FieldDelta, PostingsDelta
    from searchkit.keyword.postings.reader import PostingsReader
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.scoring.native_segments import Parts

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]
    Scores = NDArray[np.float64]


K1 = 1.2
B = 0.75
"""Lucene's defaults. On eleven collections k1 .9 with b .4 ranked .004 nDCG@10 lower."""

OWN_FORM = 1.05
"""A word that is the whole question scores so many times as much where its own form stands, as ``windows.h`` has it:
more than a few words more or less of a chunk's length, less than a second occurrence."""

_READY = 4
"""Counts of a word in a row for which its share of the score is worked out once for all lengths."""

_REMEMBERED = 1 << 16
"""Words whose places in the file are remembered: people ask for the same ones again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPostings:
    """What the keyword leg needs of a segment.

    ``article_of_row``: ``(rows,)`` ascending, the article that each row belongs to, counted from 0 in the segment, or
    what makes that array when it is first needed. ``deleted``: ``(rows,)`` bool, whole articles, with ``delta``, what
    those rows take from the statistics; both or neither.
    """

    postings: PostingsReader
    article_of_row: NDArray[np.int32] | Callable[[], NDArray[np.int32]]
    deleted: Mask | None = None
    delta: PostingsDelta | None = None


class KeywordSegments:
    """The segments of a generation as the keyword leg sees them: one space of rows, one set of statistics.

    Row i of segment s is global row ``bases[s] + i``. Holds caches alone, so any number of threads may share one.
    """

    def __init__(self, segments: Sequence[SegmentPostings]) -> None:
        self.segments = tuple(segments)
        self.bases = list(accumulate((segment.postings.rows for segment in segments), initial=0))
        self.rows = self.bases[-1]
        gone = sum(int(np.count_nonzero(one.deleted)) for one in self.segments if one.deleted is not None)
        self.living_rows = self.rows - gone
        self._norms: dict[tuple[int, FieldName], Scores] = {}
        self._articles: dict[int, NDArray[np.int32]] = {}
        self._tables: dict[tuple[int, FieldName], tuple[NDArray[Any] | None, Scores, Scores | None]] = {}
        self._dfs: dict[tuple[FieldName, str], int] = {}
        self._average: dict[FieldName, float] = {}

    def articles_of(self, number: int) -> NDArray[np.int32]:
        """Return the article of each row of a segment, counted from 0 in it: ``(rows,)`` ascending."""
        if number not in self._articles:
            given = self.segments[number].article_of_row
            self._articles[number] = np.ascontiguousarray(given() if callable(given) else given, dtype=np.int32)
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
            mine = self.articles_of(number)
            parts.append(mine.astype(np.int64) + articles)
            articles += int(mine[-1]) + 1 if len(mine) else 0
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
        found = self._dfs.get((field, term))
        if found is None:
            found = sum(living_counts(segment, field, term)[0] for segment in self.segments)
            _remember(self._dfs, (field, term), found)
        return found

    def idf(self, df: int) -> float:
        """Return ``ln(1 + (N - df + .5) / (df + .5))``, N the living rows: Lucene's form of BM25's idf, never negative.

        A word that stands nowhere (df 0) counts ``ln(1 + (N + .5) / .5)``.
        """
        return log1p((self.living_rows - df + 0.5) / (df + 0.5))

    def table(self, number: int, field: FieldName) -> tuple[NDArray[Any] | None, Scores, Scores | None]:
        """Return what turns counts into scores in a segment, for the compiled loops.

        The lengths of its rows, the norm of each length, and ``tf / (tf + norm)`` of tf 1 to ``_READY`` and each
        length; where lengths are of 32 bits, the norm of each row alone.
        """
        if (number, field) not in self._tables:
            lengths = self.segments[number].postings.field(field).lengths
            if lengths.dtype.itemsize == 2:
                every = np.arange(int(lengths.max(initial=0)) + 1, dtype=np.float64)
                norms = K1 * ((1 - B) + B * every / self.average_length(field))
                counts = np.arange(1.0, _READY + 1)[:, None]
                self._tables[number, field] = lengths, norms, (counts / (counts + norms)).ravel()
            else:
                self._tables[number, field] = None, self.norms(number, field), None
        return self._tables[number, field]

    def norms(self, number: int, field: FieldName) -> Scores:
        """Return ``k1 * ((1 - b) + b * length / average)`` of a segment's rows: what BM25 adds to tf below the line.

        Robertson and Zaragoza 2009, The Probabilistic Relevance Framework, with exact lengths.
        """
        if (number, field) not in self._norms:
            lengths = np.asarray(self.segments[number].postings.field(field).lengths)
            self._norms[number, field] = K1 * ((1 - B) + B * lengths.astype(np.float64) / self.average_length(field))
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
            forms.append(next((form for one, form in pairs if one == term_id), -1))
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
    def parts(self) -> Parts:
        """The same for the compiled loops, which must be here."""
        from searchkit.keyword.scoring.native_segments import Parts

        return Parts(self, native.COMPILED)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The living words of the field "text"."""
        return Lexicon(
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


def _remember(cache: dict[Any, Any], key: Any, value: Any) -> None:
    if len(cache) >= _REMEMBERED:
        cache.clear()
    cache[key] = value


def _word_counts(segment: SegmentPostings) -> NDArray[np.uint32]:
    counts = segment.postings.words.counts
    if segment.delta is not None:
        counts = counts.copy()
        counts[segment.delta.words] -= segment.delta.word_counts
    return counts


def _united(found: list[tuple[NDArray[np.uint32], NDArray[np.uint32]]], rows: int) -> tuple[Numbers, Scores]:
    """Unite the postings of several terms: the rows that have any, ascending, and the sum of the counts."""
    every = np.concatenate([these for these, _ in found])
    counts = np.concatenate([count for _, count in found])
    if len(every) * 4 < rows:  # few: sorting them costs less than a sum over all rows of the segment
        distinct, place = np.unique(every, return_inverse=True)
        return distinct.astype(np.int64), np.bincount(place, counts).astype(np.float64)
    sums = np.bincount(every, counts).astype(np.float64)
    present = np.flatnonzero(sums)
    return present.astype(np.int64), sums[present]
