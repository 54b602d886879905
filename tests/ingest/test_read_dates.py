from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from searchkit.errors import QueryError
from searchkit.ingest import parse_when
from searchkit.ingest.dates import parse_date

NOW = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2025-10-21", "2025-10-21T00:00:00+00:00"),
        ("2025-10-21T08:00:00Z", "2025-10-21T08:00:00+00:00"),
        ("2025-10-21 08:00:00.25+02:00", "2025-10-21T06:00:00.250000+00:00"),
        ("20251021", "2025-10-21T00:00:00+00:00"),
        ("2025-10", "2025-10-01T00:00:00+00:00"),
        ("2025", "2025-01-01T00:00:00+00:00"),
        (2025, "2025-01-01T00:00:00+00:00"),
        (1_761_033_600, "2025-10-21T08:00:00+00:00"),
        (1_761_033_600_000, "2025-10-21T08:00:00+00:00"),
        ("1761033600", "2025-10-21T08:00:00+00:00"),
        ("Tue, 21 Oct 2025 08:00:00 GMT", "2025-10-21T08:00:00+00:00"),
        ("Tue, 21 Oct 2025 08:00:00 -0500", "2025-10-21T13:00:00+00:00"),
        ("October 21, 2025", "2025-10-21T00:00:00+00:00"),
        ("Published on 21 October 2025", "2025-10-21T00:00:00+00:00"),
        ("Oct. 21, 2025 5:30 p.m. EST", "2025-10-21T22:30:00+00:00"),
        ("21.10.2025", "2025-10-21T00:00:00+00:00"),
        ("03/04/2025", "2025-03-04T00:00:00+00:00"),
        ("5 de marzo de 2024", "2024-03-05T00:00:00+00:00"),
        ("12 октября 2025", "2025-10-12T00:00:00+00:00"),
        ("2025年10月21日", "2025-10-21T00:00:00+00:00"),
        (date(2025, 10, 21), "2025-10-21T00:00:00+00:00"),
        (datetime(2025, 10, 21, 8, tzinfo=timezone(timedelta(hours=2))), "2025-10-21T06:00:00+00:00"),
        ("someday", None),
        ("yesterday", None),
        ("May", None),
        ("12:30", None),
        ("", None),
        (None, None),
        (True, None),
        (7, None),
        (float("nan"), None),
        (float("inf"), None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2025-13-45", None),
        ("x1" * 100, None),
    ],
)
def test_dates_in_metadata(given: object, expected: str | None):
    moment = parse_date(given)
    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("2025-10", "2025-10-01T00:00:00", "2025-10-31T23:59:59.999999"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999"),
        ("2025", "2025-01-01T00:00:00", "2025-12-31T23:59:59.999999"),
        ("9999", "9999-01-01T00:00:00", "9999-12-31T23:59:59.999999"),
        ("2025-10-21", "2025-10-21T00:00:00", "2025-10-21T23:59:59.999999"),
        ("2025-10-21T08", "2025-10-21T08:00:00", "2025-10-21T08:59:59.999999"),
        ("2025-10-21T08:15Z", "2025-10-21T08:15:00", "2025-10-21T08:15:59.999999"),
        ("2025-10-21 08:15:07+02:00", "2025-10-21T06:15:07", "2025-10-21T06:15:07"),
        ("now", "2025-11-05T12:30:00", "2025-11-05T12:30:00"),
        ("Today", "2025-11-05T00:00:00", "2025-11-05T23:59:59.999999"),
        ("yesterday", "2025-11-04T00:00:00", "2025-11-04T23:59:59.999999"),
        ("this week", "2025-11-03T00:00:00", "2025-11-09T23:59:59.999999"),
        ("last week", "2025-10-27T00:00:00", "2025-11-02T23:59:59.999999"),
        ("last month", "2025-10-01T00:00:00", "2025-10-31T23:59:59.999999"),
        ("previous year", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999999"),
        ("last quarter", "2025-07-01T00:00:00", "2025-09-30T23:59:59.999999"),
        ("Q4 2024", "2024-10-01T00:00:00", "2024-12-31T23:59:59.999999"),
        ("3 weeks ago", "2025-10-15T00:00:00", "2025-10-15T23:59:59.999999"),
        ("a month ago", "2025-10-05T00:00:00", "2025-10-05T23:59:59.999999"),
        ("2 hours ago", "2025-11-05T10:30:00", "2025-11-05T10:30:00"),
        ("last 3 weeks", "2025-10-15T12:30:00", "2025-11-05T12:30:00"),
        ("past month", "2025-10-05T12:30:00", "2025-11-05T12:30:00"),
        ("Monday", "2025-11-03T00:00:00", "2025-11-03T23:59:59.999999"),
        ("last Wednesday", "2025-10-29T00:00:00", "2025-10-29T23:59:59.999999"),
        ("October 2025", "2025-10-01T00:00:00", "2025-10-31T23:59:59.999999"),
        ("21 October 2025", "2025-10-21T00:00:00", "2025-10-21T23:59:59.999999"),
        ("Oktober 2025", "2025-10-01T00:00:00", "2025-10-31T23:59:59.999999"),
        ("gestern", "2025-11-04T00:00:00", "2025-11-04T23:59:59.999999"),
        ("letzten Monat", "2025-10-01T00:00:00", "2025-10-31T23:59:59.999999"),
        ("vor 3 Wochen", "2025-10-15T00:00:00", "2025-10-15T23:59:59.999999"),
        ("hace 2 días", "2025-11-03T00:00:00", "2025-11-03T23:59:59.999999"),
    ],
)
def test_words_for_a_time_name_a_period(words: str, first: str, last: str):
    assert parse_when(words, now=NOW, end=False).isoformat() == first + "+00:00"
    assert parse_when(words, now=NOW, end=True).isoformat() == last + "+00:00"


def test_now_may_be_in_any_zone():
    now = NOW.astimezone(timezone(timedelta(hours=14)))
    assert parse_when("today", now=now, end=False) == datetime(2025, 11, 5, tzinfo=UTC)


def test_the_31st_goes_back_to_the_last_day_of_a_shorter_month():
    now = datetime(2025, 3, 31, tzinfo=UTC)
    assert parse_when("1 month ago", now=now, end=False) == datetime(2025, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  ",
        "blah",
        "2025-13",
        "0000",
        "the day it rained",
        "999999 years ago",
        "last 999999 years",
        "x" * 500,
        "12",
    ],
)
def test_what_names_no_time_is_an_error_that_says_what_does(words: str):
    for end in (False, True):
        with pytest.raises(QueryError) as caught:
            parse_when(words, now=NOW, end=end)
        assert "2025-10-21" in caught.value.hint
        assert len(caught.value.message) < 100
