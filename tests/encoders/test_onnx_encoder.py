"""Are texts put together as they should be?"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from searchkit.encoders.onnx_encoder import BATCH_TOKENS, batches, padded, unit_rows


@given(st.lists(st.integers(0, 700), max_size=60))
def test_every_text_is_in_one_batch_of_bounded_size(lengths: list[int]) -> None:
    plan = batches(lengths)
    assert sorted(number for batch in plan for number in batch) == list(range(len(lengths)))
    for batch in plan:
        assert len(batch) == 1 or len(batch) * max(lengths[number] for number in batch) <= BATCH_TOKENS
    order = [lengths[number] for batch in plan for number in batch]
    assert order == sorted(order, reverse=True)


def test_empty_texts_share_a_batch() -> None:
    assert batches([0, 0, 0]) == [[0, 1, 2]]
    assert batches([]) == []


def test_rows_are_filled_up_to_the_longest() -> None:
    ids, mask = padded([[5, 6, 7], [], [8]], fill=9)
    assert ids.tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert padded([[]], fill=1)[0].shape == (1, 1)


def test_rows_get_length_one_unless_they_have_no_direction() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0], [1e-30, 0.0]]))
    assert np.allclose(rows, np.array([[3 / 5, 4 / 5], [0, 0], [0, 1], [1, 0]]))
    assert rows.dtype == np.float32
    assert unit_rows(np.array([0.0, 2.0])).tolist() == [0.0, 1.0]
