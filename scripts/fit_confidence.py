#!/usr/bin/env python3
r"""Fits the weights of ``search/confidence.py`` over judged collections, and judges them on one left out at a time.

    python -m scripts.fit_confidence --indexes I --collections C samples cranfield scifact digitalgov-known \
        rtqa-news-a xquad-en xquad-xling --alike samples rtqa-news-a --cache numbers.json

Each name is an index in the first folder and a judged collection (BEIR's layout) in the second; "samples" are
searchkit's own. Each index is asked, in each mode:

own       the collection's judged queries
gone      the same, over the archive without the articles that are judged relevant
other     queries of the collections of other fields, as ``bench_confidence.py`` has them
nonsense  words drawn at random from the archive

What the best chunks are like (``search/answer_shape.py``) is written to --cache, and read from it where it is there, so
that fitting again takes no time. An index without the levels of ``index/answer_baseline.py`` is asked for them.

The weights are fitted in two steps, both logistic: the direction on own questions against all others, each collection
with a constant of its own; then constant and steepness, after the archive's level is taken off, on own questions
against those of other fields and nonsense. The table has for each collection, fitted on all others but those alike it:
the area under the curve of own questions against those whose answers are gone, and, in brackets, that of the score
alone; the shares above .5 of own questions, of strangers, of the strangers of the worst collection, and of gone; and
the expected calibration error of ``bench_confidence.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import searchkit
from scripts.bench_confidence import DEPTH, SAMPLES, area, calibration_error, foreign_to, questions, words_of
from searchkit.config import SearchConfig
from searchkit.encoders.loader import load
from searchkit.errors import ConfigError, SearchkitError
from searchkit.evaluation.judgments import Judgments, read_judged
from searchkit.index.answer_baseline import ask_general, ask_sentences
from searchkit.index.archive_scores import ArchiveScores
from searchkit.index.generation import Generation, open_generation
from searchkit.index.manifest import AnswerBaseline, ScoreBaseline
from searchkit.index.score_baseline import ask_nonsense
from searchkit.index.vector_stats import all_spreads
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.search import confidence
from searchkit.search.answer_shape import shape_of
from searchkit.search.fusion import Scale
from searchkit.search.ranking import RetrieverScores, rank_articles
from searchkit.search.retrieval import SearchContext, retrieve
from searchkit.types import Encoder, Mode, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

PLAIN = ("own", "gone", "nonsense")
BELOW = {Mode.HYBRID: 7.0, Mode.KEYWORD: 7.0, Mode.VECTOR: 12.0}
"""What a point of score below the top takes off: chosen, not fitted (``search/confidence.py``)."""

DIRECTION = {"own": 1.0, "gone": 1.0, "other": 0.5, "nonsense": 0.5}
ZERO = {"own": 1.2, "other": 0.5, "nonsense": 0.5}
"""What the kinds weigh in both steps. An own question that is held for a stranger is the worse error."""

RIDGE = 0.03
"""Of .001 to .1 all are within .002 in the mean."""


@dataclass(slots=True, kw_only=True)
class Numbers:
    """What an index said: by mode and kind, ``words``, ``nearness``, ``lead``, ``coverage``, how far the first article
    lies below the top, and how mixed the question is; and its levels.
    """  # noqa: D205

    name: str
    weight: float
    zero: dict[str, float]
    answers: dict[str, Any]
    shapes: dict[str, dict[str, list[list[float]]]]


def capture(index: Path, judged: Judgments, others: Sequence[Judgments], most: int) -> Numbers:
    """Ask an index everything."""
    with open_generation(index) as generation, searchkit.open(index) as searcher:
        encoder = load(generation.manifest.encoder.name)
        zero, answers = levels(generation, encoder)
        context = SearchContext(generation)
        kinds = questions(judged, others, words_of(searcher), most)
        owners = [other.name for other in others for _ in range(min(len(other.queries), -(-most // len(others))))]
        vectors: dict[str, Any] = {}
        numbers = Numbers(
            name=index.name, weight=context.leaning.weight, zero=asdict(zero), answers=asdict(answers), shapes={}
        )

        def encode(_: SearchContext, text: str) -> Any:
            if text not in vectors:
                vectors[text] = encoder.encode_query(text)
            return vectors[text]

        for mode in Mode:
            answers_of_mode = numbers.shapes.setdefault(str(mode), {})
            for kind in (*PLAIN, "other"):
                for place, (text, left_out) in enumerate(kinds[kind]):
                    name = f"other:{owners[place]}" if kind == "other" else kind
                    answers_of_mode.setdefault(name, []).append(
                        ask(context, Query(text=text, mode=mode), left_out, encode)
                    )
        return numbers


def levels(generation: Generation, encoder: Encoder) -> tuple[ScoreBaseline, AnswerBaseline]:
    """Return an index's levels; those that it doesn't have are asked for."""
    manifest = generation.manifest
    if manifest.zero is not None and manifest.answers.general is not None:
        return manifest.zero, manifest.answers
    shares = {name: measured.weight_share for name, measured in manifest.competence.items()}
    spreads = all_spreads(generation.segments)
    archive = ArchiveScores(generation.segments, list(generation.languages), encoder, spreads, shares)
    zero, nonsense = ask_nonsense(archive) or (confidence.USUAL_ZERO, None)
    return zero, AnswerBaseline(nonsense=nonsense, general=ask_general(archive), sentences=ask_sentences(archive))


def ask(context: SearchContext, query: Query, left_out: frozenset[str], encode: Any) -> list[float]:
    """Return the numbers of one question, as if some articles weren't there."""
    config = SearchConfig()
    candidates = retrieve(context, query, config, encode)
    legs = replace(candidates.legs, named=None, prior=None)
    if left_out:
        legs = without(context, legs, candidates.parsed, left_out, config)
    shape, scale = shape_of(legs), legs.scale
    if not isinstance(scale, Scale):
        raise TypeError("the sum of both retrievers tells a confidence, and no other fusion")
    first = rank_articles(legs, 1, DEPTH).scores
    below = (shape.top - float(first[0])) / scale.unit if len(first) else 0.0
    mixed = context.mixed(query.text)
    return [shape.words, shape.nearness, shape.lead, shape.coverage, below, mixed]


def without(
    context: SearchContext, legs: RetrieverScores, parsed: Any, left_out: frozenset[str], config: SearchConfig
) -> RetrieverScores:
    """Return what the legs say of an archive without some articles; its statistics still count them."""
    generation = context.generation
    rows = np.ones(generation.rows, dtype=bool) if generation.living is None else generation.living.copy()
    for article_id in left_out:
        number = generation.article_number(article_id)
        if number is not None:
            rows[slice(*generation.article_starts[number : number + 2])] = False
    keyword = None
    if legs.keyword is not None:
        coverage = config.coverage_weight if legs.vector is not None else 0.0
        keyword = evaluate(context.keyword, context.reread(parsed, config)[0], mask=rows, coverage=coverage)
    return replace(legs, keyword=keyword, allowed=rows, looked={}, leaned={}, whole=None)


class Fit:
    """The numbers of all indexes in one mode, and weights fitted on some of them."""

    def __init__(self, every: Sequence[Numbers], mode: Mode, alike: Sequence[Sequence[str]]) -> None:
        self.mode, self.alike = mode, [frozenset(pair) for pair in alike]
        self.numbers = {each.name: each for each in every}
        self.values = {
            each.name: {kind: self._values(each, rows) for kind, rows in each.shapes[str(mode)].items()}
            for each in every
        }
        self.below = {
            each.name: {kind: np.asarray(rows)[:, 4] for kind, rows in each.shapes[str(mode)].items()} for each in every
        }

    def _values(self, numbers: Numbers, rows: Sequence[Sequence[float]]) -> Values:
        """Return score, lead and coverage as ``ModeScale`` reads them."""
        words, nearness, lead, coverage, *_ = np.asarray(rows).T
        return np.stack([*self._read(numbers, words, nearness, lead), coverage], axis=1)

    def _read(self, numbers: Numbers, words: Any, nearness: Any, lead: Any) -> tuple[Any, Any]:
        zero, weight = numbers.zero, numbers.weight
        if self.mode is Mode.KEYWORD:
            return words - zero["keyword"], lead
        if self.mode is Mode.VECTOR:
            return weight * (nearness - zero["vector"]), weight * lead
        return words - zero["words"] + weight * (nearness - zero["nearness"]), lead

    def level(self, name: str, kind: str, direction: Values, on: Sequence[str]) -> float:
        """Return what an index's answers to questions of its build come to along a direction; -inf of none.

        The means of the indexes that are fitted on stand beside them, as the usual ones do in a search.
        """
        means = self.numbers[name].answers.get(kind)
        if means is None:
            return -np.inf
        usual = float(np.mean([self._sum(other, "general" if kind == "nonsense" else kind, direction) for other in on]))
        few = confidence.PRIOR_QUESTIONS / (means["questions"] + confidence.PRIOR_QUESTIONS)
        return float((1 - few) * self._sum(name, kind, direction) + few * usual)

    def _sum(self, name: str, kind: str, direction: Values) -> float:
        means = self.numbers[name].answers[kind][str(self.mode)]
        score, lead = self._read(self.numbers[name], means["words"], means["nearness"], means["lead"])
        return float(np.dot(direction, [score, lead, means["coverage"]]))

    def shift(self, name: str, direction: Values, on: Sequence[str]) -> float:
        """Return the archive's own level."""
        general = max(self.level(name, kind, direction, on) for kind in ("general", "nonsense"))
        return confidence.GENERAL * general + confidence.SENTENCES * self.level(name, "sentences", direction, on)

    def others(self, name: str) -> dict[str, Values]:
        """Return the numbers of the questions of other fields, by collection."""
        return {kind: values for kind, values in self.values[name].items() if kind.startswith("other:")}

    def kinds(self, name: str) -> dict[str, Values]:
        """Return the numbers of all kinds, those of other fields together."""
        return {
            "other": np.concatenate(list(self.others(name).values())),
            **{kind: self.values[name][kind] for kind in PLAIN},
        }

    def below_of(self, name: str, kind: str) -> Values:
        """Return how far the first articles lie below the top."""
        if kind != "other":
            return self.below[name][kind]
        return np.concatenate([below for each, below in self.below[name].items() if each.startswith("other:")])

    def fitted(self, names: Sequence[str]) -> tuple[float, Values]:
        """Return constant and weights."""
        rows, labels, weights = [], [], []
        for place, name in enumerate(names):
            own_constant = np.eye(len(names))[place, 1:]
            for kind, values in self.kinds(name).items():
                rows.append(np.hstack([values, np.tile(own_constant, (len(values), 1))]))
                labels.append(np.full(len(values), float(kind == "own")))
                weights.append(np.full(len(values), DIRECTION[kind] / len(values)))
        _, direction = logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(weights), RIDGE)
        direction = direction[:3]
        if self.mode is Mode.VECTOR:
            direction[2] = 0.0
        steep = 1.0
        for _ in range(20):  # what a result lies below the top counts BELOW, whatever the steepness
            rows, labels, weights = [], [], []
            for name in names:
                for kind, weight in ZERO.items():
                    values = self.kinds(name)[kind]
                    t = (
                        values @ direction
                        - self.shift(name, direction, names)
                        - BELOW[self.mode] / steep * self.below_of(name, kind)
                    )
                    rows.append(t[:, None])
                    labels.append(np.full(len(t), float(kind == "own")))
                    weights.append(np.full(len(t), weight / len(t)))
            constant, (steep,) = logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(weights))
        return constant, steep * direction

    def confidences(self, name: str, on: Sequence[str]) -> dict[str, Values]:
        """Return the confidences of an index's questions by weights fitted on others, by kind and other collection."""
        constant, weights = self.fitted(on)
        shift = self.shift(name, weights, on)
        return {
            kind: 1 / (1 + np.exp(-(constant + values @ weights - shift - BELOW[self.mode] * self.below[name][kind])))
            for kind, values in self.values[name].items()
        }

    def row(self, name: str) -> list[float]:
        """Return the figures of an index under weights that were fitted on all others."""
        on = [other for other in self.numbers if other != name and frozenset({name, other}) not in self.alike]
        sure = self.confidences(name, on)
        strangers = {kind: values for kind, values in sure.items() if kind.startswith("other:")}
        every = np.concatenate(list(strangers.values()))
        scores = {kind: self.values[name][kind][:, 0] for kind in ("own", "gone")}
        return [
            area(sure["own"].tolist(), sure["gone"].tolist()),
            area(scores["own"].tolist(), scores["gone"].tolist()),
            *(float(np.mean(values > 0.5)) for values in (sure["own"], every)),
            max(float(np.mean(values > 0.5)) for values in strangers.values()),
            float(np.mean(sure["gone"] > 0.5)),
            calibration_error(sure["own"].tolist(), every.tolist(), sure["nonsense"].tolist()),
        ]


def logistic(rows: Values, labels: Values, weights: Values, ridge: float = 0.0) -> tuple[float, Values]:
    """Fit a weighted logistic regression by Newton's method: the constant and the weights."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-12
    scaled = np.hstack([np.ones((len(rows), 1)), (rows - mean) / deviation])
    share, penalty = weights / weights.sum(), np.diag([0.0, *np.full(rows.shape[1], ridge)])
    fitted = np.zeros(scaled.shape[1])
    for _ in range(60):
        sure = 1 / (1 + np.exp(-np.clip(scaled @ fitted, -30, 30)))
        gradient = scaled.T @ (share * (sure - labels)) + penalty @ fitted
        curvature = (scaled * (share * sure * (1 - sure))[:, None]).T @ scaled + penalty
        fitted -= np.linalg.solve(curvature + 1e-9 * np.eye(len(fitted)), gradient)
    return float(fitted[0] - (fitted[1:] / deviation) @ mean), fitted[1:] / deviation


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, fit and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--indexes", type=Path, required=True)
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--most", type=int, default=150, help="questions of each kind (default: 150)")
    parser.add_argument("--alike", action="append", nargs=2, default=[], metavar=("A", "B"), help="of one field")
    parser.add_argument("--unfitted", action="append", default=[], metavar="NAME", help="judge, but don't fit on it")
    parser.add_argument("--cache", type=Path, help="where the numbers are kept")
    try:
        run(parser.parse_args(arguments))
    except SearchkitError as reason:
        print(f"error: {reason}", file=sys.stderr)
        return reason.exit_code
    return 0


def run(options: argparse.Namespace) -> None:
    """Measure what isn't kept, fit, print. Raises ``SearchkitError`` for what can't be measured."""
    names = list(dict.fromkeys(options.names))
    if options.most < 1 or len(names) < 3:
        raise ConfigError("It takes three collections and a question.", hint="Name more, and give --most 1 or more.")
    judged = {name: read_judged(SAMPLES if name == "samples" else options.collections / name) for name in names}
    others = foreign_to(judged, options.alike, names)
    kept: dict[str, Any] = {}
    if options.cache and options.cache.exists():
        kept = json.loads(options.cache.read_text(encoding="utf-8"))
    for name in names:
        if name not in kept:
            kept[name] = asdict(capture(options.indexes / name, judged[name], others[name], options.most))
            print(f"asked {name}", file=sys.stderr, flush=True)
            if options.cache:
                options.cache.write_text(json.dumps(kept), encoding="utf-8")
    every = [Numbers(**kept[name]) for name in names]
    alike = [(name, other) for name in names for other in names if name != other and judged[other] not in others[name]]
    for mode in Mode:
        show(Fit(every, mode, alike), [name for name in names if name not in options.unfitted], names)


def show(fit: Fit, on: Sequence[str], names: Sequence[str]) -> None:
    """Print a mode's table, weights and usual means."""
    print(f"\n{fit.mode}\n{'':20} AUROC (score)  own  other  worst  gone   ECE")
    rows = {name: fit.row(name) for name in names}
    rows["mean"] = np.mean([rows[name] for name in on], axis=0).tolist()
    for name, (gone, score, *shares) in rows.items():
        print(f"{name:20}  {gone:.3f} ({score:.3f}) {'  '.join(f'{share:.3f}' for share in shares)}")
    constant, weights = fit.fitted(on)
    print(f"constant {constant:.3f}, score, lead, coverage", *(f"{weight:.3f}" for weight in weights))
    for kind in ("general", "sentences"):
        means = [fit.numbers[name].answers[kind][str(fit.mode)] for name in on if fit.numbers[name].answers[kind]]
        usual = {key: float(np.mean([each[key] for each in means])) for key in means[0]}
        print(f"usual {kind}", " ".join(f"{key} {value:.3f}" for key, value in usual.items() if isfinite(value)))


if __name__ == "__main__":
    sys.exit(main())
