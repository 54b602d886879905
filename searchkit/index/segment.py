"""Here is a segment's folder; what is in it? Its reader; ``making.py`` is the writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.articles import ArticlesReader
from searchkit.index.dated import Dates
from searchkit.index.deletions import Deletions
from searchkit.index.facts import SegmentFact
from searchkit.index.keyword.postings import PostingsReader
from searchkit.index.manifest import check_file
from searchkit.index.paths import ARTICLES, EIGHT_BITS, POSTINGS, VECTORS, IndexPaths
from searchkit.index.vectors import VectorsReader

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Segment:
    """An opened segment: its three legs and what of it is deleted. Safe to share among threads."""

    def __init__(self, paths: IndexPaths, fact: SegmentFact, *, dimension: int) -> None:
        """Open and check the files. Raises ``IndexCorrupt`` naming one that is missing or isn't what was written."""
        self.fact = fact
        folder = paths.segment(fact.name)
        for name, file in fact.files.items():
            check_file(folder / name, file)
        self.articles = ArticlesReader(folder / ARTICLES)
        self.dates = Dates(self.articles, fact.articles)
        self.postings = PostingsReader.open(folder / POSTINGS)
        if self.postings.rows != fact.chunks:
            raise IndexCorrupt(
                f"{folder / POSTINGS} holds {self.postings.rows} chunks where {fact.chunks} were written."
            )
        self.deletions = None if fact.deletions is None else Deletions.read(paths, fact, self.postings)
        self.vectors = (
            VectorsReader(
                folder / VECTORS,
                rows=fact.chunks,
                dimension=dimension,
                eight_bits=folder / EIGHT_BITS if EIGHT_BITS in fact.files else None,
            )
            if fact.has_vectors
            else None
        )
        """None where they are still to be computed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self.articles.close()
        self.postings.close()

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """``(articles + 1,)``: the row of each article's first chunk, and the number of chunks at the end."""
        return self.articles.starts(self.fact.articles, self.fact.chunks)

    @cached_property
    def article_of_row(self) -> NDArray[np.int32]:
        """``(chunks,)``: the row of the article that a chunk belongs to."""
        numbers = np.arange(self.fact.articles, dtype=np.int32)
        return np.repeat(numbers, np.diff(self.starts))

    @cached_property
    def living_articles(self) -> NDArray[np.bool_]:
        """``(articles,)``: which articles aren't deleted."""
        if self.deletions is None:
            return np.ones(self.fact.articles, dtype=bool)
        return ~self.deletions.rows[self.starts[:-1]]

    def rows_of(self, articles: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Spread a choice of articles, ``(articles,)``, to their chunks, ``(chunks,)``."""
        return np.asarray(np.repeat(articles, np.diff(self.starts)))

    def living_rows(self, article_ids: Sequence[str]) -> list[int]:
        """Find the rows, ascending, of the articles that have any of the ids and aren't deleted."""
        return [row for row in self.articles.article_rows(article_ids) if self._lives(row)]

    def living_row(self, article_id: str) -> int | None:
        """Find an article's row by its id, unless it is deleted."""
        row = self.articles.article_row(article_id)
        return row if row is not None and self._lives(row) else None

    def _lives(self, row: int) -> bool:
        if not 0 <= row < self.fact.articles:
            raise self.articles.corrupt(f"it has an article in row {row}")
        return bool(self.living_articles[row])


def chunk_texts(segment: Segment, articles: Iterable[int]) -> Iterable[tuple[str, str, str, str | None]]:
    """Yield ``(title, heading, text, language)`` of each chunk of some articles, as the keyword leg was given them."""
    from searchkit.ingest.compose import compose

    for row in articles:
        stored = segment.articles.stored(row)
        for chunk in segment.articles.chunks(stored.chunk, stored.chunks):
            searched = compose(stored.article, chunk)
            yield searched.title, searched.heading, searched.text, stored.article.language
