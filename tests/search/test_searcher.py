from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import Answer, Query, Searcher, Where
from searchkit.errors import ConfigError, QueryError, SearchkitError
from searchkit.index.articles_db import ArticlesReader
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("searcher") / "index"
    built(folder)
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


def ids(answer: Answer) -> list[str]:
    return sorted(result.article.id for result in answer.results)


@pytest.mark.parametrize("mode", ["keyword", "vector", "hybrid"])
def test_the_article_that_tells_it_comes_first(searcher: Searcher, mode: str) -> None:
    answer = searcher.search("Igla-S missiles guard Venezuela", mode=mode)
    assert "Igla-S" in answer.results[0].article.text
    assert "Igla-S" in answer.results[0].chunks[0].snippet.text


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"source": "harbor ledger"}, lambda n: n % 3 == 0),
        ({"source": ["Harbor Ledger", "Der Bote"]}, lambda n: n % 3 != 1),
        ({"language": "DE"}, lambda n: n % 3 == 2),
        ({"tag": "odd"}, lambda n: n % 2 == 1),
        ({"author": "writer 1"}, lambda n: n % 4 == 1),
        ({"since": "2025-01-11"}, lambda n: n >= 10),
        ({"until": "2025-01-11"}, lambda n: n <= 10),
        ({"since": date(2025, 1, 5), "until": datetime(2025, 1, 8, tzinfo=UTC)}, lambda n: 4 <= n <= 7),
        ({"fields": {"desk": "world"}}, lambda n: n % 4 == 0),
        ({"fields": {"pages": ["3", "4"]}}, lambda n: n in {3, 4}),
        ({"source": "nobody"}, lambda n: False),
    ],
)
@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_filters_let_through_exactly_what_they_say(searcher: Searcher, mode: str, filters: dict, kept) -> None:  # type: ignore[no-untyped-def, type-arg]
    expected = [article(n).id for n in range(24) if kept(n)]
    assert ids(searcher.search("report", mode=mode, k=100, **filters)) == expected
    assert set(ids(searcher.search("report", mode="keyword", k=100, **filters))) == set(expected)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("report source:bote", lambda n: False),
        ('report source:"Der Bote"', lambda n: n % 3 == 2),
        ("report tag:odd", lambda n: n % 2 == 1),
        ("report published:[2025-01-05 TO 2025-01-08]", lambda n: 4 <= n <= 7),
        ("report published:>2025-01-05", lambda n: n > 4),
        ("report published:2025-01", lambda n: True),
        ("report pages:<5", lambda n: n < 5),
        ("report pages:[10 TO 12]", lambda n: 10 <= n <= 12),
        ("report desk:<5", lambda n: False),
        ("report NOT tag:odd", lambda n: n % 2 == 0),
        ("title:report", lambda n: True),
    ],
)
@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
def test_conditions_in_the_query_act_as_filters(searcher: Searcher, mode: str, text: str, kept) -> None:  # type: ignore[no-untyped-def]
    expected = [article(n).id for n in range(24) if kept(n)]
    assert ids(searcher.search(text, mode=mode, k=100)) == expected


def test_a_value_that_no_article_has_is_named_with_the_nearest(searcher: Searcher) -> None:
    for mode in ("keyword", "vector", "hybrid"):
        answer = searcher.search("report", mode=mode, source="Harbour Ledger", suggest_values=True)
        assert not answer.results
        assert answer.notes == ("No article has the source 'Harbour Ledger'. Did you mean 'Harbor Ledger'?",)
    assert searcher.search("report", source=["Harbor Ledger", "Nobody"]).results


def test_a_field_that_no_article_has_is_refused_with_the_nearest(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="Did you mean 'desk'"):
        searcher.search("report", fields={"desks": "world"})


def test_what_is_no_date_is_an_error_or_words_where_they_are_asked_for(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="is no date"):
        searcher.search("published:tuesday-ish report", mode="keyword")
    assert searcher.search("published:tuesday-ish report", mode="keyword", syntax="words").results


def test_text_that_no_article_can_hold_finds_nothing(searcher: Searcher) -> None:
    assert not searcher.search("report", source="\udcff").results
    assert searcher.article("\udcff") is None
    assert searcher.chunk("a003#" + "9" * 5000) is None


def test_an_expression_binds_the_vector_leg_too(searcher: Searcher) -> None:
    for text in ("Venezuela AND NOT oil", "+Venezuela -oil"):
        answer = searcher.search(text, k=100)
        assert answer.results
        for result in answer.results:
            assert "Venezuela" in result.article.text
            assert "Oil" not in result.article.text


def test_words_beside_an_exclusion_are_wanted_not_required(searcher: Searcher) -> None:
    answer = searcher.search("Venezuela NOT oil", k=100)
    without_oil = [article(n).id for n in range(24) if "Oil" not in article(n).text]
    assert ids(answer) == without_oil
    assert "Venezuela" in answer.results[0].article.text


@pytest.mark.parametrize("mode", ["keyword", "vector", "hybrid"])
def test_snippets_point_to_exact_characters(searcher: Searcher, mode: str) -> None:
    for result in searcher.search("missiles in Venezuela", mode=mode, k=30).results:
        for chunk in result.chunks:
            text = result.article.text
            assert text[chunk.chunk.start : chunk.chunk.end] == chunk.chunk.text
            assert text[chunk.snippet.start : chunk.snippet.end] == chunk.snippet.text
            for start, end in chunk.snippet.highlights:
                assert text[start:end].lower() in {"missiles", "in", "venezuela"}


def test_facets_count_the_articles_that_match(searcher: Searcher) -> None:
    answer = searcher.search("Venezuela", mode="keyword", facets=["source", "tag", "year"], k=2)
    matching = [article(n) for n in range(24) if "Venezuela" in article(n).text + article(n).title]
    counted = {count.value: count.articles for count in answer.facets["source"]}
    assert counted == {name: sum(a.source == name for a in matching) for name in {a.source for a in matching}}
    assert [count.articles for count in answer.facets["year"]] == [len(matching)]
    with pytest.raises(QueryError, match="Did you mean 'source'"):
        searcher.search("Venezuela", facets=["sorce"])


def test_a_misspelt_word_gets_a_suggestion(searcher: Searcher) -> None:
    answer = searcher.search("Venezeula", mode="keyword")
    assert not answer.results
    assert answer.suggestions[0].lower() == "venezuela"


def test_what_cannot_be_parsed_is_searched_as_plain_words_and_it_is_said(searcher: Searcher) -> None:
    answer = searcher.search('"Venezuela AND (', mode="keyword")
    assert answer.results
    assert answer.reading.doubtful
    assert "AND" in answer.reading.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "  "}, "empty"),
        ({"text": "x", "k": 0}, "k is 0"),
        ({"text": "x", "k": 2.5}, "k is 2.5"),
        ({"text": None}, "NoneType"),
        ({"text": "字" * 300_000}, "300,000 characters"),
        ({"text": "x", "since": 2020}, "no date"),
        ({"text": "x", "mode": "psychic"}, "psychic"),
        ({"text": "x", "since": "when pigs fly"}, "pigs"),
        ({"text": "x", "since": "2025-02-01", "until": "2025-01-01"}, "later than"),
    ],
)
def test_arguments_that_cannot_be_are_named(searcher: Searcher, arguments: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(QueryError, match=message):
        searcher.search(**arguments)


@pytest.mark.parametrize("mode", ["keyword", "vector", "hybrid"])
@pytest.mark.parametrize(
    "text",
    [
        "the of and",
        "?!…",
        "🙂🚀",
        "שלום עולם",
        "a\x00b",
        "word " * 10_000,
        "((((",
        "title:",
        "~~~",
        "*",
        "\\",
        "AND",
        '""',
        "[a TO",
        "x^",
        "-",
        "+ -",
    ],
)
def test_no_query_is_too_odd(searcher: Searcher, mode: str, text: str) -> None:
    searcher.search(text, mode=mode)


def test_articles_and_chunks_come_back_by_their_ids(searcher: Searcher) -> None:
    assert searcher.article("a003") == article(3)
    assert searcher.article("nothing") is None
    chunk = searcher.chunk("a003#0")
    assert chunk is not None
    assert chunk.article_id == "a003"
    assert article(3).text.startswith(chunk.text)
    for wrong in ("a003#9", "a003", "a003#x", "#0", "a003#-1"):
        assert searcher.chunk(wrong) is None


def test_threads_may_share_a_searcher(searcher: Searcher) -> None:
    query = Query(text="oil of Venezuela", where=Where(tags=("odd",)))
    alone = searcher.ask(query).results
    with ThreadPoolExecutor(8) as pool:
        assert all(results == alone for results in pool.map(lambda _: searcher.ask(query).results, range(64)))


def test_a_closed_searcher_says_so(tmp_path: Path) -> None:
    built(tmp_path / "index", range(2))
    searcher = searchkit.open(tmp_path / "index", encoder=WordEncoder())
    searcher.close()
    with pytest.raises(SearchkitError, match="closed"):
        searcher.search("x")


def test_info_tells_what_the_index_is_made_of(searcher: Searcher) -> None:
    info = searcher.info()
    assert (info.articles, info.generation, info.segments) == (24, 1, 1)
    assert info.sources == {"Der Bote": 8, "El Correo": 8, "Harbor Ledger": 8}
    assert info.languages == {"en": 16, "de": 8}
    assert info.first_published == datetime(2025, 1, 1, tzinfo=UTC)


def test_articles_and_chunks_are_read_together_however_many_results_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(tmp_path / "index")
    searcher = searchkit.open(tmp_path / "index", encoder=WordEncoder())
    statements = []
    rows = ArticlesReader.rows

    def counted(self: ArticlesReader, statement: str, *arguments: Any, **options: Any) -> Any:
        statements.append(statement)
        return rows(self, statement, *arguments, **options)

    monkeypatch.setattr(ArticlesReader, "rows", counted)
    searcher.search("report", mode="keyword", k=1)
    for k, read in ((2, 2), (20, 2), (20, 0)):  # what was read lately is remembered
        statements.clear()
        answer = searcher.search("report", mode="keyword", k=k)
        assert sum(", text, " in statement or "heading" in statement for statement in statements) == read
        assert len(answer.results) == k
        for result in answer.results:
            assert result.article == searcher.article(result.article.id)
            assert all(chunk.chunk == searcher.chunk(chunk.chunk.id) for chunk in result.chunks)
    searcher.close()


@pytest.mark.parametrize("wrong", [{"config": 5}, {"reranker": 5}, {"generation": "x"}, {"generation": True}])
def test_what_open_cannot_take_is_told_at_once(tmp_path: Path, wrong: dict[str, Any]) -> None:
    built(tmp_path / "index")
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        searchkit.open(tmp_path / "index", **wrong)
