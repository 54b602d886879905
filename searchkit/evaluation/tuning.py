"""Tuning: settings tried on judged queries, and the one to choose, or the defaults.

Every query asks the legs once; then its articles are ranked anew for each of the settings to try, by the very function
that a search ranks by. *Honest*: the queries are dealt into folds; for each fold the settings are chosen by the others,
and measured on it (cross-validation, Stone 1974, doi 10.1111/j.2517-6161.1974.tb00994.x). So the gain that is told was
made on queries that had no part in the choice, and the choice that is saved, made by all of them, is only saved where
the interval of that gain lies above 0. Settings in force that aren't the defaults are measured too: what was found
takes their place only where it is as surely better than they are.

*One choice*: of the settings that the best doesn't beat by a standard error of the paired difference, the nearest to
the usual one (Breiman, Friedman, Olshen, Stone 1984, 3.4.3): few queries move little. *Many*: the queries are drawn
anew, with repeats, each sample chooses so, and the setting in the middle of the choices is taken (bagging, Breiman
1996, doi 10.1007/BF00058655), since a single choice jumps with a query more or less.

How nDCG@10 changed on the rest of the queries, in thousandths, when the vector leg's weight was chosen by some of them,
30 times each, mean of cranfield, digitalgov-known, scifact test and train, xquad-en and half of xquad-xling; where the
usual weight is 2.8, as it is there, and were it 7.9 or .7::

                        2.8                 7.9                  .7
    chosen by        20   50  100  200   20   50  100  200   20   50  100  200 queries
    this            +.1  +.6  +.5  +.5  7.3  8.8  9.5 10.0  8.9 11.0 11.9 13.7
    one choice      -.4  -.3   .0  +.2  4.7  6.7  8.1  8.6  7.8  8.9 10.4 12.5
    highest mean   -4.7 -2.6 -1.1  +.5  4.5  7.2  9.0 10.4  9.4 12.1 12.9 14.5

What is tried is ranked by the very functions that a search ranks by, so a value measured here is the value of a search
with that setting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig, Settings
from searchkit.errors import ConfigError, QueryError
from searchkit.evaluation.judgments import Judgments, Qrels
from searchkit.evaluation.measures import depth_for, standard_names, values_of
from searchkit.evaluation.runs import Level, Run, absent, depth_held, make_run
from searchkit.evaluation.significance import Interval, bootstrap_interval, randomisation_test
from searchkit.search.fusion import Scale
from searchkit.search.ranking import RetrieverScores, rank_articles, rank_chunks
from searchkit.search.searcher import Searcher
from searchkit.types import IndexInfo, Mode, Progress, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Places = NDArray[np.int64]


Setting = float | int | str
Chosen = tuple[Setting, ...]
"""A value for each of ``TUNED``, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunableSetting:
    """A setting of ``SearchConfig`` that can be tuned on what the legs said.

    ``usual``: its value in the searcher's searches. ``tried``: the values to try, ascending, given the usual one, which
    is among them. ``put``: the legs of a search with that value, the same where it means nothing to them.
    """

    name: str
    usual: Callable[[Searcher], Setting]
    tried: Callable[[Setting], Sequence[Setting]]
    put: Callable[[RetrieverScores, Setting], RetrieverScores]


def _weights(usual: Setting) -> list[float]:
    """Return weights of the vector leg: a quarter of an octave apart, to three digits.

    From a thirty-second of the usual weight, where the vector leg decides little but ties, to eight times of it, where
    the keyword leg does.
    """
    return [float(f"{float(usual) * 2 ** (step / 4):.3g}") if step else float(usual) for step in range(-20, 13)]


def _with_weight(legs: RetrieverScores, weight: Setting) -> RetrieverScores:
    """Weigh the vector leg; a query of filters alone, or that only says what it doesn't want, has none."""
    if not isinstance(legs.scale, Scale) or legs.scale.vector is None:
        return legs
    return replace(legs, scale=replace(legs.scale, vector=float(weight)))


TUNED: tuple[TunableSetting, ...] = (
    TunableSetting(name="vector_weight", usual=Searcher.vector_weight, tried=_weights, put=_with_weight),
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
class SettingsGrid:
    """Every combination of the values to try. The first, ``None``, leaves the legs as they are: the usual settings."""

    usual: Chosen
    combinations: tuple[Chosen | None, ...]
    places: NDArray[np.int64]
    """``(combinations, settings)``: which of the values tried of each setting, counted from 0."""

    def named(self, number: int) -> dict[str, Setting]:
        """Return a combination's values by name."""
        chosen = self.combinations[number] or self.usual
        return {one.name: value for one, value in zip(TUNED, chosen, strict=True)}


def _grid(searcher: Searcher) -> SettingsGrid:
    usual = tuple(one.usual(searcher) for one in TUNED)
    tried = [list(one.tried(value)) for one, value in zip(TUNED, usual, strict=True)]
    every = [usual, *(chosen for chosen in product(*tried) if chosen != usual)]
    places = [[values.index(value) for values, value in zip(tried, chosen, strict=True)] for chosen in every]
    return SettingsGrid(usual=usual, combinations=(None, *every[1:]), places=np.asarray(places))


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

    def run(self, judged: Judgments, progress: Progress | None) -> list[str]:
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

    def _try(self, query: str, legs: RetrieverScores) -> None:
        self._alike += legs.vector is None
        for scores, chosen in zip(self._scores, self.grid.combinations, strict=True):
            scores[query] = self._ranked(legs if chosen is None else _with(legs, chosen))

    def _ranked(self, legs: RetrieverScores) -> dict[str, float]:
        articles = self._level is Level.ARTICLE
        ranked = (rank_articles if articles else rank_chunks)(legs, self._k, self._depth)
        name_of = (_article_id if articles else _chunk_id)(legs)
        found = {}
        for number, score in zip(map(int, ranked.keys), map(float, ranked.scores), strict=True):
            if number not in self._names:
                self._names[number] = name_of(number)
            found[self._names[number]] = score
        return found


def _article_id(legs: RetrieverScores) -> Callable[[int], str]:
    return lambda number: str(legs.generation.article_ids(np.asarray([number]))[0])


def _chunk_id(legs: RetrieverScores) -> Callable[[int], str]:
    return lambda row: legs.generation.chunks_at(range(row, row + 1))[0].id


def _with(legs: RetrieverScores, chosen: Chosen) -> RetrieverScores:
    """Return the legs of a search with these settings."""
    for one, value in zip(TUNED, chosen, strict=True):
        legs = one.put(legs, value)
    return legs


SAMPLES = 100
"""Samples of the queries: with so many the middle of their choices moves by a tenth of a step between seeds."""

_SEED = 19_960_801


def choose(values: Values, places: Places) -> int:
    """Return which combination of settings to take; the first is the usual one.

    ``values``: ``(combinations, queries)``, at least two queries. ``places``: ``(combinations, settings)``, the step of
    each value on the scale of its setting. The same queries in the same order give the same choice.
    """
    queries = values.shape[1]
    distances = np.abs(places - places[0]).sum(axis=1)
    drawn = np.random.default_rng(_SEED).multinomial(queries, np.full(queries, 1 / queries), size=SAMPLES)
    errors = _errors(values)
    chosen = [_nearest_of_best(values @ times / queries, errors, distances) for times in drawn]
    middle = places[chosen].mean(axis=0)
    # In units of a part of a step, as whole numbers: rounding must not decide between two that are as near.
    away = np.rint(((places - middle) ** 2).sum(axis=1) * 1e6)
    return int(np.lexsort((distances, away))[0])


def _nearest_of_best(means: Values, errors: Values, distances: Places) -> int:
    best = int(np.argmax(means))
    close = np.flatnonzero(means[best] - means <= errors[best])
    return int(close[np.lexsort((-means[close], distances[close]))[0]])


def _errors(values: Values) -> Values:
    """Return the standard error of the mean difference of every two combinations."""
    deviations = np.asarray([(values - one).std(axis=1, ddof=1) for one in values])
    return np.asarray(deviations / np.sqrt(values.shape[1]))


LEAST_QUERIES = 20
"""With fewer, an interval of the gain is so wide that nothing but chance or a fault gets out of it."""

FOLDS = 10
MEASURE = "nDCG@10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What settings give to queries that had no part in their choice.

    ``before`` and ``tuned``: the means without and with them; ``interval``: the bootstrap 95 % interval of the mean
    difference; ``p``: of the paired randomisation test; so many queries became ``better`` and ``worse``.
    """

    before: float
    tuned: float
    interval: Interval
    p: float
    better: int
    worse: int

    @property
    def difference(self) -> float:
        """The mean gain."""
        return self.tuned - self.before

    @property
    def real(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.interval.low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningResult:
    """What tuning found.

    ``best``: the values that all queries together chose; ``usual``: the defaults; ``chosen``: those to use, the best
    where the gain is real and else the defaults. ``by_fold``: what each fold's other queries chose. ``curve``: for each
    setting the mean of each value over all queries, the others as in ``best``. ``gain``: of the best over the defaults;
    ``over_force``: of those to use over the settings in force, None where these are the defaults. ``notes``: what the
    user should know.
    """

    judged: str
    measure: str
    queries: int
    folds: int
    usual: Mapping[str, Setting]
    best: Mapping[str, Setting]
    by_fold: tuple[Mapping[str, Setting], ...]
    curve: Mapping[str, tuple[tuple[Setting, float], ...]]
    gain: Gain
    over_force: Gain | None
    notes: tuple[str, ...]

    @property
    def better(self) -> bool:
        """Whether those to use are surely better than what searches use now."""
        return (self.over_force or self.gain).real

    @property
    def chosen(self) -> Mapping[str, Setting]:
        """The values to use."""
        return self.best if self.gain.real else self.usual

    def settings(self, index: IndexInfo) -> Settings:
        """Return what is to be saved: nothing but its evidence where the defaults are kept."""
        found = ", ".join(f"{name} {value}" for name, value in self.best.items())
        said = f"{found}: {_said(self.gain)} {self.measure} on queries not tuned on, {self._asked()}"
        if not self.gain.real:
            said = f"the defaults are kept: {said}"
        if self.over_force is not None:
            said = f"{said}; against the settings before, {_said(self.over_force)}"
        return Settings(
            search={name: value for name, value in self.chosen.items() if value != self.usual[name]},
            encoder=index.encoder,
            fingerprint=index.encoder_fingerprint,
            evidence=said,
        )

    def _asked(self) -> str:
        return f"{self.queries} queries of {self.judged}, {self.folds} folds"


def _said(gain: Gain) -> str:
    low, high = gain.interval.low, gain.interval.high
    return f"{gain.difference:+.4f} (95 % of {low:+.4f} to {high:+.4f}, p {gain.p:.4f})"


def tune(
    searcher: Searcher,
    judged: Judgments,
    *,
    in_force: Searcher | None = None,
    measure: str = MEASURE,
    level: Level = Level.ARTICLE,
    progress: Progress | None = None,
) -> TuningResult:
    """Find the settings that suit judged queries, against the usual ones: those that ``searcher`` was opened with.

    ``in_force``: the same index with the settings that its searches use, where these are others; they are measured on
    the same queries. Were they tuned on these, that flatters them. Raises ``ConfigError`` where there are fewer than
    ``LEAST_QUERIES`` judged queries, or no two legs that can be weighed against each other, and as ``standard_names``,
    ``absent``, ``depth_held`` and ``Searcher.ask`` do.
    """
    if len(judged.queries) < LEAST_QUERIES:
        raise ConfigError(
            f"{judged.name} has {len(judged.queries)} judged queries with a text, and tuning needs {LEAST_QUERIES}:"
            " with fewer, any gain may be chance.",
            hint="Judge more queries. Without any, 'searchkit tune' checks that nothing is broken.",
        )
    (measure,) = standard_names([measure])
    missing = absent(searcher, judged.qrels, level)
    trials = Trials(searcher, measure, level)
    notes = [*judged.notes, *trials.run(judged, progress)]
    if missing:
        notes.append(f"Not in the index, so never found: {missing:,} judged {level}{'s' if missing > 1 else ''}.")
    order = _shuffled(judged.qrels)
    grid, values = trials.grid, trials.values(judged.qrels)[:, order]
    fold_of = np.arange(len(order)) % FOLDS
    picks = [choose(values[:, fold_of != fold], grid.places) for fold in range(FOLDS)]
    held_out = values[[picks[fold] for fold in fold_of], np.arange(len(order))]
    best = choose(values, grid.places)
    gain, over_force = _gain(values[0], held_out), None
    if in_force is not None:
        run = make_run(in_force, judged.queries, depth=depth_for([measure]), level=level, progress=progress)
        forced = np.asarray(list(values_of(run, judged.qrels, [measure])[measure].values()))[order]
        over_force = _gain(forced, held_out if gain.real else values[0])
    return TuningResult(
        judged=judged.name,
        measure=measure,
        queries=len(judged.qrels),
        folds=FOLDS,
        usual=grid.named(0),
        best=grid.named(best),
        by_fold=tuple(grid.named(pick) for pick in picks),
        curve=_curve(grid, values, best),
        gain=gain,
        over_force=over_force,
        notes=tuple(notes),
    )


def _shuffled(queries: Iterable[str]) -> NDArray[np.int64]:
    """Return an order that is the same for the same queries, however they stood, and as good as chance."""
    names = list(queries)
    digests = [hashlib.sha256(one.encode("utf-8", "replace")).digest() for one in names]
    return np.asarray(sorted(range(len(names)), key=digests.__getitem__))


def _gain(before: Values, tuned: Values) -> Gain:
    differences = tuned - before
    return Gain(
        before=float(before.mean()),
        tuned=float(tuned.mean()),
        interval=bootstrap_interval(differences),
        p=randomisation_test(differences),
        better=int(np.count_nonzero(differences > 0)),
        worse=int(np.count_nonzero(differences < 0)),
    )


def _curve(grid: SettingsGrid, values: Values, best: int) -> dict[str, tuple[tuple[Setting, float], ...]]:
    """Return each setting's values, ascending, with the mean over all queries, the other settings as in the best."""
    means = {chosen or grid.usual: float(row.mean()) for chosen, row in zip(grid.combinations, values, strict=True)}
    at = grid.combinations[best] or grid.usual
    return {
        one.name: tuple(
            (chosen[place], mean)
            for chosen, mean in sorted(means.items())
            if chosen[:place] == at[:place] and chosen[place + 1 :] == at[place + 1 :]
        )
        for place, one in enumerate(TUNED)
    }
