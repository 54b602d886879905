"""What a query has in common with a whole language is taken off the cosines of its chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Mode, Query
from searchkit.search.language_bias import LanguageBias, QueryBias
from tests.index.archive import article
from tests.word_encoder import WordEncoder


class Clannish(WordEncoder):
    """Puts whatever has the word "Der" close together, as an encoder does with a language it doesn't know."""

    def encode_query(self, text: str) -> np.ndarray:
        vector = super().encode_query(text)
        if "Der" in text:
            vector = vector + 3 * super().encode_query("clan")
        return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaning") / "index"
    english = [article(n, text=f"Oil of field {n} fell.", language="en") for n in range(60)]
    german = [article(n, text=f"Der Ort {n} hat oil.", language="de-AT") for n in range(60, 120)]
    searchkit.build(folder, [*english, *german], encoder=Clannish())
    return folder


def test_nearness_is_the_cosine_less_what_the_language_has_in_common(index: Path) -> None:
    query = "Der oil"
    with searchkit.open(index, encoder=Clannish()) as opened:
        legs = opened.legs(Query(text=query))
        rows = np.arange(legs.generation.rows)
        matrix = np.concatenate([one.vectors.matrix for one in legs.generation.segments if one.vectors])
        german = np.asarray([legs.generation.article_at(int(n))[0].language != "en" for n in rows])
        middle = matrix.mean(axis=0, dtype=np.float64)
        vector = Clannish().encode_query(query).astype(np.float64)
        taken = np.zeros(len(rows))
        for mine in (german, ~german):
            taken[mine] = vector @ (matrix[mine].mean(axis=0, dtype=np.float64) - middle) * (60 / (60 + 30))
        expected = matrix.astype(np.float64) @ vector - taken
        np.testing.assert_allclose(legs.nearness(rows), expected, atol=1e-6)
        assert taken[german].min() > 0.2


def test_most_of_what_sets_a_language_apart_is_gone(index: Path) -> None:
    with searchkit.open(index, encoder=Clannish()) as opened:
        near = opened.search("Der oil field", mode=Mode.VECTOR, k=40).results
        legs = opened.legs(Query(text="Der oil field"))
        rows = np.arange(legs.generation.rows)
        german = np.asarray([legs.generation.article_at(int(row))[0].language != "en" for row in rows])
        cosine, nearness = legs.cosine(rows), legs.nearness(rows)
    assert all(one.article.language != "en" for one in near)
    gaps = [one[german].mean() - one[~german].mean() for one in (cosine, nearness)]
    assert gaps[1] == pytest.approx(gaps[0] * (1 - 60 / (60 + 30)), rel=1e-6)


def test_one_language_has_nothing_to_take_off(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "one", [article(n, language="en") for n in range(30)], encoder=WordEncoder())
    with searchkit.open(tmp_path / "one", encoder=WordEncoder()) as opened:
        legs = opened.legs(Query(text="oil"))
        assert legs.lean is None
        assert LanguageBias(legs.generation).towards(WordEncoder().encode_query("oil")) is None


def test_languages_that_lean_and_count_alike_are_looked_for_together_and_rows_without_a_vector_not_at_all() -> None:
    lean = QueryBias(
        of_group=np.asarray([0.3, -0.1, 0.31, 0.3, 0.0]),
        shares=np.asarray([1.0, 1.0, 1.0, 0.25, 0.0]),
        group_of_row=np.asarray([0, 1, 2, 4, 0, 3], dtype=np.int16),
    )
    found = [(mask.tolist(), least, share) for mask, least, share in lean.sets()]
    assert found == [
        ([False, False, False, False, False, True], 0.3, 0.25),
        ([False, True, False, False, False, False], -0.1, 1.0),
        ([True, False, True, False, True, False], 0.3, 1.0),
    ]
    nearness = lean.nearness(np.asarray([0.0, 0.5, 0.7]), np.asarray([3, 2, 5]))
    assert nearness.tolist() == pytest.approx([0.0, 0.5 - 0.31, (0.7 - 0.3) * 0.25])


def test_shares_of_a_leaning_leg_still_add_up(index: Path) -> None:
    with searchkit.open(index, encoder=Clannish()) as opened:
        for result in opened.search("Der oil field", k=20, explain=True).results:
            assert result.score == pytest.approx(sum(one.share for one in result.contributions), abs=1e-12)
            for chunk in result.chunks:
                assert chunk.score == pytest.approx(sum(one.share for one in chunk.contributions), abs=1e-12)
