"""Matching: which articles of an index match a query, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.generation import Generation
    from searchkit.search.retrieval import Candidates

    Rows = NDArray[np.int64]


def matching_articles(generation: Generation, candidates: Candidates) -> Rows:
    """Return the numbers of the articles that match, ascending."""
    rows = candidates.matching if candidates.matching is not None else generation.living
    if rows is None:
        return np.arange(generation.article_count)
    if generation.rows_are_articles:
        return np.flatnonzero(rows)
    articles: Rows = generation.article_of_row[rows]
    first = np.diff(articles, prepend=-1) != 0
    return np.asarray(articles[first])


def count_matching(generation: Generation, candidates: Candidates) -> int:
    """Count the articles that match, exactly."""
    if candidates.legs.keyword is not None:
        return candidates.legs.keyword.count_articles(generation.article_of_row)
    if candidates.mask is None:
        return generation.manifest.articles
    return len(matching_articles(generation, candidates))
