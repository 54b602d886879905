"""Here are texts; what are their tokens? The only place where the ``tokenizers`` package is used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from searchkit.errors import StorageError

_SLICE = 1000
"""Texts tokenized at once: their encodings are some 10 KB each, until only the numbers are kept."""


class Tokens:
    """Counts and numbers the tokens of texts. Safe to share among threads.

    Its methods raise ``StorageError`` where the tokenizer's file is gone or damaged.
    """

    def __init__(self, path: Path, max_length: int) -> None:
        """Take the path of a ``tokenizer.json`` and the longest input, special tokens included."""
        self._path = path
        self._max_length = max_length

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones and without a limit."""
        tokenizer = self._unlimited
        return [
            len(encoding)
            for part in _slices(texts)
            for encoding in tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ]

    def number(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids, special ones added, cut to the longest input."""
        tokenizer = self._limited
        return [encoding.ids for part in _slices(texts) for encoding in tokenizer.encode_batch_fast(part)]

    @property
    def specials(self) -> int:
        """The number of special tokens that are added to a text."""
        added: int = self._limited.num_special_tokens_to_add(is_pair=False)
        return added

    # Neither is changed once it is made, which makes them safe to share; made twice by a race, they are equal.
    @cached_property
    def _unlimited(self) -> Any:
        tokenizer = _read(self._path)
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _limited(self) -> Any:
        tokenizer = _read(self._path)
        tokenizer.enable_truncation(max_length=self._max_length)
        return tokenizer


def _read(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no narrower one
        raise StorageError(f"The tokenizer {path} can't be read: {error}.", hint=f"Delete {path.parent}.") from error
    tokenizer.no_padding()
    return tokenizer


def _slices(texts: Sequence[str]) -> list[list[str]]:
    """Return the texts in parts of a bounded size; lone surrogates, which can't be encoded, as question marks."""
    clean = [text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return [clean[start : start + _SLICE] for start in range(0, len(clean), _SLICE)]
