from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.answer import iso
from searchkit.cli.output import numbers
from searchkit.cli.output.console import clean, clean_lines, clock, pace


@given(shares=st.lists(st.floats(-50, 50), min_size=1, max_size=6))
@settings(deadline=None)
def test_what_is_written_of_shares_adds_up_and_is_at_most_a_unit_off(shares: list[float]) -> None:
    total, written = numbers.rounded_shares(sum(shares), shares)
    assert sum(round(float(one) * 1000) for one in written) == round(float(total) * 1000)
    assert all(abs(float(one) - share) <= 0.001 + 1e-9 for one, share in zip(written, shares, strict=True))


def test_a_third_three_times_is_one() -> None:
    assert numbers.rounded_shares(1 / 3 + 1 / 3 + 1 / 3, [1 / 3] * 3) == ("1.000", ["0.334", "0.333", "0.333"])


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2025, 3, 1, tzinfo=UTC), "2025-03-01"),
        (datetime(2025, 3, 1, 10, 30, tzinfo=UTC), "2025-03-01T10:30:00Z"),
        (datetime(2025, 3, 1, 1, tzinfo=timezone(timedelta(hours=1))), "2025-03-01T01:00:00+01:00"),
        (datetime(2024, 12, 31, 22, 30, tzinfo=timezone(timedelta(hours=-5))), "2024-12-31T22:30:00-05:00"),
        (None, None),
    ],
)
def test_a_midnight_of_utc_is_written_as_a_day(moment: datetime | None, written: str | None) -> None:
    assert iso(moment) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.042, "0.04 s"), (12.34, "12.3 s"), (125, "2 min 5 s"), (3725, "1 h 2 min")]
)
def test_times_are_written_for_people(seconds: float, written: str) -> None:
    assert numbers.duration(seconds) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(950, "950 bytes"), (4_200_000, "4.2 MB"), (999_990, "1.0 MB"), (3_000_000_000_000, "3.0 TB")],
)
def test_sizes_are_written_for_people(number: int, written: str) -> None:
    assert numbers.size(number) == written


def test_things_are_counted_in_words() -> None:
    assert [numbers.count(1, "article"), numbers.count(2310, "chunk"), numbers.count(0, "index")] == [
        "1 article",
        "2,310 chunks",
        "0 indexes",
    ]


def test_progress_says_the_rate_and_the_time_left() -> None:
    assert pace(12.4, 40) == "12/s, 0:40 left"
    assert pace(0.52, None) == "0.5/s"
    assert pace(None, None) == ""
    assert clock(3725) == "1:02:05"


@given(text=st.text())
@settings(deadline=None)
def test_clean_text_holds_no_control_character(text: str) -> None:
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 or 0xD800 <= ord(one) < 0xE000 for one in clean(text))
    assert "\n" not in clean(text)
    assert all("\x1b" not in line for line in clean_lines(text).split("\n"))
