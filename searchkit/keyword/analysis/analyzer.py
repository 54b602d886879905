"""Analyzer: the terms of a text and of a query.

A text is a row of raw words (``words``), each raw word stands for one term or several (``expand``): a compound such as
S-300 for its joined form and its parts, a run of Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese for its pairs
of characters. Nothing is a stop word. What is written differently and means the same gives the same terms:
``tests/keyword/test_analyzer_spellings.py`` has the list.

Measured (BM25 alone, nDCG@10). Joined form and parts together, parts alone, joined form alone: scifact .702, .696,
.675; cranfield .508, .508, .493; digitalgov-known .782, .780, .785; xquad-en .967, .967, .965. Whether joined forms
count in a chunk's length makes .002 at most: they do. Single characters of Chinese don't (its hybrid questions on
xquad-xling score .382, and .369 if they do), nor do second stems. A query word is the union of its stems in all
languages of the index: .377 on xquad-xling, .368 with the question's own language alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from searchkit.keyword.analysis.compounds import Compound, compound_of
from searchkit.keyword.analysis.normalization import fold, fold_normalised, normalise
from searchkit.keyword.analysis.stemmer import FOLDED_FIRST, WordStemmer
from searchkit.keyword.bounded_cache import BoundedCache

if TYPE_CHECKING:
    import regex


MAX_TERM = 100
"""Terms are cut to so many characters, in articles and in queries alike, so that a cut word still finds itself."""

MAX_INITIALS = 2
"""Letters of the parts of AT&T, R&D or PG&E; those of Marks&Spencer are words of their own."""

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

_OPEN = "\uffff"
"""No character of any text: it ends a run that was cut, whose last character belongs to the text behind the cut."""

_OF_CHARACTERS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"
"""What begins a run of scripts in which one character may be a word."""

_IN_RUN = r"[[\p{Han}\p{Hiragana}\p{Katakana}ーｰﾞﾟ\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{M}\p{Nl}]]"
_LETTER = rf"[\p{{L}}--{_IN_RUN}]"
_SIGN = rf"[[\p{{L}}\p{{M}}\p{{N}}]--{_IN_RUN}--[¼-¾⅐-⅟↉]]"
_SIGN_BETWEEN = r"(?<=[A-Za-z])&(?=[A-Za-z])|(?<=[A-Za-z0-9])/(?=[A-Za-z0-9]{1,4}(?:/[0-9]{2,4})?(?![\w/]))"
"""The signs of AT&T, R&D, TCP/IP, F/A-18, 24/7, 12/05/2020: what follows a slash is short."""
_SIGN_AFTER = r"(?:(?<=[A-Za-z])\+\+(?![A-Za-z+])|(?<=[A-Za-z])\+(?![\w+])|(?<=(?<!\w)[A-Za-z])\#(?![\w#]))?"
"""The signs of C++, C#, LGBTQ+."""
_DOTTED = r"(?<![\w.])\.[A-Za-z]{2,}(?![A-Za-z0-9_])"
""".NET"""
_JOINER = (
    r"""(?:[\-‐‑－﹣־֊'’‘＇´`׳״\u00AD\u00B7\u200C\u200D\u2060\uFEFF]|(?<=\p{Hebrew})"(?=\p{Hebrew})|"""
    + _SIGN_BETWEEN
    + ")"
)
_SEGMENT = rf"""(?:
    \p{{Nd}}{{1,3}}(?:[{SPACES_IN_NUMBERS}]\p{{Nd}}{{3}})+(?!\p{{Nd}})(?:[.,]\p{{Nd}}+)?{_SIGN}*
  | {_LETTER}\p{{M}}*(?:\.{_LETTER}\p{{M}}*)+(?!{_SIGN})\.?
  | {_SIGN}+(?:(?<=\p{{Nd}})[.,٫٬]\p{{Nd}}{_SIGN}*)*
)"""
_TAG = rf"(?<![\w#@&])[#@]_*\p{{N}}*_*{_LETTER}(?:{_SIGN}|_)*"
"""A hashtag or a handle."""
_WORD = rf"(?:{_RUN}){_OPEN}?|{_TAG}|{_DOTTED}|{_SEGMENT}(?:{_JOINER}{_SEGMENT})*{_SIGN_AFTER}"


_ASCII_SEGMENT = r"(?:[A-Za-z](?:\.[A-Za-z])+(?![A-Za-z0-9])\.?|[A-Za-z0-9]+(?:(?<=[0-9])[.,][0-9][A-Za-z0-9]*)*)"
_ASCII_WORD = re.compile(
    rf"{_ASCII_SEGMENT}(?:(?:[\-'`]|{_SIGN_BETWEEN}){_ASCII_SEGMENT})*{_SIGN_AFTER}"
    rf"|(?<![\w#@&])[#@]_*[0-9]*_*[A-Za-z][A-Za-z0-9_]*|{_DOTTED}",
    re.ASCII,
)
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
    terms are the joined form of a compound (0 or 1; "S-300" is joined ``s300``, then ``s`` and ``300``); ``implied``:
    how many terms at the end are found by other words and not asked for by this one (S-300 in S-300VM, each
    character of a run), or are another stem of a surface before; ``uncounted``: how many at the end, of these, say no
    more than the others do, so that they don't count in a chunk's length (each character of a run, another stem).
    """

    terms: tuple[str, ...]
    offsets: tuple[int, ...]
    advance: int
    surfaces: tuple[str, ...]
    joined: int
    implied: int = 0
    uncounted: int = 0

    @property
    def asked(self) -> int:
        """How many leading terms a query asks for by this word."""
        return len(self.terms) - self.implied


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

    @property
    def in_phrase(self) -> tuple[QueryTerm, ...]:
        """The units by which a phrase has the word: its parts in order, or the joined form of a word such as C++."""
        if self.has_sign_outside:
            return self.units[:1]
        return tuple(unit for unit in self.units if not unit.joined)

    @property
    def has_sign_outside(self) -> bool:
        """Whether it is a word such as C++, C# or .NET, which its letters alone don't mean."""
        return self.units[0].joined and (self.units[0].surface[0] == "." or self.units[0].surface[-1] in "+#")

    @property
    def is_initials(self) -> bool:
        """Whether it is a word such as AT&T or R&D, whose parts mean nothing alone."""
        return "&" in self.units[0].surface and all(len(unit.surface) <= MAX_INITIALS for unit in self.units[1:])


class Analyzer:
    """Turns text into terms, by language. Holds caches alone, so any number of threads may share one."""

    def __init__(self) -> None:
        self._stems = WordStemmer()
        self._expansions: BoundedCache[tuple[str, str | None], Expansion] = BoundedCache(_CACHED_WORDS)
        self._units: BoundedCache[tuple[str, tuple[str | None, ...]], tuple[tuple[QueryTerm, ...], int]] = BoundedCache(
            _CACHED_WORDS
        )

    def words(self, text: str) -> list[str]:
        """Return the raw words of a text in order."""
        words: list[str] = (_ASCII_WORD if text.isascii() else _pattern(_WORD)).findall(text)
        return words

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
            units, advance = self._query_units(surface, searched)
            if units:
                words.append(QueryWord(surface=surface, start=start, end=end, units=units, advance=advance))
        return words

    def _query_units(self, surface: str, languages: tuple[str | None, ...]) -> tuple[tuple[QueryTerm, ...], int]:
        """Return what a word of a query asks for, and how many positions it takes: people ask for the same again."""
        try:
            return self._units[surface, languages]
        except KeyError:
            expansions = [self.expand(surface, language) for language in languages]
            units = _united(expansions), max(expansion.advance for expansion in expansions)
            self._units[surface, languages] = units
            return units

    def _expand(self, word: str, language: str | None) -> Expansion:
        if is_plain(word) and (whole := normalise(word, language)).isalpha():
            return self._single(whole, language)
        if not word.isascii() and _pattern(_RUN).fullmatch(run := word.removesuffix(_OPEN)):
            return _run(fold(run), is_open=len(run) < len(word))
        compound = compound_of(_plain(word, language), language)
        if len(compound.parts) == 1 and not compound.joined and compound.parts[0]:
            return self._single(compound.parts[0], language)
        return self._compound(compound, language)

    def _single(self, whole: str, language: str | None) -> Expansion:
        """Return what a word of one part stands for, as most are."""
        surface = fold_normalised(whole)
        if not surface:
            return _NOTHING
        surface = surface[:MAX_TERM]
        terms = self._terms(whole[:MAX_TERM], surface, language)
        if len(terms) == 1:
            return Expansion(terms=terms, offsets=(0,), advance=1, surfaces=(surface,), joined=0)
        return Expansion(
            terms=terms, offsets=(0, 0), advance=1, surfaces=(surface, surface), joined=0, implied=1, uncounted=1
        )

    def _compound(self, compound: Compound, language: str | None) -> Expansion:
        parts = [part for part in compound.parts if fold_normalised(part)]
        if not parts:
            return _NOTHING
        joined = 1 if compound.joined else 0
        forms = [compound.joined, *parts, *compound.implied] if joined else [*parts, *compound.implied]
        offsets = [*_OFFSETS[:joined], *range(len(parts)), *[0] * len(compound.implied)]
        surfaces = [fold_normalised(form)[:MAX_TERM] for form in forms]
        terms: list[str] = []
        for place in range(len(forms)):
            term, *other = self._terms(forms[place][:MAX_TERM], surfaces[place], language)
            terms.append(term)
            if other:
                forms += other
                surfaces.append(surfaces[place])
                offsets.append(offsets[place])
        terms += forms[len(terms) :]
        return Expansion(
            terms=tuple(terms),
            offsets=tuple(offsets),
            advance=len(parts),
            surfaces=tuple(surfaces),
            joined=joined,
            implied=len(terms) - joined - len(parts),
            uncounted=len(terms) - joined - len(parts) - len(compound.implied),
        )

    def _terms(self, whole: str, surface: str, language: str | None) -> tuple[str, ...]:
        """Return the terms of a word that was normalised (``whole``) and folded.

        A stem is told by the marks of letters, and folded then; a second one is that of the word as it is typed
        without them, where that is another.
        """
        typed = self._stems.stem(surface, language)
        if whole == surface or language in FOLDED_FIRST or not self._stems.knows(language):
            return (typed,)
        term = fold(self._stems.stem(whole, language)) or surface
        return (term,) if term == typed else (term, typed)


_FIRST_IN_RUN = "\u0e00"
"""Scripts that are written in runs begin at Thai."""

_AROUND = 16
"""Characters before and behind a place that are looked at: more than the marks that one letter carries."""

_NOTHING = Expansion(terms=(), offsets=(), advance=0, surfaces=(), joined=0)
_OFFSETS = (0,)


def is_word(token: str) -> bool:
    """Say whether a token is one word of ASCII letters that isn't too long, as tables know it in lower case."""
    return token.isascii() and token.isalpha() and len(token) <= MAX_TERM


def is_plain(word: str) -> bool:
    """Say whether a word is of letters alone and of no script that is written in runs (they begin at Thai, U+0E00)."""
    return word.isalpha() and (word.isascii() or max(word) < _FIRST_IN_RUN)


def base_language(language: str | None) -> str | None:
    """Return the language of a tag in the form that rules go by: "en" for "en-GB" and "EN"."""
    return language.replace("_", "-").partition("-")[0].lower() if language else None


def _plain(word: str, language: str | None) -> str:
    """Normalise a word that isn't a run, with hyphens, apostrophes, ampersands and slashes alone between its parts."""
    if word[0] in "#@":
        return word  # its capitals tell its parts
    if word.isascii():
        return word.lower().replace("`", "'")
    word = word.translate(_NO_SPACES)
    if "\u200c" in word and any("\u0600" <= letter <= "\u06ff" for letter in word):
        word = word.replace("\u200c", "-")
    whole = normalise(word.replace("`", "'").replace('"', "'"), language)
    clean: str = _pattern(r"[^\p{L}\p{M}\p{N}.,'\-&/+\#]+").sub("-", whole)
    return clean


def cluster_starts(text: str) -> list[int]:
    """Return where each grapheme cluster of a text begins: what readers take for a character, with its vowel signs."""
    return [match.start() for match in _pattern(r"\X").finditer(text)]


def run_over(text: str, at: int) -> str:
    """Return the character at a place, as readers take it, where that lies inside a run of a script without spaces.

    It makes a pair with the one before, which neither half of the text has when it is cut there. A mark behind it says
    that it doesn't count by itself. Else nothing.
    """
    if not 0 < at < len(text) or min(text[at - 1], text[at]) < _FIRST_IN_RUN:
        return ""
    runs = _pattern(_RUN).finditer(text, max(0, at - _AROUND), at + _AROUND)
    if not any(run.start() < at < run.end() for run in runs):
        return ""
    cluster = _pattern(r"\X").match(text, at)
    return cluster[0] + _OPEN if cluster else ""


def _run(run: str, *, is_open: bool = False) -> Expansion:
    """Return the overlapping pairs of a run's characters, and each character of Chinese, Japanese and Korean.

    A character is what readers take for one, with its vowel signs: against pairs of code points, Thai questions found
    their paragraph first in .89 of cases instead of .85 (xquad-xling). A single character (猫, 물) is a word that
    people ask for; a longer run is asked for by its pairs alone. Of an open run the last character makes a pair and
    nothing else: it stands in the text behind the cut.
    """
    characters: list[str] = _pattern(r"\X").findall(run)
    pairs = [first + second for first, second in pairwise(characters)] or characters
    singles = [] if len(characters) == 1 or not _pattern(_OF_CHARACTERS).match(run) else characters
    if is_open:
        singles = singles[:-1]
    terms = tuple([term[:MAX_TERM] for term in (*pairs, *singles)])
    return Expansion(
        terms=terms,
        offsets=(*range(len(pairs)), *range(len(singles))),
        advance=len(singles) or len(pairs),
        surfaces=terms,
        joined=0,
        implied=len(singles),
        uncounted=len(singles),
    )


def _united(expansions: Sequence[Expansion]) -> tuple[QueryTerm, ...]:
    """Unite what a word stands for in several languages, part by part."""
    surfaces: dict[tuple[int, bool], list[str]] = {}
    terms: dict[tuple[int, bool], set[str]] = {}
    for expansion in expansions:
        parts = list(zip(expansion.offsets, expansion.surfaces, expansion.terms, strict=True))
        keys: dict[tuple[int, str], tuple[int, bool]] = {}
        for place, (offset, surface, term) in enumerate(parts[: expansion.asked]):
            key = keys[offset, surface] = (offset, place < expansion.joined)
            surfaces.setdefault(key, []).append(surface)
            terms.setdefault(key, set()).add(term)
        for offset, surface, term in parts[expansion.asked :]:
            if (offset, surface) in keys:  # another stem of a word that is asked for
                terms[keys[offset, surface]].add(term)
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
