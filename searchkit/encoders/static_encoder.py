"""Static encoder: a table of token vectors made from a model; a text is the sum of its tokens'.

A static encoder is for archives that are too large to encode: it needs no arithmetic but additions, 2,600 chunks and
more per CPU-second where the model it comes from encodes 20, and it pays in relevance (``load_encoder`` has figures).
It is made once from a model that was exported, and kept in the cache: ``table.bin`` holds float32 rows, little-endian,
a row a token, and one more for a text that has none.

How: each token of the vocabulary is encoded alone, as a text. The rows are brought to length 1, their mean is taken
off, and so are their ``_COMMON`` strongest directions, in which tokens differ by kind more than by meaning (Mu and
Viswanath, "All-but-the-Top", ICLR 2018). Each is weighted by ``a / (a + p)`` (Arora, Liang and Ma, "A simple but
tough-to-beat baseline for sentence embeddings", ICLR 2017), where p is the token's frequency as Zipf's law has it by
its place in the vocabulary, which is that of its frequency in those that are in use (model2vec does the same). Nothing
is rotated, so that what is made on two machines agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.onnx_encoder import unit_rows
from searchkit.encoders.onnx_export import TABLE, TOKENIZER, ExportedModel, remedy
from searchkit.encoders.tokenizer import ModelTokenizer
from searchkit.errors import StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.encoders.onnx_encoder import OnnxEncoder
    from searchkit.types import Progress, Vector


PREFIX = "static:"
"""How the name of a static encoder begins; the name of the model follows."""

KIND = "static"
_RULES = 1
"""Raised when the table of a model comes out otherwise: it is part of the fingerprint."""

_COMMON = 10
"""Directions that are taken out of 384: with 3, 6, 10 and 20 the mean nDCG@10 of vectors alone on scifact, cranfield,
xquad-en and 400 queries of digitalgov-known is .542, .550, .554, .554; without, and with model2vec's weights, .454."""

_RARE = 1e-5
"""The constant a of the weights: 1e-4 gives .512, 3e-5 .549, 1e-5 .554."""

_LONGEST = 8192
"""Tokens of the longest text: such an encoder has no limit of its own."""

_SLICE = 4096
"""Tokens of the vocabulary that are encoded at once."""


class StaticEncoder:
    """Encodes by a table of tokens. Safe to share among threads; nothing is opened before it is used.

    Its methods raise ``StorageError`` where the files were deleted or damaged meanwhile.
    """

    def __init__(self, name: str, fingerprint: str, folder: Path, facts: ExportedModel) -> None:
        """Take what ``encoder.json`` says of a folder; ``name`` begins with ``static:``."""
        self.folder = folder
        self._name, self._fingerprint, self._facts = name, fingerprint, facts
        self.tokens = ModelTokenizer(folder / TOKENIZER, facts.max_length)

    @property
    def name(self) -> str:
        """The name by which it was asked for."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """What names its numbers: the model's fingerprint and how the table is made of it."""
        return self._fingerprint

    @property
    def facts(self) -> ExportedModel:
        """What ``encoder.json`` says of it."""
        return self._facts

    @property
    def dimension(self) -> int:
        """The length of a vector: the model's own."""
        return self._facts.dimension

    @cached_property
    def max_tokens(self) -> int:
        """The longest chunk in tokens."""
        return max(self._facts.max_length - self.tokens.specials, 1)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones and without a limit."""
        return self.tokens.count(texts)

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` float32 vector of length 1."""
        row: Vector = self._encoded([text])[0]
        return row

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1."""
        vectors = self._encoded(texts)
        if progress is not None and texts:
            progress("encode", len(texts), len(texts))
        return vectors

    def _encoded(self, texts: Sequence[str]) -> Vector:
        table = self._table
        sums = np.empty((len(texts), self.dimension), dtype=np.float32)
        for number, ids in enumerate(self.tokens.pieces(texts)):
            # One text at a time: a sum must not depend on who stands beside it.
            rows = table.take(ids[: self.max_tokens], axis=0, mode="clip")
            sums[number] = np.add.reduce(rows, axis=0)
            if not sums[number].any():
                sums[number] = table[-1]
        return unit_rows(sums)

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        path = self.folder / TABLE
        try:
            rows = path.stat().st_size // (4 * self.dimension)
            # A plain array over the map: taking rows from one costs less.
            return np.asarray(np.memmap(path, dtype="<f4", mode="r", shape=(rows, self.dimension)))
        except (OSError, ValueError) as error:
            raise StorageError(
                f"The table of the static encoder {path} can't be read: {error}.",
                hint=remedy(self.folder),
            ) from error


def static_fingerprint(fingerprint: str) -> str:
    """Return the fingerprint of the static encoder that is made of the model of this one."""
    return hashlib.sha256(f"{KIND} {_RULES} {fingerprint}".encode()).hexdigest()


def distil(model: OnnxEncoder, draft: Path) -> ExportedModel:
    """Write the table of a model to the folder ``draft``, which has its tokenizer already; return what is to be known.

    Takes 20 s of CPU for the default model. Raises ``OSError`` where the disk refuses.
    """
    tokens = ModelTokenizer(draft / TOKENIZER, _LONGEST)
    before, after = tokens.around
    size = tokens.vocabulary
    alone = np.empty((size, model.dimension), dtype=np.float32)
    for first in range(0, size, _SLICE):
        some = range(first, min(first + _SLICE, size))
        alone[first : some.stop] = model.encode_ids([[*before, token, *after] for token in some])
    table = weighted(alone, tokens.special_ids)
    nothing = unit_rows(model.encode_ids([[*before, *after]]))
    with (draft / TABLE).open("wb") as file:
        file.write(np.ascontiguousarray(np.vstack([table, nothing]), dtype="<f4").data)
    return ExportedModel(kind=KIND, dimension=model.dimension, max_length=_LONGEST + tokens.specials)


def weighted(rows: NDArray[np.float32], specials: Sequence[int]) -> NDArray[np.float32]:
    """Return the table for ``(tokens, dimension)`` vectors of tokens, each of length 1, in the vocabulary's order.

    Rows of ``specials`` become zero: they stand in every text.
    """
    centred = rows.astype(np.float64)
    centred -= centred.mean(axis=0)
    common = min(_COMMON, rows.shape[1] // 8)
    _, directions = np.linalg.eigh(centred.T @ centred)
    strongest = directions[:, directions.shape[1] - common :]
    centred -= (centred @ strongest) @ strongest.T
    places = np.arange(1, len(rows) + 1)
    frequency = 1 / (places * np.log(len(rows) + 1))
    weights = _RARE / (_RARE + frequency)
    weights[list(specials)] = 0
    table: NDArray[np.float32] = (centred * (weights / weights.max(initial=1e-300))[:, None]).astype(np.float32)
    return table
