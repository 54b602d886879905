"""Words that look like another: wildcards and misspellings, counted in code points."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.keyword.postings.word_dictionary import edit_distances, wildcard
from tests.keyword.bm25_reference import Piece, _fits, edits, indexed

steady = settings(deadline=None, derandomize=True, max_examples=200)
words = st.text(st.sampled_from("abcжé"), min_size=1, max_size=7)


@given(words, st.lists(words, min_size=1, max_size=20), st.integers(1, 2))
@steady
def test_edit_distances_are_those_of_the_whole_table(word: str, others: list[str], limit: int) -> None:
    for length in {len(other) for other in others}:
        same = [other for other in others if len(other) == length]
        columns = np.array([[ord(other[j]) for other in same] for j in range(length)], dtype=np.uint32)
        wanted = np.array([ord(letter) for letter in word], dtype=np.uint32)
        kept, found = edit_distances(wanted, columns, limit)
        expected = [(i, edits(word, other)) for i, other in enumerate(same) if edits(word, other) <= limit]
        assert list(zip(kept.tolist(), found.tolist(), strict=True)) == expected


@given(st.text(st.sampled_from("ab*?."), min_size=1, max_size=7), st.lists(words, min_size=1, max_size=20))
@steady
def test_wildcards_fit_whole_words(pattern: str, others: list[str]) -> None:
    found = [match.group() for match in wildcard(pattern).finditer("".join(other + "\n" for other in others))]
    assert found == [other for other in others if _fits(pattern, other)]


def test_many_stars_over_a_long_word_don_t_take_for_ever() -> None:
    assert wildcard("*a" * 30 + "*b").search("a" * 5_000 + "\n") is None


def test_the_nearest_word_comes_first_then_the_one_in_most_rows() -> None:
    with indexed([Piece(["missile"]), Piece(["missive missile"]), Piece(["mussel"]), Piece(["missive"] * 2)]) as index:
        assert index.lexicon.nearest("missille", 2, 9) == ["missile", "missive"]
        assert index.lexicon.nearest("missixe", 1, 9) == ["missive", "missile"]


def test_the_first_letter_may_be_wrong_and_neighbours_changed_over() -> None:
    with indexed([Piece(["caracas naïve Ελλάδα"])]) as index:
        assert index.lexicon.nearest("karacas", 1, 1) == ["caracas"]
        assert index.lexicon.nearest("carcaas", 1, 1) == ["caracas"]
        assert index.lexicon.nearest("nave", 1, 1) == ["naive"]
        assert index.lexicon.nearest("ελλδα", 1, 1) == ["ελλαδα"]


def test_words_of_deleted_articles_alone_are_gone() -> None:
    with indexed([Piece(["missile"]), Piece(["missive"], deleted=True)]) as index:
        assert index.lexicon.nearest("missixe", 1, 9) == ["missile"]
        assert index.lexicon.count("missive") == 0
        assert [len(found) for found in index.lexicon.fitting("miss*", 9).indexes] == [1]


def test_counts_are_summed_over_segments_before_words_are_left_out() -> None:
    first = [Piece(["aa ab"]), Piece(["ab"])]
    second = [Piece(["aa ac"]), Piece(["aa"])]
    with indexed(first, second) as index:
        found = index.lexicon.fitting("a*", 1)
        assert found.total == 3
        assert [indexes.tolist() for indexes in found.indexes] == [[0], [0]], "aa stands in three rows, ab in two"
