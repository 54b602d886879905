"""Filters: random conditions let the same articles pass on a cluster as in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import Article, F, FilterExpression, build
from tests.contract.engines import Engine, opened
from tests.word_encoder import WordEncoder

pytestmark = pytest.mark.slow

VALUES = (
    *(
        "world",
        "World",
        " wörld ",
        "city*",
        "a?b",
        "a\\b",
        "2",
        "2.0",
        "02",
        "-7",
        "1e3",
        "1,000",
        "½",
        "10",
        "9",
        "x9",
    ),
    *("2025-01-02", "1.2.3", "", "Straße", "strasse", "ﬁn", "東京", "name=\x1e", "AND (OR)", "*:*", '"quoted"', "true"),
)
NAMES = ("desk", "pages", "code", "a.b", "ta\x1eg", "name with space", "tag", "author", "source", "language", "year")
INSTANTS = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=7 * step) for step in range(12)]
DAYS = [date(2024, 12, 31) + timedelta(days=step) for step in range(5)]


def _articles() -> list[Article]:
    """Return articles of every value, some of several, with dates by several clocks."""
    articles = []
    for number in range(60):
        chosen = [VALUES[(number * step + number // 7) % len(VALUES)] for step in (1, 3, 5)]
        names = NAMES[:6]
        fields = {names[(number + step) % 6]: chosen[step] if step else tuple(chosen[1:]) for step in range(3)}
        articles.append(
            Article(
                id=f"f{number}",
                text=f"Report {number} on missiles.",
                tags=tuple(value for value in chosen[:2] if value.strip()),
                authors=tuple(value for value in chosen[2:] if value.strip()),
                source=chosen[1] or None,
                language=("en", "en-GB", "de", None)[number % 4],
                published=INSTANTS[number % 12] + timedelta(microseconds=number % 2) if number % 5 else None,
                utc_offset_s=(0, 7_200, -18_000)[number % 3] if number % 5 else 0,
                fields={name: value for name, value in fields.items() if value != ""},
            )
        )
    return articles


ARTICLES = _articles()


@pytest.fixture(scope="module")
def both(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[searchkit.Searcher, ...]]:
    """Return the searchers of a folder and of the cluster."""
    path = str(tmp_path_factory.mktemp("filters") / "index")
    build(path, ARTICLES, encoder=WordEncoder())
    index = Engine(name="cluster", place=cluster).build("filters", ARTICLES)
    with opened(path) as folder, opened(index) as there:
        yield folder, there


def _pieces(value: str) -> st.SearchStrategy[str]:
    """Return patterns that a value fits, or nearly."""
    return st.sampled_from([f"{value[:1]}*", f"*{value[1:]}", f"*{value}*", f"{value[:2]}*{value[-1:]}", "*"])


CONDITIONS = st.one_of(
    st.builds(lambda name, values: F(name).any(*values), st.sampled_from(NAMES), st.lists(st.sampled_from(VALUES))),
    st.builds(lambda name: F(name).exists(), st.sampled_from((*NAMES, "published"))),
    st.builds(
        lambda name, low, high: F(name).between(low, high),
        st.sampled_from(NAMES),
        st.one_of(st.none(), st.integers(-10, 1_200), st.floats(-10, 1_200)),
        st.one_of(st.integers(-10, 1_200), st.floats(-10, 1_200)),
    ),
    st.builds(lambda name, low: F(name) > low, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.builds(lambda name, high: F(name) <= high, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.builds(
        lambda name, pattern: F(name).like(pattern), st.sampled_from(NAMES), st.sampled_from(VALUES).flatmap(_pieces)
    ),
    st.builds(lambda low: F("published") >= low, st.sampled_from([*INSTANTS, *DAYS])),
    st.builds(lambda low: F("published") > low, st.sampled_from([*INSTANTS, *DAYS])),
    st.builds(lambda high: F("published") < high, st.sampled_from([*INSTANTS, *DAYS])),
    st.builds(lambda high: F("published") <= high, st.sampled_from([*INSTANTS, *DAYS])),
)
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        inner.map(lambda a: ~a),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=FILTERS)
def test_random_filters_let_the_same_articles_pass(
    both: tuple[searchkit.Searcher, ...], where: FilterExpression
) -> None:
    folder, there = both
    try:
        expected = set(folder.article_ids(where=where))
    except searchkit.SearchkitError as error:  # what one engine can't read, the other can't either
        with pytest.raises(type(error)):
            there.article_ids(where=where)
        return
    assert set(there.article_ids(where=where)) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"since": "2025-01-02"},
        {"until": "2025-01-02"},
        {"since": INSTANTS[3], "until": INSTANTS[7]},
        {"source": "world"},
        {"tag": ["city*", "10"]},
        {"language": "en"},
        {"author": "a\\b"},
        {"fields": {"desk": "2"}},
        {"as_of": "2025-01-02"},
    ],
)
def test_arguments_of_a_search_let_the_same_articles_pass(
    both: tuple[searchkit.Searcher, ...], options: dict[str, object]
) -> None:
    passing = [
        {result.article.id for result in searcher.search("missiles", k=100, mode="keyword", **options).results}  # type: ignore[arg-type]
        for searcher in both
    ]
    assert passing[0]
    assert passing[0] == passing[1]


def test_a_filter_of_many_values_is_taken(both: tuple[searchkit.Searcher, ...]) -> None:
    where = F("desk").any([f"value {number}" for number in range(70_000)] + ["world"])
    folder, there = both
    assert set(there.article_ids(where=where)) == set(folder.article_ids(where=where)) != set()
