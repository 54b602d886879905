"""What Whoosh reads through our codec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from whoosh import query
from whoosh.query import spans
from whoosh.reading import TermNotFound

from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.keyword.whoosh_searcher import open_searcher
from tests.keyword.bm25_reference import Piece, indexed

FIRST = [
    Piece(["the missile flew over the sea", "the sea was calm"], title="missile", language="en"),
    Piece(["rice and naïve missiles"], deleted=True, language="en"),
]
SECOND = [Piece(["calm talks about a missile"], language="en"), Piece(["жаба в море"], language="ru")]


@pytest.fixture
def index() -> Iterator[KeywordSegments]:
    with indexed(FIRST, SECOND) as index:
        yield index


@pytest.fixture
def searcher(index: KeywordSegments) -> Iterator[Any]:
    with open_searcher(index) as searcher:
        yield searcher


def found(searcher: Any, asked: Any) -> list[int]:
    return sorted(hit.docnum for hit in searcher.search(asked, limit=None))


def test_rows_are_counted_over_all_segments_and_deleted_ones_left_out(searcher: Any) -> None:
    assert searcher.doc_count_all() == 5
    assert searcher.doc_count() == 4
    assert list(searcher.reader().readers[0].all_doc_ids()) == [0, 1]
    assert searcher.reader().is_deleted(2)
    assert not searcher.reader().is_deleted(4)


def test_statistics_count_what_lives(searcher: Any) -> None:
    reader = searcher.reader()
    assert reader.doc_frequency("text", "missil") == 3
    assert reader.doc_frequency("text", "rice") == 0
    assert ("text", "rice") not in reader
    assert reader.frequency("title", "missil") == 2
    assert reader.field_length("title") == 2
    info = reader.term_info("text", "missil")
    assert (info.doc_frequency(), info.min_id(), info.max_id()) == (3, 0, 3)
    assert reader.term_info("text", "missil").max_id() == 3, "each call gives statistics of its own"


def test_terms_are_listed_in_order_without_those_of_deleted_rows_alone(searcher: Any) -> None:
    terms = [term.decode() for name, term in searcher.reader().all_terms() if name == "text"]
    assert terms == sorted(terms)
    assert "calm" in terms
    assert "rice" not in terms
    assert list(searcher.reader().readers[0].expand_prefix("text", "mis")) == [b"missil"]


def test_terms_come_with_their_statistics(searcher: Any) -> None:
    first = searcher.reader().readers[0]
    assert list(first.most_frequent_terms("title", 1)) == [(2, b"missil")]
    assert list(first.most_frequent_terms("text", 1)) == [(5, b"missil")], (
        "twice in each of two titles, once in a chunk"
    )
    assert {name for (name, _), _ in first} == {"text", "title"}
    assert list(searcher.reader().indexed_field_names()) != []


def test_lengths_are_exact(searcher: Any) -> None:
    assert searcher.doc_field_length(0, "text") == 6 + 2
    assert searcher.reader().max_field_length("text") == 8
    assert searcher.reader().min_field_length("title") == 0


def test_a_term_nobody_has_is_not_found(searcher: Any) -> None:
    assert found(searcher, query.Term("text", "zzz")) == []
    with pytest.raises(TermNotFound):
        searcher.reader().readers[0].postings("text", "zzz")
    with pytest.raises(TermNotFound):
        searcher.reader().readers[0].term_info("text", "rice")


def test_the_span_queries_of_whoosh_run_over_our_positions(searcher: Any) -> None:
    missile, sea = query.Term("text", "missil"), query.Term("text", "sea")
    assert found(searcher, spans.SpanNear(missile, sea, slop=5)) == [0]
    assert found(searcher, spans.SpanNear(missile, sea, slop=3)) == []
    assert found(searcher, spans.SpanFirst(query.Term("text", "calm"), limit=400)) == [1, 3]


def test_every_row_that_lives_answers_to_every(searcher: Any) -> None:
    assert found(searcher, query.Every()) == [0, 1, 3, 4]


def test_fuzzy_automata_count_code_points(searcher: Any) -> None:
    assert found(searcher, query.FuzzyTerm("text", "жбу", maxdist=1)) == []
    assert found(searcher, query.FuzzyTerm("text", "жб", maxdist=1)) == [4]
    assert found(searcher, query.FuzzyTerm("text", "missol", maxdist=1)) == [0, 1, 3]


def test_matchers_can_be_copied_skipped_and_asked_at_their_end(index: KeywordSegments, searcher: Any) -> None:
    reader = searcher.reader().readers[0]
    matcher = reader.postings("text", "sea")
    assert matcher.id() == 0
    other = matcher.copy()
    matcher.skip_to(1)
    assert (matcher.id(), other.id()) == (1, 0)
    assert matcher.supports("positions")
    assert matcher.value_as("positions") == [2 + 300 + 1], "two words of title, three gaps, one word before"
    assert matcher.value_as("frequency") == 1
    matcher.next()
    assert not matcher.is_active()
    assert matcher.id() > index.rows


def test_an_index_without_segments_answers_nothing() -> None:
    with indexed() as index, open_searcher(index) as searcher:
        assert found(searcher, query.Term("text", "missil")) == []
