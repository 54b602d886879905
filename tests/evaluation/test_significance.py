from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from searchkit.evaluation.significance import bootstrap_interval, randomisation_test


def test_the_interval_is_that_of_the_normal_distribution_where_values_are_many() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.2, 2000)
    interval = bootstrap_interval(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - half, abs=0.0005)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.0005)


def test_the_interval_of_one_value_is_that_value_and_all_is_the_same_each_time() -> None:
    one = bootstrap_interval(np.asarray([0.25]))
    assert (one.low, one.high) == (0.25, 0.25)
    values = np.asarray([0.0, 0.5, 1.0, 0.75])
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert randomisation_test(values) == randomisation_test(values)


def test_p_is_the_share_of_signs_that_reach_as_far() -> None:
    differences = np.asarray([0.5, 0.25, -0.125, 0.5, 0.25, 0.0])
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True))) for signs in product((-1, 1), repeat=6)
    ]
    exact = sum(reached >= abs(differences.sum()) for reached in sums) / len(sums)
    assert randomisation_test(differences) == pytest.approx(exact, abs=0.01)


def test_no_difference_is_no_evidence_and_p_is_never_0() -> None:
    assert randomisation_test(np.zeros(5)) == 1.0
    assert randomisation_test(np.asarray([0.5, -0.5])) == 1.0
    assert randomisation_test(np.full(500, 0.1)) == 1 / 10_001
