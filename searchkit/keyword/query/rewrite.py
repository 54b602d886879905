"""Query rewriting: wildcards and fuzzy words become the terms that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from operator import is_
from typing import TYPE_CHECKING, overload

import numpy as np

from searchkit.keyword.query.ast import (
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
    Wish,
    in_field,
)
from searchkit.storage import native

if TYPE_CHECKING:
    from searchkit.keyword.scoring.segments import KeywordSegments


EXPANSION_LIMIT = 1_000
"""A wildcard or fuzzy word stands for this many words at most: the ones that stand in most rows."""


NO_FORMS = (
    "The index was written before the forms of a word were told apart: all of them were searched; 'searchkit rebuild' "
    "brings that, without encoding anything."
)

_WIDTH = 4
"""Bytes of a word's number."""


class TermExpander:
    """Puts the union of the terms found in the place of every wildcard and fuzzy word; notes what was left out."""

    def __init__(self, index: KeywordSegments) -> None:
        self.notes: list[str] = []
        self._index = index
        self._found: dict[Pattern | Fuzzy, Tree] = {}
        self._formless: dict[Term, Term] = {}

    def of(self, tree: Tree) -> Tree:
        """Return the expanded tree."""
        match tree:
            case Pattern() | Fuzzy():
                if tree not in self._found:
                    union = self._union(tree)
                    self._found[tree] = in_field(union, tree.within) if tree.within else union
                return self._found[tree]
            case Term():
                return self._term(tree)
            case Phrase() if not self._index.has_forms:
                units = tuple(map(self._term, tree.units))
                return tree if all(map(is_, units, tree.units)) else replace(tree, units=units)
            case Compound() if not self._index.has_forms:
                parts = tuple(map(self._term, tree.parts))
                return replace(tree, joined=self._term(tree.joined), parts=parts)
            case And() | Or():
                children = tuple(map(self.of, tree.children))
                same = all(map(is_, children, tree.children))
                return tree if same else replace(tree, children=children)
            case Not() | Maybe() | Boost():
                child = self.of(tree.child)
                return tree if child is tree.child else replace(tree, child=child)
            case Wish():
                wished = self.of(tree.child)
                if wished is not tree.child and isinstance(wished, Term | Phrase):
                    return Wish(child=wished, factor=tree.factor)
                return tree
            case _:
                return tree

    def _term(self, leaf: Term) -> Term:
        """Return a word that stands for all of its forms where the index doesn't tell them apart."""
        if not leaf.surfaces or self._index.has_forms:
            return leaf
        if NO_FORMS not in self.notes:
            self.notes.append(NO_FORMS)
        return self._formless.setdefault(leaf, replace(leaf, surfaces=()))

    def _union(self, leaf: Pattern | Fuzzy) -> Term:
        if native.COMPILED is not None:
            words = self._look(leaf)
            if sum(map(len, words)) <= EXPANSION_LIMIT * _WIDTH:
                return Term(terms=WordSet(self._index, words), field=leaf.field)
        if isinstance(leaf, Pattern):
            typed = leaf.text
            matches = self._index.lexicon.fitting(leaf.text, EXPANSION_LIMIT)
        else:
            typed = f"{leaf.word}~{leaf.distance}"
            matches = self._index.lexicon.near(leaf.word, leaf.distance, EXPANSION_LIMIT)
        if matches.total > EXPANSION_LIMIT:
            self.notes.append(
                f"'{typed}' stands for {matches.total:,} words; the {EXPANSION_LIMIT:,} most frequent were searched."
            )
        chosen = tuple(words.astype(np.uint32).tobytes() for words in matches.indexes)
        terms = WordSet(self._index, chosen)
        return Term(terms=terms if native.COMPILED is not None else tuple(terms), field=leaf.field)

    def _look(self, leaf: Pattern | Fuzzy) -> tuple[bytes, ...]:
        """Return the numbers of the words of each segment that look like a leaf, by the compiled loops."""
        if isinstance(leaf, Fuzzy):
            return self._index.parts.words(2, leaf.word, leaf.distance)
        begins = leaf.text.rstrip("*")
        if len(begins) == len(leaf.text) - 1 and "*" not in begins and "?" not in begins:
            return self._index.parts.words(0, begins, 0)
        return self._index.parts.words(1, leaf.text, 0)


class WordSet(Sequence[str]):
    """The terms that some words stand for, sorted; their texts are read when somebody asks for them.

    ``words``: for each segment the numbers of its words, 32 bits each. Alike only to itself.
    """

    def __init__(self, index: KeywordSegments, words: tuple[bytes, ...]) -> None:
        self.words = words
        self._index = index

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        terms: set[str] = set()
        for segment, numbers in zip(self._index.segments, self.words, strict=True):
            ids = segment.postings.words.terms_of_many(np.frombuffer(numbers, np.uint32).astype(np.int64))
            terms.update(segment.postings.field("text").terms(ids.tolist()))
        return tuple(sorted(terms))

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        return self._texts[place]


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
