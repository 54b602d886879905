"""Answer: all that a query gives, and the forms that programs take it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from html import escape
from math import isfinite
from typing import Any

from searchkit.arrow import arrow_module
from searchkit.types import Article, Chunk, FieldValue, Query, QueryReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one retriever gave a chunk. The shares of a chunk's contributions add up to its score.

    Attributes:
        leg: ``"keyword"``, ``"vector"``, ``"coverage"``, ``"neighbours"``, ``"reranker"``, ``"time"`` where the
            article's date counts, or by what the question names the article, such as ``"exact title"``
            (``search/named_articles.py``).
        rank: The chunk's rank in that leg, from 1; None below the depth looked at, and where nothing is ranked.
        score: The leg's own score: BM25, a cosine, a reranker's log-odds; the share of the query's idf that the chunk's
            words cover; what keyword and coverage give the neighbours, in the mean; how many days the article lies from
            the time that is asked of (for one without a date, the mean of what others get); the tier of what is named.
        share: What of the chunk's score comes from this leg.
        less: What is taken off ``score`` before it is weighted.
        times: What the rest is worth.
        how: The share as arithmetic on ``score``, ``less``, ``times`` and ``rank``.
        chunk_ids: The neighbours that the filters let pass, the nearest first.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("air defense of Venezuela", explain=True)
        >>> keyword, vector, *_ = answer.results[0].contributions
        >>> vector.leg, vector.how
        ('vector', 'score * times')
        >>> abs(vector.score * vector.times - vector.share) < 1e-9
        True
    """

    leg: str
    rank: int | None
    score: float
    share: float
    less: float = 0.0
    times: float = 1.0
    how: str = ""
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a chunk gave its article: ``counts`` times its own score. An article's votes add up to its score.

    Attributes:
        chunk_id: The chunk's id.
        counts: The weight of the vote, 0 to 1.
        score: The chunk's own score.
        contributions: What each retriever gave the chunk.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> result = searcher.search("air defense of Venezuela", explain=True).results[0]
        >>> abs(sum(vote.counts * vote.score for vote in result.votes) - result.score) < 1e-9
        True
    """

    chunk_id: str
    counts: float
    score: float
    contributions: tuple[Contribution, ...]


SURE, LIKELY, UNSURE = "sure", "likely", "unsure"
NOTHING_HERE = "nothing here"
NOTHING_ANSWERS = "Nothing here seems to answer this."
"""What is said of results of which even the best is so unsure."""

CONFIDENCE_WORDS: Mapping[str, float] = {SURE: 0.8, LIKELY: 0.5, UNSURE: 0.2, NOTHING_HERE: 0.0}
"""The words for a confidence, and the least for which each stands. Even odds part likely from unsure."""


def confidence_word(confidence: float | None) -> str | None:
    """Return the word for a confidence: "sure", "likely", "unsure" or "nothing here"; None for none."""
    if confidence is None:
        return None
    return next(word for word, least in CONFIDENCE_WORDS.items() if confidence >= least)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceTerm:
    """One of the numbers that a question's confidence is read from. ``1 / (1 + exp(-sum of the shares))`` is it.

    Attributes:
        name: What the number is (``search/confidence.py``).
        value: The number.
        share: What it adds to the sum.

    Example:
        >>> from math import exp
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("air defense of Venezuela", explain=True)
        >>> sum_of_shares = sum(term.share for term in answer.confidence_terms)
        >>> 0 < 1 / (1 + exp(-sum_of_shares)) < 1
        True
    """

    name: str
    value: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A part of an article worth reading, and the spans in it to highlight.

    Attributes:
        text: ``article.text[start:end]``.
        start: Where it begins, in characters of the article's text.
        end: Where it ends; the character at ``end`` is outside.
        highlights: ``(start, end)`` of each span to highlight, in the article's characters too, in order, without
            overlap.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> result = searcher.search("cocoa harvest").results[0]
        >>> snippet = result.chunks[0].snippet
        >>> [result.article.text[start:end] for start, end in snippet.highlights]
        ['harvest']
    """

    text: str
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()

    def pieces(self) -> list[tuple[str, bool]]:
        """Split it where highlights begin and end.

        Returns:
            Its parts in order: the text of each, and whether it is highlighted.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.search("cocoa harvest").results[0].chunks[0].snippet.pieces()[1:]
            [('harvest', True), (' was stolen.', False)]
        """
        parts: list[tuple[str, bool]] = []
        at = self.start
        for start, end in self.highlights:
            parts.append((self.text[at - self.start : start - self.start], False))
            parts.append((self.text[start - self.start : end - self.start], True))
            at = end
        parts.append((self.text[at - self.start :], False))
        return [(text, marked) for text, marked in parts if text]

    def to_html(self) -> str:
        """Write it as HTML that is safe anywhere in a page: all of it escaped, highlights in ``<mark>``.

        Returns:
            The HTML, without an element around it.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.search("cocoa harvest").results[0].chunks[0].snippet.to_html()[36:]
            'Farmers say that the <mark>harvest</mark> was stolen.'
        """
        return "".join(f"<mark>{escape(text)}</mark>" if marked else escape(text) for text, marked in self.pieces())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkResult:
    """A chunk of a result.

    Attributes:
        chunk: The chunk.
        score: Its score; higher is better.
        snippet: The part of it worth reading.
        contributions: What each retriever gave it; empty without ``Query.explain``.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> best = searcher.search("cocoa harvest").results[0].chunks[0]
        >>> best.chunk.id, best.snippet.text
        ('cocoa#0', 'Chocolate makers blame the weather. Farmers say that the harvest was stolen.')
    """

    chunk: Chunk
    score: float
    snippet: Snippet
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An article, ranked, with its best chunks.

    Attributes:
        rank: Its place among the results, from 1.
        score: Its score; higher is better. Where ``Query.explain`` is set, it is the sum of its ``votes``, and of the
            shares of its ``contributions``.
        article: The article as it is stored.
        chunks: Its best chunks, best first: ``SearchConfig.chunks_per_result`` at most.
        contributions: What each retriever gave the article. Rank and own score in them are the best chunk's. Empty
            without ``Query.explain``.
        votes: What each of its chunks gave it, the best first. Empty without ``Query.explain``.
        confidence: How sure it is that the archive has something on what was asked, 0 to 1. It doesn't say that this
            article answers it (``search/confidence.py``). None where the query has no words, or where scores hold for
            one search alone (any ``SearchConfig.fusion`` but "sum"). ``confidence_word`` has it in a word.
        copy_of: Of ``Searcher.more_like(copies=True)``: the id of the article that it is a near copy of; "" where that
            is the text that was given. None otherwise.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> result = searcher.search("Chocolate is dear now").results[0]
        >>> result.rank, result.article.title
        (1, 'The price of cocoa has doubled')
    """

    rank: int
    score: float
    article: Article
    chunks: tuple[ChunkResult, ...]
    contributions: tuple[Contribution, ...] = ()
    votes: tuple[Vote, ...] = ()
    confidence: float | None = None
    copy_of: str | None = None

    @property
    def confidence_word(self) -> str | None:
        """The confidence in a word: "sure" from .8, "likely" from .5, "unsure" from .2, else "nothing here"."""
        return confidence_word(self.confidence)

    def to_dict(self, *, votes: bool = True) -> dict[str, Any]:
        """Return it as plain values that JSON can write, without the article's text.

        Args:
            votes: Whether the votes of its chunks are in it, where it was asked for explanations.

        Returns:
            Its values by their names; dates as ISO 8601.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.search("cocoa").results[0].to_dict()["article"]["published"]
            '2024-12-11'
        """
        return {
            "rank": self.rank,
            "score": self.score,
            "confidence": self.confidence,
            "confidence_word": self.confidence_word,
            **({"copy_of": self.copy_of} if self.copy_of is not None else {}),
            "contributions": [_contribution_dict(contribution) for contribution in self.contributions],
            **({"votes": [_vote_dict(vote) for vote in self.votes]} if votes and self.votes else {}),
            "article": article_dict(self.article),
            "chunks": [_chunk_result_dict(chunk) for chunk in self.chunks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    """How many of the articles that match have a value.

    Attributes:
        value: The value, in its most frequent spelling.
        articles: How many articles have it. By keyword and hybrid those count that hold a word asked for and pass the
            filters, by vector those that pass them.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("Venezuela", facets="source")
        >>> [(count.value, count.articles) for count in answer.facets["source"]]
        [('Harbor Ledger', 1), ('Meridian Wire', 1)]
    """

    value: str
    articles: int


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
        facets: The counts by the names in ``Query.facets``, most frequent first; of "published" in the order of time.
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
        confidence_terms: What the question's confidence is read from, filters aside. Empty without ``Query.explain``.

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
    confidence_terms: tuple[ConfidenceTerm, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The highest confidence of a result, or of ``nearest`` where none is left; None where none has one."""
        shown = (*self.results, *([self.nearest] if self.nearest else []))
        return max((result.confidence for result in shown if result.confidence is not None), default=None)

    @property
    def confidence_word(self) -> str | None:
        """The confidence in a word, as a result has it."""
        return confidence_word(self.confidence)

    def to_dict(self, *, votes: bool = True) -> dict[str, Any]:
        """Return it as plain values that JSON can write.

        Args:
            votes: Whether the votes of the chunks are in it, where it was asked for explanations.

        Returns:
            What was asked, what the user should know, and the results, without the articles' texts.

        Example:
            >>> import json
            >>> searcher = searchkit.open("indexes/news")
            >>> text = json.dumps(searcher.search("cocoa", mode="keyword").to_dict())
            >>> json.loads(text)["results"][0]["article"]["id"]
            'cocoa'
        """
        return {
            "query": self.query.text,
            "mode": str(self.query.mode),
            "k": self.query.k,
            "sort": self.query.sort,
            "generation": self.generation,
            "total": self.total,
            "total_of": self.total_of,
            "next_cursor": self.next_cursor,
            "took_s": round(self.took_s, 6),
            "confidence": self.confidence,
            "confidence_word": self.confidence_word,
            **({"confidence_terms": [asdict(term) for term in self.confidence_terms]} if self.confidence_terms else {}),
            "reading": asdict(self.reading) | {"filters": list(self.reading.filters)},
            "notes": list(self.notes),
            "suggestions": list(self.suggestions),
            "facets": {
                name: [{"value": count.value, "articles": count.articles} for count in counts]
                for name, counts in self.facets.items()
            },
            "results": [result.to_dict(votes=votes) for result in self.results],
            **({"nearest": self.nearest.to_dict(votes=votes)} if self.nearest else {}),
        }

    def to_records(self) -> list[dict[str, Any]]:
        """Return a row for each result, for ``pandas.DataFrame`` or ``polars.DataFrame``.

        Returns:
            Rows of the same columns, each of one type: rank, score, confidence, what the article has but its text, its
            best chunk and that chunk's snippet. Other fields of articles are columns of their own, ``field_price``
            where a column of that name is there already; where articles disagree on a field's type, it is text.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> for row in searcher.search("defense of Venezuela", k=2).to_records():
            ...     print(row["rank"], row["id"], row["published"].date(), row["tags"], row["desk"])
            1 radar 2025-04-23 ['defense'] world
            2 missiles 2025-11-14 ['defense'] world
        """
        rows = [_record(result) for result in self.results]
        for name in dict.fromkeys(name for result in self.results for name in result.article.fields):
            column = f"field_{name}" if name in _COLUMNS else name
            values = _of_one_type([result.article.fields.get(name) for result in self.results])
            for row, value in zip(rows, values, strict=True):
                row[column] = value
        return rows

    def to_arrow(self) -> Any:
        """Return ``to_records`` as an Arrow table.

        Returns:
            A ``pyarrow.Table``, which has its columns also where there are no results.

        Raises:
            MissingExtra: pyarrow isn't installed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> table = searcher.search("defense of Venezuela", k=2).to_arrow()
            >>> table.num_rows, table.column("id").to_pylist()
            (2, ['radar', 'missiles'])
        """
        arrow = arrow_module("An Arrow table needs pyarrow.")
        records = self.to_records()
        others = dict.fromkeys(name for record in records for name in record if name not in _COLUMNS)
        types = {name: _arrow_type(arrow, kind) for name, kind in _COLUMNS.items()}
        types |= {name: _arrow_type(arrow, _kind([record[name] for record in records])) for name in others}
        return arrow.Table.from_pylist(records, schema=arrow.schema(list(types.items())))

    def _repr_html_(self) -> str:
        """Show it in a notebook: a table of the results, all of it escaped."""
        rows = "".join(_html_row(result) for result in self.results)
        summary = f"{len(self.results)} of {self.total:,} {self.total_of} · {self.query.mode} · {self.took_s:.3f} s"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><tbody>{rows}</tbody></table><p>{escape(summary)}</p>{notes}"


def iso(moment: datetime | None) -> str | None:
    """Write a moment by its own clock as ISO 8601; a midnight of UTC is a day without a time."""
    if moment is None:
        return None
    if moment.utcoffset():
        return moment.isoformat()
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat().replace("+00:00", "Z")


def article_dict(article: Article) -> dict[str, Any]:
    """Return an article as plain values, without its text."""
    return {
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "source": article.source,
        "authors": list(article.authors),
        "published": iso(article.published_local),
        "updated": iso(article.updated),
        "language": article.language,
        "tags": list(article.tags),
        "fields": {name: _plain(value) for name, value in article.fields.items()},
    }


def chunk_dict(chunk: Chunk) -> dict[str, Any]:
    """Return a chunk as plain values: its id, its span in the article, and its text."""
    return {
        "id": chunk.id,
        "start": chunk.start,
        "end": chunk.end,
        "heading": chunk.heading,
        "text": chunk.text,
    }


def _contribution_dict(contribution: Contribution) -> dict[str, Any]:
    return asdict(contribution) | {"chunk_ids": list(contribution.chunk_ids)}


def _vote_dict(vote: Vote) -> dict[str, Any]:
    return asdict(vote) | {"contributions": [_contribution_dict(contribution) for contribution in vote.contributions]}


def _chunk_result_dict(chunk_result: ChunkResult) -> dict[str, Any]:
    return {
        **chunk_dict(chunk_result.chunk),
        "score": chunk_result.score,
        "snippet": {
            "text": chunk_result.snippet.text,
            "start": chunk_result.snippet.start,
            "end": chunk_result.snippet.end,
            "highlights": [list(span) for span in chunk_result.snippet.highlights],
        },
        "contributions": [_contribution_dict(contribution) for contribution in chunk_result.contributions],
    }


def _plain(value: FieldValue) -> Any:
    """Return a field's value as JSON has it: None for a number that it can't write."""
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not isfinite(value) else value


_COLUMNS: Mapping[str, type] = {
    "rank": int,
    "score": float,
    "confidence": float,
    "id": str,
    "title": str,
    "url": str,
    "source": str,
    "authors": list,
    "published": datetime,
    "updated": datetime,
    "language": str,
    "tags": list,
    "chunk_id": str,
    "heading": str,
    "snippet": str,
}
"""The columns that every record has, and what they hold."""


def _record(result: Result) -> dict[str, Any]:
    article, best = result.article, result.chunks[0] if result.chunks else None
    return {
        "rank": result.rank,
        "score": result.score,
        "confidence": result.confidence,
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "source": article.source,
        "authors": list(article.authors),
        "published": article.published,
        "updated": article.updated,
        "language": article.language,
        "tags": list(article.tags),
        "chunk_id": best.chunk.id if best else None,
        "heading": best.chunk.heading if best else None,
        "snippet": best.snippet.text if best else None,
    }


_INT64 = 1 << 63
"""From here on a frame has no whole number."""


def _of_one_type(values: Sequence[FieldValue | None]) -> list[Any]:
    """Return the values of a column of one type: numbers as one kind, lists as lists, else text."""
    kinds = {type(value) for value in values if value is not None}
    if tuple in kinds:
        return [None if value is None else [*value] if isinstance(value, tuple) else [_text(value)] for value in values]
    if kinds <= {int} and all(value is None or abs(int(str(value))) < _INT64 for value in values):
        return list(values)
    if kinds <= {int, float}:
        return [None if value is None else float(str(value)) for value in values]
    return list(values) if len(kinds) == 1 else [None if value is None else _text(value) for value in values]


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _kind(values: Sequence[Any]) -> type:
    return next((type(value) for value in values if value is not None), str)


def _arrow_type(arrow: Any, kind: type) -> Any:
    texts = arrow.string()
    types = {int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_(), list: arrow.list_(texts)}
    return types.get(kind, arrow.timestamp("us", tz="UTC") if kind is datetime else texts)


def _html_row(result: Result) -> str:
    article = result.article
    facts = " · ".join(fact for fact in (article.source, iso(article.published_local)) if fact)
    shown = "".join(f"<br>{chunk.snippet.to_html()}" for chunk in result.chunks[:1])
    title = escape(article.title.strip() or article.id)
    return (
        f"<tr><td>{result.rank}</td><td><b>{title}</b> <small>{escape(facts)}</small>{shown}</td>"
        f"<td>{result.score:.3f}</td></tr>"
    )
