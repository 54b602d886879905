"""Which day is a date of the Iranian calendar?"""

from __future__ import annotations

from datetime import date

import pytest

from searchkit.ingest.dates import parse_date
from searchkit.ingest.iranian_calendar import gregorian

NEW_YEARS = {
    1375: date(1996, 3, 20),
    1376: date(1997, 3, 21),
    1379: date(2000, 3, 20),
    1383: date(2004, 3, 20),
    1387: date(2008, 3, 20),
    1391: date(2012, 3, 20),
    1395: date(2016, 3, 20),
    1399: date(2020, 3, 20),
    1400: date(2021, 3, 21),
    1403: date(2024, 3, 20),
    1404: date(2025, 3, 21),
    1408: date(2029, 3, 20),
}


@pytest.mark.parametrize("year", NEW_YEARS)
def test_a_year_begins_on_the_day_that_the_observed_one_began(year: int) -> None:
    assert gregorian(year, 1, 1) == NEW_YEARS[year]


def test_the_last_month_has_30_days_in_leap_years_alone() -> None:
    assert gregorian(1403, 12, 30) == date(2025, 3, 20)
    assert gregorian(1404, 12, 30) is None
    assert gregorian(1404, 12, 29) == date(2026, 3, 20)
    assert gregorian(1404, 7, 31) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("۱۲ مرداد ۱۴۰۳", date(2024, 8, 2)),
        ("12 مرداد 1403", date(2024, 8, 2)),
        ("۱ فروردین ۱۴۰۴", date(2025, 3, 21)),
        ("۳۰ اسفند ۱۴۰۳", date(2025, 3, 20)),
        ("جمعه ۱۲ مرداد ۱۴۰۳", date(2024, 8, 2)),
    ],
)
def test_a_date_with_a_persian_month_is_read(text: str, day: date) -> None:
    read = parse_date(text)
    assert read is not None
    assert read.date() == day
