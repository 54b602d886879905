"""Embedding source: where the vectors of texts come from, so that none is computed twice.

The places, in the order in which they are asked: what the caller knows (the generation before; one that a writer left
that was stopped right before it published), the logs of writers that were stopped on the way, the user's cache. What
none of them has, the encoder gives. It is kept in log and cache batch by batch, so that a kill costs the batch that was
being encoded.

The log is a hidden file (``encoders/embedding_log.py`` has its form) in the index's folder: ``.unfinished-rebuild.log``
of what makes a whole generation (build, rebuild), ``.unfinished-update.log`` of what adds to one. It is flushed with
every batch. The command that finishes the work removes it; so do ``gc``, an encoder that isn't the one that began it,
and thirty days without a change. A build that is stopped before there is any index leaves its folder with the log
alone, if that holds anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from searchkit.encoders.embedding_cache import EmbeddingCache, bound
from searchkit.encoders.embedding_log import EncoderIdentity, LogWriter, count, find, identity_of, read_identity
from searchkit.encoders.encoder_checks import checked_rows, sound_rows
from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt
from searchkit.index.articles_db import ArticlesReader
from searchkit.index.garbage import next_number
from searchkit.index.generation import Generation
from searchkit.index.manifest import EncoderFact, Manifest, SegmentFact, check_file, read_manifest
from searchkit.index.paths import ARTICLES, VECTORS, IndexPaths
from searchkit.index.vector_index import map_vectors
from searchkit.storage import files
from searchkit.storage.processor import cores
from searchkit.types import Encoder, Progress

if TYPE_CHECKING:
    from searchkit.types import Vector


class VectorPlace(Protocol):
    """Where vectors may be that were computed before."""

    def find(self, wanted: Collection[bytes]) -> Iterable[tuple[bytes, Vector]]:
        """Yield digest and vector, ``(dimension,)``, of what is there; what is wanted may shrink on the way."""


class KnownVectors:
    """A place: those rows of segments' vectors that were learnt, by the digests of their texts."""

    def __init__(self) -> None:
        self._row_of: dict[bytes, tuple[Vector, int]] = {}

    def learn(self, matrix: Vector, digests: Iterable[tuple[int, bytes]]) -> None:
        """Take in rows of a segment's vectors, each by its number and the digest of its text."""
        self._row_of.update((digest, (matrix, row)) for row, digest in digests)

    def learn_article(self, generation: Generation, article_id: str) -> None:
        """Take in the chunks of one article of a generation, if it is there. Raises ``IndexCorrupt``."""
        article_row = generation.find_article(article_id)
        if article_row is not None:
            segment, first = generation.place(article_row[1].start)
            if segment.vectors is not None:
                self.learn(segment.vectors.matrix, segment.articles.chunk_digests(first, len(article_row[1])))

    def find(self, wanted: Collection[bytes]) -> Iterator[tuple[bytes, Vector]]:
        """Yield digest and vector of what was learnt."""
        for digest in tuple(wanted):
            if digest in self._row_of:
                matrix, row = self._row_of[digest]
                yield digest, matrix[row]


def salvaged_vectors(paths: IndexPaths, manifest: Manifest, notes: list[str]) -> KnownVectors:
    """Take in the vectors of every segment whose articles and vectors are as they were written; notes name what isn't.

    So no damage is inherited. They stay readable when their files are removed.
    """
    known = KnownVectors()
    for fact in manifest.segments:
        if not fact.has_vectors:
            continue
        path = paths.segment(fact.name) / VECTORS
        try:
            check_file(path, fact.files[VECTORS], deep=True)
            matrix = map_vectors(path, fact.chunks, manifest.encoder.dimension)
            with whole_articles(paths, fact) as articles:
                known.learn(matrix, articles.chunk_digests(0, fact.chunks))
        except IndexCorrupt as error:
            notes.append(f"{error.message} The vectors of that segment weren't taken from it.")
    return known


def prepared_vectors(paths: IndexPaths, generation: int, encoder: EncoderFact) -> KnownVectors | None:
    """Take in the vectors of a generation that was made ready but not put in force; None where there is none."""
    if not os.path.lexists(paths.manifest(generation)):
        return None
    try:
        manifest = read_manifest(paths, generation)
    except (IndexCorrupt, FormatTooOld, FormatTooNew):
        return None
    made_by = manifest.encoder
    if (made_by.fingerprint, made_by.dimension) != (encoder.fingerprint, encoder.dimension):
        return None
    return salvaged_vectors(paths, manifest, [])


def whole_articles(paths: IndexPaths, fact: SegmentFact) -> ArticlesReader:
    """Open a segment's articles, which are as they were written. Raises ``IndexCorrupt``."""
    path = paths.segment(fact.name) / ARTICLES
    check_file(path, fact.files[ARTICLES], deep=True)
    return ArticlesReader(path)


class UnfinishedLogs:
    """A place: the logs in an index's folder. New vectors are kept in one of them."""

    def __init__(self, paths: IndexPaths, maker: EncoderIdentity, *, whole: bool, anew: bool) -> None:
        """Say by ``whole`` which of them that is, and by ``anew`` whether what it has is dropped."""
        self._paths, self._maker, self._anew = paths.unfinished_logs, maker, anew
        self._path = paths.unfinished_log(whole=whole)
        self._writer: LogWriter | None = None

    def find(self, wanted: Collection[bytes]) -> Iterator[tuple[bytes, Vector]]:
        """Yield digest and vector of what they hold. Raises ``StorageError``."""
        for path in self._paths:
            if wanted and self._is_usable(path):
                with files.storing(path):
                    yield from find(path, self._maker, wanted)

    def keep(self, digests: Sequence[bytes], vectors: Vector) -> None:
        """Keep a batch, and flush it: ``vectors`` is ``(len(digests), dimension)``. Raises ``StorageError``."""
        with files.storing(self._path):
            if self._writer is None:
                if self._anew or not self._is_usable(self._path):
                    files.remove(self._path)
                self._writer = LogWriter(self._path, self._maker)
                files.flush(self._path.parent)
            self._writer.append(digests, vectors, flush=True)

    def close(self) -> None:
        """Let go of the log that is written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _is_usable(self, path: Path) -> bool:
        with files.storing(path):
            return _is_plain(path) and read_identity(path) == self._maker


Encode = Callable[[Sequence[str], Sequence[bytes]], "Vector"]
"""Given texts and their digests, ``(len(texts), dimension)`` vectors, row i for text i."""

TEXTS_A_CORE = 32
"""Texts of a batch for each core: 1.6 s of work for the default encoder, which a kill can cost at most."""

MOST_TEXTS = 512
"""Texts of a batch: in a container the cores that are seen may be many more than those that it may use."""


class EmbeddingSource:
    """Gives the vectors of a draft, whose writer holds the index's lock; an ``Encode``.

    ``encoded`` and ``reused`` count different texts; ``notes`` tell what was wrong with the cache.
    """

    def __init__(
        self,
        paths: IndexPaths,
        encoder: Encoder,
        known: Sequence[VectorPlace],
        *,
        whole: bool,
        cache: bool,
        progress: Progress | None,
        reuse: bool = True,
    ) -> None:
        """Ask each of ``known`` first; ``whole`` says which log is kept, ``cache`` whether the cache is used.

        Without ``reuse`` every vector is encoded, whoever has it; the cache then holds the new one.

        Raises ``ConfigError`` where the size that the cache may have can't be understood.
        """
        self.encoded = self.reused = self._wrong = 0
        self._encoder, self._progress = encoder, progress
        maker = identity_of(encoder)
        size = bound() if cache else 0
        log = UnfinishedLogs(paths, maker, whole=whole, anew=not reuse)
        self._caches = [EmbeddingCache(maker, size, apart=not reuse)] if size else []
        self._kept_in: Sequence[UnfinishedLogs | EmbeddingCache] = [log, *self._caches]
        self._places: Sequence[VectorPlace] = [*known, *self._kept_in] if reuse else []

    def close(self) -> None:
        """Let go of the log and the cache; what they hold stays."""
        for place in self._kept_in:
            place.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the cache, and of vectors from before."""
        wrong = f"{self._wrong:,} vectors of the index or the cache weren't of length 1 and were made again."
        return (*([wrong] if self._wrong else []), *(note for cache in self._caches for note in cache.notes))

    def __call__(self, texts: Sequence[str], digests: Sequence[bytes]) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1; ``digests`` name the texts.

        Raises ``StorageError``, ``VectorsInvalid`` (of what the encoder gave then, nothing is kept).
        """
        row_of: dict[bytes, int] = {}
        for row, digest in enumerate(digests):
            row_of.setdefault(digest, row)
        vectors = np.empty((len(texts), self._encoder.dimension), dtype=np.float32)
        missing = dict(row_of)
        for place in self._places:
            if not missing:
                break
            for digest, vector in place.find(missing):
                if (row := missing.pop(digest, -1)) >= 0:
                    vectors[row] = vector
        known = [digest for digest in row_of if digest not in missing]
        sound = sound_rows(vectors[[row_of[digest] for digest in known]])
        missing |= {digest: row_of[digest] for digest, right in zip(known, sound, strict=True) if not right}
        self._wrong += int((~sound).sum())
        self.reused += int(sound.sum())
        self._encode(missing, texts, vectors)
        for row, digest in enumerate(digests):
            if row_of[digest] != row:
                vectors[row] = vectors[row_of[digest]]
        return vectors

    def _encode(self, missing: Mapping[bytes, int], texts: Sequence[str], vectors: Vector) -> None:
        """Encode what is missing into its rows, the longest first: batches of like lengths are computed fastest."""
        order = sorted(missing.items(), key=lambda item: -len(texts[item[1]]))
        step = min(TEXTS_A_CORE * cores(), MOST_TEXTS)
        for first in range(0, len(order), step):
            digests, rows = zip(*order[first : first + step], strict=True)
            some = [texts[row] for row in rows]
            encoded = self._encoder.encode_chunks(some, self._from(first, len(order)))
            fresh = checked_rows(encoded, self._encoder.name, some, self._encoder.dimension)
            vectors[list(rows)] = fresh
            for place in self._kept_in:
                place.keep(digests, fresh)
            self.encoded += len(rows)

    def _from(self, first: int, total: int) -> Progress | None:
        """Return what tells the progress of a batch as part of all."""
        progress = self._progress
        if progress is None:
            return None
        return lambda stage, done, _: progress(stage, first + done, total)


class TakenVectors:
    """Gives vectors that are known, and encodes none; an ``Encode``. ``taken`` counts them."""

    def __init__(self, root: Path, known: KnownVectors, dimension: int) -> None:
        self._root, self._known, self._dimension = root, known, dimension
        self.taken = 0

    def __call__(self, texts: Sequence[str], digests: Sequence[bytes]) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows. Raises ``IndexCorrupt`` where one isn't known."""
        rows = dict(self._known.find(set(digests)))
        if absent := [digest for digest in digests if digest not in rows]:
            raise IndexCorrupt(f"{self._root} lacks the vectors of {len(absent):,} chunks that it should have.")
        self.taken += len(texts)
        return np.asarray([rows[digest] for digest in digests], dtype=np.float32).reshape(-1, self._dimension)


def kept_vectors(paths: IndexPaths) -> int:
    """Count the vectors that a stopped writer left for the next: in its log, or in a generation it had prepared."""
    total = 0
    with suppress(IndexCorrupt, FormatTooOld, FormatTooNew):
        total = read_manifest(paths, next_number(paths)).vectors
    for path in paths.unfinished_logs:
        with suppress(OSError):  # it is only told to people; whoever needs the vectors meets the same error
            if _is_plain(path) and (maker := read_identity(path)) is not None:
                total += count(path, maker)
    return total


def forget(paths: IndexPaths, *, whole: bool) -> None:
    """Remove what a stopped writer left, once its work is done: after a whole generation all of it.

    Raises ``StorageError``.
    """
    for path in paths.unfinished_logs if whole else [paths.unfinished_log(whole=False)]:
        files.remove(path)
    # Else a power cut could bring a log back beside the generation that was put in force after it.
    with files.storing(paths.root):
        files.flush(paths.root)


def _is_plain(path: Path) -> bool:
    """Say whether a log is a file of its own, not a link to what isn't ours."""
    return path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1
