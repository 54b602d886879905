"""The evaluator against the same meaning spelled out over lists of words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from searchkit.index.keyword.evaluate import Scores, evaluate
from searchkit.index.keyword.statistics import KeywordSegments
from searchkit.index.keyword.tree import Filter, Tree
from tests.index.keyword.reference import Piece, Reference, indexed
from tests.index.keyword.trees import archives, trees

steady = settings(deadline=None, derandomize=True, max_examples=150)


def numbers(condition: Filter) -> set[int]:
    """Resolve a filter of the tests: its values are the numbers of articles."""
    return set(map(int, condition.values))


def answered(index: KeywordSegments, tree: Tree, mask: np.ndarray | None = None) -> Scores:
    return evaluate(
        index,
        tree,
        mask=mask,
        resolve=lambda condition: np.isin(index.article_of_row, list(numbers(condition))),
    )


def assert_same(archive: list[list[Piece]], tree: Tree) -> None:
    reference = Reference(*archive, resolve=numbers)
    scores, matched, allowed = reference.evaluate(tree)
    with indexed(*archive) as index:
        found = answered(index, tree)
        assert found.matched.tolist() == matched
        assert found.allowed.tolist() == allowed
        np.testing.assert_allclose(found.scores, scores, rtol=1e-9, atol=1e-12)


@given(archives(chunks=1), trees)
@steady
def test_articles_of_one_chunk_score_as_the_formula_says(archive: list[list[Piece]], tree: Tree) -> None:
    assert_same(archive, tree)


@given(archives(chunks=3), trees)
@steady
def test_conditions_hold_for_articles_and_scores_belong_to_chunks(archive: list[list[Piece]], tree: Tree) -> None:
    assert_same(archive, tree)


@given(archives(chunks=2), trees)
@settings(steady, max_examples=60)
def test_an_index_with_a_history_answers_like_one_built_afresh(archive: list[list[Piece]], tree: Tree) -> None:
    living = [[piece for pieces in archive for piece in pieces if not piece.deleted]]
    tree = _without_filters(tree)
    with indexed(*archive) as index, indexed(*living) as fresh:
        old, new = answered(index, tree), answered(fresh, tree)
        assert old.scores[index.living].tolist() == pytest.approx(new.scores.tolist(), rel=1e-9)
        assert old.matched[index.living].tolist() == new.matched.tolist()
        assert not old.matched[~index.living].any()
        assert old.idf_sum == pytest.approx(new.idf_sum)
        assert old.terms >= new.terms


@given(archives(chunks=2), trees)
@settings(steady, max_examples=60)
def test_a_mask_leaves_rows_out_and_changes_no_score(archive: list[list[Piece]], tree: Tree) -> None:
    with indexed(*archive) as index:
        mask = np.arange(index.rows) % 2 == 0
        everything, some = answered(index, tree), answered(index, tree, mask)
        np.testing.assert_array_equal(some.scores, np.where(mask, everything.scores, 0.0))
        np.testing.assert_array_equal(some.matched, mask & everything.matched)
        np.testing.assert_array_equal(some.allowed, mask & everything.allowed)


def _without_filters(tree: Tree) -> Tree:
    """Put a filter that lets nothing through in the place of each: numbers of articles change with the history."""
    from dataclasses import replace

    from searchkit.index.keyword.tree import And, Boost, Maybe, Not, Or

    match tree:
        case Filter():
            return replace(tree, values=())
        case And() | Or():
            return replace(tree, children=tuple(map(_without_filters, tree.children)))
        case Not() | Maybe() | Boost():
            return replace(tree, child=_without_filters(tree.child))
        case _:
            return tree
