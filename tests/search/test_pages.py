"""Pages of an answer: together they are the answer, whatever changes in the index between them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import F, Mode, Query, SearchConfig, Searcher, Where, add, delete, gc
from searchkit.answer import Answer
from searchkit.errors import ConfigError, CursorError, CursorExpired, QueryError
from searchkit.search.cursor import Cursor, cursor_of
from searchkit.search.retrieval import SearchContext
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder, WordReranker

TEXT = "report missiles Venezuela"
SORTS = ("", "published", "-published", "pages", "-pages", "desk", "-tag", "author", "title", "-updated", "source")
MODES = ("keyword", "hybrid", "vector")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of several segments with deletions."""
    folder = tmp_path_factory.mktemp("pages") / "index"
    built(folder, range(40))
    add(folder, [article(number, published=None, fields={}) for number in range(38, 46)], encoder=WordEncoder())
    delete(folder, ["a003", "a017", "a041"])
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def pages(searcher: Searcher, text: str = TEXT, *, sizes: tuple[int, ...] = (7,), **options: Any) -> list[Answer]:
    """Turn all pages of an answer, whose sizes come round again and again."""
    answers: list[Answer] = []
    cursor = None
    while not answers or cursor is not None:
        answers.append(searcher.search(text, k=sizes[len(answers) % len(sizes)], cursor=cursor, **options))
        cursor = answers[-1].next_cursor
    return answers


def shown(answers: list[Answer]) -> list[tuple[int, str, float]]:
    return [(result.rank, result.article.id, result.score) for answer in answers for result in answer.results]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sort", SORTS)
def test_all_pages_together_are_the_answer(searcher: Searcher, mode: str, sort: str) -> None:
    whole = searcher.search(TEXT, k=1_000, mode=mode, sort=sort)
    turned = pages(searcher, mode=mode, sort=sort)
    assert len(turned) > 5
    assert shown(turned) == shown([whole])
    assert whole.next_cursor is None
    assert {answer.total for answer in turned} == {whole.total} == {43}
    assert {answer.generation for answer in turned} == {searcher.info().generation}


@pytest.mark.parametrize("fusion", ["rrf", "minmax"])
def test_other_fusions_have_pages_of_their_candidates(index: Path, fusion: str) -> None:
    with searchkit.open(index, config=SearchConfig(fusion=fusion, depth=20), encoder=WordEncoder()) as searcher:
        assert shown(pages(searcher)) == shown([searcher.search(TEXT, k=1_000)])


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that each example of a property goes on changing."""
    folder = tmp_path_factory.mktemp("changing") / "index"
    built(folder, range(18))
    return folder


@settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    mode=st.sampled_from(MODES),
    sort=st.sampled_from(SORTS),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    where=st.sampled_from([None, F("tag").any("odd"), F("pages") >= 5, ~F("desk").any("world"), F("tag").any([])]),
    changes=st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=3),
)
def test_what_changes_between_two_pages_changes_none_of_them(
    changing: Path, mode: str, sort: str, sizes: list[int], where: Any, changes: list[tuple[int, bool]]
) -> None:
    with searchkit.open(changing, encoder=WordEncoder()) as searcher:
        options: dict[str, Any] = {"mode": mode, "sort": sort, "where": where}
        whole = searcher.search(TEXT, k=1_000, **options)
        answers = [searcher.search(TEXT, k=sizes[0], **options)]
        while (cursor := answers[-1].next_cursor) is not None:
            if len(answers) <= len(changes):
                number, is_deleted = changes[len(answers) - 1]
                if is_deleted and searcher.article(article(number).id):
                    delete(changing, [article(number).id])
                else:
                    text = f"{TEXT} {TEXT} anew, generation {searcher.info().generation}"
                    add(changing, [article(number, text=text)], encoder=WordEncoder())
                assert searcher.refresh()
            answers.append(searcher.search(TEXT, k=sizes[len(answers) % len(sizes)], cursor=cursor, **options))
        assert shown(answers) == shown([whole])


def test_a_sorted_answer_has_what_matches_in_order_missing_last_and_ties_by_id(searcher: Searcher) -> None:
    def sorted_ids(sort: str) -> list[str]:
        return [result.article.id for result in searcher.search("report", mode="keyword", sort=sort, k=100).results]

    living = [n for n in range(46) if n not in {3, 17, 41}]
    dated, undated = [n for n in living if n < 38], [n for n in living if n >= 38]
    assert sorted_ids("published") == [f"a{n:03d}" for n in dated + undated]
    assert sorted_ids("-published") == [f"a{n:03d}" for n in dated[::-1] + undated]
    assert sorted_ids("pages") == [f"a{n:03d}" for n in dated + undated], "2 comes before 10"
    by_desk = [n for n in dated if n % 4] + [n for n in dated if n % 4 == 0]
    assert sorted_ids("desk") == [f"a{n:03d}" for n in by_desk + undated]
    assert sorted_ids("-desk") == [
        f"a{n:03d}" for n in [n for n in dated if n % 4 == 0] + [n for n in dated if n % 4] + undated
    ]
    assert sorted_ids("updated") == [f"a{n:03d}" for n in living], "nobody has it"
    odd, even = [n for n in living if n % 2], [n for n in living if n % 2 == 0]
    assert sorted_ids("tag") == [f"a{n:03d}" for n in even + odd], "even, odd: the first of an article's tags"
    assert sorted_ids("-tag") == [f"a{n:03d}" for n in even + odd], "round, odd: the last of them"


def test_numbers_are_sorted_before_text_and_titles_as_words_are_folded(tmp_path: Path) -> None:
    prices = ["100", "9", "n/a", "-3.5", "1e3", "", "5"]
    titles = ["élan", "Zebra", "apple", "Elbe", "äpfel", "zoo", "Eland"]
    articles = [
        {"id": f"p{n}", "title": title, "text": "a report", **({"price": price} if price else {})}
        for n, (price, title) in enumerate(zip(prices, titles, strict=True))
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        for sort, expected in {
            "price": ["-3.5", "5", "9", "100", "1e3", "n/a", None],
            "-price": ["n/a", "1e3", "100", "9", "5", "-3.5", None],
        }.items():
            answer = searcher.search("report", sort=sort)
            assert [result.article.fields.get("price") for result in answer.results] == expected
        answer = searcher.search("report", sort="title")
        assert [result.article.title for result in answer.results] == [
            *("äpfel", "apple", "élan", "Eland", "Elbe", "Zebra", "zoo")
        ]


def test_an_article_without_a_word_asked_for_is_not_sorted_among_the_others(searcher: Searcher) -> None:
    for mode in ("keyword", "hybrid"):
        answer = searcher.search("orchestra", mode=mode, sort="published", k=100)
        assert all("orchestra" in result.article.text for result in answer.results)
        assert len(answer.results) == answer.total > 0


def test_confidence_bounds_a_sorted_answer_as_it_does_a_ranked_one(searcher: Searcher) -> None:
    for least in (0.05, 0.3, 0.6, 0.9):
        ranked = searcher.search("oil exports of Venezuela", k=100, min_confidence=least)
        turned = pages(searcher, "oil exports of Venezuela", min_confidence=least, sort="-published", sizes=(2,))
        by_date = sorted(ranked.results, key=lambda result: result.article.id, reverse=True)
        dated = [result for result in by_date if result.article.published]
        undated = [result for result in by_date[::-1] if not result.article.published]
        assert [article_id for _, article_id, _ in shown(turned)] == [each.article.id for each in dated + undated]
        assert shown(pages(searcher, "oil exports of Venezuela", min_confidence=least, sizes=(2,))) == shown([ranked])


def test_the_first_results_do_not_depend_on_how_many_pages_are_turned(searcher: Searcher) -> None:
    whole = shown([searcher.search(TEXT, k=43)])
    for size in (1, 2, 5, 42, 43, 44):
        assert shown(pages(searcher, sizes=(size,))) == whole


@pytest.mark.parametrize("mode", MODES)
def test_the_total_is_the_number_of_articles_that_can_be_counted_by_hand(searcher: Searcher, mode: str) -> None:
    where = F("tag").any("odd")
    answer = searcher.search("orchestra OR nurses" if mode == "keyword" else "orchestra nurses", mode=mode, where=where)
    living = [article(n) for n in range(46) if n not in {3, 17, 41}]
    odd = [each for each in living if "odd" in each.tags]
    holding = [each for each in odd if {"orchestra", "Nurses"} & set(each.text.replace(".", "").split())]
    assert answer.total == len(odd if mode == "vector" else holding)
    assert answer.total_of.startswith("articles that ")
    assert answer.facets == {}


def test_the_facets_of_an_answer_add_up_to_its_total(searcher: Searcher) -> None:
    for mode in MODES:
        answer = searcher.search("orchestra", mode=mode, facets="source")
        assert sum(count.articles for count in answer.facets["source"]) == answer.total


def test_a_cursor_goes_on_in_another_process_and_in_the_generation_it_came_from(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    built(folder)
    with searchkit.open(folder, encoder=WordEncoder()) as searcher:
        whole = shown([searcher.search(TEXT, k=100)])
        cursor = searcher.search(TEXT, k=10).next_cursor
    delete(folder, ["a001", "a002"])
    with searchkit.open(folder, encoder=WordEncoder()) as other:
        page = other.search(TEXT, k=100, cursor=cursor)
        assert shown([page]) == whole[10:]
        assert page.generation == 1
        assert other.search(TEXT).generation == 2
        assert other.rank(Query(text=TEXT, cursor=cursor)) == tuple((each, score) for _, each, score in whole[10:20])


def test_a_cursor_expires_when_its_generation_was_left_too_long_ago(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), cursor_hold_s=0.5) as searcher:
        cursor = searcher.search(TEXT, k=3).next_cursor
        delete(tmp_path / "index", ["a001"])
        assert searcher.refresh()
        assert searcher.search(TEXT, k=3, cursor=cursor).generation == 1
        time.sleep(0.6)
        with pytest.raises(CursorExpired, match=r"generation 1 of .* left more than 0\.5 seconds ago.* first page"):
            searcher.search(TEXT, k=3, cursor=cursor)


def test_a_generation_that_is_held_for_pages_is_not_collected_and_one_that_was_collected_is_expired(
    tmp_path: Path,
) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        cursor = searcher.search(TEXT, k=3).next_cursor
        delete(tmp_path / "index", ["a001"])
        searcher.refresh()
        assert gc(tmp_path / "index", keep=1).held == (1,)
        assert searcher.search(TEXT, k=3, cursor=cursor).generation == 1
    assert gc(tmp_path / "index", keep=1).removed == (1,)
    with (
        searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher,
        pytest.raises(CursorExpired, match="isn't there any more"),
    ):
        searcher.search(TEXT, k=3, cursor=cursor)


def test_a_generation_that_gave_no_cursor_is_let_go_of_at_once(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        searcher.search(TEXT, k=100)
        delete(tmp_path / "index", ["a001"])
        searcher.refresh()
        assert gc(tmp_path / "index", keep=1).removed == (1,)


def test_only_the_latest_generations_are_kept_for_pages(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        cursors = []
        for number in range(10):
            cursors.append(searcher.search(TEXT, k=3).next_cursor)
            delete(tmp_path / "index", [f"a{number:03d}"])
            searcher.refresh()
        assert gc(tmp_path / "index", keep=1).removed == (1, 2)
        assert [searcher.search(TEXT, k=3, cursor=cursor).generation for cursor in cursors[2:]] == list(range(3, 11))
        for cursor in cursors[:2]:
            with pytest.raises(CursorExpired):
                searcher.search(TEXT, k=3, cursor=cursor)


def test_a_searcher_of_one_generation_turns_no_pages_of_another(tmp_path: Path) -> None:
    built(tmp_path / "index")
    delete(tmp_path / "index", ["a001"])
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        cursor = searcher.search(TEXT, k=3).next_cursor
    with (
        searchkit.open(tmp_path / "index", encoder=WordEncoder(), generation=1) as searcher,
        pytest.raises(CursorExpired, match="opened on another one alone"),
    ):
        searcher.search(TEXT, k=3, cursor=cursor)


def test_an_index_built_anew_in_the_same_place_is_another_one(tmp_path: Path) -> None:
    built(tmp_path / "one")
    built(tmp_path / "two", range(1, 24))
    with searchkit.open(tmp_path / "one", encoder=WordEncoder()) as searcher:
        cursor = searcher.search(TEXT, k=3).next_cursor
    with (
        searchkit.open(tmp_path / "two", encoder=WordEncoder()) as searcher,
        pytest.raises(CursorExpired),
    ):
        searcher.search(TEXT, k=3, cursor=cursor)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "another question"},
        {"mode": "keyword"},
        {"source": "El Correo"},
        {"source": []},
        {"where": F("pages") > 3},
        {"since": "2025-01-03"},
        {"sort": "published"},
        {"syntax": "words"},
        {"min_confidence": 0.1},
    ],
)
def test_another_query_does_not_go_on_with_a_cursor(searcher: Searcher, changed: dict[str, Any]) -> None:
    cursor = searcher.search(TEXT, k=3).next_cursor
    options = {"text": TEXT, "k": 3, "cursor": cursor} | changed
    with pytest.raises(CursorError, match="belongs to another query"):
        searcher.search(**options)


def test_other_settings_do_not_go_on_with_a_cursor(index: Path, searcher: Searcher) -> None:
    cursor = searcher.search(TEXT, k=3).next_cursor
    with (
        searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(vector_weight=0.5)) as other,
        pytest.raises(CursorError, match="belongs to another query"),
    ):
        other.search(TEXT, k=3, cursor=cursor)


def test_what_does_not_decide_the_order_may_change_between_pages(searcher: Searcher) -> None:
    cursor = searcher.search(TEXT, k=3).next_cursor
    plain = searcher.search(TEXT, k=5, cursor=cursor)
    other = searcher.search(
        TEXT, k=5, cursor=cursor, explain=True, facets="tag", suggest_values=True, parts=("articles",)
    )
    assert shown([other]) == shown([plain])


def test_every_altered_cursor_is_refused(searcher: Searcher) -> None:
    cursor = searcher.search(TEXT, k=3).next_cursor
    assert cursor is not None
    altered = [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :] for place in range(len(cursor))
    ]
    for text in (*altered, "", cursor[:-1], cursor + "A", cursor + "=", "à", "x" * 20_000, 7):
        with pytest.raises(CursorError, match="no cursor of an answer, or it was cut short or altered"):
            searcher.search(TEXT, k=3, cursor=text)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Cursor,
        generation=st.integers(0, 2**32 - 1),
        seal=st.binary(min_size=8, max_size=8),
        query=st.binary(min_size=8, max_size=8),
        shown=st.integers(0, 2**31),
        reranked=st.none() | st.integers(0, 1_000),
        now=st.none() | st.datetimes(timezones=st.just(UTC)),
        key=st.integers(-(2**63), 2**63 - 1),
        last=st.text(max_size=40),
    )
)
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert cursor_of(cursor.to_text()) == cursor


def test_all_pages_are_read_by_the_clock_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    hours = (1, 5, 10, 15, 20, 23, 30)
    articles = [
        {"id": f"h{hour}", "text": "a report", "published": datetime.fromtimestamp(now.timestamp() - hour * 3600, UTC)}
        for hour in hours
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        for text, options in (("report", {"since": "24h"}), ("report published:24h", {})):
            first = searcher.search(text, k=2, mode="keyword", **options)
            second = searcher.search(text, k=10, mode="keyword", cursor=first.next_cursor, **options)
            assert [result.article.id for answer in (first, second) for result in answer.results] == [
                *sorted(f"h{hour}" for hour in hours[:-1])
            ]
            assert cursor_of(str(first.next_cursor)).now is not None
        assert cursor_of(str(searcher.search("report", k=1).next_cursor)).now is None


def test_pages_are_those_of_what_the_reranker_had_read_for_the_first(index: Path) -> None:
    class Slow(WordReranker):
        def rerank(self, query: str, texts: Any) -> list[float]:
            time.sleep(0.03)
            return super().rerank(query, texts)

    config = SearchConfig(rerank_budget_s=0.04)
    with searchkit.open(index, encoder=WordEncoder(), reranker=Slow(), config=config) as searcher:
        first = searcher.search(TEXT, k=5)
    read = cursor_of(str(first.next_cursor)).reranked
    assert read is not None
    assert 0 < read < 40
    whole = SearchConfig(rerank_budget_s=None, rerank_depth=50)
    with searchkit.open(index, encoder=WordEncoder(), reranker=WordReranker(), config=whole) as searcher:
        answer = searcher.search(TEXT, k=100, cursor=first.next_cursor)
        ids = [article_id for _, article_id, _ in shown([first, answer])]
        assert len(ids) == len(set(ids)) == 43


def test_the_reranker_is_not_asked_where_a_field_sorts(index: Path, searcher: Searcher) -> None:
    with searchkit.open(index, encoder=WordEncoder(), reranker=WordReranker()) as reranking:
        assert shown([reranking.search(TEXT, sort="pages")]) == shown([searcher.search(TEXT, sort="pages")])


def test_a_later_page_looks_for_the_candidates_once(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        looked.append("")
        return retrieve(*arguments, **options)

    retrieve = SearchContext.retrieve
    monkeypatch.setattr(SearchContext, "retrieve", counted)
    assert len(pages(searcher, "a question of its own: nurses, trams", sizes=(4,))) == 11
    assert len(looked) == 2, "of the first page, which few people leave, and of all others"


def test_rank_and_ask_turn_the_same_pages(searcher: Searcher) -> None:
    for sort in ("", "-published"):
        query = Query(text=TEXT, k=6, sort=sort, mode=Mode.KEYWORD, where=Where(tags=("odd",)))
        first = searcher.ask(query)
        for each in (query, Query(**{**_values(query), "cursor": first.next_cursor})):
            answer = searcher.ask(each)
            assert searcher.rank(each) == tuple((result.article.id, result.score) for result in answer.results)


def _values(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


def test_a_field_that_no_article_has_cannot_sort(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match=r"No article here has a field 'publishd'.*Did you mean 'published'"):
        searcher.search(TEXT, sort="publishd")
    with pytest.raises(QueryError, match="'sort' is 7"):
        searcher.search(TEXT, sort=7)  # type: ignore[arg-type]
    assert searcher.search(TEXT, sort="year").results
    assert searcher.search(TEXT, sort="language").results


@pytest.mark.parametrize("seconds", [-1, "soon", None, float("nan")])
def test_a_time_that_is_none_is_refused(index: Path, seconds: Any) -> None:
    with pytest.raises(ConfigError, match="cursor_hold_s can't be"):
        searchkit.open(index, cursor_hold_s=seconds)


def test_a_page_behind_the_last_is_never_offered(searcher: Searcher) -> None:
    answer = searcher.search(TEXT, k=43)
    assert len(answer.results) == 43
    assert answer.next_cursor is None
    assert searcher.search(TEXT, k=42).next_cursor is not None


def test_only_the_first_page_names_the_nearest(searcher: Searcher) -> None:
    first = searcher.search("oil exports of Venezuela", k=1, min_confidence=0.9999)
    assert first.nearest is not None
    assert first.next_cursor is None


def test_a_cursor_of_another_index_is_told_as_such(tmp_path: Path) -> None:
    built(tmp_path / "one")
    built(tmp_path / "other", range(40, 60))
    delete(tmp_path / "one", ["a001"])
    with (
        searchkit.open(tmp_path / "one", encoder=WordEncoder()) as own,
        searchkit.open(tmp_path / "one", encoder=WordEncoder(), generation=1) as before,
        searchkit.open(tmp_path / "other", encoder=WordEncoder()) as other,
    ):
        for cursor, searcher in (
            (own.search(TEXT, k=3).next_cursor, other),  # a generation that it never had
            (other.search(TEXT, k=3).next_cursor, own),  # one that it had, with another seal
            (before.search(TEXT, k=3).next_cursor, other),  # the one it has, with another seal
        ):
            with pytest.raises(CursorExpired, match="belongs to another index than"):
                searcher.search(TEXT, k=3, cursor=cursor)


@pytest.mark.parametrize("k", [True, False, 0, 2.0, "3"])
def test_what_is_no_number_of_results_is_refused(searcher: Searcher, k: Any) -> None:
    with pytest.raises(QueryError, match="k is"):
        searcher.search(TEXT, k=k)
    with pytest.raises(QueryError, match="k is"):
        searcher.quote("the air defense of", k=k)
    with pytest.raises(QueryError, match="k is"):
        searcher.more_like(text="air defense", k=k)
