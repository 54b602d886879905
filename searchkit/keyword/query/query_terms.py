"""Query terms: the leaves of a tree that the words of a query make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from searchkit.keyword.analysis.stopwords import word_weights
from searchkit.keyword.query.ast import (
    TEXT,
    TITLE,
    And,
    Boost,
    Compound,
    FieldName,
    Maybe,
    Nothing,
    Or,
    Phrase,
    Term,
    Tree,
)

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord


MAX_WORDS = 1_000
"""Different words of a query that are searched."""

NAMED = 10
"""Stop words that a note names."""

WITHOUT_SIGN = 0.25
"""What C counts for C++: enough to be found, too little to come before any C++."""


class QueryWords:
    """The words of a query as they are found, and the leaves they make."""

    def __init__(self, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        self.analyzer = analyzer
        self.found: list[QueryWord] = []
        self.languages = languages
        self._different: set[str] = set()
        self._left_out = False
        self._stop_words: list[str] = []

    def analysed(self, text: str, start: int, *, wanted: bool = True) -> list[QueryWord]:
        """Return the words of a part of the query that starts at a place in it, and keep them if they are wanted."""
        words = []
        for word in self.analyzer.query_terms(text, self.languages):
            if word.surface not in self._different and len(self._different) >= MAX_WORDS:
                self._left_out = True
                continue
            self._different.add(word.surface)
            words.append(replace(word, start=word.start + start, end=word.end + start) if start else word)
        if wanted:
            self.found += words
        return words

    def leaves(self, text: str, start: int, field: FieldName, *, wanted: bool = True) -> list[Tree]:
        """Return a leaf for each word; a run of a script without spaces gives a leaf for each of its terms."""
        return [leaf for word in self.analysed(text, start, wanted=wanted) for leaf in leaves_of(word, field)]

    def telling_leaves(self, text: str) -> list[Tree]:
        """Return a leaf for each word of a plain query that says what it is about."""
        weighted = list(zip(words := self.analysed(text, 0), word_weights(words, self.languages), strict=True))
        self._stop_words = list(dict.fromkeys(word.surface for word, weight in weighted if not weight))
        leaves: list[Tree] = []
        for word, weight in weighted:
            if weight == 1:
                leaves += leaves_of(word, TEXT)
            elif weight:
                leaves += [Boost(child=leaf, factor=weight) for leaf in leaves_of(word, TEXT)]
        return leaves

    def notes(self, tree: Tree) -> list[str]:
        """Say what the user must know of the words."""
        notes = []
        if self._left_out:
            notes.append(f"Of the query's words, the first {MAX_WORDS:,} different ones were searched.")
        if self._stop_words:
            shown = ", ".join(self._stop_words[:NAMED]) + (", …" if len(self._stop_words) > NAMED else "")
            notes.append(f"Not searched by keyword, as words that most texts have: {shown}.")
        if isinstance(tree, Nothing):
            notes.append("The query has no words to search for.")
        return notes


def leaves_of(word: QueryWord, field: FieldName) -> list[Tree]:
    """Return the leaves of one word: a compound is one, a run of a script without spaces one for each of its terms.

    The letters of AT&T count where they stand side by side (AT & T), those of C++ a little, so that C++ comes first.
    Of a title's word any form is enough, and its own form counts once more: titles are short, and would tie.
    """
    unit = word.units[0]
    if len(word.units) == 1 and field == TEXT and not unit.joined and "&" not in unit.surface:  # as most are
        return [Term(terms=unit.terms, field=field, own=unit.surfaces)]
    units = [Term(terms=unit.terms, field=field, own=unit.surfaces) for unit in word.units]
    if word.has_sign_outside:
        return [Or(children=(units[0], *(Boost(child=unit, factor=WITHOUT_SIGN) for unit in units[1:])))]
    if word.is_initials:
        offsets = tuple(unit.offset for unit in word.units[1:])
        return [Or(children=(units[0], Phrase(units=tuple(units[1:]), offsets=offsets)))]
    if word.units[0].joined:
        return [Compound(joined=units[0], parts=tuple(units[1:]))]
    if field == TITLE:
        own = [Term(terms=unit.terms, field=field, surfaces=unit.surfaces) for unit in word.units]
        return [And(children=(unit, Maybe(child=form))) for unit, form in zip(units, own, strict=True)]
    return list(units)


def any_of(children: Sequence[Tree]) -> Tree:
    """Return the tree that holds where any child does."""
    return children[0] if len(children) == 1 else Or(children=tuple(children))


def all_of(children: Sequence[Tree]) -> Tree:
    """Return the tree that holds where all children do."""
    return children[0] if len(children) == 1 else And(children=tuple(children))
