"""How is searchkit asked in the benchmark? Through its Python API; the keyword leg alone is also built and asked apart.

``Searcher.rank`` gives the ids and scores of articles, which is what the peers are asked for: no snippets are made and
no article is read. One article is one chunk here. The keyword leg alone reads the query, evaluates it and gives the
rows of the best chunks: what ``rank`` adds to it is looking up ids and grouping chunks by article.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.corpus import Corpus, Made, MadeEncoder
from scripts.benchmarks.peers.peer import Meter
from scripts.benchmarks.questions import Asked
from searchkit.config import IndexConfig
from searchkit.index.build import build as build_index
from searchkit.index.generation import open_generation
from searchkit.index.update import add
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.search.retrieval import SearchContext
from searchkit.search.searcher import open_index
from searchkit.types import Encoder, Mode, Query, Where

CAN = frozenset(["or", "and", "phrase", "prefix", "wildcard", "fuzzy", "date", "tag", "given", "hybrid"])

ONE_CHUNK = IndexConfig(chunk_tokens=512)
"""No made article is longer: the peers have one text each, and so has searchkit."""


class PayingEncoder(MadeEncoder):
    """Gives the made vectors of queries; while ``paying``, after the true encoder's work for a true one."""

    def __init__(self, true: Encoder | None) -> None:
        super().__init__()
        self.paying = False
        self._true = true

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the made vector."""
        if self.paying and self._true is not None:
            self._true.encode_query(text)
        return super().encode_query(text)


class Ours:
    """searchkit's ``Searcher``. ``encoder``: the true one, whose work is done for queries of the kind "hybrid"."""

    can = CAN

    def __init__(self, folder: Path, encoder: Encoder | None = None) -> None:
        self._encoder = PayingEncoder(encoder)
        self._searcher = open_index(folder / "index", encoder=self._encoder)

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        mode = Mode.HYBRID if asked.kind in {"hybrid", "given"} else Mode.KEYWORD
        self._encoder.paying = asked.kind == "hybrid"
        found = self._searcher.rank(Query(text=text_of(asked), mode=mode, k=k, where=where_of(asked)))
        return [int(article) for article, _ in found]

    def close(self) -> None:
        """Close the index."""
        self._searcher.close()


class KeywordLeg:
    """The keyword leg of an index, without what a search does around it."""

    can = CAN - {"given", "hybrid"}

    def __init__(self, folder: Path) -> None:
        self._generation = open_generation(folder / "index")
        self._reading = SearchContext(self._generation)

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        query = Query(text=text_of(asked), mode=Mode.KEYWORD, k=k, where=where_of(asked))
        mask = self._generation.rows_where(query.where)
        tree = self._reading.parse(query).tree
        found = evaluate(self._reading.keyword, tree, mask=mask, resolve=self._reading.resolve)
        rows: list[int] = found.best(k).rows.tolist()
        return rows

    def close(self) -> None:
        """Close the index."""
        self._generation.close()


def where_of(asked: Asked) -> Where:
    """Return the filter."""
    return Where(since=asked.since, until=asked.until, tags=(asked.tag,) if asked.tag else None)


def text_of(asked: Asked) -> str:
    """Return the query as a user types it."""
    match asked.kind:
        case "and":
            return " AND ".join(asked.words)
        case "phrase":
            return f'"{" ".join(asked.words)}"'
        case "prefix":
            return f"{asked.words[0]}*"
        case "fuzzy":
            return f"{asked.words[0]}~"
        case _:
            return " ".join(asked.words)


def build(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the whole index, vectors given: articles stored, split and analysed, both legs, flushed to the disk.

    Without the user's cache of vectors, which would make every build but the first another one.
    """
    articles = (made.article() for block in corpus.blocks() for made in block)
    with meter:
        build_index(folder / "index", meter.fed(articles), config=ONE_CHUNK, encoder=MadeEncoder(), cache=False)


def update(folder: Path, fresh: Sequence[Made], meter: Meter) -> None:
    """Add chunks, some of which take the place of others."""
    articles = [made.article() for made in fresh]
    with meter:
        add(folder / "index", articles, encoder=MadeEncoder(), cache=False)


def build_keyword(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the keyword leg's file alone, from the same texts that the keyword peers are given."""
    from searchkit.keyword.analysis.analyzer import Analyzer
    from searchkit.keyword.postings.writer import PostingsWriter

    with PostingsWriter(Analyzer(), 1, scratch=folder) as builder:
        for block in corpus.blocks():
            with meter:
                for made in block:
                    builder.add("", "", made.text, "en")
        with meter:
            builder.write(folder / "postings.bin")
