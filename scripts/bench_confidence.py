#!/usr/bin/env python3
"""What is a confidence worth? Asks indexes what they cover and what they don't, and prints how well that is told apart.

    scripts/bench_confidence.py --indexes DIR --collections DIR scifact cranfield xquad-en

Each name is an index in the first folder and a judged collection (BEIR's layout) in the second. Four kinds of questions
are asked of each, and the confidence of the best result is kept:

own       the collection's judged queries, whose answers are there
other     the queries of the other collections named, as many of each
nonsense  four to ten words drawn at random from the index's own vocabulary
gone      the own queries, with every relevant article left out of the ranking: the archive is of the field, but the
          answer isn't there (statistics still count what is left out, as the best result is all that changes)

AUROC is the chance that an own question's confidence is higher than one of the kind, ties half. ECE, the expected
calibration error, is taken in ten equal bins over as many own questions as others, half of these from other fields and
half nonsense (Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599). With --json every confidence and score is written.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import searchkit
from searchkit.evaluation.judged import Judged, read_judged
from searchkit.index.reader import open_generation
from searchkit.search.confidence import confidence
from searchkit.search.ranking import rank_articles
from searchkit.search.searcher import Searcher
from searchkit.types import Mode, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

KINDS = ("own", "other", "nonsense", "gone")
DEPTH = 200


@dataclass(slots=True, kw_only=True)
class Asked:
    """What an index said: by mode and kind, the confidences of the best results, and their scores."""

    name: str
    zero: dict[str, float]
    confidences: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)


def area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the area under the curve: the chance that a positive is higher than a negative, ties half."""
    ordered = np.sort(np.asarray(negative))
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return float(np.mean((below + upto) / 2) / len(ordered))


def calibration_error(own: Sequence[float], other: Sequence[float], nonsense: Sequence[float]) -> float:
    """Return the expected calibration error over as many own questions as others, half of these nonsense."""
    values = np.concatenate([own, other, nonsense])
    true = np.concatenate([np.ones(len(own)), np.zeros(len(other) + len(nonsense))])
    weight = np.concatenate(
        [
            np.full(len(one), share / len(one))
            for one, share in zip((own, other, nonsense), (0.5, 0.25, 0.25), strict=True)
        ]
    )
    bins = np.minimum((values * 10).astype(int), 9)
    gap = np.bincount(bins, weight * (values - true), 10)
    return float(np.abs(gap).sum())


def words_of(searcher: Searcher) -> list[str]:
    """Return the words of the first articles, each once."""
    found: set[str] = set()
    for article_id in searcher.article_ids()[:2000]:
        article = searcher.article(article_id)
        found.update(
            word.lower() for word in (article.text if article else "").split() if word.isalpha() and len(word) > 3
        )
    return sorted(found)


def questions(
    judged: Judged, others: Sequence[Judged], words: Sequence[str], most: int
) -> dict[str, list[tuple[str, frozenset[str]]]]:
    """Return each kind's questions, with the articles to leave out."""
    draw = random.Random(1)
    asked = draw.sample(sorted(judged.queries), min(most, len(judged.queries)))
    relevant = {query: frozenset(one for one, grade in judged.qrels[query].items() if grade > 0) for query in asked}
    nothing: frozenset[str] = frozenset()
    foreign = [
        (other.queries[query], nothing)
        for other in others
        for query in draw.sample(sorted(other.queries), min(len(other.queries), -(-most // len(others))))
    ]
    drawn = [(" ".join(draw.sample(words, draw.choice((4, 6, 8, 10)))), nothing) for _ in range(most)]
    own = [(judged.queries[query], nothing) for query in asked]
    gone = [(judged.queries[query], relevant[query]) for query in asked]
    return dict(zip(KINDS, (own, foreign, drawn, gone), strict=True))


def ask(index: Path, judged: Judged, others: Sequence[Judged], modes: Sequence[Mode], most: int) -> Asked:
    """Ask an index all questions in each mode."""
    with open_generation(index) as generation:
        zero, ids = (
            generation.manifest.zero,
            [generation.article_id(n) for n in range(int(generation.article_bases[-1]))],
        )
    said = Asked(
        name=index.name,
        zero={}
        if zero is None
        else {"keyword": zero.keyword, "vector": zero.vector, "words": zero.words, "nearness": zero.nearness},
    )
    with searchkit.open(index) as searcher:
        kinds = questions(judged, others, words_of(searcher), most)
        for mode in modes:
            confidences, scores = said.confidences.setdefault(str(mode), {}), said.scores.setdefault(str(mode), {})
            for kind, asked in kinds.items():
                confidences[kind], scores[kind] = [], []
                for text, left_out in asked:
                    legs = searcher.legs(Query(text=text, mode=mode))
                    ranked = rank_articles(legs, len(left_out) + 1, DEPTH)
                    best = next(
                        (
                            float(score)
                            for key, score in zip(ranked.keys, ranked.scores, strict=True)
                            if ids[int(key)] not in left_out
                        ),
                        None,
                    )
                    if best is None:  # nothing found: as sure as can be that it isn't there
                        best = 0.0
                    value = confidence(best, legs.scale, zero)
                    confidences[kind].append(0.0 if value is None else value)
                    unit = legs.scale.unit if hasattr(legs.scale, "unit") and mode is Mode.KEYWORD else 1.0
                    scores[kind].append(best / unit)
    return said


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a row an index and mode, and the means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--indexes", type=Path, required=True)
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--mode", action="append", type=Mode, choices=list(Mode), help="default: all three")
    parser.add_argument("--most", type=int, default=200, help="questions of each kind (default: 200)")
    parser.add_argument("--alike", action="append", nargs=2, default=[], metavar=("A", "B"), help="of one field")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    judged = {name: read_judged(given.collections / name) for name in given.names}
    alike = {frozenset(pair) for pair in given.alike}
    rows, every = [], []
    for name in given.names:
        others = [judged[other] for other in given.names if other != name and frozenset((name, other)) not in alike]
        said = ask(given.indexes / name, judged[name], others, given.mode or list(Mode), given.most)
        every.append(said)
        for mode, by_kind in said.confidences.items():
            own = by_kind["own"]
            row = [area(own, by_kind[kind]) for kind in KINDS[1:]]
            row += [calibration_error(own, by_kind["other"], by_kind["nonsense"])]
            row += [float(np.mean(by_kind[kind])) for kind in KINDS]
            rows.append((mode, row))
            print(f"{name:18} {mode:8}", *(f"{value:.3f}" for value in row), flush=True)
    print(f"{'':27} AUROC of other, nonsense, gone; ECE; mean confidence of own, other, nonsense, gone")
    for mode in dict.fromkeys(mode for mode, _ in rows):
        means = np.mean([row for other, row in rows if other == mode], axis=0)
        print(f"{'mean':18} {mode:8}", *(f"{value:.3f}" for value in means))
    if given.json:
        given.json.write_text(
            json.dumps(
                [
                    {"name": one.name, "zero": one.zero, "confidences": one.confidences, "scores": one.scores}
                    for one in every
                ]
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
