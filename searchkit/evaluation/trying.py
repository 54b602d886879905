"""Here are queries; how would each rank under other settings? Legs are asked once, settings tried on what they said.

What is tried is ranked by the very functions that a search ranks by, so a value measured here is the value of a search
with that setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig
from searchkit.errors import ConfigError, QueryError
from searchkit.evaluation.judged import Judged, Qrels
from searchkit.evaluation.measures import depth_for, values_of
from searchkit.evaluation.runs import Level, Run, depth_held
from searchkit.search.fusion import Scale
from searchkit.search.ranking import Legs, rank_articles, rank_chunks
from searchkit.search.searcher import Searcher
from searchkit.types import Mode, Progress, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

Setting = float | int | str
Chosen = tuple[Setting, ...]
"""A value for each of ``TUNED``, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunable:
    """A setting of ``SearchConfig`` that can be tuned on what the legs said.

    ``usual``: its value in the searcher's searches. ``tried``: the values to try, ascending, given the usual one, which
    is among them. ``put``: the legs of a search with that value, the same where it means nothing to them.
    """

    name: str
    usual: Callable[[Searcher], Setting]
    tried: Callable[[Setting], Sequence[Setting]]
    put: Callable[[Legs, Setting], Legs]


def _weights(usual: Setting) -> list[float]:
    """Return weights of the vector leg: a quarter of an octave apart, to three digits.

    From a thirty-second of the usual weight, where the vector leg decides little but ties, to eight times of it, where
    the keyword leg does.
    """
    return [float(f"{float(usual) * 2 ** (step / 4):.3g}") if step else float(usual) for step in range(-20, 13)]


def _with_weight(legs: Legs, weight: Setting) -> Legs:
    """Weigh the vector leg; a query of filters alone, or that only says what it doesn't want, has none."""
    if not isinstance(legs.scale, Scale) or legs.scale.vector is None:
        return legs
    return replace(legs, scale=replace(legs.scale, vector=float(weight)))


TUNED: tuple[Tunable, ...] = (
    Tunable(name="vector_weight", usual=Searcher.vector_weight, tried=_weights, put=_with_weight),
)
"""What is tuned. Every combination of their values is tried, so a new one must have few.

The weight alone, since no second setting proved worth it. Chosen together with the weight (half an octave apart) by 20,
50, 100 and 200 queries, 30 times each, and measured on the rest of them, nDCG@10 changed in thousandths, mean of
cranfield, digitalgov-known, scifact test and train, xquad-en and, by 20, the samples: by the weight alone -.9, +.2,
+.8, -.1; with the votes' share (0, .15, .3, .6) -1.4, .0, +.7, -.3; with the fusion (sum, min-max, z-scores) -.9, +.1,
+.8, +.4; with how much of a language's lean is taken off (0 to 1.5) -1.0, +.2, +.8, -.1. In hindsight the best pair
beats the best weight by .003 on scifact test (z-scores), by .011 on the samples (half the lean, which lost .007 where
it was chosen on others) and by less than .001 on the other four; two, three, eight or twenty voters instead of five
gain less than .002 everywhere.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every combination of the values to try. The first, ``None``, leaves the legs as they are: the usual settings."""

    usual: Chosen
    combinations: tuple[Chosen | None, ...]
    places: NDArray[np.int64]
    """``(combinations, settings)``: which of the values tried of each setting, counted from 0."""

    def named(self, number: int) -> dict[str, Setting]:
        """Return a combination's values by name."""
        chosen = self.combinations[number] or self.usual
        return {one.name: value for one, value in zip(TUNED, chosen, strict=True)}


def _grid(searcher: Searcher) -> Grid:
    usual = tuple(one.usual(searcher) for one in TUNED)
    tried = [list(one.tried(value)) for one, value in zip(TUNED, usual, strict=True)]
    every = [usual, *(chosen for chosen in product(*tried) if chosen != usual)]
    places = [[values.index(value) for values, value in zip(tried, chosen, strict=True)] for chosen in every]
    return Grid(usual=usual, combinations=(None, *every[1:]), places=np.asarray(places))


class Trials:
    """Runs for every combination of values, made query by query, so that the legs of one query are held at a time."""

    def __init__(self, searcher: Searcher, measure: str, level: Level) -> None:
        """Make the grid around the searcher's settings. Raises as ``Searcher.vector_weight``, ``depth_held`` do."""
        self.grid = _grid(searcher)
        self._searcher, self._measure, self._level = searcher, measure, level
        self._k, self._depth = depth_held(searcher, depth_for([measure]), level), SearchConfig().depth
        self._names: dict[int, str] = {}
        self._scores: list[dict[str, dict[str, float]]] = [{} for _ in self.grid.combinations]
        self._alike = 0

    def run(self, judged: Judged, progress: Progress | None) -> list[str]:
        """Ask every query and rank what was found by each combination; return what the user should know."""
        notes = []
        for number, (query, text) in enumerate(judged.queries.items(), start=1):
            try:
                self._try(query, self._searcher.legs(Query(text=text, mode=Mode.HYBRID, k=self._k)))
            except QueryError as error:
                notes.append(f"Query '{query}' couldn't be asked: {error.message}")
            if progress is not None:
                progress("ask", number, len(judged.queries))
        if not self._scores[0]:
            raise ConfigError("None of the queries could be asked.", hint=notes[0] if notes else "Name some.")
        if self._alike:
            notes.append(
                f"{self._alike:,} of {len(judged.queries):,} queries have no words to be near to, only filters or words"
                " not wanted: no setting that was tried changes their answers."
            )
        return notes

    def values(self, qrels: Qrels) -> Values:
        """Return each judged query's measure by each combination, ``(combinations, queries)``; 0 for one not asked."""
        runs = [Run(name=str(number), scores=scores) for number, scores in enumerate(self._scores)]
        return np.asarray([list(values_of(run, qrels, [self._measure])[self._measure].values()) for run in runs])

    def _try(self, query: str, legs: Legs) -> None:
        self._alike += legs.vector is None
        for scores, chosen in zip(self._scores, self.grid.combinations, strict=True):
            scores[query] = self._ranked(legs if chosen is None else _with(legs, chosen))

    def _ranked(self, legs: Legs) -> dict[str, float]:
        articles = self._level is Level.ARTICLE
        ranked = (rank_articles if articles else rank_chunks)(legs, self._k, self._depth)
        name_of = (_article_id if articles else _chunk_id)(legs)
        found = {}
        for number, score in zip(map(int, ranked.keys), map(float, ranked.scores), strict=True):
            if number not in self._names:
                self._names[number] = name_of(number)
            found[self._names[number]] = score
        return found


def _article_id(legs: Legs) -> Callable[[int], str]:
    return lambda number: str(legs.generation.article_ids(np.asarray([number]))[0])


def _chunk_id(legs: Legs) -> Callable[[int], str]:
    return lambda row: legs.generation.chunks_at(range(row, row + 1))[0].id


def _with(legs: Legs, chosen: Chosen) -> Legs:
    """Return the legs of a search with these settings."""
    for one, value in zip(TUNED, chosen, strict=True):
        legs = one.put(legs, value)
    return legs
