"""Column dates: what a file's rows together say about dates that one alone leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from searchkit.ingest.article_builder import ParsedArticle, keys_that_mean, means
from searchkit.ingest.dates import date_order, day_comes_first, has_two_readings, parse_dated
from searchkit.ingest.language_detection import detect

_DIGITS = re.compile(r"\d{5}(?:\.\d+)?|\d{16}|\d{19}", re.ASCII)
_MOST_HELD = 100_000
_MOST_HELD_CHARACTERS = 32_000_000
"""Rows, and their characters, that wait for one that tells the order of day and month."""

_EXCEL_DAYS = range(10_000, 80_000)
"""Days since 1899-12-30, as spreadsheets count them: from 1927 to 2119."""
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


HeldRow = tuple[ParsedArticle, int, str | None]
"""A row that was read: what it holds, its line, and what tells it from the others of its file."""


@dataclass(slots=True, kw_only=True)
class ColumnDates:
    """Makes instants of a file's dates that have two readings, ``03/04/2025``, and of numbers that count time.

    The first row with a day above 12 tells the order for the file. Rows whose dates may be read in two ways wait for
    it; where none comes, the language of the rows decides.
    """

    fields: Mapping[str, str]
    _orders: set[str] = field(default_factory=set)
    _held: list[HeldRow] = field(default_factory=list)
    _characters: int = 0
    _example: str = ""
    _day_first: bool | None = None
    _in_doubt: bool = False

    def take(self, row: HeldRow) -> Sequence[HeldRow]:
        """Return the rows that are ready, in their order: this one, if those before are."""
        values = row[0].values
        keys = _date_keys(values, self.fields)
        if not keys and not self._held:
            return (row,)
        row = _with_plain_numbers(row, keys)
        dates = _open_dates(values, keys)
        if not dates and not self._held:
            return (row,)
        for value in dates.values():
            self._learn(value)
        if self._day_first is not None:
            waiting, self._held = [*self._held, row], []
            return [self._settled(each) for each in waiting]
        if self._held or any(map(has_two_readings, dates.values())):
            self._held.append(row)
            self._characters += sum(len(value) for value in values.values() if isinstance(value, str))
            enough = len(self._held) >= _MOST_HELD or self._characters > _MOST_HELD_CHARACTERS
            return self.rest() if enough else ()
        return (row,)

    def rest(self) -> Sequence[HeldRow]:
        """Return the rows that still wait for one that tells the order."""
        if not self._held:
            return ()
        order = day_comes_first(_language(self._held))
        self._in_doubt = order is None
        self._day_first = bool(order)
        waiting, self._held = self._held, []
        return [self._settled(row) for row in waiting]

    def guess(self) -> str | None:
        """Say in which order dates were read; None where each told it itself."""
        is_guess = self._day_first is not None and not self._in_doubt and self._example
        return f"dates {self._order()}" if is_guess else None

    def notes(self) -> Iterator[str]:
        """Yield what is in doubt."""
        if len(self._orders) > 1 and self._example:
            kinds = "dates with the day first and with the month first"
            yield f"has {kinds}; those that may be both were read {self._order()}"
        elif self._in_doubt:
            doubt = "has no date that tells whether the day or the month is first"
            yield f"{doubt}; '{self._example}' was read {self._order()}"

    def _order(self) -> str:
        return "day first" if self._day_first else "month first"

    def _learn(self, value: str) -> None:
        if has_two_readings(value):
            self._example = self._example or value.strip()
        elif (order := date_order([value])) is not None:
            self._orders.add(order)
            if self._day_first is None:
                self._day_first = order == "day first"

    def _settled(self, row: HeldRow) -> HeldRow:
        values = row[0].values
        open_dates = _open_dates(values, _date_keys(values, self.fields))
        moments = {
            key: moment
            for key, value in open_dates.items()
            if has_two_readings(value) and (moment := parse_dated(value, day_first=self._day_first)) is not None
        }
        return _with(row, moments) if moments else row


def _open_dates(values: Mapping[str, object], keys: Sequence[str]) -> dict[str, str]:
    """Return the dates of a row that begin with a number of one or two digits, with their keys."""
    return {
        key: value
        for key in keys
        if isinstance(value := values.get(key), str)
        and ("/" in value[1:4] or "-" in value[1:4])
        and value[:1].isdigit()
    }


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
    values = row[0].values
    for key in keys:
        value = values.get(key)
        counts = isinstance(value, int | float) or (isinstance(value, str) and value[:5].isdecimal())
        if counts and (moment := _counted(value)) is not None:  # type: ignore[arg-type]
            row = _with(row, {key: moment})
    return row


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
    draft, line, part = row
    return replace(draft, values={**draft.values, **values}), line, part


def _language(rows: Sequence[HeldRow]) -> str:
    """Return the language of rows: what they declare, or else what their first texts are written in."""
    declared = next((text for row in rows if isinstance(text := means(row[0].values, "language"), str)), "")
    if declared:
        return declared.strip()
    texts = (means(row[0].values, name) for row in rows[:50] for name in ("title", "text"))
    return detect("", "\n".join(text[:500] for text in texts if isinstance(text, str))) or ""
