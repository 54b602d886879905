"""Here is a query; what does each leg say? Reads the words, applies the filters, and puts both legs side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from searchkit.config import SearchConfig
from searchkit.index.filters import articles_for
from searchkit.index.keyword.analysis import Analyzer
from searchkit.index.keyword.evaluate import Scores, evaluate
from searchkit.index.keyword.spelling import suggest
from searchkit.index.keyword.statistics import KeywordSegments, SegmentPostings
from searchkit.index.keyword.stopwords import telling_words
from searchkit.index.keyword.syntax import Parsed, parse
from searchkit.index.keyword.tree import Filter
from searchkit.index.reader import Generation
from searchkit.search.asking import check_query
from searchkit.search.fusion import Scale, hybrid, keyword_alone, vector_alone
from searchkit.search.ranking import Legs
from searchkit.types import Mode, Query

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.types import Vector

    Mask = NDArray[np.bool_]

FIELDS_EVERYWHERE = frozenset({"source", "language", "tag", "author", "published", "year"})
"""Fields that every query may filter by, whether or not an article has them."""


class Reading:
    """A generation as searches see it: its keyword leg is put together when it is first asked."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.analyzer = Analyzer()

    @cached_property
    def keyword(self) -> KeywordSegments:
        """The postings of all segments, with the statistics of what lives."""
        return KeywordSegments(
            [
                SegmentPostings(
                    postings=segment.postings,
                    deleted=segment.deletions.rows if segment.deletions else None,
                    delta=segment.deletions.counts if segment.deletions else None,
                    article_of_row=segment.article_of_row,
                )
                for segment in self.generation.segments
            ]
        )

    def parse(self, query: Query) -> Parsed:
        """Read the query language."""
        languages = query.where.languages or self.generation.languages
        return parse(
            query.text,
            analyzer=self.analyzer,
            languages=languages,
            filter_fields=FIELDS_EVERYWHERE | self.generation.field_names,
        )

    def resolve(self, condition: Filter) -> Mask:
        """Return ``(rows,)``: the living rows of the articles that meet a condition of the query language."""
        return self.generation.spread([articles_for(segment, condition) for segment in self.generation.segments])

    def suggestions(self, looked: Looked) -> tuple[str, ...]:
        """Return other spellings of the query, from the index's own words."""
        return suggest(self.keyword, looked.parsed.words, looked.query.text) if looked.parsed else ()


Encode = Callable[[Reading, str], "Vector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A query, and what the legs say to it."""

    query: Query
    parsed: Parsed | None
    legs: Legs
    terms: frozenset[str]
    """The terms to highlight."""
    matching: Mask | None
    """``(rows,)``: the rows that match, for facets; None for all that live. In hybrid mode those with a word asked
    for."""
    unknown: tuple[str, ...]
    """Words of the query that stand in no article."""
    notes: tuple[str, ...]


def look(reading: Reading, query: Query, config: SearchConfig, encode: Encode) -> Looked:
    """Ask the legs that a query's mode names. Raises ``QueryError``, and what ``encode`` and the index raise."""
    check_query(query)
    mask = reading.generation.rows_where(query.where)
    if query.mode is Mode.VECTOR:
        return _by_vector(reading, query, mask, encode)
    parsed = reading.parse(query)
    found = evaluate(reading.keyword, parsed.tree, mask=mask, resolve=reading.resolve)
    unknown = _unknown(reading, parsed)
    notes = (*parsed.notes, *found.notes)
    vector, scale, allowed = None, keyword_alone(), mask
    if query.mode is Mode.HYBRID and parsed.text.strip():
        vector = encode(reading, parsed.text)
        scale = hybrid(found.idf_sum, config.vector_weight)
        # An expression says what an article must hold, and the vector leg obeys it; plain words only say what is
        # wanted.
        allowed = mask if parsed.plain else found.allowed
    return Looked(
        query=query,
        parsed=parsed,
        legs=_legs(reading, scale, found, vector, allowed),
        terms=found.terms,
        matching=found.matched,
        unknown=unknown,
        notes=notes,
    )


def _by_vector(reading: Reading, query: Query, mask: Mask | None, encode: Encode) -> Looked:
    vector = encode(reading, query.text)
    languages = query.where.languages or reading.generation.languages
    words = telling_words(reading.analyzer.query_terms(query.text, languages), languages)
    return Looked(
        query=query,
        parsed=None,
        legs=_legs(reading, vector_alone(), None, vector, mask),
        terms=frozenset(term for word in words for unit in word.units for term in unit.terms),
        matching=mask,
        unknown=(),
        notes=(),
    )


def _legs(reading: Reading, scale: Scale, found: Scores | None, vector: Vector | None, allowed: Mask | None) -> Legs:
    return Legs(
        generation=reading.generation,
        scale=scale,
        keyword=found.scores if found else None,
        matched=found.matched if found else None,
        vector=vector,
        allowed=allowed,
    )


def _unknown(reading: Reading, parsed: Parsed) -> tuple[str, ...]:
    """Name the words of a query none of whose forms stands in a living article."""
    absent = [
        word.surface
        for word in parsed.words
        if not any(reading.keyword.df("text", term) for unit in word.units for term in unit.terms)
    ]
    return tuple(dict.fromkeys(absent))
