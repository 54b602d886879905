"""Stemmer: Snowball's stem of a folded word in its language, and British spellings beside American ones.

Snowball's English stemmer keeps "defence" (``defenc``) and "defense" (``defens``) apart, so too "colour", "organise",
"centre" and "travelled". Words are brought to the American spelling before they are stemmed, in articles and queries
alike. Endings that stand in ordinary words of both sides ("our", "re") are changed in listed words alone; "-ise" is
changed to "-ize" wherever a word is long enough, since both sides get the same ("surprise" becomes ``surprize``
everywhere).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from searchkit.errors import importing

if TYPE_CHECKING:
    from Stemmer import Stemmer


_BEGINNINGS = {
    "aeroplane": "airplane", "ageing": "aging", "aluminium": "aluminum", "armour": "armor", "behaviour": "behavior",
    "calibre": "caliber", "centred": "centered", "candour": "candor", "catalogue": "catalog", "centre": "center",
    "centring": "centering", "clamour": "clamor", "colour": "color", "defence": "defense", "demeanour": "demeanor",
    "dialogue": "dialog", "endeavour": "endeavor", "favour": "favor", "fervour": "fervor", "fibre": "fiber", "flavour":
    "flavor", "grey": "gray", "harbour": "harbor", "honour": "honor", "humour": "humor", "jewellery": "jewelry",
    "kilometre": "kilometer", "labour": "labor", "licence": "license", "litre": "liter", "manoeuvre": "maneuver",
    "manoeuvring": "maneuvering",
    "metre": "meter", "mould": "mold", "moustache": "mustache", "neighbour": "neighbor", "odour": "odor",
    "offence": "offense", "parlour": "parlor", "plough": "plow", "pretence": "pretense", "programme": "program",
    "pyjama": "pajama", "rancour": "rancor", "rigour": "rigor", "rumour": "rumor", "sabre": "saber",
    "saviour": "savior", "sceptic": "skeptic", "sombre": "somber", "spectre": "specter", "splendour": "splendor",
    "sulphur": "sulfur", "theatre": "theater", "tumour": "tumor", "tyre": "tire", "valour": "valor",
    "vapour": "vapor", "vigour": "vigor", "anaemi": "anemi", "anaesthe": "anesthe", "diarrhoea": "diarrhea",
    "encyclopaedi": "encyclopedi", "foetus": "fetus", "foetal": "fetal", "gynaecolog": "gynecolog",
    "haemo": "hemo", "leukaemi": "leukemi", "oesophag": "esophag", "oestrogen": "estrogen", "orthopaedi": "orthopedi",
    "paediatr": "pediatr",
}  # fmt: skip
"""What British words begin with, and what American ones do, whole or with any ending."""

_FIRST_LETTERS = frozenset(beginning[:3] for beginning in _BEGINNINGS)
_BEGINNING = re.compile("|".join(sorted(_BEGINNINGS, key=len, reverse=True)))
_ISE = re.compile(r"(?<=[a-z]{3})([iy])s(?=(?:e|es|ed|ing|er|ers|ation|ations|ational)$)")
_DOUBLE = re.compile(r"(?<=[a-z]{2}[aeiou])ll(?=(?:ed|ing|er|ers|or|ors)$)")


def american(word: str) -> str:
    """Return a folded English word in the spelling that both sides share; most words are that already."""
    if word[:3] in _FIRST_LETTERS and (match := _BEGINNING.match(word)):
        word = _BEGINNINGS[match[0]] + word[match.end() :]
    if "is" in word or "ys" in word:
        word = _ISE.sub(r"\1z", word)
    return _DOUBLE.sub("l", word) if "ll" in word else word


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


class WordStemmer:
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
    stemmer: Stemmer = _library().Stemmer(_ALGORITHMS[language], 0)
    return stemmer


@cache
def _library() -> Any:
    with importing():
        import Stemmer

    return Stemmer
