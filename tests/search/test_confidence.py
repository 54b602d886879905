"""How sure a result is, what that is read from, and what is left out for it."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Mode, Query, SearchConfig, Searcher
from searchkit.errors import ConfigError, QueryError
from searchkit.index.generation import open_generation
from searchkit.index.manifest import ScoreBaseline
from searchkit.search.confidence import HYBRID, KEYWORD, VECTOR, confidences
from searchkit.search.fusion import candidate_scale, hybrid, keyword_alone, vector_alone
from tests.index.archive import article
from tests.word_encoder import WordEncoder

ZERO = ScoreBaseline(queries=50, keyword=0.8, vector=0.3, words=0.7, nearness=0.25)
TEXT = "Patriot batteries at the eastern border of Poland"
NONSENSE = "quorl vebbish trandle ospi mirg"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confidence") / "index"
    searchkit.build(folder, [article(n) for n in range(150)], encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def test_the_score_above_the_zero_of_its_mode_is_read_on_its_curve() -> None:
    [both] = confidences([2.1], hybrid(9.0, 2.0), ZERO)
    assert both == pytest.approx(1 / (1 + exp(-(HYBRID.steepness * (2.1 - 0.7 - 2.0 * 0.25) - HYBRID.distance))))
    [words] = confidences([4.5], keyword_alone(9.0), ZERO)
    assert words == pytest.approx(1 / (1 + exp(-(KEYWORD.steepness * (4.5 / 3 - 0.8) - KEYWORD.distance))))
    [near] = confidences([0.6], vector_alone(2.8), ZERO)
    assert near == pytest.approx(1 / (1 + exp(-(VECTOR.steepness * (0.6 - 0.3) - VECTOR.distance))))


def test_a_tuned_weight_moves_the_zero_with_the_scores() -> None:
    (light,), (heavy,) = (confidences([0.9 + weight * 0.25], hybrid(9.0, weight), ZERO) for weight in (1.0, 9.0))
    assert light == pytest.approx(heavy)


def test_scores_of_one_day_tell_no_confidence() -> None:
    assert confidences([0.03], candidate_scale("rrf", np.ones(3), np.ones(3), 10), ZERO) == [None]


def test_no_score_is_too_low_or_too_high() -> None:
    assert confidences([-1e6, 1e6], hybrid(9.0, 2.8), None) == [0.0, 1.0]


@pytest.mark.parametrize("mode", tuple(Mode))
def test_confidence_lies_between_0_and_1_and_falls_as_scores_fall(searcher: Searcher, mode: Mode) -> None:
    found = [one.confidence for one in searcher.search(TEXT, mode=mode, k=60).results]
    assert all(value is not None and 0 <= value <= 1 for value in found)
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize("mode", tuple(Mode))
def test_what_the_archive_covers_is_surer_than_nonsense(searcher: Searcher, mode: Mode) -> None:
    covered = searcher.search(TEXT, mode=mode, k=1).results[0].confidence
    nonsense = searcher.search(NONSENSE, mode=mode, k=1).results
    assert covered is not None
    assert covered > 0.8
    assert not nonsense or (nonsense[0].confidence or 0) < 0.2


@pytest.mark.parametrize("k", [1, 7, 100])
def test_confidence_does_not_depend_on_k_or_filters(searcher: Searcher, k: int) -> None:
    every = {one.article.id: one.confidence for one in searcher.search(TEXT, k=1000).results}
    for filters in ({}, {"language": "de"}, {"tag": "odd", "source": "el correo"}):
        for one in searcher.search(TEXT, k=k, **filters).results:  # type: ignore[arg-type]
            assert one.confidence == every[one.article.id]


def test_results_below_the_confidence_asked_for_are_left_out(searcher: Searcher) -> None:
    free = searcher.search(TEXT, k=50).results
    bar = free[3].confidence
    assert bar is not None
    held = searcher.search(TEXT, k=50, min_confidence=bar).results
    assert held == tuple(one for one in free if (one.confidence or 0) >= bar)
    assert len(held) < len(free)


def test_where_nothing_reaches_it_the_nearest_is_named(searcher: Searcher) -> None:
    answer = searcher.search(NONSENSE, min_confidence=0.5)
    assert answer.results == ()
    assert answer.nearest is not None
    assert answer.nearest == searcher.search(NONSENSE, k=1).results[0]
    assert any(note.startswith("Nothing relevant; the nearest was 'Report") for note in answer.notes)


def test_a_confidence_that_cannot_be_is_refused(index: Path, searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="min_confidence is 2"):
        searcher.ask(Query(text=TEXT, min_confidence=2))
    with (
        searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as opened,
        pytest.raises(QueryError, match="tell no confidence"),
    ):
        opened.search(TEXT, min_confidence=0.5)


def test_questions_without_sense_are_asked_when_it_is_built_and_the_figures_handed_on(
    index: Path, tmp_path: Path
) -> None:
    with open_generation(index) as generation:
        zero = generation.manifest.zero
    assert zero is not None
    assert zero.queries == 30
    assert 0 < zero.words <= zero.keyword
    assert zero.nearness > 0
    again = tmp_path / "again"
    searchkit.build(again, [article(n) for n in range(150)], encoder=WordEncoder())
    with open_generation(again) as generation:
        assert generation.manifest.zero == zero
    searchkit.add(again, [article(n, text="Quite another text.") for n in range(140, 299)], encoder=WordEncoder())
    searchkit.compact(again)
    with open_generation(again) as generation:
        assert generation.manifest.zero == zero
        assert zero.chunks == 150
    searchkit.add(again, [article(299)], encoder=WordEncoder())
    with open_generation(again) as generation:
        assert generation.manifest.zero is not None
        assert generation.manifest.zero.chunks == 300
    searchkit.rebuild(again, encoder=WordEncoder())
    with open_generation(again) as generation:
        assert generation.manifest.zero not in (zero, None)


def test_a_small_archive_takes_the_usual_zero(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "small", [article(n) for n in range(20)], encoder=WordEncoder())
    with open_generation(tmp_path / "small") as generation:
        assert generation.manifest.zero is None
    with searchkit.open(tmp_path / "small", encoder=WordEncoder()) as opened:
        assert opened.search(TEXT).results[0].confidence is not None


def test_an_index_that_grows_asks_them_when_there_is_enough(tmp_path: Path, index: Path) -> None:
    path = tmp_path / "grown"
    searchkit.build(path, [article(n) for n in range(60)], encoder=WordEncoder())
    # What is deleted is asked no more, and a language of which nothing is left is no trouble.
    searchkit.delete(path, [f"a{n:03d}" for n in range(60) if n % 3 == 2])
    searchkit.add(path, [article(n) for n in range(100, 159)], encoder=WordEncoder())
    with open_generation(path) as generation:
        assert (generation.manifest.chunks, generation.manifest.zero) == (99, None)
    searchkit.update(path, [article(n) for n in range(159, 190)], encoder=WordEncoder())
    with open_generation(path) as generation, open_generation(index) as other:
        grown, built_at_once = generation.manifest.zero, other.manifest.zero
    assert grown is not None
    assert built_at_once is not None
    assert grown.chunks == 130
    assert grown.words == pytest.approx(built_at_once.words, abs=0.3)
    assert grown.nearness == pytest.approx(built_at_once.nearness, abs=0.2)


def test_figures_are_taken_where_a_language_has_nothing_left(tmp_path: Path) -> None:
    path = tmp_path / "left"
    searchkit.build(path, [article(n, language="de" if n < 30 else "en") for n in range(99)], encoder=WordEncoder())
    searchkit.delete(path, [f"a{n:03d}" for n in range(30)])
    searchkit.add(path, [article(n, language="en") for n in range(100, 140)], encoder=WordEncoder())
    with open_generation(path) as generation:
        assert generation.manifest.zero is not None
        assert generation.manifest.zero.chunks == 109


@pytest.mark.parametrize("text", ['source:"Harbor Ledger"', "-oil", "tag:odd AND NOT language:de"])
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_what_asks_for_no_words_has_no_confidence_and_nothing_is_left_out(
    searcher: Searcher, text: str, mode: str
) -> None:
    free = searcher.search(text, mode=mode)
    assert free.results
    assert free.notes == ()
    assert all(one.confidence is None for one in free.results)
    held = searcher.search(text, mode=mode, min_confidence=0.5)
    assert held.results == free.results
    assert held.nearest is None
    assert any("no words by which to be confident" in note for note in held.notes)


@pytest.mark.parametrize("text", ["bat*", "bateries~", "title:report", '"the old bridge"', "the of"])
def test_what_asks_for_words_in_any_way_has_a_confidence(searcher: Searcher, text: str) -> None:
    results = searcher.search(text, mode="keyword").results
    assert results
    assert all(one.confidence is not None for one in results)


@pytest.mark.parametrize("values", [{"vector_weight": "3"}, {"vector_weight": True}, {"depth": 2.5}, {"fusion": None}])
def test_a_setting_of_another_type_is_refused_however_it_is_given(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="can't be") as raised:
        SearchConfig(**values)  # type: ignore[arg-type]
    assert "takes a value of type" in str(raised.value.hint)


def test_a_weight_below_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="vector_weight"):
        SearchConfig(vector_weight=0.0)
    assert SearchConfig().vector_weight is None
