#!/usr/bin/env python
"""Are judged questions answered as well when they are typed otherwise? And by default as well as with --words?

For each index and its judged collection: nDCG@10 of the questions as they are, read as by default and as words, then of
variants: in capitals, in title case, with one to three words in quotes, a colon, brackets, a leading dash, a hashtag, a
final "?!", a slash between words, an ellipsis. Each is a change in form alone, drawn by the question's own digest, so
that every run draws the same. Held: the default within .002 of words, every variant within .005 of the questions as
they are, each without rounding; a cell that isn't is marked, and the exit code is 1.

    scripts/bench_query_reading.py COLLECTION=INDEX … [--mode hybrid --mode keyword] [--limit 300]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import string
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import searchkit
from searchkit import Mode, Query, Searcher
from searchkit.evaluation.judgments import read_judged
from searchkit.evaluation.measures import measure
from searchkit.evaluation.runs import Run
from searchkit.types import Syntax

MEASURE = "nDCG@10"
DEPTH = 100
OF_WORDS = 0.002
OF_PLAIN = 0.005

Vary = Callable[[list[str], random.Random], list[str]]


def quoted(words: list[str], draw: random.Random, count: int) -> list[str]:
    """Put quotation marks around neighbours, never around all."""
    count = min(count, len(words) - 1)
    if count < 1:
        return words
    at = draw.randrange(len(words) - count + 1)
    inside = [word.replace('"', "") for word in words]
    last = inside[at + count - 1].rstrip(string.punctuation) or inside[at + count - 1]
    end = inside[at + count - 1][len(last) :]
    return [*inside[:at], *_around(inside[at : at + count - 1], last, end), *inside[at + count :]]


def _around(before: list[str], last: str, end: str) -> list[str]:
    marked = [*before, f'{last}"{end}']
    return [f'"{marked[0]}', *marked[1:]]


def _at(words: list[str], draw: random.Random, change: Callable[[str], str]) -> list[str]:
    places = [place for place, word in enumerate(words) if word.isalpha()]
    if not places:
        return words
    at = draw.choice(places)
    return [*words[:at], change(words[at]), *words[at + 1 :]]


def _slashed(words: list[str], draw: random.Random) -> list[str]:
    if len(words) < 3:
        return words
    at = draw.randrange(len(words) - 1)
    return [*words[:at], f"{words[at]}/{words[at + 1]}", *words[at + 2 :]]


def _bracketed(words: list[str], draw: random.Random) -> list[str]:
    at = draw.randrange(len(words))
    end = min(len(words), at + draw.randint(1, 3)) - 1
    changed = list(words)
    changed[at], changed[end] = f"({changed[at]}", changed[end] if at == end else f"{changed[end]})"
    return changed if at != end else [*words[:at], f"({words[at]})", *words[at + 1 :]]


def _ended(words: list[str], end: str) -> list[str]:
    return [*words[:-1], re.sub(r"[.?!\s]*$", "", words[-1]) + end]


VARIANTS: Mapping[str, Vary] = {
    "CAPITALS": lambda words, _: [word.upper() for word in words],
    "Title Case": lambda words, _: [word[:1].upper() + word[1:] for word in words],
    '"one" in quotes': lambda words, draw: quoted(words, draw, 1),
    '"two words" in quotes': lambda words, draw: quoted(words, draw, 2),
    '"three words" quoted': lambda words, draw: quoted(words, draw, 3),
    "CAPITALS, quotes": lambda words, draw: quoted([word.upper() for word in words], draw, draw.randint(1, 3)),
    "colon:": lambda words, draw: _at(words, draw, lambda word: f"{word}:"),
    "(brackets)": _bracketed,
    "-leading dash": lambda words, _: [f"-{words[0]}", *words[1:]],
    "- leading dash": lambda words, _: ["-", *words],
    "#hashtag": lambda words, draw: _at(words, draw, lambda word: f"#{word}"),
    "@handle": lambda words, draw: _at(words, draw, lambda word: f"@{word}"),
    "final ?!": lambda words, _: _ended(words, "?!"),
    "final …": lambda words, _: _ended(words, "…"),
    "sla/sh": _slashed,
    "EMPHASIS": lambda words, draw: _at(words, draw, str.upper),
    "AND in capitals": lambda words, _: [w.upper() if w.lower() in {"and", "or", "not"} else w for w in words],
}


def varied(text: str, name: str) -> str:
    """Return a question typed otherwise, the same every time."""
    draw = random.Random(hashlib.sha256(f"{name}\n{text}".encode()).digest())
    words = text.split()
    return " ".join(VARIANTS[name](words, draw)) if words else text


def ndcg(
    searcher: Searcher,
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    mode: Mode,
    syntax: Syntax = Syntax.AUTO,
) -> tuple[float, int]:
    """Return the mean of the measure, and how many queries were read as expressions."""
    request_of = {name: Query(text=text, mode=mode, k=DEPTH, syntax=syntax) for name, text in queries.items()}
    run = Run(name=str(mode), scores={name: dict(searcher.rank(query)) for name, query in request_of.items()})
    read = sum(searcher.read_query(query).syntax is Syntax.EXPRESSION for query in request_of.values())
    return measure(run, qrels, [MEASURE]).mean(MEASURE), read


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    value: float
    base: float
    limit: float
    read: int
    asked: int

    @property
    def bad(self) -> bool:
        """Whether the value lies further below its base than it may."""
        return self.value < self.base - self.limit

    def __str__(self) -> str:
        """Draw it."""
        figures = f"{self.name:<24} {self.value:>8.4f} {self.value - self.base:>+8.4f} {self.read:>5} of {self.asked}"
        return figures + (" <<<" if self.bad else "")


def rows(
    searcher: Searcher,
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    mode: Mode,
    variants: Sequence[str],
) -> Iterator[Row]:
    """Measure the questions as words, as they are, and typed otherwise."""
    words, _ = ndcg(searcher, queries, qrels, mode, Syntax.WORDS)
    plain, read = ndcg(searcher, queries, qrels, mode)
    yield Row("as they are, --words", words, words, 0.0, 0, len(queries))
    yield Row("as they are", plain, words, OF_WORDS, read, len(queries))
    for name in variants:
        value, read = ndcg(searcher, {key: varied(text, name) for key, text in queries.items()}, qrels, mode)
        yield Row(name, value, plain, OF_PLAIN, read, len(queries))


def main() -> int:
    """Measure and print; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pairs", nargs="+", metavar="COLLECTION=INDEX")
    options.add_argument("--mode", action="append", type=Mode, help="hybrid, keyword, vector; hybrid and keyword")
    options.add_argument("--limit", type=int, default=0, help="ask so many questions of each, every n-th; 0: all")
    options.add_argument("--variant", action="append", choices=list(VARIANTS), help="measure these variants alone")
    arguments = options.parse_args()
    failed = False
    print(f"{'collection':<18} {'mode':<8} {'questions':<24} {MEASURE:>8} {'against':>8} {'expressions':>12}")
    for pair in arguments.pairs:
        folder, _, index = pair.partition("=")
        judged = read_judged(Path(folder))
        step = max(1, len(judged.queries) // arguments.limit) if arguments.limit else 1
        queries = dict(list(judged.queries.items())[::step])
        qrels = {name: judged.qrels[name] for name in queries if name in judged.qrels}
        chosen = arguments.variant or list(VARIANTS)
        with searchkit.open(index) as searcher:
            for mode in arguments.mode or (Mode.HYBRID, Mode.KEYWORD):
                for row in rows(searcher, queries, qrels, mode, chosen):
                    failed |= row.bad
                    print(f"{Path(folder).name:<18} {mode:<8} {row}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
