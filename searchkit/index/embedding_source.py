"""Embedding source: where the vectors of texts come from, so that none is computed twice.

What the caller knows (the generation before); what a writer left that was stopped right before it published; the log of
a writer that was stopped on the way; the user's cache; the encoder. What the encoder gives is put into log and cache
batch by batch, so that a kill costs the batch that was being encoded.

The log is a hidden file (``encoders/embedding_log.py`` has its form) in the index's folder: ``.unfinished-rebuild.log``
of what makes a whole generation (build, rebuild), ``.unfinished-update.log`` of what adds to one. It is flushed with
every batch. The command that finishes the work removes it; so do ``gc``, an encoder that isn't the one that began it,
and thirty days without a change. A build that is stopped before there is any index leaves its folder with the log
alone, if that holds anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from searchkit.encoders.embedding_cache import EmbeddingCache, bound
from searchkit.encoders.embedding_log import EncoderIdentity, LogWriter, count, find, identity_of, read_identity
from searchkit.encoders.onnx_encoder import checked_rows, sound_rows
from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt
from searchkit.index.garbage import next_number
from searchkit.index.generation import Generation
from searchkit.index.manifest import read_manifest
from searchkit.index.paths import IndexPaths
from searchkit.index.vector_index import VectorsReader
from searchkit.storage import files
from searchkit.types import Encoder, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class KnownVectors:
    """The vectors of those articles of a generation that were learnt, by digest."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._place_of: dict[bytes, tuple[VectorsReader, int]] = {}

    def learn(self, article_id: str) -> None:
        """Take in the chunks of one article, if it is there. Raises ``IndexCorrupt``."""
        article_row = self._generation.find_article(article_id)
        if article_row is not None:
            segment, first = self._generation.place(article_row[1].start)
            if (vectors := segment.vectors) is not None:
                digests = segment.articles.chunk_digests(first, len(article_row[1]))
                self._place_of.update((digest, (vectors, row)) for row, digest in digests)

    def __call__(self, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        """Return the vectors that are known among those asked for."""
        places = {digest: self._place_of[digest] for digest in digests if digest in self._place_of}
        return {digest: vectors.matrix[row] for digest, (vectors, row) in places.items()}


def nothing_known(digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
    """Know no vector: where there is no generation before, or its vectors are of another encoder."""
    return {}


FindVectors = Callable[[Sequence[bytes]], Mapping[bytes, "Vectors"]]
"""Given digests of encoded texts, the vectors that are known already."""

Encode = Callable[[Sequence[str], Sequence[bytes]], "Vectors"]
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
        known: Sequence[FindVectors],
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
        self._encoder, self._known, self._progress = encoder, known, progress
        self._maker = identity_of(encoder)
        self._logs = paths.unfinished_logs
        self._path = paths.unfinished_log(whole=whole)
        self._log: LogWriter | None = None
        size = bound() if cache else 0
        self._cache = EmbeddingCache(self._maker, size, apart=not reuse) if size else None
        self._reuse = reuse

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log and the cache; what they hold stays."""
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._cache is not None:
            self._cache.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the cache, and of vectors from before."""
        wrong = f"{self._wrong:,} vectors of the index or the cache weren't of length 1 and were made again."
        return (*([wrong] if self._wrong else []), *(() if self._cache is None else self._cache.notes))

    def __call__(self, texts: Sequence[str], digests: Sequence[bytes]) -> Vectors:
        """Return ``(len(texts), dimension)`` float32 rows of length 1; ``digests`` name the texts.

        Raises ``StorageError``, ``VectorsInvalid`` (of what the encoder gave then, nothing is kept).
        """
        row_of: dict[bytes, int] = {}
        for row, digest in enumerate(digests):
            row_of.setdefault(digest, row)
        vectors = np.empty((len(texts), self._encoder.dimension), dtype=np.float32)
        missing = dict(row_of)
        for digest, vector in self._found(missing):
            row = missing.pop(digest, -1)
            if row >= 0:
                vectors[row] = vector
        missing |= self._unsound({digest: row for digest, row in row_of.items() if digest not in missing}, vectors)
        self.reused += len(row_of) - len(missing)
        self._encode(missing, texts, vectors)
        for row, digest in enumerate(digests):
            if row_of[digest] != row:
                vectors[row] = vectors[row_of[digest]]
        return vectors

    def _found(self, missing: Mapping[bytes, int]) -> Iterator[tuple[bytes, Vectors]]:
        """Yield what has been computed before; ``missing`` shrinks meanwhile."""
        if not self._reuse:
            return
        for known in self._known:
            yield from known(list(missing)).items()
        for path in self._logs:
            if missing and _is_log_of(path, self._maker):
                with files.storing(path):
                    yield from find(path, self._maker, missing)
        if self._cache is not None and missing:
            yield from self._cache.find(missing)

    def _unsound(self, known: Mapping[bytes, int], vectors: Vectors) -> dict[bytes, int]:
        """Return those of the vectors that were known which no encoder may give; they are made again."""
        sound = sound_rows(vectors[list(known.values())])
        wrong = {digest: row for (digest, row), right in zip(known.items(), sound, strict=True) if not right}
        self._wrong += len(wrong)
        return wrong

    def _encode(self, missing: Mapping[bytes, int], texts: Sequence[str], vectors: Vectors) -> None:
        """Encode what is missing into its rows, the longest first: batches of like lengths are computed fastest."""
        order = sorted(missing.items(), key=lambda item: -len(texts[item[1]]))
        step = min(TEXTS_A_CORE * _cores(), MOST_TEXTS)
        for first in range(0, len(order), step):
            digests, rows = zip(*order[first : first + step], strict=True)
            some = [texts[row] for row in rows]
            encoded = self._encoder.encode_chunks(some, self._from(first, len(order)))
            fresh = checked_rows(encoded, self._encoder.name, some, self._encoder.dimension)
            vectors[list(rows)] = fresh
            self._keep(digests, fresh)
            self.encoded += len(rows)

    def _keep(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        with files.storing(self._path):
            if self._log is None:
                if os.path.lexists(self._path) and not (self._reuse and _is_log_of(self._path, self._maker)):
                    files.remove(self._path)
                self._log = LogWriter(self._path, self._maker)
                files.flush(self._path.parent)
            self._log.append(digests, vectors, flush=True)
        if self._cache is not None:
            self._cache.keep(digests, vectors)

    def _from(self, first: int, total: int) -> Progress | None:
        """Return what tells the progress of a batch as part of all."""
        told = self._progress
        if told is None:
            return None
        return lambda stage, done, _: told(stage, first + done, total)


def kept_vectors(paths: IndexPaths) -> int:
    """Count the vectors that a stopped writer left for the next: in its log, or in a generation it had prepared."""
    total = 0
    with suppress(IndexCorrupt, FormatTooOld, FormatTooNew):
        total = read_manifest(paths, next_number(paths)).vectors
    for path in paths.unfinished_logs:
        if _is_plain(path):
            try:
                maker = read_identity(path)
                total += count(path, maker) if maker is not None else 0
            except OSError:  # it is only told to people; whoever needs the vectors meets the same error
                continue
    return total


def forget(paths: IndexPaths, *, whole: bool) -> None:
    """Remove what a stopped writer left, once its work is done: after a whole generation all of it.

    Raises ``StorageError``.
    """
    logs = paths.unfinished_logs if whole else [paths.unfinished_log(whole=False)]
    for path in logs:
        files.remove(path)
    # Else a power cut could bring a log back beside the generation that was put in force after it.
    with files.storing(paths.root):
        files.flush(paths.root)


def _is_log_of(path: Path, maker: EncoderIdentity) -> bool:
    """Say whether a log can be used: a file of this encoder's, not a link to what isn't ours."""
    if not _is_plain(path):
        return False
    with files.storing(path):
        return read_identity(path) == maker


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
