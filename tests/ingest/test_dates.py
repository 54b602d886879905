from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from searchkit.errors import QueryError
from searchkit.ingest import parse_when
from searchkit.ingest.dates import parse_bound, parse_date, parse_dated
from searchkit.types import SpanBound

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


def test_today_is_the_askers():
    now = NOW.astimezone(timezone(timedelta(hours=14)))  # 2:30 of the next day
    assert parse_bound("today", now=now, end=False) == date(2025, 11, 6)
    assert parse_when("today", now=now, end=False) == datetime(2025, 11, 5, 10, tzinfo=UTC)
    assert parse_when("today", now=now, end=True) == datetime(2025, 11, 6, 9, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words", "first", "last"),
    [
        ("Pacific/Kiritimati", "today", "2025-11-06", "2025-11-06"),
        ("Pacific/Kiritimati", "yesterday", "2025-11-05", "2025-11-05"),
        ("Pacific/Pago_Pago", "today", "2025-11-05", "2025-11-05"),
        ("Pacific/Kiritimati", "this week", "2025-11-03", "2025-11-09"),
        ("America/New_York", "last month", "2025-10-01", "2025-10-31"),
        ("Asia/Kolkata", "3 days ago", "2025-11-02", "2025-11-02"),
        ("Europe/Berlin", "gestern", "2025-11-04", "2025-11-04"),
        ("Europe/Berlin", "2025-03-30T02:30", "2025-03-30T02:30:00+01:00", "2025-03-30T02:30:59.999999+01:00"),
        ("Europe/Berlin", "2025-07-01T08", "2025-07-01T08:00:00+02:00", "2025-07-01T08:59:59.999999+02:00"),
        ("America/New_York", "2025-07-01 08:00", "2025-07-01T08:00:00-04:00", "2025-07-01T08:00:59.999999-04:00"),
        ("America/New_York", "2025-01-01 08:00Z", "2025-01-01T08:00:00+00:00", "2025-01-01T08:00:59.999999+00:00"),
        ("America/New_York", "March 2, 2025 10 PM", "2025-03-02T22:00:00-05:00", "2025-03-02T22:59:59.999999-05:00"),
    ],
)
def test_words_are_read_by_the_clock_of_the_asker(zone: str, words: str, first: str, last: str):
    now = NOW.astimezone(ZoneInfo(zone))
    assert parse_bound(words, now=now, end=False).isoformat() == first  # type: ignore[union-attr]
    assert parse_bound(words, now=now, end=True).isoformat() == last  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "back"),
    [
        ("24h", timedelta(hours=24)),
        ("24 hours", timedelta(hours=24)),
        ("24hrs", timedelta(hours=24)),
        ("48h", timedelta(hours=48)),
        ("72 hr", timedelta(hours=72)),
        ("past 24 hours", timedelta(hours=24)),
        ("the last 24 hours", timedelta(hours=24)),
        ("in the past 24h", timedelta(hours=24)),
        ("90 min", timedelta(minutes=90)),
        ("2w", timedelta(weeks=2)),
        ("two weeks", timedelta(weeks=2)),
        ("last 3 days", timedelta(days=3)),
        ("3d", timedelta(days=3)),
        ("90d", timedelta(days=90)),
        ("-7d", timedelta(days=7)),
        ("now-7d", timedelta(days=7)),
        ("past week", timedelta(weeks=1)),
        ("3mo", NOW - datetime(2025, 8, 5, 12, 30, tzinfo=UTC)),
        ("3 months", NOW - datetime(2025, 8, 5, 12, 30, tzinfo=UTC)),
        ("1y", timedelta(days=365)),
        ("2 yrs", timedelta(days=731)),
        ("Past Quarter", NOW - datetime(2025, 8, 5, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_number_of_units_is_a_span_back_from_now(words: str, back: timedelta):
    assert parse_when(words, now=NOW, end=False) == NOW - back
    assert parse_when(words, now=NOW, end=True) == NOW


def test_minutes_and_months_are_told_apart_by_whoever_asks():
    with pytest.raises(QueryError, match="minutes or months") as caught:
        parse_when("last 30 m", now=NOW, end=False)
    assert "30min or 30mo" in caught.value.hint


def test_a_span_of_hours_is_as_long_on_the_day_that_clocks_change():
    now = datetime(2025, 3, 30, 12, tzinfo=ZoneInfo("Europe/Berlin"))  # at 2:00 it was 3:00
    assert parse_bound("24h", now=now, end=False) == SpanBound(
        instant=datetime(2025, 3, 29, 10, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")), day=date(2025, 3, 29)
    )
    assert parse_when("24h", now=now, end=False) == datetime(2025, 3, 29, 10, tzinfo=UTC)
    assert parse_when("1d", now=now, end=False) == datetime(2025, 3, 29, 11, tzinfo=UTC)  # yesterday at noon


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("02.03.2025", "2025-03-02T00:00"),
        ("2.3.2025", "2025-03-02T00:00"),
        ("2. 3. 25", "2025-03-02T00:00"),
        ("13.03.2025", "2025-03-13T00:00"),
        ("02.03.2025 22:15", "2025-03-02T22:15"),
        ("02.03.2025 um 22.15 Uhr", "2025-03-02T22:15"),
        ("Stand: 02.03.2025 22:15 Uhr", "2025-03-02T22:15"),
        ("5. März 2024, 14:05 Uhr MEZ", "2024-03-05T13:05"),
        ("2 Mar 2025 10:00 PM", "2025-03-02T22:00"),
        ("March 2, 2025 12:30 AM", "2025-03-02T00:30"),
        ("March 2nd, 2025 at 12:00 p.m.", "2025-03-02T12:00"),
        ("Sunday, March 2, 2025 10 PM", "2025-03-02T22:00"),
        ("10:00 p.m. EST on March 2, 2025", "2025-03-03T03:00"),
        ("3/2/2025 10:00:00 PM", "2025-03-02T22:00"),
        ("25/12/2024", "2024-12-25T00:00"),
        ("2 March 2025 22:00 GMT+1", "2025-03-02T21:00"),
        ("Mon May 06 2024 10:00:00 GMT+0200 (CEST)", "2024-05-06T08:00"),
        ("Mon May  6 10:00:00 EDT 2024", "2024-05-06T14:00"),
        ("Mon, 06 May 2024 10:00:00 JST", "2024-05-06T01:00"),
        ("May 6, 2024 11:30 PM ET", "2024-05-07T03:30"),
        ("Jan 6, 2024 11:30 PM PT", "2024-01-07T07:30"),
        ("2024-05-06 23:30:00 +0530 IST", "2024-05-06T18:00"),
        ("2024-05-06 1:00:19 -0400", "2024-05-06T05:00"),
        ("2024-05-06T24:00:00Z", "2024-05-07T00:00"),
        ("2024-127", "2024-05-06T00:00"),
        ("2023-366", None),
        ("1715000000.5", "2024-05-06T12:53"),
        ("20240506102030", "2024-05-06T10:20"),
        ("31-Dec-23", "2023-12-31T00:00"),
        ("Last updated on May 7, 2024 | Published on May 6, 2024", "2024-05-06T00:00"),
        ("Published: 6th May 2024, 10:20 pm", "2024-05-06T22:20"),
        ("le 5 mars 2024 à 14 h 05", "2024-03-05T14:05"),
        ("2024年5月6日 10:30", "2024-05-06T10:30"),
        ("2024. 5. 6. 오후 10:30", "2024-05-06T22:30"),
        ("31.02.2025", None),
        ("May 6, 2024 25:00", None),
        ("24 hours", None),
        ("10:30 PM", None),
        ("0000-00-00", None),
    ],
)
def test_dates_as_people_write_them(given: str, expected: str | None):
    moment = parse_date(given)
    assert (moment.isoformat()[:16] if moment else None) == expected


def test_an_instant_keeps_the_clock_that_it_was_written_by():
    for text in ("2024-12-31T22:30:00-05:00", "Dec 31, 2024 10:30 PM EST", "Tue, 31 Dec 2024 22:30:00 -0500"):
        moment = parse_dated(text)
        assert moment is not None
        assert moment.isoformat() == "2024-12-31T22:30:00-05:00"
        assert parse_date(text) == datetime(2025, 1, 1, 3, 30, tzinfo=UTC)


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
        "24",
        "30m",
        "90s",
        "1990s",
        "24 Stunden",
        "48 часов",
        "10 PM",
        "P7D",
    ],
)
def test_what_names_no_time_is_an_error_that_says_what_does(words: str):
    for end in (False, True):
        with pytest.raises(QueryError) as caught:
            parse_when(words, now=NOW, end=end)
        assert "2025-10-21" in caught.value.hint
        assert len(caught.value.message) < 100
