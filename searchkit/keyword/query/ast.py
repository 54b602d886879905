"""Query tree: a query after parsing, as frozen records.

Leaves stand for words (`Term`, `Compound`, `Pattern`, `Fuzzy`, `Phrase`) or for sets of articles (`Filter`, `Every`,
`Nothing`); branches combine them (`And`, `Or`, `Not`, `Maybe`, `Boost`). What a tree *means* stands in `evaluator.py`:
conditions hold for articles, scores belong to chunks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as field_
from typing import Literal

from searchkit.ingest.indexed_text import field_term, is_field_term
from searchkit.types import Filter as Filter  # noqa: PLC0414 - a leaf of this tree, and the same record elsewhere

FieldName = Literal["text", "title"]
TEXT: FieldName = "text"
"""The field that holds title, heading and chunk."""
TITLE: FieldName = "title"
"""The field that holds the title alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of the query: ``terms`` are its stems in the languages searched; they count as one term, their union.

    ``surfaces``: where they are given, only these forms count, as they stand in the text, folded: what quotes ask for.
    ``own``: the forms that were typed, which come first among others where the word is the whole question. They make no
    other word of it.
    """

    terms: Sequence[str]
    field: FieldName = TEXT
    surfaces: tuple[str, ...] = ()
    own: tuple[str, ...] = field_(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """A word made of parts, as S-300: all its terms score; it holds where ``joined`` does or where all ``parts`` do."""

    joined: Term
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Any word that fits a wildcard: ``*`` is any run of characters, ``?`` exactly one. One term, the union of all.

    ``text`` is folded like the words of the index. ``within``: the articles' own field that it is looked for in.
    """

    text: str
    field: FieldName = TEXT
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy:
    """Any word at most ``distance`` edits of one code point away from ``word`` (folded). One term, the union of all."""

    word: str
    distance: int = 1
    field: FieldName = TEXT
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words in order: each ``offsets[i] - offsets[i-1]`` positions after the one before, or up to ``slop - 1`` more.

    ``slop`` 1 is the exact phrase (Whoosh's meaning of the number). The phrase occurs once for each position of its
    first word from which it can be read to its end. It is read in an article, wherever its chunks end: what begins in
    one and ends in another occurs in the one where it begins (the later one, where both have its first word).
    """

    units: tuple[Term, ...]
    offsets: tuple[int, ...]
    slop: int = 1

    @property
    def field(self) -> FieldName:
        """The field that its words are looked for in."""
        return self.units[0].field


@dataclass(frozen=True, slots=True)
class Every:
    """Holds everywhere, scores nothing."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Holds nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Holds where all children do; their scores add up."""

    children: tuple[Tree, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Holds where any child does, but not where a `Not` among them excludes; the scores of those that hold add up."""

    children: tuple[Tree, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds where the child does not; scores nothing."""

    child: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Maybe:
    """Holds everywhere; scores where the child does. What a query would like but doesn't require."""

    child: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was quoted in a text of words: holds everywhere, adds ``factor`` times the score of what has it.

    It stands beside the words themselves, so that it counts neither in U nor among the words asked for.
    """

    child: Term | Phrase
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """The child, its scores multiplied by ``factor`` (above 0): ``word^2`` counts like the word asked twice."""

    child: Tree
    factor: float


def in_field(tree: Tree, name: str) -> Tree:
    """Return what a tree of words asks for within an article's own field: any form of each word."""
    match tree:
        case Term():
            return term_in(tree, name)
        case Compound():
            return replace(
                tree, joined=term_in(tree.joined, name), parts=tuple(term_in(part, name) for part in tree.parts)
            )
        case Phrase():
            return replace(tree, units=tuple(term_in(unit, name) for unit in tree.units))
        case Pattern() | Fuzzy():
            return replace(tree, within=name)
        case And() | Or():
            return replace(tree, children=tuple(in_field(child, name) for child in tree.children))
        case Maybe() | Boost():
            return replace(tree, child=in_field(tree.child, name))
        case _:
            return tree


def term_in(term: Term, name: str) -> Term:
    """Return a word as it is asked for within an article's own field."""
    return Term(terms=tuple(field_term(name, each) for each in term.terms))


def is_in_field(term: Term) -> bool:
    """Say whether a word is asked for within an article's own field."""
    return bool(term.terms) and is_field_term(term.terms[0])


Leaf = Term | Compound | Pattern | Fuzzy | Phrase
Tree = Leaf | Filter | Every | Nothing | And | Or | Not | Maybe | Boost | Wish


def positive_leaves(tree: Tree, factor: float = 1.0) -> Iterator[tuple[Leaf, float]]:
    """Yield the leaves that can score, in the order of the query, each with the product of the boosts above it."""
    match tree:
        case And() | Or():
            for child in tree.children:
                yield from positive_leaves(child, factor)
        case Maybe():
            yield from positive_leaves(tree.child, factor)
        case Boost():
            yield from positive_leaves(tree.child, factor * tree.factor)
        case Filter() | Every() | Nothing() | Not() | Wish():
            return
        case _:
            yield tree, factor


def highlighted(tree: Tree) -> Iterator[Term | Compound]:
    """Yield what stands out in a chunk, of the leaves that can score, after expansion: words and compounds.

    A compound's parts mean it side by side, as those of a phrase of letters and numbers do (without ``joined``).
    """
    match tree:
        case Or(children=(Term() as joined, Boost(child=Term()), *_)) if has_sign_outside(joined):
            parts = [child.child for child in tree.children if isinstance(child, Boost)]
            yield Compound(joined=joined, parts=tuple(part for part in parts if isinstance(part, Term)))
        case And() | Or():
            for child in tree.children:
                yield from highlighted(child)
        case Maybe() | Boost():
            yield from highlighted(tree.child)
        case Phrase(units=units, offsets=offsets, slop=1) if offsets == tuple(range(len(units))) and not all(
            map(is_telling, units)
        ):
            yield Compound(joined=Term(terms=()), parts=units)
        case Phrase():
            yield from tree.units
        case Term() | Compound():
            yield tree


def has_sign_outside(word: Term) -> bool:
    """Say whether a term is that of a word such as C++, C# or .NET, which its letters alone don't mean."""
    return any(term[:1] == "." or term[-1:] in ("+", "#") for term in word.terms)


def is_telling(part: Term) -> bool:
    """Say whether a part of a compound says by itself what the compound is about: a word, no number or letter."""
    return all(term.isalpha() and (len(term) > MOST_INITIALS or not term.isascii()) for term in part.terms)


MOST_INITIALS = 2
"""Letters of a part that says nothing by itself: the s of S-300, the km of 10km."""


def filters(tree: Tree) -> Iterator[Filter]:
    """Yield every filter of the tree, negated ones too."""
    match tree:
        case Filter():
            yield tree
        case And() | Or():
            for child in tree.children:
                yield from filters(child)
        case Maybe() | Boost() | Not():
            yield from filters(tree.child)
        case _:
            return


def without_filters(tree: Tree) -> Tree:
    """Return what a tree asks for beside the filters that hold for all of it; the same where it has none."""
    if isinstance(tree, Filter):
        return Every()
    if not isinstance(tree, And):
        return tree
    kept = tuple(child for child in tree.children if not isinstance(child, Filter) and not _is_negated_filter(child))
    if len(kept) == len(tree.children):
        return tree
    return kept[0] if len(kept) == 1 else And(children=kept) if kept else Every()


def _is_negated_filter(tree: Tree) -> bool:
    return isinstance(tree, Not) and isinstance(tree.child, Filter)
