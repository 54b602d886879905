from __future__ import annotations

import numpy as np
import pytest

from searchkit.evaluation.tuning import choose

DEFAULT = 2
"""Of five weights the default stands in the middle."""


def around(best: float, noise: float, queries: int = 60, seed: int = 4) -> np.ndarray:
    """Make values that fall with the distance from the best place, with noise that differs between the places."""
    random = np.random.default_rng(seed)
    means = 0.6 - 0.05 * (np.arange(5) - best) ** 2
    return means[:, None] + noise * random.standard_normal((5, queries))


def test_what_is_better_on_every_query_is_chosen() -> None:
    assert choose(around(4, 0.0), DEFAULT) == 4
    assert choose(around(0, 0.01), DEFAULT) == 0


def test_where_nothing_differs_or_all_is_noise_the_usual_one_is_kept() -> None:
    assert choose(np.zeros((5, 20)), DEFAULT) == DEFAULT
    random = np.random.default_rng(7)
    chosen = [choose(random.random((5, 30)), DEFAULT) for _ in range(40)]
    assert chosen.count(DEFAULT) > 25


def test_a_better_one_is_neared_as_far_as_the_evidence_reaches() -> None:
    few = np.mean([choose(around(4, 0.6, 20, seed), DEFAULT) for seed in range(20)])
    many = np.mean([choose(around(4, 0.6, 400, seed), DEFAULT) for seed in range(20)])
    assert 2 < few < many <= 4


def test_one_lucky_query_moves_less_than_a_choice_by_the_mean() -> None:
    values = np.tile(np.asarray([[0.42], [0.49], [0.50], [0.49], [0.42]]), 20)
    values[4, 0] += 2.0
    assert np.argmax(values.mean(axis=1)) == 4
    assert choose(values, DEFAULT) in {2, 3}


def test_the_same_values_give_the_same_choice() -> None:
    values = around(3, 0.5)
    assert len({choose(values, DEFAULT) for _ in range(3)}) == 1


def test_how_sums_are_rounded_decides_nothing() -> None:
    # One query's gain, drawn once, is exactly a standard error: that is no reason to leave the default.
    random = np.random.default_rng(5)
    for queries in range(20, 90):
        values = np.tile(random.random(queries), (5, 1))
        values[3:, 0] += 0.1
        assert choose(values, DEFAULT) == DEFAULT


@pytest.mark.parametrize("queries", [2, 3])
def test_two_queries_are_enough_to_choose(queries: int) -> None:
    assert choose(np.linspace(0, 1, 5 * queries).reshape(5, queries), DEFAULT) in range(5)
