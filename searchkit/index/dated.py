"""Here is a span of time; which articles of a segment appeared in it, by instant or by the day that each names?"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.articles import ArticlesReader

    Numbers = NDArray[np.int64]

_DAY_S = 86_400


class Dates:
    """The dates of a segment's articles. Holds a cache alone, so any number of threads may share one.

    A command that asks once reads no more than it needs; a program that asks again gets every date in memory, sorted.
    """

    def __init__(self, articles: ArticlesReader, count: int) -> None:
        self._articles, self._count = articles, count
        self._asked = False
        self._offsets: tuple[Numbers, Numbers] | None = None
        self._by_instant: tuple[Numbers, Numbers] | None = None
        self._by_clock: tuple[Numbers, Numbers] | None = None

    def between(self, low: int, high: int, *, by_own_clock: bool = False) -> Numbers:
        """Return the rows of the articles published from ``low`` to ``high``, microseconds since 1970, both included.

        The microseconds are those of UTC, or with ``by_own_clock`` those that the clock showed by which an article says
        when it was published. Raises ``IndexCorrupt`` where a date belongs to no article, or a clock is no clock.
        """
        if by_own_clock and len(self._own_clocks()[0]):
            published, rows = self._own_times()
        elif not self._asked:
            self._asked = True
            return self._read("WHERE published BETWEEN ? AND ?", (low, high))[1]
        else:
            if self._by_instant is None:
                self._by_instant = self._read("", ())
            published, rows = self._by_instant
        first, last = np.searchsorted(published, low), np.searchsorted(published, high, side="right")
        return rows[first:last]

    @cached_property
    def of_a_day(self) -> NDArray[np.bool_]:
        """``(articles,)``: which articles name a day and no time, as far as can be told: midnight of UTC is one."""
        chosen = np.zeros(self._count, dtype=bool)
        published, rows = self._read("", ())
        chosen[rows[published % (_DAY_S * 1_000_000) == 0]] = True
        chosen[self._own_clocks()[0]] = False
        return chosen

    def _own_times(self) -> tuple[Numbers, Numbers]:
        """Return what each article's own clock showed, ascending, and the articles' rows."""
        if self._by_clock is None:
            published, rows = self._read("", ())
            ahead = np.zeros(self._count, np.int64)
            owners, seconds = self._own_clocks()
            ahead[owners] = seconds * 1_000_000
            shown = published + ahead[rows]
            order = np.argsort(shown, kind="stable")
            self._by_clock = (shown[order], rows[order])
        return self._by_clock

    def _own_clocks(self) -> tuple[Numbers, Numbers]:
        """Return the rows of the articles whose clock isn't UTC's, and by how many seconds each is ahead of it."""
        if self._offsets is None:
            owners, seconds = self._columns(self._articles.offsets())
            if len(seconds) and not -_DAY_S < int(seconds.min()) <= int(seconds.max()) < _DAY_S:
                raise self._articles.corrupt("a clock is a day or more from UTC")
            self._offsets = (owners, seconds)
            self._checked(owners)
        return self._offsets

    def _read(self, where: str, values: tuple[int, ...]) -> tuple[Numbers, Numbers]:
        statement = f"SELECT published, article FROM dates {where} ORDER BY published"
        published, rows = self._columns(self._articles.rows(statement, values, kinds="ii"))
        self._checked(rows)
        return published, rows

    def _columns(self, found: list[tuple[int, int]]) -> tuple[Numbers, Numbers]:
        first, second = np.ascontiguousarray(np.array(found, np.int64).reshape(-1, 2).T)
        return first, second

    def _checked(self, rows: Numbers) -> None:
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self._count:
            raise self._articles.corrupt("a date belongs to no article")
