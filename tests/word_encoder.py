"""Here are an encoder and a reranker for tests: no weights, the same numbers everywhere, shared words bring near."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

_WORD = re.compile(r"\w+")


class WordEncoder:
    """A text's vector is the sum of its words' vectors, which are random but for ever the same. A token is a word."""

    def __init__(self, *, dimension: int = 64, max_tokens: int = 64, name: str = "words") -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.dimension} {self.max_tokens}".encode()).hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) for text in texts]

    def encode_query(self, text: str) -> Vector:
        words = _WORD.findall(text.casefold())[: self.max_tokens]
        total = sum((_direction(word, self.dimension) for word in sorted(words)), _direction("", self.dimension) * 1e-3)
        vector: Vector = (total / np.linalg.norm(total)).astype(np.float32)
        return vector

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for number, text in enumerate(texts):
            vectors[number] = self.encode_query(text)
            if progress is not None:
                progress("encode", number + 1, len(texts))
        return vectors


class WordReranker:
    """A text's score is the share of the query's words that it has, from -3 to 3, less a bit for its length."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        asked = set(_WORD.findall(query.casefold())) or {""}
        return [
            6 * len(asked & set(_WORD.findall(text.casefold()))) / len(asked) - 3 - len(text) * 1e-4 for text in texts
        ]


@cache
def _direction(word: str, dimension: int) -> Vector:
    """Return the word's own direction."""
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(dimension)
    direction: Vector = vector / np.linalg.norm(vector)
    return direction
