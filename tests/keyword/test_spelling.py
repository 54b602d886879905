"""Did you mean something else?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from searchkit.keyword.query.parser import parse
from searchkit.keyword.query.spelling import suggest
from searchkit.keyword.scoring.segments import KeywordSegments
from tests.keyword.bm25_reference import ANALYZER, Piece, indexed

ARCHIVE = [
    Piece(["Venezuela buys air defence missiles", "Missile talks in Caracas"], language="en"),
    Piece(["The Igla-S missiles of Venezuela"], language="en"),
    Piece(["A missive from Caracas", "naïve plans in a missive"], language="en"),
    Piece(["misfiles"], language="en", deleted=True),
]


@pytest.fixture
def index() -> Iterator[KeywordSegments]:
    with indexed(ARCHIVE[:2], ARCHIVE[2:]) as index:
        yield index


def suggested(index: KeywordSegments, text: str, **values: int) -> tuple[str, ...]:
    return suggest(index, parse(text, analyzer=ANALYZER, languages=["en"]).words, text, **values)


def test_an_unknown_word_is_corrected_and_the_others_stay(index: KeywordSegments) -> None:
    assert suggested(index, "Venezeula air defence, please?") == (), "please has nothing near"
    assert suggested(index, "Venezeula's air defence!") == ("Venezuela air defence!",)


def test_a_known_word_stays_in_whatever_form(index: KeywordSegments) -> None:
    assert suggested(index, "missile") == ()
    assert suggested(index, "talked of a plan") == ()


def test_the_nearest_word_wins_then_the_one_in_most_rows(index: KeywordSegments) -> None:
    assert suggested(index, "missixe") == ("missive", "missile")
    assert suggested(index, "missixe", limit=1) == ("missive",)
    assert suggested(index, "misfilles") == ("missiles",), "a word of deleted articles alone is gone"


@pytest.mark.parametrize(
    ("typed", "better"), [("caraccas", "caracas"), ("Caraccas", "Caracas"), ("CARACCAS", "CARACAS"), ("Naïbe", "Naive")]
)
def test_the_case_is_kept(index: KeywordSegments, typed: str, better: str) -> None:
    assert suggested(index, f"A {typed}") == (f"A {better}",)


def test_operators_and_excluded_words_stay(index: KeywordSegments) -> None:
    assert suggested(index, 'caraccas AND "air talkz" -xyz source:reuterz') == (
        'caracas AND "air talks" -xyz source:reuterz',
    )


def test_a_part_of_a_compound_is_corrected_in_its_place(index: KeywordSegments) -> None:
    assert suggested(index, "Venezeula-missile talks") == ("Venezuela-missile talks",)


def test_numbers_short_words_and_words_far_from_all_are_let_be(index: KeywordSegments) -> None:
    assert suggested(index, "2019") == ()
    assert suggested(index, "xy") == ()
    assert suggested(index, "qwertzuiop") == ()
    assert suggested(index, "caraccas qwertzuiop") == ()


def test_a_query_of_many_unknown_words_is_about_something_else(index: KeywordSegments) -> None:
    assert suggested(index, "caraccas missiels misive talkz airr venezeula") == ()


def test_a_quotation_mark_that_nothing_closes_is_not_suggested_again() -> None:
    from searchkit.keyword.query.spelling import _without_stray_quote

    assert _without_stray_quote('"missile') == "missile"
    assert _without_stray_quote('"air defence" missile') == '"air defence" missile'
