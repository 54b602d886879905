"""Here is a piece of text between two spaces; which terms and words does it hold? Learnt once, then looked up.

Words never hold a space (but the no-break ones in numbers), so a text is cut at its spaces (``tokens.py``) and each
distinct *token* is analysed once a language. A token stands for a row of *lexemes*; a lexeme is a surface word and the
term that it stands for. All ids are given in the order in which things are met; nothing of them reaches a file.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from searchkit.index.keyword.analysis import MAX_TERM, SPACES_IN_NUMBERS, Analyzer, base_language, is_plain
from searchkit.index.keyword.compounds import possessor
from searchkit.index.keyword.tokens import bare_word, is_word, new_tokens, utf8

_FORGET_AT = 1_000_000
"""Tokens, or lexemes of tokens, that are remembered from one run to the next: up to about 100 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTables:
    """What the tokens stand for, by token id.

    Token t takes ``advances[t]`` positions; its lexemes are ``lexemes[starts[t]:starts[t + 1]]``, at the relative
    positions ``offsets[starts[t]:starts[t + 1]]``; those that count in a chunk's length are 1 in ``counted``.
    """

    starts: NDArray[np.int64]
    advances: NDArray[np.uint32]
    lexemes: NDArray[np.uint32]
    offsets: NDArray[np.uint32]
    counted: NDArray[np.uint8]


class Vocabulary:
    """The tokens, lexemes, terms and words that were met."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self.terms: dict[str, int] = {}
        self.words: dict[str, int] = {}
        self._languages: dict[str | None, int] = {}
        self._lexemes: dict[tuple[str, str], int] = {}
        self._lexeme_terms = array("I")
        self._lexeme_words = array("I")
        self._lexeme_forms = array("I")
        self._forms_of_term = array("I")
        self._forget()

    def add(self, text: str, language: str | None) -> int:
        """Take the tokens of a text in; return how many it has."""
        number = self._languages.get(language)
        if number is None:
            number = self._languages[language] = len(self._languages)
        if not text.isascii() and any(space in text for space in SPACES_IN_NUMBERS):
            words = self._analyzer.words(text)
            for word in words:
                self._tokens.add_token(utf8(word), number)
            return len(words)
        return self._tokens.add(utf8(text), number)

    def take(self) -> NDArray[np.uint32]:
        """Return the ids of the tokens that were taken in since this was last asked, in order; all are learnt now."""
        self._learn()
        return np.frombuffer(self._tokens.take(), np.uint32)

    def tables(self) -> TokenTables:
        """Return what the tokens learnt so far stand for."""
        return TokenTables(
            starts=np.array(self._starts, np.int64),
            advances=np.array(self._advances, np.uint32),
            lexemes=np.array(self._token_lexemes, np.uint32),
            offsets=np.array(self._token_offsets, np.uint32),
            counted=np.array(self._token_counted, np.uint8),
        )

    @property
    def lexeme_terms(self) -> NDArray[np.uint32]:
        """Return the term id of each lexeme."""
        return np.array(self._lexeme_terms, np.uint32)

    @property
    def lexeme_words(self) -> NDArray[np.uint32]:
        """Return the word id of each lexeme."""
        return np.array(self._lexeme_words, np.uint32)

    @property
    def lexeme_forms(self) -> NDArray[np.uint32]:
        """Return which of its term's forms each lexeme is: they are numbered from 0 in the order in which they came."""
        return np.array(self._lexeme_forms, np.uint32)

    def relax(self) -> None:
        """Forget the tokens if they have become many; token ids from before are void then."""
        if max(len(self._tokens), len(self._token_lexemes)) > _FORGET_AT:
            self._forget()

    def _forget(self) -> None:
        self._tokens = new_tokens()
        self._starts = array("Q", [0])
        self._advances = array("I")
        self._token_lexemes = array("I")
        self._token_offsets = array("I")
        self._token_counted = array("B")

    def _learn(self) -> None:
        """Learn the tokens that are new, by far most of them words of plain letters."""
        numbers, tokens = self._tokens.fresh()
        languages = list(self._languages)
        bases = [base_language(language) for language in languages]
        stems = [self._analyzer.word_stemmer(language) for language in languages]
        for number, token in zip(np.frombuffer(numbers, np.uint32).tolist(), tokens, strict=True):
            word = token
            if not is_word(token):
                bare = bare_word(token)
                word = bare if is_word(bare) else possessor(bare, bases[number])
                if not is_word(word):
                    self._learn_token(token, bare, languages[number])
                    self._starts.append(len(self._token_lexemes))
                    continue
                word = word.lower()
            self._learn_word(word, stems[number](word))
            self._starts.append(len(self._token_lexemes))

    def _learn_word(self, surface: str, term: str) -> None:
        self._token_lexemes.append(self._lexeme(surface, term))
        self._token_offsets.append(0)
        self._token_counted.append(1)
        self._advances.append(1)

    def _learn_token(self, token: str, bare: str, language: str | None) -> None:
        words = [bare] if is_plain(bare) and len(bare) <= MAX_TERM else self._analyzer.words(token)
        self._advances.append(self._learn_words(words, language))

    def _learn_words(self, words: list[str], language: str | None) -> int:
        """Take in the words of a token; return how many positions they take."""
        position = 0
        for word in words:
            expansion = self._analyzer.expand(word, language)
            self._token_lexemes.extend(map(self._lexeme, expansion.surfaces, expansion.terms))
            self._token_offsets.extend([position + offset for offset in expansion.offsets])
            self._token_counted.frombytes(
                b"\1" * (len(expansion.terms) - expansion.uncounted) + b"\0" * expansion.uncounted
            )
            position += expansion.advance
        return position

    def _lexeme(self, surface: str, term: str) -> int:
        lexeme = self._lexemes.get((surface, term))
        if lexeme is not None:
            return lexeme
        lexeme = self._lexemes[surface, term] = len(self._lexemes)
        term_id = self.terms.setdefault(term, len(self.terms))
        self._lexeme_terms.append(term_id)
        self._lexeme_words.append(self.words.setdefault(surface, len(self.words)))
        if term_id == len(self._forms_of_term):
            self._forms_of_term.append(0)
        self._lexeme_forms.append(self._forms_of_term[term_id])
        self._forms_of_term[term_id] += 1
        return lexeme
