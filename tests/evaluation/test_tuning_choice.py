from __future__ import annotations

import numpy as np
import pytest

from searchkit.evaluation.tuning import choose

LINE = np.asarray([[2], [0], [1], [3], [4]])
"""Five values of one setting; the usual one, which is first, stands in the middle."""


def around(best: float, noise: float, queries: int = 60, seed: int = 4) -> np.ndarray:
    """Make values that fall with the distance from the best place, with noise that differs between the places."""
    random = np.random.default_rng(seed)
    means = 0.6 - 0.05 * (LINE[:, 0] - best) ** 2
    return means[:, None] + noise * random.standard_normal((len(LINE), queries))


def test_what_is_better_on_every_query_is_chosen() -> None:
    assert LINE[choose(around(4, 0.0), LINE)] == 4
    assert LINE[choose(around(0, 0.01), LINE)] == 0


def test_where_nothing_differs_or_all_is_noise_the_usual_one_is_kept() -> None:
    assert choose(np.zeros((5, 20)), LINE) == 0
    random = np.random.default_rng(7)
    chosen = [choose(random.random((5, 30)), LINE) for _ in range(40)]
    assert chosen.count(0) > 25


def test_a_better_one_is_neared_as_far_as_the_evidence_reaches() -> None:
    few = np.mean([LINE[choose(around(4, 0.6, 20, seed), LINE)] for seed in range(20)])
    many = np.mean([LINE[choose(around(4, 0.6, 400, seed), LINE)] for seed in range(20)])
    assert 2 < few < many <= 4


def test_one_lucky_query_moves_less_than_a_choice_by_the_mean() -> None:
    values = np.tile(np.asarray([[0.50], [0.42], [0.49], [0.49], [0.42]]), 20)
    values[4, 0] += 2.0
    assert np.argmax(values.mean(axis=1)) == 4
    assert choose(values, LINE) in {0, 3}


def test_the_same_values_give_the_same_choice() -> None:
    values = around(3, 0.5)
    assert len({choose(values, LINE) for _ in range(3)}) == 1


def test_each_of_two_settings_is_chosen_for_itself() -> None:
    places = np.asarray([[1, 1], *([one, other] for one in range(3) for other in range(3) if (one, other) != (1, 1))])
    values = np.repeat((0.1 * places[:, 0] - 0.1 * places[:, 1])[:, None], 25, axis=1)
    assert places[choose(values, places)].tolist() == [2, 0]


@pytest.mark.parametrize("queries", [2, 3])
def test_two_queries_are_enough_to_choose(queries: int) -> None:
    assert choose(np.linspace(0, 1, 5 * queries).reshape(5, queries), LINE) in range(5)
