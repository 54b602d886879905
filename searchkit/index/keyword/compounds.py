"""Here is one folded word; of which parts is it made?

"s-300" and "s300" of s and 300, "u.s." of us alone, "russia's" of russia.
"""

from __future__ import annotations

import re
from typing import cast

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
_NAME = re.compile(r"([^\W\d_])'([^\W\d_]{3,})(?:'s?)?")
"""O'Brien, D'Angelo: written in one, in two, or by the second part alone."""


def parts_of(word: str, language: str | None) -> list[str]:
    """Split a folded word at hyphens, the first change from letter to digit, a name's O', and dots within dates.

    Apostrophes, the dots of acronyms and the separators of thousands go; a decimal separator becomes a dot.
    """
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


def _split_at_digits(piece: str) -> list[str]:
    """Split a piece into the letters before its first digit, and the numbers from there on, the last with its tail."""
    digit = _DIGIT.search(piece)
    if digit is None:
        return _SEPARATOR.split(piece)
    number = cast("re.Match[str]", _NUMBER.match(piece, digit.start()))
    *numbers, last = _numbers(number.group())
    tail, *rest = _SEPARATOR.split(piece[number.end() :])
    return [*_SEPARATOR.split(piece[: digit.start()]), *numbers, last + tail, *rest]


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
