from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import searchkit
from searchkit import Mode, Query, SearchConfig, Searcher, Where
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

QUERIES = ("Venezuela", "new wave of COVID-19", "the oil of Venezuela fell", "Patriot AND border", "zebra", "report*")
MODES = tuple(Mode)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranking") / "index"
    built(folder, range(60))
    searchkit.add(
        folder, [article(n, text=f"Oil and rice, {n}. A new wave.") for n in range(50, 80)], encoder=WordEncoder()
    )
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def ranked(searcher: Searcher, query: Query) -> list[tuple[str, float]]:
    return [(result.article.id, result.score) for result in searcher.ask(query).results]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", QUERIES)
def test_the_first_k_do_not_depend_on_k(searcher: Searcher, text: str, mode: Mode) -> None:
    every = ranked(searcher, Query(text=text, mode=mode, k=100_000))
    for k in (1, 3, 10, 40):
        assert ranked(searcher, Query(text=text, mode=mode, k=k)) == every[:k]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", QUERIES)
def test_depth_decides_nothing_but_speed(index: Path, searcher: Searcher, text: str, mode: Mode) -> None:
    query = Query(text=text, mode=mode, k=7)
    with searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(depth=1)) as shallow:
        assert ranked(shallow, query) == ranked(searcher, query)


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_changes_no_score(searcher: Searcher, mode: Mode) -> None:
    query = Query(text="oil wave", mode=mode, k=100)
    free = dict(ranked(searcher, query))
    filtered = ranked(searcher, replace(query, where=Where(sources=("el correo",))))
    assert filtered
    assert all(free[article_id] == score for article_id, score in filtered)


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.VECTOR])
def test_k_results_come_back_whenever_k_articles_pass_the_filter(searcher: Searcher, mode: Mode) -> None:
    where = Where(tags=("odd",), languages=("de",))
    assert len(ranked(searcher, Query(text="oil", mode=mode, k=10, where=where))) == 10


@pytest.mark.parametrize("mode", MODES)
def test_every_score_is_the_sum_of_its_shares_and_ranks_fall(searcher: Searcher, mode: Mode) -> None:
    answer = searcher.ask(Query(text="a new wave of oil", mode=mode, k=30, explain=True))
    for result in answer.results:
        assert result.score == pytest.approx(sum(one.share for one in result.contributions), abs=1e-12)
        for chunk in result.chunks:
            assert chunk.score == pytest.approx(sum(part.share for part in chunk.contributions), abs=1e-12)
    scores = [(-result.score, result.article.id) for result in answer.results]
    assert scores == sorted(scores)


def test_chunks_are_retrieved_in_the_same_order_as_scored(searcher: Searcher) -> None:
    hits = searcher.retrieve(Query(text="oil wave"), 25)
    assert len(hits) == 25
    order = [(-hit.score, hit.chunk_id) for hit in hits]
    assert order == sorted(order)
    assert hits[:5] == searcher.retrieve(Query(text="oil wave"), 5)
