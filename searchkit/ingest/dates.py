"""Dates as people and machines write them: those of articles, and those of queries ("24h")."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from searchkit.errors import QueryError
from searchkit.ingest.date_spelling import plain_spelling
from searchkit.ingest.iranian_calendar import with_gregorian_dates
from searchkit.ingest.month_names import english_months
from searchkit.types import Bound, SpanBound

_Period = Literal["instant", "hour", "minute", "day", "week", "month", "quarter", "year"]

_EXAMPLES = (
    "Give a date (2025-10-21, 2025-10, 2025), an instant (2025-10-21T08:00Z), a span back from now (24h, 90d, 2w, 3mo, "
    "1y), or words such as 'yesterday', 'last month', '3 weeks ago', 'October 2025'."
)

_LONGEST = 100
"""Characters of a text that may be a date."""

_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?", re.ASCII)
_ORDINAL = re.compile(r"(\d{4})-(\d{3})", re.ASCII)
_COMPACT = re.compile(r"(\d{8})(\d{4}|\d{6})", re.ASCII)
_MIDNIGHT_AT_24 = re.compile(r"(\d{4}-?\d\d-?\d\d[T ])24((?::?00){0,2})(?!\d)", re.ASCII)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?", re.ASCII)
_LEAD_IN = re.compile(
    r"^(?:(?:first |last )?(?:published|posted|updated|modified|created)(?: on| at)?|stand|date)\s*[:\s]\s*",
    re.IGNORECASE,
)
_DOTTED_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d{1,2})\.(\d\d)", re.ASCII)
_WORDS_BEFORE = re.compile(r"[^\d]{1,40}(?=\d)", re.ASCII)
_PUBLISHED = re.compile(r".*\b(?:published|posted)(?: on| at)?[:\s]\s*(?=[^|]*\d)([^|]*)", re.IGNORECASE)
"""Of a line that tells several dates ("Updated … | Published …") the one that says when it appeared."""

_TWO_NUMBERS = re.compile(r"[^\d]{0,40}(\d{1,2})\s?([/-])\s?(\d{1,2})\s?\2\s?(?:\d{4}|\d{2})(?!\d)", re.ASCII)
_YEAR_FIRST = frozenset({"zh", "ja", "ko", "hu", "mn", "lt", "fa"})
_MONTH_FIRST_REGIONS = frozenset({"us", "ph"})
_EITHER_FIRST_REGIONS = frozenset({"ca", "001"})
"""Of English."""

_MONTHS = (
    ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may", "may"), ("june", "jun"),
    ("july", "jul"), ("august", "aug"), ("september", "sep", "sept"), ("october", "oct"), ("november", "nov"),
    ("december", "dec"),
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>\d{4}|['’]?\d{2})"
_WEEKDAY_NAME = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_DATES = tuple(
    re.compile(_WEEKDAY_NAME + expression, re.ASCII)
    for expression in (
        r"(?P<year>\d{4})\s?(?:-|/|\.|年|년)\s?(?P<month>\d{1,2})\s?(?:-|/|\.|月|월)\s?(?P<day>\d{1,2})\s?[.日일]?",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})",
        r"(?P<month>\d{1,2})\s?[/-]\s?(?P<day>\d{1,2})\s?[/-]\s?(?P<year>\d{4}|\d{2})",
        rf"{_DAY}(?:\s*-\s*|\s+)(?:of\s+)?{_MONTH}(?:,?\s*-\s*|,?\s+){_YEAR}",
        rf"{_MONTH}\s*-?\s*{_DAY}(?:,\s*|\s+){_YEAR}",
        rf"(?P<year>\d{{4}}),?\s*-?\s*{_MONTH}\s*-?\s*{_DAY}",
        rf"{_MONTH},?\s+(?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}})\s+{_MONTH}",
    )
)
"""Day before month between dots, month before day between slashes and hyphens, unless it can't be a month."""
_OPEN_ORDER = _DATES[2]

_TIME = re.compile(
    r"""(?<![\d.:+-])(?:
      (?P<hour>\d{1,2})(?::|\s?h\s?(?=\d\d)|(?<=\d)\.(?=\d\d\s*(?:uhr|[ap]\.?\s?m\b)))(?P<minute>\d{2})
        (?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?\s*(?:(?P<half>[ap])\.?\s?m\b\.?|uhr|h\b)?
      | (?P<hour12>\d{1,2})\s*(?P<half12>[ap])\.?\s?m\b\.?
      | (?P<hour24>\d{1,2})\s*(?:uhr|h\b)
    )(?![\d:])""",
    re.VERBOSE | re.ASCII,
)
_COMMENT = re.compile(r"\((?!(?:utc|gmt)\s?[+\-−]\d)[^()]*\)|[()]")
"""What stands in brackets, unless it alone says the zone."""
_ZONE = re.compile(
    r"\s*(?P<name>[a-z]{1,5})?(?:\s*(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?)?(?:\s+(?P<after>[a-z]{2,5}))?"
    r"(?![\w])",
    re.ASCII,
)
_FILLING = re.compile(
    r"(?:\b(?:at|on|um|à|a las|às|alle|ore|om|kl|klo|godz|года|г|в|o|ab|den|the|of|local time)\b|[,;@|•·.–—-]|\s)+"
)
"""What may stand between a date and its time and means nothing."""

_HOURS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "wat": 1, "cet": 1, "mez": 1,
    "cest": 2, "mesz": 2, "cat": 2, "eet": 2, "sast": 2, "eest": 3, "msk": 3, "eat": 3, "trt": 3, "gst": 4,
    "pkt": 5, "ist": 5.5, "npt": 5.75, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "pht": 8, "awst": 8, "jst": 9,
    "kst": 9, "acst": 9.5, "aest": 10, "acdt": 10.5, "aedt": 11, "nzst": 12, "nzdt": 13, "nst": -3.5, "ndt": -2.5,
    "ast": -4, "adt": -3, "brt": -3, "art": -3, "clt": -4, "clst": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
"""Hours ahead of UTC. Where an abbreviation means several, what the press writes most: CST and IST are the Americas'
and India's, BST is Britain's summer."""

_PLACES = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "uk": "Europe/London",
}
"""Clocks that change between winter and summer under one name."""

_UNITS = {
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "week"),
    **dict.fromkeys(("mo", "mos", "mth", "mths", "month", "months"), "month"),
    **dict.fromkeys(("quarter", "quarters"), "quarter"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "year"),
}
"""``m`` isn't among them: it is minutes to one and months to another."""

_NUMBERS = {
    name: number
    for number, name in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905
        start=1,
    )
} | {"a": 1, "an": 1}
_COUNT = rf"(?P<count>\d{{1,6}}|{'|'.join(_NUMBERS)})"
_UNIT = rf"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
_FOR_A_WHILE = re.compile(
    r"^(?:(?:(?:in|within|over|during|for)\s+)?(?:the\s+)?(?=(?:last|past|previous)\b)|(?:since|from)\s+(?=\S))"
)
_AGO = re.compile(rf"{_COUNT}\s*{_UNIT}\s+ago")
_LAST = re.compile(rf"(?P<which>this|last|past|previous)\s+(?:{_COUNT}\s*)?{_UNIT}")
_BACK = re.compile(rf"(?:(?:now\s*)?[-−]\s*|(?:last|past|previous)\s+)?{_COUNT}\s*{_UNIT}")
_MINUTES_OR_MONTHS = re.compile(r"(?:(?:last|past|previous)\s+)?(\d{1,6})\s*m", re.ASCII | re.IGNORECASE)
_QUARTER = re.compile(r"(?:q([1-4])\s*(\d{4})|(\d{4})[\s-]*q([1-4]))", re.ASCII)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(rf"(?:last\s+|on\s+)?({'|'.join(_DAYS)})")
_FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d|s\b)", re.ASCII)
_COUNTED = re.compile(r"\d+\s*[^\W\d]+")
_TICK = timedelta(microseconds=1)

_EPOCH_SECONDS = range(10**8, 10**11)
"""From 1973 to 5138; thousand times more is milliseconds. Smaller numbers are years or no dates at all."""


def parse_date(value: object, *, day_first: bool | None = None) -> datetime | None:
    """Return the instant that a value of an article's metadata names, in UTC; None where it names none.

    Reads what ``parse_dated`` does.
    """
    moment = parse_dated(value, day_first=day_first)
    return None if moment is None else moment.astimezone(UTC)


def parse_dated(value: object, *, day_first: bool | None = None) -> datetime | None:
    """Return the instant that a value of an article's metadata names, by the clock that it names; None where none.

    Takes ``datetime``, ``date``, seconds or milliseconds since 1970, and text: ISO 8601 first, then what mail, feeds
    and people write in English, then the forms of many languages. Without a zone it is UTC, without a time midnight,
    without a day or month the first. ``02.03.2025`` is read day first. So is ``03/04/2025`` where ``day_first``, else
    month first: a file's other dates may tell (``date_order``), or its language (``day_comes_first``). Words that
    depend on today ("yesterday") name none.
    """
    try:
        moment = _read(value, day_first=bool(day_first))
        if moment is not None:
            moment.astimezone(UTC)  # at either end of time it may have no instant
        return moment
    except (ValueError, OverflowError):
        return None


def _read(value: object, *, day_first: bool) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(timezone(_offset_of(value)))
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_number(value)
    return _from_text(" ".join(value.split()), day_first=day_first) if isinstance(value, str) else None


def date_order(values: Iterable[object]) -> Literal["day first", "month first", "both"] | None:
    """Say which comes first in dates such as ``25/12/2024``, as those tell of which only one order makes a date.

    None where none tells, "both" where some tell the one and some the other. Between dots the day always comes first.
    """
    orders = {order for value in values if (order := _order(value))}
    return None if not orders else orders.pop() if len(orders) == 1 else "both"


def _order(value: object) -> Literal["day first", "month first"] | None:
    numbers = _open_numbers(value)
    if numbers is None or (numbers[0] > 12) == (numbers[1] > 12):
        return None
    return "day first" if numbers[0] > 12 else "month first"


def has_two_readings(value: object) -> bool:
    """Say whether a date names one day with the day first, and another with the month first: ``03/04/2025``."""
    numbers = _open_numbers(value)
    return numbers is not None and numbers[0] != numbers[1] and all(0 < number <= 12 for number in numbers)


def _open_numbers(value: object) -> tuple[int, int] | None:
    """Return the two numbers that may be day and month; None where their order is plain."""
    match = _TWO_NUMBERS.match(plain_spelling(value)) if isinstance(value, str) and len(value) <= _LONGEST else None
    return (int(match[1]), int(match[3])) if match else None


def day_comes_first(language: str | None) -> bool | None:
    """Say whether a language ("de", "en-GB") writes the day first in ``03/04/2025``; None where it isn't known.

    English alone leaves it open, as do languages that begin with the year.
    """
    code = (language or "").replace("_", "-").casefold()
    name, _, rest = code.partition("-")
    if not name or name in _YEAR_FIRST:
        return None
    if name != "en":
        return True
    region = rest.split("-")[-1]
    return None if not region or region in _EITHER_FIRST_REGIONS else region not in _MONTH_FIRST_REGIONS


def offset_s(moment: datetime) -> int:
    """Return by how many seconds an aware moment's clock is ahead of UTC."""
    return round(_offset_of(moment).total_seconds())


def _offset_of(moment: datetime) -> timedelta:
    """Return by how much an aware moment's clock is ahead of UTC, in whole seconds."""
    offset = moment.utcoffset() or timedelta()
    return timedelta(seconds=round(offset.total_seconds()))


def _from_number(number: float) -> datetime | None:
    if int(number) in _EPOCH_SECONDS:
        return datetime.fromtimestamp(number, UTC)
    if int(number) // 1000 in _EPOCH_SECONDS:
        return datetime.fromtimestamp(number / 1000, UTC)
    return _from_text(str(number), day_first=False) if isinstance(number, int) else None


@lru_cache(maxsize=4096)
def _from_text(text: str, *, day_first: bool) -> datetime | None:
    if not any(character.isdigit() for character in text) or len(text) > _LONGEST:
        return None
    text = plain_spelling(text)
    if _EPOCH.fullmatch(text):
        return _from_number(float(text) if "." in text else int(text))
    text = _without_lead_in(text)
    dated = _by_rules(text, day_first=day_first) or _absolute(text, UTC)
    if dated is None and (rest := _WORDS_BEFORE.sub("", text, count=1)) != text:
        dated = _absolute(rest, UTC)
    return dated[0] if dated else None


def parse_by_rules(text: str, *, day_first: bool | None = None) -> datetime | None:
    """Return what ``parse_dated`` does of a text, where that needs no library of languages, which is slow to say no."""
    if len(text) > _LONGEST:
        return None
    try:
        plain = _without_lead_in(plain_spelling(" ".join(text.split())))
        dated = _by_rules(plain, day_first=bool(day_first))
        return dated[0] if dated else None
    except (ValueError, OverflowError):
        return None


def _without_lead_in(text: str) -> str:
    published = _PUBLISHED.match(text)
    dated = _LEAD_IN.sub("", (published[1] if published else text).strip(" |"))
    dotted = _DOTTED_CLOCK.fullmatch(dated)
    return f"{dotted[1]}:{dotted[2]}" if dotted else dated


def _by_rules(text: str, *, day_first: bool) -> tuple[datetime, _Period] | None:
    """Read a date, or one behind words of any language that aren't a part of it."""
    text = with_gregorian_dates(text)
    dated = _iso(text, UTC) or _written(english_months(text), UTC, day_first=day_first)
    rest = _WORDS_BEFORE.sub("", text, count=1)
    if dated is not None or rest == text:
        return dated
    dated = _iso(rest, UTC) or _written(english_months(rest), UTC, day_first=day_first)
    return dated if dated and dated[1] not in {"month", "year"} else None


def _iso(text: str, zone: tzinfo) -> tuple[datetime, _Period] | None:
    """Read ISO 8601, years, months and days of the year included; the period is the unit it is exact to.

    What names no zone is of ``zone``.
    """
    if match := _YEAR_MONTH.fullmatch(text):
        try:
            return datetime(int(match[1]), int(match[2] or 1), 1, tzinfo=zone), "month" if match[2] else "year"
        except ValueError:
            return None
    try:
        if match := _ORDINAL.fullmatch(text):
            first_day = datetime(int(match[1]), 1, 1, tzinfo=zone) + timedelta(days=int(match[2]) - 1)
            return (first_day, "day") if first_day.year == int(match[1]) else None
        if match := _COMPACT.fullmatch(text):
            text = f"{match[1]}T{match[2]}"
        late = _MIDNIGHT_AT_24.match(text)
        moment = datetime.fromisoformat(_MIDNIGHT_AT_24.sub(r"\g<1>00\2", text) if late else text)
        moment += timedelta(days=1 if late else 0)
        exact: _Period = "day" if not re.search(r"\d[T ]\d", text) else _exactness(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone), exact
    except (ValueError, OverflowError):
        return None


def _exactness(text: str) -> _Period:
    """Say to what an ISO instant is exact: ``T08`` to the hour, ``T08:00`` to the minute."""
    time = re.split(r"[Zz+-]", re.split(r"(?<=\d)[T ]", text, maxsplit=1)[1])[0].replace(":", "")
    return {2: "hour", 4: "minute"}.get(len(time), "instant")  # type: ignore[return-value]


def _written(text: str, zone: tzinfo, *, day_first: bool = False) -> tuple[datetime, _Period] | None:
    """Read a whole date in digits or with an English month, with or without a time and a zone, in any order.

    None where anything in the text is left that isn't understood.
    """
    words = _COMMENT.sub(" ", text.casefold()).strip()
    clock: tuple[int, int, int, int] | None = None
    offset: timedelta | str | None = None
    exact: _Period = "day"
    if time := _TIME.search(words):
        clock = _clock(time)
        if clock is None:
            return None
        offset, end = _zone(words, time.end())
        exact = "instant" if time["second"] else "minute" if time["minute"] else "hour"
        words = f"{words[: time.start()]} {words[end:]}"
    words = _FILLING.sub(" ", f" {words} ").strip() if clock is not None and not _has_date(words) else words.strip()
    for expression in _DATES:
        if match := expression.match(words):
            rest = words[match.end() :]
            if _FILLING.sub("", rest):
                continue
            day = _day(match, day_first=day_first)
            if day is None:
                return None
            if "day" not in expression.groupindex:
                return (datetime(*day, tzinfo=zone), "month") if clock is None else None
            if clock is None:
                return datetime(*day, tzinfo=zone), "day"
            hour, *rest_of_clock = clock
            moment = datetime(*day) + timedelta(days=hour // 24)
            moment = moment.replace(
                hour=hour % 24, minute=rest_of_clock[0], second=rest_of_clock[1], microsecond=rest_of_clock[2]
            )
            return _placed(moment, offset, zone), exact
    return None


def _has_date(words: str) -> bool:
    return any((match := each.match(words)) and not _FILLING.sub("", words[match.end() :]) for each in _DATES)


def _clock(time: re.Match[str]) -> tuple[int, int, int, int] | None:
    """Return hour, minute, second and microsecond of a time; None where there is no such time."""
    hour = int(time["hour"] or time["hour12"] or time["hour24"])
    minute, second = int(time["minute"] or 0), int(time["second"] or 0)
    if half := time["half"] or time["half12"]:
        if hour > 23 or (hour == 0 and half == "p"):
            return None
        # "13:30 PM" is written by those whose program gives both.
        hour = hour % 12 + (12 if half == "p" else 0) if hour <= 12 else hour
    fraction = int(f"{time['fraction'] or '0':0<6}"[:6])
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    return hour, minute, min(second, 59), fraction


def _zone(words: str, start: int) -> tuple[timedelta | str | None, int]:
    """Read the zone that stands behind a time: how far ahead of UTC, or whose clock, and where it ends."""
    match = _ZONE.match(words, start)
    if match is None:
        return None, start
    name = match["name"] or ""
    if match["sign"]:
        if name and name not in {"gmt", "utc", "ut"} and name not in _HOURS:
            return None, start
        ahead = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        # A name behind the numbers ("+0530 IST") says nothing more.
        end = match.end("after") if (match["after"] or "") in _HOURS else max(match.end("hours"), match.end("minutes"))
        return (ahead if match["sign"] == "+" else -ahead), end
    if name in _HOURS:
        return timedelta(hours=_HOURS[name]), match.end("name")
    if name in _PLACES:
        return _PLACES[name], match.end("name")
    return None, start


def _placed(moment: datetime, offset: timedelta | str | None, zone: tzinfo) -> datetime:
    if isinstance(offset, str):
        try:
            aware = moment.replace(tzinfo=ZoneInfo(offset))
            return aware.replace(tzinfo=timezone(aware.utcoffset() or timedelta()))
        except ZoneInfoNotFoundError:  # a machine without the zones' data
            winter = {"America/New_York": -5, "America/Chicago": -6, "America/Denver": -7, "America/Los_Angeles": -8}
            return moment.replace(tzinfo=timezone(timedelta(hours=winter.get(offset, 0))))
    return moment.replace(tzinfo=zone if offset is None else timezone(offset))


def _day(match: re.Match[str], *, day_first: bool) -> tuple[int, int, int] | None:
    """Return year, month and day; day and month change places where only that makes a date.

    ``day_first`` is about the form that leaves it open, ``03/04/2025``.
    """
    groups = match.groupdict()
    year = int(groups["year"].lstrip("'’"))
    if year < 100:
        year += 1900 if year > 68 else 2000  # as POSIX reads two digits
    month = _MONTH_OF.get(groups["month"]) or int(groups["month"])
    day = int(groups.get("day") or 1)
    open_order = day_first and match.re is _OPEN_ORDER and day <= 12
    if open_order or (month > 12 >= day and not match[0].startswith(groups["year"])):
        day, month = month, day
    try:
        date(year, month, day)
    except ValueError:
        return None
    return year, month, day


def _absolute(text: str, zone: tzinfo) -> tuple[datetime, _Period] | None:
    """Read a date in words and in many languages, at least a year in it, nothing that depends on today."""
    if not _FOUR_DIGITS.search(text):
        return None  # it would find a year in "24 hours"
    offset: timedelta | str | None = None
    words = _COMMENT.sub(" ", text).casefold()
    if time := _TIME.search(words):
        # It reads few zones, takes "PM" for one, and knows no "14 h 05".
        clock = _clock(time)
        if clock is None:
            return None
        offset, end = _zone(words, time.end())
        text = f"{words[: time.start()]}{clock[0]:02}:{clock[1]:02}:{clock[2]:02} {words[end:]}".strip()
    settings = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["year"], "RELATIVE_BASE": datetime(2000, 1, 1)}
    dated = _ask_dateparser(text, settings)
    if dated is None:
        return None
    moment, period = dated
    aware = moment if moment.tzinfo is not None else _placed(moment, offset, zone)
    return aware, period


def _ask_dateparser(text: str, settings: dict[str, Any]) -> tuple[datetime, _Period] | None:
    if not any(character.isalpha() for character in text):
        # It would find a month in "12" and a day in "2025-13"; dates in digits alone are read before.
        return None
    # Slow to import (a tenth of a second) and slow to say no (a second, the first time): only when all else failed.
    from dateparser.date import DateDataParser

    common: dict[str, Any] = {"PREFER_DAY_OF_MONTH": "first", "PREFER_MONTH_OF_YEAR": "first"}
    common |= {"RETURN_TIME_AS_PERIOD": True}
    parsed = DateDataParser(settings=common | settings).get_date_data(text)
    if parsed is None or parsed.date_obj is None:
        return None
    kind: _Period = parsed.period if parsed.period in {"day", "week", "month", "quarter", "year"} else "instant"
    return parsed.date_obj, kind


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin``; this machine's for "".

    Raises ``ZoneInfoNotFoundError`` where there is none of that name.
    """
    if name:
        return ZoneInfo(name)
    import tzlocal

    try:
        return tzlocal.get_localzone()
    except (ValueError, OSError, ZoneInfoNotFoundError):
        # TZ as POSIX spells rules ("EST5EDT,M3.2.0"): what the clock shows now is all there is to know.
        return datetime.now().astimezone().tzinfo or UTC


def now_in(time_zone: str) -> datetime:
    """Return the present instant by the clock of a time zone; "" is this machine's. Raises as ``zone_of`` does."""
    return datetime.now(zone_of(time_zone))


def parse_when(text: str, *, now: datetime, end: bool) -> datetime:
    """Return the first instant of the period that a text names, or its last.

    ``2025-10`` is from 2025-10-01 to the last microsecond of 2025-10-31.

    Args:
        text: A day, a month, a year, an instant or words: "2025-10", "yesterday", "last month", "24h", "3 weeks ago".
            ``parse_bound`` says all that is read.
        now: The present instant, aware. Days and months are those of its clock.
        end: Whether the last instant is returned.

    Returns:
        The instant, aware and in UTC.

    Raises:
        QueryError: The text names no time.

    Example:
        >>> from datetime import UTC, datetime
        >>> from searchkit.ingest import parse_when
        >>> now = datetime(2025, 11, 14, 12, 0, tzinfo=UTC)
        >>> parse_when("last month", now=now, end=False).isoformat()
        '2025-10-01T00:00:00+00:00'
        >>> parse_when("24h", now=now, end=False).isoformat()
        '2025-11-13T12:00:00+00:00'
    """
    bound = parse_bound(text, now=now, end=end)
    if isinstance(bound, SpanBound):
        return bound.instant.astimezone(UTC)
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    try:
        first = datetime(bound.year, bound.month, bound.day, tzinfo=now.tzinfo)
        if not end:
            return first.astimezone(UTC)
        return (first + timedelta(days=1)).astimezone(UTC) - _TICK
    except OverflowError:
        return (datetime.max if end else datetime.min).replace(tzinfo=UTC)


def parse_bound(text: str, *, now: datetime, end: bool) -> Bound:
    """Return where the period that a text names begins, or with ``end`` where it ends.

    Days where it names days or longer: "2025-10", "yesterday", "last month" (the calendar month), "3 weeks ago" (that
    day), "Monday" (the latest past one), "October 2025", quarters, and other languages' words for these. Aware instants
    for ISO instants and "2 hours ago". For spans back from now, which end at ``now``, instants with their days: "24h",
    "90d", "3mo", "past 24 hours", "last 3 weeks". ``now`` must be aware; its zone is the asker's.

    Raises ``QueryError`` for what names no time.
    """
    words = " ".join(text.split())
    shown = words if len(words) <= 40 else f"{words[:39]}…"
    zone = now.tzinfo or UTC
    try:
        plain = _FOR_A_WHILE.sub("", words.casefold()) if len(words) <= _LONGEST else ""
        if span := _span(plain, now):
            instant = now if end else span
            return SpanBound(instant=instant, day=instant.date())
        dated = _iso(words, zone) or _written(words, zone) or _words(plain, now) or _other_words(words, now)
        if dated:
            start, period = dated
            return _bound(start, period, end=end)
    except (ValueError, OverflowError):
        pass
    if match := _MINUTES_OR_MONTHS.fullmatch(words):
        raise QueryError(
            f"'{shown}' may be minutes or months.", hint=f"Write {match[1]}min or {match[1]}mo. {_EXAMPLES}"
        )
    raise QueryError(f"'{shown}' names no date or time.", hint=_EXAMPLES)


def _words(words: str, now: datetime) -> tuple[datetime, _Period] | None:
    """Read the commonest English words without loading a library."""
    days = {"today": 0, "yesterday": 1, "tomorrow": -1}
    if words == "now":
        return now, "instant"
    if words in days:
        return now - timedelta(days=days[words]), "day"
    if match := _QUARTER.fullmatch(words):
        return datetime(int(match[2] or match[3]), 3 * int(match[1] or match[4]) - 2, 1, tzinfo=now.tzinfo), "quarter"
    if match := _WEEKDAY.fullmatch(words):
        return now - timedelta(days=(now.weekday() - _DAYS.index(match[1]) - 1) % 7 + 1), "day"
    if match := _AGO.fullmatch(words):
        unit = _UNITS[match["unit"]]
        moment = _before(now, _count(match["count"]), unit)
        return moment, "instant" if unit in {"minute", "hour"} else "day"
    if (match := _LAST.fullmatch(words)) and not match["count"] and match["which"] != "past":
        period: _Period = _UNITS[match["unit"]]  # type: ignore[assignment]
        return _before(now, 0 if match["which"] == "this" else 1, period), period
    return None


def _count(text: str) -> int:
    return _NUMBERS.get(text) or int(text)


def _span(words: str, now: datetime) -> datetime | None:
    """Return when "24h", "last 3 weeks" or "past month" began, which end now. Raises ``ValueError`` before year 1."""
    if match := _BACK.fullmatch(words):
        return _before(now, _count(match["count"]), _UNITS[match["unit"]])
    if (match := _LAST.fullmatch(words)) and match["which"] == "past":
        return _before(now, 1, _UNITS[match["unit"]])
    return None


def _other_words(words: str, now: datetime) -> tuple[datetime, _Period] | None:
    """Ask the library of many languages, which must find no year in a number that is none."""
    if not words or len(words) > _LONGEST:
        return None
    dated = _absolute(words, now.tzinfo or UTC)
    if dated:
        return dated
    base = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past"}
    # "24 Stunden" is neither a date nor said to be past.
    counted = any(character.isdigit() for character in words)
    bare = _COUNTED.fullmatch(words) and words.upper() != words.lower()  # as "3日前" isn't, which is "3 days ago"
    relative = None if bare else _ask_dateparser(words, base | {"PARSERS": ["relative-time"]})
    if relative is None:
        relative = _ask_dateparser(words, base | {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["month"]})
        if relative is not None and counted and not _names_its_day(words, relative[0]):
            return None
    if relative is None:
        return None
    moment, period = relative
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo)
    # "vor 3 Wochen" means a day, "letzte Woche" a week.
    return (moment, "day") if counted and period in {"week", "month", "year"} else (moment, period)


def _names_its_day(words: str, moment: datetime) -> bool:
    """Say whether the number in "21 Oktober" became the day, and no hour or year."""
    return [int(number) for number in re.findall(r"\d+", words)] == [moment.day]


def _before(moment: datetime, count: int, unit: str) -> datetime:
    """Go back so many units: minutes and hours as they pass, days by the calendar at the same time of day.

    From the 31st to a shorter month's last day. Raises ``ValueError`` or ``OverflowError`` before year 1.
    """
    months = {"month": 1, "quarter": 3, "year": 12}
    if unit in {"minute", "hour"}:
        return (moment.astimezone(UTC) - count * timedelta(**{f"{unit}s": 1})).astimezone(moment.tzinfo)
    if unit not in months:
        return moment - count * timedelta(**{f"{unit}s": 1})
    index = moment.year * 12 + moment.month - 1 - count * months[unit]
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise ValueError(f"year {year}")
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _bound(moment: datetime, period: _Period, *, end: bool) -> date:
    """Return the first instant or day of a period, or with ``end`` its last."""
    if period == "instant":
        return moment
    if period in {"hour", "minute"}:
        first = moment.replace(second=0, microsecond=0, minute=0 if period == "hour" else moment.minute)
        return first + timedelta(**{f"{period}s": 1}) - _TICK if end else first
    day = moment.date()
    if period == "week":
        day -= timedelta(days=day.weekday())
        return day + timedelta(days=6) if end else day
    if period == "day":
        return day
    length = {"month": 1, "quarter": 3, "year": 12}[period]
    first_month = (day.month - 1) // length * length + 1
    last_month = first_month + length - 1
    return date(day.year, last_month, monthrange(day.year, last_month)[1]) if end else date(day.year, first_month, 1)
