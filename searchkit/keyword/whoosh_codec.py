"""Whoosh codec: Whoosh's readers and matchers over our postings.

``evaluator.py`` answers the query language by itself. This is the way for what it doesn't know (Whoosh's span queries,
scorers, collectors, facets), and the reference it is tested against. It reads only: our own builder writes.
"""

from __future__ import annotations

import copy
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import filterfalse
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from whoosh.codec import base
from whoosh.filedb.filestore import ReadOnlyError
from whoosh.formats import Existence, Positions
from whoosh.matching import LeafMatcher, ListMatcher
from whoosh.reading import TermInfo, TermNotFound

from searchkit.errors import SearchkitError
from searchkit.ingest.indexed_text import is_field_term
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.inverter import Inverter
from searchkit.keyword.scoring.segments import SegmentPostings, field_delta, living_counts
from searchkit.keyword.whoosh_schema import (
    ALTERNATIVE,
    UNDATED,
    WORD_FIELDS,
    DateColumnReader,
    DateField,
    ValueColumnReader,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.postings.reader import FieldPostings
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.whoosh_schema import Documents

    Rows = NDArray[Any]

_DATES = DateField()

_BATCH = 1024
"""Terms that are read at once: whoever asks for those of a prefix needs few."""


class ReadOnly(SearchkitError, ReadOnlyError):  # type: ignore[misc]  # Whoosh has no types
    """Something was to be written through Whoosh."""

    default_hint = "Write with searchkit.add, searchkit.update or searchkit.delete, and open the index again."


def refuse_writing(*_: object, **__: object) -> NoReturn:
    """Raise ``ReadOnly``."""
    raise ReadOnly("Whoosh reads this index and can't write it.")


class ArraySegment(base.Segment):  # type: ignore[misc]  # Whoosh has no types
    """A segment as Whoosh asks for it. ``first`` is its first row among those of all segments."""

    def __init__(
        self,
        segment: SegmentPostings,
        first: int = 0,
        documents: Documents | None = None,
        analyzer: Analyzer | None = None,
    ) -> None:
        super().__init__("searchkit")
        self.arrays = segment
        self.first = first
        self.documents = documents
        self.analyzer = analyzer

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

    delete_document = set_doc_count = create_file = create_compound_file = refuse_writing


class ArrayCodec(base.Codec):  # type: ignore[misc]  # Whoosh has no types
    """Opens the readers of an `ArraySegment`."""

    def terms_reader(self, storage: None, segment: ArraySegment) -> ArrayTerms:
        """Return the reader of terms."""
        return ArrayTerms(segment)

    def per_document_reader(self, storage: None, segment: ArraySegment) -> ArrayRows:
        """Return the reader of rows."""
        return ArrayRows(segment)

    per_document_writer = field_writer = new_segment = refuse_writing


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRows:
    """The living rows of a term, ascending, how often each has it, how long each is in terms, and where it stands.

    ``positions`` is None in a field of whole values, in which every row is one term.
    """

    rows: Rows
    counts: Rows
    lengths: Rows
    positions: Callable[[int], list[int]] | None = None


class ArrayTerms(base.TermsReader):  # type: ignore[misc]  # Whoosh has no types
    """The terms of a segment that living rows have, and their postings, as bytes, which Whoosh has terms in."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment
        self._arrays = segment.arrays
        self._documents = segment.documents
        names = () if self._documents is None else (*self._documents.values, "published")
        self._names = tuple(sorted((*WORD_FIELDS, *names)))  # as Whoosh iterates over terms
        self._terms: dict[str, list[bytes]] = {}
        self._texts: dict[str, list[str]] = {}

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return self.doc_frequency(*term) > 0

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield every (field, term) in order."""
        return self.terms_from(self._names[0], b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield every (field, term) from one on."""
        for name in self._names[bisect_left(self._names, fieldname) :]:
            begin = prefix if name == fieldname else b""
            for term in self._words_from(name, begin) if name in WORD_FIELDS else self._values_from(name, begin):
                yield name, term

    def _words_from(self, name: FieldName, prefix: bytes) -> Iterator[bytes]:
        field = self._arrays.postings.field(name)
        delta = None if self._arrays.delta is None else field_delta(self._arrays.delta, name)
        # A prefix that ends within a character is less than any term that goes on with it.
        for first in range(field.first_id_from(prefix.decode("utf-8", "ignore")), field.term_count, _BATCH):
            ids = np.arange(first, min(first + _BATCH, field.term_count))
            if delta is not None:
                low, high = np.searchsorted(delta.term_ids, (first, first + _BATCH))
                df, _ = field.frequencies(ids)
                df[delta.term_ids[low:high].astype(np.int64) - first] -= delta.df[low:high]
                ids = ids[df > 0]
            yield from map(_encoded, filterfalse(is_field_term, field.terms(ids.tolist())))

    def _values_from(self, name: str, prefix: bytes) -> list[bytes]:
        if name not in self._terms:
            self._terms[name] = list(self._values(name))
        terms = self._terms[name]
        return terms[bisect_left(terms, prefix) :]

    def _values(self, name: str) -> Iterator[bytes]:
        if self._documents is None:
            return
        if name == "published":
            dates = np.unique(self._dates())
            yield from (_DATES.term(number) for number in dates.tolist() if number != UNDATED)
            return
        first = self._segment.first
        yield from map(_encoded, self._documents.keys(name, range(first, first + self._arrays.postings.rows)))

    def _dates(self) -> NDArray[np.int64]:
        """Return the dates of the segment's rows, ``(rows,)``; those of deleted rows are none."""
        if self._documents is None:
            return np.full(self._arrays.postings.rows, UNDATED)
        dates = self._documents.dates()[self._segment.first :][: self._arrays.postings.rows]
        deleted = self._arrays.deleted
        return dates if deleted is None else np.where(deleted, UNDATED, dates)

    def items(self) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Yield every (field, term) with its statistics."""
        return self.items_from(self._names[0], b"")

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], Any]]:
        """Yield every (field, term) from one on with its statistics."""
        for name, term in self.terms_from(fieldname, prefix):
            yield (name, term), self.term_info(name, term)

    def term_info(self, fieldname: str, text: bytes) -> Any:
        """Return a term's statistics: a new object at each call, since a MultiReader changes it."""
        postings = self._rows(fieldname, text)
        if not len(postings.rows):
            raise KeyError((fieldname, text))
        return TermInfo(
            weight=int(postings.counts.sum()),
            df=len(postings.rows),
            minlength=int(postings.lengths.min()),
            maxlength=int(postings.lengths.max()),
            maxweight=int(postings.counts.max()),
            minid=int(postings.rows[0]),
            maxid=int(postings.rows[-1]),
        )

    def frequency(self, fieldname: str, text: bytes) -> int:
        """Count a term's occurrences in living rows."""
        return self._counts(fieldname, text)[1]

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Count the living rows that have a term."""
        return self._counts(fieldname, text)[0]

    def _counts(self, fieldname: str, text: bytes) -> tuple[int, int]:
        if fieldname in WORD_FIELDS and ALTERNATIVE not in (term := _decoded(text)):
            return living_counts(self._arrays, fieldname, term)
        postings = self._rows(fieldname, text)
        return len(postings.rows), int(postings.counts.sum())

    def matcher(self, fieldname: str, text: bytes, format_: object, scorer: object = None) -> ArrayMatcher:
        """Return a matcher of a term's living rows. Raises ``TermNotFound``."""
        postings = self._rows(fieldname, text)
        if not len(postings.rows):
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return ArrayMatcher(postings, (fieldname, text), scorer)

    def _rows(self, fieldname: str, text: bytes) -> TermRows:
        if fieldname in WORD_FIELDS:
            return word_rows(self._arrays, fieldname, _decoded(text))
        rows = self._rows_of_value(fieldname, text)
        ones = np.ones(len(rows), np.uint32)
        return TermRows(rows=rows, counts=ones, lengths=ones)

    def _rows_of_value(self, fieldname: str, text: bytes) -> Rows:
        if self._documents is None or fieldname not in self._names:
            return np.zeros(0, np.int64)
        if fieldname == "published":
            date = _DATES.microseconds(text)
            return np.zeros(0, np.int64) if date == UNDATED else np.flatnonzero(self._dates() == date)
        rows = self._documents.rows(fieldname, _decoded(text))
        first = self._segment.first
        low, high = np.searchsorted(rows, (first, first + self._arrays.postings.rows))
        return rows[low:high] - first

    def cursor(self, fieldname: str, fieldobj: Any) -> ArrayCursor:
        """Return a cursor over a field's terms, for Whoosh's automata."""
        if fieldname not in self._texts:
            terms = self._words_from(fieldname, b"") if fieldname in WORD_FIELDS else self._values_from(fieldname, b"")
            self._texts[fieldname] = [fieldobj.from_bytes(term) for term in terms]
        return ArrayCursor(self._texts[fieldname])

    def indexed_field_names(self) -> tuple[str, ...]:
        """Name the fields."""
        return self._names


class ArrayCursor(base.FieldCursor):  # type: ignore[misc]  # Whoosh has no types
    """Goes over a field's terms for Whoosh's fuzzy automata: by code points, since by bytes they are wrong."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = terms
        self._at = 0

    def first(self) -> str | None:
        """Go to the first term."""
        self._at = 0
        return self.text()

    def find(self, string: str) -> str | None:
        """Go to the first term not less than a text."""
        self._at = bisect_left(self._terms, string)
        return self.text()

    def next(self) -> str | None:
        """Go to the next term."""
        self._at += 1
        return self.text()

    def text(self) -> str | None:
        """Return the term here; None behind the last."""
        return self._terms[self._at] if self._at < len(self._terms) else None


class ArrayMatcher(LeafMatcher):  # type: ignore[misc]  # Whoosh has no types
    """Steps through the living rows of a term."""

    def __init__(self, postings: TermRows, term: tuple[str, bytes], scorer: Any) -> None:
        self.postings = postings
        self._term = term
        self.scorer = scorer
        self.format = Existence() if postings.positions is None else Positions()
        # Lists, since Whoosh asks for one number after the other.
        self._rows: list[int] = postings.rows.tolist()
        self._counts: list[float] = postings.counts.astype(np.float64).tolist()
        self.at = 0
        """Which of the rows it is at."""

    def copy(self) -> ArrayMatcher:
        """Return another matcher at the same row."""
        return copy.copy(self)

    def reset(self) -> None:
        """Go to the first row."""
        self.at = 0

    def is_active(self) -> bool:
        """Say whether there is a row here."""
        return self.at < len(self._rows)

    def id(self) -> int:
        """Return the row; Whoosh asks a finished matcher too, and gets a number above all rows."""
        return self._rows[self.at] if self.at < len(self._rows) else 1 << 62

    def all_ids(self) -> Iterator[int]:
        """Return all rows."""
        return iter(self._rows)

    def next(self) -> None:
        """Go to the next row."""
        self.at += 1

    def skip_to(self, id: int) -> None:  # noqa: A002  # Whoosh's name
        """Go to the first row, from here on, that isn't below one."""
        if id > self.id():
            self.at = bisect_left(self._rows, id, self.at)

    def weight(self) -> float:
        """Return how often the term stands in the row."""
        return self._counts[self.at]

    def value(self) -> bytes:
        """Return the row's positions as Whoosh encodes them."""
        encoded: bytes = b"" if self.postings.positions is None else self.format.encode(self.value_as("positions"))
        return encoded

    def value_as(self, astype: str) -> Any:
        """Return the row's ``positions``, ``frequency`` or ``weight``."""
        if astype == "positions" and self.postings.positions is not None:
            return self.postings.positions(self._rows[self.at])
        return int(self.weight()) if astype == "frequency" else self.weight()

    def score(self) -> float:
        """Return the row's score; its weight where nothing scores."""
        score: float = self.weight() if self.scorer is None else self.scorer.score(self)
        return score

    def supports_block_quality(self) -> bool:
        """Say no: nothing is skipped, everything is scored."""
        return False

    def max_quality(self) -> float:
        """Return what no row scores more than: Whoosh asks for it also where nothing is skipped."""
        if self.scorer is None:
            return max(self._counts, default=0.0)
        quality: float = self.scorer.max_quality() if self.scorer.supports_block_quality() else math.inf
        return quality


def word_rows(segment: SegmentPostings, fieldname: FieldName, term: str) -> TermRows:
    """Return where a term of a field of words stands, or any stem of one that has several. Deletions are dropped."""
    field = segment.postings.field(fieldname)
    ids = [term_id for stem in term.split(ALTERNATIVE) if (term_id := field.term_id(stem)) is not None]
    rows, counts = np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    if len(ids) == 1:
        rows, counts = field.postings(ids[0])
    elif ids:
        lists = [field.postings(term_id) for term_id in ids]
        rows, place = np.unique(np.concatenate([each for each, _ in lists]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([each for _, each in lists])).astype(np.uint32)
    if segment.deleted is not None:
        living = ~segment.deleted[rows]
        rows, counts = rows[living], counts[living]
    return TermRows(
        rows=rows, counts=counts, lengths=np.asarray(field.lengths)[rows], positions=_Positions(field, ids).of
    )


class _Positions:
    """Where any of some terms stands: all that is known of them is read when a row's places are first asked for."""

    def __init__(self, field: FieldPostings, term_ids: Sequence[int]) -> None:
        self._field = field
        self._term_ids = term_ids
        self._lists: list[tuple[list[int], list[int], list[int]]] = []

    def of(self, row: int) -> list[int]:
        """Return the positions in a row, ascending."""
        if not self._lists:
            read = [(self._field.postings(term_id)[0], *self._field.positions(term_id)) for term_id in self._term_ids]
            self._lists = [(rows.tolist(), places.tolist(), starts.tolist()) for rows, places, starts in read]
        lists: list[list[int]] = []
        for rows, places, starts in self._lists:
            at = bisect_left(rows, row)
            if at < len(rows) and rows[at] == row:
                lists.append(places[starts[at] : starts[at + 1]])
        return lists[0] if len(lists) == 1 else sorted({place for each in lists for place in each})


class ArrayRows(base.PerDocumentReader):  # type: ignore[misc]  # Whoosh has no types
    """What Whoosh wants to know of rows: which live, how long each field is, exactly, and what else they have."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment
        self._documents = segment.documents

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

    def all_doc_ids(self) -> Iterator[int]:
        """Return the living rows."""
        deleted = self._segment.arrays.deleted
        return iter(range(self.doc_count_all()) if deleted is None else np.flatnonzero(~deleted).tolist())

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return a row's exact length in terms; the default for a field that has none."""
        if fieldname not in WORD_FIELDS:
            return default
        return int(self._segment.arrays.postings.field(fieldname).lengths[docnum])

    def field_length(self, fieldname: str) -> int:
        """Return the total length of the living rows."""
        if fieldname not in WORD_FIELDS:
            return 0
        arrays, name = self._segment.arrays, fieldname
        deleted = 0 if arrays.delta is None else field_delta(arrays.delta, name).total_length
        return arrays.postings.field(name).total_length - deleted

    def min_field_length(self, fieldname: str) -> int:
        """Return the shortest living row's length."""
        lengths = self._lengths(fieldname)
        return int(lengths.min()) if len(lengths) else 0

    def max_field_length(self, fieldname: str) -> int:
        """Return the longest living row's length."""
        return int(self._lengths(fieldname).max(initial=0))

    def _lengths(self, fieldname: str) -> Rows:
        if fieldname not in WORD_FIELDS:
            return np.zeros(0, np.uint16)
        arrays = self._segment.arrays
        lengths: Rows = np.asarray(arrays.postings.field(fieldname).lengths)
        return lengths if arrays.deleted is None else lengths[~arrays.deleted]

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return what is shown of a row; nothing where that is stored elsewhere, or the row is deleted."""
        if self._documents is None or self.is_deleted(docnum):
            return {}
        return self._documents.stored(self._segment.first + docnum)

    def supports_columns(self) -> bool:
        """Say yes: values and dates are."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Say whether a field has a column: all but "text" have."""
        if self._documents is None:
            return False
        return fieldname in ("published", "title") or fieldname in self._documents.values

    def column_reader(self, fieldname: str, column: object) -> Any:
        """Return the values of a field, row by row."""
        if self._documents is None or not self.has_column(fieldname):
            raise KeyError(fieldname)
        first, rows = self._segment.first, self.doc_count_all()
        if fieldname == "published":
            return DateColumnReader(self._documents.dates()[first : first + rows])
        return ValueColumnReader(self._documents.column(fieldname), first, rows)

    def has_vector(self, docnum: int, fieldname: str) -> bool:
        """Say whether a row's terms can be listed: its texts are analysed again."""
        return self._documents is not None and fieldname in WORD_FIELDS and not self.is_deleted(docnum)

    def vector(self, docnum: int, fieldname: str, format_: Any) -> Any:
        """Return a matcher over a row's terms, with how often the row has each."""
        if self._documents is None or not self.has_vector(docnum, fieldname):
            raise KeyError((docnum, fieldname))
        postings = self._segment.arrays.postings
        inverter = Inverter(self._segment.analyzer or Analyzer(), postings.title_weight, searchable=postings.searchable)
        inverter.add(*self._documents.chunk(self._segment.first + docnum))
        inverted = inverter.take()
        run = inverted.text if fieldname == "text" else inverted.title
        names = list(inverter.vocabulary.terms)
        places = np.split(run.positions, np.cumsum(run.cf.astype(np.int64))[:-1])
        each = ((names[term], sorted(some.tolist())) for term, some in zip(run.term_ids, places, strict=False))
        terms = sorted(pair for pair in each if not is_field_term(pair[0]))
        return ListMatcher(
            [term for term, _ in terms],
            [float(len(some)) for _, some in terms],
            values=[format_.encode(some) for _, some in terms],
            format=format_,
        )


def _encoded(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")


def _decoded(term: bytes) -> str:
    return term.decode("utf-8", "surrogatepass")
