"""The rows that a question's rarest words share, by the compiled loop and without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.keyword.scoring.word_sequence import rows_with_all
from searchkit.storage import native
from tests.keyword.bm25_reference import Piece, indexed

ARCHIVE = [
    Piece(["alpha beta", "gamma", "alpha delta"], language="en"),
    Piece(["beta gamma alpha", "delta delta", "epsilon"], language="en"),
    Piece(["gamma", "alpha epsilon beta"], language="en", deleted=True),
]
WORDS: tuple[tuple[list[tuple[str, ...]], list[int]], ...] = (
    ([("alpha",)], [0, 2, 3, 7]),
    ([("alpha",), ("beta",)], [0, 3, 7]),
    ([("epsilon",), ("delta",)], [5]),  # it is in the row before
    ([("gamma", "epsilon"), ("beta",)], [0, 3, 7]),  # the rarer one is beta, near either
    ([("alpha",), ("omega",)], []),
    ([], []),
)


@pytest.fixture(scope="module")
def index() -> Iterator[KeywordSegments]:
    with indexed(ARCHIVE[:1], ARCHIVE[1:]) as index:
        yield index


@pytest.mark.parametrize(("words", "expected"), WORDS)
@pytest.mark.parametrize("loops", ["compiled", "numpy"])
def test_rows_have_the_rarest_word_and_the_others_beside_it(
    index: KeywordSegments,
    words: Sequence[tuple[str, ...]],
    expected: list[int],
    loops: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if loops == "numpy":
        monkeypatch.setattr(native, "COMPILED", None)
    assert rows_with_all(index, words).tolist() == expected


def test_more_words_than_a_question_has_are_looked_for(index: KeywordSegments) -> None:
    terms = [("alpha",), ("beta",), ("gamma",)]
    assert rows_with_all(index, terms * 50, most=150).tolist() == rows_with_all(index, terms, most=3).tolist()


@pytest.mark.skipif(native.COMPILED is None, reason="there is no compiled extension")
def test_words_that_are_no_lists_of_leaves_are_refused(index: KeywordSegments) -> None:
    for words in ([1], [[1]], [("alpha",)]):
        with pytest.raises(TypeError, match="lists of these segments' leaves"):
            index.parts.segments.common_rows(words, 1)
