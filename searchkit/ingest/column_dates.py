"""Column dates: what a file's rows together say about dates that one alone leaves open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from searchkit.ingest.article_builder import ParsedArticle, keys_that_mean, means
from searchkit.ingest.language_detection import detect

_NUMERIC = re.compile(r"\s*(\d{1,2})\s?([/-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)(.*)", re.ASCII | re.DOTALL)
"""Dates in which day or month may come first. Between dots the day does."""

_DIGITS = re.compile(r"\d{5}(?:\.\d+)?|\d{16}|\d{19}", re.ASCII)
_LONGEST = 60
"""Characters of a text that may be such a date."""

_MOST_HELD = 100_000
_MOST_HELD_CHARACTERS = 32_000_000
"""Rows, and their characters, that wait for one that tells the order of day and month."""

_MONTH_FIRST = frozenset({"en", "en-us", "en-ph", "en-ca", ""})
"""Languages in which the month may come first. A British, Indian or Australian newspaper says so by its code."""

_FIRST_2_DIGIT_YEAR = 69
"""Of 1900; 68 and before are of 2000, as POSIX reads them."""

_EXCEL_DAYS = range(10_000, 80_000)
"""Days since 1899-12-30, as spreadsheets count them: from 1927 to 2119."""
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A row that was read: what it holds, its line, and what tells it from the others of its file."""

    draft: ParsedArticle
    line: int | None
    part: str | None


@dataclass(slots=True, kw_only=True)
class ColumnDates:
    """Makes dates of a file's columns plain, in ISO's form where the order of day and month isn't.

    The first row with a day above 12 tells the order for the file. Rows whose dates may be read in two ways wait for
    it; where none comes, the language of the rows decides.
    """

    fields: Mapping[str, str]
    _votes: Counter[bool] = field(default_factory=Counter)
    _held: list[HeldRow] = field(default_factory=list)
    _characters: int = 0
    _example: str = ""
    _day_first: bool | None = None
    _guessed: bool = False

    def take(self, row: HeldRow) -> Sequence[HeldRow]:
        """Return the rows that are ready, in their order: this one, if those before are."""
        keys = _date_keys(row.draft.values, self.fields)
        if keys:
            row = _with_plain_numbers(row, keys)
        matches = list(_numeric(row.draft.values, keys))
        for _, match in matches:
            self._vote(match)
        if self._day_first is not None:
            waiting = [*self._held, row]
            self._held = []
            return [self._settled(each) for each in waiting]
        if self._held or any(_is_open(match) for _, match in matches):
            self._held.append(row)
            self._characters += sum(len(value) for value in row.draft.values.values() if isinstance(value, str))
            enough = len(self._held) >= _MOST_HELD or self._characters > _MOST_HELD_CHARACTERS
            return self.rest() if enough else ()
        return (row,)

    def rest(self) -> Sequence[HeldRow]:
        """Return the rows that still wait for one that tells the order."""
        if not self._held:
            return ()
        self._day_first = _language(self._held) not in _MONTH_FIRST
        self._guessed = True
        waiting, self._held = self._held, []
        return [self._settled(row) for row in waiting]

    def guess(self) -> str | None:
        """Say in which order dates were read; None where each told it itself."""
        told = self._day_first is not None and not self._guessed and self._example
        return f"dates {_order(self._day_first)}" if told else None

    def notes(self) -> Iterator[str]:
        """Yield what is in doubt."""
        if self._votes[True] and self._votes[False] and self._example:
            order = _order(self._day_first)
            yield f"has dates with the day first and with the month first; those that may be both were read {order}"
        elif self._guessed:
            order = _order(self._day_first)
            yield f"has no date that tells whether the day or the month is first; '{self._example}' was read {order}"

    def _vote(self, match: re.Match[str]) -> None:
        first, second = int(match[1]), int(match[3])
        if _is_open(match):
            self._example = self._example or "".join(match.group(1, 2, 3, 2, 4))
        elif max(first, second) > 12 >= min(first, second):
            self._votes[first > 12] += 1
            if self._day_first is None:
                self._day_first = first > 12

    def _settled(self, row: HeldRow) -> HeldRow:
        values = row.draft.values
        matches = _numeric(values, _date_keys(values, self.fields))
        plain = {key: iso for key, match in matches if (iso := self._iso(match))}
        return _with(row, plain) if plain else row

    def _iso(self, match: re.Match[str]) -> str | None:
        if not _is_open(match):
            return None
        day, month = (match[1], match[3]) if self._day_first else (match[3], match[1])
        year = int(match[4])
        if len(match[4]) == 2:
            year += 1900 if year >= _FIRST_2_DIGIT_YEAR else 2000
        return f"{year:04}-{int(month):02}-{int(day):02}{match[5]}"


def _numeric(values: Mapping[str, object], keys: Sequence[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield the dates of a row in which day or month may come first, with their keys."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and len(value) <= _LONGEST and (match := _NUMERIC.fullmatch(value)):
            yield key, match


def _is_open(match: re.Match[str]) -> bool:
    """Say whether a date has two readings."""
    first, second = int(match[1]), int(match[3])
    return first != second and 0 < first <= 12 and 0 < second <= 12


def _order(day_first: bool | None) -> str:
    return "day first" if day_first else "month first"


def _date_keys(values: Mapping[str, object], fields: Mapping[str, str]) -> tuple[str, ...]:
    if not fields:
        return _keys_of_dates(tuple(values), ("published", "updated"))
    names = tuple(name for name in ("published", "updated") if name not in fields)
    mapped = (fields[name] for name in ("published", "updated") if name in fields)
    return (*_keys_of_dates(tuple(values), names), *(path for path in mapped if path in values))


@lru_cache(maxsize=1024)
def _keys_of_dates(keys: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for name in names for key in keys_that_mean(keys, name))


def _with_plain_numbers(row: HeldRow, keys: Sequence[str]) -> HeldRow:
    values = row.draft.values
    plain = {
        key: moment
        for key in keys
        if isinstance(value := values.get(key), int | float | str) and (moment := _counted(value)) is not None
    }
    return _with(row, plain) if plain else row


def _counted(value: float | str) -> str | None:
    """Return the instant that a spreadsheet or a database counts in days or in millionths of a second."""
    if isinstance(value, bool) or not _DIGITS.fullmatch(text := str(value).strip()):
        return None
    try:
        if len(text.partition(".")[0]) > 5:
            seconds, fraction = divmod(int(text[:16]), 10**6)
            return (datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=fraction)).isoformat()
        days = float(text)
        moment = _EXCEL_EPOCH + timedelta(seconds=round(days * 86_400))
        return moment.isoformat()[: 10 if days.is_integer() else 19] if int(days) in _EXCEL_DAYS else None
    except (ValueError, OverflowError):
        return None


def _with(row: HeldRow, values: Mapping[str, object]) -> HeldRow:
    return replace(row, draft=replace(row.draft, values={**row.draft.values, **values}))


def _language(rows: Sequence[HeldRow]) -> str:
    """Return the language of rows: what they declare, or else what their first texts are written in."""
    declared = next((text for row in rows if isinstance(text := means(row.draft.values, "language"), str)), "")
    if declared:
        return declared.strip().casefold().replace("_", "-")
    texts = (means(row.draft.values, name) for row in rows[:50] for name in ("title", "text"))
    return detect("", "\n".join(text[:500] for text in texts if isinstance(text, str))) or ""
