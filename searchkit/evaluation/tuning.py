"""Tuning: the weight of the vector retriever that suits judged queries, and if it is surely better than the default.

Every query asks both retrievers once; then its articles are ranked anew with each weight, by the very function that a
search ranks by. The queries are dealt into folds, and each fold is measured with the weight that the others chose
(cross-validation, Stone 1974, doi 10.1111/j.2517-6161.1974.tb00994.x), so the gain is made on queries that had no part
in the choice. Where its interval lies above 0, the weight that all of them choose is to be used, else the default.

*The choice*: of the weights that the best doesn't beat by a standard error of the paired difference, the nearest to the
default (Breiman, Friedman, Olshen, Stone 1984, 3.4.3), so that few queries move little. That jumps with a query more or
less; so many samples of the queries, drawn with repeats, choose, and the mean of their choices is taken (bagging,
Breiman 1996, doi 10.1007/BF00058655).

How nDCG@10 changed on the rest of the queries, in thousandths, when the weight was chosen by some of them, 30 times
each, mean of cranfield, digitalgov-known, scifact test and train, xquad-en and half of xquad-xling; where the default
is 2.8, as it is there, and were it 7.9 or .7::

                        2.8                 7.9                  .7
    chosen by        20   50  100  200   20   50  100  200   20   50  100  200 queries
    this            +.1  +.6  +.5  +.5  7.3  8.8  9.5 10.0  8.9 11.0 11.9 13.7
    one choice      -.4  -.3   .0  +.2  4.7  6.7  8.1  8.6  7.8  8.9 10.4 12.5
    highest mean   -4.7 -2.6 -1.1  +.5  4.5  7.2  9.0 10.4  9.4 12.1 12.9 14.5

A second setting (the votes' share, the fusion, how much of a language's lean is taken off) changed that by under .001.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, copysign
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig, Settings
from searchkit.errors import ConfigError, QueryError
from searchkit.evaluation.comparison import Comparison, compare
from searchkit.evaluation.judgments import Judgments
from searchkit.evaluation.measures import depth_for, standard_names, values_of
from searchkit.evaluation.measures import measure as measured
from searchkit.evaluation.runs import Level, Run, absent, depth_held, make_run
from searchkit.search.fusion import Scale
from searchkit.search.ranking import RetrieverScores, rank_articles, rank_chunks
from searchkit.search.searcher import Searcher
from searchkit.types import IndexInfo, Mode, Progress, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


STEPS = range(-20, 21)
"""Weights that are tried, in quarters of an octave from the default: from a thirty-second of it, where the vector
retriever decides little but ties, to 32 times of it, where the keyword retriever does. What is learnt from the vectors
of an encoder whose cosines lie close together can be too low by more than eight times."""

DEFAULT = STEPS.index(0)
"""Where the default stands among them."""

LEAST_QUERIES = 20
"""With fewer, an interval of the gain is so wide that nothing but chance or a fault gets out of it."""

SAMPLES = 100
"""Samples of the queries: with so many the mean of their choices moves by a tenth of a step between seeds."""

FOLDS = 10
_SEED = 19_960_801


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneReport:
    """What tuning measured: weights, and means over all queries in the ``curve``, in ``gain`` over those held out.

    ``by_fold``: what each fold's other queries chose; ``best``: what all did. ``over_force``: of what is to be used
    over the settings in force, None where these are the defaults. ``notes``: what the user should know.
    """

    judged: str
    queries: int
    usual: float
    best: float
    by_fold: tuple[float, ...]
    curve: tuple[tuple[float, float], ...]
    gain: Comparison
    over_force: Comparison | None
    notes: tuple[str, ...]

    @property
    def chosen(self) -> float:
        """The weight to use: the best where the gain is real, else the default."""
        return self.best if self.gain.real else self.usual

    @property
    def better(self) -> bool:
        """Whether the weight to use is surely better than what searches use now."""
        return (self.over_force or self.gain).real

    def settings(self, index: IndexInfo) -> Settings:
        """Return what is to be saved: nothing but its evidence where the default is kept."""
        kept = "" if self.gain.real else "the defaults are kept: "
        force = f"; against the settings before, {_written(self.over_force)}" if self.over_force else ""
        return Settings(
            search={} if self.chosen == self.usual else {"vector_weight": self.chosen},
            encoder=index.encoder,
            fingerprint=index.encoder_fingerprint,
            evidence=f"{kept}vector_weight {self.best}: {_written(self.gain)} {self.gain.measure} on queries not tuned"
            f" on, {self.queries} queries of {self.judged}, {len(self.by_fold)} folds{force}",
        )


def _written(gain: Comparison) -> str:
    return f"{gain.difference:+.4f} (95 % of {gain.interval.low:+.4f} to {gain.interval.high:+.4f}, p {gain.p:.4f})"


def tune(
    searcher: Searcher,
    judged: Judgments,
    *,
    in_force: Searcher | None = None,
    measure: str = "nDCG@10",
    level: Level = Level.ARTICLE,
    progress: Progress | None = None,
) -> TuneReport:
    """Find the weight that suits judged queries, against the default: the one that ``searcher`` was opened with.

    ``in_force``: the same index with the settings that its searches use, where these are others; they are measured on
    the same queries. Were they tuned on these, that flatters them. Raises ``ConfigError`` where fewer than
    ``LEAST_QUERIES`` queries are judged, or none can be asked, and as ``standard_names``, ``absent``, ``depth_held``,
    ``Searcher.vector_weight`` and ``Searcher.ask`` do.
    """
    if len(judged.queries) < LEAST_QUERIES:
        raise ConfigError(
            f"{judged.name} has {len(judged.queries)} judged queries with a text, and tuning needs {LEAST_QUERIES}:"
            " with fewer, any gain may be chance.",
            hint="Judge more queries. Without any, 'searchkit tune' checks that nothing is broken.",
        )
    (measure,) = standard_names([measure])
    missing, usual = absent(searcher, judged.qrels, level), searcher.vector_weight()
    weights = tuple(float(f"{usual * 2 ** (step / 4):.3g}") if step else usual for step in STEPS)
    depth = depth_for([measure])
    runs, notes = _runs(searcher, judged, weights, depth_held(searcher, depth, level), level, progress)
    if missing:
        notes.append(f"Not in the index, so never found: {missing:,} judged {level}{'s' if missing > 1 else ''}.")
    # As if by chance, but the same for the same queries, however they stood.
    order = sorted(judged.qrels, key=lambda query: hashlib.sha256(query.encode("utf-8", "replace")).digest())
    qrels = {query: judged.qrels[query] for query in order}
    values = np.asarray([list(values_of(run, qrels, [measure])[measure].values()) for run in runs])
    fold_of = np.arange(len(qrels)) % FOLDS
    by_fold = [choose(values[:, fold_of != fold], DEFAULT) for fold in range(FOLDS)]
    held_out = {query: runs[by_fold[fold]].scores.get(query, {}) for query, fold in zip(qrels, fold_of, strict=True)}
    before, tuned = (measured(run, qrels, [measure]) for run in (runs[DEFAULT], Run(name="tuned", scores=held_out)))
    (gain,), over_force = compare(before, tuned, movers=0), None
    if in_force is not None:
        forced = make_run(in_force, judged.queries, depth=depth, level=level, progress=progress)
        (over_force,) = compare(measured(forced, qrels, [measure]), tuned if gain.real else before, movers=0)
    return TuneReport(
        judged=judged.name,
        queries=len(qrels),
        usual=usual,
        best=weights[choose(values, DEFAULT)],
        by_fold=tuple(weights[number] for number in by_fold),
        curve=tuple(zip(weights, values.mean(axis=1).tolist(), strict=True)),
        gain=gain,
        over_force=over_force,
        notes=(*judged.notes, *notes),
    )


def choose(values: Values, default: int) -> int:
    """Return which weight to take, by ``(weights, queries)`` values, weights ascending, at least two queries."""
    weights, queries = values.shape
    errors = np.asarray([(values - row).std(axis=1, ddof=1) for row in values]) / np.sqrt(queries)
    samples = np.random.default_rng(_SEED).multinomial(queries, np.full(queries, 1 / queries), size=SAMPLES)
    means = (samples @ values.T / queries).round(12)  # how sums are rounded mustn't decide, here and below
    close = means.max(axis=1, keepdims=True) - means <= errors[means.argmax(axis=1)] + 1e-9
    distances = np.where(close, np.abs(np.arange(weights) - default), weights)
    nearest = np.lexsort((-means, distances))[:, 0]
    steps = float(nearest.mean()) - default
    return default + int(copysign(ceil(abs(steps) - 0.5), steps))  # half a step is none: the default is nearer


def _runs(
    searcher: Searcher, judged: Judgments, weights: Sequence[float], k: int, level: Level, progress: Progress | None
) -> tuple[list[Run], list[str]]:
    """Return a run for each weight, and what the user should know; the retrievers of one query are held at a time."""
    answers: dict[str, list[dict[str, float]]] = {}
    notes = []
    for number, (query, text) in enumerate(judged.queries.items(), start=1):
        try:
            legs = searcher.legs(Query(text=text, mode=Mode.HYBRID, k=k))
            answers[query] = [_answer(legs, weight, k, level) for weight in weights]
        except QueryError as error:
            notes.append(f"Query '{query}' couldn't be asked: {error.message}")
        if progress is not None:
            progress("ask", number, len(judged.queries))
    if not answers:
        raise ConfigError("None of the queries could be asked.", hint=notes[0])
    runs = (dict(zip(answers, scores, strict=True)) for scores in zip(*answers.values(), strict=True))
    return [Run(name=str(weight), scores=scores) for weight, scores in zip(weights, runs, strict=True)], notes


def _answer(legs: RetrieverScores, weight: float, k: int, level: Level) -> dict[str, float]:
    """Return what a search with this weight finds; it means nothing where there are no words to be near to."""
    if isinstance(legs.scale, Scale) and legs.scale.vector is not None:
        legs = replace(legs, scale=replace(legs.scale, vector=weight))
    ranked = (rank_articles if level is Level.ARTICLE else rank_chunks)(legs, k, SearchConfig().depth)
    if level is Level.ARTICLE:
        ids = legs.generation.article_ids(ranked.keys)
    else:
        ids = [legs.generation.chunks_at(range(row, row + 1))[0].id for row in ranked.keys.tolist()]
    return dict(zip(ids, ranked.scores.tolist(), strict=True))
