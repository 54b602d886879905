"""Candidates: what the retrievers say to one query, and what a search asks of an engine for them.

``retrieval.py`` answers it for an index in a folder, ``cluster_search.py`` for one on a cluster. What both share is
here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from searchkit.config import SearchConfig
from searchkit.errors import BackendError, MissingExtra, VectorsMissing
from searchkit.index.articles_db import label_key
from searchkit.index.manifest import rules_note
from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import TEXT, Compound, Term, highlighted
from searchkit.keyword.query.parser import ParsedQuery
from searchkit.keyword.query.query_terms import leaves_of, telling_words
from searchkit.search.cursor import Clock
from searchkit.search.deep_ranking import DeepRanking
from searchkit.search.fusion import candidate_scale
from searchkit.search.highlight import Highlighter
from searchkit.search.language_bias import LanguageBias
from searchkit.search.protocols import SearchedIndex
from searchkit.search.ranking import RetrieverScores
from searchkit.types import Mode, Query, QueryReading, Where

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.answer import FacetCount
    from searchkit.types import Article, Chunk, IndexInfo, Vector

    Mask = NDArray[np.bool_]


NO_BOOSTS = "Boosts count by keyword alone: this search by vector has none."


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """A query, and what the legs say to it."""

    query: Query
    parsed: ParsedQuery | None
    legs: RetrieverScores
    mask: Mask | None
    """``(rows,)``: the rows that live and pass the filters; None for all that live."""
    notes: tuple[str, ...]
    reading: QueryReading
    """What the query was read as."""
    words: tuple[Term | Compound, ...] = ()
    """Those of a search by vector alone."""
    telling: tuple[QueryWord, ...] | None = None
    """The words of a plain query that count; None where they aren't known."""
    time_words: frozenset[str] = frozenset()
    """Those that name the time of the question, folded: no article need have them."""

    @property
    def topic_words(self) -> Sequence[QueryWord]:
        """The words asked for that name no time."""
        words = self.parsed.words if self.parsed else ()
        if not self.time_words:
            return words
        return [word for word in words if word.surface.casefold() not in self.time_words]

    @property
    def plain_text(self) -> str:
        """The query's text where it is plain words; "" where it is an expression."""
        return self.query.text if self.parsed is None or self.parsed.plain else ""

    @property
    def highlights(self) -> Sequence[Term | Compound]:
        """What stands out in a chunk."""
        return self.words if self.legs.keyword is None else self.legs.keyword.highlights

    @property
    def matching(self) -> Mask | None:
        """``(rows,)``: the rows that match, for facets; None for all that live. In hybrid mode those with a word asked
        for.
        """  # noqa: D205
        return self.mask if self.legs.keyword is None else self.legs.keyword.matched


Encode = Callable[["IndexContext", str], "Vector"]
"""Makes the vector of a query by the encoder of what is searched."""


class IndexContext(Protocol):
    """A generation as searches see it: what ``Searcher`` asks an engine for, and what searches keep beside it."""

    paged: BoundedCache[bytes, tuple[Candidates, DeepRanking]]
    gave_cursor: bool
    analyzer: Analyzer
    levels: BoundedCache[tuple[Mode, float], float]
    """The archive's levels that confidence is read against, by mode and weight, as they become known."""

    @property
    def generation(self) -> SearchedIndex:
        """The generation that is searched."""
        ...

    @property
    def seal(self) -> bytes:
        """What tells the generation from another of the same number."""
        ...

    @property
    def snippets(self) -> Highlighter:
        """What cuts chunks to what is worth showing."""
        ...

    @property
    def leaning(self) -> LanguageBias:
        """How the vectors of each language lie, and the weight that follows."""
        ...

    def parse(self, query: Query) -> ParsedQuery:
        """Read the query language."""
        ...

    def reading_of(self, query: Query, config: SearchConfig, clock: Clock) -> QueryReading:
        """Tell what a query is read as."""
        ...

    def standing(self, mode: Mode) -> tuple[str, ...]:
        """Say what the index lacks that matters to a search in a mode."""
        ...

    def mixed(self, text: str, telling: Sequence[QueryWord] | None = None) -> float:
        """Return how much a question's words are of several languages, 0 to 1; ``telling`` are those, if known."""
        ...

    def retrieve(self, query: Query, config: SearchConfig, encode: Encode, clock: Clock | None = None) -> Candidates:
        """Ask the retrievers that a query's mode names."""
        ...

    def count(self, candidates: Candidates) -> int:
        """Count the articles that match, exactly."""
        ...

    def count_facets(self, candidates: Candidates) -> dict[str, tuple[FacetCount, ...]]:
        """Count the values of the fields that a query names, over the articles that match."""
        ...

    def lacks_words(self, candidates: Candidates) -> bool:
        """Say whether the query has a word none of whose forms stands in an article."""
        ...

    def suggestions(self, candidates: Candidates) -> tuple[str, ...]:
        """Return other spellings of the query."""
        ...

    def article(self, article_id: str) -> tuple[Article, tuple[Chunk, ...]] | None:
        """Return an article and its chunks; None where there is none of that id."""
        ...

    def ids_where(self, where: Where) -> list[str]:
        """Return the ids of the articles that pass a filter."""
        ...

    def count_where(self, where: Where) -> int:
        """Count the articles that pass a filter."""
        ...

    def meets(self, article_id: str, where: Where) -> bool:
        """Say whether there is an article of an id, and it passes a filter."""
        ...

    def info(self, time_zone: str) -> IndexInfo:
        """Tell what the index is made of, to who asks in a time zone."""
        ...


def index_notes(generation: SearchedIndex, mode: Mode) -> tuple[str, ...]:
    """Say what an index lacks that matters to a search in this mode: vectors, or the rules that the query is read by.

    Raises ``VectorsMissing`` for a search by vector alone where none has.
    """
    if generation.note and mode is Mode.VECTOR:
        raise VectorsMissing(generation.note, hint="Ask by keyword or hybrid.")
    coverage = "" if generation.note else _coverage(generation, mode)
    notes = (
        generation.note if mode is Mode.HYBRID else "",
        coverage,
        "" if mode is Mode.VECTOR else rules_note(generation.manifest),
    )
    return tuple(note for note in notes if note)


def _coverage(generation: SearchedIndex, mode: Mode) -> str:
    manifest = generation.manifest
    if mode is Mode.KEYWORD or manifest.vectors == manifest.chunks:
        return ""
    note = f"{generation.label} has vectors for {manifest.vectors:,} of {manifest.chunks:,} chunks"
    if not manifest.vectors and mode is Mode.VECTOR:
        raise VectorsMissing(f"{note}: nothing can be found by vector.")
    rest = "can't be found by vector" if mode is Mode.VECTOR else "are found by keyword alone"
    return f"{note}; the others {rest} until 'searchkit rebuild' or 'searchkit update' has made theirs."


def encoded(
    context: IndexContext, text: str, encode: Encode, config: SearchConfig
) -> tuple[Vector | None, tuple[str, ...]]:
    """Return the query's vector; where its encoder fails and that is to be borne, none and a note that says why."""
    try:
        return encode(context, text), ()
    except (BackendError, MissingExtra) as error:
        if not config.keyword_fallback:
            raise
        return None, (f"Answered by keyword alone: {error.message}",)


def highlights_of(
    text: str, where: Where, analyzer: Analyzer, languages: tuple[str | None, ...]
) -> tuple[Term | Compound, ...]:
    """Return what stands out in the chunks of a search by vector: the words of its text, by the filter's languages."""
    languages = tuple(label_key("language", code) for code in where.languages or ()) or languages
    words = telling_words(analyzer.query_terms(text, languages), languages)
    return tuple(leaf for word in words for tree in leaves_of(word, TEXT) for leaf in highlighted(tree))


def scaled_by_candidates(legs: RetrieverScores, config: SearchConfig) -> RetrieverScores:
    """Complete a scale that depends on what was found, as every fusion but the sum has it; by one leg there is none."""
    rows, _ = legs.candidates(config.depth)
    keyword, cosine = legs.bm25(rows), legs.cosine(rows)
    if keyword is None or cosine is None:
        return legs
    return replace(legs, scale=candidate_scale(config.fusion, keyword, cosine, config.depth))
