"""Filters as values: conditions joined by and, or and not, from a program or from JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import Article, F, FilterExpression, build
from searchkit.errors import QueryError
from searchkit.filter_expression import filter_expression
from tests.index.archive import article
from tests.word_encoder import WordEncoder

NUMBERS = range(40)
ARTICLES = [article(number) for number in NUMBERS]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[searchkit.Searcher]:
    path = tmp_path_factory.mktemp("filters") / "index"
    build(path, ARTICLES[:25], encoder=WordEncoder())
    searchkit.add(path, ARTICLES[25:], encoder=WordEncoder())
    with searchkit.open(path, encoder=WordEncoder()) as opened:
        yield opened


def wanted(test: Callable[[Article], bool]) -> set[str]:
    """Return the ids of the articles that meet a test."""
    return {each.id for each in ARTICLES if test(each)}


CASES: list[tuple[FilterExpression, dict[str, object], Callable[[Article], bool]]] = [
    (F("pages").between(5, 12), {"field": "pages", "between": [5, 12]}, lambda a: 5 <= a.fields["pages"] <= 12),
    (F("pages") > 9, {"field": "pages", "gt": 9}, lambda a: a.fields["pages"] > 9),
    (F("pages") >= 9.0, {"field": "pages", "gte": 9.0}, lambda a: a.fields["pages"] >= 9),
    (F("pages") < 9, {"field": "pages", "lt": 9}, lambda a: a.fields["pages"] < 9),
    (F("pages") <= np.int64(9), {"field": "pages", "lte": 9}, lambda a: a.fields["pages"] <= 9),
    (F("desk") == "World", {"field": "desk", "eq": "WORLD"}, lambda a: a.fields["desk"] == "world"),
    (F("desk") != "world", {"field": "desk", "ne": "world"}, lambda a: a.fields["desk"] != "world"),
    (
        F("tag").any("odd", "round"),
        {"field": "tag", "in": ["odd", "round"]},
        lambda a: bool({"odd", "round"} & {*a.tags}),
    ),
    (
        F("tag").all(["even", "round"]),
        {"field": "tag", "all": ["even", "round"]},
        lambda a: {"even", "round"} <= {*a.tags},
    ),
    (F("tag").any([]), {"field": "tag", "in": []}, lambda a: False),
    (~F("tag").any(()), {"not": {"field": "tag", "in": []}}, lambda a: True),
    (F("source").like("Har*"), {"field": "source", "like": "har*r"}, lambda a: a.source == "Harbor Ledger"),
    (F("extra").exists(), {"field": "extra", "exists": True}, lambda a: "extra" in a.fields),
    (
        F("published") >= date(2025, 1, 20),
        {"field": "published", "gte": "2025-01-20"},
        lambda a: a.published >= datetime(2025, 1, 20, tzinfo=UTC),
    ),
    (F("published") == "2025-01", {"field": "published", "eq": "2025-01"}, lambda a: a.published.month == 1),
    (
        F("published").between(date(2025, 1, 5), date(2025, 1, 7)),
        {"field": "published", "between": ["2025-01-05", "2025-01-07"]},
        lambda a: 5 <= a.published.day <= 7 and a.published.month == 1,
    ),
    (
        F("pages").between(3, 20) & ~F("tag").any("odd") | (F("language") == "de-AT"),
        {
            "or": [
                {"and": [{"field": "pages", "gte": 3, "lte": 20}, {"not": {"field": "tag", "eq": "odd"}}]},
                {"field": "language", "eq": "de"},
            ]
        },
        lambda a: (3 <= a.fields["pages"] <= 20 and "odd" not in a.tags) or a.language == "de",
    ),
    (
        F("author").any("Writer 1") | F("author").any("writer 2"),
        {"field": "author", "in": ["Writer 1", "Writer 2"]},
        lambda a: a.authors[0] in ("Writer 1", "Writer 2"),
    ),
]


@pytest.mark.parametrize(("expression", "values", "test"), CASES, ids=[json.dumps(case[1]) for case in CASES])
def test_conditions_admit_what_they_say(
    searcher: searchkit.Searcher,
    expression: FilterExpression,
    values: dict[str, object],
    test: Callable[[Article], bool],
) -> None:
    if "extra" in json.dumps(values):
        with pytest.raises(QueryError, match="No article here has a field 'extra'"):
            searcher.count(where=expression)
        return
    expected = wanted(test)
    assert set(searcher.article_ids(where=expression)) == expected
    assert set(searcher.article_ids(where=json.loads(json.dumps(values)))) == expected
    assert searcher.count(where=expression) == len(expected)
    for mode in searchkit.Mode:
        answer = searcher.search("report about Venezuela", k=100, mode=mode, where=expression)
        assert {result.article.id for result in answer.results} <= expected


def test_an_instant_compares_with_instants_and_one_without_zone_is_the_askers(searcher: searchkit.Searcher) -> None:
    moment = datetime(2025, 1, 10, 0, 30, tzinfo=UTC)
    assert searcher.count(where=F("published") > moment) == len(wanted(lambda a: a.published > moment))
    east = datetime.now().astimezone().tzinfo
    naive = datetime(2025, 1, 10)
    assert searcher.count(where=F("published") > naive) == len(
        wanted(lambda a: a.published > naive.replace(tzinfo=east))
    )


def test_words_for_dates_are_read_when_it_is_asked(searcher: searchkit.Searcher) -> None:
    assert searcher.count(where=F("published") >= "today") == 0
    assert searcher.count(where=F("published") < "today") == len(ARTICLES)
    with pytest.raises(QueryError):
        searcher.count(where=F("published") >= "no date at all")


def test_no_text_undoes_a_programs_conditions(searcher: searchkit.Searcher) -> None:
    expected = wanted(lambda a: "odd" in a.tags)
    for text in (
        "report OR tag:even",
        "NOT tag:odd",
        'tag:even "',
        "report OR *",
        "+tag:even",
        "published:[2020 TO 2030]",
    ):
        answer = searcher.search(text, k=100, mode="keyword", where=F("tag") == "odd")
        assert {result.article.id for result in answer.results} <= expected


def test_other_filters_hold_beside_them(searcher: searchkit.Searcher) -> None:
    answer = searcher.search("report", k=100, source="Harbor Ledger", where=F("pages") < 10)
    expected = wanted(lambda a: a.source == "Harbor Ledger" and a.fields["pages"] < 10)
    assert {result.article.id for result in answer.results} == expected


def test_where_nothing_passes_a_note_tells_no_value(searcher: searchkit.Searcher) -> None:
    answer = searcher.search("report", where=F("author").any("Writer 9"))
    assert answer.results == ()
    assert answer.notes == ("No article passes the filter.",)


def test_a_long_list_of_values_is_taken(searcher: searchkit.Searcher) -> None:
    groups = [f"group {number}" for number in range(50_000)]
    assert searcher.count(where=F("author").any(groups)) == 0
    assert searcher.count(where=F("author").any([*groups, "Writer 3"])) == len(
        wanted(lambda a: a.authors == ("Writer 3",))
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is no condition"),
        ({"pages": 3}, "names no field"),
        ({"field": "pages"}, "says nothing of it"),
        ({"field": "pages", "gtee": 3}, "no operator 'gtee'"),
        ({"field": "pages", "in": "abc"}, "'in' in a filter is given 'abc'"),
        ({"field": "pages", "between": [1]}, "'between' in a filter"),
        ({"field": "pages", "exists": 1}, "'exists' in a filter"),
        ({"field": "pages", "gt": None}, "is compared with None"),
        ({"field": "pages", "eq": None}, "is compared with None"),
        ({"field": "pages", "eq": ["a"]}, "is compared with"),
        ({"field": 3, "eq": "a"}, "names no field"),
        ({"field": " ", "eq": "a"}, "names no field"),
        ({"and": {"field": "a", "eq": 1}}, "joins"),
        ({"and": [], "or": []}, "names no field"),
        ({"field": "pages", "like": 3}, "is no pattern"),
        ("pages > 3", "'where' is"),
        (["pages"], "'where' is"),
        (F("pages"), r"'where' is F\('pages'\)"),
    ],
)
def test_what_cannot_be_understood_is_said(searcher: searchkit.Searcher, values: object, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        searcher.search("report", where=values)  # type: ignore[arg-type]


def test_a_filter_too_deep_is_refused() -> None:
    values: dict[str, object] = {"field": "a", "eq": 1}
    for _ in range(10_000):
        values = {"not": values}
    with pytest.raises(QueryError, match="levels deep"):
        filter_expression(values)


def test_thousands_of_conditions_are_joined_in_a_loop(searcher: searchkit.Searcher) -> None:
    every, some = F("pages") >= 0, F("pages") == 3
    for number in range(3_000):
        every &= F("pages") != 1_000 + number
        some |= F("pages") == 1_000 + number
    assert searcher.count(where=every) == len(ARTICLES)
    assert searcher.count(where=some) == len(wanted(lambda a: a.fields["pages"] == 3))
    assert len(list(every.conditions())) == 3_001


def test_an_expression_too_deep_is_refused_and_not_followed(searcher: searchkit.Searcher) -> None:
    deep = F("pages") == 3
    for _ in range(3_000):
        deep = ~deep
    assert [condition.field for condition in deep.conditions()] == ["pages"]
    for ask in (
        lambda: searcher.count(where=deep),
        lambda: searcher.search("report", where={"and": [deep]}),
        lambda: searcher.ask(searchkit.Query(text="report", where=searchkit.Where(expression=deep))),
    ):
        with pytest.raises(QueryError, match="levels deep"):
            ask()


def test_what_is_joined_without_parentheses_or_compared_with_nothing_is_refused() -> None:
    for make in (
        lambda: F("a") == 20 | F("b") == 10,
        lambda: F("a") == 20 | (F("b") == 10),
        lambda: (F("a") == 20) & True,
        lambda: (F("a") == 20) | F("b"),
        lambda: F("a") & F("b"),
        lambda: F("a") and F("b"),
        lambda: ~F("a"),
    ):
        with pytest.raises(QueryError) as refused:
            make()
        assert "(F('a') == 20) | (F('b') == 10)" in refused.value.hint
    with pytest.raises(QueryError) as refused:
        "x" in F("tag")  # noqa: B015 - a condition
    assert refused.value.hint == "Write F('tag').any('x')."


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (F("pages").between(60, 10), "pages:[60 TO 10]"),
        (F("desk").between("world", "city"), "desk:[world TO city]"),
        (F("published").between("2025-03", "2025-01-31"), "published:[2025-03-01 TO 2025-01-31]"),
    ],
)
def test_a_range_that_ends_before_it_begins_is_told(
    searcher: searchkit.Searcher, where: FilterExpression, shown: str
) -> None:
    note = f"'{shown}' ends before it begins, so no article is in it."
    assert note in searcher.search("report", where=where).notes
    assert note in searcher.search("report", where=~where).notes


def test_the_fields_that_there_are_include_the_date(searcher: searchkit.Searcher) -> None:
    with pytest.raises(QueryError) as refused:
        searcher.count(where=F("zzz") == 1)
    assert "desk, language, pages, published" in refused.value.hint


def test_and_between_conditions_as_a_word_is_refused() -> None:
    with pytest.raises(QueryError, match="neither true nor false"):
        (F("a") == 1) and (F("b") == 2)


LEAVES = st.sampled_from([case[:1] + case[2:] for case in CASES if "extra" not in json.dumps(case[1])])
TREES = st.recursive(
    LEAVES,
    lambda trees: st.one_of(
        st.tuples(trees, trees).map(lambda two: (two[0][0] & two[1][0], lambda a: two[0][1](a) and two[1][1](a))),
        st.tuples(trees, trees).map(lambda two: (two[0][0] | two[1][0], lambda a: two[0][1](a) or two[1][1](a))),
        trees.map(lambda tree: (~tree[0], lambda a: not tree[1](a))),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=timedelta(seconds=20))
@given(tree=TREES)
def test_any_tree_admits_what_it_says(searcher: searchkit.Searcher, tree: tuple) -> None:
    expression, test = tree
    assert set(searcher.article_ids(where=expression)) == wanted(test)


def test_an_index_of_another_folder_can_be_asked_in_the_same_way(tmp_path: Path) -> None:
    build(tmp_path / "one", [Article(id="a", title="", text="Reeds.", fields={"extra": True})], encoder=WordEncoder())
    with searchkit.open(tmp_path / "one", encoder=WordEncoder()) as searcher:
        assert searcher.count(where=F("extra").exists()) == 1
        assert searcher.count(where=F("extra") == True) == 1  # noqa: E712 - a condition
        assert searcher.count(where=~F("extra").exists()) == 0
