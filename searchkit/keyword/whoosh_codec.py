"""Whoosh codec: Whoosh's searcher and matchers over our postings.

``evaluator.py`` answers the query language by itself. This is the way for what it doesn't know (Whoosh's span queries),
and the reference it is tested against. A codec that reads only: our own builder writes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from whoosh.codec import base
from whoosh.fields import TEXT, Schema
from whoosh.formats import Positions
from whoosh.matching import LeafMatcher
from whoosh.reading import EmptyReader, MultiReader, SegmentReader, TermInfo, TermNotFound
from whoosh.scoring import BaseScorer, WeightingModel
from whoosh.searching import Searcher

from searchkit.keyword.scoring.bm25 import K1, B
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings, field_delta, living_counts

if TYPE_CHECKING:
    from searchkit.keyword.query.ast import FieldName


FIELDS: tuple[FieldName, ...] = ("text", "title")
"""In the order of their names, as Whoosh iterates over terms."""


def open_searcher(index: KeywordSegments) -> Any:
    """Return a ``whoosh.searching.Searcher`` over all segments, scoring with our BM25; row numbers are global rows.

    Terms are looked up as they are: queries hold terms that the analyzer has made.
    """
    schema = Schema(**{name: TEXT(phrase=True) for name in FIELDS})
    readers = [SegmentReader(None, schema, ArraySegment(segment)) for segment in index.segments]
    reader = EmptyReader(schema) if not readers else readers[0] if len(readers) == 1 else MultiReader(readers)
    return Searcher(reader, weighting=Weighting(index))


class ArraySegment(base.Segment):  # type: ignore[misc]  # Whoosh has no types
    """A segment as Whoosh asks for it."""

    def __init__(self, segment: SegmentPostings) -> None:
        super().__init__("searchkit")
        self.arrays = segment

    def codec(self) -> ArrayCodec:
        """Return what reads the segment."""
        return ArrayCodec()

    def doc_count_all(self) -> int:
        """Count the rows, deleted ones too."""
        return self.arrays.postings.rows

    def deleted_count(self) -> int:
        """Count the deleted rows."""
        return 0 if self.arrays.deleted is None else int(np.count_nonzero(self.arrays.deleted))

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted rows."""
        return iter([] if self.arrays.deleted is None else np.flatnonzero(self.arrays.deleted).tolist())

    def is_deleted(self, docnum: int) -> bool:
        """Say whether a row is deleted; Whoosh asks past the end too."""
        deleted = self.arrays.deleted
        return deleted is not None and docnum < len(deleted) and bool(deleted[docnum])


class ArrayCodec(base.Codec):  # type: ignore[misc]  # Whoosh has no types
    """Opens the readers of an `ArraySegment`."""

    def terms_reader(self, storage: None, segment: ArraySegment) -> ArrayTerms:
        """Return the reader of terms."""
        return ArrayTerms(segment.arrays)

    def per_document_reader(self, storage: None, segment: ArraySegment) -> ArrayRows:
        """Return the reader of rows."""
        return ArrayRows(segment)


class ArrayTerms(base.TermsReader):  # type: ignore[misc]  # Whoosh has no types
    """The terms of a segment that living rows have, and their postings. Terms are UTF-8 bytes, as Whoosh has them."""

    def __init__(self, segment: SegmentPostings) -> None:
        self._segment = segment

    def __contains__(self, term: tuple[FieldName, bytes]) -> bool:
        return living_counts(self._segment, term[0], term[1].decode())[0] > 0

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield every (field, term) in order."""
        return self.terms_from(FIELDS[0], b"")

    def terms_from(self, fieldname: FieldName, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield every (field, term) from one on."""
        for name in FIELDS[FIELDS.index(fieldname) :]:
            field = self._segment.postings.field(name)
            first = field.first_id_from(prefix.decode()) if name == fieldname else 0
            for index in range(first, field.term_count):
                term = field.term(index)
                if living_counts(self._segment, name, term)[0] > 0:
                    yield name, term.encode()

    def items(self) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Yield every (field, term) with its statistics."""
        return self.items_from(FIELDS[0], b"")

    def items_from(self, fieldname: FieldName, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Yield every (field, term) from one on with its statistics."""
        for name, term in self.terms_from(fieldname, prefix):
            yield (name, term), self.term_info(cast("FieldName", name), term)

    def term_info(self, fieldname: FieldName, text: bytes) -> Any:
        """Return a term's statistics: a new object at each call, since a MultiReader changes it."""
        matcher = self._matcher(fieldname, text)
        if not matcher.is_active():
            raise KeyError((fieldname, text))
        rows, counts = matcher.rows, matcher.counts
        lengths = np.asarray(self._segment.postings.field(fieldname).lengths)[rows]
        return TermInfo(
            weight=int(counts.sum()),
            df=len(rows),
            minlength=int(lengths.min()),
            maxlength=int(lengths.max()),
            maxweight=int(counts.max()),
            minid=int(rows[0]),
            maxid=int(rows[-1]),
        )

    def frequency(self, fieldname: FieldName, text: bytes) -> int:
        """Count a term's occurrences in living rows."""
        return living_counts(self._segment, fieldname, text.decode())[1]

    def doc_frequency(self, fieldname: FieldName, text: bytes) -> int:
        """Count the living rows that have a term."""
        return living_counts(self._segment, fieldname, text.decode())[0]

    def matcher(self, fieldname: FieldName, text: bytes, format_: object, scorer: object = None) -> ArrayMatcher:
        """Return a matcher of a term's living rows. Raises ``TermNotFound``."""
        matcher = self._matcher(fieldname, text, scorer)
        if not matcher.is_active():
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return matcher

    def _matcher(self, fieldname: FieldName, text: bytes, scorer: object = None) -> ArrayMatcher:
        return ArrayMatcher(self._segment, fieldname, text, scorer)

    def cursor(self, fieldname: FieldName, fieldobj: object) -> ArrayCursor:
        """Return a cursor over a field's terms, for Whoosh's automata."""
        return ArrayCursor([term.decode() for name, term in self.terms_from(fieldname, b"") if name == fieldname])

    def indexed_field_names(self) -> tuple[str, ...]:
        """Name the fields."""
        return FIELDS


class ArrayCursor(base.FieldCursor):  # type: ignore[misc]  # Whoosh has no types
    """Goes over a field's terms for Whoosh's fuzzy automata: by code points, since by bytes they are wrong."""

    def __init__(self, terms: list[str]) -> None:
        self._terms = terms
        self._at = 0

    def find(self, string: str) -> str | None:
        """Go to the first term not less than a text."""
        self._at = bisect_left(self._terms, string)
        return self.text()

    def text(self) -> str | None:
        """Return the term here; None behind the last."""
        return self._terms[self._at] if self._at < len(self._terms) else None


class ArrayMatcher(LeafMatcher):  # type: ignore[misc]  # Whoosh has no types
    """Steps through the living rows of a term. Deletions are dropped here, once for all."""

    def __init__(self, segment: SegmentPostings, field: FieldName, text: bytes, scorer: Any, at: int = 0) -> None:
        self._term = (field, text)
        self._of = (segment, field, text)
        self.scorer = scorer
        self.format = Positions()
        self._at = at
        postings = segment.postings.field(field)
        self._id = postings.term_id(text.decode())
        self._postings = postings
        self.rows, self.counts = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32)
        if self._id is not None:
            rows, counts = postings.postings(self._id)
            living = slice(None) if segment.deleted is None else ~segment.deleted[rows]
            self.rows, self.counts = rows[living], counts[living]

    def copy(self) -> ArrayMatcher:
        """Return another matcher at the same row."""
        return ArrayMatcher(*self._of, self.scorer, self._at)

    def reset(self) -> None:
        """Go to the first row."""
        self._at = 0

    def is_active(self) -> bool:
        """Say whether there is a row here."""
        return self._at < len(self.rows)

    def id(self) -> int:
        """Return the row; Whoosh asks a finished matcher too, and gets a number above all rows."""
        return int(self.rows[self._at]) if self.is_active() else 1 << 62

    def all_ids(self) -> Iterator[int]:
        """Return all rows."""
        return iter(self.rows.tolist())

    def next(self) -> None:
        """Go to the next row."""
        self._at += 1

    def skip_to(self, id: int) -> None:  # noqa: A002  # Whoosh's name
        """Go to the first row, from here on, that isn't below one."""
        if id > self.id():
            self._at = int(np.searchsorted(self.rows, id))

    def weight(self) -> float:
        """Return how often the term stands in the row."""
        return float(self.counts[self._at])

    def value_as(self, astype: str) -> Any:
        """Return the row's ``positions``, ``frequency`` or ``weight``."""
        if astype == "positions":
            return self._positions
        return int(self.counts[self._at]) if astype == "frequency" else self.weight()

    @property
    def _positions(self) -> list[int]:
        positions, _ = self._postings.positions_of(cast("int", self._id), self.rows[self._at : self._at + 1])
        return [int(position) for position in positions]

    def supports_block_quality(self) -> bool:
        """Say no: nothing is skipped, everything is scored."""
        return False


class ArrayRows(base.PerDocumentReader):  # type: ignore[misc]  # Whoosh has no types
    """What Whoosh wants to know of rows: which live, and how long each field is, exactly."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment

    def doc_count(self) -> int:
        """Count the living rows."""
        return self._segment.doc_count_all() - self._segment.deleted_count()

    def doc_count_all(self) -> int:
        """Count all rows."""
        return self._segment.doc_count_all()

    def has_deletions(self) -> bool:
        """Say whether rows are deleted."""
        return self._segment.deleted_count() > 0

    def is_deleted(self, docnum: int) -> bool:
        """Say whether a row is deleted."""
        return self._segment.is_deleted(docnum)

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted rows."""
        return self._segment.deleted_docs()

    def doc_field_length(self, docnum: int, fieldname: FieldName, default: int = 0) -> int:
        """Return a row's exact length in terms."""
        return int(self._segment.arrays.postings.field(fieldname).lengths[docnum])

    def field_length(self, fieldname: FieldName) -> int:
        """Return the total length of the living rows."""
        arrays = self._segment.arrays
        deleted = 0 if arrays.delta is None else field_delta(arrays.delta, fieldname).total_length
        return arrays.postings.field(fieldname).total_length - deleted

    def min_field_length(self, fieldname: FieldName) -> int:
        """Return the shortest living row's length."""
        return int(min(self._lengths(fieldname), default=0))

    def max_field_length(self, fieldname: FieldName) -> int:
        """Return the longest living row's length."""
        return int(max(self._lengths(fieldname), default=0))

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return nothing: articles are stored elsewhere."""
        return {}

    def _lengths(self, fieldname: FieldName) -> list[int]:
        arrays = self._segment.arrays
        lengths = np.asarray(arrays.postings.field(fieldname).lengths)
        return list((lengths if arrays.deleted is None else lengths[~arrays.deleted]).tolist())


class Weighting(WeightingModel):  # type: ignore[misc]  # Whoosh has no types
    """Our BM25 for Whoosh's searcher: statistics of the whole index, over what lives."""

    def __init__(self, index: KeywordSegments) -> None:
        self._index = index

    def idf(self, searcher: Any, fieldname: FieldName, text: bytes) -> float:
        """Return a term's idf."""
        return self._index.idf(self._index.df(fieldname, text.decode()))

    def scorer(self, searcher: Any, fieldname: FieldName, text: bytes, qf: int = 1) -> Scorer:
        """Return the scorer of a term."""
        return Scorer(searcher, fieldname, self.idf(searcher, fieldname, text), self._index.average_length(fieldname))


class Scorer(BaseScorer):  # type: ignore[misc]  # Whoosh has no types
    """Scores the row a matcher stands at."""

    def __init__(self, searcher: Any, field: FieldName, idf: float, average: float) -> None:
        self._searcher = searcher
        self._field = field
        self._idf = idf
        self._average = average

    def score(self, matcher: Any) -> float:
        """Return ``idf * tf / (tf + k1 * ((1 - b) + b * length / average))``."""
        tf: float = matcher.weight()
        length = self._searcher.doc_field_length(matcher.id(), self._field)
        score: float = self._idf * tf / (tf + K1 * ((1 - B) + B * length / self._average))
        return score
