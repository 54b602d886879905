"""Here is a span of time; which articles of a segment appeared in it? SQL says the first time, then memory does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.articles import ArticlesReader

    Numbers = NDArray[np.int64]


class Dates:
    """The dates of a segment's articles. Holds a cache alone, so any number of threads may share one.

    A command that asks once reads no more than it needs; a program that asks again gets every date in memory, sorted.
    """

    def __init__(self, articles: ArticlesReader, count: int) -> None:
        self._articles, self._count = articles, count
        self._asked = False
        self._sorted: tuple[Numbers, Numbers] | None = None

    def between(self, low: int, high: int) -> Numbers:
        """Return the rows of the articles published from ``low`` to ``high``, microseconds since 1970, both included.

        Raises ``IndexCorrupt`` where a date belongs to no article.
        """
        if not self._asked:
            self._asked = True
            return self._read("WHERE published BETWEEN ? AND ?", (low, high))[1]
        if self._sorted is None:
            self._sorted = self._read("", ())
        published, rows = self._sorted
        first, last = np.searchsorted(published, low), np.searchsorted(published, high, side="right")
        return rows[first:last]

    def _read(self, where: str, values: tuple[int, ...]) -> tuple[Numbers, Numbers]:
        statement = f"SELECT published, article FROM dates {where} ORDER BY published"
        found = np.array(self._articles.rows(statement, values, kinds="ii"), np.int64).reshape(-1, 2)
        published, rows = np.ascontiguousarray(found.T)
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self._count:
            raise self._articles.corrupt("a date belongs to no article")
        return published, rows
