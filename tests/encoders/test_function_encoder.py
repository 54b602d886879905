"""Is a function enough of an encoder, and what is told where it isn't one?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import searchkit
from searchkit.encoders import from_function
from searchkit.errors import ConfigError, EncoderMismatch, MissingExtra, VectorsInvalid
from tests.index.archive import article
from tests.word_encoder import WordEncoder

ARTICLES = [article(number) for number in range(6)]
asked: list[int] = []


def words(texts: list[str]) -> Any:
    asked.append(len(texts))
    return WordEncoder().encode_chunks(texts) * 7


def listed(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), 1.0] for text in texts]


def test_a_function_serves_to_build_to_search_and_to_add(tmp_path: Path) -> None:
    asked.clear()
    report = searchkit.build(tmp_path / "index", ARTICLES[:5], encoder=words)
    assert report.vectors_encoded == 5
    with searchkit.open(tmp_path / "index", encoder=words) as searcher:
        asked.clear()
        assert searcher.search("missiles", mode="keyword").results
        assert asked == []  # it is asked when it is needed
        answer = searcher.search(ARTICLES[0].text, mode="vector")
        assert answer.results[0].article.id == "a000"
        assert answer.results[0].score <= 1
        assert searcher.info().encoder == f"function:{__name__}.words"
    assert searchkit.add(tmp_path / "index", ARTICLES[5:], encoder=words).new == 1
    assert searchkit.update(tmp_path / "index", ARTICLES, encoder=words).unchanged == 6
    assert searchkit.rebuild(tmp_path / "index", encoder=words).vectors_reused == 6
    assert not searchkit.verify(tmp_path / "index", encoder=words).faults


def test_lists_of_numbers_will_do_and_rows_get_length_1(tmp_path: Path) -> None:
    rows = from_function(listed).encode_chunks(["abc", "abcd"])
    assert rows == pytest.approx(np.asarray([[3, 1], [4, 1]]) / np.sqrt([[10], [17]]))
    assert searchkit.build(tmp_path / "index", ARTICLES, encoder=listed).vectors_encoded == 6


def test_an_index_refuses_a_function_of_another_name_or_of_other_rows(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", ARTICLES, encoder=words)
    other_rows = from_function(listed, name=f"{__name__}.words")
    for other in (listed, other_rows):
        with searchkit.open(tmp_path / "index", encoder=other) as searcher, pytest.raises(EncoderMismatch):
            searcher.search("missiles")
    with searchkit.open(tmp_path / "index") as searcher, pytest.raises(MissingExtra, match="own function"):
        searcher.search("missiles")


@pytest.mark.parametrize(
    "function",
    [
        lambda texts: [[1.0]] * (len(texts) + 1),
        lambda texts: [1.0] * len(texts),
        lambda texts: [["x"]] * len(texts),
        lambda texts: [[1.0], [1.0, 2.0]],
        lambda texts: None,
        lambda texts: [[float("nan"), 1.0]] * len(texts),
        lambda texts: [[1.0, 1.0]] * (len(texts) - 1) + [[float("inf"), 1.0]],
    ],
)
def test_what_is_no_row_for_each_text_is_refused(function: Any) -> None:
    with pytest.raises(VectorsInvalid):
        from_function(function, name="bad").encode_chunks(["a", "b"])


def test_a_row_of_zeros_is_refused_by_the_index(tmp_path: Path) -> None:
    with pytest.raises(VectorsInvalid):
        searchkit.build(
            tmp_path / "index", ARTICLES, encoder=from_function(lambda texts: [[0.0, 0.0]] * len(texts), name="zeros")
        )


def test_a_function_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no name"):
        searchkit.build(tmp_path / "index", ARTICLES, encoder=lambda texts: [[1.0]] * len(texts))
    assert not (tmp_path / "index").exists()


def test_a_class_in_its_place_is_refused_as_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="encoder takes an Encoder"):
        searchkit.build(tmp_path / "index", ARTICLES, encoder=dict)


def test_rows_of_several_lengths_are_refused_in_words_of_ours(tmp_path: Path) -> None:
    def uneven(texts: list[str]) -> list[list[float]]:
        return [[1.0] * (2 + number % 2) for number, _ in enumerate(texts)]

    with pytest.raises(VectorsInvalid) as raised:
        searchkit.build(tmp_path / "index", ARTICLES, encoder=uneven)
    assert "gave rows that aren't of one length: from 2 to 3 numbers." in raised.value.message
    assert "inhomogeneous" not in str(raised.value)
    assert "all of one length" in raised.value.hint
