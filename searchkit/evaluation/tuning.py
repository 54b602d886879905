"""Here are judged queries; which settings suit this archive, and is that more than chance? Or else keep the defaults.

Every query asks the legs once; then its articles are ranked anew for each of the settings to try, by the very function
that a search ranks by. *Honest*: the queries are dealt into folds; for each fold the settings are chosen by the others,
and measured on it (cross-validation, Stone 1974, doi 10.1111/j.2517-6161.1974.tb00994.x). So the gain that is told was
made on queries that had no part in the choice, and the choice that is saved, made by all of them, is only saved where
the interval of that gain lies above 0. Settings in force that aren't the defaults are measured too: what was found
takes their place only where it is as surely better than they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import Settings
from searchkit.errors import ConfigError
from searchkit.evaluation.deciding import choose
from searchkit.evaluation.judged import Judged
from searchkit.evaluation.measures import depth_for, standard_names, values_of
from searchkit.evaluation.runs import Level, absent, make_run
from searchkit.evaluation.significance import Interval, bootstrap_interval, randomisation_test
from searchkit.evaluation.trying import TUNED, Grid, Setting, Trials
from searchkit.search.searcher import Searcher
from searchkit.types import IndexInfo, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

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
class Tuned:
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
    judged: Judged,
    *,
    in_force: Searcher | None = None,
    measure: str = MEASURE,
    level: Level = Level.ARTICLE,
    progress: Progress | None = None,
) -> Tuned:
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
    return Tuned(
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


def _curve(grid: Grid, values: Values, best: int) -> dict[str, tuple[tuple[Setting, float], ...]]:
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
