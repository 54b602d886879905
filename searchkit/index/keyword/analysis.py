"""Here is a text; which terms stand for it? And here is a query; which terms does it ask for?

A text is a row of raw words (``words``), each raw word stands for one term or several (``expand``): a compound such as
S-300 for its joined form and its parts, a run of Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese for its pairs
of characters. Nothing is a stop word. What is written differently and means the same gives the same terms:
``tests/index/keyword/test_analysis_spellings.py`` has the list.

Measured (BM25 alone, nDCG@10). Joined form and parts together, parts alone, joined form alone: scifact .702, .696,
.675; cranfield .508, .508, .493; digitalgov-known .782, .780, .785; xquad-en .967, .967, .965. Whether joined forms
count in a chunk's length makes .002 at most: they do, so that a length is the sum of its counts. A query word is the
union of its stems in all languages of the index: .377 on xquad-xling, .368 with the question's own language alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from searchkit.index.keyword.compounds import parts_of
from searchkit.index.keyword.folding import fold
from searchkit.index.keyword.stemming import Stems

if TYPE_CHECKING:
    import regex

MAX_TERM = 100
"""Terms are cut to so many characters, in articles and in queries alike, so that a cut word still finds itself."""

MAX_JOINED = 4
"""Compounds of more parts (the words of an address, a chain of hyphens) have no joined form; their parts find them."""

SPACES_IN_NUMBERS = "\u00a0\u2009\u202f"
"""No-break and thin spaces: the only ones that a raw word may hold (5 000)."""

_NO_SPACES = dict.fromkeys(map(ord, SPACES_IN_NUMBERS))
_CACHED_WORDS = 1 << 16

_HAN = r"[[\p{Han}\p{Hiragana}\p{Katakana}ーｰﾞﾟ]&&[\p{L}\p{N}\p{M}]]"
_HAN_RUN = rf"{_HAN}(?:{_HAN}|[\u3099\u309A\uFE00-\uFE0F\U000E0100-\U000E01EF])*"
_RUN = "|".join(
    (_HAN_RUN, *(rf"[\p{{{script}}}&&[\p{{L}}\p{{M}}]]+" for script in ("Hangul", "Thai", "Lao", "Khmer", "Myanmar")))
)
"""What is written without spaces (Korean: with few that people agree on), and so is indexed by pairs of characters."""

_IN_RUN = r"[[\p{Han}\p{Hiragana}\p{Katakana}ーｰﾞﾟ\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{M}\p{Nl}]]"
_LETTER = rf"[\p{{L}}--{_IN_RUN}]"
_SIGN = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_IN_RUN}--[¼-¾⅐-⅟↉]]"
_JOINER = r"""(?:[\-‐‑－﹣־֊'’‘＇´`׳״\u00AD\u00B7\u200C\u200D\u2060\uFEFF]|(?<=\p{Hebrew})"(?=\p{Hebrew}))"""
_SEGMENT = rf"""(?:
    \p{{Nd}}{{1,3}}(?:[{SPACES_IN_NUMBERS}]\p{{Nd}}{{3}})+(?!\p{{Nd}})(?:[.,]\p{{Nd}}+)?{_SIGN}*
  | {_LETTER}\p{{M}}*(?:\.{_LETTER}\p{{M}}*)+(?!{_SIGN})\.?
  | {_SIGN}+(?:(?<=\p{{Nd}})[.,٫٬]\p{{Nd}}{_SIGN}*)*
)"""
_WORD = rf"{_RUN}|{_SEGMENT}(?:{_JOINER}{_SEGMENT})*"


_ASCII_SEGMENT = r"(?:[A-Za-z](?:\.[A-Za-z])+(?![A-Za-z0-9])\.?|[A-Za-z0-9]+(?:(?<=[0-9])[.,][0-9][A-Za-z0-9]*)*)"
_ASCII_WORD = re.compile(rf"{_ASCII_SEGMENT}(?:[\-'`]{_ASCII_SEGMENT})*", re.ASCII)
"""What ``_WORD`` finds in a text of ASCII alone: compiled in a tenth of the time, which a single command pays for."""


@cache
def _pattern(expression: str) -> regex.Pattern[str]:
    """Compile an expression (about 5 ms, so not before a text is there). Version 1 has sets with && and --."""
    import regex

    return regex.compile(expression, regex.VERSION1 | regex.VERBOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What one raw word stands for.

    ``terms``: the indexed terms; ``offsets``: the position of each, relative to the word's own; ``advance``: how many
    positions the word takes; ``surfaces``: the folded, unstemmed form of each term; ``joined``: how many leading
    terms are the joined form of a compound (0 or 1; "S-300" is joined ``s300``, then ``s`` and ``300``).
    """

    terms: tuple[str, ...]
    offsets: tuple[int, ...]
    advance: int
    surfaces: tuple[str, ...]
    joined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTerm:
    """One term that a query asks for: ``terms``, sorted, are its stems in the given languages and count as one term.

    ``surface`` is the folded, unstemmed form (in the first language given), ``surfaces`` has those of all languages,
    sorted; ``offset`` is the position within the word, ``joined`` says that it is the joined form of a compound.
    """

    terms: tuple[str, ...]
    surface: str
    offset: int
    joined: bool
    surfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWord:
    """One raw word of a query: as typed, where (``query[start:end] == surface``), and what it asks for.

    ``units`` has the joined form first, if there is one; ``advance`` is the number of positions the word takes.
    """

    surface: str
    start: int
    end: int
    units: tuple[QueryTerm, ...]
    advance: int


class Analyzer:
    """Turns text into terms, by language. Holds caches alone, so any number of threads may share one."""

    def __init__(self) -> None:
        self._stems = Stems()
        self._expansions: dict[tuple[str, str | None], Expansion] = {}
        self._units: dict[tuple[str, tuple[str | None, ...]], tuple[tuple[QueryTerm, ...], int]] = {}

    def words(self, text: str) -> list[str]:
        """Return the raw words of a text in order."""
        found: list[str] = (_ASCII_WORD if text.isascii() else _pattern(_WORD)).findall(text)
        return found

    def word_spans(self, text: str) -> list[tuple[str, int, int]]:
        """Return the raw words of a text in order, with start and end: ``text[start:end] == word``."""
        pattern = _ASCII_WORD if text.isascii() else _pattern(_WORD)
        return [(match.group(), match.start(), match.end()) for match in pattern.finditer(text)]

    def fold(self, text: str) -> str:
        """Return a text without differences of case, width and diacritics: what surfaces are compared by."""
        return fold(text)

    def stem(self, surface: str, language: str | None) -> str:
        """Return the term of one folded word that isn't a compound."""
        return self._stems.stem(surface[:MAX_TERM], base_language(language))

    def word_stemmer(self, language: str | None) -> Callable[[str], str]:
        """Return what gives the terms of words of ASCII letters, as ``stem`` does, without looking at each first."""
        return self._stems.word_stemmer(base_language(language))

    def expand(self, word: str, language: str | None) -> Expansion:
        """Return what a raw word stands for in a language (ISO 639-1; None or an unknown one: no stemming)."""
        try:
            return self._expansions[word, language]
        except KeyError:
            if len(self._expansions) >= _CACHED_WORDS:
                self._expansions.clear()
            expansion = self._expansions[word, language] = self._expand(word, base_language(language))
            return expansion

    def query_terms(self, text: str, languages: Sequence[str | None]) -> list[QueryWord]:
        """Return the words of a query that ask for something, in order.

        ``languages``: those present in the index, or the one filtered for; None stands for articles of unknown
        language. Without any, nothing is stemmed.
        """
        words: list[QueryWord] = []
        searched = tuple(languages) or (None,)
        for surface, start, end in self.word_spans(text):
            units, advance = self._asked(surface, searched)
            if units:
                words.append(QueryWord(surface=surface, start=start, end=end, units=units, advance=advance))
        return words

    def _asked(self, surface: str, languages: tuple[str | None, ...]) -> tuple[tuple[QueryTerm, ...], int]:
        """Return what a word of a query asks for, and how many positions it takes: people ask for the same again."""
        try:
            return self._units[surface, languages]
        except KeyError:
            if len(self._units) >= _CACHED_WORDS:
                self._units.clear()
            expansions = [self.expand(surface, language) for language in languages]
            units = _united(expansions), max(expansion.advance for expansion in expansions)
            self._units[surface, languages] = units
            return units

    def _expand(self, word: str, language: str | None) -> Expansion:
        if is_plain(word) and (surface := fold(word)).isalpha():
            return self._expansion([surface], language, compound=False)
        if not word.isascii() and _pattern(_RUN).fullmatch(word):
            return self._expansion(_pairs(fold(word)), None, compound=False)
        return self._expansion(parts_of(_plain(word), language), language, compound=True)

    def _expansion(self, parts: Sequence[str], language: str | None, *, compound: bool) -> Expansion:
        surfaces = [part[:MAX_TERM] for part in parts]
        offsets = list(range(len(parts)))
        joined = compound and 1 < len(parts) <= MAX_JOINED and any(not part[0].isdigit() for part in parts)
        if joined:
            surfaces.insert(0, "".join(parts)[:MAX_TERM])
            offsets.insert(0, 0)
        return Expansion(
            terms=tuple([self._stems.stem(surface, language) for surface in surfaces]),
            offsets=tuple(offsets),
            advance=len(parts),
            surfaces=tuple(surfaces),
            joined=int(joined),
        )


_FIRST_IN_RUN = "\u0e00"
"""Scripts that are written in runs begin at Thai."""

_AROUND = 16
"""Characters before and behind a place that are looked at: more than the marks that one letter carries."""


def is_plain(word: str) -> bool:
    """Say whether a word is of letters alone and of no script that is written in runs (they begin at Thai, U+0E00)."""
    return word.isalpha() and (word.isascii() or max(word) < _FIRST_IN_RUN)


def base_language(language: str | None) -> str | None:
    """Return the language of a tag in the form that rules go by: "en" for "en-GB" and "EN"."""
    return language.replace("_", "-").partition("-")[0].lower() if language else None


def _plain(word: str) -> str:
    """Fold a word that isn't a run, with hyphens and apostrophes alone between its parts."""
    if word.isascii():
        return word.lower().replace("`", "'")
    word = word.translate(_NO_SPACES)
    if "\u200c" in word and any("\u0600" <= letter <= "\u06ff" for letter in word):
        word = word.replace("\u200c", "-")
    folded = fold(word.replace("`", "'").replace('"', "'"))
    clean: str = _pattern(r"[^\p{L}\p{M}\p{N}.,'\-]+").sub("-", folded)
    return clean


def cluster_starts(text: str) -> list[int]:
    """Return where each grapheme cluster of a text begins: what readers take for a character, with its vowel signs."""
    return [found.start() for found in _pattern(r"\X").finditer(text)]


def run_over(text: str, at: int) -> str:
    """Return the character at a place, as readers take it, where that lies inside a run of a script without spaces.

    It makes a pair with the one before, which neither half of the text has when it is cut there. Else nothing.
    """
    if not 0 < at < len(text) or min(text[at - 1], text[at]) < _FIRST_IN_RUN:
        return ""
    runs = _pattern(_RUN).finditer(text, max(0, at - _AROUND), at + _AROUND)
    if not any(run.start() < at < run.end() for run in runs):
        return ""
    found = _pattern(r"\X").match(text, at)
    return found[0] if found else ""


def _pairs(run: str) -> list[str]:
    """Return the overlapping pairs of a run's characters; the run itself where it has one.

    A character is what readers take for one, with its vowel signs: against pairs of code points, Thai questions found
    their paragraph first in .89 of cases instead of .85 (xquad-xling).
    """
    characters: list[str] = _pattern(r"\X").findall(run)
    return [first + second for first, second in pairwise(characters)] or characters


def _united(expansions: Sequence[Expansion]) -> tuple[QueryTerm, ...]:
    """Unite what a word stands for in several languages, part by part."""
    surfaces: dict[tuple[int, bool], list[str]] = {}
    terms: dict[tuple[int, bool], set[str]] = {}
    for expansion in expansions:
        parts = zip(expansion.offsets, expansion.surfaces, expansion.terms, strict=True)
        for place, (offset, surface, term) in enumerate(parts):
            key = (offset, place < expansion.joined)
            surfaces.setdefault(key, []).append(surface)
            terms.setdefault(key, set()).add(term)
    return tuple(
        QueryTerm(
            terms=tuple(sorted(terms[key])),
            surface=surfaces[key][0],
            offset=key[0],
            joined=key[1],
            surfaces=tuple(sorted(set(surfaces[key]))),
        )
        for key in sorted(terms, key=lambda key: (not key[1], key[0]))
    )
