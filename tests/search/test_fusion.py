from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from searchkit.search.fusion import fused, hybrid, keyword_alone, vector_alone


def test_the_hybrid_score_is_bm25_over_the_root_of_the_idf_sum_plus_the_weighted_cosine() -> None:
    u = log(1 + (100 - 3 + 0.5) / (3 + 0.5)) + log(1 + (100 + 0.5) / 0.5)
    scores = fused(hybrid(u, 2.8), np.asarray([4.0, 0.0]), np.asarray([0.5, 0.25]))
    assert scores.tolist() == pytest.approx([4.0 / sqrt(u) + 2.8 * 0.5, 2.8 * 0.25])


def test_without_words_the_cosine_stands_alone() -> None:
    assert fused(hybrid(0.0, 2.8), np.asarray([0.0]), np.asarray([0.5])).tolist() == [1.4]


def test_one_leg_alone_keeps_its_own_scale() -> None:
    assert fused(keyword_alone(), np.asarray([7.5]), None).tolist() == [7.5]
    assert fused(vector_alone(), None, np.asarray([0.3])).tolist() == [0.3]


def test_a_bound_covers_every_chunk_below_both_limits() -> None:
    scale = hybrid(9.0, 2.0)
    assert scale.bound(3.0, 0.5) == 3.0 / 3 + 2.0 * 0.5
    assert keyword_alone().bound(3.0, 0.5) == 3.0
