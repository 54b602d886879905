"""Here are a tree and an index; which rows match it, and how well?

*Conditions hold for articles, scores belong to chunks.* A leaf holds for an article when it occurs in any of its rows;
`And`, `Or`, `Not` combine these. A row matches when its article satisfies the whole tree and the row itself has a word
that was asked for; where the tree asks for no word (filters and exclusions alone), every row of the article matches.
A branch scores in the articles where it holds, so ``(a AND b) OR c`` counts a and b only where both are.

BM25 as Lucene has it: ``idf * tf / (tf + k1 * ((1 - b) + b * length / average))``, without the factor (k1 + 1).
A union of terms counts as one term. A phrase counts as one term too, its idf the sum of its words'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.keyword.phrases import phrase_postings
from searchkit.index.keyword.tree import (
    And,
    Boost,
    Compound,
    Every,
    Filter,
    Fuzzy,
    Leaf,
    Maybe,
    Not,
    Nothing,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    positive_leaves,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.keyword.statistics import KeywordSegments

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]
    Resolve = Callable[[Filter], NDArray[np.bool_]]

EXPANSION_LIMIT = 1_000
"""A wildcard or fuzzy word stands for this many words at most: the ones that stand in most rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How well each global row answers a tree.

    ``scores``: ``(rows,)`` float64, 0 where the row doesn't match. ``matched``: ``(rows,)`` bool.
    ``allowed``: ``(rows,)`` bool, the living rows of the articles that meet the conditions, whether or not a word
    stands in the row: what another leg may return. ``idf_sum``: U, the sum of idf over what was asked for, repeats and
    unknown words included. ``terms``: the stems that were looked for, for highlighting. ``notes``: for the user.
    """

    scores: NDArray[np.float64]
    matched: Mask
    allowed: Mask
    idf_sum: float
    terms: frozenset[str]
    notes: tuple[str, ...]


def evaluate(index: KeywordSegments, tree: Tree, *, mask: Mask | None = None, resolve: Resolve | None = None) -> Scores:
    """Score every row of an index.

    ``mask``, ``(rows,)`` bool, limits what may match (a filter); it changes no score. ``resolve`` turns a `Filter` of
    the tree into a mask of rows; it may raise ``QueryError``, and it is needed where the tree has filters.
    """
    expansion = _Expansion(index)
    tree = expansion.of(tree)
    evaluation = _Evaluation(index, resolve)
    allowed = evaluation.holds(tree)[index.article_of_row] & index.living
    if mask is not None:
        allowed &= mask
    asks = _asks_for_words(tree)
    if asks:
        evaluation.add(tree, allowed, 1.0)
    matched = evaluation.touched if asks else allowed
    return Scores(
        scores=np.where(matched, evaluation.scores, 0.0),
        matched=matched,
        allowed=allowed,
        idf_sum=evaluation.idf_sum(tree),
        terms=_terms(tree),
        notes=tuple(expansion.notes),
    )


def idf_sum(index: KeywordSegments, tree: Tree) -> float:
    """Return U: the sum of idf over the words that a tree asks for, each as often as it asks (a boost multiplies)."""
    return _Evaluation(index, None).idf_sum(_Expansion(index).of(tree))


def highlight_terms(index: KeywordSegments, tree: Tree) -> frozenset[str]:
    """Return the terms that a tree's positive leaves stand for."""
    return _terms(_Expansion(index).of(tree))


def _terms(tree: Tree) -> frozenset[str]:
    return frozenset(term for leaf, _ in positive_leaves(tree) for unit in _units(leaf) for term in unit.terms)


class _Expansion:
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
                return replace(tree, children=tuple(map(self.of, tree.children)))
            case Not() | Maybe() | Boost():
                return replace(tree, child=self.of(tree.child))
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
            terms.update(field.term(int(i)) for i in segment.postings.words.terms_of_many(words))
        return Term(terms=tuple(sorted(terms)), field=leaf.field)


def _units(leaf: Leaf) -> tuple[Term, ...]:
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


def _asks_for_words(tree: Tree) -> bool:
    return next(positive_leaves(tree), None) is not None


class _Evaluation:
    """One evaluation: which articles each branch holds for, found once, and the scores as they add up."""

    def __init__(self, index: KeywordSegments, resolve: Resolve | None) -> None:
        self.scores = np.zeros(index.rows)
        self.touched = np.zeros(index.rows, dtype=bool)
        self._index = index
        self._resolve = resolve
        self._held: dict[int, Mask] = {}
        self._scored: dict[Term | Phrase, tuple[Numbers, NDArray[np.float64]]] = {}
        self._idfs: dict[Term, float] = {}

    def holds(self, tree: Tree) -> Mask:
        """Return ``(articles,)`` bool: where a tree holds. The array may be shared: not to be changed."""
        # By identity: the tree outlives the evaluation, and to hash a large one costs more than to evaluate it.
        if id(tree) not in self._held:
            self._held[id(tree)] = self._holds(tree)
        return self._held[id(tree)]

    def _holds(self, tree: Tree) -> Mask:
        match tree:
            case And():
                return self._every(tree.children, self._all())
            case Or():
                return self._any(tree)
            case Not():
                return ~self.holds(tree.child)
            case Boost():
                return self.holds(tree.child)
            case Maybe() | Every():
                return self._all()
            case Nothing():
                return ~self._all()
            case Filter():
                if self._resolve is None:
                    raise ValueError("a tree with filters needs someone who resolves them")
                return self._articles(np.flatnonzero(self._resolve(tree)))
            case Compound():
                return self.holds(tree.joined) | self._every(tree.parts, self._all())
            case Term() | Phrase():
                return self._articles(self._score(tree)[0])
            case Pattern() | Fuzzy():
                raise ValueError("patterns and fuzzy words are expanded before they are evaluated")

    def _any(self, tree: Or) -> Mask:
        """Return where some child holds and no `Not` excludes; exclusions alone hold where all of them do."""
        wanted = [self.holds(child) for child in tree.children if not isinstance(child, Not)]
        excluding = [child for child in tree.children if isinstance(child, Not)]
        some = reduce(np.logical_or, wanted) if wanted else self._all()
        return self._every(excluding, some)

    def _every(self, children: Sequence[Tree], held: Mask) -> Mask:
        """Return where ``held`` is and all children hold; what comes after the last hope isn't read."""
        for child in children:
            if not held.any():
                break
            held = held & self.holds(child)
        return held

    def _all(self) -> Mask:
        return np.ones(self._index.articles, dtype=bool)

    def _articles(self, rows: Numbers) -> Mask:
        held = np.zeros(self._index.articles, dtype=bool)
        held[self._index.article_of_row[rows]] = True
        return held

    def add(self, tree: Tree, gate: Mask, factor: float) -> None:
        """Add a tree's scores in the rows where ``gate``, ``(rows,)`` bool, is open, and mark the rows it touches."""
        if not gate.any():
            return
        match tree:
            case Maybe():
                self.add(tree.child, gate, factor)
            case Boost():
                self.add(tree.child, gate, factor * tree.factor)
            case And():
                gate = self._narrowed(gate, tree)
                for child in filter(_asks_for_words, tree.children):
                    self.add(child, gate, factor)
            case Or():
                gate = self._narrowed(gate, tree) if any(isinstance(child, Not) for child in tree.children) else gate
                self._add_any(tree, gate, factor)
            case Compound():
                holding = self._narrowed(gate, tree)
                for unit in (tree.joined, *tree.parts):
                    self._add_leaf(unit, gate, holding, factor)
            case Term() | Phrase():
                self._add_leaf(tree, gate, gate, factor)
            case _:
                return

    def _add_any(self, tree: Or, gate: Mask, factor: float) -> None:
        # A word asked several times is added once, as often as it is asked.
        for child, times in Counter(tree.children).items():
            if _asks_for_words(child):
                self.add(child, gate, factor * times)
            elif not isinstance(child, Not):  # a filter beside words: each row of its articles is as good as a word
                self.touched |= self._narrowed(gate, child)

    def _add_leaf(self, leaf: Term | Phrase, gate: Mask, holding: Mask, factor: float) -> None:
        rows, scores = self._score(leaf)
        open_ = gate[rows]
        rows = rows[open_]
        self.scores[rows] += factor * scores[open_]
        self.touched[rows] |= holding[rows]

    def _narrowed(self, gate: Mask, tree: Tree) -> Mask:
        return gate & self.holds(tree)[self._index.article_of_row]

    def _score(self, leaf: Term | Phrase) -> tuple[Numbers, NDArray[np.float64]]:
        """Return the living rows in which a leaf occurs and BM25 there: the same leaf asked twice is read once."""
        if leaf not in self._scored:
            index = self._index
            if isinstance(leaf, Phrase):
                rows, tf = phrase_postings(index, leaf)
                idf = sum((self._idf(unit) for unit in leaf.units), 0.0)
                field = leaf.units[0].field
            else:
                rows, tf = index.postings(leaf.field, leaf.terms)
                idf = index.idf(len(rows))
                field = leaf.field
            self._scored[leaf] = rows, idf * tf / (tf + index.norms(field)[rows])
        return self._scored[leaf]

    def _idf(self, unit: Term) -> float:
        """Return the idf of a unit: that of the living rows that have any of its terms."""
        if unit not in self._idfs:
            single = len(unit.terms) == 1 and unit not in self._scored
            df = self._index.df(unit.field, unit.terms[0]) if single else len(self._score(unit)[0])
            self._idfs[unit] = self._index.idf(df)
        return self._idfs[unit]

    def idf_sum(self, tree: Tree) -> float:
        """Return U of an expanded tree."""
        units = ((unit, factor) for leaf, factor in positive_leaves(tree) for unit in _units(leaf))
        return sum((factor * self._idf(unit) for unit, factor in units), 0.0)
