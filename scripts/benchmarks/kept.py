"""Here are texts; what are their vectors, if some were encoded by an earlier run? Peers are given searchkit's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from searchkit.types import Encoder, Progress

Vectors = NDArray[np.float32]
PIECE = 256
"""Texts that are encoded before they are put aside: what a stopped run loses at most."""


def vectors_of(texts: Sequence[str], encoder: Encoder, path: Path, *, say: Callable[[str], None]) -> Vectors:
    """Return a row a text, ``(len(texts), dimension)``: the encoder reads as much of it as it can.

    What ``path`` has from an earlier run, of this encoder, isn't encoded again.
    """
    known = _read(path)
    digests = [_digest(text, encoder) for text in texts]
    missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
    wanted = list(missing)
    for start in range(0, len(wanted), PIECE):
        piece = wanted[start : start + PIECE]
        say(f"    encoding {start:,} of {len(wanted):,} texts")
        known |= dict(zip(piece, encoder.encode_chunks([missing[digest] for digest in piece]), strict=True))
        write(path, known)
    return np.stack([known[digest] for digest in digests])


class Remembering:
    """An encoder that encodes each query once: the modes of searchkit and the peers ask the same ones."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._queries: dict[str, Vectors] = {}
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as the encoder does."""
        return self._encoder.count_tokens(texts)

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode as the encoder does."""
        return self._encoder.encode_chunks(texts, progress)

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a query, encoded when it is asked for the first time."""
        if text not in self._queries:
            self._queries[text] = self._encoder.encode_query(text)
        return self._queries[text]


def write(path: Path, known: dict[str, Any]) -> None:
    """Put all vectors aside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"draft-{path.name}")
    np.savez(draft, digests=np.array(list(known)), vectors=np.stack(list(known.values())))
    draft.replace(path)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    with np.load(path) as kept:
        return dict(zip(kept["digests"].tolist(), kept["vectors"], strict=True))


def _digest(text: str, encoder: Encoder) -> str:
    return hashlib.sha256(f"{encoder.fingerprint}\0{text}".encode()).hexdigest()
