"""Whoosh searcher: ``whoosh.searching.Searcher`` over the segments of an index, with our BM25 unless another is wanted.

Whoosh's own faults are kept from whoever searches: what it gets wrong about NOT and REQUIRE is asked in another way
(``repaired``), statistics count what lives, and what is closed says so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import finalize

import numpy as np
from whoosh import query
from whoosh.query import spans
from whoosh.query.compound import BinaryQuery
from whoosh.query.terms import MultiTerm
from whoosh.reading import EmptyReader, MultiReader, ReaderClosed, SegmentReader
from whoosh.scoring import BaseScorer, WeightingModel, WeightScorer
from whoosh.searching import Searcher

from searchkit.errors import ConfigError, SearchkitError
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.scoring.bm25 import idf, length_norms, saturation
from searchkit.keyword.whoosh_codec import ArrayCursor, ArrayMatcher, ArraySegment, TermRows
from searchkit.keyword.whoosh_schema import WORD_FIELDS, naive, schema_of

if TYPE_CHECKING:
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.scoring.segments import KeywordSegments
    from searchkit.keyword.whoosh_schema import Documents


class SearcherClosed(SearchkitError, ReaderClosed):  # type: ignore[misc]  # Whoosh has no types
    """A Whoosh searcher was asked after it, or the searcher that it is of, was closed."""

    default_hint = "Ask for another with searcher.whoosh(), of a searcher that searchkit.open(PATH) has opened."


def open_searcher(
    index: KeywordSegments,
    documents: Documents | None = None,
    *,
    analyzer: Analyzer | None = None,
    weighting: Any = None,
    on_close: Callable[[], object] = lambda: None,
) -> WhooshSearcher:
    """Return a ``whoosh.searching.Searcher`` over all segments; its document numbers are rows over all of them.

    Terms are looked up as they are: a query holds terms that the analyzer has made, as Whoosh's parser does with the
    searcher's schema. ``documents`` tells what rows have beside their words. ``on_close`` is called once, when the
    searcher is closed or nobody has it any more. Raises ``ConfigError`` where ``weighting`` is no scorer.
    """
    if weighting is not None and not callable(getattr(weighting, "scorer", None)):
        raise ConfigError(
            f"weighting takes a scorer of Whoosh's, not {weighting!r}.",
            hint="Give one such as whoosh.scoring.TF_IDF(), or an object of your own with the method 'scorer'.",
        )
    analyzer = analyzer or Analyzer()
    schema = schema_of(documents, analyzer)
    readers = [
        RowsReader(None, schema, ArraySegment(segment, first, documents, analyzer))
        for segment, first in zip(index.segments, index.bases, strict=False)
    ]
    reader = EmptyReader(schema) if not readers else readers[0] if len(readers) == 1 else SegmentsReader(readers)
    searcher = WhooshSearcher(reader, weighting=Weighting(index) if weighting is None else weighting)
    searcher.released = finalize(searcher, on_close)
    return searcher


class _Closed:
    """Stands in the place of what was closed."""

    def __getattr__(self, name: str) -> Any:
        raise _closed()

    def __contains__(self, term: object) -> bool:
        raise _closed()


def _closed() -> SearcherClosed:
    return SearcherClosed("This Whoosh searcher was closed.")


class RowsReader(SegmentReader):  # type: ignore[misc]  # Whoosh has no types
    """Reads a segment. Closed, it raises `SearcherClosed`, and may be closed again."""

    def close(self) -> None:
        """Let go of the segment."""
        # Not by ``is_closed``: what Whoosh raises then doesn't say what to do.
        self._segment = self._terms = self._perdoc = _Closed()

    def postings(self, fieldname: str, text: Any, scorer: Any = None) -> Any:
        """Return a matcher of a term's living rows. Raises ``TermNotFound``."""
        self._test_field(fieldname)
        return self._terms.matcher(
            fieldname, self._text_to_bytes(fieldname, text), self.schema[fieldname].format, scorer
        )


class SegmentsReader(MultiReader):  # type: ignore[misc]  # Whoosh has no types
    """Reads several segments."""

    def cursor(self, fieldname: str) -> ArrayCursor:
        """Return a cursor over a field's terms; Whoosh's own has none."""
        field = self.schema[fieldname]
        return ArrayCursor([field.from_bytes(term) for term in self.lexicon(fieldname)])


class WhooshSearcher(Searcher):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's searcher over one generation of an index, which stays as it was opened. It reads only.

    Threads may share it, but not its results, collectors and scorers, which Whoosh makes for one.
    """

    notes: tuple[str, ...] = ()
    """What its user must be told: that the index was analysed by other rules than queries are."""

    released: Callable[[], object] = staticmethod(lambda: None)

    def close(self) -> None:
        """Let go of the index. Asked after that, the searcher raises `SearcherClosed`; it may be closed again."""
        super().close()
        self.released()

    def get_parent(self) -> Any:
        """Return the searcher over all segments, as scorers ask for it: its counts are those of what lives."""
        return _Living(super().get_parent())

    def avg_field_length(self, fieldname: str, default: float | None = None) -> float | None:
        """Return the mean length of a field over the living rows."""
        if not self.schema[fieldname].scorable:
            return default
        length: int = self.field_length(fieldname)
        return length / (self.doc_count() or 1)

    def idf(self, fieldname: str, text: Any) -> float:
        """Return a term's idf, as the searcher's scorer has it."""
        idf: float = super().idf(fieldname, self.schema[fieldname].to_bytes(text))
        return idf

    def search_with_collector(self, q: Any, collector: Any, context: Any = None) -> None:
        """Run a query with a collector."""
        if self.is_closed:
            raise _closed()
        super().search_with_collector(repaired(q), collector, context)

    def docs_for_query(self, q: Any, for_deletion: bool = False) -> Iterator[int]:
        """Yield the rows that match a query."""
        rows: Iterator[int] = super().docs_for_query(repaired(q), for_deletion)
        return rows

    def refresh(self) -> NoReturn:
        """Refuse: a Whoosh searcher stays in its generation."""
        raise SearchkitError(
            "A Whoosh searcher stays in the generation that it was opened on.",
            hint="Call refresh() of the searchkit searcher, and ask it for another with whoosh().",
        )

    up_to_date = refresh


class _Living:
    """A searcher whose count of all rows is that of the living ones: scores are those of an index built afresh."""

    def __init__(self, searcher: WhooshSearcher) -> None:
        self._searcher = searcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._searcher, name)

    def doc_count_all(self) -> int:
        """Count the living rows."""
        count: int = self._searcher.doc_count()
        return count

    def get_parent(self) -> Any:
        """Return itself."""
        return self

    def weight(self, fieldname: str, text: Any) -> float:
        """Return how often a term stands in the living rows: Whoosh's ``DFree`` asks for it, and no searcher has it."""
        weight: float = self._searcher.frequency(fieldname, text)
        return weight


class Without(query.Query):  # type: ignore[misc]  # Whoosh has no types
    """Every living row that doesn't match a query; it scores nothing.

    In the place of Whoosh's ``Not``, which lets the first excluded row of a segment through and may find a deleted one.
    """

    fieldname = None  # of no single field

    def __init__(self, excluded: Any) -> None:
        self.excluded = excluded
        self.boost = 1.0

    def __repr__(self) -> str:
        return f"Without({self.excluded!r})"

    def estimate_size(self, ixreader: Any) -> int:
        """Return an upper bound of the rows that match."""
        count: int = ixreader.doc_count()
        return count

    def estimate_min_size(self, ixreader: Any) -> int:
        """Return a lower bound of the rows that match."""
        return 0

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Return the matcher."""
        reader = searcher.reader()
        excluded = set(self.excluded.docs(searcher))
        return _unscored([row for row in reader.all_doc_ids() if row not in excluded])


class Filtering(query.Query):  # type: ignore[misc]  # Whoosh has no types
    """The rows that match a query, which scores nothing.

    For the second half of Whoosh's ``Require``, whose own matcher fails where there is a limit.
    """

    fieldname = None  # of no single field

    def __init__(self, child: Any) -> None:
        self.child = child
        self.boost = 1.0

    def __repr__(self) -> str:
        return f"Filtering({self.child!r})"

    def is_leaf(self) -> bool:
        """Say no."""
        return False

    def children(self) -> Iterator[Any]:
        """Yield the query."""
        yield self.child

    def estimate_size(self, ixreader: Any) -> int:
        """Return an upper bound of the rows that match."""
        size: int = self.child.estimate_size(ixreader)
        return size

    def estimate_min_size(self, ixreader: Any) -> int:
        """Return a lower bound of the rows that match."""
        size: int = self.child.estimate_min_size(ixreader)
        return size

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Return the matcher."""
        return _unscored(sorted(set(self.child.docs(searcher))))


class SpanNot(spans.SpanNot):  # type: ignore[misc]  # Whoosh has no types
    """Spans that don't overlap with others: Whoosh's own fails in a segment that has none of the others."""

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Return the matcher."""
        context = (context or searcher.context()).set(needs_current=True)
        wanted, others = self.a.matcher(searcher, context), self.b.matcher(searcher, context)
        return self._Matcher(wanted, others) if wanted.is_active() and others.is_active() else wanted


def _unscored(rows: list[int]) -> ArrayMatcher:
    zeros = np.zeros(len(rows), np.uint32)
    return ArrayMatcher(TermRows(rows=np.array(rows, np.int64), counts=zeros, lengths=zeros), ("", b""), None)


def repaired(q: Any) -> Any:
    """Return a query that finds what one means, where Whoosh's own matchers would find something else."""
    match q:
        case query.Not():
            return Without(repaired(q.query))
        case query.AndNot():
            return query.And([repaired(q.a), Without(repaired(q.b))])
        case query.Require():
            return query.And([repaired(q.a), Filtering(repaired(q.b))])
        case MultiTerm() if q.constantscore:
            # Whoosh's own scores hang on how many terms and rows a segment has.
            return query.ConstantScoreQuery(q, q.boost)
        case spans.SpanNot():
            return SpanNot(q.a, q.b)
        case query.DateRange():
            bounds = [None if bound is None else naive(bound) for bound in (q.startdate, q.enddate)]
            return query.DateRange(q.fieldname, *bounds, q.startexcl, q.endexcl, q.boost, q.constantscore)
        case BinaryQuery():
            return q.apply(repaired)
        case query.And() | query.Or() | query.DisjunctionMax():
            excluded = [Without(repaired(child.query)) for child in q if isinstance(child, query.Not)]
            wanted = copy.copy(q)
            wanted.subqueries = [repaired(child) for child in q if not isinstance(child, query.Not)]
            return query.And([wanted, *excluded] if wanted.subqueries else excluded) if excluded else wanted
        case query.ConstantScoreQuery():
            return q.apply(repaired)
        case _:
            return q


class Weighting(WeightingModel):  # type: ignore[misc]  # Whoosh has no types
    """Our BM25 for Whoosh's searcher: statistics of the whole index, over what lives."""

    def __init__(self, index: KeywordSegments) -> None:
        self._living_rows = index.living_rows
        self._average_lengths = {name: index.average_length(name) for name in WORD_FIELDS}

    def idf(self, searcher: Any, fieldname: str, text: Any) -> float:
        """Return a term's idf."""
        return idf(self._living_rows, searcher.get_parent().doc_frequency(fieldname, text))

    def scorer(self, searcher: Any, fieldname: FieldName, text: bytes, qf: int = 1) -> Any:
        """Return the scorer of a term: a whole value counts 1, as in Whoosh's own models."""
        if fieldname not in WORD_FIELDS:
            return WeightScorer(1.0)
        return Scorer(searcher.get_parent().idf(fieldname, text), self._average_lengths[fieldname])


class Scorer(BaseScorer):  # type: ignore[misc]  # Whoosh has no types
    """Scores the rows of a term in a segment: ``idf * tf / (tf + k1 * ((1 - b) + b * length / average))``."""

    def __init__(self, idf: float, average: float) -> None:
        self._idf = idf
        self._average = average
        self._scores: list[float] | None = None

    def score(self, matcher: ArrayMatcher) -> float:
        """Return the score of the row that the term's matcher is at; all are worked out when one is asked for."""
        if self._scores is None:
            norms = length_norms(matcher.postings.lengths, self._average)
            scores = self._idf * saturation(matcher.postings.counts.astype(np.float64), norms)
            self._scores = scores.tolist()
        return self._scores[matcher.at]
