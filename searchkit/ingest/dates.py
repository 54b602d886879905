"""When was that? A date as people and machines write it, as an aware instant in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Literal

from searchkit.errors import QueryError

_Period = Literal["instant", "hour", "minute", "day", "week", "month", "quarter", "year"]

_EXAMPLES = (
    "Give a date (2025-10-21, 2025-10, 2025), an instant (2025-10-21T08:00Z), "
    "or words such as 'yesterday', 'last month', '3 weeks ago', 'October 2025'."
)

_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?")
_DIGITS = re.compile(r"\d{10}(?:\d{3})?")
_LEAD_IN = re.compile(
    r"^(?:first |last )?(?:published|posted|updated|modified|created)(?: on| at)?[:\s]\s*", re.IGNORECASE
)
_AGO = re.compile(r"(?:(an?|one|\d{1,6})\s+)(minute|hour|day|week|month|year)s?\s+ago")
_LAST = re.compile(r"(this|last|past|previous)\s+(?:(\d{1,6})\s+)?(minute|hour|day|week|month|quarter|year)s?")
_THREE_NUMBERS = re.compile(r"\d{1,4}\s*[./-]\s*\d{1,2}\s*[./-]\s*\d{2,4}\b")
_QUARTER = re.compile(r"(?:q([1-4])\s*(\d{4})|(\d{4})[\s-]*q([1-4]))")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(rf"(?:last\s+|on\s+)?({'|'.join(_DAYS)})")
_TICK = timedelta(microseconds=1)

_EPOCH_SECONDS = range(10**8, 10**11)
"""From 1973 to 5138; thousand times more is milliseconds. Smaller numbers are years or no dates at all."""


def parse_date(value: object) -> datetime | None:
    """Return the instant that a value of an article's metadata names; None where it names none.

    Takes ``datetime``, ``date``, seconds or milliseconds since 1970, and text: ISO 8601 first, then what mail and feeds
    use, then the forms of many languages. Without a zone it is UTC, without a time midnight, without a day or month the
    first. ``03/04/2025`` is read month first. Words that depend on today ("yesterday") name none.
    """
    try:
        if isinstance(value, datetime):
            return _in_utc(value)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _from_number(value)
        return _from_text(value.strip()) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _from_number(number: float) -> datetime | None:
    if int(number) in _EPOCH_SECONDS:
        return datetime.fromtimestamp(number, UTC)
    if int(number) // 1000 in _EPOCH_SECONDS:
        return datetime.fromtimestamp(number / 1000, UTC)
    return _from_text(str(number)) if isinstance(number, int) else None


@lru_cache(maxsize=4096)
def _from_text(text: str) -> datetime | None:
    if not any(character.isdigit() for character in text) or len(text) > 100:
        return None
    if _DIGITS.fullmatch(text):
        return _from_number(int(text))
    if moment := _iso(text):
        return moment[0]
    try:
        return _in_utc(parsedate_to_datetime(text))
    except ValueError:
        found = _absolute(_LEAD_IN.sub("", text))
        return found[0] if found else None


def _iso(text: str) -> tuple[datetime, _Period] | None:
    """Read ISO 8601, years and months included; the period is the unit it is exact to."""
    if match := _YEAR_MONTH.fullmatch(text):
        try:
            return datetime(int(match[1]), int(match[2] or 1), 1, tzinfo=UTC), "month" if match[2] else "year"
        except ValueError:
            return None
    try:
        moment = datetime.fromisoformat(text)
        return _in_utc(moment), "day" if not re.search(r"\d[T ]\d", text) else _exactness(text)
    except (ValueError, OverflowError):
        return None


def _exactness(text: str) -> _Period:
    """Say to what an ISO instant is exact: ``T08`` to the hour, ``T08:00`` to the minute."""
    time = re.split(r"[Zz+-]", re.split(r"(?<=\d)[T ]", text, maxsplit=1)[1])[0].replace(":", "")
    return {2: "hour", 4: "minute"}.get(len(time), "instant")  # type: ignore[return-value]


def _absolute(text: str) -> tuple[datetime, _Period] | None:
    """Read a date in words and in many languages, at least a year in it, nothing that depends on today."""
    settings = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["year"], "RELATIVE_BASE": datetime(2000, 1, 1)}
    return _ask_dateparser(text, settings)


def _ask_dateparser(text: str, settings: dict[str, Any]) -> tuple[datetime, _Period] | None:
    if not any(character.isalpha() for character in text) and not _THREE_NUMBERS.match(text):
        # It would find a month in "12" and a day in "2025-13".
        return None
    # Slow to import (a tenth of a second) and slow to say no (a second, the first time): only when ISO failed.
    from dateparser.date import DateDataParser

    common: dict[str, Any] = {"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": True, "PREFER_DAY_OF_MONTH": "first"}
    common |= {"PREFER_MONTH_OF_YEAR": "first", "RETURN_TIME_AS_PERIOD": True}
    found = DateDataParser(settings=common | settings).get_date_data(text)
    if found is None or found.date_obj is None:
        return None
    kind: _Period = found.period if found.period in {"day", "week", "month", "quarter", "year"} else "instant"
    return _in_utc(found.date_obj), kind


def parse_when(text: str, *, now: datetime, end: bool) -> datetime:
    """Return the first instant of the period that a text names, or with ``end`` its last, in UTC.

    ``2025-10`` is from 2025-10-01T00:00:00Z to 2025-10-31T23:59:59.999999Z. Takes ISO dates and instants, years,
    months, quarters, and words: "yesterday", "last month" (the calendar month), "3 weeks ago" (that day), "last 3
    weeks" (from then till ``now``), "Monday" (the latest past one), "October 2025", and other languages' words for
    these. ``now`` must be aware.

    Raises ``QueryError`` for what names no time.
    """
    now = now.astimezone(UTC)
    words = " ".join(text.split())
    try:
        found = _iso(words) or _words(words.casefold(), now) or _other_words(words, now)
        if found:
            start, period = found
            first = _start(start, period)
            return _last(first, period) if end else first
    except (ValueError, OverflowError):
        pass
    if len(words) <= 100 and (span := _span(words.casefold(), now)):
        return now if end else span
    shown = words if len(words) <= 40 else f"{words[:39]}…"
    raise QueryError(f"'{shown}' names no date or time.", hint=_EXAMPLES)


def _words(words: str, now: datetime) -> tuple[datetime, _Period] | None:
    """Read the commonest English words without loading a library."""
    days = {"today": 0, "yesterday": 1, "tomorrow": -1}
    if words == "now":
        return now, "instant"
    if words in days:
        return now - timedelta(days=days[words]), "day"
    if match := _QUARTER.fullmatch(words):
        return datetime(int(match[2] or match[3]), 3 * int(match[1] or match[4]) - 2, 1, tzinfo=UTC), "quarter"
    if match := _WEEKDAY.fullmatch(words):
        return now - timedelta(days=(now.weekday() - _DAYS.index(match[1]) - 1) % 7 + 1), "day"
    if match := _AGO.fullmatch(words):
        count = int(match[1]) if match[1].isdigit() else 1
        return _before(now, count, match[2]), "instant" if match[2] in {"minute", "hour"} else "day"
    if (match := _LAST.fullmatch(words)) and not match[2] and match[1] != "past":
        unit: _Period = match[3]  # type: ignore[assignment]
        return _before(now, 0 if match[1] == "this" else 1, unit), unit
    return None


def _span(words: str, now: datetime) -> datetime | None:
    """Return when "last 3 weeks" or "past month" began, which end now."""
    match = _LAST.fullmatch(words)
    try:
        return _before(now, int(match[2] or 1), match[3]) if match and match[1] != "this" else None
    except (ValueError, OverflowError):
        return None


def _other_words(words: str, now: datetime) -> tuple[datetime, _Period] | None:
    if not words or len(words) > 100 or _LAST.fullmatch(words.casefold()):
        return None
    found = _absolute(words)
    if found:
        return found
    found = _ask_dateparser(words, {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past"})
    if found is None:
        return None
    # "vor 3 Wochen" means a day, "letzte Woche" a week.
    counted = any(character.isdigit() for character in words)
    return (found[0], "day") if counted and found[1] in {"week", "month", "year"} else found


def _before(moment: datetime, count: int, unit: str) -> datetime:
    """Go back so many units; from the 31st to a shorter month's last day."""
    months = {"month": 1, "quarter": 3, "year": 12}
    if unit not in months:
        return moment - count * timedelta(**{f"{unit}s": 1})
    index = moment.year * 12 + moment.month - 1 - count * months[unit]
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise ValueError(f"year {year}")
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _start(moment: datetime, period: _Period) -> datetime:
    if period == "instant":
        return moment
    if period in {"hour", "minute"}:
        return moment.replace(second=0, microsecond=0, minute=0 if period == "hour" else moment.minute)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    if period == "quarter":
        return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    return day.replace(day=1, month=1) if period == "year" else day


def _last(first: datetime, period: _Period) -> datetime:
    """Return the last instant of a period that starts at ``first``."""
    if period == "instant":
        return first
    try:
        return _before(first, -1, period) - _TICK
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)
