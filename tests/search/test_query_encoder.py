from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import searchkit
from searchkit.search.query_encoder import LONGEST, RecentQueryVectors
from tests.index.archive import built
from tests.word_encoder import WordEncoder


class Counting(WordEncoder):
    """Counts the queries that it encodes."""

    asked: int = 0

    def encode_query(self, text: str) -> NDArray[np.float32]:
        self.asked += 1
        return super().encode_query(text)


def test_a_query_is_encoded_once_whatever_else_is_asked_of_it(tmp_path: Path) -> None:
    built(tmp_path / "index")
    encoder = Counting()
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        first = searcher.search("missiles of Venezuela", mode="vector")
        searcher.search("missiles of Venezuela", mode="vector", k=3, tag="odd")
        assert searcher.search("missiles of Venezuela", mode="vector").results == first.results
        assert encoder.asked == 1
        searcher.search("rice", mode="vector")
        assert encoder.asked == 2


def test_the_latest_are_kept_and_no_more() -> None:
    encoder, recent = Counting(), RecentQueryVectors(kept=2)
    for text in ("rice", "oil", "rice", "wave", "rice", "oil"):
        assert np.array_equal(recent.vector("x", text, encoder.encode_query), WordEncoder().encode_query(text))
    assert encoder.asked == 4  # rice, oil, wave, and oil again: rice was asked for since, so oil had to go
    assert len(recent) == 2


def test_encoders_are_told_apart() -> None:
    one, other, recent = WordEncoder(), WordEncoder(dimension=8), RecentQueryVectors()
    assert recent.vector("1", "rice", one.encode_query).shape == (64,)
    assert recent.vector("2", "rice", other.encode_query).shape == (8,)


def test_nobody_can_spoil_what_is_kept() -> None:
    vector = RecentQueryVectors().vector("x", "rice", WordEncoder().encode_query)
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_what_is_very_long_is_encoded_but_not_kept() -> None:
    recent = RecentQueryVectors()
    recent.vector("x", "rice " * LONGEST, WordEncoder().encode_query)
    assert len(recent) == 0


def test_an_encoder_that_fails_leaves_nothing_behind() -> None:
    recent = RecentQueryVectors()

    def fails(text: str) -> NDArray[np.float32]:
        raise RuntimeError(text)

    with pytest.raises(RuntimeError, match="rice"):
        recent.vector("x", "rice", fails)
    assert len(recent) == 0


def test_threads_share_it() -> None:
    encoder, recent = WordEncoder(), RecentQueryVectors(kept=3)
    texts = ["rice", "oil", "wave", "air", "river"] * 40
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: recent.vector("x", text, encoder.encode_query), texts))
    assert all(np.array_equal(one, encoder.encode_query(text)) for one, text in zip(found, texts, strict=True))
    assert len(recent) == 3
