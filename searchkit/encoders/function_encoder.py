"""Function encoder: a program's function from texts to an array, as an encoder.

Its rows are brought to length 1. Tokens aren't known; they are counted as a third of the bytes of UTF-8, which is more
than the tokens of most models in most scripts, so that no chunk is cut off. The function's name is its identity: an
index refuses vectors of a function of another name, or of rows of another length, which is found out when it is first
asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.encoders.encoder_checks import no_array
from searchkit.errors import ConfigError, VectorsInvalid

if TYPE_CHECKING:
    from searchkit.types import EncodeFunction, Encoder, Progress, Vector

PREFIX = "function:"

MAX_TOKENS = 512
"""What most sentence encoders read at once."""

_BYTES_A_TOKEN = 3
"""Few enough: English has 4.5 bytes a token, Chinese and Russian 3 to 5."""

_PROBE = "How many values has a vector?"


def estimated_tokens(texts: Sequence[str]) -> list[int]:
    """Count each text's tokens, rather too many than too few, without knowing the model."""
    return [-(-len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN) for text in texts]


class FunctionEncoder:
    """Encodes by a function. Safe to share among threads as far as the function is."""

    checks_itself = True
    """Its dimension isn't known before it is asked."""

    def __init__(self, function: EncodeFunction, *, name: str = "", max_tokens: int = MAX_TOKENS) -> None:
        """Take a function; without ``name`` it needs one of its own, which a lambda hasn't. Raises ``ConfigError``."""
        self._function, self.max_tokens = function, max_tokens
        self.name = PREFIX + (name or _name_of(function))
        self._lock = RLock()

    @property
    def fingerprint(self) -> str:
        """The sha256 of its name."""
        return hashlib.sha256(self.name.encode("utf-8", "replace")).hexdigest()

    @cached_property
    def dimension(self) -> int:
        """How many values a vector has: the function is asked once. Raises ``VectorsInvalid``."""
        with self._lock:
            return int(self._rows([_PROBE], None).shape[1])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate each text's tokens."""
        return estimated_tokens(texts)

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` float32 vector of length 1."""
        vector: Vector = self._rows([text], self.dimension)[0]
        return vector

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._rows(list(texts), self.dimension)
        if progress is not None:
            progress("encode", len(texts), len(texts))
        return rows

    def _rows(self, texts: list[str], dimension: int | None) -> Vector:
        """Ask the function, and check the shape of what it gives. Raises ``VectorsInvalid``."""
        from searchkit.encoders.onnx_encoder import unit_rows

        try:
            encoded = self._function(texts)
        except (TypeError, ValueError) as error:
            raise VectorsInvalid(f"The encoder '{self.name}' failed: {error}.", hint="Mend the function.") from error
        try:
            rows = np.asarray(encoded)
        except (TypeError, ValueError) as error:
            raise no_array(self.name, encoded) from error
        wanted = (len(texts), rows.shape[1] if dimension is None and rows.ndim == 2 else dimension)
        if rows.dtype.kind not in "fiu" or rows.shape != wanted:
            raise VectorsInvalid(
                f"The encoder '{self.name}' gave an array of {rows.dtype} of the shape {rows.shape} for"
                f" {len(texts)} texts.",
                hint="Let the function return one row of numbers for each text, all of one length.",
            )
        if not np.isfinite(rows).all():
            raise VectorsInvalid(
                f"The encoder '{self.name}' gave values that are no numbers.",
                hint="Let the function return finite ones.",
            )
        return unit_rows(rows)


def as_encoder(encoder: Encoder | EncodeFunction | None) -> Encoder | None:
    """Return what a program gave as an encoder; a function becomes one. Raises ``ConfigError`` for one without a name.

    Whatever else it is, ``check_encoder`` judges.
    """
    if encoder is None or isinstance(encoder, type) or hasattr(encoder, "encode_chunks") or not callable(encoder):
        return encoder  # type: ignore[return-value] # what isn't one is refused by its own words
    return FunctionEncoder(encoder)


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", "")
    if not name or name.endswith("<lambda>"):
        raise ConfigError(
            "The function that encodes has no name by which an index could know it again.",
            hint="Define it with def, or name it: encoder=searchkit.encoders.from_function(FUNCTION, name='mine').",
        )
    return f"{getattr(function, '__module__', None) or 'program'}.{name}"
