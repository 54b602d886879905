#!/usr/bin/env python
"""How long do suggestions take as one types? On a made index of so many chunks, which is kept for the next time.

Words are drawn by Zipf's law out of made ones, articles have ten chunks, a source of 200, tags of 5,000, and an access
list of 100. Each beginning of 200 typed words is asked for, letter by letter, without a filter and under two filters:
one that leaves a hundredth of the archive, and one that leaves a few hundred chunks.

    scripts/bench_suggest.py [--chunks 1000000] [--index FOLDER]
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

import searchkit
from searchkit import F, IndexConfig, Searcher

VOCABULARY = 400_000
SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "os")]


class FlatEncoder:
    """Two numbers for a text: vectors aren't what is measured."""

    name, fingerprint, dimension, max_tokens = "flat", "01", 2, 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words by their blanks."""
        return [text.count(" ") + 1 for text in texts]

    def encode_query(self, text: str) -> Any:
        """Return the vector of any text."""
        return np.asarray([1.0, 0.0], dtype=np.float32)

    def encode_chunks(self, texts: Sequence[str], progress: object = None) -> Any:
        """Return the same vector for each text."""
        return np.tile(np.asarray([1.0, 0.0], dtype=np.float32), (len(texts), 1))


def made_words() -> list[str]:
    """Return distinct words, the commonest first."""
    draw = random.Random(7)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(draw.choices(SYLLABLES, k=draw.randint(1, 5)))] = None
    return list(words)


def made_articles(count: int, words: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield articles of ten chunks of some twelve words."""
    draw = random.Random(11)
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
    for number in range(count):
        drawn = draw.choices(words, cum_weights=weights, k=135)
        sentences = [" ".join(drawn[start : start + 25]).capitalize() + "." for start in range(10, 135, 25)]
        yield {
            "id": f"a{number}",
            "title": " ".join(drawn[:8]).capitalize(),
            "text": "\n\n".join(sentences),
            "source": f"{words[1000 + number % 200]} wire",
            "language": "en",
            "tags": [words[(number * 7) % 5000], words[(number * 13) % 5000]],
            "acl": f"group-{number % 100}",
            "desk": f"desk-{number % 2000}",
        }


def measured(searcher: Searcher, typed: Sequence[str], where: searchkit.FilterExpression | None) -> str:
    """Ask for every beginning of what is typed; return median, 95th percentile and most, in ms."""
    times = []
    for word in typed:
        for end in range(1, len(word) + 1):
            started = time.perf_counter()
            searcher.suggest(word[:end], where=where)
            times.append((time.perf_counter() - started) * 1_000)
    p50, p95, most = np.percentile(times, [50, 95, 100])
    return f"{len(times):,} beginnings: median {p50:.2f} ms, 95th {p95:.2f} ms, most {most:.2f} ms"


def main() -> None:
    """Build the index where it isn't there, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--index", type=Path, default=Path("indexes/bench-suggest"))
    arguments = parser.parse_args()
    words = made_words()
    if not arguments.index.exists():
        config = IndexConfig(chunk_tokens=32, overlap_sentences=0)
        searchkit.build(
            arguments.index, made_articles(arguments.chunks // 10, words), config=config, encoder=FlatEncoder()
        )
    with searchkit.open(arguments.index, encoder=FlatEncoder()) as searcher:
        info = searcher.info()
        print(f"{info.chunks:,} chunks of {info.articles:,} articles")
        started = time.perf_counter()
        searcher.suggest("ba")
        print(f"the first of all: {time.perf_counter() - started:.2f} s")
        typed = random.Random(3).sample(words[:50_000], 200)
        print("no filter:", measured(searcher, typed, None))
        for name, where in (("a hundredth", F("acl") == "group-7"), ("a few", F("desk") == "desk-77")):
            started = time.perf_counter()
            searcher.suggest("b", where=where)
            first = (time.perf_counter() - started) * 1_000
            print(f"{name} ({searcher.count(where=where):,} articles), first {first:.0f} ms, then", end=" ")
            print(measured(searcher, typed, where))


if __name__ == "__main__":
    main()
