"""Token ids: the numbers of a text's tokens, by the compiled table or a dictionary.

Both give the same numbers, in the order in which tokens are met. A token that is one word of ASCII letters between
punctuation is known by that word in lower case, so that "Oil," and "oil" are one; every other one as it is written, and
so is one with a sign that may belong to the word (C++, C#, .NET, #FyreFestival).
"""

from __future__ import annotations

import string
from array import array
from typing import Any, Protocol

from searchkit.keyword.analysis.analyzer import MAX_TERM
from searchkit.storage import native


class TokenIds(Protocol):
    """Numbers the distinct tokens, apart by language, and keeps the numbers of those that were taken in.

    A language is a number. ``len`` counts the distinct tokens.
    """

    def __len__(self) -> int: ...

    def add(self, text: str | bytes, language: int, /) -> int:
        """Take the tokens of a text in, which is given as UTF-8 where it isn't ASCII; return how many it has."""
        ...

    def add_token(self, token: str | bytes, language: int, /) -> None:
        """Take one token in."""
        ...

    def fresh(self) -> tuple[Any, list[str]]:
        """Return the languages (32 bits each) and the tokens that are new since this was last asked, by number."""
        ...

    def take(self) -> Any:
        """Return the numbers (32 bits each) of what was taken in since this was last asked."""
        ...


def new_tokens() -> TokenIds:
    """Return an empty table: the compiled one, or the dictionary where it couldn't be compiled."""
    tokens: TokenIds = PlainTokenIds() if native.COMPILED is None else native.COMPILED.Tokens()
    return tokens


def utf8(text: str) -> str | bytes:
    """Return a text as tables take it: a lone surrogate, which UTF-8 hasn't, as the three bytes of its number."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass")


class PlainTokenIds:
    """The table without a compiler."""

    def __init__(self) -> None:
        self._numbers: dict[int, _Numbers] = {}
        self._keys: list[tuple[int, str]] = []
        self._told = 0
        self._taken = array("I")

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, text: str | bytes, language: int, /) -> int:
        """Take the tokens of a text in; return how many it has."""
        before = len(self._taken)
        self._taken.extend(map(self._of(language).__getitem__, _text(text).split()))
        return len(self._taken) - before

    def add_token(self, token: str | bytes, language: int, /) -> None:
        """Take one token in."""
        self._taken.append(self._of(language)[_text(token)])

    def fresh(self) -> tuple[Any, list[str]]:
        """Return the languages and the tokens that are new since this was last asked."""
        new = self._keys[self._told :]
        self._told = len(self._keys)
        return array("I", (language for language, _ in new)), [token for _, token in new]

    def take(self) -> Any:
        """Return the numbers of what was taken in since this was last asked."""
        taken, self._taken = self._taken, array("I")
        return taken

    def _of(self, language: int) -> _Numbers:
        if language not in self._numbers:
            self._numbers[language] = _Numbers(language, self._keys)
        return self._numbers[language]


class _Numbers(dict[str, int]):
    """The numbers of the tokens of one language as they are written."""

    def __init__(self, language: int, keys: list[tuple[int, str]]) -> None:
        super().__init__()
        self._language, self._keys = language, keys
        self._known: dict[str, int] = {}

    def __missing__(self, token: str) -> int:
        key = _key(token)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self._keys)
            self._keys.append((self._language, key))
        self[token] = number
        return number


def is_word(token: str) -> bool:
    """Say whether a token is one word of ASCII letters that isn't too long, as tables know it in lower case."""
    return token.isascii() and token.isalpha() and len(token) <= MAX_TERM


def bare_word(token: str) -> str:
    """Return a token without the punctuation around it; whole where a sign belongs to its word: C++, C#, .NET, #tag."""
    bare = token.strip(_AROUND_WORDS)
    start = token.find(bare) if bare else 0
    end = start + len(bare)
    if token[max(0, start - 1) : start] in _SIGNS_BEFORE or token[end : end + 1] in _SIGNS_AFTER:
        return token
    return bare


_AROUND_WORDS = string.punctuation + "“”‘’„«»…–—"
_SIGNS_BEFORE = frozenset("#@.")
_SIGNS_AFTER = frozenset("+#")


def _key(token: str) -> str:
    bare = bare_word(token)
    return bare.lower() if is_word(bare) else token


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "surrogatepass")
