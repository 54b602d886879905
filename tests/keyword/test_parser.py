"""What people type, and what it asks for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from searchkit.errors import QueryError
from searchkit.keyword.query.ast import (
    And,
    Boost,
    Compound,
    Every,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
)
from searchkit.keyword.query.parser import ParsedQuery, parse
from searchkit.keyword.query.query_terms import IN_SHORT
from searchkit.types import Syntax
from tests.keyword.bm25_reference import ANALYZER


def parsed(text: str, syntax: Syntax = Syntax.AUTO) -> ParsedQuery:
    return parse(text, analyzer=ANALYZER, languages=["en"], filter_fields=("section", "Desk"), syntax=syntax)


def tree(text: str, syntax: Syntax = Syntax.AUTO) -> Tree:
    return parsed(text, syntax).tree


def t(*terms: str, **values: str) -> Term:
    return Term(terms=terms, **values)  # type: ignore[arg-type]


def own(word: str, **values: str) -> Term:
    """Return what asks for a word's own form."""
    return Term(terms=(ANALYZER.stem(word, "en"),), surfaces=(word,), **values)  # type: ignore[arg-type]


def phrase(*words: str, slop: int = 1, **values: str) -> Phrase:
    return Phrase(units=tuple(own(word, **values) for word in words), offsets=tuple(range(len(words))), slop=slop)


def any_of(*children: Tree) -> Tree:
    return Or(children=children)


def all_of(*children: Tree) -> Tree:
    return And(children=children)


def wish(child: Tree) -> Tree:
    return Maybe(child=child)


EXPRESSION = Syntax.EXPRESSION
A, B, C = t("a"), t("b"), t("c")


def test_plain_words_ask_for_any_of_themselves() -> None:
    found = parsed("Russian missiles in Venezuela?")
    assert found.tree == wish(any_of(t("russian"), t("missil"), t("venezuela")))
    assert found.plain
    assert found.text == "Russian missiles in Venezuela?"
    assert [(word.surface, word.start) for word in found.words] == [
        ("Russian", 0), ("missiles", 8), ("in", 17), ("Venezuela", 20),
    ]  # fmt: skip
    assert found.notes == ("Not searched by keyword, as words that most texts have: in.",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a AND b", all_of(A, B)),
        ("a AND b AND c", all_of(A, B, C)),
        ("a OR b", any_of(A, B)),
        ("a AND NOT b", all_of(A, Not(child=B))),
        ("a NOT b", all_of(Not(child=B), wish(A))),
        ("a OR NOT b", all_of(Not(child=B), A)),
        ("a OR b AND c", any_of(A, all_of(B, C))),
        ("a OR (b AND NOT c)", any_of(A, all_of(B, Not(child=C)))),
        ("(a OR b) c", any_of(any_of(A, B), C)),
        ("((a OR b)) -c", all_of(Not(child=C), any_of(A, B))),
        ("(a OR b) AND c", all_of(any_of(A, B), C)),
        ("(a b) AND c", all_of(any_of(A, B), C)),
        ("(a -b) AND c", all_of(all_of(Not(child=B), A), C)),
        ("(a)AND(b)", all_of(A, B)),
        ("NOT a", Not(child=A)),
        ("NOT (a OR b)", Not(child=any_of(A, B))),
        ("+a b -c", all_of(A, Not(child=C), wish(B))),
        ("+(a b) c", all_of(any_of(A, B), wish(C))),
        ("-a -b", all_of(Not(child=A), Not(child=B))),
        ('-"a b" c', all_of(Not(child=phrase("a", "b")), wish(C))),
        ("a AND b c", all_of(all_of(A, B), wish(C))),
    ],
)
def test_operators_say_what_must_hold(text: str, expected: Tree) -> None:
    found = parsed(text)
    assert found.tree == expected
    assert not found.plain
    assert found.notes == ()


@pytest.mark.parametrize(
    "text", ["a and b", "a - b", "air-defence", "S-300", "a (b) c", "((a)) b", "C++", "-5 +30", "a/b"]
)
def test_what_isn_t_an_operator_is_plain(text: str) -> None:
    found = parsed(text)
    assert found.plain
    assert found.text == text
    assert found.notes == ()


def test_phrases_are_required_and_may_have_gaps() -> None:
    assert tree('"oil tanker" venezuela', EXPRESSION) == all_of(phrase("oil", "tanker"), wish(t("venezuela")))
    assert tree('"oil tanker"~3') == phrase("oil", "tanker", slop=3)
    assert tree('"missiles"') == own("missiles")
    assert tree('title:"Missiles"') == own("missiles", field="title")
    assert tree('-"missiles" oil') == all_of(Not(child=own("missiles")), wish(t("oil")))
    assert tree('"MISSILES" OR "Táchira"') == any_of(own("missiles"), own("tachira"))
    assert tree('"missiles"^2') == Boost(child=own("missiles"), factor=2.0)
    assert tree('"S-300 missiles"') == phrase("s", "300", "missiles")


@pytest.mark.parametrize("text", ["“oil tanker”", "„oil tanker“", "«oil tanker»", "＂oil tanker＂"])
def test_every_quote_is_a_quote(text: str) -> None:
    assert tree(text) == phrase("oil", "tanker")


def test_phrases_of_scripts_without_spaces_are_pairs_in_order() -> None:
    assert tree('"北京大学"') == phrase("北京", "京大", "大学")
    assert tree("北京大学") == wish(any_of(t("北京"), t("京大"), t("大学")))
    assert tree("+北京大学") == all_of(t("北京"), t("京大"), t("大学"))


def test_compounds_keep_their_parts_together() -> None:
    s300 = Compound(joined=t("s300"), parts=(t("s"), t("300")))
    assert tree("S-300") == tree("s300") == wish(s300)
    assert tree("S-300 -oil") == all_of(Not(child=t("oil")), wish(s300))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("miss*", "miss*"), ("m?ssile", "m?ssile"), ("*ela", "*ela"), ("Mis??LE", "mis??le"), ("S-30*", "s30*"),
        ("anti-air*", "antiair*"), ("Né*ro", "ne*ro"), ("miss**", "miss*"), ("miss*?", "miss*"), ("a?c", "a?c"),
    ],
)  # fmt: skip
def test_wildcards_stand_for_the_words_they_fit(text: str, pattern: str) -> None:
    found = parsed(text)
    assert found.tree == Pattern(text=pattern)
    assert found.text == ""


@pytest.mark.parametrize(
    "text", ["who sold missiles?", "what??", "a*", "2*3", "?", "* *", "**", "how much is it ?", "¿qué?"]
)
def test_a_question_mark_that_ends_a_word_is_no_wildcard(text: str) -> None:
    found = parsed(text)
    assert found.plain
    assert not any(isinstance(leaf, Pattern) for leaf in _leaves(found.tree))


def test_patterns_are_a_condition_where_no_words_stand_beside_them() -> None:
    miss, oil = Pattern(text="miss*"), Fuzzy(word="oil", distance=1)
    assert tree("miss* oil~") == tree("(miss* oil~)") == any_of(miss, oil)
    assert tree("miss* -gas") == all_of(Not(child=t("gas")), miss)
    assert tree("miss* gas") == wish(any_of(miss, t("gas")))
    assert tree("+gas miss*") == all_of(t("gas"), wish(miss))
    assert tree("miss* OR gas") == any_of(miss, t("gas"))


def test_everything_can_be_asked_for() -> None:
    assert tree("*") == tree(" *:* ") == Every()


def test_fuzzy_words_are_a_few_edits_away() -> None:
    assert tree("missle~") == Fuzzy(word="missle", distance=1)
    assert tree("Missle~2") == Fuzzy(word="missle", distance=2)
    assert tree("missle~0") == own("missle")
    assert parsed("missle~").text == "missle"
    far = parsed("missle~7")
    assert far.tree == Fuzzy(word="missle", distance=2)
    assert far.notes == ("'missle' was searched with 2 edits, the most there is.",)


def test_boosts_multiply() -> None:
    assert tree("a^2 b", EXPRESSION) == wish(any_of(Boost(child=A, factor=2.0), B))
    assert tree("oil^2 gas") == wish(any_of(Boost(child=t("oil"), factor=2.0), t("gas")))
    assert tree("(a AND b)^.5 c") == all_of(Boost(child=all_of(A, B), factor=0.5), wish(C))
    assert tree('"a b"~2^3') == Boost(child=phrase("a", "b", slop=2), factor=3.0)
    assert tree("a^b") == wish(any_of(Boost(child=A, factor=IN_SHORT), B)), "read as plain words"
    for text in ("a^0", "a^99999", f"a^{'9' * 400}"):
        assert tree(text, EXPRESSION) == wish(A)
        assert "boost" in parsed(text, EXPRESSION).notes[0]


def test_fields_that_hold_words() -> None:
    missile, oil = (
        all_of(t(own(word).terms[0], field="title"), wish(own(word, field="title"))) for word in ("missiles", "oil")
    )
    assert tree("title:missiles") == tree("Title:missiles") == missile
    assert tree('title:"oil tanker" gas') == all_of(phrase("oil", "tanker", field="title"), wish(t("gas")))
    assert tree("title:miss*") == Pattern(text="miss*", field="title")
    assert tree("-title:missiles oil") == all_of(Not(child=missile), wish(t("oil")))
    assert tree("title:(missiles OR oil)") == any_of(missile, oil)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("source:Reuters", Filter(field="source", values=("Reuters",))),
        ('author:"Ana Ruiz"', Filter(field="author", values=("Ana Ruiz",))),
        ("desk:world", Filter(field="Desk", values=("world",))),
        ("source:a source:b", Filter(field="source", values=("a", "b"))),
        ("source:(a OR b)", any_of(Filter(field="source", values=("a",)), Filter(field="source", values=("b",)))),
        ("tag:air-defence", Filter(field="tag", values=("air-defence",))),
        ("published:2025-10", Filter(field="published", values=("2025-10",))),
        ("published:[2025-01-01 TO 2025-06-30]", Filter(field="published", low="2025-01-01", high="2025-06-30")),
        ("published:{2025 to 2026]", Filter(field="published", low="2025", high="2026", includes_low=False)),
        ("published:[* TO 2025]", Filter(field="published", high="2025")),
        ("published:[2025 TO ]", Filter(field="published", low="2025")),
        ("published:>2025-01-01", Filter(field="published", low="2025-01-01", includes_low=False)),
        ("published:<=2025", Filter(field="published", high="2025")),
        ("published:2025-01..2025-06", Filter(field="published", low="2025-01", high="2025-06")),
        ("section:http://a.b/?q=*", Filter(field="section", values=("http://a.b/?q=*",))),
        ("NOT source:a", Not(child=Filter(field="source", values=("a",)))),
    ],
)
def test_filters_are_left_to_whoever_knows_the_fields(text: str, expected: Tree) -> None:
    found = parsed(text)
    assert found.tree == expected
    assert found.text == ""
    assert found.words == ()


def test_filters_beside_words_are_required_and_the_words_score() -> None:
    found = parsed("missiles source:Reuters published:>2025 published:<2026")
    assert found.tree == all_of(
        Filter(field="source", values=("Reuters",)),
        Filter(field="published", low="2025", includes_low=False),
        Filter(field="published", high="2026", includes_high=False),
        wish(t("missil")),
    )
    assert found.text == "missiles"


def test_the_vector_leg_gets_the_words_alone() -> None:
    found = parsed('+Lavrov "5,000 missiles" AND (title:Igla OR miss*) -oil source:ria sent~1 NOT gas^2')
    assert found.text == "Lavrov 5,000 missiles Igla sent"
    assert [word.surface for word in found.words] == ["Lavrov", "5,000", "missiles", "Igla"]
    assert all('+Lavrov "5,000 missiles" AND (title:Igla'.startswith(word.surface, word.start) for word in found.words)


@pytest.mark.parametrize(
    "text", ["10:30", "http://example.com/?q=1", "Note:this", "note: this", "a:b", "title: x", "Foo:bar"]
)
def test_a_colon_is_punctuation_where_no_field_is_named(text: str) -> None:
    found = parsed(text)
    assert found.plain
    assert found.notes == ()


def test_a_name_that_is_nearly_a_fields_is_noted() -> None:
    found = parsed("sorce:reuters missiles")
    assert found.plain
    assert found.notes == ("There is no field 'sorce', so it was searched as words. Did you mean 'source:'?",)
    assert "'Desk:'" in parsed("desks:world").notes[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('missiles "air', "unmatched quote at character 10"),
        ("(missiles", "unmatched parenthesis at character 1"),
        ("missiles)", "unmatched parenthesis at character 9"),
        ("missiles AND", "nothing beside 'AND' at character 10"),
        ("OR missiles", "nothing beside 'OR' at character 1"),
        ("a AND OR b", "nothing beside 'AND' at character 3"),
        ("NOT NOT a", "nothing beside 'NOT' at character 1"),
        ("a (AND b)", "nothing beside 'AND' at character 4"),
        ("a NOT", "nothing beside 'NOT' at character 3"),
        ("(" * 40 + "a" + ")" * 40, "more than 30 deep"),
        ('"a" ' * 3_000, "more than 10,000 characters"),
        ("miss* " * 33, "more than 32 wildcards"),
        ("*ab" * 60, "more than 100 characters"),
    ],
)
def test_what_isn_t_an_expression_is_words_or_an_error_where_it_has_to_be_one(text: str, reason: str) -> None:
    found = parsed(text)
    assert found.plain
    assert found.tree != Nothing()
    with pytest.raises(QueryError) as caught:
        parsed(text, EXPRESSION)
    assert "can't be read as an expression" in caught.value.message
    assert reason in caught.value.message
    assert "--words" in caught.value.hint
    assert parsed(text, Syntax.WORDS).plain


def test_the_place_of_a_fault_is_marked() -> None:
    with pytest.raises(QueryError, match=re.escape('Here: missiles »"air')):
        parsed('missiles "air', EXPRESSION)


@pytest.mark.parametrize(
    "text",
    [
        "oil published:[2025", "published:[2025]", "published:soon oil", 'source:"The Times oil', "oil +section:[1",
        'source:(a OR "b', "oil (source:(a OR b)", "published:[" * 20, "+source:a " * 101,
    ],
)  # fmt: skip
def test_a_filter_that_can_t_be_read_is_an_error(text: str) -> None:
    for syntax in (Syntax.AUTO, EXPRESSION):
        with pytest.raises(QueryError):
            parsed(text, syntax)
    assert parsed(text, Syntax.WORDS).plain


@pytest.mark.parametrize("text", ["!!!", "🚀🚀", '""', "()", "-", "...", "\x00 .", "\ud800", '" "', "^ ~", "+ -"])
def test_where_there_are_no_words_nothing_is_asked_for(text: str) -> None:
    found = parsed(text)
    assert found.tree == Nothing()
    assert found.notes[-1] == "The query has no words to search for."


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_query_is_an_error(text: str) -> None:
    with pytest.raises(QueryError, match="empty"):
        parsed(text)


def test_ten_thousand_words_are_searched_as_far_as_they_differ() -> None:
    found = parsed(" ".join(f"word{i}" for i in range(10_000)))
    assert len(found.words) == 1_000
    assert found.notes == ("Of the query's words, the first 1,000 different ones were searched.",)
    repeated = parsed("the missile " * 5_000)
    assert len(repeated.words) == 10_000
    assert repeated.notes == ("Not searched by keyword, as words that most texts have: the.",)


def test_slop_stays_below_the_gap_between_the_parts_of_an_article() -> None:
    found = parsed('"a b"~9999')
    assert found.tree == phrase("a", "b", slop=50)
    assert "50 positions" in found.notes[0]


@pytest.mark.parametrize("digits", ["99", "9999", "99999", "000051", "9" * 9_000, "0" * 9_000 + "51"])
def test_a_number_of_any_length_is_held_to_its_limit_with_a_note(digits: str) -> None:
    near = parsed(f'"a b"~{digits}')
    assert near.tree == phrase("a", "b", slop=50)
    assert near.notes == ("Words of a phrase can be 50 positions apart at most; that was searched.",)
    fuzzy = parsed(f"missle~{digits}")
    assert fuzzy.tree == Fuzzy(word="missle", distance=2)
    assert fuzzy.notes == ("'missle' was searched with 2 edits, the most there is.",)
    boosted = parsed(f"a^{digits}999", EXPRESSION)
    assert boosted.tree == wish(A)
    assert boosted.notes == ("A boost lies above 0 and at 1,000 at most; another one was left out.",)


def test_zeros_before_a_number_mean_nothing() -> None:
    assert tree('"a b"~00003') == tree('"a b"~3')
    assert tree("missle~0002") == tree("missle~2")
    assert tree("missle~000") == tree("missle~0")


def test_other_scripts_and_a_nul_are_words_and_spaces() -> None:
    assert len(parsed("الدفاع الجوي الروسي في فنزويلا").words) == 5
    found = parsed("oil\x00gas")
    assert [(word.surface, word.start) for word in found.words] == [("oil", 0), ("gas", 4)]


def test_a_query_without_operators_doesn_t_wait_for_whoosh() -> None:
    code = (
        "import sys\n"
        "from searchkit.keyword.analysis.analyzer import Analyzer\n"
        "from searchkit.keyword.query.parser import parse\n"
        "assert parse('who sold missiles at 10:30?', analyzer=Analyzer()).plain\n"
        "assert not any(name.startswith('whoosh.qparser') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _leaves(tree: Tree) -> list[Tree]:
    match tree:
        case And() | Or():
            return [leaf for child in tree.children for leaf in _leaves(child)]
        case Maybe() | Not() | Boost():
            return _leaves(tree.child)
        case _:
            return [tree]
