"""Date spelling: digits, clocks, eras and zones of other scripts, as the dates are written that ``dates.py`` reads."""

from __future__ import annotations

import re
import unicodedata

_DIGIT = re.compile(r"[^\x00-\x7f]")

_MORNING = "午前|上午|凌晨|早上|清晨|오전|새벽"
_EVENING = "午後|下午|晚上|傍晚|中午|오후|저녁"
_CLOCK = re.compile(
    rf"(?:(?P<morning>{_MORNING})|(?P<evening>{_EVENING}))?\s*"
    r"(?<!\d)(?P<hour>\d{1,2})\s?(?:[時时点點시]|(?P<colon>:))\s?"
    r"(?:(?P<minute>\d{1,2})\s?(?:[分분]|(?=:)|(?!\d))(?:\s?(?P<second>\d{1,2})\s?[秒초]|:(?P<exact>\d{2}))?|(?P<half>半))?"
)
_ERA = re.compile(r"(?P<era>令和|平成|昭和)\s?(?P<year>\d{1,2}|元)\s?年")
_ERA_BEGAN = {"令和": 2019, "平成": 1989, "昭和": 1926}
_THAI = re.compile("[\u0e00-\u0e7f]")
_BUDDHIST_YEAR = re.compile(r"(?<!\d)2[45]\d\d(?!\d)")
_AHEAD_OF_CHRISTIAN = 543
"""Years that the Thai calendar counts more."""

_MOSCOW = re.compile(r"\bмск\b", re.IGNORECASE)


def plain_spelling(text: str) -> str:
    """Return a date with ASCII digits, a 24-hour clock for 午後6時5分 or 오후 6:05, and years of the Christian era."""
    if text.isascii():
        return text
    text = _DIGIT.sub(_ascii_digit, text)
    text = _ERA.sub(_christian, text)
    if _THAI.search(text):
        text = _BUDDHIST_YEAR.sub(lambda match: str(int(match[0]) - _AHEAD_OF_CHRISTIAN), text)
    return _MOSCOW.sub("MSK", _CLOCK.sub(_on_24_hours, text))


def _ascii_digit(match: re.Match[str]) -> str:
    value = unicodedata.decimal(match[0], None)
    return match[0] if value is None else str(value)


def _christian(match: re.Match[str]) -> str:
    year = 1 if match["year"] == "元" else int(match["year"])
    return f"{_ERA_BEGAN[match['era']] + year - 1}年"


def _on_24_hours(match: re.Match[str]) -> str:
    """Return a clock time in digits and colons; one that is written so already, and names no half, as it is."""
    half = match["morning"] or match["evening"]
    if match["colon"] and (not half or not match["minute"]):
        return match[0]
    hour = int(match["hour"])
    if half and hour <= 12:
        hour = hour % 12 + (12 if match["evening"] else 0)
    minute = 30 if match["half"] else int(match["minute"] or 0)
    second = match["second"] or match["exact"]
    return f" {hour:02}:{minute:02}{f':{int(second):02}' if second else ''}"
