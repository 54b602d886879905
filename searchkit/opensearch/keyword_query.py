"""Keyword query: a plan of words and conditions (``keyword/query/plan.py``) as queries of the cluster.

*Registers* become conditions on articles, leaves become queries on chunks. A plan's steps go by the register that gates
them: what the leaves of one gate score in a chunk is asked together, and counts in articles where the gate is open.
Which leaves stand in a chunk comes back by their names: so coverage is told from BM25.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import sqrt
from typing import Any

from searchkit.errors import QueryError
from searchkit.keyword.query.ast import (
    And,
    Boost,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    highlighted,
    positive_leaves,
)
from searchkit.keyword.query.plan import ALL, Op, QueryPlan, Step, lone_word, plan_of
from searchkit.keyword.query.rewrite import units_of
from searchkit.keyword.scoring.bm25 import K1, OWN_FORM
from searchkit.opensearch.chunk_terms import GAP, STACKED
from searchkit.opensearch.filter_query import EVERYTHING, NOTHING, Clause, all_of, any_of, none_of
from searchkit.opensearch.mapping import BORDER, CHUNKS, FORMS
from searchkit.opensearch.word_statistics import Word, WordStatistics, word_of

_ACROSS = 1 / (1 + K1)
"""What of its idf a phrase counts that crosses the border of two chunks: as once in a chunk of average length."""


class KeywordQuery:
    """What a tree of words asks of a cluster. Never changed, so any number of threads may share one.

    ``idf_sum`` is U; ``presence`` what a leaf counts in coverage, times its weight.
    """

    def __init__(
        self,
        tree: Tree,
        statistics: WordStatistics,
        clause_of: Callable[[Filter], Clause],
        *,
        coverage: float = 0.0,
    ) -> None:
        """Take a tree apart; ``clause_of`` compiles a condition. Raises ``QueryError``, ``BackendError``."""
        refuse_unsupported(tree)
        self.plan: QueryPlan = plan_of(tree)
        self._filters = [clause_of(condition) for condition in self.plan.filters]
        self._statistics = statistics
        weighted = [(unit, factor) for leaf, factor in positive_leaves(tree) for unit in units_of(leaf)]
        own = lone_word(self.plan)
        statistics.learn(
            [
                *(word_of(unit) for leaf in self.plan.leaves for unit in units_of(leaf)),
                *(word_of(unit) for unit, _ in weighted),
                *([(FORMS, own.own)] if own is not None else []),
            ]
        )
        self.idf_sum = sum([factor * statistics.idf(word_of(unit)) for unit, factor in weighted], 0.0)
        self.presence = coverage / sqrt(self.idf_sum) if self.idf_sum > 0 else 0.0
        self.highlights = tuple(highlighted(tree))

    @property
    def asks(self) -> bool:
        """Whether it asks for words: a chunk needs one then."""
        return self.plan.asks

    @cached_property
    def conditions(self) -> list[Clause]:
        """What an article must meet, whether or not a word stands in it."""
        return [] if self.plan.root == ALL else [self.register(self.plan.root)]

    @cached_property
    def matching(self) -> list[Clause]:
        """What an article meets that matches: the conditions, and a word of it where words are asked for."""
        if not self.asks:
            return self.conditions
        ways = [
            all_of([*self._open(step.holding), *([_nested(self._leaf(step.leaf))] if step.leaf >= 0 else [])])
            for step in self.plan.steps
        ]
        return [*self.conditions, any_of(ways)]

    def ranked(self, filters: Sequence[Clause]) -> Clause:
        """Return the query that ranks articles by their best chunk, those that pass filters."""
        scored = []
        for gate, steps in self.gates:
            best = _nested(_sum([clause for step in steps for clause in self._weighed(step)]), "max")
            scored.append(best if not self._open(gate) else {"bool": {"filter": self._open(gate), "must": [best]}})
        return {"bool": {"filter": [*self.matching, *filters], "should": scored}}

    @cached_property
    def gates(self) -> list[tuple[int, list[Step]]]:
        """The steps that score, by the register that gates them."""
        by_gate: dict[int, list[Step]] = {}
        for step in self.plan.steps:
            if step.leaf >= 0:
                by_gate.setdefault(step.gate, []).append(step)
        return list(by_gate.items())

    def scoring(self, gate: int, name: str, most: int) -> Clause:
        """Return the query whose inner hits say what each chunk scores by the leaves of a gate, and which it has."""
        steps = next(steps for own, steps in self.gates if own == gate)
        clauses = [
            self._leaf(step.leaf, boost=step.factor * self._boost(step.leaf), name=str(place))
            for place, step in enumerate(steps)
        ]
        return _nested(_sum(clauses), "max", {"name": name, "size": most, "_source": False})

    def present(self, step: Step) -> float:
        """Return what a leaf counts in coverage where it stands."""
        return step.factor * self._idf(step.leaf) * self.presence

    @property
    def registers(self) -> list[int]:
        """The registers that have to be known of an article, beside ``conditions``."""
        used = {number for step in self.plan.steps for number in (step.gate, step.holding)}
        return sorted(used - {ALL, self.plan.root})

    def register(self, number: int) -> Clause:
        """Return the condition that a register is, on an article."""
        do, a, b = self.plan.operations[number]
        match do:
            case Op.ALL:
                return EVERYTHING
            case Op.NONE:
                return NOTHING
            case Op.LEAF:
                return _nested(self._leaf(a))
            case Op.FILTER:
                return self._filters[a]
            case Op.AND:
                return all_of([self.register(a), self.register(b)])
            case Op.OR:
                return any_of([self.register(a), self.register(b)])
            case Op.NOT:
                return none_of(self.register(a))

    def _open(self, register: int) -> list[Clause]:
        return [] if register in (ALL, self.plan.root) else [self.register(register)]

    def _weighed(self, step: Step) -> list[Clause]:
        """Return the queries that score a leaf: by BM25, and by its presence."""
        clauses = [self._leaf(step.leaf, boost=step.factor * self._boost(step.leaf))]
        if present := self.present(step):
            clauses.append({"constant_score": {"filter": self._leaf(step.leaf), "boost": present}})
        return clauses

    def _idf(self, leaf: int) -> float:
        wanted = self.plan.leaves[leaf]
        return sum(self._statistics.idf(word_of(unit)) for unit in units_of(wanted))

    def _boost(self, leaf: int) -> float:
        """Return what makes the cluster's idf of a leaf ours: it counts a union of terms otherwise."""
        wanted = self.plan.leaves[leaf]
        words = [word_of(unit) for unit in units_of(wanted)]
        if isinstance(wanted, Phrase):
            there = sum(self._statistics.idf_sum_there(word) for word in words)
        else:
            there = self._statistics.idf_there(words[0])
        return self._idf(leaf) / there if there > 0 else 1.0

    def _leaf(self, leaf: int, *, boost: float = 1.0, name: str = "") -> Clause:
        wanted = self.plan.leaves[leaf]
        if isinstance(wanted, Phrase):
            clause = self._phrase(wanted, leaf, boost)
        else:
            clause = self._term(word_of(wanted), wanted, boost)
        return {"bool": {"must": [clause], "_name": name}} if name else clause

    def _term(self, word: Word, term: Term, boost: float) -> Clause:
        clause = _any(word, boost)
        own = lone_word(self.plan)
        if own is None or not self._is_preferred(word, own):
            return clause
        typed = {"bool": {"must": [_any(word, boost * OWN_FORM)], "filter": [_any((FORMS, own.own), 1.0)]}}
        return {"dis_max": {"queries": [clause, typed]}}

    def _is_preferred(self, word: Word, own: Term) -> bool:
        """Say whether a word's own form stands in some of its chunks, not in all."""
        return self._statistics.df((FORMS, own.own)) not in {0, self._statistics.df(word)}

    def _phrase(self, phrase: Phrase, leaf: int, boost: float) -> Clause:
        words = [word_of(unit) for unit in phrase.units]
        text = _text_of(words, phrase.offsets)
        inside = {"match_phrase": {words[0][0]: {"query": text, "boost": boost}}}
        if words[0][0] != FORMS:
            return inside
        weight = max(boost, 1e-9) * self._idf(leaf) * _ACROSS
        across: Clause = {"constant_score": {"filter": {"match_phrase": {BORDER: text}}, "boost": weight}}
        return {"dis_max": {"queries": [inside, across]}}


def refuse_unsupported(tree: Tree) -> None:
    """Raise ``QueryError`` for what a query on a cluster can't have."""
    match tree:
        case Pattern():
            raise QueryError(
                f"The wildcard '{tree.text}' can't be searched over OpenSearch yet.",
                hint="Write the word out, or its forms with OR between them.",
            )
        case Fuzzy():
            raise QueryError(
                f"'{tree.word}~' can't be searched over OpenSearch yet.", hint="Write the spellings with OR between."
            )
        case Phrase() if tree.slop > 1:
            raise QueryError(
                "Words near each other can't be searched over OpenSearch yet.",
                hint="Write the exact phrase, or the words with AND between them.",
            )
        case Phrase() if len({word_of(unit)[0] for unit in tree.units}) > 1:
            raise QueryError(
                "A phrase of quoted and other words can't be searched over OpenSearch yet.",
                hint="Quote all of its words.",
            )
        case And() | Or():
            for child in tree.children:
                refuse_unsupported(child)
        case Maybe() | Boost() | Not():
            refuse_unsupported(tree.child)
        case _:
            return


def _any(word: Word, boost: float) -> Clause:
    """Return the query of a word: its terms count as one."""
    field, terms = word
    if len(terms) == 1:
        return {"term": {field: {"value": terms[0], "boost": boost}}}
    return {"match": {field: {"query": STACKED.join(terms), "boost": boost}}} if terms else NOTHING


def _text_of(words: Sequence[Word], offsets: Sequence[int]) -> str:
    """Write the words of a phrase as the analyzer takes them, each at its position."""
    positions = [GAP] * (offsets[-1] - offsets[0] + 1)
    for (_, terms), offset in zip(words, offsets, strict=True):
        positions[offset - offsets[0]] = STACKED.join(terms)
    return " ".join(positions)


def _sum(clauses: list[Clause]) -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _nested(clause: Clause, score_mode: str = "none", inner_hits: dict[str, Any] | None = None) -> Clause:
    nested: dict[str, Any] = {"path": CHUNKS, "query": clause, "score_mode": score_mode}
    return {"nested": nested if inner_hits is None else nested | {"inner_hits": inner_hits}}
