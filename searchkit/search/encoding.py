"""Here is a query's text; what is its vector in this generation? By the encoder that made the generation's own."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from searchkit.encoders import check_encoder
from searchkit.encoders.onnx_encoder import checked_rows
from searchkit.errors import EncoderMismatch
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.generation import Generation
from searchkit.index.manifest import EncoderFact
from searchkit.search.legs import Reading
from searchkit.search.recent import RecentVectors
from searchkit.types import Encoder

if TYPE_CHECKING:
    from searchkit.types import Vector

_KEPT = 2
"""Encoders that are kept loaded: that of the generation in force, and of the one before, where searches may go on."""


_SIGNS = str.maketrans(dict.fromkeys('"“”„‟«»＂#@*', " "))
"""What says how a question was typed, not what it is about: cranfield's questions lost .0027 nDCG@10 in hybrid mode
where one word had a #. Brackets stay: without them scifact's claims fell from .6626 to .6604 by vector."""

_CHARACTERS_A_TOKEN = 32
"""More than any text has, so that of a pasted article the part that an encoder reads is all there."""


def encoder_text(text: str, limit: int) -> str:
    """Return the text of a query as encoders get it: without signs that only set words off, and not without end."""
    clean = " ".join(text.translate(_SIGNS).split())
    return clean[:limit] if clean else text[:limit]


class QueryEncoders:
    """Encodes queries for any generation of an index. Safe to share among threads.

    An encoder that the caller gave is the only one that is used; without one, each generation's own is loaded when it
    is first needed.
    """

    def __init__(self, given: Encoder | None = None) -> None:
        """Take what the caller gave, if anything. Raises ``ConfigError`` where it isn't an encoder."""
        check_encoder(given)
        self._given = given
        self._loaded: dict[EncoderFact, Encoder] = {}
        self._loading = threading.Lock()
        self._recent = RecentVectors()

    def encode(self, reading: Reading, text: str) -> Vector:
        """Return the vector of a query, ``(dimension,)`` float32.

        Raises ``EncoderMismatch`` where the encoder isn't the one that made the generation's vectors, ``MissingExtra``
        where it isn't there, ``VectorsInvalid`` where it gives no vector of length 1.
        """
        encoder = self._of(reading.generation)
        text = encoder_text(text, encoder.max_tokens * _CHARACTERS_A_TOKEN)
        return self._recent.vector(encoder.fingerprint, text, partial(_query_vector, encoder))

    def prepare(self, generation: Generation) -> None:
        """Load what a generation needs before searches go over to it, if any has needed an encoder yet.

        Raises as ``encode`` does.
        """
        if self._given is not None or self._loaded:
            self._of(generation)

    def _of(self, generation: Generation) -> Encoder:
        fact = generation.manifest.encoder
        encoder = self._given or self._loaded.get(fact) or self._load(generation)
        if difference := fact.differs(encoder):
            raise EncoderMismatch(
                f"The vectors of {generation.paths.root}, generation {generation.manifest.generation}, were made by"
                f" {difference}."
            )
        return encoder

    def _load(self, generation: Generation) -> Encoder:
        """Load an encoder once; a search in a generation whose own is loaded doesn't wait for it."""
        fact = generation.manifest.encoder
        with self._loading:
            if fact not in self._loaded:
                encoder = encoder_of(generation.paths, generation.manifest)
                kept = list(self._loaded.items())[-(_KEPT - 1) :]
                self._loaded = dict([*kept, (fact, encoder)])
            return self._loaded[fact]


def _query_vector(encoder: Encoder, text: str) -> Vector:
    vector: Vector = checked_rows([encoder.encode_query(text)], encoder.name, [text], encoder.dimension)[0]
    return vector
