"""Compound words: the parts of one folded word.

"s-300" and "s300" of s and 300, "10km" of 10 and km, "at&t" of at and t, "#FyreFestival" of fyre and festival, "u.s."
of us alone, "russia's" of russia.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from searchkit.keyword.analysis.normalization import normalise

if TYPE_CHECKING:
    import regex


MAX_JOINED = 4
"""Compounds of more parts (the words of an address, a chain of hyphens) have no joined form; their parts find them."""

MAX_TAG = 8
"""Parts of a hashtag or handle that has a joined form: most are written in one."""

_ELISIONS = {
    language: frozenset(words.split())
    for language, words in (
        ("fr", "l d j m t s n c qu jusqu lorsqu puisqu quoiqu presqu quelqu"),
        ("it", "l un d c m t s v gl all dall dell nell sull coll agl dagl degl negl sugl quest quell bell sant"),
        ("ca", "l d m t s n"),
    )
}
"""Short words that lean on the next one with an apostrophe, by language: what follows is the word."""

_CLITICS = frozenset(("s", "ll", "re", "ve", "d", "m"))
"""What English leans on a word: the possessive and short verbs. Stripped in every language, since a Russia's or a
McDonald's stands in articles of any."""

_SUFFIX_AFTER_APOSTROPHE = frozenset(("tr", "az"))
"""Languages that set a name apart from its ending: Ankara'da, Türkiye'nin."""

_ACRONYM = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?")
_SEPARATOR = re.compile(r"[.,]")
_DIGIT = re.compile(r"[0-9]")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_PLURAL = re.compile(r"([0-9]{1,3})s")
_UNIT = re.compile(r"[^\W\d_]{1,5}[0-9]{0,2}")
_ORDINALS = frozenset(("s", "st", "nd", "rd", "th", "eme", "ème"))
"""Endings of a number that aren't words. Those of 2e, 1º, 1ª and 1er are, as in Route 66A, F-35E and 777-200ER: they
are written alike, and whoever asks for 66 wants 66A."""
_SIGN_INSIDE = re.compile("([&/])")
_CAMEL = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAME = re.compile(r"([^\W\d_])'([^\W\d_]{3,})(?:'s?)?")
"""O'Brien, D'Angelo: written in one, in two, or by the second part alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """The parts of a word in order, the forms in which it is written in one (``joined``; none: it has one part), and
    forms that stand in it beside these (``implied``), which articles have and queries don't ask for: S-300 in S-300VM.
    """  # noqa: D205

    parts: tuple[str, ...]
    joined: str = ""
    implied: tuple[str, ...] = ()


def compound_of(word: str, language: str | None) -> Compound:
    """Take a normalised word apart: at hyphens, slashes and ampersands, between letters and digits, at a name's O'.

    Apostrophes, the dots of acronyms and the separators of thousands go; a decimal separator becomes a dot. The signs
    of C++, C# and .NET, the ampersand of AT&T and the slash of TCP/IP stay in the joined form, and a slash stands
    between its numbers: 24/7, 192/168/0/1, 2024/05/06, however they were written.
    """
    if word.isalpha():
        return Compound(parts=(word,))
    if not word:
        return Compound(parts=())
    if word[0] in "#@":
        return _tag(word[1:])
    if word[0] == ".":
        return Compound(parts=(word[1:],), joined=word)
    core = word.rstrip("+#")
    if core != word:
        return _with_sign(compound_of(core, language), word[len(core) :])
    if "&" in word or "/" in word:
        return _with_signs_inside(word, language)
    return _compound(parts_of(word, language))


def parts_of(word: str, language: str | None) -> list[str]:
    """Split a normalised word at hyphens, between letters and digits, at a name's O', and at dots within dates."""
    if word.isalpha():
        return [word]
    parts: list[str] = []
    for piece in word.split("-"):
        if (name := _NAME.fullmatch(piece)) and name[1] not in _ELISIONS.get(language or "", ()):
            parts += name.groups()
            continue
        plain = _without_apostrophe(piece, language) if "'" in piece else piece
        if "." in plain and _ACRONYM.fullmatch(plain):
            plain = plain.replace(".", "")
        parts += _split_at_digits(plain)
    return _singular_designation([part for part in parts if part])


def _compound(parts: Sequence[str], *, most: int = MAX_JOINED) -> Compound:
    joined = _joined(parts) if 1 < len(parts) <= most else ""
    implied: tuple[str, ...] = ()
    if len(parts) > 2 and parts[0].isalpha() and parts[1].isdigit():
        implied = (parts[0] + parts[1],)
    return Compound(parts=tuple(parts), joined=joined, implied=implied)


def _joined(parts: Sequence[str]) -> str:
    """Write parts in one, with a slash between two numbers: 1-11 isn't 11-1."""
    joined = parts[0] if parts else ""
    for part in parts[1:]:
        joined += f"/{part}" if part[:1].isdigit() and joined[-1:].isdigit() else part
    return joined


def _with_sign(core: Compound, sign: str) -> Compound:
    """C++, Objective-C#: the sign belongs to the last part, which stands there by itself, too."""
    joined = (core.joined or "".join(core.parts)) + sign
    last = (core.parts[-1] + sign,) if len(core.parts) > 1 else ()
    return Compound(parts=core.parts, joined=joined, implied=core.implied + last)


def _with_signs_inside(word: str, language: str | None) -> Compound:
    parts: list[str] = []
    joined = ""
    for place, piece in enumerate(_SIGN_INSIDE.split(word)):
        if place % 2:
            joined += piece
            continue
        own_parts = parts_of(piece, language)
        joined += _joined(own_parts)
        parts += own_parts
    return Compound(parts=tuple(parts), joined=joined if 1 < len(parts) <= MAX_JOINED else "")


def _tag(name: str) -> Compound:
    """#FyreFestival, @WHO_Europe: the words of a tag or handle begin with capitals, or stand between low lines."""
    words = _CAMEL.findall(name) if name.isascii() else _camel().findall(name)
    parts = [part for word in words for part in _split_at_digits(normalise(word))]
    return _compound(parts, most=MAX_TAG)


@cache
def _camel() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?[[\p{L}\p{M}]--\p{Lu}]+|\p{Lu}+|\p{N}+", regex.VERSION1)


def _without_apostrophe(piece: str, language: str | None) -> str:
    """Return the word that a piece with apostrophes stands for: article, russia, us, dont, rocknroll."""
    head, _, tail = piece.partition("'")
    if tail and head in _ELISIONS.get(language or "", ()):
        return _without_apostrophe(tail, language) if "'" in tail else tail
    if language in _SUFFIX_AFTER_APOSTROPHE and len(head) > 1:
        return head
    head, _, tail = piece.rpartition("'")
    stem = head if tail in _CLITICS and head else piece
    return stem.replace("'", "")


def possessor(word: str, language: str | None) -> str:
    """Return the word of a possessive (Russia's), "" where it isn't plainly one: what ``compound_of`` makes of it."""
    if word[-1:] in ("s", "S") and word[-2:-1] in ("'", "’") and language not in _ELISIONS:
        return word[:-2]
    return ""


def _split_at_digits(piece: str) -> list[str]:
    """Split a piece into the letters before its first digit, the numbers from there on, and a unit or type behind them.

    10km, 5bn, 3pm, 66A, S-300VM, T-72B3; 19th, 1960s and what goes on in letters and digits stay whole from the number
    on.
    """
    digit = _DIGIT.search(piece)
    if digit is None:
        return _SEPARATOR.split(piece)
    number = cast("re.Match[str]", _NUMBER.match(piece, digit.start()))
    *numbers, last = _numbers(number.group())
    tail, *rest = _SEPARATOR.split(piece[number.end() :])
    ending = [last, tail] if _UNIT.fullmatch(tail) and tail not in _ORDINALS else [last + tail]
    return [*_SEPARATOR.split(piece[: digit.start()]), *numbers, *ending, *rest]


def _numbers(written: str) -> list[str]:
    """Read digits with separators: 5,000 and 5.000 as 5000; 3,5 as 3.5; 1.234,5 as 1234.5; a date as its parts."""
    if written.isdigit():
        return [written]
    if _GROUPED.fullmatch(written):
        return [_SEPARATOR.sub("", written)]
    whole, separator, fraction = written[: (at := _last_separator(written))], written[at], written[at + 1 :]
    if whole.isdigit():
        return [f"{whole}.{fraction}"]
    if separator not in whole and _GROUPED.fullmatch(whole):
        return [f"{_SEPARATOR.sub('', whole)}.{fraction}"]
    return _SEPARATOR.split(written)


def _last_separator(written: str) -> int:
    """Find the last dot or comma."""
    return max(written.rfind("."), written.rfind(","))


def _singular_designation(parts: list[str]) -> list[str]:
    """Take the plural off a type's number (F-16s, S-300s), which stands after letters and has up to three digits."""
    if len(parts) > 1 and parts[-2].isalpha() and (plural := _PLURAL.fullmatch(parts[-1])):
        return [*parts[:-1], plural[1]]
    return parts
