"""How chunks vote for their article, and what that must not depend on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import Mode, Query, SearchConfig, Searcher, Where
from searchkit.search.fusion import hybrid
from searchkit.search.ranking import votes, votes_of_all, weights
from searchkit.storage import native
from tests.index.archive import SENTENCES, article
from tests.word_encoder import WordEncoder

TEXTS = st.lists(
    st.sampled_from(
        ("oil", "Venezuela", "wave", "Patriot", "rice", "new", "bridge", "Brahms", "court", "zebra", "the", "of")
    ),
    min_size=1,
    max_size=5,
).map(" ".join)
FILTERS = st.sampled_from(
    (
        Where(),
        Where(languages=("de",)),
        Where(sources=("el correo",), tags=("odd",)),
        Where(fields=(("desk", ("world",)),)),
        Where(languages=("en",), authors=("Writer 1", "Writer 2")),
    )
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Articles of one chunk to a dozen, in two languages and several segments, one of them replaced."""
    folder = tmp_path_factory.mktemp("voting") / "index"
    encoder = WordEncoder(max_tokens=24)

    def long(number: int) -> str:
        sentences = [SENTENCES[(number * step + step) % 8] for step in range(1, 2 + number % 12)]
        return " ".join(sentence.replace("the", f"the {number % 5}th") for sentence in sentences)

    searchkit.build(folder, [article(n, text=long(n)) for n in range(60)], encoder=encoder)
    searchkit.add(folder, [article(n, text=long(n + 3)) for n in range(50, 90)], encoder=encoder)
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder(max_tokens=24)) as opened:
        yield opened


@pytest.fixture(scope="module")
def shallow(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder(max_tokens=24), config=SearchConfig(depth=2)) as opened:
        yield opened


def test_an_article_scores_as_its_best_chunk_and_a_little_as_its_five_best() -> None:
    articles = np.asarray([3, 3, 3, 3, 3, 3, 7, 9, 9])
    scores = np.asarray([1.0, 5.0, 2.0, 4.0, 3.0, 6.0, 2.5, -1.0, 1.0])
    keys, found = votes(articles, scores, 0.15)
    assert keys.tolist() == [3, 7, 9]
    assert found.tolist() == pytest.approx([0.85 * 6 + 0.15 * (6 + 5 + 4 + 3 + 2) / 5, 2.5, 0.85 * 1 + 0.15 * 0])


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6) | st.sampled_from((0.0, 0.1, 0.7)), min_size=1, max_size=12),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from((0.0, 0.15, 1.0)),
)
def test_articles_that_are_given_whole_score_the_same_with_the_compiled_loops_and_without(
    groups: list[list[float]], vote: float
) -> None:
    counts = np.asarray([len(group) for group in groups])
    scores = np.asarray([score for group in groups for score in group])
    expected = votes(np.repeat(np.arange(len(groups)), counts), scores, vote)[1]
    assert votes_of_all(counts, scores, vote).tolist() == expected.tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "COMPILED", None)
        assert votes_of_all(counts, scores, vote).tolist() == expected.tolist()


@pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")
@pytest.mark.parametrize("counts", [[1], [3], [0, 2], [-1, 3], [2, 1], [1 << 62, 1 << 62]])
def test_the_compiled_loop_reads_no_score_that_is_not_there(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="don't fit"):
        native.COMPILED.vote(np.asarray(counts), np.zeros(2), 0.15, 5)


@pytest.mark.parametrize("text", ["the oil", "a new wave of oil", "Brahms AND court", "title:report -rice", "br*"])
@pytest.mark.parametrize("k", [1, 3, 30])
def test_ranking_alone_gives_what_a_search_shows(searcher: Searcher, text: str, k: int) -> None:
    query = Query(text=text, mode=Mode.KEYWORD, k=k)
    shown = [(result.article.id, result.score) for result in searcher.ask(query).results]
    assert shown
    assert list(searcher.rank(query)) == shown


def test_what_the_chunks_count_adds_up_to_one() -> None:
    assert weights(1, 0.15).tolist() == [1.0]
    assert weights(2, 0.15).tolist() == pytest.approx([0.85 + 0.075, 0.075])
    assert weights(40, 0.15).tolist() == pytest.approx([0.85 + 0.03, *[0.03] * 4])


def test_no_article_scores_more_than_its_best_chunk(searcher: Searcher) -> None:
    for result in searcher.search("a new wave of oil", k=90).results:
        assert result.score <= result.chunks[0].score + 1e-12


@pytest.mark.parametrize("text", ["oil wave", "the bridge of rice", "zebra", "Brahms AND court", "title:report -rice"])
@pytest.mark.parametrize("mode", tuple(Mode))
def test_the_ranking_is_that_of_scoring_every_chunk(searcher: Searcher, text: str, mode: Mode) -> None:
    query = Query(text=text, mode=mode, k=15)
    legs = searcher.legs(query)
    rows = np.arange(legs.generation.rows)
    if legs.allowed is not None:
        rows = rows[legs.allowed]
    if legs.vector is None and legs.keyword is not None:
        of_row = legs.generation.article_of_row
        rows = rows[np.isin(of_row[rows], of_row[rows[legs.keyword.matching(rows)]])]
    keys, scores = votes(legs.generation.article_of_row[rows], legs.score(rows), 0.15)
    named = dict(zip(legs.generation.article_ids(keys), scores.tolist(), strict=True))
    expected = sorted(named.items(), key=lambda item: (-item[1], item[0]))[:15]
    found = searcher.rank(query)
    assert [one for one, _ in found] == [one for one, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-12)


@settings(max_examples=12, deadline=None)
@given(text=TEXTS, mode=st.sampled_from(tuple(Mode)), where=FILTERS)
def test_a_score_depends_on_the_query_the_article_and_the_index_alone(
    searcher: Searcher, shallow: Searcher, text: str, mode: Mode, where: Where
) -> None:
    every = dict(searcher.rank(Query(text=text, mode=mode, k=1000)))
    for asked in (searcher, shallow):
        for k in (1, 10, 100, 1000):
            for narrowed in (Where(), where):
                for one, score in asked.rank(Query(text=text, mode=mode, k=k, where=narrowed)):
                    assert score == every[one]


def test_alternatives_keep_the_best_chunk_alone(index: Path) -> None:
    config = SearchConfig(fusion="rrf")
    with searchkit.open(index, encoder=WordEncoder(max_tokens=24), config=config) as opened:
        for result in opened.search("oil of Venezuela", k=5).results:
            assert result.score == result.chunks[0].score
            assert result.confidence is None


def test_the_weight_of_the_default_is_as_written() -> None:
    assert hybrid(4.0, 2.8).bound(2.0, 0.5) == 2.0 / 2 + 2.8 * 0.5
