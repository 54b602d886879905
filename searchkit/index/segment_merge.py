"""Segment merge: the tiered policy, and the writer of what it chose.

Vectors and stored articles are copied. Postings are made again from the stored text by the code that made them first:
that takes .2 ms a chunk where encoding takes 50 ms, each chunk goes through it once a level, and what is written is to
the byte what a build of the living articles would write, with no trace of the deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import IndexConfig
from searchkit.encoders.encoder_checks import sound_rows
from searchkit.errors import IndexCorrupt
from searchkit.index.articles_db import ArticlesWriter
from searchkit.index.embedding_source import Encode
from searchkit.index.manifest import SegmentFact, check_file
from searchkit.index.paths import ARTICLES, POSTINGS, VECTORS, IndexPaths
from searchkit.index.segment_reader import Segment
from searchkit.index.segment_writer import move_in
from searchkit.index.vector_index import VectorsWriter, add_eight_bits
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.inverter import rows_of
from searchkit.keyword.postings.writer import PostingsWriter
from searchkit.storage import files
from searchkit.storage.files import hidden_name
from searchkit.types import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray


FACTOR = 8
"""So many segments of one level become one of the next: at most 7 a level stay, and a chunk is copied once a level."""

SMALLEST = 1_000
"""Segments of fewer chunks are of the lowest level; each further level is ``FACTOR`` times as large."""

_BLOCK = 8_192
"""Vectors that are copied at once: 12 MB of 384 dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInput:
    """A segment on its way into a generation: ``gone`` is ``(articles,)``, what is deleted of it, before and now.

    ``fresh`` are the rows among them that are deleted now.
    """

    segment: Segment
    gone: NDArray[np.bool_]
    fresh: tuple[int, ...] = ()

    @property
    def living_chunks(self) -> int:
        """Count the chunks that stay."""
        return int(np.diff(self.segment.starts)[~self.gone].sum())

    @property
    def has_unknown_language(self) -> bool:
        """Whether an article that stays has no language."""
        return any(not self.gone[row] for row in self.segment.articles.without_language())


def groups_to_merge(sizes: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Choose among segments, each given as its living chunks and all its chunks: the places of those that become one.

    ``FACTOR`` of a level do, and what they become counts at once for the next level. A segment of which more than half
    is deleted is written anew alone.
    """
    groups = [[place] for place in range(len(sizes))]
    while True:
        levels: dict[int, list[list[int]]] = defaultdict(list)
        for group in groups:
            levels[_level(sum(sizes[place][0] for place in group))].append(group)
        full = next((alike for _, alike in sorted(levels.items()) if len(alike) >= FACTOR), None)
        if full is None:
            break
        groups = [group for group in groups if group not in full] + [sorted(place for group in full for place in group)]
    return [group for group in groups if len(group) > 1 or _worn(*sizes[group[0]])]


def write_merged(
    paths: IndexPaths,
    name: str,
    parts: Sequence[MergeInput],
    *,
    config: IndexConfig,
    dimension: int,
    unknown_as: str = "",
    encode: Encode | None = None,
    progress: Progress | None = None,
) -> SegmentFact:
    """Write what lives in some segments as one, the way ``write_segment`` does.

    ``unknown_as`` is the language by which articles without one are analysed. ``encode`` gives the vectors that some of
    them wait for; without it all must have theirs, or none. What is taken from them is held against its digest first:
    damage must not get a new one. Raises ``StorageError``, ``IndexCorrupt``.
    """
    for part in parts:
        fact = part.segment.fact
        for file in (ARTICLES, VECTORS):
            if file in fact.files:
                check_file(paths.segment(fact.name) / file, fact.files[file], deep=True)
    hidden = paths.segments / hidden_name(name)
    files.remove(hidden)
    files.make_folder(hidden)
    articles = sum(int(np.count_nonzero(~part.gone)) for part in parts)
    chunks = sum(part.living_chunks for part in parts)
    with (
        ArticlesWriter(hidden / ARTICLES, unlabelled=config.unlabelled) as stored,
        PostingsWriter(Analyzer(), config.title_weight, searchable=config.searchable, scratch=hidden) as postings,
    ):
        rows = ((part.segment, int(row)) for part in parts for row in np.flatnonzero(~part.gone))
        for number, (segment, row) in enumerate(rows, start=1):
            _copy_article(segment, row, stored, postings, unknown_as, config.searchable)
            if progress is not None:
                progress("merge", number, articles)
        stored.finish()
        with files.storing(hidden):
            postings.write(hidden / POSTINGS)
    if encode is not None or parts[0].segment.vectors is not None:
        with VectorsWriter(hidden / VECTORS, dimension) as vectors:
            for some in _living_vectors(parts, encode):
                vectors.add(some)
            vectors.finish(chunks)
        add_eight_bits(hidden, rows=chunks, dimension=dimension)
    return move_in(paths, name, articles=articles, chunks=chunks)


def _copy_article(
    segment: Segment,
    row: int,
    stored: ArticlesWriter,
    postings: PostingsWriter,
    unknown_as: str,
    searchable: Sequence[str],
) -> None:
    article = segment.articles.stored(row)
    chunks = segment.articles.chunks(article.chunk, article.chunks, article.article)
    digests = [digest for _, digest in segment.articles.chunk_digests(article.chunk, article.chunks)]
    stored.add(article.article, chunks, digests, digest=segment.articles.digest(row))
    for chunk in rows_of(article.article, chunks, unknown_as, searchable):
        postings.add(*chunk)


def _living_vectors(parts: Sequence[MergeInput], encode: Encode | None) -> Iterator[NDArray[np.float32]]:
    for part in parts:
        vectors = part.segment.vectors
        if vectors is None:
            if encode is None:
                raise ValueError(f"segment {part.segment.fact.name} waits for its vectors")
            yield encode(*_living_texts(part))
            continue
        rows = np.flatnonzero(~part.segment.rows_of(part.gone))
        for first in range(0, len(rows), _BLOCK):
            some = vectors.matrix[rows[first : first + _BLOCK]]
            if not sound_rows(some).all():
                raise IndexCorrupt(f"{vectors.path} holds vectors that aren't of length 1.")
            yield some


def _living_texts(part: MergeInput) -> tuple[list[str], list[bytes]]:
    """Return the text of each living chunk of a segment, as an encoder is given it, and its digest."""
    texts: list[str] = []
    digests: list[bytes] = []
    articles = part.segment.articles
    for row in np.flatnonzero(~part.gone):
        article = articles.stored(int(row))
        texts += [
            compose(article.article, chunk).joined
            for chunk in articles.chunks(article.chunk, article.chunks, article.article)
        ]
        digests += [digest for _, digest in articles.chunk_digests(article.chunk, article.chunks)]
    return texts, digests


def _level(chunks: int) -> int:
    level, limit = 0, SMALLEST
    while chunks >= limit:
        level, limit = level + 1, limit * FACTOR
    return level


def _worn(living: int, every: int) -> bool:
    return 0 < living * 2 < every
