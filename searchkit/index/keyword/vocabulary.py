"""Here is a piece of text between two spaces; which terms and words does it hold? Learnt once, then looked up.

Words never hold a space (but the no-break ones in numbers), so a text is cut at its spaces and each distinct *token*
is analysed once a language: what follows is one dictionary lookup a token, without Python code. A token stands for a
row of *lexemes*; a lexeme is a surface word together with the term that it stands for. All ids are given in the order
in which things are met; nothing of them reaches a file.
"""

from __future__ import annotations

import string
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from searchkit.index.keyword.analysis import MAX_TERM, SPACES_IN_NUMBERS, Analyzer, is_plain
from searchkit.index.keyword.folding import fold

_FORGET_AT = 1_000_000
"""Tokens that are remembered from one run to the next, about 200 bytes each."""


class _TokenIds(dict[str, int]):
    """Ids of the tokens of one language; a new token is learnt when it is first looked up."""

    def __init__(self, learn: Callable[[str, str | None], int], language: str | None) -> None:
        super().__init__()
        self._learn = learn
        self._language = language

    def __missing__(self, token: str) -> int:
        token_id = self[token] = self._learn(token, self._language)
        return token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTables:
    """What the tokens stand for, by token id.

    Token t takes ``advances[t]`` positions; its lexemes are ``lexemes[starts[t]:starts[t + 1]]``, at the relative
    positions ``offsets[starts[t]:starts[t + 1]]``.
    """

    starts: NDArray[np.int64]
    advances: NDArray[np.uint32]
    lexemes: NDArray[np.uint32]
    offsets: NDArray[np.uint32]


class Vocabulary:
    """The tokens, lexemes, terms and words that were met."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self.terms: dict[str, int] = {}
        self.words: dict[str, int] = {}
        self._lexemes: dict[str, int] = {}
        self._lexeme_terms = array("I")
        self._lexeme_words = array("I")
        self._forget()

    def token_ids(self, text: str, language: str | None) -> Iterable[int]:
        """Return the ids of a text's tokens, in order."""
        ids = self._ids.get(language)
        if ids is None:
            ids = self._ids[language] = _TokenIds(self._learn, language)
        if not text.isascii() and any(space in text for space in SPACES_IN_NUMBERS):
            return map(ids.__getitem__, self._analyzer.words(text))
        return map(ids.__getitem__, text.split())

    def tables(self) -> TokenTables:
        """Return what the tokens met so far stand for."""
        return TokenTables(
            starts=np.array(self._starts, np.int64),
            advances=np.array(self._advances, np.uint32),
            lexemes=np.array(self._token_lexemes, np.uint32),
            offsets=np.array(self._token_offsets, np.uint32),
        )

    @property
    def lexeme_terms(self) -> NDArray[np.uint32]:
        """Return the term id of each lexeme."""
        return np.array(self._lexeme_terms, np.uint32)

    @property
    def lexeme_words(self) -> NDArray[np.uint32]:
        """Return the word id of each lexeme."""
        return np.array(self._lexeme_words, np.uint32)

    def relax(self) -> None:
        """Forget the tokens if they have become many; token ids from before are void then."""
        if len(self._starts) > _FORGET_AT:
            self._forget()

    def _forget(self) -> None:
        self._ids: dict[str | None, _TokenIds] = {}
        self._simple: dict[tuple[str, str | None], int] = {}
        self._starts = array("Q", [0])
        self._advances = array("I")
        self._token_lexemes = array("I")
        self._token_offsets = array("I")

    def _learn(self, token: str, language: str | None) -> int:
        token_id = len(self._advances)
        bare = token.strip(string.punctuation)
        if is_plain(bare) and (surface := fold(bare)).isalpha() and len(surface) <= MAX_TERM:
            self._token_lexemes.append(self._simple_lexeme(surface, language))
            self._token_offsets.append(0)
            self._advances.append(1)
        else:
            self._advances.append(self._learn_words(self._analyzer.words(token), language))
        self._starts.append(len(self._token_lexemes))
        return token_id

    def _simple_lexeme(self, surface: str, language: str | None) -> int:
        """Return the lexeme of a folded word of plain letters, the by far most frequent case."""
        lexeme = self._simple.get((surface, language))
        if lexeme is None:
            term = self._analyzer.stem(surface, language)
            lexeme = self._simple[surface, language] = self._lexeme(surface, term)
        return lexeme

    def _learn_words(self, words: list[str], language: str | None) -> int:
        """Take in the words of a token; return how many positions they take."""
        position = 0
        for word in words:
            expansion = self._analyzer.expand(word, language)
            self._token_lexemes.extend(map(self._lexeme, expansion.surfaces, expansion.terms))
            self._token_offsets.extend(position + offset for offset in expansion.offsets)
            position += expansion.advance
        return position

    def _lexeme(self, surface: str, term: str) -> int:
        key = surface if surface == term else f"{surface}\0{term}"
        lexeme = self._lexemes.get(key)
        if lexeme is None:
            lexeme = self._lexemes[key] = len(self._lexemes)
            self._lexeme_terms.append(self.terms.setdefault(term, len(self.terms)))
            self._lexeme_words.append(self.words.setdefault(surface, len(self.words)))
        return lexeme
