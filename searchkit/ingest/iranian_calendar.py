"""Iranian calendar: dates with a Persian month, as the day that they are in the Gregorian calendar."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
_MONTH_OF = {name: number for number, name in enumerate(_MONTHS, start=1)} | {"امرداد": 5}
_NAME = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})\s+(?:ام\s+)?(?P<name>{_NAME})(?:\s+ماه)?\s*،?\s+(?P<year>1[34]\d\d)(?!\d)"
)

_BEFORE = date(1996, 3, 20).toordinal()
"""The first day of the year 1375, from which days are counted."""


def with_gregorian_dates(text: str) -> str:
    """Return a text in which dates with a Persian month are in ISO form: "2024-08-02" for 12 Mordad 1403."""
    return text if text.isascii() else _DATE.sub(_in_iso, text)


def _in_iso(match: re.Match[str]) -> str:
    day = gregorian(int(match["year"]), _MONTH_OF[match["name"]], int(match["day"]))
    return match[0] if day is None else day.isoformat()


def gregorian(year: int, month: int, day: int) -> date | None:
    """Return the day of the Gregorian calendar; None where there is none such.

    Six months have 31 days, five 30, the last 29 or in leap years 30. Of 33 years eight are leap years
    (M. Heydari-Malayeri, A concise review of the Iranian calendar, arXiv:astro-ph/0409620).
    """
    new_year, next_year = _days_before(year), _days_before(year + 1)
    since = (month - 1) * 31 - max(0, month - 7) + day - 1
    longest = 31 if month <= 6 else 30
    if not 1 <= day <= longest or since >= next_year - new_year:
        return None
    return date.fromordinal(_BEFORE + new_year - _days_before(1375) + since)


def _days_before(year: int) -> int:
    """Return the days between some day and the first of a year."""
    cycles, rest = divmod(year + 1595, 33)
    return 365 * (year + 1595) + 8 * cycles + (rest + 3) // 4
