"""Time expressions: the time that a question's words name, in many languages: "this week", "in March 2022", "3天前".

Read are days, weeks, months and years by how long ago they are; words such as "latest"; months and days with their
year; "last October"; and years behind a preposition. The words stand in ``time_words.py``.

It is strict, since most questions are of no time: a verb or a name isn't read ("May the force", "Mars 2020", "USA
Today"), nor a bare number ("1984", "2000 words"), what is quoted, what a time only bounds ("before March 2022"), or a
question that names two times. ``dateparser.search``, which reads 200 languages, isn't asked: it takes 100 to 250 ms a
question, finds no "letzte Woche" in one, and a date in "Who wrote 1984?" and "May the force be with you".
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from searchkit.ingest.date_spelling import plain_spelling
from searchkit.ingest.month_names import MONTHS
from searchkit.keyword.analysis.stopwords import lists_of
from searchkit.keyword.query import time_words as words
from searchkit.types import TimeSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeReading:
    """The time that a question's words name: ``words`` are these.

    ``recent``: they ask for what is new. ``calendar``: they name it as a calendar does, not by how long ago it is.
    """

    span: TimeSpan
    words: str
    recent: bool = False
    calendar: bool = False


LONGEST = 2_000
"""Characters of a question: what is longer is a text, and full of times."""

_QUOTED = re.compile(r"[\"“”„«»‘][^\"“”„«»‘’]{1,200}[\"“”«»’]|'(?<!\w')[^']{1,200}'(?!\w)")
_SIGNS = {
    **dict.fromkeys(map(ord, ".,;!?¿¡…。、，！？؟،।()[]"), " . "),
    **dict.fromkeys(map(ord, ":：/"), " : "),
    ord("’"): "'",
}
_BETWEEN = (".", ",", ";", ":", "!", "?", "¿", "¡", "…", "؟", "،", "।", "(", ")", '"', "“", "”")
_DIGITS = frozenset(sign for sign in map(chr, range(0x10000)) if sign.isdecimal())
_FOUR_DIGITS = re.compile(r"\d{4}")
_UNSPACED_SCRIPT = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_YEAR = re.compile(r"(?P<year>\d{4})(?P<case>'(?:de|da|te|ta|deki|daki))?", re.ASCII)
_DAY = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª)?", re.ASCII)
_EARLIEST_YEAR = 1600

_NUMERIC = (
    re.compile(r"(?<![\d\-/.])(?P<year>\d{4})(?P<sign>[-/])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})(?![\d\-/])"),
    re.compile(r"(?<![\d\-/.])(?P<year>\d{4})\.\s?(?P<month>\d{2})\.\s?(?P<day>\d{2})(?!\.?\d|[\-/])"),
    re.compile(r"(?<![\d\-/.])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})(?!\.?\d|[\-/])"),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})\s?[年년]\s?(?:(?P<month>\d{1,2})\s?[月월]\s?(?:(?P<day>\d{1,2})\s?[日號号일])?)?"
        r"(?!的?[历歷]史|の歴史|[前間间来來]|以上|\s?전)"
    ),
    re.compile(r"(?:ngày (?P<day>\d{1,2}) )?tháng (?P<month>\d{1,2})(?:/| năm |-| )(?P<year>\d{4})(?!\d)"),
)
_THAI_MONTHS = {name: number for name, number in MONTHS.items() if "\u0e00" <= name[0] <= "\u0e7f"}
_THAI = re.compile(
    rf"(?:(?P<day>\d{{1,2}})\s?)?(?P<name>{'|'.join(_THAI_MONTHS)})\s?(?:พ\.ศ\.\s?|ค\.ศ\.\s?|ปี\s?)?(?P<year>\d{{4}})(?!\d)"
    r"|ปี\s?(?:พ\.ศ\.\s?|ค\.ศ\.\s?)?(?P<only>\d{4})(?!\d)"
)
_MONTH_OF_YEAR = re.compile(r"(?P<which>去年|昨年|今年|작년|지난해|올해)\s?的?(?P<month>1[0-2]|[1-9])\s?[月월]")


class _Named(NamedTuple):
    """A time that stands in a text: its first and last day, or None for what is new, and its words."""

    days: tuple[date, date] | None
    words: str
    calendar: bool = False


_BOUND = _Named(None, "")
"""A time that only bounds what is asked of: "before March 2022"."""


def may_name_time(text: str) -> bool:
    """Say, in a microsecond or two, whether a text may name a time: most don't."""
    if len(text) > LONGEST:
        return False
    if not _DIGITS.isdisjoint(text) and _FOUR_DIGITS.search(text):
        return True
    small = text.casefold()
    for sign in _BETWEEN:  # a fifth of the time that an expression takes
        small = small.replace(sign, " ")
    if not _first_words().isdisjoint(small.split()):
        return True
    return not text.isascii() and _UNSPACED_SCRIPT.search(text) is not None and _unspaced().search(text) is not None


def read_time(text: str, now: datetime) -> TimeReading | None:
    """Return the time that a question names; None where it names none, or two. ``now`` is by the asker's clock."""
    if not may_name_time(text):
        return None
    plain = plain_spelling(unicodedata.normalize("NFC", _QUOTED.sub(" . ", text)))
    today = now.date()
    named: list[_Named] = []
    rest = plain
    for reader in (_numeric, _unspaced_words):
        rest = reader(rest, today, named)
    named += _spaced_words(_tokens(rest), today)
    if not named or _BOUND in named or len({each.days for each in named}) > 1:
        return None
    first, last = named[0].days or (today, today)
    return TimeReading(
        span=TimeSpan(first=first, last=last),
        words=named[0].words,
        recent=named[0].days is None,
        calendar=named[0].calendar,
    )


def _tokens(text: str) -> list[str]:
    """Return the words of a text, signs as words of their own: "." for what parts, ":" for a colon."""
    return text.translate(_SIGNS).split()


def _numeric(text: str, today: date, named: list[_Named]) -> str:
    """Read dates in digits; return the text without them."""
    if not _FOUR_DIGITS.search(text):
        return text
    for expression in (*_NUMERIC, _THAI):
        for match in expression.finditer(text):
            groups = match.groupdict()
            year = int(groups["year"] or groups["only"])
            name = groups.get("name")
            month = str(_THAI_MONTHS[name]) if name else groups.get("month") or ""
            if days := _days(year, month, groups.get("day") or "", today):
                named.append(_Named(days, match[0].strip(), True))
        text = expression.sub(" . ", text)
    return text


def _unspaced_words(text: str, today: date, named: list[_Named]) -> str:
    """Read words of the languages that don't part them; return the text without them."""
    if text.isascii() or not _UNSPACED_SCRIPT.search(text):
        return text
    for match in _MONTH_OF_YEAR.finditer(text):
        year = today.year - (match["which"] in {"去年", "昨年", "작년", "지난해"})
        if days := _days(year, match["month"], "", today):
            named.append(_Named(days, match[0], True))
    text = _MONTH_OF_YEAR.sub(" . ", text)
    for pattern, unit in words.AGO_UNSPACED:
        counted = re.compile(rf"(?<!\d)(?P<count>\d{{1,2}})\s?(?:{pattern})")
        matches = counted.finditer(text)
        named += [_Named(_ago(unit, int(match["count"]), today), match[0]) for match in matches]
        text = counted.sub(" . ", text)
    for pattern, unit, count in words.UNSPACED:
        named += [_Named(_ago(unit, count, today), match[0]) for match in re.finditer(pattern, text)]
        text = re.sub(pattern, " . ", text)
    return text


def _spaced_words(tokens: Sequence[str], today: date) -> Iterator[_Named]:
    """Yield the times that are named in words, each word once."""
    small = [token.casefold() for token in tokens]
    place = 0
    while place < len(tokens):
        for reader in (_counted, _phrase, _month_of_year, _last_month, _year):
            if read := reader(tokens, small, place, today):
                named, place = read
                if named is not None:
                    yield named
                break
        else:
            place += 1


_Read = tuple[_Named | None, int]
"""What was read, and the place behind it; None where the words say no time and are passed over."""


def _phrase(tokens: Sequence[str], small: Sequence[str], place: int, today: date) -> _Read | None:
    for phrase, (unit, count) in _phrases().get(small[place], ()):
        end = place + len(phrase)
        if tuple(small[place:end]) == phrase:
            shown = " ".join(tokens[place:end])
            if not _is_meant(tokens, small, place, end, unit, count):
                return None, end
            bounds = place and unit != words.RECENT and small[place - 1] in words.NOT_THEN
            return _BOUND if bounds else _Named(_ago(unit, count, today), shown), end
    return None


_OWNERS = frozenset(
    ["the", "his", "her", "its", "their", "my", "our", "your", "whose", "at", "der", "die", "das", "des"]
)
"""Before "last year": the last one of something; before "latest": at the latest."""

_FRENCH = frozenset(
    [
        "qui",
        "que",
        "quoi",
        "est",
        "a",
        "ont",
        "était",
        "le",
        "la",
        "les",
        "des",
        "du",
        "une",
        "un",
        "quel",
        "quelle",
        "quels",
        "quelles",
        "où",
        "comment",
    ]
)


def _is_meant(tokens: Sequence[str], small: Sequence[str], place: int, end: int, unit: str, count: int) -> bool:
    """Say whether a phrase names a time here: it isn't a title or a name, nor the last year of something."""
    before, behind = small[place - 1] if place else "", small[end] if end < len(small) else ""
    capital, word = tokens[place][0].isupper(), small[place]
    at_start = place == 0 or before == "."
    if capital and not at_start:
        return False
    if word in {"today", "yesterday"} and capital and behind != ".":
        return False
    if word == "this" and tokens[place + 1][0].isupper():
        return False
    if unit == words.RECENT:
        return not (word == "latest" and place > 1 and small[place - 2 : place] == ["at", "the"])
    if word in {"last", "past", "previous", "letzten", "letzte", "letzter"} and behind in {
        "of",
        "des",
        "vor",
        "before",
    }:
        return False
    if word in {"last", "previous"} and before in _OWNERS:
        return False
    return word != "hier" or not _FRENCH.isdisjoint(small)


def _counted(tokens: Sequence[str], small: Sequence[str], place: int, today: date) -> _Read | None:
    """Read "3 weeks ago", "vor 3 Wochen"."""
    for lead in (*words.AGO_BEFORE, ""):
        parts = lead.split()
        at = place + len(parts)
        if list(small[place:at]) != parts or at + 1 >= len(small):
            continue
        count, unit = _number(small[at]), _units().get(small[at + 1])
        if count is None or unit is None:
            continue
        end = at + 2
        if not parts:
            if end >= len(small) or small[end] not in words.AGO_BEHIND:
                continue
            end += 1
        return _Named(_ago(unit, count, today), " ".join(tokens[place:end])), end
    return None


def _month_of_year(tokens: Sequence[str], small: Sequence[str], place: int, today: date) -> _Read | None:
    """Read "March 2022", "15 March 2022", "March 15, 2022", "15 de marzo de 2022", "2022 Mart"."""
    start, day, at = place, "", place
    if (match := _DAY.fullmatch(small[at])) and at + 1 < len(small):
        day = match["day"]
        at = _past(small, at + 1, words.OF_YEAR | {"."})
    month = _month(tokens[at]) if at < len(small) else None
    if month is None:
        return None
    at += 1
    if not day and at < len(small) and (match := _DAY.fullmatch(_past_dot(small, at))):
        behind = _past(small, _past(small, at, {"."}) + 1, {"."} | words.OF_YEAR)
        if behind < len(small) and _year_of(small[behind], today):
            day, at = match["day"], behind
    at = _past(small, at, words.OF_YEAR | {"."})
    year = _year_of(small[at], today) if at < len(small) else None
    if year is None:
        return None
    end, days = at + 1, _days(year, str(month), day, today)
    if start and small[start - 1] in words.NOT_THEN:
        return _BOUND, end
    return (_Named(days, _joined(tokens[start:end]), True) if days else None), end


def _past_dot(small: Sequence[str], at: int) -> str:
    at = _past(small, at, {"."})
    return small[at] if at < len(small) else ""


def _past(small: Sequence[str], at: int, passed: frozenset[str] | set[str]) -> int:
    """Return the place behind up to two words that may stand there."""
    for _ in range(2):
        if at < len(small) and small[at] in passed:
            at += 1
    return at


def _last_month(tokens: Sequence[str], small: Sequence[str], place: int, today: date) -> _Read | None:
    """Read "last October", "octubre pasado"."""
    if place + 1 >= len(small):
        return None
    for last, name in ((place, place + 1), (place + 1, place)):
        month = _month(tokens[name]) if small[last] in words.LAST else None
        if month is not None:
            if place and small[place - 1] in _OWNERS and small[last] == "last":
                return None, place + 2
            year = today.year - (month >= today.month)
            days = _days(year, str(month), "", today)
            return (_Named(days, " ".join(tokens[place : place + 2]), True) if days else None), place + 2
    return None


def _year(tokens: Sequence[str], small: Sequence[str], place: int, today: date) -> _Read | None:
    """Read "in 2022", "im Jahr 2022", "2022 yılında", "2022'de"."""
    year = _year_of(small[place], today)
    if year is None:
        return None
    before, behind = small[place - 1] if place else "", small[place + 1] if place + 1 < len(small) else "."
    if behind in words.BEHIND_YEAR or "'" in small[place]:
        stated = before not in words.NOT_THEN
    else:
        stated = before in words.BEFORE_YEAR or small[max(0, place - 3) : place] == ["in", "the", "year"]
        if before in words.STRICT_BEFORE:
            stated = behind == "." or behind in _stop_words()
    days = _days(year, "", "", today) if stated else None
    return (_Named(days, _joined(tokens[max(0, place - 1) : place + 1]), True) if days else None), place + 1


def _joined(tokens: Sequence[str]) -> str:
    return " ".join(token for token in tokens if token != ".")


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 3 else _counts().get(word)


def _year_of(word: str, today: date) -> int | None:
    match = _YEAR.fullmatch(word)
    year = int(match["year"]) if match else 0
    return year if _EARLIEST_YEAR <= year <= today.year + 1 else None


def _days(year: int, month: str, day: str, today: date) -> tuple[date, date] | None:
    """Return the first and the last day of a year, of a month or of a day ("": the whole); None where there is none."""
    if not _EARLIEST_YEAR <= year <= today.year + 1:
        return None
    if not month:
        return date(year, 1, 1), date(year, 12, 31)
    try:
        first = date(year, int(month), int(day or 1))
    except ValueError:
        return None
    return first, first if day else first.replace(day=monthrange(year, first.month)[1])


def _ago(unit: str, count: int, today: date) -> tuple[date, date] | None:
    """Return the day, the week, the month or the year that is so many ago; None for what is new."""
    if unit == words.RECENT:
        return None
    if unit == words.DAY:
        return today - timedelta(days=count), today - timedelta(days=count)
    if unit == words.WEEK:
        monday = today - timedelta(days=today.weekday(), weeks=count)
        return monday, monday + timedelta(days=6)
    index = today.year * 12 + today.month - 1 - count * (12 if unit == words.YEAR else 1)
    year, month = divmod(index, 12)
    if unit == words.YEAR:
        return date(year, 1, 1), date(year, 12, 31)
    return date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1])


def _month(word: str) -> int | None:
    """Return the month that a word names; None where it may be something else."""
    small = word.casefold()
    english = small in {"march", "may"}
    if (english and not word[0].isupper()) or (small in words.SMALL_ONLY and word[0].isupper()):
        return None
    return _months().get(small)


@cache
def _months() -> dict[str, int]:
    """Return the month of each name in any of the languages; short ones only in English."""
    names = {name: month for name, month in MONTHS.items() if (len(name) > 3 or not name.isascii())}
    names |= _numbered(words.CASES) | _numbered(words.ENGLISH) | {"mai": 5, "mei": 5, "mayo": 5}
    return {name: month for name, month in names.items() if name not in words.NOT_MONTHS}


@cache
def _counts() -> dict[str, int]:
    return _numbered(words.NUMBERS)


def _numbered(table: str) -> dict[str, int]:
    """Return the place of each word in its line, from 1."""
    lines = table.strip().splitlines()
    return {word: place for line in lines for place, word in enumerate(line.split(), start=1) if word != "-"}


@cache
def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], tuple[str, int]], ...]]:
    """Return by their first word the phrases of all languages, longest first, with their unit and how many ago."""
    by_first: dict[str, list[tuple[tuple[str, ...], tuple[str, int]]]] = {}
    for line in words.PHRASES.strip().splitlines():
        for column, cell in zip(words.COLUMNS, line.split("|"), strict=True):
            for phrase in cell.split(",") if cell != "-" else ():
                parts = tuple(phrase.casefold().split())
                by_first.setdefault(parts[0], []).append((parts, column))
    by_first.setdefault("hier", []).append((("hier",), (words.DAY, 1)))
    return {first: tuple(sorted(listed, key=lambda each: -len(each[0]))) for first, listed in by_first.items()}


@cache
def _units() -> dict[str, str]:
    return {word: unit for unit, listed in words.UNITS.items() for word in listed}


@cache
def _first_words() -> frozenset[str]:
    """Return the words of which any text has one that names a time without a year."""
    return frozenset(_phrases()) | words.LAST | words.AGO_BEHIND | {lead.split()[0] for lead in words.AGO_BEFORE}


@cache
def _unspaced() -> re.Pattern[str]:
    patterns = [pattern for pattern, *_ in (*words.UNSPACED, *words.AGO_UNSPACED)]
    return re.compile("|".join([*patterns, "令和|平成|昭和"]))


@cache
def _stop_words() -> frozenset[str]:
    return frozenset().union(*lists_of(("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no")))
