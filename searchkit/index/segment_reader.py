"""Segment reader: articles, postings and vectors of one segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.article_keys import ArticleKeys
from searchkit.index.articles_db import IDS_MAGIC, ArticlesReader, DateColumns
from searchkit.index.deletions import Deletions
from searchkit.index.manifest import SegmentFact, check_file
from searchkit.index.paths import ARTICLES, EIGHT_BITS, IDS, POSTINGS, VECTORS, IndexPaths
from searchkit.index.vector_index import VectorsReader
from searchkit.keyword.postings.reader import PostingsReader
from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, StringTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.postings.inverter import ChunkRow


class Segment:
    """An opened segment: its articles, postings and vectors, and what of it is deleted. Safe to share among threads."""

    def __init__(self, paths: IndexPaths, fact: SegmentFact, *, dimension: int) -> None:
        """Open and check the files. Raises ``IndexCorrupt`` naming one that is missing or isn't what was written."""
        self.fact = fact
        self._folder = folder = paths.segment(fact.name)
        for name, file in fact.files.items():
            check_file(folder / name, file)
        self.articles = ArticlesReader(folder / ARTICLES)
        self.ids = open_ids(folder / IDS, fact.articles) if IDS in fact.files else None
        """None where the articles are few: their ids are looked up, and remembered."""
        self._known_ids: dict[int, str] = {}
        self.dates = DateColumns(self.articles, fact.articles)
        self.postings = PostingsReader(folder / POSTINGS)
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
        if self.ids is not None:
            self.ids.close()
        self.postings.close()
        if self.vectors is not None:
            self.vectors.close()

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """``(articles + 1,)``: the row of each article's first chunk, and the number of chunks at the end."""
        return self.articles.starts(self.fact.articles, self.fact.chunks)

    def article_ids(self, rows: Sequence[int]) -> list[str]:
        """Return the ids of the articles of some rows, in their order. Raises ``IndexCorrupt``."""
        if self.ids is not None:
            return self.ids.some(rows)
        known = self._known_ids
        if absent := [row for row in rows if row not in known]:
            known.update(zip(absent, self.articles.article_ids(absent), strict=True))
        return [known[row] for row in rows]

    @cached_property
    def keys(self) -> ArticleKeys:
        """The keys by which its articles are found by URL and title; made of these where no file has them."""
        keys = None if IDS not in self.fact.files else open_keys(self._folder / IDS, self.fact.articles)
        return self.articles.keys() if keys is None else keys

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
        sizes = self._chunks_each
        return articles.copy() if sizes is None else np.asarray(np.repeat(articles, sizes))

    @cached_property
    def _chunks_each(self) -> NDArray[np.int64] | None:
        """``(articles,)``: how many chunks each article has; None where each has one."""
        sizes = np.diff(self.starts)
        return None if bool(np.all(sizes == 1)) else sizes

    def living_rows(self, article_ids: Sequence[str]) -> list[int]:
        """Find the rows, ascending, of the articles that have any of the ids and aren't deleted."""
        return [row for row in self.articles.article_rows(article_ids) if self.lives(row)]

    def living_row(self, article_id: str) -> int | None:
        """Find an article's row by its id, unless it is deleted."""
        row = self.articles.article_row(article_id)
        return row if row is not None and self.lives(row) else None

    def lives(self, row: int) -> bool:
        """Say whether the article of a row isn't deleted. Raises ``IndexCorrupt``."""
        if not 0 <= row < self.fact.articles:
            raise self.articles.corrupt(f"it has an article in row {row}")
        return bool(self.living_articles[row])


def open_ids(path: Path, articles: int) -> StringTable:
    """Open the ``ids.bin`` of a segment of so many articles. Safe to share among threads.

    Raises ``IndexCorrupt``, ``FormatTooOld``, ``FormatTooNew``.
    """
    file = ArrayFile(path, IDS_MAGIC)
    ids = StringTable(file, "ids")
    if len(ids) != articles:
        raise file.corrupt(f"it doesn't hold the ids of {articles} articles")
    return ids


def open_keys(path: Path, articles: int) -> ArticleKeys | None:
    """Open the keys in the ``ids.bin`` of a segment of so many articles; None where an earlier version wrote it.

    Raises ``IndexCorrupt``, ``FormatTooOld``, ``FormatTooNew``.
    """
    return ArticleKeys.read(ArrayFile(path, IDS_MAGIC), articles)


def ids_over(segments: Sequence[Segment], bases: NDArray[np.int64], numbers: NDArray[np.int64]) -> list[str]:
    """Return the ids of some articles, in their order, by their numbers over all segments, which begin at ``bases``.

    Raises ``IndexCorrupt``.
    """
    if (ids := _ids_in_files(segments, numbers)) is not None:
        return ids
    owners = (np.searchsorted(bases, numbers, side="right") - 1).tolist()
    wanted: dict[int, list[int]] = {}
    for owner, row in zip(owners, (numbers - bases[owners]).tolist(), strict=True):
        wanted.setdefault(owner, []).append(row)
    ids_of_owner = {owner: iter(segments[owner].article_ids(mine)) for owner, mine in wanted.items()}
    return [next(ids_of_owner[owner]) for owner in owners]


def placed_ids(
    segments: Sequence[Segment], bases: NDArray[np.int64], numbers: NDArray[np.int64], scores: NDArray[np.float64]
) -> list[str]:
    """Return the ids of some articles in the order of their scores, which fall; of equal ones in that of the ids.

    Raises ``IndexCorrupt``.
    """
    if (ids := _ids_in_files(segments, numbers, scores)) is not None:
        return ids
    pairs = sorted(zip((-scores).tolist(), ids_over(segments, bases, numbers), strict=True))
    return [article_id for _, article_id in pairs]


def _ids_in_files(
    segments: Sequence[Segment], numbers: NDArray[np.int64], scores: NDArray[np.float64] | None = None
) -> list[str] | None:
    """Return the ids of articles that are counted over all segments, by the compiled loops.

    With ``scores``, neighbours that have the same come in the order of their ids. None where the loops aren't here, a
    segment has no file of ids, or something can't be right: ``StringTable.some`` says what, and in which file.
    """
    tables = [segment.ids.arrays for segment in segments if segment.ids is not None]
    if native.COMPILED is None or len(tables) < len(segments):
        return None
    try:
        ids: list[str] = native.COMPILED.strings(tables, numbers, scores)
    except ValueError:
        return None
    return ids


def chunk_texts(segment: Segment, articles: Iterable[int], unknown_as: str) -> Iterable[ChunkRow]:
    """Yield each chunk of some articles as the keyword retriever was given it.

    ``unknown_as`` is the language by which articles without one were analysed.
    """
    from searchkit.keyword.postings.inverter import rows_of

    for row in articles:
        stored = segment.articles.stored(row)
        chunks = segment.articles.chunks(stored.chunk, stored.chunks, stored.article)
        yield from rows_of(stored.article, chunks, unknown_as, segment.postings.searchable)
