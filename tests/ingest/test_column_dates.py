"""Dates that one row leaves open are read as the other rows of their file tell."""

from __future__ import annotations

import io
import json

import pytest

from searchkit import Article, Problem
from searchkit.ingest.formats.jsonl import read_json_lines
from searchkit.ingest.rows import Rows
from searchkit.types import Origin

ENGLISH = "The weir across the river leaks, and the town has decided to mend it before the winter."
GERMAN = "Das Wehr am Fluss ist undicht, und die Stadt will es noch vor dem Winter ausbessern lassen."


def days(*dates: object, text: str = ENGLISH, **more: object) -> tuple[list[str], list[str]]:
    source = "\n".join(json.dumps({"id": n, "text": text, "date": each, **more}) for n, each in enumerate(dates))
    rows = Rows(place="news.jsonl", origin=Origin(path="/a/news.jsonl", name="news"), fields={})
    entries = list(read_json_lines(io.BytesIO(source.encode()), rows))
    assert [entry.id for entry in entries if isinstance(entry, Article)] == [str(n) for n in range(len(dates))]
    problems = [entry.reason for entry in entries if isinstance(entry, Problem)]
    return [str(entry.published_day) for entry in entries if isinstance(entry, Article)], problems


def test_one_day_above_twelve_tells_the_order_for_all_rows_before_and_behind() -> None:
    assert days("04/12/2024", "25/12/2024", "05/11/2024") == (
        ["2024-12-04", "2024-12-25", "2024-11-05"],
        ["was read as: dates day first"],
    )
    assert days("04/12/2024", "12/25/2024", "05/11/24") == (
        ["2024-04-12", "2024-12-25", "2024-05-11"],
        ["was read as: dates month first"],
    )


def test_the_time_behind_a_date_is_kept() -> None:
    found, _ = days("04-12-2024 10:30", "25-12-2024 08:00")
    assert found == ["2024-12-04", "2024-12-25"]


def test_where_no_row_tells_the_language_does() -> None:
    assert days("04/12/2024", text=GERMAN)[0] == ["2024-12-04"]
    assert days("04/12/2024", language="en-GB")[0] == ["2024-12-04"]
    found, (note,) = days("04/12/2024", "05/11/2024")
    assert found == ["2024-04-12", "2024-05-11"]
    assert note == "has no date that tells whether the day or the month is first; '04/12/2024' was read month first"


def test_that_both_orders_occur_is_said() -> None:
    found, notes = days("25/12/2024", "12/25/2024", "04/12/2024")
    assert found == ["2024-12-25", "2024-12-25", "2024-12-04"]
    assert "with the day first and with the month first" in notes[-1]


def test_dates_with_one_reading_wait_for_nothing() -> None:
    assert days("2024-12-04", "04/04/2024", "4 December 2024") == (["2024-12-04", "2024-04-04", "2024-12-04"], [])


@pytest.mark.parametrize(
    "count", [1715000000, 1715000000000, 1715000000000000, 1715000000000000000, "1715000000000000", 45418, "45418"]
)
def test_seconds_and_parts_of_them_and_days_are_counted(count: object) -> None:
    assert days(count)[0] == ["2024-05-06"]
