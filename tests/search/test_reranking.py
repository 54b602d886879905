from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from math import exp, inf, nan
from pathlib import Path

import pytest

import searchkit
from searchkit import Mode, Query, SearchConfig, Searcher, Where
from searchkit.answer import Answer, Result
from searchkit.errors import ConfigError, MissingExtra
from searchkit.index.generation import open_generation
from searchkit.search.reranking import BATCH, reranked
from searchkit.search.retrieval import SearchContext, retrieve
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder, WordReranker

TEXT = "Oil exports of Venezuela"
MODES = tuple(Mode)


class Counting(WordReranker):
    """Notes how many texts it was given at once."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.given.append(len(texts))
        return super().rerank(query, texts)


class Fixed:
    """Gives each text the same."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        return self.scores if len(self.scores) > 1 else self.scores * len(texts)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reranking") / "index"
    built(folder, range(60))
    long = " ".join(f"Oil exports were {n} barrels. The rice of Venezuela fell by {n}." for n in range(60))
    searchkit.add(folder, [article(80, text=long), article(81, text="Exports of oil.")], encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def plain(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with opened_with(index, WordReranker(), rerank_depth=20) as opened:
        yield opened


def opened_with(index: Path, reranker: object, **config: object) -> Searcher:
    settings = SearchConfig.from_dict({"rerank_budget_s": None, **config})
    return searchkit.open(index, encoder=WordEncoder(), reranker=reranker, config=settings)  # type: ignore[arg-type]


def order(results: Sequence[Result]) -> list[tuple[str, float]]:
    return [(result.article.id, result.score) for result in results]


def by_leg(answer: Answer) -> dict[str, dict[str, float]]:
    """Return the shares of each chunk that is shown, by leg."""
    return {
        chunk.chunk.id: {part.leg: part.share for part in chunk.contributions}
        for result in answer.results
        for chunk in result.chunks
    }


def test_a_share_is_the_weighted_chance_above_one_half(index: Path, plain: Searcher) -> None:
    before = plain.search(TEXT, k=5, explain=True)
    with opened_with(index, Fixed(2.0), rerank_weight=0.6) as sure:
        after = sure.search(TEXT, k=5, explain=True)
    share = 0.6 * (1 / (1 + exp(-2.0)) - 0.5)
    for one, other in zip(before.results, after.results, strict=True):
        assert other.article == one.article
        assert other.score == pytest.approx(one.score + share, abs=1e-12)
        last = other.chunks[0].contributions[-1]
        assert (last.leg, last.rank, last.score) == ("reranker", 1, 2.0)
        assert last.share == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_the_first_k_do_not_depend_on_k_or_on_the_depth_of_the_legs(
    index: Path, searcher: Searcher, mode: Mode
) -> None:
    every = order(searcher.search(TEXT, k=1000, mode=mode).results)
    assert len(every) > 8
    for k in (1, 2, 5, 13, 30):
        assert order(searcher.search(TEXT, k=k, mode=mode).results) == every[:k]
        assert list(searcher.rank(Query(text=TEXT, mode=mode, k=k))) == every[:k]
    with opened_with(index, WordReranker(), rerank_depth=20, depth=1) as shallow:
        assert order(shallow.search(TEXT, k=13, mode=mode).results) == every[:13]


@pytest.mark.parametrize("mode", MODES)
def test_shares_add_up_and_scores_fall(searcher: Searcher, mode: Mode) -> None:
    results = searcher.search(TEXT, k=40, mode=mode, explain=True).results
    for result in results:
        assert result.score == pytest.approx(sum(one.share for one in result.contributions), abs=1e-12)
        for chunk in result.chunks:
            assert chunk.score == pytest.approx(sum(part.share for part in chunk.contributions), abs=1e-12)
        shown = [chunk.score for chunk in result.chunks]
        assert shown == sorted(shown, reverse=True)
    assert [-result.score for result in results] == sorted(-result.score for result in results)


def test_chunks_are_moved_as_articles_are(searcher: Searcher) -> None:
    hits = {hit.chunk_id: hit.score for hit in searcher.retrieve(Query(text=TEXT), 40)}
    assert list(hits.values()) == sorted(hits.values(), reverse=True)
    for result in searcher.search(TEXT, k=8, explain=True).results:
        assert hits[result.chunks[0].chunk.id] == result.chunks[0].score


def test_what_lies_beyond_its_depth_keeps_its_score(plain: Searcher, searcher: Searcher) -> None:
    before, after = (
        {hit.chunk_id: hit.score for hit in one.retrieve(Query(text=TEXT), 70)} for one in (plain, searcher)
    )
    assert list(before)[:20] != list(after)[:20]
    moved = {one for one in before if before[one] != after.get(one, before[one])}
    assert moved == set(list(before)[:20])


def test_a_better_answer_comes_first_where_the_legs_were_nearly_even(index: Path, plain: Searcher) -> None:
    query = "report exports"
    before = [one for one, _ in order(plain.search(query, k=10).results)]
    with opened_with(index, WordReranker(), rerank_weight=50) as heavy:
        first = heavy.search(query, k=1, explain=True).results[0]
    words = set(first.chunks[0].chunk.text.casefold().replace(".", "").split()) | set(
        first.article.title.casefold().split()
    )
    assert {"report", "exports"} <= words
    with opened_with(index, WordReranker(), rerank_weight=1e-9) as light:
        assert [one for one, _ in order(light.search(query, k=10).results)] == before


def test_the_same_question_gets_the_same_answer(searcher: Searcher) -> None:
    assert searcher.search(TEXT, k=30).results == searcher.search(TEXT, k=30).results


def test_a_weight_weighs_as_much_in_every_mode(index: Path) -> None:
    shares = {}
    for mode in MODES:
        with opened_with(index, Fixed(9.0), vector_weight=4.0) as opened:
            legs = opened.legs(Query(text=TEXT, mode=mode))
            (result,) = opened.search(TEXT, k=1, mode=mode, explain=True).results
            shares[mode] = result.chunks[0].contributions[-1].share
            if mode is Mode.KEYWORD:
                assert legs.keyword is not None
                idf_sum = legs.keyword.idf_sum
    assert shares[Mode.VECTOR] == pytest.approx(shares[Mode.HYBRID] / 4.0)
    assert shares[Mode.KEYWORD] == pytest.approx(shares[Mode.HYBRID] * idf_sum**0.5)


def test_without_time_one_batch_is_read_and_a_note_says_so(index: Path, plain: Searcher) -> None:
    reader = Counting()
    with opened_with(index, reader, rerank_budget_s=1e-9, rerank_depth=20) as hurried:
        answer = hurried.search(TEXT, k=30, explain=True)
    assert reader.given == [BATCH]
    assert [note for note in answer.notes if f"read {BATCH} of 20 chunks" in note]
    before = [hit.chunk_id for hit in plain.retrieve(Query(text=TEXT), BATCH)]
    moved = [one for one, shares in by_leg(answer).items() if "reranker" in shares]
    assert set(moved) <= set(before)
    assert moved


def test_it_stops_where_another_batch_would_take_too_long(index: Path) -> None:
    config = SearchConfig(rerank_depth=40, rerank_budget_s=7.0)
    reader = Counting()
    ticks = itertools.count(0.0, 2.0)  # every batch takes two seconds, and a fourth would end after eight
    with open_generation(index) as generation:
        looked = retrieve(
            SearchContext(generation), Query(text=TEXT), config, lambda _, text: WordEncoder().encode_query(text)
        )
        moved = reranked(generation, looked, reader, config, clock=lambda: next(ticks))
        assert moved.legs.shift is not None
        assert len(moved.legs.shift.rows) == 3 * BATCH
    assert reader.given == [BATCH] * 3
    assert moved.notes[-1] == f"The reranker read {3 * BATCH} of 40 chunks in its 7 s; the others keep their scores."


def test_with_time_enough_nothing_is_noted(searcher: Searcher) -> None:
    assert not any("reranker" in note for note in searcher.search(TEXT).notes)


def test_a_search_can_do_without_it(plain: Searcher, searcher: Searcher) -> None:
    assert searcher.search(TEXT, rerank=False).results == plain.search(TEXT).results


def test_it_reads_the_title_the_heading_and_the_chunk_but_no_operators(index: Path) -> None:
    class Asked:
        def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
            queries.append(query)
            seen.extend(texts)
            return [0.0] * len(texts)

    queries: list[str] = []
    seen: list[str] = []
    with opened_with(index, Asked()) as opened:
        opened.search('+oil "exports of" -rice', k=3)
        assert set(queries) == {"oil exports of"}
        assert all(text.startswith("Report ") and "\n" in text for text in seen)
        queries.clear()
        answer = opened.search("tag:odd", k=3)
    assert queries == []
    assert answer.results
    assert "no words in the query by which to rerank" in answer.notes[-1]


@pytest.mark.parametrize("scores", [(1.0, 2.0), (nan,), (inf,), (-inf,)])
def test_scores_that_cannot_be_are_refused(index: Path, scores: tuple[float, ...]) -> None:
    with opened_with(index, Fixed(*scores)) as opened, pytest.raises(ConfigError, match="The reranker gave"):
        opened.search(TEXT)


@pytest.mark.parametrize("given", [None, [None], ["good"], ["0.5"], "12345678", [[1.0, 2.0]], 7])
def test_what_is_no_list_of_numbers_is_refused(index: Path, given: object) -> None:
    class Odd:
        def rerank(self, query: str, texts: Sequence[str]) -> object:
            return given * len(texts) if isinstance(given, list) else given

    with opened_with(index, Odd()) as opened, pytest.raises(ConfigError, match="The reranker gave"):
        opened.search(TEXT)


@pytest.mark.parametrize("mode", MODES)
def test_confidence_is_of_the_score_before_it(plain: Searcher, searcher: Searcher, mode: Mode) -> None:
    before = {one.article.id: one for one in plain.search(TEXT, k=1000, mode=mode, explain=True).results}
    after = searcher.search(TEXT, k=1000, mode=mode, explain=True).results
    assert any(one.score != pytest.approx(before[one.article.id].score) for one in after)
    for one in after:
        assert one.confidence == pytest.approx(before[one.article.id].confidence, abs=1e-9)


def test_no_limit_of_time_may_be_called_infinite(index: Path) -> None:
    with opened_with(index, WordReranker(), rerank_budget_s=inf) as opened:
        assert not any("reranker" in note for note in opened.search(TEXT).notes)


def test_huge_scores_are_as_good_as_certain(index: Path) -> None:
    with opened_with(index, Fixed(1e300), rerank_weight=1.0) as opened:
        assert opened.search(TEXT, k=1, explain=True).results[0].chunks[0].contributions[-1].share == 0.5


def test_scores_of_the_days_candidates_are_not_reranked(index: Path) -> None:
    with opened_with(index, WordReranker(), fusion="rrf") as opened, pytest.raises(ConfigError, match="fusion 'rrf'"):
        opened.search(TEXT)


def test_it_is_loaded_by_its_name_when_first_needed(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with opened_with(index, "cross-encoder/none") as opened:
        assert opened.search(TEXT, rerank=False).results
        with pytest.raises(MissingExtra, match="hf download cross-encoder/none"):
            opened.search(TEXT)


def test_nothing_found_is_nothing_to_rerank(searcher: Searcher) -> None:
    where = Where(fields=(("pages", ("100000",)),))
    assert searcher.ask(Query(text=TEXT, where=where)).results == ()


@pytest.mark.parametrize(
    "wrong", [{"rerank_depth": 0}, {"rerank_weight": 0}, {"rerank_weight": inf}, {"rerank_budget_s": 0.0}]
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="rerank_"):
        SearchConfig.from_dict(wrong)
