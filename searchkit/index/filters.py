"""Filters: the articles of a segment that a filter lets through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.index.articles_db import folded_piece, label_key, microseconds, microseconds_of_day
from searchkit.index.declared_dates import day_limits, is_read, meets
from searchkit.index.segment_reader import Segment
from searchkit.storage import native
from searchkit.types import Bound, Filter, FilterExpression, SpanBound, ValuePattern, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.int64]


_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?|[+-]?\d+(?:_\d+)+(?:\.\d*)?", re.ASCII)
"""A number with commas or lower lines between its digits."""

_NUMERIC = (
    "(value GLOB '*[0-9]*' AND value NOT GLOB '*[^-0-9.]*'"
    " OR value GLOB '*[0-9.]e[-+0-9]*' AND value NOT GLOB '*[^-+0-9.e]*' AND value NOT GLOB '*e*e*')"
)
"""What holds of a value that is a number, and of dates and versions, whose first number then counts."""

_AT_ONCE = 500
"""Values that are looked up in one statement: SQLite takes at least 999."""

_BATCHES = 20
"""In so many parts a field's values are looked through, so that one value of many articles doesn't hide the others."""

_LOOKED_AT = 1_000
"""Values of a segment's field that are looked at to see whether it holds numbers."""

_SIGNS = str.maketrans({"−": "-", "٫": ".", "٬": ","})
"""What numbers are written with beside digits, where Unicode has signs of their own for it."""

_EARLIEST, _LATEST = -(1 << 62), 1 << 62
_LAST_CHARACTER = "\U0010ffff"


def articles_where(segment: Segment, where: Where) -> Mask:
    """Return ``(articles,)`` bool: the living articles that meet every condition. Raises ``IndexCorrupt``."""
    mask = None if segment.deletions is None else segment.living_articles
    for condition in where.filters():
        chosen = _meeting(segment, condition)
        mask = chosen if mask is None else mask & chosen
    if where.expression is not None:
        chosen = _satisfying(segment, where.expression)
        mask = chosen if mask is None else mask & chosen
    return segment.living_articles.copy() if mask is None else mask


def _satisfying(segment: Segment, expression: FilterExpression) -> Mask:
    """Return ``(articles,)`` bool: the articles, deleted ones included, of which an expression is true."""
    if expression.condition is not None:
        return _meeting(segment, expression.condition)
    if expression.operator == "not":
        return ~_satisfying(segment, expression.operands[0])
    joined = np.full(segment.fact.articles, expression.operator == "and")
    for operand in expression.operands:
        mask = _satisfying(segment, operand)
        joined = joined & mask if expression.operator == "and" else joined | mask
    return joined


def articles_for(segment: Segment, condition: Filter) -> Mask:
    """Return ``(articles,)`` bool: the living articles that meet a condition. Raises ``IndexCorrupt``.

    The bounds of ``published``, and of fields that are declared as dates, must be dates or instants.
    """
    mask = _meeting(segment, condition)
    return mask if segment.deletions is None else mask & segment.living_articles


def _meeting(segment: Segment, condition: Filter) -> Mask:
    """Return ``(articles,)`` bool: the articles, deleted ones included, that meet a condition."""
    mask: Mask | None = None
    for rows in _rows_for(segment, condition):
        chosen = _marked(rows, segment.fact.articles)
        mask = chosen if mask is None else mask & chosen
    return np.ones(segment.fact.articles, dtype=bool) if mask is None else mask


def _rows_for(segment: Segment, condition: Filter) -> Iterator[list[int] | Numbers]:
    """Yield sets of rows, all of which an article must be in."""
    if condition.values is not None:
        yield articles_with_label(segment, condition.field, condition.values)
    elif condition.field == "published":
        yield from _published(segment, condition)
    elif is_read(condition):
        yield _of_date(segment, condition)
    else:
        yield articles_in_range(segment, condition)


def _of_date(segment: Segment, condition: Filter) -> list[int]:
    """Return the rows of the articles of which a field has a date in a range: one may come twice."""
    statement = "SELECT article, value FROM labels WHERE name = ? AND value BETWEEN ? AND ?"
    dates: dict[str, list[int]] = {}
    for article, value in labels(segment, statement, (condition.field, *day_limits(condition)), "t"):
        dates.setdefault(value, []).append(article)
    return [row for value, rows in dates.items() if meets(value, condition) for row in rows]


def _published(segment: Segment, condition: Filter) -> Iterator[Numbers]:
    """Yield the rows of the articles in a range of dates; in several sets where the bounds aren't of one kind."""
    if isinstance(condition.low, SpanBound) or isinstance(condition.high, SpanBound):
        yield from _in_span(segment, condition)
        return
    low, high = _at(condition.low), _at(condition.high)
    first = None if low is None else low[0] if condition.includes_low else low[1] + 1
    last = None if high is None else high[1] if condition.includes_high else high[0] - 1
    clocks = {bound[2] for bound in (low, high) if bound is not None} or {False}
    for own in sorted(clocks):
        yield segment.dates.between(
            _EARLIEST if first is None or low is None or low[2] != own else first,
            _LATEST if last is None or high is None or high[2] != own else last,
            by_own_clock=own,
        )


def _in_span(segment: Segment, condition: Filter) -> Iterator[Numbers]:
    """Yield the rows of the articles on the right side of each bound, of which one is that of a span."""
    for side in (replace(condition, high=None), replace(condition, low=None)):
        bound = side.high if side.low is None else side.low
        if isinstance(bound, SpanBound):
            timed, dayed = (
                np.concatenate([*_published(segment, at)])
                for at in (
                    (replace(side, high=bound.instant), replace(side, high=bound.day))
                    if side.low is None
                    else (replace(side, low=bound.instant), replace(side, low=bound.day))
                )
            )
            only = segment.dates.of_a_day
            yield np.concatenate([timed[~only[timed]], dayed[only[dayed]]])
        elif bound is not None:
            yield from _published(segment, side)


def _at(bound: str | Bound | None) -> tuple[int, int, bool] | None:
    """Return the first and the last microsecond of a bound, and whether they are those of an article's own clock."""
    if bound is None:
        return None
    if isinstance(bound, SpanBound):
        bound = bound.instant
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return instant, instant, False
    if isinstance(bound, date):
        first = microseconds_of_day(bound)
        return first, first + 86_400_000_000 - 1, True
    raise ValueError(f"the bound {bound!r} of a date is still to be read")


def articles_with_label(segment: Segment, name: str, values: Iterable[str | ValuePattern]) -> list[int]:
    """Return the rows of the articles whose field ``name`` has any of the values: one may come twice."""
    keys: set[str] = set()
    rows: list[int] = []
    for value in values:
        if isinstance(value, ValuePattern):
            rows += _fitting(segment, name, value)
        else:
            keys |= _keys(segment, name, value)
    ordered = sorted(keys)
    for first in range(0, len(ordered), _AT_ONCE):
        some = ordered[first : first + _AT_ONCE]
        marks = ",".join("?" * len(some))
        rows += _rows(segment, f"SELECT article FROM labels WHERE name = ? AND value IN ({marks})", (name, *some))
    return rows


def _keys(segment: Segment, name: str, value: str) -> set[str]:
    """Return what may stand in ``value`` of a label for a value; older files have it casefolded alone."""
    if not segment.articles.is_of_first_form:
        return {label_key(name, value)}
    return {label_key(name, value), value.casefold(), value.casefold().strip()}


def _fitting(segment: Segment, name: str, pattern: ValuePattern) -> list[int]:
    """Return the rows of the articles with a value that fits a pattern."""
    forms = {tuple(folded_piece(piece) for piece in pattern.text.split("*"))}
    if segment.articles.is_of_first_form:
        forms.add(tuple(pattern.text.casefold().split("*")))
    rows: list[int] = []
    for pieces in sorted(forms):
        clauses, values = ["name = ?"], [name]
        if pieces[0]:
            clauses.append("value >= ? AND value < ?")
            values += [pieces[0], pieces[0] + _LAST_CHARACTER]
        clauses.append("value LIKE ? ESCAPE '\\'")
        values.append("%".join("".join(f"\\{sign}" if sign in "\\%_" else sign for sign in each) for each in pieces))
        rows += _rows(segment, f"SELECT article FROM labels WHERE {' AND '.join(clauses)}", values)
    return rows


def as_number(text: str) -> str | None:
    """Return a number as SQLite reads it, out of digits of any script, grouped or not; None for what is no number."""
    plain = text.strip()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain).translate(_SIGNS)
        plain = "".join(letter if letter.isascii() else str(unicodedata.decimal(letter, letter)) for letter in plain)
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "").replace("_", "")
    return plain if _NUMBER.fullmatch(plain) else None


_LIKE_NUMBER = re.compile(r"(?=.*[0-9])[-0-9.]+|(?=.*[0-9.]e[-+0-9])(?!.*e.*e)[-+0-9.e]+", re.ASCII | re.DOTALL)
_BEGINS = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?", re.ASCII)


def number_of(key: str) -> float | None:
    """Return the number by which a value's key compares, as ``_NUMERIC`` and CAST have it; None where it is text."""
    if not _LIKE_NUMBER.fullmatch(key):
        return None
    begins = _BEGINS.match(key)
    return float(begins[0]) if begins else 0.0


def holds_numbers(segments: Iterable[tuple[Segment, Mask]], name: str) -> bool:
    """Say whether most of a field's values are numbers, as far as some articles of each segment have it."""
    numbers = others = 0
    for segment, mask in segments:
        for value in values_among(segment, name, mask, _LOOKED_AT):
            if as_number(value) is None:
                others += 1
            else:
                numbers += 1
    return numbers > others


def articles_in_range(segment: Segment, condition: Filter) -> list[int]:
    """Return the rows of the articles whose field lies between a condition's bounds; a bound of None is open.

    Compared as numbers where a bound is a number, which values that are none never meet; else as text, by its key.
    """
    clauses, values = ["name = ?"], [condition.field]
    lower = (">=" if condition.includes_low else ">", condition.low)
    upper = ("<=" if condition.includes_high else "<", condition.high)
    for sign, bound in (lower, upper):
        if bound is not None:
            text = str(bound).strip()
            number = as_number(text)
            clauses.append(
                f"{_NUMERIC} AND CAST(value AS REAL) {sign} CAST(? AS REAL)" if number else f"value {sign} ?"
            )
            values.append(number or label_key(condition.field, text))
    return _rows(segment, f"SELECT article FROM labels WHERE {' AND '.join(clauses)}", values)


def is_empty_range(condition: Filter) -> bool:
    """Say whether a range ends before it begins, as far as its bounds can be compared."""
    low, high = condition.low, condition.high
    if condition.values is not None or low is None or high is None:
        return False
    if isinstance(low, str) and isinstance(high, str):
        first_number, last_number = as_number(low), as_number(high)
        if first_number and last_number:
            return float(first_number) > float(last_number)
        return label_key(condition.field, low) > label_key(condition.field, high)
    first, last = _at(low), _at(high)
    return first is not None and last is not None and first[2] == last[2] and first[0] > last[1]


def _marked(rows: list[int] | Numbers, count: int) -> Mask:
    """Return ``(count,)`` bool: which rows, all of them below ``count``, are among some."""
    chosen = np.zeros(count, dtype=bool)
    if native.COMPILED is not None and isinstance(rows, np.ndarray):
        native.COMPILED.mark(rows, chosen)
    else:
        chosen[rows] = True
    return chosen


def field_names(segment: Segment) -> frozenset[str]:
    """Name the fields that the segment's living articles can be filtered by."""
    # A loose scan: from each name jump to the next, so that the cost is that of the names, not of the articles.
    statement = """
        WITH RECURSIVE names(name) AS (
          SELECT min(name) FROM labels
          UNION ALL SELECT (SELECT min(name) FROM labels WHERE name > names.name) FROM names WHERE name IS NOT NULL)
        SELECT name FROM names WHERE name IS NOT NULL"""
    names = frozenset(str(name) for (name,) in segment.articles.rows(statement, kinds="t"))
    if segment.deletions is None:
        return names
    return frozenset(name for name in names if has_field(segment, name, segment.living_articles))


def has_field(segment: Segment, name: str, among: Mask) -> bool:
    """Say whether any of some articles, ``(articles,)``, has a field. Raises ``IndexCorrupt``."""
    return _any_of(segment, among, "name = ?", (name,))


def has_value(segment: Segment, name: str, value: str | ValuePattern, among: Mask) -> bool:
    """Say whether any of some articles, ``(articles,)``, has a value in a field. Raises ``IndexCorrupt``."""
    if isinstance(value, ValuePattern):
        return any(among[row] for row in _fitting(segment, name, value))
    return any(
        _any_of(segment, among, "name = ? AND value = ?", (name, key)) for key in sorted(_keys(segment, name, value))
    )


def _any_of(segment: Segment, among: Mask, clause: str, values: Sequence[object]) -> bool:
    """Say whether any of some articles has a label; mostly one of the first that have it is among them."""
    for limit in (1, 100, -1):
        rows = _rows(segment, f"SELECT article FROM labels WHERE {clause} LIMIT ?", (*values, limit))
        if any(among[row] for row in rows):
            return True
        if len(rows) < limit:
            return False
    return False


def values_among(segment: Segment, name: str, among: Mask, limit: int) -> Iterator[str]:
    """Yield values of a field as some articles, ``(articles,)``, spell them: of about the first ``limit`` labels."""
    last = ""
    statement = "SELECT article, value, shown FROM labels WHERE name = ? AND value > ? ORDER BY value LIMIT ?"
    for _ in range(_BATCHES):
        batch = labels(segment, statement, (name, last, limit // _BATCHES), "tt")
        yield from (shown for article, _value, shown in batch if among[article])
        if not batch:
            return
        last = batch[-1][1]  # on with the next value, whoever else has this one


def labels(segment: Segment, statement: str, values: Sequence[object], kinds: str) -> list[tuple[Any, ...]]:
    """Run a SELECT whose first column is an article's row, the others as ``kinds`` says. Raises ``IndexCorrupt``.

    A row that can't be would make numpy fail, or count from the end.
    """
    rows = segment.articles.rows(statement, values, kinds=f"i{kinds}")
    if any(not 0 <= row[0] < segment.fact.articles for row in rows):
        raise segment.articles.corrupt("a label belongs to no article")
    return rows


def _rows(segment: Segment, statement: str, values: Sequence[object]) -> list[int]:
    return [row for (row,) in labels(segment, statement, values, "")]
