"""Here is a tree with wildcards and fuzzy words; which terms do they stand for?"""

from __future__ import annotations

from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING

from searchkit.index.keyword.tree import (
    And,
    Boost,
    Compound,
    Fuzzy,
    Leaf,
    Maybe,
    Not,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    positive_leaves,
)

if TYPE_CHECKING:
    from searchkit.index.keyword.statistics import KeywordSegments

EXPANSION_LIMIT = 1_000
"""A wildcard or fuzzy word stands for this many words at most: the ones that stand in most rows."""


class Expansion:
    """Puts the union of the terms found in the place of every wildcard and fuzzy word; notes what was left out."""

    def __init__(self, index: KeywordSegments) -> None:
        self.notes: list[str] = []
        self._index = index
        self._found: dict[Pattern | Fuzzy, Term] = {}

    def of(self, tree: Tree) -> Tree:
        """Return the expanded tree."""
        match tree:
            case Pattern() | Fuzzy():
                if tree not in self._found:
                    self._found[tree] = self._union(tree)
                return self._found[tree]
            case And() | Or():
                children = tuple(map(self.of, tree.children))
                same = all(map(is_, children, tree.children))
                return tree if same else replace(tree, children=children)
            case Not() | Maybe() | Boost():
                child = self.of(tree.child)
                return tree if child is tree.child else replace(tree, child=child)
            case _:
                return tree

    def _union(self, leaf: Pattern | Fuzzy) -> Term:
        if isinstance(leaf, Pattern):
            asked = leaf.text
            found = self._index.lexicon.fitting(leaf.text, EXPANSION_LIMIT)
        else:
            asked = f"{leaf.word}~{leaf.distance}"
            found = self._index.lexicon.near(leaf.word, leaf.distance, EXPANSION_LIMIT)
        if found.total > EXPANSION_LIMIT:
            self.notes.append(
                f"'{asked}' stands for {found.total:,} words; the {EXPANSION_LIMIT:,} most frequent were searched."
            )
        terms: set[str] = set()
        for segment, words in zip(self._index.segments, found.indexes, strict=True):
            field = segment.postings.field("text")
            terms.update(field.terms(segment.postings.words.terms_of_many(words).tolist()))
        return Term(terms=tuple(sorted(terms)), field=leaf.field)


def units_of(leaf: Leaf) -> tuple[Term, ...]:
    """Return the terms that a leaf counts, after expansion."""
    match leaf:
        case Term():
            return (leaf,)
        case Compound():
            return (leaf.joined, *leaf.parts)
        case Phrase():
            return leaf.units
        case _:
            raise ValueError("patterns and fuzzy words are expanded before they are counted")


def terms_of(tree: Tree) -> frozenset[str]:
    """Return the terms that an expanded tree's positive leaves stand for."""
    return frozenset(term for leaf, _ in positive_leaves(tree) for unit in units_of(leaf) for term in unit.terms)
