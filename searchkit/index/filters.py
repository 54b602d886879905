"""Here is a filter; which articles of a segment does it let through?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.index.articles import microseconds
from searchkit.index.keyword import loops
from searchkit.index.keyword.tree import Filter
from searchkit.index.segment import Segment
from searchkit.types import Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_NUMERIC = "value GLOB '*[0-9]*' AND value NOT GLOB '*[^-0-9.]*'"
"""What holds of a value that is a number, and of dates and versions, whose first number then counts."""


def articles_where(segment: Segment, where: Where) -> Mask:
    """Return ``(articles,)`` bool: the living articles that meet every condition. Raises ``IndexCorrupt``."""
    mask = None if segment.deletions is None else segment.living_articles
    for rows in _conditions(segment, where):
        chosen = _marked(rows, segment.fact.articles)
        mask = chosen if mask is None else mask & chosen
    return segment.living_articles.copy() if mask is None else mask


def named_conditions(where: Where) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the conditions on fields that are given: each field's name and the values of which any may hold."""
    named = (
        ("source", where.sources),
        ("language", where.languages),
        ("tag", where.tags),
        ("author", where.authors),
        *where.fields,
    )
    return tuple((name, values) for name, values in named if values)


def articles_with_label(segment: Segment, name: str, values: tuple[str, ...]) -> list[int]:
    """Return the rows of the articles whose field ``name`` has any of the values, case aside."""
    folded = sorted({value.casefold() for value in values})
    marks = ",".join("?" * len(folded))
    return _rows(segment, f"SELECT article FROM labels WHERE name = ? AND value IN ({marks})", (name, *folded))


def articles_in_range(segment: Segment, condition: Filter) -> list[int]:
    """Return the rows of the articles whose field lies between a condition's bounds; a bound of None is open.

    Compared as numbers where a bound is a number, which values that are none never meet; else as text, case aside.
    """
    clauses, values = ["name = ?"], [condition.field]
    lower = (">=" if condition.includes_low else ">", condition.low)
    upper = ("<=" if condition.includes_high else "<", condition.high)
    for sign, bound in (lower, upper):
        if bound is not None:
            numeric = f"{_NUMERIC} AND CAST(value AS REAL) {sign} CAST(? AS REAL)"
            clauses.append(numeric if _NUMBER.fullmatch(bound) else f"value {sign} ?")
            values.append(bound.casefold())
    return _rows(segment, f"SELECT article FROM labels WHERE {' AND '.join(clauses)}", values)


def articles_for(segment: Segment, condition: Filter) -> Mask:
    """Return ``(articles,)`` bool: the living articles that meet a condition of the query language.

    Raises ``QueryError`` where a bound of ``published`` isn't a date.
    """
    if condition.field == "published":
        return articles_where(segment, _dates(condition))
    if condition.values:
        rows = articles_with_label(segment, condition.field, condition.values)
    else:
        rows = articles_in_range(segment, condition)
    mask = _marked(rows, segment.fact.articles)
    return mask if segment.deletions is None else mask & segment.living_articles


def _marked(rows: list[int] | NDArray[np.int64], count: int) -> Mask:
    """Return ``(count,)`` bool: which rows, all of them below ``count``, are among some."""
    chosen = np.zeros(count, dtype=bool)
    if loops.COMPILED is not None and isinstance(rows, np.ndarray):
        loops.COMPILED.mark(rows, chosen)
    else:
        chosen[rows] = True
    return chosen


def _dates(condition: Filter) -> Where:
    """Read a condition on the date: a period means its first instant as a lower bound, its last as an upper one."""
    from searchkit.ingest import parse_when

    now = datetime.now(UTC)
    low, high = condition.low, condition.high
    if condition.values:
        low = high = condition.values[0]
    since = None if low is None else parse_when(low, now=now, end=not condition.includes_low)
    until = None if high is None else parse_when(high, now=now, end=condition.includes_high)
    tick = timedelta(microseconds=1)
    return Where(
        since=since + tick if since is not None and not condition.includes_low else since,
        until=until - tick if until is not None and not condition.includes_high else until,
    )


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
    return frozenset(name for name in names if _any_lives(segment, "name = ?", (name,)))


def has_value(segment: Segment, name: str, value: str) -> bool:
    """Say whether a living article's field has a value, which is given in small letters. Raises ``IndexCorrupt``."""
    return _any_lives(segment, "name = ? AND value = ?", (name, value))


def _any_lives(segment: Segment, clause: str, values: Sequence[object]) -> bool:
    """Say whether a living article has a label of which a clause holds; mostly one of the first that have it lives."""
    living = segment.living_articles
    for limit in (1, 100, -1):
        found = _rows(segment, f"SELECT article FROM labels WHERE {clause} LIMIT ?", (*values, limit))
        if any(living[row] for row in found):
            return True
        if len(found) < limit:
            return False
    return False


def _conditions(segment: Segment, where: Where) -> Iterator[list[int] | NDArray[np.int64]]:
    if where.since is not None or where.until is not None:
        low = -(1 << 62) if where.since is None else microseconds(where.since)
        high = 1 << 62 if where.until is None else microseconds(where.until)
        yield segment.dates.between(low, high)
    for name, values in named_conditions(where):
        yield articles_with_label(segment, name, values)


def labels(segment: Segment, statement: str, values: Sequence[object], kinds: str) -> list[tuple[Any, ...]]:
    """Run a SELECT whose first column is an article's row, the others as ``kinds`` says. Raises ``IndexCorrupt``.

    A row that can't be would make numpy fail, or count from the end.
    """
    found = segment.articles.rows(statement, values, kinds=f"i{kinds}")
    if any(not 0 <= one[0] < segment.fact.articles for one in found):
        raise segment.articles.corrupt("a label belongs to no article")
    return found


def _rows(segment: Segment, statement: str, values: Sequence[object]) -> list[int]:
    return [row for (row,) in labels(segment, statement, values, "")]
