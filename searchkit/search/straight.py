"""Keyword ranking of articles of one chunk each, without candidates.

What comes out is what ``ranking.py`` gives, to the last bit and with the same order of ties, in a third of the time: an
article's score is its chunk's BM25, so that the best rows are the best articles. Whatever else is asked is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from searchkit.keyword.query.ast import TEXT, Phrase, Term, Tree
from searchkit.keyword.query.fast_parse import Joint
from searchkit.keyword.query.plan import own_word
from searchkit.keyword.query.rewrite import TermExpander
from searchkit.keyword.scoring.native_executor import LeafPostings
from searchkit.search.retrieval import fast_query
from searchkit.storage import native

if TYPE_CHECKING:
    from searchkit.keyword.scoring.segments import KeywordSegments
    from searchkit.search.retrieval import SearchContext
    from searchkit.types import Query


_SPARE = 8
"""So many rows more than k are looked at, so that those which tie with the last are among them."""

Placed = tuple[tuple[str, float], ...]
"""Ids and scores, best first."""


def rank_straight(reading: SearchContext, query: Query) -> Placed | None:
    """Return the best articles; None where the ranking is for ``ranking.py``. Raises as ``look`` does."""
    if native.COMPILED is None or not reading.generation.rows_are_articles:
        return None
    if (asked := fast_query(reading, query)) is None:
        return None
    (joint, wanted), mask = asked
    leaves, weights = _weighed(reading.keyword, joint, wanted)
    rows, values = reading.keyword.parts.best(joint, leaves, weights, mask, query.k + _SPARE)
    scores, end = values.tolist(), query.k
    if len(scores) > end:
        while end < len(scores) and scores[end] == scores[query.k - 1]:
            end += 1
        if end == len(scores) > query.k + _SPARE:
            return None  # perhaps more of them tie with the last
    ids = reading.generation.placed_ids(rows[:end], values[:end])
    return tuple(zip(ids[: query.k], scores, strict=False))


def _weighed(index: KeywordSegments, joint: Joint, wanted: Sequence[Tree]) -> tuple[list[Any], list[float]]:
    """Return the postings of each different leaf, and what it weighs: its idf, as often as it is asked for."""
    lists = LeafPostings(index)
    times: dict[Sequence[str], float] = {}
    different: list[Term] = []
    for wish in wanted:
        if not isinstance(wish, Term):  # a phrase or a pattern stands alone
            leaf = TermExpander(index).of(wish)
            if not isinstance(leaf, Term | Phrase):
                raise ValueError("patterns and fuzzy words are expanded before they are looked up")
            return [lists.leaf(leaf)], [lists.idf(leaf)]
        if wish.terms not in times:
            different.append(wish)
        times[wish.terms] = times.get(wish.terms, 0.0) + 1.0
    if len(different) == 1 and joint == "any" and (word := own_word(different[0])) is not None:
        leaf = index.parts.preferring(word)
        return [leaf], [times[word.terms] * index.idf(leaf.df)]
    terms = index.parts.term
    leaves = [terms(TEXT, term.terms[0]) if len(term.terms) == 1 else lists.leaf(term) for term in different]
    return leaves, [often * index.idf(leaf.df) for leaf, often in zip(leaves, times.values(), strict=True)]
