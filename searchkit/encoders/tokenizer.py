"""Model tokenizer: the tokens of texts. The only file that imports ``tokenizers``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from searchkit.encoders.onnx_export import remedy
from searchkit.errors import StorageError, importing

_MOST_WORDS = 200_000
_LONGEST_WORD = 40
"""How many words are remembered before they are forgotten, some 20 MB, and how long a word may be."""

_ODD = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85")
"""What Python takes for space, and BERT's tokenizer for nothing."""

_FEW = 200
"""Words that are counted one by one: of 10,824 articles each one's new words took 2.6 s of CPU instead of 3.6."""

_PROBE = (
    "The U.S. bought  S-300s,\tdon't it?\n\nNaïve (3.5%).\r\n Россия,\u3000俄罗斯 向。 ประเทศไทย\u00a0อยู่ यह है। هل؟ "
    "한국어 \U0001f44d\U0001f3fd e\u0301 supercalifragilistic \u2028x-y_z\u2003://a.b/c?d=e#f  \n"
)

_SLICE = 1000
"""Texts tokenized at once: their encodings are some 10 KB each, until only the numbers are kept."""


class ModelTokenizer:
    """Counts and numbers the tokens of texts. Safe to share among threads.

    Its methods raise ``StorageError`` where the tokenizer's file is gone or damaged.
    """

    def __init__(self, path: Path, max_length: int) -> None:
        """Take the path of a ``tokenizer.json`` and the longest input, special tokens included."""
        self.path = path
        self.max_length = max_length
        self._sizes: dict[str, int] = {}
        self._pieces: dict[str, list[int]] = {}

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones and without a limit.

        Where the tokenizer works word by word, the sizes of words are remembered. The sum is the same, and cutting
        2,467 English articles into chunks takes three fifths of the time; where few words come again, it gains nothing.
        """
        if not self._is_wordwise or _has_odd(texts):
            return self.count_exactly(texts)
        words = [text.split() for text in texts]
        sizes = self._sizes_of(set(chain.from_iterable(words)))
        return [sum(map(sizes.__getitem__, own)) for own in words]

    def count_exactly(self, texts: Sequence[str]) -> list[int]:
        """Count as ``count`` does, without what is remembered of words."""
        tokenizer = self._tokenizer
        return [
            len(encoding)
            for part in _slices(texts)
            for encoding in tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ]

    def number(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids, special ones added, cut to the longest input."""
        before, behind = self.around
        room = max(self.max_length - len(before) - len(behind), 0)
        return [[*before, *ids[:room], *behind] for ids in self._pieces_exactly(texts)]

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids without special ones and without a limit.

        Where the tokenizer works word by word, the ids of words are remembered: 50 µs a text of 160 words instead of
        400.
        """
        if not self._is_wordwise or _has_odd(texts):
            return self._pieces_exactly(texts)
        words = [text.split() for text in texts]
        if len(self._pieces) > _MOST_WORDS:
            self._pieces = {}
        known = self._pieces
        every = set(chain.from_iterable(words))
        pieces = {word: known[word] for word in every if word in known}
        new = sorted(every - pieces.keys())
        fresh = dict(zip(new, self._pieces_exactly(new), strict=True))
        known.update((word, ids) for word, ids in fresh.items() if len(word) <= _LONGEST_WORD)
        pieces |= fresh
        return [list(chain.from_iterable(map(pieces.__getitem__, own))) for own in words]

    def _pieces_exactly(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = self._tokenizer
        return [
            encoding.ids
            for part in _slices(texts)
            for encoding in tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ]

    @property
    def specials(self) -> int:
        """The number of special tokens that are added to a text."""
        added: int = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        return added

    @cached_property
    def around(self) -> tuple[list[int], list[int]]:
        """The special tokens before a text and after it."""
        nothing, something = self._tokenizer.encode("").ids, self._tokenizer.encode("a").ids
        before = next((at for at, token in enumerate(nothing) if something[at] != token), len(nothing))
        return nothing[:before], nothing[before:]

    @property
    def vocabulary(self) -> int:
        """The number of tokens there are; their ids count up to it."""
        size: int = self._tokenizer.get_vocab_size()
        return size

    @property
    def special_ids(self) -> list[int]:
        """The ids of tokens that stand for no text: beginnings, ends, gaps, what is unknown."""
        return sorted(number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special)

    def _sizes_of(self, words: set[str]) -> dict[str, int]:
        """Return the number of tokens of each word."""
        if len(self._sizes) > _MOST_WORDS:
            self._sizes = {}
        remembered = self._sizes
        new = sorted(words.difference(remembered))
        if not new:
            return remembered
        sizes = dict(zip(new, self._count_words(new), strict=True))
        remembered.update((word, size) for word, size in sizes.items() if len(word) <= _LONGEST_WORD)
        if max(map(len, new)) <= _LONGEST_WORD:
            return remembered
        return {word: sizes[word] if word in sizes else remembered[word] for word in words}

    def _count_words(self, words: Sequence[str]) -> list[int]:
        """Count a few words one by one: handing them to threads costs more than their tokens."""
        if len(words) > _FEW:
            return self.count_exactly(words)
        tokenizer = self._tokenizer
        return [len(tokenizer.encode(word, add_special_tokens=False)) for part in _slices(words) for word in part]

    @cached_property
    def _is_wordwise(self) -> bool:
        """Whether spaces part tokens and are none: so with WordPiece and SentencePiece, not with byte-level BPE."""
        return self.count_exactly([_PROBE])[0] == sum(self.count_exactly(_PROBE.split()))

    # It isn't changed once it is made, which makes it safe to share; made twice by a race, both are equal. There is but
    # this: that of an encoder for many languages takes 300 MB and .6 s to read.
    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = _read(self.path)
        tokenizer.no_truncation()
        return tokenizer


def _read(path: Path) -> Any:
    with importing():
        from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no narrower one
        raise StorageError(f"The tokenizer {path} can't be read: {error}.", hint=remedy(path.parent)) from error
    tokenizer.no_padding()
    return tokenizer


def _has_odd(texts: Sequence[str]) -> bool:
    """Say whether a text has one of the odd spaces; looking through all at once takes a tenth of the time."""
    every = "".join(texts)
    return any(odd in every for odd in _ODD)


def _slices(texts: Sequence[str]) -> list[list[str]]:
    """Return the texts in parts of a bounded size; lone surrogates, which can't be encoded, as question marks."""
    clean = [text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    return [clean[start : start + _SLICE] for start in range(0, len(clean), _SLICE)]
