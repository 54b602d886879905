"""Segment writer: articles, chunks, postings and vectors of one batch of articles.

A build makes one segment, however many articles there are: each distinct word is analysed once, nothing is merged
afterwards, and a search has one place to look in. 1,000,000 chunks in segments of 70,000 would be analysed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext

from searchkit.config import IndexConfig
from searchkit.index.articles_db import ArticlesWriter, text_digest
from searchkit.index.chunking_pool import Cutter
from searchkit.index.embedding_source import Encode
from searchkit.index.manifest import SegmentFact, fact_of, in_place
from searchkit.index.paths import ARTICLES, POSTINGS, SEGMENT_FILES, VECTORS, IndexPaths
from searchkit.index.vector_index import VectorsWriter, add_eight_bits
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.inverter import rows_of
from searchkit.keyword.postings.writer import PostingsWriter
from searchkit.storage import files
from searchkit.storage.files import hidden_name
from searchkit.types import Article, Progress

BATCH_CHARACTERS = 32_000_000
"""Text (about 32,000 chunks) that is cut, inverted and encoded before more is read: what is held in memory at once."""

SEGMENT_CHARACTERS = 4_000_000_000
"""A segment is closed after so much text, about 4,000,000 chunks."""


def segmented(articles: Iterable[Article], segment_of: Mapping[str, int]) -> Iterator[tuple[int, dict[str, Article]]]:
    """Yield batches of articles by their ids, each with the number, from 0 on, of the segment that it goes into.

    Of two articles of a batch with one id the later counts. No id comes twice in a segment: ``segment_of`` says where
    each of those was put that came before, by who puts them there before the next batch is asked for.
    """
    number = characters = 0
    for batch, size in _batches(articles):
        there = any(segment_of.get(article_id) == number for article_id in batch)
        if there or (characters and characters + size > SEGMENT_CHARACTERS):
            number, characters = number + 1, 0
        characters += size
        yield number, batch


def _batches(articles: Iterable[Article]) -> Iterator[tuple[dict[str, Article], int]]:
    """Group articles by what is held at once; yield the characters of each group too."""
    batch: dict[str, Article] = {}
    characters = 0
    for article in articles:
        batch[article.id] = article
        characters += len(article.text) + len(article.title)
        if characters >= min(BATCH_CHARACTERS, SEGMENT_CHARACTERS):
            yield batch, characters
            batch, characters = {}, 0
    if batch:
        yield batch, characters


def write_segment(
    paths: IndexPaths,
    name: str,
    batches: Iterable[Sequence[Article]],
    *,
    config: IndexConfig,
    dimension: int,
    cutter: Cutter,
    encode: Encode | None,
    unknown_as: Callable[[Sequence[Article]], str] = lambda batch: "",
    progress: Progress | None = None,
) -> tuple[SegmentFact, str]:
    """Write a segment under a hidden name, flush it, and move it to its place; no manifest names it yet.

    The articles come in batches, of which one at a time is held in memory: cut (by ``cutter``, which may have seen them
    before), inverted and encoded before the next is asked for. No id comes twice. Without ``encode`` the vectors are
    left for later: there is no ``vectors.faiss``, and nothing is encoded. ``unknown_as`` is asked once, with the first
    batch, by which language articles without one are analysed; it is returned, too. Raises ``StorageError``,
    ``SourceError``. What was stopped on the way stays hidden, for the next writer to sweep.
    """
    hidden = paths.segments / hidden_name(name)
    files.remove(hidden)
    files.make_folder(hidden)
    articles = chunks = 0
    default: str | None = None
    with (
        ArticlesWriter(hidden / ARTICLES, unlabelled=config.unlabelled) as stored,
        PostingsWriter(Analyzer(), config.title_weight, searchable=config.searchable, scratch=hidden) as postings,
        nullcontext() if encode is None else VectorsWriter(hidden / VECTORS, dimension) as vectors,
    ):
        for batch in batches:
            if default is None:
                default = unknown_as(batch)
            texts, digests = _add(batch, stored, postings, cutter, default, config.searchable, progress)
            articles, chunks = articles + len(batch), chunks + len(texts)
            if encode is not None and vectors is not None:
                vectors.add(encode(texts, digests))
        stored.finish()
        with files.storing(hidden):
            postings.write(hidden / POSTINGS)
        if vectors is not None:
            vectors.finish(chunks)
    if encode is not None:
        add_eight_bits(hidden, rows=chunks, dimension=dimension)
    return move_in(paths, name, articles=articles, chunks=chunks), default or ""


def _add(
    articles: Sequence[Article],
    stored: ArticlesWriter,
    postings: PostingsWriter,
    cutter: Cutter,
    unknown_as: str,
    searchable: Sequence[str],
    progress: Progress | None,
) -> tuple[list[str], list[bytes]]:
    """Store and invert some articles; return the text of each chunk, as an encoder is given it, and its digest."""
    texts: list[str] = []
    digests: list[bytes] = []
    for number, article in enumerate(articles, start=1):
        chunks = cutter.cut(article)
        searched = [compose(article, chunk) for chunk in chunks]
        named = [text_digest(text.joined) for text in searched]
        stored.add(article, chunks, named)
        for row in rows_of(article, chunks, unknown_as, searchable):
            postings.add(*row)
        texts.extend(text.joined for text in searched)
        digests.extend(named)
        if progress is not None:
            progress("index", number, len(articles))
    cutter.forget()
    return texts, digests


def move_in(paths: IndexPaths, name: str, *, articles: int, chunks: int) -> SegmentFact:
    """Flush a segment that was written under its hidden name, measure its files, and move it to its place.

    Raises ``StorageError``.
    """
    hidden = paths.segments / hidden_name(name)
    files.flush_all(hidden)
    written = {file: fact_of(hidden / file) for file in SEGMENT_FILES if (hidden / file).exists()}
    fact = SegmentFact(name=name, articles=articles, chunks=chunks, files=written)
    files.rename(hidden, paths.segment(name))
    in_place(paths.segment(name), fact.files)
    return fact
