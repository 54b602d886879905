"""The evaluator against Whoosh's own searcher and matchers over the same files, where Whoosh is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import query

from searchkit.keyword.query.ast import And, Boost, Or, Phrase, Term, Tree
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.whoosh_searcher import open_searcher
from tests.keyword.bm25_reference import Piece, indexed
from tests.keyword.random_trees import archives, phrases, single

steady = settings(deadline=None, derandomize=True, max_examples=120)


def in_whoosh(tree: Tree) -> Any:
    """Say the same in Whoosh's words."""
    match tree:
        case Term():
            return query.Term(tree.field, tree.terms[0])
        case Phrase():
            return query.Phrase(tree.units[0].field, [unit.terms[0] for unit in tree.units], slop=tree.slop)
        case And():
            return query.And([in_whoosh(child) for child in tree.children])
        case Or():
            return query.Or([in_whoosh(child) for child in tree.children])
        case Boost(child=Term() as term):
            return query.Term(term.field, term.terms[0], boost=tree.factor)
        case _:
            raise AssertionError(tree)


def _branches(child: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(child, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(And, children=several), st.builds(Or, children=several))


boosted = st.builds(Boost, child=single, factor=st.sampled_from((0.5, 2.0)))
plain_trees: st.SearchStrategy[Tree] = st.recursive(st.one_of(single, boosted), _branches, max_leaves=8)


@pytest.mark.slow
@given(archives(chunks=1), plain_trees)
@steady
def test_whoosh_gives_the_same_rows_and_scores(archive: list[list[Piece]], tree: Tree) -> None:
    with indexed(*archive) as index, open_searcher(index) as searcher:
        theirs = np.zeros(index.rows)
        hits = searcher.search(in_whoosh(tree), limit=None)
        for hit in hits:
            theirs[hit.docnum] = hit.score
        ours = evaluate(index, tree)
        assert np.flatnonzero(ours.matched).tolist() == sorted(hit.docnum for hit in hits)
        np.testing.assert_allclose(ours.scores, theirs, rtol=1e-6)


@pytest.mark.slow
@given(archives(chunks=1), phrases(unions_too=False))
@steady
def test_whoosh_finds_the_same_phrases(archive: list[list[Piece]], phrase: Phrase) -> None:
    with indexed(*archive) as index, open_searcher(index) as searcher:
        theirs = sorted(hit.docnum for hit in searcher.search(in_whoosh(phrase), limit=None))
        assert np.flatnonzero(evaluate(index, phrase).matched).tolist() == theirs
