"""What does the whole index know about its words? Counts over what lives, summed over all segments.

A segment's file counts all its rows; what deleted rows take is subtracted. So an index scores like one built afresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.keyword.lexicon import Lexicon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.delta import FieldDelta, PostingsDelta
    from searchkit.index.keyword.postings import PostingsReader
    from searchkit.index.keyword.tree import FieldName

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]
    Scores = NDArray[np.float64]

K1 = 1.2
B = 0.75
"""Lucene's defaults. On eleven collections k1 .9 with b .4 ranked .004 nDCG@10 lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPostings:
    """What the keyword leg needs of a segment.

    ``article_of_row``: ``(rows,)`` ascending, the article that each row belongs to, counted from 0 in the segment.
    ``deleted``: ``(rows,)`` bool, with ``delta``, what those rows take from the statistics; both or neither.
    """

    postings: PostingsReader
    article_of_row: NDArray[np.int32]
    deleted: Mask | None = None
    delta: PostingsDelta | None = None


class KeywordSegments:
    """The segments of a generation as the keyword leg sees them: one space of rows, one set of statistics.

    Row i of segment s is global row ``bases[s] + i``. Holds caches alone, so any number of threads may share one.
    """

    def __init__(self, segments: Sequence[SegmentPostings]) -> None:
        self.segments = tuple(segments)
        self.bases = np.cumsum([0, *(segment.postings.rows for segment in segments)])
        self.rows = int(self.bases[-1])
        self.living = np.ones(self.rows, dtype=bool)
        self.article_of_row = np.zeros(self.rows, dtype=np.int64)
        self.articles = 0
        for segment, base in zip(self.segments, self.bases, strict=False):
            rows = slice(int(base), int(base) + segment.postings.rows)
            self.article_of_row[rows] = segment.article_of_row
            self.article_of_row[rows] += self.articles
            self.articles = int(self.article_of_row[rows][-1]) + 1 if segment.postings.rows else self.articles
            if segment.deleted is not None:
                self.living[rows] = ~segment.deleted
        self.living_rows = int(np.count_nonzero(self.living))
        self._norms: dict[str, Scores] = {}

    def total_length(self, field: FieldName) -> int:
        """Count the terms of a field over the living rows."""
        return sum(
            segment.postings.field(field).total_length
            - (0 if segment.delta is None else field_delta(segment.delta, field).total_length)
            for segment in self.segments
        )

    def average_length(self, field: FieldName) -> float:
        """Return the mean length of a field over the living rows; 1 where there is nothing to divide."""
        return self.total_length(field) / max(1, self.living_rows) or 1.0

    def df(self, field: FieldName, term: str) -> int:
        """Count the living rows that have a term."""
        return sum(living_counts(segment, field, term)[0] for segment in self.segments)

    def idf(self, df: int) -> float:
        """Return ``ln(1 + (N - df + .5) / (df + .5))``, N the living rows: Lucene's form of BM25's idf, never negative.

        A word that stands nowhere (df 0) counts ``ln(1 + (N + .5) / .5)``.
        """
        return float(np.log1p((self.living_rows - df + 0.5) / (df + 0.5)))

    def norms(self, field: FieldName) -> Scores:
        """Return ``k1 * ((1 - b) + b * length / average)`` of every row: what BM25 adds to tf below the line.

        Robertson and Zaragoza 2009, The Probabilistic Relevance Framework, with exact lengths.
        """
        if field not in self._norms:
            lengths = [np.asarray(segment.postings.field(field).lengths) for segment in self.segments]
            exact = np.concatenate([np.zeros(0), *lengths])
            self._norms[field] = K1 * ((1 - B) + B * exact / self.average_length(field))
        return self._norms[field]

    def postings(self, field: FieldName, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        """Return the living global rows, ascending, that have any of the terms, and how often each has them in all."""
        rows, counts = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        for segment, base in zip(self.segments, self.bases, strict=False):
            reader = segment.postings.field(field)
            found = [reader.postings(i) for term in terms if (i := reader.term_id(term)) is not None]
            if not found:
                continue
            these, count = found[0] if len(found) == 1 else _united(found, segment.postings.rows)
            if segment.deleted is not None:
                kept = ~segment.deleted[these]
                these, count = these[kept], count[kept]
            rows.append(these.astype(np.int64) + base)
            counts.append(count.astype(np.float64))
        return np.concatenate(rows), np.concatenate(counts)

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


def _word_counts(segment: SegmentPostings) -> Numbers:
    counts = np.array(segment.postings.words.counts, dtype=np.int64)
    if segment.delta is not None:
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
