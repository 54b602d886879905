"""Normalization: spellings that differ in case, width or diacritics alone become one.

Folding: NFKC, case folding, digits of every script as 0 to 9, then marks off, but only where readers take a letter with
and without them for the same: Latin, Greek, Arabic, Hebrew. In Indic scripts and Thai a mark is a vowel and stays;
in Cyrillic й and ї are letters of their own and stay, ё is е. Arabic teh marbuta is heh, and a hamza is the same on any
carrier; in Devanagari the nukta goes and a nasal before a consonant is the anusvara (as Lucene's ArabicNormalizer and
HindiNormalizer have it); traditional Chinese characters are simplified ones.

Stemmers need the marks that folding takes: Turkish ışıklar has the stem ışık, while isiklar has none. ``normalise``
stops before the marks are taken off, for what is stemmed first and folded then.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain

from searchkit.keyword.analysis.han_variants import SIMPLIFIED, TRADITIONAL

_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n",
    "ё": "е", "ѐ": "е", "ѝ": "и",
    "آ": "ا", "أ": "ا", "إ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك",
    "ة": "ه", "ؤ": "ء", "ئ": "ء", "ۀ": "ه", "\u093c": "", "ँ": "ं",
}  # fmt: skip
"""Letters that Unicode doesn't take apart, and the alef, yeh, kaf, heh and hamza that Arabic and Persian write in
several ways; the nukta and chandrabindu of Devanagari."""

_SEPARATORS = {
    "٫": ".", "٬": ",",
    "’": "'", "‘": "'", "ʼ": "'", "׳": "'", "״": "'",
    "‐": "-", "‑": "-", "־": "-", "֊": "-",
}  # fmt: skip
"""The separators, apostrophes and hyphens that a word may hold inside."""

_NASAL = re.compile("[ङञणनम]\u094d(?=[क-ह])")
"""A nasal consonant joined to the next one, for which many write the anusvara: हिन्दी, हिंदी."""

_INVISIBLE = "\u00ad\u00b7\u0640\u200c\u200d\u2060\ufeff"
"""Soft hyphen, the point of Catalan l·l, tatweel, joiners: they stand inside a word and mean nothing."""

_ZEROS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
)  # fmt: skip
"""The digit zero of each script of the basic plane; nine more follow each."""

_MARKS = (
    (0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),  # of Latin and Greek
    (0xFE00, 0xFE0F), (0xE0100, 0xE01EF),  # variation selectors
    (0x591, 0x5C7),  # Hebrew points and accents
    (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED), (0x8D3, 0x8FF),  # Arabic
)  # fmt: skip
_ACCENTED = ((0xC0, 0x24F), (0x370, 0x3FF), (0x1E00, 0x1FFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF))
"""Blocks of Latin and Greek letters that come composed with their marks."""


def fold(text: str) -> str:
    """Return a text without differences of case, width and diacritics; folding it again changes nothing."""
    if text.isascii():
        return text.lower()
    folded = _once(text)
    if folded.isascii():
        return folded
    while folded != (again := _once(folded)):  # a mark that goes can bring together a letter and the mark behind it
        folded = again
    return folded


def fold_normalised(text: str) -> str:
    """Return what ``fold`` makes of a text that was normalised, sooner."""
    if text.isascii():
        return text
    folded = text.translate(_table())
    if "\u094d" not in text and (folded == text or folded.isascii()) and unicodedata.is_normalized("NFKC", text):
        return folded
    return fold(folded)


def normalise(text: str, language: str | None = None) -> str:
    """Return a text without differences of case and width, its letters with their diacritics: what stemmers know.

    What ``fold`` makes of it is what it makes of the text. ``language``: Turkish and Azerbaijani have an I without a
    dot, Persian has a yeh and a kaf of its own.
    """
    if text.isascii():
        return text.lower()
    if language in _DOTLESS:
        text = text.replace("I", "ı").replace("İ", "i")
    text = unicodedata.normalize("NFKC", text.replace("´", "'"))
    text = unicodedata.normalize("NFKC", text.casefold()).translate(_plain_table())
    return text.translate(_PERSIAN if language == "fa" else _ARABIC) if max(text, default="") > "\u05ff" else text


_DOTLESS = frozenset(("tr", "az"))
_ARABIC = str.maketrans("یک", "يك")
_PERSIAN = str.maketrans("يك", "یک")


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.replace("´", "'"))
    text = unicodedata.normalize("NFKC", text.casefold()).translate(_table())
    return _NASAL.sub("ं", text) if "\u094d" in text else text


class _Table(dict[int, "int | str | None"]):
    """What becomes of characters. Those that stay are learnt: ``str.translate`` takes several times as long to miss."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


@cache
def _plain_table() -> _Table:
    """Return what becomes of separators, digits, marks that make no letter with the one before, and the invisible."""
    table = _Table({ord(letter): plain for letter, plain in _SEPARATORS.items()})
    table.update({zero + digit: str(digit) for zero in _ZEROS for digit in range(10)})
    table.update(dict.fromkeys(chain(_marks(), map(ord, _INVISIBLE))))
    return table


@cache
def _marks() -> frozenset[int]:
    return frozenset(code for code in _codes(_MARKS) if unicodedata.category(chr(code)).startswith("M"))


@cache
def _table() -> _Table:
    """Return what becomes of each character that changes, after normalisation and case folding."""
    table = _Table(_plain_table())
    table.update({ord(letter): plain for letter, plain in _LETTERS.items()})
    table.update({ord(old): new for old, new in zip(TRADITIONAL, SIMPLIFIED, strict=True)})
    marks = _marks()
    for code in _codes(_ACCENTED):
        letters = unicodedata.normalize("NFD", chr(code))
        if len(letters) > 1:
            bare = (letter for letter in letters if ord(letter) not in marks)
            table[code] = "".join(_LETTERS.get(letter, letter) for letter in bare)
    return table


def _codes(ranges: tuple[tuple[int, int], ...]) -> chain[int]:
    """Run through the code points of inclusive ranges."""
    return chain.from_iterable(range(first, last + 1) for first, last in ranges)
