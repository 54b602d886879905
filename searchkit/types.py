"""Types: the words of searchkit as frozen records, and the protocols between its rooms.

Standard library only: whoever imports this imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

FieldValue = str | int | float | bool | tuple[str, ...]
"""A value of an article's other fields: what a filter can compare."""

Progress = Callable[[str, int, int], None]
"""Told ``(stage, done, total)`` while long work goes on; total 0 where it isn't known."""

Say = Callable[[str], None]
"""Told a sentence for the user while long work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and the span of ``article.text`` that stands under it (the heading's own line is outside)."""

    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file that an article was read from.

    ``path`` is absolute, ``-`` for standard input. ``name`` is the id of an article in it that brings none itself, or
    begins it (``name:17`` in line 17); no two files of an index have the same.
    """

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What the user has. ``text`` is the body without the title; spans and snippets count its characters.

    ``published`` and ``updated`` are aware and in UTC; a date without a time is its midnight. ``utc_offset_s``: by how
    many seconds the clock by which the article says when it was published is ahead of UTC (-18,000 in New York in
    winter); it decides which day that was. Where ``published`` comes with an offset of its own, that is taken.
    Without ``sections`` the whole text is one section without a heading.
    ``origin`` is None where a program handed the article over; it is no part of the content that is compared.
    """

    id: str
    text: str
    title: str = ""
    url: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    origin: Origin | None = field(default=None, compare=False)
    utc_offset_s: int = 0

    @property
    def published_local(self) -> datetime | None:
        """``published`` by the article's own clock: ``2024-12-31T22:30:00-05:00``."""
        if self.published is None or not self.utc_offset_s:
            return self.published
        try:
            return self.published.astimezone(timezone(timedelta(seconds=self.utc_offset_s)))
        except OverflowError:
            return self.published

    @property
    def published_day(self) -> date | None:
        """The day that the article itself names: 31 December for ``2024-12-31T22:30:00-05:00``."""
        local = self.published_local
        return None if local is None else local.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A span of an article's text: the unit that is indexed and shown. ``text == article.text[start:end]``."""

    article_id: str
    ordinal: int
    start: int
    end: int
    text: str
    heading: str = ""

    @property
    def id(self) -> str:
        """The chunk's public id, ``article-id#ordinal``, counted from 0."""
        return f"{self.article_id}#{self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was put in and could not be taken as it was: which place, which line, and why."""

    place: str
    reason: str
    line: int | None = None
    lost: bool = True
    """Whether an article was lost by it (a duplicate id or a repaired encoding loses nothing new)."""

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}, line {self.line}"
        return f"{where}: {self.reason}"


class Mode(StrEnum):
    """Which legs answer a query."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanBound:
    """Where a span back from now ("24h") begins or ends: an instant, and the day it is then where the asker is.

    The day is for articles that name one and no time: the instant of a day isn't known.
    """

    instant: datetime
    day: date


Bound = date | SpanBound
"""A bound of the date: a day, which compares with the day that an article names; an aware ``datetime``, which compares
with its instant; or that of a span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePattern:
    """A filter's value with wildcards in it, ``*`` for any run of characters: ``Harbor*``."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition on one of an article's own fields: any of ``values``, or a range from ``low`` to ``high``.

    With ``values`` of None it is a range, whose bounds of None are open; ``()`` admits nothing. Values compare as
    ``label_key`` in ``index/articles_db.py`` says, whoever gave them. Bounds of ``published`` are days or instants, or
    text that is still to be read.
    """

    field: str
    values: tuple[str | ValuePattern, ...] | None = None
    low: str | Bound | None = None
    high: str | Bound | None = None
    includes_low: bool = True
    includes_high: bool = True


class Syntax(StrEnum):
    """What a query's text is read as: decided by its form, or always as words, or always as an expression."""

    AUTO = "auto"
    WORDS = "words"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReading:
    """What a query was read as, and why.

    ``syntax`` is words or an expression: with ``filters`` it is one, also where ``rest_is_words``. All of ``filters``
    hold; each is as typed, and the values of which any may hold are one, joined by "or".
    ``doubtful``: a text of that form could have been meant otherwise.
    """

    syntax: Syntax = Syntax.WORDS
    reason: str = ""
    doubtful: bool = False
    filters: tuple[str, ...] = ()
    rest_is_words: bool = False

    def __str__(self) -> str:
        """Say it in a line for the user."""
        description = "as words" if self.syntax is Syntax.WORDS or self.rest_is_words else "as an expression"
        description += f", filtered by {' and '.join(self.filters)}" if self.filters else ""
        return f"{description} ({self.reason})" if self.reason else description


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A filter: every condition that is given must hold; within one condition any of its values may.

    ``since`` and ``until`` bound ``published``, both included: a ``date`` compares with the day that an article names,
    an aware ``datetime`` with its instant; an article without a date meets neither. A condition of None isn't given;
    one of ``()`` accepts no value, so no article passes. ``fields`` pairs the name of any other field with its accepted
    values.
    """

    since: Bound | None = None
    until: Bound | None = None
    sources: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        named = (self.since, self.until, self.sources, self.languages, self.tags, self.authors)
        return bool(self.fields) or any(condition is not None for condition in named)

    def filters(self) -> tuple[Filter, ...]:
        """Return the conditions that are given, all of which must hold."""
        named = (
            ("source", self.sources),
            ("language", self.languages),
            ("tag", self.tags),
            ("author", self.authors),
            *self.fields,
        )
        filters = [Filter(field=name, values=values) for name, values in named if values is not None]
        if self.since is not None or self.until is not None:
            filters.insert(0, Filter(field="published", low=self.since, high=self.until))
        return tuple(filters)


NO_FILTER = Where()
"""The filter that every article passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked: the words, the mode, how many results, and within which articles."""

    text: str
    mode: Mode = Mode.HYBRID
    k: int = 10
    where: Where = NO_FILTER
    facets: tuple[str, ...] = ()
    """Names of fields to count over the matches: ``source``, ``language``, ``tag``, ``author``, ``year``, any other."""
    rerank: bool = True
    """Whether the searcher's reranker looks again, where it has one."""
    syntax: Syntax = Syntax.AUTO
    """Whether ``text`` is read as words, as an expression, or as what its form says."""
    min_confidence: float = 0.0
    """Results of less confidence are left out; the best of them is named in the answer's ``nearest``."""
    suggest_values: bool = False
    """Whether a note on a value of ``where`` that no article has may name the nearest there is: for filters that were
    typed by whoever reads the answer. A program's own filter may be there to hide just those values."""
    explain: bool = False
    """Whether results say how their scores come about: ``contributions`` and ``votes``, which are empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk and a score, higher is better."""

    chunk_id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one leg gave a chunk: its rank there (from 1; None below the depth looked at), its own score, its share.

    The shares add up to the chunk's score. ``how`` writes one as a sum of ``score``, ``less``, ``times`` and ``rank``.
    """

    leg: str
    rank: int | None
    score: float
    share: float
    less: float = 0.0
    times: float = 1.0
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a chunk gave its article: ``counts`` times its own score. An article's votes add up to its score."""

    chunk_id: str
    counts: float
    score: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A part of an article worth reading: ``article.text[start:end]``, and the spans in it to highlight.

    ``highlights`` are ``(start, end)`` in the article's characters too, in order, without overlap.
    """

    text: str
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkResult:
    """A chunk of a result, with its score, its snippet, and how the score came about where that was asked for."""

    chunk: Chunk
    score: float
    snippet: Snippet
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An article, ranked, with its best chunks, best first.

    Where ``Query.explain`` is set its score is the sum of its ``votes``, and of its ``contributions``' shares, whose
    rank and own score are the best chunk's; both are empty otherwise. ``confidence``, 0 to 1: how sure it is that the
    archive has something on what was asked, not that this answers it (``search/confidence.py``). None without words, or
    where scores hold for one search alone.
    """

    rank: int
    score: float
    article: Article
    chunks: tuple[ChunkResult, ...]
    contributions: tuple[Contribution, ...] = ()
    votes: tuple[Vote, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    """How many of the articles that match have this value.

    By keyword and hybrid those match that hold a word asked for and pass the filters, by vector those that pass them.
    """

    value: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a query gives: the results and what the user should know about them."""

    query: Query
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    """What the user must be told: a query read as plain words, words that were ignored."""
    suggestions: tuple[str, ...] = ()
    """Other spellings of the query, from the index's own words, where a word of it is unknown or nothing was found."""
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    took_s: float = 0.0
    reading: QueryReading = QueryReading()
    """What the query was read as: words or an expression, and why."""
    nearest: Result | None = None
    """The best result, where none reached ``Query.min_confidence``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexInfo:
    """What an index is made of: for people, and for a program that decides whether to use it."""

    path: str
    format: int
    generation: int
    created: datetime
    articles: int
    chunks: int
    vectors: int
    """Chunks that have a vector; where they are fewer than all, the others are found by keyword alone."""
    segments: int
    deleted_chunks: int
    bytes: int
    leg_bytes: Mapping[str, int]
    """Of ``bytes``, those of ``articles``, ``postings``, ``vectors`` and ``deletions``."""
    encoder: str
    encoder_fingerprint: str
    dimension: int
    eight_bit_chunks: int
    """Chunks whose vectors are scanned at 8 bits and then scored exactly; the others are scanned as they are."""
    vector_recall: float | None
    """Of the 100 nearest by an exact scan, the share that scan finds: measured when they were written, the least."""
    places: tuple[str, ...]
    languages: Mapping[str, int]
    sources: Mapping[str, int]
    first_published: datetime | None
    last_published: datetime | None
    config: Mapping[str, object]
    settings: Mapping[str, object] = field(default_factory=dict)
    time_zone: str = "UTC"
    """Where "today" and "last month" in a question are: that of the settings, or else of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build, rebuild, add, update, delete or compact did.

    ``articles`` and ``chunks`` are those that were written; ``new``, ``changed`` and ``unchanged`` are articles that
    were given, ``vanished`` those of the index that weren't at its places any more, ``deleted`` those taken out.
    """

    path: str
    generation: int
    articles: int
    chunks: int
    vectors_encoded: int
    vectors_reused: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    took_s: float
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    deleted: int = 0

    @property
    def lost(self) -> int:
        """Count the articles or files that could not be read."""
        return sum(problem.lost for problem in self.problems)


class Source(Protocol):
    """A place that yields articles, and problems where it could not."""

    def __iter__(self) -> Iterator[Article | Problem]: ...


class Encoder(Protocol):
    """Text in, vectors out: rows of float32, each of length 1, so that an inner product is a cosine.

    ``fingerprint`` covers all that decides the numbers: weights, tokenizer, prompts, pooling, length limit, dtype.
    """

    @property
    def name(self) -> str:
        """The name or path by which it is loaded again."""

    @property
    def fingerprint(self) -> str:
        """What names the numbers it gives, in hex."""

    @property
    def dimension(self) -> int:
        """How many values a vector has."""

    @property
    def max_tokens(self) -> int:
        """The longest input, in its own tokens, with the special ones and the prompt of a chunk taken off."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` vector."""

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return a ``(len(texts), dimension)`` array, row i for text i."""


class Retriever(Protocol):
    """A query in, the best ``depth`` hits out, best first, ties in the order of the chunks in the index."""

    def retrieve(self, query: Query, depth: int) -> Sequence[Hit]:
        """Return the best hits."""


class Reranker(Protocol):
    """A query and texts in, for each text the log-odds that it answers out: finite, 0 where it may or may not.

    A text's score doesn't depend on the others. One object may be asked by several threads.
    """

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return a score for each text, in their order."""
