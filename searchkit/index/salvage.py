"""A generation can't be opened; what of it is still whole? Its stored articles, and the vectors that stand in order.

Or it was made ready and never put in force, since its writer was killed right before: the next one takes its vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import numpy as np

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt
from searchkit.index.articles import ArticlesReader
from searchkit.index.deletions import read_rows
from searchkit.index.facts import EncoderFact, Manifest, SegmentFact
from searchkit.index.manifest import check_file, read_manifest
from searchkit.index.paths import ARTICLES, VECTORS, IndexPaths
from searchkit.index.vectors import VectorsReader
from searchkit.types import Article

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


_HINT = (
    "The articles stored there are lost: run 'searchkit rebuild PLACE... --index PATH' with the places of the articles,"
    " 'searchkit rollback --index PATH', or 'searchkit restore BACKUP --index PATH'."
)


class Salvage:
    """What a damaged generation still holds: every file is held against its digest before anything of it is used."""

    def __init__(self, paths: IndexPaths, manifest: Manifest) -> None:
        self.notes: list[str] = []
        self._paths, self._manifest = paths, manifest
        self._opened = ExitStack()
        self._vectors: dict[bytes, Vectors] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def living_articles(self, *, of_known_origin: bool = False) -> Iterator[Article]:
        """Yield every article that isn't deleted. Raises ``IndexCorrupt`` where some can't be told any more.

        ``of_known_origin`` is as for a ``Generation``.
        """
        for fact in self._manifest.segments:
            try:
                articles = self._articles(fact)
            except IndexCorrupt as error:
                raise IndexCorrupt(error.message, hint=_HINT) from error
            if of_known_origin and articles.is_of_first_form:
                continue
            starts = articles.starts(fact.articles, fact.chunks)
            for row in np.flatnonzero(~read_rows(self._paths, fact)[starts[:-1]]):
                yield articles.stored(int(row)).article

    def learn_all(self) -> Self:
        """Take in the vectors of every segment whose articles and vectors are whole; notes name what isn't."""
        for fact in self._manifest.segments:
            if not fact.has_vectors:
                continue
            path = self._paths.segment(fact.name) / VECTORS
            try:
                check_file(path, fact.files[VECTORS], deep=True)
                vectors = VectorsReader(path, rows=fact.chunks, dimension=self._manifest.encoder.dimension)
                digests = self._articles(fact).chunk_digests()
            except IndexCorrupt as error:
                self.notes.append(f"{error.message} The vectors of that segment weren't taken from it.")
                continue
            self._vectors.update((digest, vectors.matrix[row]) for row, digest in digests if row < fact.chunks)
        return self

    def __call__(self, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        """Return the vectors that are known among those asked for."""
        return {digest: self._vectors[digest] for digest in digests if digest in self._vectors}

    def _articles(self, fact: SegmentFact) -> ArticlesReader:
        path = self._paths.segment(fact.name) / ARTICLES
        check_file(path, fact.files[ARTICLES], deep=True)
        return self._opened.enter_context(ArticlesReader(path))


def left_behind(paths: IndexPaths, generation: int, encoder: EncoderFact, opened: ExitStack) -> Salvage | None:
    """Take in the vectors of a generation that was made ready but not put in force; None where there is none.

    They stay readable while ``opened`` is, also when its files are removed.
    """
    if not paths.manifest(generation).exists():
        return None
    try:
        manifest = read_manifest(paths, generation)
    except (IndexCorrupt, FormatTooOld, FormatTooNew):
        return None
    if manifest.encoder.fingerprint != encoder.fingerprint or manifest.encoder.dimension != encoder.dimension:
        return None
    return opened.enter_context(Salvage(paths, manifest)).learn_all()
