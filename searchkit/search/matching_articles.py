"""Matching articles: which articles of an index in a folder match a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.generation import Generation

    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]


def matching_articles(generation: Generation, rows: Mask | None) -> Rows:
    """Return the numbers of the articles that have any of some rows, ascending; None: of all that live."""
    rows = generation.living if rows is None else rows
    if rows is None:
        return np.arange(generation.article_count)
    if generation.rows_are_articles:
        return np.flatnonzero(rows)
    articles: Rows = generation.article_of_row[rows]
    first = np.diff(articles, prepend=-1) != 0
    return np.asarray(articles[first])
