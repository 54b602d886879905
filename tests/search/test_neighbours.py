"""What neighbours and coverage add to a hybrid's score, and what that must not depend on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import searchkit
from searchkit import Answer, Mode, Query, SearchConfig, Searcher
from searchkit.keyword.query.ast import And, Every, Filter, Not, Or, Term, without_filters
from searchkit.search import neighbours
from searchkit.search.language_bias import LanguageBias
from searchkit.search.neighbours import LEG_DEPTH, NEAREST, POOL
from searchkit.storage import native
from tests.index.archive import SENTENCES, article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

TEXT = "new wave of oil from Venezuela"
QUESTIONS = (TEXT, "oil", "rice AND oil", "+Brahms court -zebra", 'missiles "bridge from spring"', "gards Venezuela")
NEITHER = SearchConfig(coverage_weight=0, neighbour_weight=0)


def texts(number: int) -> str:
    sentences = [SENTENCES[(number * step + step) % 8] for step in range(1, 2 + number % 9)]
    return " ".join(sentence.replace("the", f"the {number % 7}th") for sentence in sentences)


def encoder() -> WordEncoder:
    return WordEncoder(max_tokens=24)


class Stopped(Exception):
    """What stops a build where a user would press ctrl-C."""


class Stopping(WordEncoder):
    """Makes no vector."""

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        raise Stopped


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More chunks than the pool holds, in one segment; some articles are copies of others."""
    folder = tmp_path_factory.mktemp("neighbours") / "index"
    searchkit.build(folder, [article(n, text=texts(n % 80)) for n in range(120)], encoder=encoder())
    return folder


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same archive, but it came in pieces, in another order, and some articles were deleted or replaced."""
    folder = tmp_path_factory.mktemp("neighbours") / "index"
    searchkit.build(folder, [article(n, text=texts(n % 80)) for n in range(100, 60, -1)], encoder=encoder())
    searchkit.add(folder, [article(n, text=texts(n + 1)) for n in range(70)], encoder=encoder())
    searchkit.add(folder, [article(n, text=texts(n % 80)) for n in range(130) if n < 70 or n > 100], encoder=encoder())
    searchkit.delete(folder, [f"a{number:03d}" for number in range(120, 130)])
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=encoder()) as opened:
        yield opened


def scores_of(answer: Answer) -> dict[str, float]:
    """Return the score of each chunk that an explained answer names."""
    votes = chain.from_iterable(result.votes for result in answer.results)
    return {vote.chunk_id: vote.score for vote in votes}


def scores_in_full(searcher: Searcher, text: str) -> dict[str, float]:
    """Work out every chunk's score from BM25, cosines and words that stand there, one by one."""
    legs = searcher.legs(Query(text=text))
    assert legs.keyword is not None
    generation, rows = legs.generation, np.arange(legs.generation.rows)
    bm25 = legs.keyword.uncovered.at(rows)
    total = legs.keyword.idf_sum
    covered = (legs.keyword.at(rows) - bm25) * sqrt(total) / 0.4  # of U
    assert covered.min() >= 0
    assert covered.max() <= total * (1 + 1e-12)
    own = bm25 / sqrt(total) + 0.4 * covered / total
    cosines = legs.cosine(rows)
    nearness = legs.nearness(rows)
    assert cosines is not None
    assert nearness is not None
    scores = own + searcher.vector_weight() * nearness
    best = [row for row in rows if own[row] > np.sort(own)[::-1][LEG_DEPTH] and own[row] > 0]
    best += [row for row in rows if cosines[row] > np.sort(cosines)[::-1][LEG_DEPTH - 1]]
    falling = sorted({int(row) for row in best}, key=lambda row: -scores[row])
    pool = [row for row in falling if len(falling) <= POOL or scores[row] > scores[falling[POOL]]]
    vectors = generation.vectors_of(np.asarray(pool)).astype(np.float64)
    size = len(rows) ** 2 / (len(rows) ** 2 + 100**2)
    moved = scores.copy()
    for place, row in enumerate(pool):
        others = [
            (float(vectors[place] @ vectors[other]), float(own[pool[other]]))
            for other in range(len(pool))
            if generation.article_of_row[pool[other]] != generation.article_of_row[row]
        ]
        others.sort(key=lambda pair: (-round(pair[0], 6), -pair[1]))
        near = [(max(cosine, 0.0), score) for cosine, score in others[:NEAREST]]
        if sum(cosine for cosine, _ in near):
            mean = sum(cosine * score for cosine, score in near) / sum(cosine for cosine, _ in near)
            moved[row] += 0.3 * size * (mean - own[row])
    return {generation.chunks_at(range(row, row + 1))[0].id: float(moved[row]) for row in rows}


def test_every_score_is_what_the_formula_gives(searcher: Searcher) -> None:
    expected = scores_in_full(searcher, TEXT)
    shown = {hit.chunk_id: hit.score for hit in searcher.retrieve(Query(text=TEXT), depth=10_000)}
    assert len(shown) > 2 * POOL
    assert shown == pytest.approx({name: expected[name] for name in shown}, abs=1e-4)
    bare = searchkit.open(searcher.info().path, encoder=encoder(), config=NEITHER)
    with bare:
        before = {hit.chunk_id: hit.score for hit in bare.retrieve(Query(text=TEXT), depth=10_000)}
    moved = [name for name in shown if abs(shown[name] - before[name]) > 1e-9]
    assert len(moved) >= POOL / 2


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_score_is_the_same_with_any_filter_and_any_k(searcher: Searcher, text: str) -> None:
    whole = scores_of(searcher.search(text, k=200, explain=True))
    assert whole
    for filters in ({"source": "El Correo"}, {"source": "Der Bote"}, {"tag": "even"}):
        some = scores_of(searcher.search(text, k=200, explain=True, **filters))  # type: ignore[arg-type]
        assert some
        assert some.items() <= whole.items()
    ranked = searcher.rank(Query(text=text, k=200))
    for k in (1, 2, 7, 40):
        assert searcher.rank(Query(text=text, k=k)) == ranked[:k]


def test_a_filter_in_the_text_leaves_the_same_neighbours(searcher: Searcher) -> None:
    argument = searcher.search(TEXT, k=200, explain=True, source="El Correo")
    typed = searcher.search(f'{TEXT} source:"El Correo"', k=200, explain=True)
    assert scores_of(typed) == pytest.approx(scores_of(argument))


@pytest.mark.parametrize("text", QUESTIONS)
def test_how_an_archive_came_about_changes_nothing(
    searcher: Searcher, pieces: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    # What the encoder is worth in a language was measured when there were fewer articles.
    monkeypatch.setattr(LanguageBias, "towards", lambda *_: None)
    with searchkit.open(pieces, encoder=encoder()) as other:
        assert other.info().segments > 1
        found = dict(other.rank(Query(text=text, k=200)))
    assert found
    assert found == pytest.approx(dict(searcher.rank(Query(text=text, k=200))), abs=1e-12)


@pytest.mark.parametrize("text", QUESTIONS)
def test_the_depth_decides_speed_alone(index: Path, searcher: Searcher, text: str) -> None:
    with searchkit.open(index, encoder=encoder(), config=SearchConfig(depth=1)) as shallow:
        for k in (1, 5, 50):
            assert shallow.rank(Query(text=text, k=k)) == searcher.rank(Query(text=text, k=k))


@pytest.mark.parametrize("text", QUESTIONS)
@pytest.mark.parametrize("filters", [{}, {"source": "Der Bote"}])
def test_compiled_and_numpy_give_the_same(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch, text: str, filters: dict[str, str]
) -> None:
    compiled = searcher.search(text, k=200, explain=True, **filters)  # type: ignore[arg-type]
    monkeypatch.setattr(native, "COMPILED", None)
    plain = searcher.search(text, k=200, explain=True, **filters)  # type: ignore[arg-type]
    assert [(one.article.id, one.score, one.votes) for one in plain.results] == [
        (one.article.id, one.score, one.votes) for one in compiled.results
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 9),
    st.integers(1, 70),
    st.sampled_from((1, 2, 4)),
)
def test_the_compiled_loop_finds_the_nearest_that_numpy_finds(seed: int, rows: int, dimension: int, few: int) -> None:
    random = np.random.default_rng(seed)
    vectors = random.integers(-few, few + 1, (rows, dimension)).astype(np.float32) + np.float32(1e-3)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = random.integers(0, max(1, rows // 2) + 1, rows).astype(np.int64)
    order = random.permutation(rows).astype(np.int32)
    places, products = neighbours._near_in_numpy(vectors, groups, order)
    if native.COMPILED is not None:
        packed, sums = native.COMPILED.near_rows(vectors, float(1 << 14), groups, order, NEAREST)
        assert np.frombuffer(packed, np.int32).tolist() == places.ravel().tolist()
        assert np.frombuffer(sums, np.int32).tolist() == products.ravel().tolist()
    for row, near in enumerate(places):
        there = near[near >= 0].tolist()
        assert len(there) == min(NEAREST, int((groups != groups[row]).sum()))
        assert all(groups[place] != groups[row] for place in there)


@pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")
@pytest.mark.parametrize(("groups", "order", "count"), [(3, 2, 4), (2, 3, 4), (2, 2, 0), (2, 2, 65)])
def test_the_compiled_loop_refuses_what_does_not_fit(groups: int, order: int, count: int) -> None:
    vectors = np.zeros((2, 4), dtype=np.float32)
    with pytest.raises(ValueError, match="don't fit"):
        native.COMPILED.near_rows(
            vectors, 1.0, np.zeros(groups, dtype=np.int64), np.zeros(order, dtype=np.int32), count
        )


def test_an_explanation_names_the_neighbours_and_adds_up(searcher: Searcher) -> None:
    named = 0
    for result in searcher.search(TEXT, k=50, explain=True).results:
        for vote in result.votes:
            assert sum(part.share for part in vote.contributions) == pytest.approx(vote.score, abs=1e-12)
            parts = {part.leg: part for part in vote.contributions}
            keyword = sum(parts[leg].share for leg in ("keyword", "coverage") if leg in parts)
            if "coverage" in parts:
                assert 0 < parts["coverage"].score <= 1 + 1e-12
                assert parts["coverage"].share == pytest.approx(0.4 * parts["coverage"].score)
            if "neighbours" in parts:
                near = parts["neighbours"]
                assert near.less == pytest.approx(keyword, abs=1e-12)
                assert near.share == pytest.approx(0.3 * (near.score - near.less), abs=1e-12)
                assert 1 <= len(near.chunk_ids) <= NEAREST
                assert result.article.id not in {name.partition("#")[0] for name in near.chunk_ids}
                named += 1
    assert named > 10


def test_only_a_hybrid_has_them(index: Path, searcher: Searcher) -> None:
    with searchkit.open(index, encoder=encoder(), config=NEITHER) as neither:
        for mode in (Mode.KEYWORD, Mode.VECTOR):
            query = Query(text=TEXT, mode=mode, k=50)
            assert searcher.rank(query) == neither.rank(query)
        assert searcher.rank(Query(text=TEXT, k=50)) != neither.rank(Query(text=TEXT, k=50))
        legs = neither.legs(Query(text=TEXT))
        rows = np.arange(legs.generation.rows)
        assert legs.keyword is not None
        nearness = legs.nearness(rows)
        assert nearness is not None
        expected = legs.keyword.at(rows) / sqrt(legs.keyword.idf_sum) + neither.vector_weight() * nearness
        assert legs.score(rows).tolist() == pytest.approx(expected.tolist(), abs=1e-12)
        for part in neither.search(TEXT, k=1, explain=True).results[0].contributions:
            assert part.leg in ("keyword", "vector")


@pytest.mark.parametrize("text", QUESTIONS)
def test_what_the_question_s_confidence_is_read_from_is_without_them(
    index: Path, searcher: Searcher, text: str
) -> None:
    with searchkit.open(index, encoder=encoder(), config=NEITHER) as neither:
        bare = neither.search(text, k=1, explain=True).confidence_terms
    terms = searcher.search(text, k=1, explain=True).confidence_terms
    assert [(term.name, term.value) for term in terms] == [
        (term.name, pytest.approx(term.value, abs=1e-12)) for term in bare
    ]


def test_chunks_without_a_vector_keep_their_keyword_score(tmp_path: Path) -> None:
    index = tmp_path / "index"
    with pytest.raises(Stopped):
        searchkit.build(
            index, [article(n, text=texts(n)) for n in range(40)], encoder=Stopping(max_tokens=24), keyword_first=True
        )
    with searchkit.open(index, encoder=encoder()) as searcher:
        hybrid = searcher.search(TEXT, k=50, explain=True).results
        keyword = searcher.search(TEXT, k=50, mode=Mode.KEYWORD).results
        assert [one.article.id for one in hybrid] == [one.article.id for one in keyword]
        assert {part.leg for one in hybrid for part in one.contributions} == {"keyword"}
    searchkit.add(index, [article(n, text=texts(n)) for n in range(40, 60)], encoder=encoder())
    with searchkit.open(index, encoder=encoder()) as searcher:
        votes = [vote for one in searcher.search(TEXT, k=60, explain=True).results for vote in one.votes]
    waiting = [vote for vote in votes if vote.chunk_id < "a040"]
    assert waiting
    assert {part.leg for vote in waiting for part in vote.contributions} == {"keyword", "coverage"}
    near = {name for vote in votes for part in vote.contributions for name in part.chunk_ids}
    assert near
    assert min(near) >= "a040"


def test_threads_share_a_searcher(searcher: Searcher) -> None:
    expected = {text: searcher.rank(Query(text=text, k=30)) for text in QUESTIONS}
    with ThreadPoolExecutor(4) as pool:
        for text, found in pool.map(lambda text: (text, searcher.rank(Query(text=text, k=30))), QUESTIONS * 8):
            assert found == expected[text]


def test_neighbours_count_the_less_the_more_of_the_archive_the_pool_is() -> None:
    assert [neighbours.pool_share(chunks) for chunks in (0, 100)] == [0.0, 0.5]
    assert neighbours.pool_share(25) < 0.06
    assert neighbours.pool_share(300) == pytest.approx(0.9)
    assert neighbours.pool_share(240_000) == pytest.approx(1.0, abs=1e-6)


def test_weights_out_of_their_range_are_refused() -> None:
    for values in ({"coverage_weight": -0.1}, {"coverage_weight": 11.0}, {"neighbour_weight": 1.5}):
        with pytest.raises(searchkit.errors.ConfigError, match="weight is"):
            SearchConfig(**values)  # type: ignore[arg-type]


def test_what_is_left_of_a_query_without_its_filters() -> None:
    radar, oil = Term(terms=("radar",)), Term(terms=("oil",))
    source = Filter(field="source", values=("Ledger",))
    assert without_filters(And(children=(source, radar))) == radar
    assert without_filters(And(children=(Not(child=source), radar, oil))) == And(children=(radar, oil))
    assert without_filters(source) == Every()
    assert without_filters(And(children=(source, source))) == Every()
    either = Or(children=(radar, source))
    assert without_filters(either) is either
    assert without_filters(both := And(children=(radar, oil))) is both
