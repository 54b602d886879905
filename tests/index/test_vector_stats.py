"""How the vectors of each language lie: counted for what lives, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit.config import DEFAULT_ENCODER
from searchkit.index.generation import open_generation
from searchkit.index.vector_stats import (
    combined,
    deviation,
    group_of,
    leans,
    learnt_weight,
    spread_facts,
    spreads_from,
    spreads_of,
)
from tests.index.archive import article
from tests.word_encoder import WordEncoder


def vectors(count: int, *, seed: int = 0, towards: float = 0.0, dimension: int = 48) -> np.ndarray:
    """Return unit vectors around a common direction."""
    drawn = np.random.default_rng(seed).standard_normal((count, dimension))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    drawn[:, 0] += towards
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def spread_of(given: np.ndarray, group: str = "en") -> dict:
    return spreads_of(given, [group] * len(given), np.arange(len(given)))


def test_what_is_added_and_taken_away_again_leaves_no_trace() -> None:
    first, second = vectors(200), vectors(70, seed=1)
    both = combined([(spread_of(first), 1), (spread_of(second), 1), (spread_of(second[:30]), -1)])
    alone = spread_of(np.concatenate([first, second[30:]]))
    assert both["en"].chunks == alone["en"].chunks == 240
    np.testing.assert_allclose(both["en"].total, alone["en"].total, atol=1e-9)
    np.testing.assert_allclose(both["en"].sketch, alone["en"].sketch, atol=1e-9)
    assert combined([(spread_of(first), 1), (spread_of(first), -1)]) == {}


@pytest.mark.parametrize("towards", [0.0, 1.0, 2.5])
def test_the_sketch_knows_how_much_cosines_vary(towards: float) -> None:
    given = vectors(3000, towards=towards)
    centred = given - given.mean(axis=0)
    exact = float(np.std((centred[:1500] @ centred[1500:].T).ravel()))
    assert deviation(spread_of(given)) == pytest.approx(exact, rel=0.12)


def test_the_weight_makes_up_for_an_encoder_whose_vectors_lie_close_together() -> None:
    wide, close = (learnt_weight(spread_of(vectors(2000, towards=one)), "some encoder") for one in (0.0, 2.0))
    # A common direction of length c shrinks the differences of all cosines by 1 + c².
    assert close / wide == pytest.approx(1 + 2.0**2, rel=0.15)


def test_the_default_encoder_keeps_its_weight_and_few_vectors_teach_none() -> None:
    assert learnt_weight(spread_of(vectors(500, towards=2.0)), DEFAULT_ENCODER) == 2.8
    assert learnt_weight(spread_of(vectors(49, towards=2.0)), "some encoder") == 2.8
    assert learnt_weight({}, "some encoder") == 2.8


def test_one_language_leans_nowhere_and_few_vectors_lean_little() -> None:
    assert np.abs(leans(spread_of(vectors(100)))["en"]).max() < 1e-12
    other = vectors(100, seed=2, towards=3.0)
    few, many = (
        leans(combined([(spread_of(vectors(400)), 1), (spread_of(other[:count], "el"), 1)]))["el"] for count in (3, 100)
    )
    assert np.linalg.norm(few) < 0.15
    assert np.linalg.norm(many) > 0.4


def test_a_manifest_brings_back_what_was_counted() -> None:
    counted = combined([(spread_of(vectors(90)), 1), (spread_of(vectors(40, seed=3), ""), 1)])
    read = spreads_from(spread_facts(counted), 48)
    assert {name: one.chunks for name, one in read.items()} == {"": 40, "en": 90}
    np.testing.assert_array_equal(read["en"].sketch, counted["en"].sketch)
    with pytest.raises(ValueError, match="can't be"):
        spreads_from(spread_facts(counted), 64)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, 1000.0])
def test_sums_that_vectors_of_length_one_can_not_have_are_refused(value: float) -> None:
    counted = spread_of(vectors(90))
    counted["en"].total[0] = value
    with pytest.raises(ValueError, match="can't be"):
        spreads_from(spread_facts(counted), 48)


@pytest.mark.parametrize(
    ("code", "group"), [("en", "en"), ("zh-TW", "zh"), ("EN", "en"), (None, ""), ("", ""), ("xxx", ""), ("1a", "")]
)
def test_a_language_is_what_stands_before_the_hyphen(code: str | None, group: str) -> None:
    assert group_of(code) == group


def test_an_index_counts_what_lives_whatever_it_went_through(tmp_path: Path) -> None:
    encoder = WordEncoder()
    searchkit.build(tmp_path / "grown", [article(n) for n in range(40)], encoder=encoder)
    searchkit.add(tmp_path / "grown", [article(n, text="Another text.") for n in range(30, 60)], encoder=encoder)
    searchkit.delete(tmp_path / "grown", ["a001", "a002", "a055"])
    living = [article(n) for n in range(30)] + [article(n, text="Another text.") for n in range(30, 60)]
    left = [one for one in living if one.id not in {"a001", "a002", "a055"}]
    searchkit.build(tmp_path / "fresh", left, encoder=encoder)
    searchkit.build(tmp_path / "later", left, encoder=encoder, keyword_first=True)
    found = []
    for name in ("fresh", "grown", "later"):
        with open_generation(tmp_path / name) as generation:
            found.append(spreads_from(generation.manifest.spreads, encoder.dimension))
    for other in found[1:]:
        assert {name: one.chunks for name, one in other.items()} == {name: one.chunks for name, one in found[0].items()}
        for name, one in other.items():
            np.testing.assert_allclose(one.total, found[0][name].total, atol=1e-9)
            np.testing.assert_allclose(one.sketch, found[0][name].sketch, atol=1e-9)
