#!/usr/bin/env python3
"""What is a confidence worth? Asks indexes what they cover and what they don't, and prints how well that is told apart.

    bench_confidence.py --indexes I --collections C --alike samples rtqa-news-a samples scifact cranfield
        digitalgov-known rtqa-news-a xquad-en xquad-xling

Each name is an index in the first folder and a judged collection (BEIR's layout) in the second; "samples" are
searchkit's own, wherever it is installed. Five kinds of questions are asked of each, and the confidence of the best
result is kept:

own       the collection's judged queries, whose answers are there
other     the queries of the other collections named, as many of each, but for those of the same field: these share one
          query in twenty or more, as translations of one text do, or are named by --alike
nonsense  four to ten words drawn at random from the index's own vocabulary
gone      the own queries, with every relevant article left out of the ranking, as a filter does it: the archive is of
          the field, and has the answer, but no result is it (``fit_confidence.py`` takes it out of the archive)
babble    nonsense again, but each of the words of one language, which is drawn first, of those written with spaces

AUROC is the chance that an own question's confidence is higher than one of the kind, ties half. ECE, the expected
calibration error, is taken in ten equal bins over as many own questions as others, half of these from other fields and
half nonsense (Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599). "mean" is that of the rows, "together" counts the
questions of all indexes as one heap: what a zero learnt in each index is for. With --json every confidence is written,
with --write the figures: benchmarks/confidence.json has those of SCORING.md, by the command above and --mode hybrid
--most 75. Other orders of the names draw other questions: that moves the means by some .002, a collection's by .01.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import searchkit
from searchkit.errors import ConfigError, SearchkitError
from searchkit.evaluation.judgments import Judgments, read_judged
from searchkit.index.generation import open_generation
from searchkit.index.vector_stats import group_of
from searchkit.search.ranking import rank_articles
from searchkit.search.results import confidence_of
from searchkit.search.retrieval import SearchContext
from searchkit.search.searcher import Searcher
from searchkit.types import Mode, Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

SAMPLES = Path(searchkit.__file__).parent / "samples"
SAME_FIELD = 0.05
"""The share of the shorter one's queries that two collections of one field have in common."""

KINDS = ("own", "other", "nonsense", "gone", "babble")
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
"""What stands between two spaces is half a sentence in these, not a word."""

ENOUGH = 100
"""Words of a language that questions are drawn from."""

DEPTH = 200


@dataclass(slots=True, kw_only=True)
class Asked:
    """What an index said: by mode and kind, the confidences of the best results."""

    name: str
    articles: int
    confidences: dict[str, dict[str, list[float]]] = field(default_factory=dict)


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


def of_one_field(one: Judgments, other: Judgments) -> bool:
    """Return whether two collections ask so much alike that neither's queries are foreign to the other."""
    mine, theirs = set(one.queries.values()), set(other.queries.values())
    return len(mine & theirs) >= SAME_FIELD * min(len(mine), len(theirs))


def foreign_to(
    judged: Mapping[str, Judgments], alike: Sequence[Sequence[str]], names: Sequence[str]
) -> dict[str, list[Judgments]]:
    """Return for each name the collections of other fields. Raises ``ConfigError`` where one has none."""
    pairs = {frozenset(pair) for pair in alike}
    others = {
        name: [
            judged[other]
            for other in names
            if other != name and {name, other} not in pairs and not of_one_field(judged[name], judged[other])
        ]
        for name in names
    }
    for name, found in others.items():
        if not found:
            raise ConfigError(f"No collection of another field is named beside {name}.", hint="Name one more.")
    return others


def words_of(searcher: Searcher) -> dict[str, set[str]]:
    """Return the words of the first articles by language."""
    found: dict[str, set[str]] = {}
    for article_id in searcher.article_ids()[:2000]:
        article = searcher.article(article_id)
        if article is not None:
            words = (word.lower() for word in article.text.split() if word.isalpha() and len(word) > 3)
            found.setdefault(group_of(article.language), set()).update(words)
    return found


def questions(
    judged: Judgments, others: Sequence[Judgments], words: Mapping[str, set[str]], most: int
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
    every = sorted(set().union(*words.values()))
    drawn = [(_sentence(draw, every), nothing) for _ in range(most)]
    own = [(judged.queries[query], nothing) for query in asked]
    gone = [(judged.queries[query], relevant[query]) for query in asked]
    tongues = [
        sorted(of) for name, of in sorted(words.items()) if name not in WITHOUT_SPACES and name and len(of) >= ENOUGH
    ]
    babble = [(_sentence(draw, draw.choice(tongues or [every])), nothing) for _ in range(most)]
    return dict(zip(KINDS, (own, foreign, drawn, gone, babble), strict=True))


def _sentence(draw: random.Random, words: Sequence[str]) -> str:
    """Draw four to ten words."""
    return " ".join(draw.sample(words, draw.choice((4, 6, 8, 10))))


def ask(index: Path, judged: Judgments, others: Sequence[Judgments], modes: Sequence[Mode], most: int) -> Asked:
    """Ask an index all questions in each mode."""
    with open_generation(index) as generation:
        return _asked(index, SearchContext(generation), judged, others, modes, most)


def _asked(
    index: Path,
    reading: SearchContext,
    judged: Judgments,
    others: Sequence[Judgments],
    modes: Sequence[Mode],
    most: int,
) -> Asked:
    ids = reading.generation.article_ids(np.arange(int(reading.generation.article_bases[-1])))
    said = Asked(
        name=index.name,
        articles=sum(int(one.living_articles.sum()) for one in reading.generation.segments),
    )
    with searchkit.open(index) as searcher:
        kinds = questions(judged, others, words_of(searcher), most)
        for mode in modes:
            for kind, asked in kinds.items():
                confidences = said.confidences.setdefault(str(mode), {}).setdefault(kind, [])
                for text, left_out in asked:
                    legs = searcher.legs(Query(text=text, mode=mode, recency=False))
                    question = confidence_of(reading, legs, text)
                    if question is None:
                        raise ConfigError(
                            f"{index} names a fusion whose scores tell no confidence.", hint="Choose 'sum'."
                        )
                    ranked = rank_articles(legs, len(left_out) + 1, DEPTH)
                    best = (
                        float(score)
                        for key, score in zip(ranked.keys, ranked.scores, strict=True)
                        if ids[int(key)] not in left_out
                    )
                    confidences.append(question.of(next(best, 0.0)))
    return said


def row_of(by_kind: Mapping[str, Sequence[float]]) -> list[float]:
    """Return the areas of the kinds, the calibration error, and the mean confidence of each kind."""
    own, other, nonsense = (by_kind[kind] for kind in KINDS[:3])
    areas = [area(own, by_kind[kind]) for kind in KINDS[1:]]
    return [*areas, calibration_error(own, other, nonsense), *(float(np.mean(by_kind[kind])) for kind in KINDS)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--indexes", type=Path, required=True)
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--mode", action="append", type=Mode, choices=list(Mode), help="default: all three")
    parser.add_argument("--most", type=int, default=200, help="questions of each kind (default: 200)")
    parser.add_argument("--alike", action="append", nargs=2, default=[], metavar=("A", "B"), help="also of one field")
    parser.add_argument("--json", type=Path, help="write every confidence into this file")
    parser.add_argument("--write", type=Path, help="write the figures into this file")
    try:
        run(parser.parse_args(arguments))
    except SearchkitError as reason:
        print(f"error: {reason}", file=sys.stderr)
        return reason.exit_code
    return 0


def run(given: argparse.Namespace) -> None:
    """Measure, print a row an index and mode, and the means. Raises ``SearchkitError`` for what can't be measured."""
    modes, names = list(dict.fromkeys(given.mode or Mode)), list(dict.fromkeys(given.names))
    if given.most < 1:
        raise ConfigError(f"--most {given.most} asks nothing.", hint="Give 1 or more.")
    if unknown := [name for name in chain.from_iterable(given.alike) if name not in names]:
        raise ConfigError(f"{unknown[0]} isn't among the collections.", hint=f"There are: {', '.join(names)}.")
    for file in filter(None, (given.json, given.write)):
        if not file.parent.is_dir():
            raise ConfigError(f"There is no folder {file.parent}.", hint="Make it first.")
    judged = {name: read_judged(SAMPLES if name == "samples" else given.collections / name) for name in names}
    others = foreign_to(judged, given.alike, names)
    for name in names:
        with open_generation(given.indexes / name):  # what isn't there is said before anything is measured
            pass
    print(f"{'':27} AUROC of other, nonsense, gone, babble; ECE; mean confidence of own and these", flush=True)
    every: list[Asked] = []
    table: dict[str, dict[str, list[float]]] = {}
    for name in names:
        every.append(ask(given.indexes / name, judged[name], others[name], modes, given.most))
        for mode in modes:
            show(table, name, mode, row_of(every[-1].confidences[mode]))
    for mode in modes:
        said = [one.confidences[mode] for one in every]
        show(table, "mean", mode, np.mean([row_of(one) for one in said], axis=0))
        show(table, "together", mode, row_of({kind: [x for one in said for x in one[kind]] for kind in KINDS}))
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in every]))
    if given.write:
        sizes = {name: {"articles": one.articles} | asked_of(one) for name, one in zip(names, every, strict=True)}
        facts = {"date": datetime.now(UTC).date().isoformat(), "most": given.most, "sizes": sizes}
        given.write.write_text(json.dumps(facts | table_of(table), indent=1) + "\n", encoding="utf-8")


def asked_of(one: Asked) -> dict[str, int]:
    """Count the questions of each kind."""
    return {kind: len(values) for kind, values in next(iter(one.confidences.values())).items()}


def table_of(rows: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, object]:
    """Return the rows by mode and name, their values by what they are: areas by kind, and the calibration error."""
    heads = (*KINDS[1:], "ECE")
    return {
        mode: {
            name: {head: round(float(value), 4) for head, value in zip(heads, row, strict=False)}
            for name, row in named.items()
        }
        for mode, named in rows.items()
    }


def show(table: dict[str, dict[str, list[float]]], name: str, mode: Mode, values: Sequence[float]) -> None:
    """Print a row and keep it."""
    table.setdefault(str(mode), {})[name] = list(values)
    print(f"{name:18} {mode:8}", *(f"{value:.3f}" for value in values), flush=True)


if __name__ == "__main__":
    sys.exit(main())
