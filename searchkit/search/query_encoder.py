"""Query encoder: a query's vector by the generation's encoder; the latest ones are remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from searchkit.encoders.encoder_checks import check_encoder, checked_rows
from searchkit.encoders.function_encoder import as_encoder
from searchkit.errors import EncoderMismatch
from searchkit.index.manifest import EncoderFact
from searchkit.search.candidates import IndexContext
from searchkit.search.protocols import SearchedIndex
from searchkit.search.statistics import CacheUse
from searchkit.types import EncodeFunction, Encoder

if TYPE_CHECKING:
    from searchkit.types import Vector


KEPT = 1_024
"""Vectors that are kept: 1.5 MB of 384 dimensions. Finding one takes 1 µs, making one 7 ms with the default encoder."""

LONGEST = 2_000
"""Characters of a query beyond which its vector isn't kept: who asks with an article asks once."""


class RecentQueryVectors:
    """The vectors of the latest queries, by the encoder's fingerprint and the text. Safe to share among threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._vectors: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._guard = threading.Lock()
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._vectors)

    def vector(self, fingerprint: str, text: str, encode: Callable[[str], Vector]) -> Vector:
        """Return the vector of a query, ``(dimension,)`` float32, read-only; ``encode`` makes one that is new.

        Raises what ``encode`` raises; two threads that ask for the same at the same time may both encode it.
        """
        key = (fingerprint, text)
        with self._guard:
            if (vector := self._vectors.get(key)) is not None:
                self._vectors.move_to_end(key)
                self.hits += 1
                return vector
            self.misses += 1
        encoded = encode(text).copy()
        encoded.flags.writeable = False
        if len(text) <= LONGEST:
            with self._guard:
                self._vectors[key] = encoded
                self._vectors.move_to_end(key)
                while len(self._vectors) > self._kept:
                    self._vectors.popitem(last=False)
        return encoded


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

    def __init__(self, encoder: Encoder | EncodeFunction | None = None) -> None:
        """Take what the caller gave, if anything. Raises ``ConfigError`` where it isn't an encoder."""
        self._given = as_encoder(encoder)
        check_encoder(self._given)
        self._checked: dict[EncoderFact, Encoder] = {}
        """By what a manifest says of it: an encoder that is known to be the one that it names."""
        self._loading = threading.Lock()
        self._recent = RecentQueryVectors()

    def encode(self, context: IndexContext, text: str) -> Vector:
        """Return the vector of a query, ``(dimension,)`` float32.

        Raises ``EncoderMismatch`` where the encoder isn't the one that made the generation's vectors, ``MissingExtra``
        where it isn't there, ``VectorsInvalid`` where it gives no vector of length 1.
        """
        fact = context.generation.manifest.encoder
        encoder = self._checked.get(fact) or self._of(context.generation)
        text = encoder_text(text, encoder.max_tokens * _CHARACTERS_A_TOKEN)
        return self._recent.vector(fact.fingerprint, text, partial(_query_vector, encoder))

    def count_tokens(self, context: IndexContext, texts: Sequence[str]) -> list[int]:
        """Count the tokens of texts by the generation's encoder. Raises as ``encode`` does."""
        encoder = self._checked.get(context.generation.manifest.encoder) or self._of(context.generation)
        return encoder.count_tokens(texts)

    def encode_batch(self, context: IndexContext, texts: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of several queries by their texts; in one batch where the encoder has ``encode_queries``.

        In a batch numbers are summed in another order, so a vector may differ from that of ``encode`` in the last of
        its digits; it isn't remembered for later searches, which would depend on it. Raises as ``encode`` does.
        """
        encoder = self._of(context.generation)
        encode_queries = getattr(encoder, "encode_queries", None)
        if encode_queries is None or len(texts) < 2:
            return {text: self.encode(context, text) for text in texts}
        prepared = [encoder_text(text, encoder.max_tokens * _CHARACTERS_A_TOKEN) for text in texts]
        rows = checked_rows(encode_queries(prepared), encoder.name, prepared, encoder.dimension)
        return dict(zip(texts, rows, strict=True))

    @property
    def cache_use(self) -> CacheUse:
        """How often a query's vector was known."""
        return CacheUse(hits=self._recent.hits, misses=self._recent.misses)

    def prepare(self, generation: SearchedIndex) -> None:
        """Load what a generation needs before searches go over to it, if any has needed an encoder yet.

        Raises as ``encode`` does.
        """
        if self._given is not None or self._checked:
            self._of(generation)

    def _of(self, generation: SearchedIndex) -> Encoder:
        """Load and check an encoder once; a search in a generation whose own is loaded doesn't wait for it."""
        fact = generation.manifest.encoder
        with self._loading:
            if fact in self._checked:
                return self._checked[fact]
            encoder = self._given or generation.load_encoder()
            if difference := fact.differs(encoder):
                raise EncoderMismatch(
                    f"The vectors of {generation.label}, generation {generation.manifest.generation}, were made"
                    f" by {difference}."
                )
            kept = list(self._checked.items())[-(_KEPT - 1) :]
            self._checked = dict([*kept, (fact, encoder)])
            return encoder


def _query_vector(encoder: Encoder, text: str) -> Vector:
    vector: Vector = checked_rows([encoder.encode_query(text)], encoder.name, [text], encoder.dimension)[0]
    return vector
