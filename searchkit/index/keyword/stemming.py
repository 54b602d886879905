"""Here is a folded word and its language; which words count as the same? Those with the same Snowball stem."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from searchkit.errors import importing
from searchkit.index.keyword.english import american

if TYPE_CHECKING:
    from Stemmer import Stemmer

_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


FOLDED_FIRST: frozenset[str | None] = frozenset(("en",))
"""Languages whose words are folded before they are stemmed; elsewhere the stem is folded."""


class Stems:
    """Snowball's stemmers by language, each made when it is first needed (and PyStemmer imported then).

    A call never lets go of the interpreter's lock, so threads may share one.
    """

    def __init__(self) -> None:
        self._stemmers: dict[str, Stemmer | None] = {}

    def stem(self, word: str, language: str | None) -> str:
        """Return a word's stem, or the word where there is no stemmer for it, it holds a digit, or nothing is left."""
        stemmer = self._stemmer(language)
        if stemmer is None or not (word.isalpha() or not any(letter.isdigit() for letter in word)):
            return word
        stem: str = stemmer.stemWord(american(word) if language == "en" else word)
        return stem or word

    def knows(self, language: str | None) -> bool:
        """Say whether there is a stemmer for a language."""
        return language in _ALGORITHMS

    def word_stemmer(self, language: str | None) -> Callable[[str], str]:
        """Return what stems words of up to 100 ASCII letters in a language: without them nothing is asked first."""
        stemmer = self._stemmer(language)
        if stemmer is None:
            return str
        stem: Callable[[str], str] = stemmer.stemWord
        if language == "en":
            return lambda word: stem(american(word)) or word
        return lambda word: stem(word) or word

    def _stemmer(self, language: str | None) -> Stemmer | None:
        if language is None:
            return None
        try:
            return self._stemmers[language]
        except KeyError:
            stemmer = self._stemmers[language] = _stemmer(language)
            return stemmer


def _stemmer(language: str) -> Stemmer | None:
    """Make a stemmer, without a cache of its own: who calls it keeps one."""
    if language not in _ALGORITHMS:
        return None
    with importing():
        from Stemmer import Stemmer

    return Stemmer(_ALGORITHMS[language], 0)
