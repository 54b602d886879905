"""Answer: all that a query gives, and the forms that programs take it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from searchkit.types import FacetCount, Query, QueryReading, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a query gives: the results, and what the user should know about them.

    Attributes:
        query: The query that was asked.
        results: The results, best first; ``Query.k`` at most.
        notes: What the user must be told: words that were ignored, vectors that are missing, a value that no article
            has.
        suggestions: Other spellings of the query, from the index's own words. There are some where a word of it is
            unknown or nothing was found.
        facets: The counts by the names in ``Query.facets``, most frequent first.
        took_s: How long it took, in seconds.
        reading: What the query was read as, and why.
        nearest: The best result, where none reached ``Query.min_confidence``; None otherwise.
        total: How many articles match, exactly, on all pages together. By keyword and hybrid those that hold a word
            asked for, meet the expression and pass the filters; hybrid has those that are near in meaning alone behind
            them or among them, so that its pages may go on beyond it. By vector, where each article is more or less
            near, those that pass the filters. ``Query.min_confidence`` takes none off.
        total_of: What ``total`` counts, in words.
        generation: The number of the generation that answered.
        next_cursor: What ``cursor=`` takes for the next page; None where this is the last.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("rardar")
        >>> answer.suggestions
        ('radar',)
        >>> page = searcher.search("Venezuela", k=1, mode="keyword")
        >>> page.total, page.total_of
        (2, 'articles that match the query and pass the filters')
        >>> searcher.search("Venezuela", k=1, mode="keyword", cursor=page.next_cursor).results[0].rank
        2
    """

    query: Query
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    took_s: float = 0.0
    reading: QueryReading = field(default_factory=QueryReading)
    nearest: Result | None = None
    total: int = 0
    total_of: str = ""
    generation: int = 0
    next_cursor: str | None = None
