"""Measures as trec_eval has them, through ir_measures: the only file that imports that.

The option meant is ``-c``: a judged query that the run lacks counts 0, a query without judgement is left out, and
equal scores (as 32-bit floats) stand in descending order of their ids, whatever order the run had. Not all of the
tools behind ir_measures hold to that, so the order is made here and they get whole numbers that can't tie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import numpy as np

from searchkit.errors import ConfigError, MissingExtra
from searchkit.evaluation.judgments import Qrels
from searchkit.evaluation.runs import Run
from searchkit.evaluation.significance import Interval, bootstrap_interval

DEFAULT_MEASURES = ("nDCG@10", "R@100", "AP@100", "RR@10")
WHOLE_RUN = 1000
"""How deep a run must be for a measure without a cutoff: TREC's custom."""

_TREC_CUTOFF = re.compile(r"(ndcg_cut|map_cut|recall|success|P)_([0-9]+)")
_TREC_NAMES = {
    "ndcg_cut": "nDCG",
    "map_cut": "AP",
    "recall": "R",
    "success": "Success",
    "map": "AP",
    "recip_rank": "RR",
    "bpref": "Bpref",
}
"""What trec_eval calls measures, and what ir_measures does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The mean of a measure over all judged queries, with its bootstrap 95 % interval over queries."""

    measure: str
    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """How good a run is.

    ``per_query``: for each measure the value of each judged query. ``unanswered``: judged queries for which the run
    has nothing.
    """

    name: str
    figures: tuple[Figure, ...]
    per_query: Mapping[str, Mapping[str, float]]
    unanswered: int

    def mean(self, measure: str) -> float:
        """Return the mean of a measure, by the name it was asked for or its standard one. Raises ``ConfigError``."""
        name = standard_names([measure])[0]
        for figure in self.figures:
            if figure.measure == name:
                return figure.mean
        raise ConfigError(f"{name} wasn't measured.", hint=f"Ask for it: --measure {name}.")


def standard_names(measures: Sequence[str]) -> tuple[str, ...]:
    """Return the measures by their standard names (``MRR@10`` is ``RR@10``, ``ndcg_cut_10`` ``nDCG@10``), each once.

    Raises ``ConfigError`` for one that doesn't exist or can't be computed here, ``MissingExtra`` without ir_measures.
    """
    return tuple(dict.fromkeys(str(_parsed(measure)) for measure in measures))


def depth_for(measures: Sequence[str]) -> int:
    """Return how many results a query needs for these measures: their largest cutoff. Raises as ``standard_names``."""
    cutoffs = [_parsed(measure).params.get("cutoff") for measure in measures]
    return max((WHOLE_RUN if cutoff is None else int(cutoff) for cutoff in cutoffs), default=WHOLE_RUN)


def measure(run: Run, qrels: Qrels, measures: Sequence[str] = DEFAULT_MEASURES) -> MeasuredRun:
    """Measure a run. Raises ``ConfigError`` and ``MissingExtra`` as ``standard_names`` does."""
    per_query = values_of(run, qrels, measures)
    return MeasuredRun(
        name=run.name,
        figures=tuple(_figure(name, values) for name, values in per_query.items()),
        per_query=per_query,
        unanswered=sum(not run.scores.get(query) for query in qrels),
    )


def values_of(run: Run, qrels: Qrels, measures: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return, by its standard name, each measure's value of every judged query, in the order of the qrels.

    Raises ``ConfigError`` and ``MissingExtra`` as ``standard_names`` does.
    """
    library = _library()
    parsed = {str(measure_): measure_ for measure_ in map(_parsed, measures)}
    per_query: dict[str, dict[str, float]] = {name: {} for name in parsed}
    queries, names = _numbered(qrels), _numbered(article_id for grades in qrels.values() for article_id in grades)
    judgements = [
        library.Qrel(number, names[article_id], grade)
        for query, number in queries.items()
        if max(qrels[query].values(), default=-1) >= 0  # pytrec_eval crashes on a query judged below 0 alone
        for article_id, grade in qrels[query].items()
    ]
    scored = [library.ScoredDoc(*row) for row in _untied(run, queries, names)] or [library.ScoredDoc("0", "0", 0.0)]
    original = {number: query for query, number in queries.items()}
    for value in library.iter_calc(list(parsed.values()), judgements, scored):
        if value.query_id in original:
            per_query[str(value.measure)][original[value.query_id]] = float(value.value)
    return {name: {query: values.get(query, 0.0) for query in qrels} for name, values in per_query.items()}


def trec_order(scores: Mapping[str, float]) -> list[str]:
    """Return ids as trec_eval ranks them: by score, kept there in 32 bits, then by id, both descending."""
    with np.errstate(over="ignore"):
        return sorted(scores, key=lambda article_id: (np.float32(scores[article_id]), article_id), reverse=True)


def _numbered(ids: Iterable[str]) -> dict[str, str]:
    """Give each id a number, from 1: some tools take no others, and none of them any that has white space."""
    return {id_: str(number) for number, id_ in enumerate(dict.fromkeys(ids), start=1)}


def _untied(run: Run, queries: Mapping[str, str], names: Mapping[str, str]) -> Iterator[tuple[str, str, float]]:
    """Yield the answers to judged queries with scores that can't tie; what isn't judged gets a name of its own."""
    for query, number in queries.items():
        order = trec_order(run.scores.get(query, {}))
        for place, article_id in enumerate(order):
            yield number, names.get(article_id, f"u{place}"), float(len(order) - place)


def _figure(name: str, values: Mapping[str, float]) -> Figure:
    numbers = np.fromiter(values.values(), dtype=np.float64)
    return Figure(measure=name, mean=float(numbers.mean()), interval=bootstrap_interval(numbers))


def _parsed(name: str) -> Any:
    library = _library()
    try:
        parsed = library.parse_measure(_spelt(name))
        # It mistakes a number of zero for none; a list of no length ranks nothing.
        known = library.DefaultPipeline.supports(parsed) and parsed.params.get("cutoff") != 0
    except (NameError, ValueError, AssertionError, SyntaxError, AttributeError, TypeError) as error:
        raise _unknown(name) from error
    if not known or not isinstance(parsed.aggregator(), library.measures.MeanAgg):
        raise _unknown(name)
    return parsed


def _spelt(name: str) -> str:
    """Return a measure's name as ir_measures has it, given that or trec_eval's."""
    if matched := _TREC_CUTOFF.fullmatch(name):
        return f"{_TREC_NAMES.get(matched[1], matched[1])}@{matched[2]}"
    return _TREC_NAMES.get(name, name)


def _unknown(name: str) -> ConfigError:
    library = _library()
    names = sorted({*library.measures.registry, "MRR", "MAP", "Recall"})
    folded = {name.lower(): name for name in names}
    stem, sign, cutoff = name.strip().partition("@")
    near = get_close_matches(stem.lower(), folded, n=1)
    suggested = f" Did you mean {folded[near[0]]}{sign}{cutoff}?" if near and folded[near[0]] != stem else ""
    return ConfigError(
        f"There is no measure '{name}' with a mean to compute.",
        hint=f"Write it as nDCG@10, R@100, AP, RR@10 or P@5.{suggested}",
    )


def _library() -> ModuleType:
    """Import ir_measures when something is measured."""
    try:
        import ir_measures
    except ModuleNotFoundError as error:
        if error.name != "ir_measures":
            raise
        raise MissingExtra(
            "To evaluate needs the package ir_measures, which isn't installed.",
            hint="Run 'pip install ir-measures pytrec-eval-terrier'.",
        ) from error
    return ir_measures
