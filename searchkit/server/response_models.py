"""Response models: what answers hold, for the documentation. Answers are written as they are, by ``answer_json.py``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Exact(BaseModel):
    """A record without other members."""

    model_config = ConfigDict(extra="forbid")


class ProblemModel(_Exact):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    code: str = Field(examples=["query-error"])
    detail: str
    hint: str
    position: int | None = Field(None, description="The character of the query that is meant, from 1.")


class SnippetModel(_Exact):
    """The part of a chunk that answers best. Offsets count characters of the article's text."""

    text: str
    start: int
    end: int
    highlights: list[tuple[int, int]]


class ContributionModel(_Exact):
    """What one retriever gave."""

    leg: str
    rank: int | None
    score: float
    share: float
    less: float
    times: float
    how: str
    chunk_ids: list[str]


class VoteModel(_Exact):
    """What a chunk gave its article."""

    chunk_id: str
    counts: float
    score: float
    contributions: list[ContributionModel]


class SectionModel(_Exact):
    """A heading and its span."""

    heading: str
    start: int
    end: int


class ChunkModel(_Exact):
    """A chunk: a span of an article."""

    id: str
    start: int
    end: int
    heading: str
    text: str


class ChunkResultModel(ChunkModel):
    """A chunk that answers."""

    score: float
    snippet: SnippetModel | None = Field(None, description="Not there where 'parts' leaves it out.")
    contributions: list[ContributionModel] | None = None


class ArticleModel(_Exact):
    """An article: its id, and what was asked for."""

    id: str
    title: str | None = None
    url: str | None = None
    source: str | None = None
    authors: list[str] | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    tags: list[str] | None = None
    fields: dict[str, Any] | None = None
    sections: list[SectionModel] | None = None
    text: str | None = None


class WholeArticleModel(ArticleModel):
    """An article with the spans of its chunks."""

    generation: int
    start: int = Field(description="Where the text that came begins in the article's.")
    end: int
    length: int = Field(description="How many characters the article's text has.")
    chunks: list[dict[str, Any]]


class ResultModel(_Exact):
    """An article that answers."""

    rank: int
    score: float
    confidence: float | None
    confidence_word: str | None = Field(description="sure, likely, unsure or nothing here.")
    article: ArticleModel
    chunks: list[ChunkResultModel]
    copy_of: str | None = Field(None, description="The article that it is a near copy of.")
    contributions: list[ContributionModel] | None = None
    votes: list[VoteModel] | None = None


class FacetModel(_Exact):
    """How many articles have a value."""

    value: str
    articles: int


class ReadingModel(_Exact):
    """What the query was read as."""

    syntax: str
    reason: str
    doubtful: bool
    filters: list[str]
    rest_is_words: bool
    time: str


class ConfidenceTermModel(_Exact):
    """One of the numbers that a question's confidence is read from."""

    name: str
    value: float
    share: float


class AnswerModel(_Exact):
    """An answer; all of it is of one generation."""

    index: str
    generation: int
    query: str
    mode: str
    reading: ReadingModel
    total: int = Field(description="How many articles match, on all pages together.")
    total_of: str = Field(description="What the total counts.")
    next_cursor: str | None = Field(description="What 'cursor' takes for the next page; null on the last.")
    confidence: float | None = Field(description="That of the best result, or of the nearest.")
    confidence_word: str | None = Field(description="sure, likely, unsure or nothing here.")
    confidence_terms: list[ConfidenceTermModel] | None = Field(None, description="There with 'explain'.")
    notes: list[str]
    suggestions: list[str]
    facets: dict[str, list[FacetModel]]
    results: list[ResultModel]
    nearest: ResultModel | None = None


class CountModel(_Exact):
    """How many articles meet conditions."""

    index: str
    generation: int
    articles: int


class FacetsModel(_Exact):
    """Counts by field and value."""

    index: str
    generation: int
    facets: dict[str, list[FacetModel]]


class SuggestionModel(_Exact):
    """What a beginning goes on to."""

    text: str
    kind: str
    count: int


class SuggestionsModel(_Exact):
    """What a beginning goes on to, the most frequent first."""

    index: str
    generation: int
    suggestions: list[SuggestionModel]


class DifferenceModel(_Exact):
    """Words that differ between a text and the passage that it quotes."""

    kind: Literal["changed", "missing", "added", "moved"]
    typed: str
    written: str


class QuotationModel(_Exact):
    """A passage that a text quotes. Offsets count characters of the article's text."""

    article: ArticleModel
    start: int
    end: int
    text: str
    verbatim: bool
    share: float = Field(description="How much of it is the same, 0 to 1.")
    by: Literal["words", "meaning"]
    differences: list[DifferenceModel]


class QuotationsModel(_Exact):
    """The passages that a text quotes, the most similar first."""

    index: str
    generation: int
    quotations: list[QuotationModel]


class ChunkOfArticleModel(ChunkModel):
    """A chunk by its id."""

    generation: int
    article_id: str


class IndexModel(_Exact):
    """An index that can be asked. To whom sees a part alone, all but its name and count are absent."""

    name: str
    generation: int
    articles: int
    chunks: int | None = None
    vectors: int | None = None
    encoder: str | None = None
    created: str | None = None
    first_published: str | None = None
    last_published: str | None = None
    languages: dict[str, int] | None = None
    problem: str | None = None


class IndexesModel(_Exact):
    """The indexes that can be asked."""

    indexes: list[IndexModel]


class HealthModel(_Exact):
    """Whether the process is there."""

    status: Literal["ok"]


class ReadyModel(_Exact):
    """Which generation of each index answers."""

    status: Literal["ready"]


class JobModel(_Exact):
    """A job."""

    id: str
    kind: str
    index: str
    state: Literal["queued", "running", "done", "failed", "interrupted"]
    progress: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    problem: ProblemModel | None = None
    events: str
    lines: str | None = None
