"""Filters in a typed text: ``field:value`` is found, whatever else the text is.

They are found before anything else is read, so that no quotation mark, parenthesis or operator can swallow one. A
``+`` before a filter makes it hold for the whole query: it is taken out of the text, with an operator that would be
left without an operand. What is taken out becomes spaces, so that places in the query stay what they are.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from searchkit.errors import QueryError
from searchkit.keyword.query.ast import Filter, Not, Tree
from searchkit.keyword.query.classifier import LONG, MAX_EXPRESSION, count_words
from searchkit.keyword.query.filter_values import read_filter
from searchkit.keyword.query.syntax_nodes import UnreadableError

_QUOTES = {'"': '"', "＂": "＂", "“": "”", "„": "“”", "«": "»", "»": "«"}
"""Which marks end a value that begins with one."""

_OPERATOR_BEFORE = re.compile(r"(?<![^\s()])(?:(?:AND|OR|NOT)\s+)+$")
_OPERATOR_BEHIND = re.compile(r"\s*(?<![^\s()])(?:AND|OR)(?=[\s(]|$)")
_QUOTATION = re.compile(r'(?<![^\s(])["＂](?=\S)[^"＂]*(?<=\S)["＂](?!\w)|“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»')
_NOT_BEFORE = re.compile(r"(?<![^\s()])NOT\s*$")
_PARENTHESIS = re.compile(r"[()]")

_SHOWN = 40
_SIGNS = 5
_CLOSING = {"'": "'’", "‘": "'’", "[": "]", "{": "}", "<": ">", "*": "*", "_": "_", "`": "`"}
"""What ends a value, too, where it stands before the filter."""

_MARKS = {"+": "+", "＋": "+", "-": "-", "–": "-", "−": "-", "!": "-"}
"""What a sign before a filter is typed as, and what it means."""

_RANGE = re.compile(r"[\[{][^\]}]*?(?:\s(?i:to)\s|\.\.)[^\]}]*[\]}]")
_COMPARED = re.compile(rf"""(?:[<>]=?|=[<>])["＂]?[+\-−$€£¥]?\d|{_RANGE.pattern}|\d[\d:T+Z\-]*\.\.(?!\.)|\.\.\d""")
"""Where a value is a range or a comparison with a number, which no text has: not so the tag of ``source:<b>``."""

_QUOTED_BOUND = re.compile(r'(?:[<>]=?|=[<>])"[^"]*"')
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
    filters = _candidates(text, fields)
    if not filters:
        return filters
    if any(text_filter.sign != "+" for text_filter in filters):
        quotations = _quotations(text, filters)
        begins = [start for start, _ in quotations]
        filters = [
            text_filter
            for text_filter in filters
            if text_filter.sign == "+" or not _within(text_filter.start, begins, quotations)
        ]
        if count_words(text) > LONG:
            filters = [
                text_filter for text_filter in filters if text_filter.sign == "+" or _at_the_edge(text, text_filter)
            ]
    return filters


def passed_over(text: str, fields: tuple[str, ...], filters: Sequence[TextFilter]) -> list[TextFilter]:
    """Return what would be a filter with a range or a comparison, but that it stands in the midst of a long text."""
    if count_words(text) <= LONG:
        return []
    places = {text_filter.start for text_filter in filters}
    return [
        text_filter
        for text_filter in _candidates(text, fields)
        if text_filter.start not in places
        and not text_filter.quoted
        and _COMPARED.match(text_filter.value)
        and not text_filter.problem
    ]


def _candidates(text: str, fields: tuple[str, ...]) -> list[TextFilter]:
    candidates: list[TextFilter] = []
    if ":" not in text and "：" not in text:
        return candidates
    end = 0
    for match in _name(fields).finditer(text):
        if match.start() >= end:
            text_filter = _filter(text, match)
            if text_filter is not None and text_filter.start >= end:
                candidates.append(text_filter)
                end = text_filter.end
    return candidates


@lru_cache(maxsize=64)
def _name(fields: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(fields, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?<![\w.])(?P<name>(?i:{names}))[:：](?=[^\s/:：()])")


def _sign(text: str, start: int, place: int) -> tuple[int, str] | None:
    """Return where a filter begins whose name and value stand at these places, and its sign; None where it is none.

    It stands alone, behind a space, a parenthesis or what can't be seen. One with a plus, and a range or a comparison,
    which no text has, also count where something else is glued to them.
    """
    begin = start
    while begin and text[begin - 1] in _MARKS and start - begin < _SIGNS:
        begin -= 1
    signs, before = "".join(_MARKS[mark] for mark in text[begin:start]), text[begin - 1 : begin]
    sign = "+" if "+" in signs else signs[:1]
    alone = not before or before.isspace() or before == "(" or unicodedata.category(before) == "Cf"
    is_compared = _COMPARED.match(text, place) is not None
    if (alone and len(signs) < 2) or is_compared or (sign == "+" and not before.isalnum()):
        return begin, sign
    return None


def _filter(text: str, match: re.Match[str]) -> TextFilter | None:
    name, place = match["name"], match.end()
    signed = _sign(text, match.start(), place)
    if signed is None:
        return None
    start, sign = signed
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
    if bound := _QUOTED_BOUND.match(text, place):
        return TextFilter(start=start, end=bound.end(), sign=sign, field=name, value=bound[0])
    value = re.compile(r'[^\s()"]+').match(text, place)
    if value is None:
        return None
    closing = ",;!?" + _CLOSING.get(text[start - 1 : start], "")
    bare = value[0].rstrip(closing) or value[0]
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


def _quotations(text: str, filters: Sequence[TextFilter]) -> list[tuple[int, int]]:
    """Return where quotations stand: pairs of marks, those of the filters' own values aside."""
    rest = blanked(text, filters, fill="\x01")
    return [(match.start(), match.end()) for match in _QUOTATION.finditer(rest)]


def _at_the_edge(text: str, text_filter: TextFilter) -> bool:
    """Say whether a filter stands where people put one: before all else, or behind it, named as the field is."""
    return text_filter.field.islower() and (
        not text[: text_filter.start].strip() or not text[text_filter.end :].strip()
    )


def blanked(text: str, filters: Iterable[TextFilter], *, fill: str = " ") -> str:
    """Return a text with spaces in the place of some filters."""
    pieces, at = [], 0
    for text_filter in filters:
        pieces += [text[at : text_filter.start], fill * (text_filter.end - text_filter.start)]
        at = text_filter.end
    return "".join([*pieces, text[at:]])


def without(text: str, filters: Sequence[TextFilter]) -> str:
    """Return a text without some filters, and without the operators and parentheses that stood for them alone."""
    for text_filter in filters:
        start, end, wider = text_filter.start, text_filter.end, True
        while wider:
            text = text[:start] + " " * (end - start) + text[end:]
            if before := _OPERATOR_BEFORE.search(text, _near(text, start), start):
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


def shown(text: str, filters: Iterable[TextFilter], names: Sequence[str]) -> tuple[str, ...]:
    """Return the conditions of filters as typed, with the NOT that they hold by; alternatives are joined by "or"."""
    alike: dict[tuple[str, int], list[str]] = {}
    for text_filter in filters:
        typed, name = text[text_filter.start : text_filter.end], name_of(text_filter.field, names) or text_filter.field
        if is_negated(text, text_filter) and text_filter.sign != "+":
            alike[name, text_filter.start] = [typed if text_filter.sign else f"NOT {typed}"]
        elif text_filter.sign != "+" and condition_of(name, text_filter.value, quoted=text_filter.quoted).values:
            alike.setdefault((name, -1), []).append(typed.lstrip("".join(_MARKS)))
        else:
            alike[name, text_filter.start] = [typed.lstrip("".join(_MARKS)) if text_filter.sign == "-" else typed]
    return tuple(
        " or ".join(dict.fromkeys(those))
        if len(alike) == 1 or len(those) == 1
        else f"({' or '.join(dict.fromkeys(those))})"
        for those in alike.values()
    )


def as_operands(text: str, filters: Iterable[TextFilter]) -> str:
    """Return a text whose filters are written as the grammar knows them, every place as it was.

    A minus stands for each ``!`` or dash before them and before parentheses with one in them; a space for what is glued
    to them, and for a second sign.
    """
    for text_filter in filters:
        letters = list(text[: text_filter.end])
        for at in _open_groups(text, text_filter.start):
            mark = _MARKS.get(text[at - 1 : at])
            if mark and (at == 1 or text[at - 2].isspace() or text[at - 2] == "("):
                letters[at - 1] = mark
        name = text_filter.start
        while text[name] in _MARKS:
            letters[name] = " "
            name += 1
        if text_filter.sign:
            letters[name - 1] = text_filter.sign
        letters[name + len(text_filter.field)] = ":"
        if text_filter.start and text[text_filter.start - 1] not in "()":
            letters[text_filter.start - 1] = " "
        text = "".join(letters) + text[text_filter.end :]
    return text


def is_operand(text: str, text_filter: TextFilter) -> bool:
    """Say whether a filter stands beside an operator or within parentheses."""
    return (
        _OPERATOR_BEFORE.search(text, _near(text, text_filter.start), text_filter.start) is not None
        or _OPERATOR_BEHIND.match(text, text_filter.end) is not None
        or bool(_open_groups(text, text_filter.start))
    )


def is_negated(text: str, text_filter: TextFilter) -> bool:
    """Say whether a filter says what an article must not have: by its sign or NOT, which twice mean nothing."""
    return (_nots(text, text_filter.start) + (text_filter.sign == "-")) % 2 == 1


def in_negated_group(text: str, text_filter: TextFilter) -> bool:
    """Say whether a filter stands in parentheses with NOT or a minus before them, closed or not."""
    return any(
        _MARKS.get(text[at - 1 : at]) == "-" or _nots(text, at) > 0 for at in _open_groups(text, text_filter.start)
    )


def _open_groups(text: str, place: int) -> list[int]:
    """Return where the parentheses stand that are open at a place, as far back as an expression can reach."""
    opened: list[int] = []
    for match in _PARENTHESIS.finditer(text, max(0, place - MAX_EXPRESSION), place):
        if match[0] == "(":
            opened.append(match.start())
        elif opened:
            opened.pop()
    return opened


def _nots(text: str, place: int) -> int:
    """Count the NOT that stand before a place one after another."""
    count = 0
    while match := _NOT_BEFORE.search(text, _near(text, place), place):
        count, place = count + 1, match.start()
    return count


def _near(text: str, place: int) -> int:
    """Return where the looking for an operator before a place begins, however many spaces stand between them."""
    return max(0, len(text[:place].rstrip()) - _NEAR)


def _within(place: int, begins: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    """Say whether a place lies in one of some spans, which are in order and apart."""
    before = bisect_left(begins, place) - 1
    return before >= 0 and place < spans[before][1]


AS_WORDS = "--words"
"""How a text is searched in which nothing is a filter."""


def check_filters(text: str, filters: Sequence[TextFilter]) -> None:
    """Raise ``QueryError`` where a filter of a text can't be read, or there are too many: none is ever left out."""
    if len(filters) > MAX_FILTERS:
        raise QueryError(
            f"The query has {len(filters):,} filters.",
            hint=f"Give at most {MAX_FILTERS}, or search its words: {AS_WORDS}.",
        )
    for text_filter in filters:
        if text_filter.problem:
            raise _unreadable(text, text_filter, text_filter.problem)


def conditions_of(text: str, filters: Sequence[TextFilter], names: Sequence[str]) -> list[Tree]:
    """Return the conditions of filters that hold for a whole query. Raises ``QueryError``: a value can't be read.

    Several values of one field that have no ``+`` before them are alternatives.
    """
    alike: dict[str, list[Filter]] = {}
    each: list[Tree] = []
    excluded: list[Tree] = []
    for text_filter in filters:
        try:
            condition = condition_of(
                name_of(text_filter.field, names) or text_filter.field, text_filter.value, quoted=text_filter.quoted
            )
        except UnreadableError as problem:
            raise _unreadable(text, text_filter, str(problem)) from problem
        if text_filter.sign != "+" and is_negated(text, text_filter):
            excluded.append(Not(child=condition))
        elif text_filter.sign != "+" and condition.values:
            alike.setdefault(condition.field, []).append(condition)
        else:
            each.append(condition)
    merged: list[Tree] = [
        replace(those[0], values=tuple(value for text_filter in those for value in text_filter.values or ()))
        for those in alike.values()
    ]
    return [*merged, *dict.fromkeys(each), *excluded]


def condition_of(name: str, value: str, *, quoted: bool) -> Filter:
    """Read a filter's value; a quoted one is taken as it is, but a date's. Raises ``UnreadableError``."""
    if quoted and name != "published":
        return Filter(field=name, values=(value,))
    return read_filter(name, f'"{value}"' if quoted else value)


def name_of(field: str, names: Sequence[str]) -> str | None:
    """Return the name of a field that holds whole values, given in any case; the last of those alike."""
    return next((name for name in reversed(names) if name.lower() == field.lower()), None)


def _unreadable(text: str, text_filter: TextFilter, problem: str) -> QueryError:
    typed = text[text_filter.start : text_filter.end]
    shown = typed if len(typed) <= _SHOWN else typed[:_SHOWN] + "…"
    return QueryError(
        f"The filter '{shown}' at character {text_filter.start + 1} can't be read: {problem}.",
        hint=f"Mend it, or search it as words: {AS_WORDS}.",
    )
