#!/usr/bin/env python3
"""How fast is the keyword leg beside plain Whoosh? Index the same chunks and ask the same words, in one run.

    scripts/bench_keyword.py [PLACE...] [--chunks 10000]

Chunks have 150 words. Without a place they are sampled from the bundled articles' sentences, with three invented words
each, so that the vocabulary grows as it does in an archive. Times are CPU seconds of this process: compare the ratios,
not the times. Plain Whoosh has its stemming analyzer, positions, and its BM25F; its writer is given one segment's
memory.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from whoosh import index as whoosh_index
from whoosh.analysis import StemmingAnalyzer
from whoosh.fields import NUMERIC, TEXT, Schema
from whoosh.qparser import OrGroup, QueryParser

from searchkit.index.keyword.analysis import Analyzer
from searchkit.index.keyword.builder import PostingsBuilder
from searchkit.index.keyword.evaluate import evaluate
from searchkit.index.keyword.postings import PostingsReader
from searchkit.index.keyword.statistics import KeywordSegments, SegmentPostings
from searchkit.index.keyword.syntax import parse
from searchkit.ingest import read
from searchkit.ingest.sentences import sentence_spans
from searchkit.types import Article

SAMPLES = Path(__file__).parent.parent / "searchkit" / "samples" / "articles"
WORDS = 150
K = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=[str(SAMPLES)])
    parser.add_argument("--chunks", type=int, default=10_000)
    arguments = parser.parse_args()
    chunks = list(chunks_of(arguments.places, arguments.chunks))
    queries = queries_of(chunks)
    print(f"{len(chunks):,} chunks of {WORDS} words; Whoosh-Reloaded {version('Whoosh-Reloaded')}")
    print(f"{'':24}{'searchkit':>14}{'plain Whoosh':>14}{'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        ours, search_ours = build_ours(Path(folder), chunks)
        theirs, search_theirs = build_whoosh(Path(folder), chunks)
        row("chunks per CPU-second", len(chunks) / ours, len(chunks) / theirs)
        row("MB on disk", size(Path(folder) / "postings.bin") / 1e6, size(Path(folder) / "whoosh") / 1e6)
        for name, texts in queries.items():
            row(f"{name}, ms a query, p50", *(1e3 * median_cpu(one, texts) for one in (search_ours, search_theirs)))


def row(name: str, ours: float, theirs: float) -> None:
    print(f"{name:24}{ours:14,.2f}{theirs:14,.2f}{ours / theirs:9.3f}")


def chunks_of(places: list[str], number: int) -> Iterator[str]:
    """Yield the chunks: sentences drawn by a fixed seed, three invented words in each."""
    draw = random.Random(7)
    articles = [one for one in read(places) if isinstance(one, Article)]
    sentences = [one.text[a:b] for one in articles for a, b in sentence_spans(one.text, one.language)]
    for _ in range(number):
        words: list[str] = [f"q{draw.randrange(1 << 40):x}" for _ in range(3)]
        while len(words) < WORDS:
            words += draw.choice(sentences).split()
        yield " ".join(words[:WORDS])


def queries_of(chunks: list[str]) -> dict[str, list[str]]:
    """Return queries of each kind, their words drawn from the chunks."""
    draw = random.Random(11)

    def words(number: int) -> list[str]:
        plain = [word for word in draw.choice(chunks).split() if word.isalpha() and len(word) > 4]
        return draw.sample(plain, min(number, len(plain)))

    return {
        "OR of 2": [" OR ".join(words(2)) for _ in range(40)],
        "OR of 4": [" OR ".join(words(4)) for _ in range(40)],
        "AND of 2": [" AND ".join(words(2)) for _ in range(40)],
        "prefix": [f"{words(1)[0][:4].lower()}*" for _ in range(40)],
    }


def build_ours(folder: Path, chunks: list[str]) -> tuple[float, Callable[[str], object]]:
    """Index with searchkit; return the CPU seconds it took, and its search."""
    started = time.process_time()
    with PostingsBuilder(Analyzer(), 1, scratch=folder) as builder:
        for chunk in chunks:
            builder.add("", "", chunk, "en")
        builder.write(folder / "postings.bin")
    took = time.process_time() - started
    reader = PostingsReader.open(folder / "postings.bin")
    rows = np.arange(len(chunks), dtype=np.int32)
    index = KeywordSegments([SegmentPostings(postings=reader, article_of_row=rows)])
    analyzer = Analyzer()

    def search(text: str) -> object:
        scores = evaluate(index, parse(text, analyzer=analyzer, languages=("en",)).tree).scores
        best = np.argpartition(-scores, K)[:K]
        return best[np.argsort(-scores[best])]

    return took, search


def build_whoosh(folder: Path, chunks: list[str]) -> tuple[float, Callable[[str], object]]:
    """Index with Whoosh; return the CPU seconds it took, and its search."""
    schema = Schema(row=NUMERIC(stored=True), text=TEXT(analyzer=StemmingAnalyzer(stoplist=None), phrase=True))
    (folder / "whoosh").mkdir()
    started = time.process_time()
    store = whoosh_index.create_in(str(folder / "whoosh"), schema)
    writer = store.writer(limitmb=512)
    for row_number, chunk in enumerate(chunks):
        writer.add_document(row=row_number, text=chunk)
    writer.commit(merge=False)
    took = time.process_time() - started
    searcher = store.searcher()
    parser = QueryParser("text", schema, group=OrGroup)
    return took, lambda text: searcher.search(parser.parse(text), limit=K)


def median_cpu(search: Callable[[str], object], texts: list[str]) -> float:
    """Return the median CPU seconds of a search, each text asked once before."""
    times = []
    for text in texts:
        search(text)
        started = time.process_time()
        search(text)
        times.append(time.process_time() - started)
    return statistics.median(times)


def size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(size(one) for one in path.iterdir())


if __name__ == "__main__":
    main()
