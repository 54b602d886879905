"""Query plan: the steps in which a tree of words and conditions is worked out.

*Registers* are sets of articles, one an operation: all of them, those with a leaf, those that pass a filter, and what
AND, OR and NOT make of two others. *Steps* add a leaf's scores to the rows of one register's articles, in the order
of the query, so that whoever follows the list adds the same numbers in the same order. Equal operations are made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from searchkit.keyword.query.ast import (
    And,
    Boost,
    Compound,
    Every,
    FieldName,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    Wish,
)

ALL = 0
"""The register that holds every article."""


class Op(IntEnum):
    """What makes a register: of nothing, of a leaf, of a filter, or of registers before it."""

    ALL = 0
    NONE = 1
    LEAF = 2
    FILTER = 3
    AND = 4
    OR = 5
    NOT = 6


Operation = tuple[Op, int, int]
"""What is done, and with what: the number of a leaf or a filter, or one register or two."""


class Step(NamedTuple):
    """Add ``factor`` times a leaf's scores where the register ``gate`` is open; ``holding`` says which rows match then.

    A ``leaf`` below 0 scores nothing: every row of the register matches.
    """

    leaf: int
    factor: float
    gate: int
    holding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A tree, taken apart.

    ``root`` is the register of the articles that meet the conditions. ``asks``: the tree asks for words, so that a row
    needs one to match. ``required``: the leaves without any of which no article meets the conditions. ``plain``: there
    is no condition at all, any row with a word matches.
    """

    leaves: tuple[Term | Phrase, ...]
    filters: tuple[Filter, ...]
    operations: tuple[Operation, ...]
    root: int
    steps: tuple[Step, ...]
    asks: bool
    required: tuple[int, ...]
    plain: bool


def plan_of(tree: Tree) -> QueryPlan:
    """Take an expanded tree apart: one without patterns and fuzzy words."""
    maker = _PlanBuilder()
    root = maker.holds(tree)
    asks = asks_for_words(tree)
    if asks:
        maker.add(tree, root, 1.0)
    steps = _merged(maker.steps)
    return QueryPlan(
        leaves=tuple(maker.leaves),
        filters=tuple(maker.filters),
        operations=tuple(maker.operations),
        root=root,
        steps=steps,
        asks=asks,
        required=tuple(sorted(maker.required(root))),
        plain=asks and root == ALL and all(s.leaf >= 0 and s.gate == s.holding == ALL for s in steps),
    )


def _merged(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Make one step of those that add the same leaf in the same articles: a list is walked through once."""
    factors: dict[tuple[int, int, int], float] = {}
    for leaf, factor, gate, holding in steps:
        factors[leaf, gate, holding] = factors.get((leaf, gate, holding), 0.0) + factor
    return tuple(Step(leaf, factor, gate, holding) for (leaf, gate, holding), factor in factors.items())


def lone_word(program: QueryPlan) -> Term | None:
    """Return the word that is all of a question, if it can be told which of its forms was typed."""
    if not program.plain or len(program.leaves) != 1 or len(program.steps) != 1:
        return None
    return own_word(program.leaves[0])


def own_word(leaf: Term | Phrase) -> Term | None:
    """Return a leaf if it is a word of one term whose own form is known."""
    single = isinstance(leaf, Term) and len(leaf.own) == 1 and not leaf.surfaces and len(leaf.terms) == 1
    return leaf if single and isinstance(leaf, Term) else None


def words_of(tree: Tree) -> tuple[Term, ...] | None:
    """Return the words of a tree in which any may stand there, and nothing else is asked; None of any other tree."""
    if not isinstance(tree, Maybe):
        return None
    words = tree.child.children if isinstance(tree.child, Or) else (tree.child,)
    terms = tuple([word for word in words if isinstance(word, Term) and not word.surfaces])
    return terms if len(terms) == len(words) else None


def plan_of_words(words: Sequence[Term]) -> QueryPlan:
    """Return what ``plan_of`` makes of a tree of words alone, as most queries are: in a tenth of the time."""
    times: dict[tuple[FieldName, Sequence[str]], int] = {}
    leaves: list[Term] = []
    for word in words:
        key = word.field, word.terms  # to hash the word itself costs several times as much
        if key not in times:
            leaves.append(word)
        times[key] = times.get(key, 0) + 1
    return QueryPlan(
        leaves=tuple(leaves),
        filters=(),
        operations=_ANYWHERE,
        root=ALL,
        steps=_steps(tuple(times.values())),
        asks=True,
        required=(),
        plain=True,
    )


_ANYWHERE: tuple[Operation, ...] = ((Op.ALL, 0, 0),)


@lru_cache(maxsize=256)
def _steps(times: tuple[int, ...]) -> tuple[Step, ...]:
    """Return a step a word, which is asked so many times."""
    return tuple([Step(leaf, 1.0 * often, ALL, ALL) for leaf, often in enumerate(times)])


def asks_for_words(tree: Tree) -> bool:
    """Say whether a tree asks for words, not for filters and exclusions alone."""
    match tree:
        case Term() | Phrase() | Compound() | Pattern() | Fuzzy() | Wish():
            return True
        case And() | Or():
            return any(map(asks_for_words, tree.children))
        case Maybe() | Boost():
            return asks_for_words(tree.child)
        case _:
            return False


class _PlanBuilder:
    """Makes the registers and the steps, and gives numbers to what they use."""

    def __init__(self) -> None:
        self.leaves: dict[Term | Phrase, int] = {}
        self.filters: dict[Filter, int] = {}
        self.operations: dict[Operation, int] = {(Op.ALL, 0, 0): ALL}
        self.steps: list[Step] = []
        self._held: dict[int, int] = {}

    def holds(self, tree: Tree) -> int:
        """Return the register of the articles that a tree holds for."""
        # By identity: the tree outlives the making, and to hash a large one costs more than to walk through it.
        if id(tree) not in self._held:
            self._held[id(tree)] = self._holds(tree)
        return self._held[id(tree)]

    def _holds(self, tree: Tree) -> int:
        match tree:
            case Term() | Phrase():
                return self._register(Op.LEAF, self._leaf(tree))
            case And():
                return self._every(tree.children, ALL)
            case Or():
                return self._any(tree)
            case Not():
                return self._not(self.holds(tree.child))
            case Boost():
                return self.holds(tree.child)
            case Maybe() | Every() | Wish():
                return ALL
            case Nothing():
                return self._register(Op.NONE)
            case Filter():
                return self._register(Op.FILTER, self.filters.setdefault(tree, len(self.filters)))
            case Compound():
                return self._either(self.holds(tree.joined), self._every(tree.parts, ALL))
            case _:
                raise ValueError("patterns and fuzzy words are expanded before they are evaluated")

    def _any(self, tree: Or) -> int:
        """Return where some child holds and no `Not` excludes; exclusions alone hold where all of them do."""
        wanted = [self.holds(child) for child in tree.children if not isinstance(child, Not)]
        some = wanted[0] if wanted else ALL
        for register in wanted[1:]:
            some = self._either(some, register)
        return self._every([child for child in tree.children if isinstance(child, Not)], some)

    def _every(self, children: Sequence[Tree], held: int) -> int:
        for child in children:
            held = self._both(held, self.holds(child))
        return held

    def _both(self, a: int, b: int) -> int:
        if ALL in (a, b) or a == b:
            return max(a, b)
        return self._register(Op.AND, a, b)

    def _either(self, a: int, b: int) -> int:
        if ALL in (a, b):
            return ALL
        return a if a == b else self._register(Op.OR, a, b)

    def _not(self, a: int) -> int:
        return self._register(Op.NONE) if a == ALL else self._register(Op.NOT, a)

    def _register(self, do: Op, a: int = 0, b: int = 0) -> int:
        return self.operations.setdefault((do, a, b), len(self.operations))

    def _leaf(self, leaf: Term | Phrase) -> int:
        return self.leaves.setdefault(leaf, len(self.leaves))

    def required(self, register: int) -> frozenset[int]:
        """Return the leaves that every article of a register has."""
        operations = list(self.operations)
        groups: list[frozenset[int]] = []
        for do, a, b in operations[: register + 1]:
            if do == Op.LEAF:
                groups.append(frozenset((a,)))
            elif do == Op.AND:
                groups.append(groups[a] | groups[b])
            elif do == Op.OR:
                groups.append(groups[a] & groups[b])
            else:
                groups.append(frozenset())
        return groups[register]

    def add(self, tree: Tree, gate: int, factor: float) -> None:
        """Make the steps that add a tree's scores where a register is open."""
        match tree:
            case Maybe():
                self.add(tree.child, gate, factor)
            case Boost():
                self.add(tree.child, gate, factor * tree.factor)
            case And():
                gate = self._both(gate, self.holds(tree))
                for child in filter(asks_for_words, tree.children):
                    self.add(child, gate, factor)
            case Or():
                if any(isinstance(child, Not) for child in tree.children):
                    gate = self._both(gate, self.holds(tree))
                self._add_any(tree, gate, factor)
            case Compound():
                holding = self._both(gate, self.holds(tree))
                for unit in (tree.joined, *tree.parts):
                    self.steps.append(Step(self._leaf(unit), factor, gate, holding))
            case Term() | Phrase():
                self.steps.append(Step(self._leaf(tree), factor, gate, gate))
            case Wish():
                self.steps.append(Step(self._leaf(tree.child), factor * tree.factor, gate, gate))
            case _:
                return

    def _add_any(self, tree: Or, gate: int, factor: float) -> None:
        # A word asked several times is added once, as often as it is asked.
        for child, times in Counter(tree.children).items():
            if asks_for_words(child):
                self.add(child, gate, factor * times)
            elif not isinstance(child, Not):  # a filter beside words: each row of its articles is as good as a word
                register = self._both(gate, self.holds(child))
                self.steps.append(Step(-1, 0.0, register, register))
