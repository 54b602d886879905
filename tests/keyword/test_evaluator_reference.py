"""The evaluator against the same meaning spelled out over lists of words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from searchkit.keyword.query.ast import Filter, Tree
from searchkit.keyword.scoring.evaluator import KeywordMatches, evaluate
from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.storage import native
from tests.keyword.bm25_reference import Piece, Reference, highlighted_terms, indexed
from tests.keyword.random_trees import archives, trees

steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=75,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it changes nothing from one example to the next
)


def numbers(condition: Filter) -> set[int]:
    """Resolve a filter of the tests: its values are the numbers of articles."""
    return set(map(int, condition.values))


def answered(
    index: KeywordSegments, tree: Tree, mask: np.ndarray | None = None, coverage: float = 0.0
) -> KeywordMatches:
    return evaluate(
        index,
        tree,
        mask=mask,
        coverage=coverage,
        resolve=lambda condition: np.isin(index.article_of_row, list(numbers(condition))),
    )


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test twice: with the compiled loops, where they were built, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(native, "COMPILED", None)


def assert_same(archive: list[list[Piece]], tree: Tree) -> None:
    reference = Reference(*archive, resolve=numbers)
    scores, matched, allowed = reference.evaluate(tree)
    with indexed(*archive) as index:
        found = answered(index, tree)
        assert_partial_answers(found, np.flatnonzero(matched))
        assert_covered_answers(index, tree, found)
        assert found.matched.tolist() == matched
        assert found.allowed.tolist() == allowed
        np.testing.assert_allclose(found.scores, scores, rtol=1e-9, atol=1e-12)


def assert_partial_answers(found: KeywordMatches, matched: np.ndarray) -> None:
    """Hold what is asked of few rows equal to what is asked of all."""
    rows = np.arange(len(found.scores))[::-1]
    assert found.at(rows).tolist() == found.scores[rows].tolist()
    assert found.matching(rows).tolist() == found.matched[rows].tolist()
    ranking = sorted(found.scores[matched].tolist(), reverse=True)
    for depth in (1, 2, 100):
        best = found.best(depth)
        assert sorted(best.scores.tolist(), reverse=True) == ranking[:depth]
        assert best.scores.tolist() == found.scores[best.rows].tolist()
        assert set(best.rows.tolist()) <= set(matched.tolist())
        assert best.bound == (ranking[depth] if len(ranking) > depth else -np.inf)


def assert_covered_answers(index: KeywordSegments, tree: Tree, matches: KeywordMatches) -> None:
    """Hold scores with and without coverage, worked out together, and the count that the best rows bring, to others."""
    every = np.arange(len(matches.scores))
    covered = answered(index, tree, coverage=0.4)
    covered.count_with_best()
    covered.best(1)
    assert covered.count_articles(index.article_of_row) == len(set(index.article_of_row[matches.matched].tolist()))
    together = covered.at_both(every)
    assert covered.uncovered.at(every[::2]).tolist() == matches.scores[::2].tolist()
    assert covered.among(None).at(every).tolist() == together.tolist()
    assert together.tolist() == covered.scores.tolist()


@pytest.mark.slow
@given(archives(chunks=1), trees)
@steady
def test_articles_of_one_chunk_score_as_the_formula_says(archive: list[list[Piece]], tree: Tree) -> None:
    assert_same(archive, tree)


@pytest.mark.slow
@given(archives(chunks=3), trees)
@steady
def test_conditions_hold_for_articles_and_scores_belong_to_chunks(archive: list[list[Piece]], tree: Tree) -> None:
    assert_same(archive, tree)


@pytest.mark.slow
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
        assert highlighted_terms(old) >= highlighted_terms(new)


@pytest.mark.slow
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

    from searchkit.keyword.query.ast import And, Boost, Maybe, Not, Or

    match tree:
        case Filter():
            return replace(tree, values=())
        case And() | Or():
            return replace(tree, children=tuple(map(_without_filters, tree.children)))
        case Not() | Maybe() | Boost():
            return replace(tree, child=_without_filters(tree.child))
        case _:
            return tree
