"""Comparison of two measured runs: the second one minus the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from searchkit.errors import ConfigError
from searchkit.evaluation.measures import MeasuredRun
from searchkit.evaluation.significance import Interval, bootstrap_interval, randomisation_test

MOVERS = 10
"""Queries that moved most and are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedQuery:
    """A query and its value in the two runs."""

    query: str
    first: float
    other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How much better ``other`` is than ``first`` by one measure.

    ``difference`` is the mean over queries of other minus first, ``interval`` its bootstrap 95 % interval, ``p`` that
    of the paired randomisation test; so many queries are ``better``, ``worse`` and ``same`` in other; ``movers`` moved
    most, the largest change first; ``first_mean`` and ``other_mean`` are the means themselves.
    """

    measure: str
    first: str
    other: str
    difference: float
    interval: Interval
    p: float
    better: int
    worse: int
    same: int
    movers: tuple[ChangedQuery, ...]
    first_mean: float
    other_mean: float

    @property
    def real(self) -> bool:
        """Whether other is surely better: the whole interval lies above 0."""
        return self.interval.low > 0


def compare(first: MeasuredRun, other: MeasuredRun, *, movers: int = MOVERS) -> tuple[Comparison, ...]:
    """Compare two runs measured against the same qrels, one comparison for each measure that both have.

    Raises ``ConfigError`` where their queries differ.
    """
    return tuple(
        _compared(figure.measure, first, other, movers) for figure in first.figures if figure.measure in other.per_query
    )


def _compared(measure: str, first: MeasuredRun, other: MeasuredRun, movers: int) -> Comparison:
    before, after = first.per_query[measure], other.per_query[measure]
    if before.keys() != after.keys():
        raise ConfigError(
            f"'{first.name}' and '{other.name}' were measured on different queries.", hint="Use the same qrels."
        )
    differences = np.asarray([after[query] - before[query] for query in before])
    moved = sorted(
        (query for query in before if after[query] != before[query]),
        key=lambda query: (-abs(after[query] - before[query]), query),
    )
    better = int(np.count_nonzero(differences > 0))
    worse = int(np.count_nonzero(differences < 0))
    return Comparison(
        measure=measure,
        first=first.name,
        other=other.name,
        difference=float(differences.mean()),
        interval=bootstrap_interval(differences),
        p=randomisation_test(differences),
        better=better,
        worse=worse,
        same=len(differences) - better - worse,
        movers=tuple(ChangedQuery(query=query, first=before[query], other=after[query]) for query in moved[:movers]),
        first_mean=float(np.mean(list(before.values()))),
        other_mean=float(np.mean(list(after.values()))),
    )
