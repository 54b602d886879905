"""What a tree means, in cases that people meet."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from searchkit.keyword.query import rewrite
from searchkit.keyword.query.ast import (
    And,
    Boost,
    Every,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    filters,
)
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments
from tests.keyword.bm25_reference import ANALYZER, Piece, highlighted_terms, indexed

ARCHIVE = [
    Piece(
        ["Russian air defence arrived in Caracas", "Oil exports fell", "Missiles guard the port"],
        title="Venezuela",
        language="en",
    ),
    Piece(["Missile tests in the Pacific", "The oil price rose"], language="en"),
    Piece(["The S-300 system", "a system of 300 seats"], language="en"),
    Piece(["Missiles for sale"], language="en", deleted=True),
]


@pytest.fixture
def index() -> Iterator[KeywordSegments]:
    with indexed(ARCHIVE[:1], ARCHIVE[1:]) as index:
        yield index


def word(text: str, **values: str) -> Term:
    (found,) = ANALYZER.query_terms(text, ["en"])
    (unit,) = found.units
    return Term(terms=unit.terms, **values)  # type: ignore[arg-type]


def idf_sum(index: KeywordSegments, tree: Tree) -> float:
    return evaluate(index, tree).idf_sum


def rows(index: KeywordSegments, tree: Tree) -> list[int]:
    return np.flatnonzero(evaluate(index, tree).matched).tolist()


def test_a_score_is_lucenes_bm25_without_its_constant_factor(index: KeywordSegments) -> None:
    # 7 rows live; "missile" stands in two of them; row 2 has 4 words of text and one of title, which counts twice.
    # "S-300" counts as its joined form and its two parts.
    lengths = [6 + 2, 3 + 2, 4 + 2, 5, 4, 5, 5]
    idf = math.log(1 + (7 - 2 + 0.5) / (2 + 0.5))
    expected = idf * 1 / (1 + 1.2 * ((1 - 0.75) + 0.75 * (4 + 2) / (sum(lengths) / 7)))
    assert evaluate(index, word("missiles")).scores[2] == pytest.approx(expected, rel=1e-12)


def test_conditions_hold_for_articles_and_rows_need_a_word(index: KeywordSegments) -> None:
    both = And(children=(word("russian"), word("missile")))
    assert rows(index, both) == [0, 2], "the words stand in two chunks of one article"
    assert np.flatnonzero(evaluate(index, both).allowed).tolist() == [0, 1, 2]


def test_what_is_excluded_excludes_the_whole_article(index: KeywordSegments) -> None:
    assert rows(index, And(children=(word("missile"), Not(child=word("russian"))))) == [3]
    assert rows(index, Or(children=(word("missile"), word("system"), Not(child=word("oil"))))) == [5, 6]


def test_exclusions_alone_match_everything_else_and_never_what_is_deleted(index: KeywordSegments) -> None:
    found = evaluate(index, Not(child=word("oil")))
    assert np.flatnonzero(found.matched).tolist() == [5, 6]
    assert not found.scores.any()
    assert rows(index, Every()) == [0, 1, 2, 3, 4, 5, 6]


def test_what_is_optional_scores_and_excludes_nothing(index: KeywordSegments) -> None:
    wish = And(children=(word("oil"), Maybe(child=word("missile"))))
    found = evaluate(index, wish)
    assert np.flatnonzero(found.matched).tolist() == [1, 2, 3, 4]
    assert found.scores[3] == evaluate(index, word("missile")).scores[3]


def test_compounds_hold_by_their_joined_form_or_by_all_parts(index: KeywordSegments) -> None:
    from searchkit.keyword.query.parser import parse

    def asked(text: str) -> list[int]:
        return rows(index, parse(text, analyzer=ANALYZER, languages=["en"]).tree)

    assert asked("S300") == asked("S-300") == [5, 6], "the article has them all, and 300 stands in both of its chunks"
    assert asked("S-400") == []
    assert asked('"S-300"') == asked('"s 300"') == [5]


def test_a_filter_limits_and_shows_all_its_rows_beside_words(index: KeywordSegments) -> None:
    oil = word("oil")

    def matching(tree: Tree) -> list[int]:
        found = evaluate(index, tree, resolve=lambda condition: index.article_of_row == int(condition.values[0]))
        return np.flatnonzero(found.matched).tolist()

    second = Filter(field="number", values=("1",))
    assert matching(And(children=(second, oil))) == [4]
    assert matching(Or(children=(second, word("russian")))) == [0, 3, 4]
    assert matching(second) == [3, 4]
    assert matching(And(children=(oil, Or(children=(second, second))))) == [4]
    assert list(filters(And(children=(oil, Not(child=second))))) == [second]


def test_a_filter_needs_someone_who_resolves_it(index: KeywordSegments) -> None:
    with pytest.raises(ValueError, match="resolves"):
        evaluate(index, Filter(field="source", values=("x",)))


def test_a_wildcard_or_a_fuzzy_word_is_one_term_the_union_of_what_it_stands_for(index: KeywordSegments) -> None:
    either = Term(terms=("missil", "sale"))
    assert evaluate(index, Pattern(text="missil*")).scores.tolist() == evaluate(index, word("missile")).scores.tolist()
    assert rows(index, Fuzzy(word="misile")) == [2, 3]
    assert rows(index, Pattern(text="*ela")) == [0, 1, 2], "a title's words belong to each of its article's chunks"
    assert idf_sum(index, either) == pytest.approx(math.log(1 + (7 - 2 + 0.5) / (2 + 0.5)))


def test_u_counts_repeats_boosts_and_unknown_words(index: KeywordSegments) -> None:
    def idf(df: int) -> float:
        return math.log(1 + (7 - df + 0.5) / (df + 0.5))

    missile, unknown = word("missile"), word("zzz")
    assert idf_sum(index, Or(children=(missile, missile, unknown))) == pytest.approx(2 * idf(2) + idf(0))
    assert idf_sum(index, Boost(child=missile, factor=2.0)) == pytest.approx(2 * idf(2))
    assert idf_sum(index, Not(child=missile)) == 0
    phrase = Phrase(units=(word("oil"), word("exports")), offsets=(0, 1))
    assert idf_sum(index, phrase) == pytest.approx(idf(2) + idf(1))


def test_terms_to_highlight_are_those_asked_for_after_expansion(index: KeywordSegments) -> None:
    tree = And(children=(Pattern(text="exp*"), Not(child=word("oil")), word("missiles")))
    assert highlighted_terms(evaluate(index, tree)) == {"export", "missil"}


def test_titles_have_postings_of_their_own(index: KeywordSegments) -> None:
    assert rows(index, word("venezuela", field="title")) == [0, 1, 2]
    assert rows(index, word("missile", field="title")) == []
    assert rows(index, Pattern(text="ven*", field="title")) == [0, 1, 2]


def test_of_too_many_words_the_most_frequent_are_searched_and_it_is_said(
    index: KeywordSegments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "EXPANSION_LIMIT", 2)
    found = evaluate(index, Pattern(text="s*"))
    assert highlighted_terms(found) == {"s", "system"}
    assert found.notes == ("'s*' stands for 4 words; the 2 most frequent were searched.",)
    assert highlighted_terms(evaluate(index, Fuzzy(word="sil", distance=2))) == {"in", "oil"}


def test_an_index_without_rows_answers_nothing() -> None:
    for archive in ([], [[]]):
        with indexed(*archive) as index:
            found = evaluate(index, Or(children=(word("missile"), Pattern(text="mi*"), Fuzzy(word="mi"))))
            assert found.scores.tolist() == found.matched.tolist() == []


def test_large_unions_and_small_ones_give_the_same(index: KeywordSegments) -> None:
    many = [Piece([f"word{i % 7} filler{i}"]) for i in range(60)]
    with indexed(many) as wide:
        few = evaluate(wide, Term(terms=("filler1", "filler2")))
        all_of_them = evaluate(wide, Term(terms=tuple(f"word{i}" for i in range(7))))
    assert np.flatnonzero(few.matched).tolist() == [1, 2]
    assert all_of_them.matched.all()
