"""Where in a typed text do filters stand? ``field:value`` is found, whatever else the text is.

They are found before anything else is read, so that no quotation mark, parenthesis or operator can swallow one. A
``+`` before a filter makes it hold for the whole query: it is taken out of the text, with an operator that would be
left without an operand. What is taken out becomes spaces, so that places in the query stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from searchkit.index.keyword.query_classifier import LONG, count_words

_QUOTES = {'"': '"', "＂": "＂", "“": "”", "„": "“”", "«": "»", "»": "«"}
"""Which marks end a value that begins with one."""

_OPERATOR_BEFORE = re.compile(r"(?<![^\s()])(?:(?:AND|OR|NOT)\s+)+$")
_OPERATOR_BEHIND = re.compile(r"\s*(?<![^\s()])(?:AND|OR)(?=[\s(]|$)")
_QUOTATION = re.compile(r'(?<![^\s(])["＂](?=\S)[^"＂]*(?<=\S)["＂](?!\w)|“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»')
_NEGATED_BEFORE = re.compile(r"(?<![^\s()])NOT\s+$")

_NEAR = 40
"""Characters before a filter in which an operator is looked for."""

MAX_FILTERS = 100
"""Filters of one text: each is worked out over the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFilter:
    """A filter as typed: ``text[start:end]`` with its sign. ``value`` is without quotation marks where ``quoted``.

    ``problem``: why it can't be read, "" where it can.
    """

    start: int
    end: int
    sign: str
    field: str
    value: str
    quoted: bool = False
    problem: str = ""


def find_filters(text: str, fields: tuple[str, ...]) -> list[TextFilter]:
    """Return the filters of a text on some fields (case aside), in its order.

    ``name:(a OR b)`` isn't among them: a group is an expression. A bare filter inside a quotation, or in the midst of a
    long text, is part of it; one with a ``+`` always counts.
    """
    if ":" not in text:
        return []
    found: list[TextFilter] = []
    end = 0
    for match in _name(fields).finditer(text):
        if match.start() >= end:
            one = _filter(text, match)
            if one is not None:
                found.append(one)
                end = one.end
    if not found:
        return found
    if any(one.sign != "+" for one in found):
        quotations = _quotations(text, found)
        found = [one for one in found if one.sign == "+" or not any(a < one.start < b for a, b in quotations)]
        if count_words(text) > LONG:
            found = [one for one in found if one.sign == "+" or _at_the_edge(text, one)]
    return found


@lru_cache(maxsize=64)
def _name(fields: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(fields, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?<![^\s(+\-\"“”„«»])(?P<sign>(?<![^\s(\"“”„«»])[+\-])?(?P<name>(?i:{names})):(?=[^\s/:()])")


def _filter(text: str, match: re.Match[str]) -> TextFilter | None:
    start, name, place = match.start(), match["name"], match.end()
    sign = match["sign"] or ""
    if not sign and start and text[start - 1] != "(" and not text[start - 1].isspace():
        return None  # glued to a sign or a quotation mark
    first = text[place]
    if first in _QUOTES:
        return _quoted(text, start, place, sign, name)
    if first in "[{":
        end = re.compile(r"[\]}]").search(text, place)
        if end is None:
            rest = re.compile(r"\S+").match(text, place)
            stop = rest.end() if rest else len(text)
            return TextFilter(
                start=start, end=stop, sign=sign, field=name, value=text[place:stop], problem=f"'{first}' has no end"
            )
        return TextFilter(start=start, end=end.end(), sign=sign, field=name, value=text[place : end.end()])
    value = re.compile(r'[^\s()"]+').match(text, place)
    if value is None:
        return None
    bare = value[0].rstrip(",;!?") or value[0]
    return TextFilter(start=start, end=place + len(bare), sign=sign, field=name, value=bare)


def _quoted(text: str, start: int, place: int, sign: str, name: str) -> TextFilter:
    """Read a value in quotation marks, in which a backslash takes the meaning off a mark."""
    closing, value, at = _QUOTES[text[place]], [], place + 1
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text) and (text[at + 1] == "\\" or text[at + 1] in closing):
            value.append(text[at + 1])
            at += 2
            continue
        if letter in closing:
            return TextFilter(start=start, end=at + 1, sign=sign, field=name, value="".join(value).strip(), quoted=True)
        value.append(letter)
        at += 1
    return TextFilter(
        start=start,
        end=len(text),
        sign=sign,
        field=name,
        value="".join(value),
        quoted=True,
        problem="its quotation mark has no other",
    )


def _quotations(text: str, found: Sequence[TextFilter]) -> list[tuple[int, int]]:
    """Return where quotations stand: pairs of marks, those of the filters' own values aside."""
    rest = blanked(text, found, fill="\x01")
    return [(match.start(), match.end()) for match in _QUOTATION.finditer(rest)]


def _at_the_edge(text: str, one: TextFilter) -> bool:
    """Say whether a filter stands where people put one: before all else, or behind it, named as the field is."""
    return one.field.islower() and (not text[: one.start].strip() or not text[one.end :].strip())


def blanked(text: str, filters: Iterable[TextFilter], *, fill: str = " ") -> str:
    """Return a text with spaces in the place of some filters."""
    pieces, at = [], 0
    for one in filters:
        pieces += [text[at : one.start], fill * (one.end - one.start)]
        at = one.end
    return "".join([*pieces, text[at:]])


def without(text: str, filters: Sequence[TextFilter]) -> str:
    """Return a text without some filters, and without the operators and parentheses that stood for them alone."""
    for one in filters:
        start, end, wider = one.start, one.end, True
        while wider:
            text = text[:start] + " " * (end - start) + text[end:]
            if before := _OPERATOR_BEFORE.search(text, max(0, start - _NEAR), start):
                text = text[: before.start()] + " " * (start - before.start()) + text[start:]
                start = before.start()
            elif behind := _OPERATOR_BEHIND.match(text, end):
                text = text[:end] + " " * (behind.end() - end) + text[behind.end() :]
                end = behind.end()
            left, right = len(text[:start].rstrip()), len(text) - len(text[end:].lstrip())
            wider = text[left - 1 : left] == "(" and text[right : right + 1] == ")"
            if wider:
                start, end = left - 1 - (text[left - 2 : left - 1] in ("+", "-")), right + 1
    return text


def is_operand(text: str, one: TextFilter) -> bool:
    """Say whether a filter stands beside an operator or within parentheses."""
    return (
        _OPERATOR_BEFORE.search(text, max(0, one.start - _NEAR), one.start) is not None
        or _OPERATOR_BEHIND.match(text, one.end) is not None
        or text.count("(", 0, one.start) > text.count(")", 0, one.start)
    )


def is_negated(text: str, one: TextFilter) -> bool:
    """Say whether a filter says what an article must not have."""
    return one.sign == "-" or _NEGATED_BEFORE.search(text, max(0, one.start - _NEAR), one.start) is not None
