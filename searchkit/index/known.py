"""Which vectors have been paid for already? Here is a generation; find its vectors by the text's digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchkit.index.reader import Generation
from searchkit.index.vectors import VectorsReader

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
        found = self._generation.find_article(article_id)
        if found is not None:
            segment, first = self._generation.place(found[1].start)
            if (vectors := segment.vectors) is not None:
                digests = segment.articles.chunk_digests(first, len(found[1]))
                self._place_of.update((digest, (vectors, row)) for row, digest in digests)

    def __call__(self, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        """Return the vectors that are known among those asked for."""
        found = {digest: self._place_of[digest] for digest in digests if digest in self._place_of}
        return {digest: vectors.matrix[row] for digest, (vectors, row) in found.items()}


def nothing_known(digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
    """Know no vector: where there is no generation before, or its vectors are of another encoder."""
    return {}
