"""Types: the words of searchkit as frozen records, and the protocols between its rooms.

Standard library only: whoever imports this imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from searchkit.errors import QueryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

FieldValue = str | int | float | bool | tuple[str, ...] | tuple[str | int | float | bool, ...]
"""A value of an article's other fields: what a filter can compare."""

EncodeFunction = Callable[[list[str]], Any]
"""From texts to their vectors: an array, or lists of numbers, with a row for each text, of any length but 0. What takes
an ``Encoder`` takes one, too; its name is its identity."""

Progress = Callable[[str, int, int], None]
"""Told ``(stage, done, total)`` while long work goes on; total 0 where it isn't known.

Stages are "read" (files, or the articles that a program hands over), "index" and "merge" (articles), "encode" (chunks),
"copy" and "verify" (segments).
"""

Say = Callable[[str], None]
"""Told a sentence for the user while long work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and the span of ``article.text`` that stands under it.

    Attributes:
        heading: The heading's text, without markup.
        start: Where the span begins, in characters of ``article.text``. The heading's own line is outside.
        end: Where the span ends; the character at ``end`` is outside.

    Example:
        >>> text = "Two batteries have returned."
        >>> section = searchkit.Section(heading="The batteries", start=0, end=len(text))
        >>> article = searchkit.Article(id="s-300vm", text=text, sections=(section,))
        >>> article.text[section.start : section.end]
        'Two batteries have returned.'
    """

    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file that an article was read from.

    Attributes:
        path: The absolute path of the file, ``-`` for standard input.
        name: The id of an article in the file that brings none itself, or what begins it (``name:17`` in line 17). No
            two files of an index have the same.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.article("radar").origin.name
        'news'
    """

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What the user has: a text with an id, and what is known of it.

    Attributes:
        id: The article's id, unique in its index. An article that is added with an id that is there replaces it.
        text: The body without the title. Spans and snippets count its characters.
        title: The title, in one line; "" where there is none. Either ``text`` or ``title`` must hold something.
        url: The address of the article; None where it has none.
        source: Who published it, such as ``"Harbor Ledger"``; None where that isn't known.
        authors: The names of its authors.
        published: When it was published: aware and in UTC. A date without a time is its midnight. None where that
            isn't known; such an article passes no filter of dates.
        updated: When it was last changed, as ``published`` is given.
        language: The code of its language, such as ``"en"``. None: the language is detected when it is indexed.
        tags: Its tags.
        fields: Its other fields by name: text, numbers, truth values, or tuples of text. A search can filter by them.
        sections: Its sections, in order, without overlap. Where there are none, they are found by the headings in the
            text; without those the whole text is one section without a heading.
        origin: The file that it was read from; None where a program handed it over. It is no part of the content that
            is compared.
        utc_offset_s: By how many seconds the clock by which the article says when it was published is ahead of UTC:
            -18,000 in New York in winter. It decides which day that was. Where ``published`` comes with an offset of
            its own, that is taken.

    Example:
        >>> from datetime import UTC, datetime
        >>> article = searchkit.Article(
        ...     id="eve",
        ...     title="Fireworks over the Hudson",
        ...     text="A million people came to the river.",
        ...     published=datetime(2025, 1, 1, 3, 30, tzinfo=UTC),
        ...     utc_offset_s=-18_000,
        ... )
        >>> article.published_day.isoformat()
        '2024-12-31'
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
    """A span of an article's text: the unit that is indexed and shown.

    Attributes:
        article_id: The id of the article that it is a part of.
        ordinal: Its place among the chunks of the article, from 0.
        start: Where it begins, in characters of the article's text.
        end: Where it ends; the character at ``end`` is outside.
        text: ``article.text[start:end]``.
        heading: The heading of its section, "" where there is none.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> chunk = searcher.chunks("bridge")[0]
        >>> chunk.id, chunk.start, chunk.end
        ('bridge#0', 0, 96)
    """

    article_id: str
    ordinal: int
    start: int
    end: int
    text: str
    heading: str = ""

    @property
    def id(self) -> str:
        """The chunk's public id, ``article-id#ordinal``."""
        return f"{self.article_id}#{self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was put in and could not be taken as it was.

    Attributes:
        place: Where it was: a file, an article's id, or what else names it.
        reason: What was wrong with it.
        line: The line in the file, from 1; None where none is meant.
        lost: Whether an article was lost by it. A duplicate id or a repaired encoding loses nothing.

    Example:
        >>> report = searchkit.add("indexes/news", [{"id": "strike", "title": "Ports on strike"}, {"id": "empty"}])
        >>> print(report.problems[0])
        article 2: has neither text nor title (there are: id)
    """

    place: str
    reason: str
    line: int | None = None
    lost: bool = True

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}, line {self.line}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """Problems of one reason, whatever numbers and quoted words differ in it.

    Attributes:
        reason: The reason that they share; what differs is ``…``.
        count: How many there are.
        lost: Whether articles were lost by them.
        examples: The first three.

    Example:
        >>> empty = [{"id": f"empty {number}"} for number in range(5)]
        >>> report = searchkit.add("indexes/news", [{"id": "strike", "title": "Ports on strike"}, *empty])
        >>> [(kind.count, kind.reason) for kind in report.problem_kinds]
        [(5, 'has neither text nor title (there are: id)')]
    """

    reason: str
    count: int
    lost: bool
    examples: tuple[Problem, ...]


_NO_ARTICLE = "isn't an article: it is "
NO_ARTICLES = f"{_NO_ARTICLE}…"
"""The reason of files of several kinds that hold no article."""

_VARIABLE = re.compile(r"'[^']*'|\d[\d,.]*\d|\d")


def _problem_kinds(problems: Iterable[Problem]) -> Iterator[ProblemKind]:
    """Group problems by reason, in the order in which the reasons came first."""
    groups: dict[tuple[str, bool], list[Problem]] = {}
    for problem in problems:
        no_article = problem.reason.startswith(_NO_ARTICLE)
        common = NO_ARTICLES if no_article else _VARIABLE.sub("…", problem.reason)
        groups.setdefault((common, problem.lost), []).append(problem)
    for (common, lost), group in groups.items():
        reason = group[0].reason if all(each.reason == group[0].reason for each in group) else common
        yield ProblemKind(reason=reason, count=len(group), lost=lost, examples=tuple(group[:3]))


class Mode(StrEnum):
    """Which retrievers answer a query. Where a mode is asked for, its value in text does as well.

    Attributes:
        HYBRID: ``"hybrid"``: both retrievers, whose scores are fused.
        KEYWORD: ``"keyword"``: the words alone, scored by BM25. No encoder is needed.
        VECTOR: ``"vector"``: the meaning alone, scored by the cosine of the query's vector and the chunk's.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("radar", mode="keyword")
        >>> answer.query.mode is searchkit.Mode.KEYWORD
        True
    """

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanBound:
    """Where a span back from now ("24h") begins or ends.

    Attributes:
        instant: The instant, aware.
        day: The day that it is then where the asker is. It is for articles that name a day and no time: the instant
            of a day isn't known.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> where = searcher.search("radar", since="24h").query.where
        >>> where.since.day <= where.since.instant.date()
        True
    """

    instant: datetime
    day: date


Bound = date | SpanBound
"""A bound of the date: a day, which compares with the day that an article names; an aware ``datetime``, which compares
with its instant; or that of a span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """Some time, which a question may be of (``Query.around``).

    Attributes:
        first: Where it begins: a day, which compares with the day that an article names, or an aware ``datetime``,
            which compares with its instant.
        last: Where it ends, included; of the same kind as ``first``.

    Example:
        >>> from datetime import date
        >>> from searchkit.types import TimeSpan
        >>> winter = TimeSpan(first=date(2024, 12, 1), last=date(2025, 2, 28))
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.search("radar", around=winter).query.around == winter
        True
    """

    first: date
    last: date

    def __str__(self) -> str:
        parts = [
            bound.isoformat(" ", "minutes") if isinstance(bound, datetime) else bound.isoformat()
            for bound in (self.first, self.last)
        ]
        return parts[0] if self.first == self.last else " to ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePattern:
    """A filter's value with wildcards in it.

    Attributes:
        text: The pattern, with ``*`` for any run of characters: ``Harbor*``.

    Example:
        >>> from searchkit.types import Filter, ValuePattern
        >>> Filter(field="source", values=(ValuePattern(text="Harbor*"),)).values[0].text
        'Harbor*'
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition on one of an article's own fields: any of some values, or a range.

    Attributes:
        field: The name of the field.
        values: The values of which any may hold; ``()`` admits nothing. None: it is a range. Values compare as
            ``label_key`` in ``index/articles_db.py`` says, whoever gave them.
        low: The lower bound of the range; None leaves it open. Bounds of ``published`` are days or instants, or text
            that is still to be read.
        high: The upper bound of the range; None leaves it open.
        includes_low: Whether ``low`` itself is in the range.
        includes_high: Whether ``high`` itself is in the range.

    Example:
        >>> searchkit.Where(sources=("Harbor Ledger",)).filters()[0].values
        ('Harbor Ledger',)
    """

    field: str
    values: tuple[str | ValuePattern, ...] | None = None
    low: str | Bound | None = None
    high: str | Bound | None = None
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterExpression:
    """Conditions on an article's fields, joined by and, or and not. ``searchkit.F`` makes them.

    Attributes:
        operator: ``"is"`` for one condition; ``"and"``, ``"or"`` or ``"not"`` of ``operands``. "and" of none lets all
            pass, "or" of none nothing.
        operands: The expressions that are joined; one for "not".
        condition: The condition, for "is" alone.

    Example:
        >>> expression = searchkit.F("price").between(10, 60) | ~searchkit.F("tag").any("sport")
        >>> expression.operator, [condition.field for condition in expression.conditions()]
        ('or', ['price', 'tag'])
    """

    operator: Literal["is", "and", "or", "not"]
    operands: tuple[FilterExpression, ...] = ()
    condition: Filter | None = None

    def __and__(self, other: FilterExpression) -> FilterExpression:
        return self._joined("and", other)

    def __or__(self, other: FilterExpression) -> FilterExpression:
        return self._joined("or", other)

    def __rand__(self, other: object) -> FilterExpression:
        raise unjoinable(other)

    def __ror__(self, other: object) -> FilterExpression:
        raise unjoinable(other)

    def _joined(self, operator: Literal["and", "or"], other: FilterExpression) -> FilterExpression:
        """Join two; what is joined by the same operator already stays on one level, however many are joined."""
        if not isinstance(other, FilterExpression):
            raise unjoinable(other)
        operands = [each.operands if each.operator == operator else (each,) for each in (self, other)]
        return FilterExpression(operator=operator, operands=operands[0] + operands[1])

    def __invert__(self) -> FilterExpression:
        return FilterExpression(operator="not", operands=(self,))

    def __bool__(self) -> bool:
        raise QueryError(
            "A filter expression is neither true nor false.",
            hint="Join conditions by &, | and ~ instead of 'and', 'or' and 'not'; put each in parentheses.",
        )

    def conditions(self) -> Iterator[Filter]:
        """Return every condition in it.

        Returns:
            The conditions, in order, those under "not" too.

        Example:
            >>> [condition.field for condition in (~searchkit.F("price").exists()).conditions()]
            ['price']
        """
        waiting = [self]
        while waiting:
            expression = waiting.pop()
            if expression.condition is not None:
                yield expression.condition
            waiting.extend(reversed(expression.operands))


def unjoinable(other: object) -> QueryError:
    """Make the error for what is joined with a condition and is none."""
    return QueryError(
        f"A condition is joined with something of type {type(other).__name__}.",
        hint="Put each condition in parentheses: (F('a') == 20) | (F('b') == 10).",
    )


class Syntax(StrEnum):
    """What a query's text is read as. Where a syntax is asked for, its value in text does as well.

    Attributes:
        AUTO: ``"auto"``: its form decides. A query is words unless it plainly is an expression.
        WORDS: ``"words"``: always words; quotes and signs in it mean nothing.
        EXPRESSION: ``"expression"``: always an expression of the query language.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("radar OR bridge", syntax="words")
        >>> answer.reading.syntax is searchkit.Syntax.WORDS
        True
    """

    AUTO = "auto"
    WORDS = "words"
    EXPRESSION = "expression"


class Part(StrEnum):
    """What an answer makes of each result beside its id and its scores. A part's value in text does as well.

    Attributes:
        ARTICLES: ``"articles"``: the article as it is stored. Without it ``Result.article`` has the id alone.
        CHUNKS: ``"chunks"``: its best chunks. Without them ``Result.chunks`` is empty.
        SNIPPETS: ``"snippets"``: the part of each chunk worth reading, which takes the chunks along.
        EXPLANATIONS: ``"explanations"``: how each score comes about, as with ``explain``.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("radar", parts="articles", k=1)
        >>> answer.results[0].article.title, answer.results[0].chunks
        ('Technicians repair the radar at Maracay', ())
        >>> [result.article.id for result in searcher.search("radar", parts=(), mode="keyword").results]
        ['radar']
    """

    ARTICLES = "articles"
    CHUNKS = "chunks"
    SNIPPETS = "snippets"
    EXPLANATIONS = "explanations"


USUAL_PARTS = (Part.ARTICLES, Part.CHUNKS, Part.SNIPPETS)
"""What is made of a result where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReading:
    """What a query was read as, and why. ``str()`` says it in a line for the user.

    Attributes:
        syntax: ``Syntax.WORDS`` or ``Syntax.EXPRESSION``. With ``filters`` it is an expression, also where
            ``rest_is_words``.
        reason: What decided it, in words; "" where nothing had to.
        doubtful: Whether a text of that form could have been meant otherwise.
        filters: The filters in the text, each as typed. All of them hold. The values of which any may hold are one
            filter, joined by "or".
        rest_is_words: Whether what is left of the text without its filters is words.
        time: The time that the question is of, where its articles rank higher: what said so in its text, and which time
            that is ("this week" is 2025-11-10 to 2025-11-16); "" where nothing does.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("title:radar")
        >>> print(answer.reading)
        as an expression (title: names a field)
    """

    syntax: Syntax = Syntax.WORDS
    reason: str = ""
    doubtful: bool = False
    filters: tuple[str, ...] = ()
    rest_is_words: bool = False
    time: str = ""

    def __str__(self) -> str:
        description = "as words" if self.syntax is Syntax.WORDS or self.rest_is_words else "as an expression"
        description += f", nearer to {self.time} first" if self.time else ""
        description += f", filtered by {' and '.join(self.filters)}" if self.filters else ""
        return f"{description} ({self.reason})" if self.reason else description


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A filter: every condition that is given must hold; within one condition any of its values may.

    A condition of None isn't given. One of ``()`` accepts no value, so no article passes. A filter is true where any
    condition is given.

    Attributes:
        since: The first day or instant of ``published``, included. A ``date`` compares with the day that an article
            names, an aware ``datetime`` with its instant. An article without a date doesn't pass.
        until: The last day or instant of ``published``, included, as ``since``.
        sources: The accepted values of ``source``.
        languages: The accepted codes of ``language``.
        tags: The accepted tags.
        authors: The accepted authors.
        fields: Pairs of the name of any other field and its accepted values.
        expression: Conditions joined by and, or and not (``searchkit.F``), which must hold as well.

    Example:
        >>> from datetime import date
        >>> where = searchkit.Where(since=date(2025, 1, 1), tags=("defense",), fields=(("desk", ("world",)),))
        >>> searcher = searchkit.open("indexes/news")
        >>> [article_id for article_id, _ in searcher.rank(searchkit.Query(text="radar", where=where))]
        ['radar', 'missiles']
    """

    since: Bound | None = None
    until: Bound | None = None
    sources: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    expression: FilterExpression | None = None

    def __bool__(self) -> bool:
        named = (self.since, self.until, self.sources, self.languages, self.tags, self.authors, self.expression)
        return bool(self.fields) or any(condition is not None for condition in named)

    def filters(self) -> tuple[Filter, ...]:
        """Return the conditions that are given beside ``expression``, all of which must hold.

        Returns:
            A filter for each condition, that of the dates first; nothing where none is given.

        Example:
            >>> [condition.field for condition in searchkit.Where(tags=("city",), languages=("en",)).filters()]
            ['language', 'tag']
        """
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
    """What is asked, for ``Searcher.ask``. ``Searcher.search`` makes one of its arguments.

    Attributes:
        text: The words, the question or the expression; at most 200,000 characters.
        mode: Which retrievers answer.
        k: How many results at most, 1 to 1,000,000.
        where: Within which articles; the default is all.
        facets: Names of fields to count over the articles that match: ``source``, ``language``, ``tag``, ``author``,
            ``year``, ``published`` (by day, month or year), or any other.
        rerank: Whether the searcher's reranker looks again, where it has one.
        syntax: What ``text`` is read as: words, an expression, or what its form says.
        min_confidence: The least confidence of a result, 0 to 1. Those of less are left out; the best of them is named
            in the answer's ``nearest`` where none is left.
        suggest_values: Whether a note on a value of ``where`` that no article has may name the nearest there is. It is
            for filters that were typed by whoever reads the answer. A program's own filter may be there to hide just
            those values.
        explain: Whether results say how their scores come about, in ``contributions`` and ``votes``, which are empty
            otherwise.
        as_of: The archive is searched as it stood then, a day or an aware ``datetime``: later articles don't pass, and
            the nearer an article lies to it the higher it ranks (``search/time_prior.py``).
        around: A time that the question is of: articles of it, and near it on both sides, rank higher.
        recency: Whether dates count in the ranking. None: where ``as_of`` or ``around`` is there, or the text names a
            time ("this week", "in March 2022") and no filter a date. True: always, from today where nothing names
            another time. False: never; ``as_of`` leaves later articles out still.
        include_later: Whether articles later than ``as_of`` pass.
        sort: The field by which the articles that match are sorted, ``"published"``, or the last first,
            ``"-published"``; "" is by score, the best first.
        cursor: The ``next_cursor`` of the page before, for the same query; None is the first page.
        parts: What is made of each result.
        now: The instant from which "today" and "24h" in the text count; None is the clock's. Bounds in ``where`` are
            read already.
        boosts: How much more fields count that have a word asked for: names and factors, as ``SearchConfig.boosts``
            has them; None is what the settings say.

    Example:
        >>> where = searchkit.Where(sources=("Northfield Courier",))
        >>> query = searchkit.Query(text="closed for repairs", k=1, where=where)
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.ask(query).results[0].article.id
        'bridge'
    """

    text: str
    mode: Mode = Mode.HYBRID
    k: int = 10
    where: Where = NO_FILTER
    facets: tuple[str, ...] = ()
    rerank: bool = True
    syntax: Syntax = Syntax.AUTO
    min_confidence: float = 0.0
    suggest_values: bool = False
    explain: bool = False
    as_of: date | None = None
    around: TimeSpan | None = None
    recency: bool | None = None
    include_later: bool = False
    sort: str = ""
    cursor: str | None = None
    parts: tuple[Part, ...] = USUAL_PARTS
    now: datetime | None = None
    boosts: tuple[tuple[str, float], ...] | None = None

    @property
    def is_explained(self) -> bool:
        """Whether results say how their scores come about: by ``explain``, or as one of ``parts``."""
        return self.explain or Part.EXPLANATIONS in self.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk and a score.

    Attributes:
        chunk_id: The chunk's id, ``article_id#ordinal``.
        score: Its score; higher is better.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> hits = searcher.retrieve(searchkit.Query(text="cocoa harvest"), depth=1)
        >>> hits[0].chunk_id
        'cocoa#0'
    """

    chunk_id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDifference:
    """Words in which a text that was remembered differs from the passage that an article has.

    Attributes:
        kind: ``"changed"``, ``"missing"`` (the article has words that weren't typed), ``"added"`` (the article hasn't
            what was typed) or ``"moved"`` (it has them in another place of the passage).
        typed: The words as they were typed; empty where they are missing.
        written: The words as the article has them; empty where they were added.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> quotation = searcher.quote("chocolate growers blame the weather")[0]
        >>> quotation.differences[0]
        QuoteDifference(kind='changed', typed='growers', written='makers')
    """

    kind: str
    typed: str
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A passage of an article that a text quotes, word for word or nearly.

    Attributes:
        article: The article.
        start: Where the passage begins in the article's text, in characters.
        end: Where it ends.
        text: The passage: ``article.text[start:end]``.
        share: How much of it is the same, 0 to 1: equal words over the words of the longer of both.
        differences: The words that differ, in order; none where it is verbatim.
        by: ``"words"``, or ``"meaning"`` where no passage has the words and one means the same, by its vector.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> quotation = searcher.quote("chocolate makers blame the weather")[0]
        >>> quotation.article.id, quotation.start, quotation.end, quotation.verbatim
        ('cocoa', 0, 34, True)
    """

    article: Article
    start: int
    end: int
    text: str
    share: float
    differences: tuple[QuoteDifference, ...] = ()
    by: str = "words"

    @property
    def verbatim(self) -> bool:
        """Whether it has the same words in the same order; case, accents and punctuation may differ."""
        return self.by == "words" and self.share == 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a beginning may go on to.

    Attributes:
        text: The text: of a word what was typed with its last word whole; of a title or a value as an article has it.
        kind: ``"word"``, ``"title"``, or the name of the field that has the value: ``"source"``, ``"tag"``, ….
        count: How many articles have the title or the value; of a word in how many chunks it stands.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.suggest("harb")[0]
        Suggestion(text='Harbor Ledger', kind='source', count=2)
    """

    text: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexInfo:
    """What an index is made of: for people, and for a program that decides whether to use it.

    Attributes:
        path: The folder of the index.
        format: The version of its format on disk.
        generation: The number of the generation in force.
        created: When that was made, in UTC.
        articles: How many articles can be found.
        chunks: How many chunks they have.
        vectors: How many chunks have a vector. Where they are fewer than all, the others are found by keyword alone.
        segments: How many segments there are.
        deleted_chunks: How many chunks are deleted and still on disk; ``compact`` leaves them out.
        bytes: The size of the generation's files.
        leg_bytes: Of ``bytes``, those of ``articles``, ``postings``, ``vectors`` and ``deletions``, and of ``encoder``
            where the index brings its own along.
        encoder: The name of the encoder that made the vectors.
        encoder_fingerprint: What names the numbers that it gives, in hex.
        dimension: How many values a vector has.
        eight_bit_chunks: How many chunks have vectors that are scanned at 8 bits and then scored exactly. The others
            are scanned as they are.
        vector_recall: Of the 100 nearest by an exact scan, the share that the scan at 8 bits finds: measured when they
            were written, the least of all segments. None where no vector is scanned so.
        places: The places that the index remembers, which ``update`` and ``rebuild`` read again.
        languages: How many articles each language has, "" where it isn't known.
        sources: How many articles each source has, "" where it isn't known.
        first_published: The earliest ``published``; None where no article has a date.
        last_published: The latest ``published``; None where no article has a date.
        config: The values of the ``IndexConfig`` that is baked in.
        settings: The values of ``SearchConfig`` that the index names; empty where it names none.
        time_zone: Where "today" and "last month" in a question are: the zone of the settings, or else of this machine.
        encoder_shares: Of the languages on which the encoder was measured, what of the vector's weight it is worth in
            each, 0 to 1.
        min_confidence: What ``min_confidence`` may be, if results that are likelier wrong than not are to be left out.
        confidence_measured: Whether confidence is read on what this archive itself scores. Otherwise it is read on what
            others do, until ``rebuild`` has asked it.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> info = searcher.info()
        >>> info.articles, info.vectors, info.encoder
        (4, 4, 'sentence-transformers/all-MiniLM-L6-v2')
    """

    path: str
    format: int
    generation: int
    created: datetime
    articles: int
    chunks: int
    vectors: int
    segments: int
    deleted_chunks: int
    bytes: int
    leg_bytes: Mapping[str, int]
    encoder: str
    encoder_fingerprint: str
    dimension: int
    eight_bit_chunks: int
    vector_recall: float | None
    places: tuple[str, ...]
    languages: Mapping[str, int]
    sources: Mapping[str, int]
    first_published: datetime | None
    last_published: datetime | None
    config: Mapping[str, object]
    settings: Mapping[str, object] = field(default_factory=dict)
    time_zone: str = "UTC"
    encoder_shares: Mapping[str, float] = field(default_factory=dict)
    min_confidence: float = 0.5
    confidence_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build, rebuild, add, update, delete or compact did.

    Attributes:
        path: The folder of the index.
        generation: The number of the generation in force afterwards.
        articles: How many articles were written.
        chunks: How many chunks were written.
        vectors_encoded: How many vectors were computed.
        vectors_reused: How many vectors were known already and taken over.
        problems: What could not be taken as it was.
        notes: What else the user should know, in sentences.
        took_s: How long it took, in seconds.
        new: How many of the articles that were given weren't in the index.
        changed: How many of them were there with other content, and were replaced.
        unchanged: How many of them were there as they are.
        vanished: How many articles of the index weren't at its places any more.
        deleted: How many articles were taken out.

    Example:
        >>> report = searchkit.add("indexes/news", [{"id": "strike", "title": "Strike", "text": "No ferries today."}])
        >>> report.new, report.articles, report.lost
        (1, 1, 0)
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

    @property
    def problem_kinds(self) -> tuple[ProblemKind, ...]:
        """Group the problems by reason, with a count and the first three of each."""
        return tuple(_problem_kinds(self.problems))


class Source(Protocol):
    """What ``articles`` of ``build``, ``add``, ``update`` and ``rebuild`` may be: whatever yields articles.

    It may yield an ``Article``, a mapping with the keys that ``searchkit.ingest.article_from_dict`` knows, or a
    ``Problem`` in the place of an article that it could not read. A list or a generator will do.

    Example:
        >>> class Feed:
        ...     def __iter__(self):
        ...         yield searchkit.Article(id="strike", text="No ferries today.", title="Ports on strike")
        ...         yield searchkit.Problem(place="feed, entry 2", reason="has no text")
        >>> report = searchkit.add("indexes/news", Feed())
        >>> report.articles, report.lost
        (1, 1)
    """

    def __iter__(self) -> Iterator[Article | Problem]: ...


class Encoder(Protocol):
    """Text in, vectors out: rows of float32, each of length 1, so that an inner product is a cosine.

    ``searchkit.encoders.load_encoder`` gives one by name. An object of a program's own that has these members serves
    as well; it is given to ``build``, and again to whatever opens or changes that index.

    Example:
        >>> import numpy as np
        >>> class LetterEncoder:
        ...     name, fingerprint, dimension, max_tokens = "letters", "01", 26, 200
        ...
        ...     def count_tokens(self, texts):
        ...         return [len(text.split()) for text in texts]
        ...
        ...     def encode_query(self, text):
        ...         return self.encode_chunks([text])[0]
        ...
        ...     def encode_chunks(self, texts, progress=None):
        ...         letters = "abcdefghijklmnopqrstuvwxyz"
        ...         counts = [[text.lower().count(letter) + 0.01 for letter in letters] for text in texts]
        ...         rows = np.asarray(counts, dtype=np.float32)
        ...         return rows / np.linalg.norm(rows, axis=1, keepdims=True)
        >>> articles = [{"id": "a1", "title": "Cocoa", "text": "The price has doubled."}]
        >>> searchkit.build("indexes/letters", articles, encoder=LetterEncoder()).vectors_encoded
        1
        >>> with searchkit.open("indexes/letters", encoder=LetterEncoder()) as searcher:
        ...     searcher.search("cocoa", mode="vector").results[0].article.id
        'a1'
    """

    @property
    def name(self) -> str:
        """The name or path by which it is loaded again."""

    @property
    def fingerprint(self) -> str:
        """What names the numbers it gives, in hex.

        It covers all that decides them: weights, tokenizer, prompts, pooling, length limit, dtype. An index refuses an
        encoder of another fingerprint.
        """

    @property
    def dimension(self) -> int:
        """How many values a vector has."""

    @property
    def max_tokens(self) -> int:
        """The longest input, in its own tokens, with the special ones and the prompt of a chunk taken off.

        Chunks are cut to it.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones.

        Args:
            texts: The texts.

        Returns:
            The number of tokens of each text, in their order.

        Example:
            >>> from searchkit.encoders import load_encoder
            >>> load_encoder("sentence-transformers/all-MiniLM-L6-v2").count_tokens(["air defense", "radar"])
            [2, 1]
        """

    def encode_query(self, text: str) -> Vector:
        """Encode a query.

        Args:
            text: What is asked.

        Returns:
            Its vector, ``(dimension,)`` float32, of length 1.

        Example:
            >>> from searchkit.encoders import load_encoder
            >>> load_encoder("sentence-transformers/all-MiniLM-L6-v2").encode_query("air defense").shape
            (384,)
        """

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Encode texts of chunks.

        Args:
            texts: The texts, each with its title and heading.
            progress: Told ``("encode", texts done, texts in all)`` while it goes on; None: nobody is told.

        Returns:
            Their vectors, ``(len(texts), dimension)`` float32: row i for text i, each of length 1.

        Example:
            >>> from searchkit.encoders import load_encoder
            >>> load_encoder("sentence-transformers/all-MiniLM-L6-v2").encode_chunks(["air defense", "radar"]).shape
            (2, 384)
        """


class Retriever(Protocol):
    """A query in, the best chunks out. ``Searcher`` is one.

    Example:
        >>> def chunk_ids(retriever: searchkit.Retriever, text: str) -> list[str]:
        ...     return [hit.chunk_id for hit in retriever.retrieve(searchkit.Query(text=text), depth=2)]
        >>> searcher = searchkit.open("indexes/news")
        >>> chunk_ids(searcher, "air defense of Venezuela")
        ['radar#0', 'missiles#0']
    """

    def retrieve(self, query: Query, depth: int) -> Sequence[Hit]:
        """Return the best chunks.

        Args:
            query: What is asked.
            depth: How many chunks at most.

        Returns:
            The hits, best first, ties in the order of the chunks in the index.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> [hit.chunk_id for hit in searcher.retrieve(searchkit.Query(text="cocoa"), depth=1)]
            ['cocoa#0']
        """


class Reranker(Protocol):
    """A query and texts in, a relevance score for each text out.

    ``searchkit.encoders.load_reranker`` gives one by name. A text's score doesn't depend on the other texts. One object
    may be asked by several threads.

    Example:
        >>> class OverlapReranker:
        ...     def rerank(self, query, texts):
        ...         asked = set(query.lower().split())
        ...         return [4 * len(asked & set(text.lower().split())) / len(asked) - 2 for text in texts]
        >>> searcher = searchkit.open("indexes/news", reranker=OverlapReranker())
        >>> searcher.search("bridge over the river").results[0].article.id
        'bridge'
    """

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Score texts.

        Args:
            query: What is asked.
            texts: The texts of chunks, each with its title and heading.

        Returns:
            For each text, in their order, the log-odds that it answers the query: finite, 0 where it may or may not.

        Example:
            >>> class LengthReranker:
            ...     def rerank(self, query, texts):
            ...         return [-len(text) / 1_000 for text in texts]
            >>> LengthReranker().rerank("radar", ["short", "a longer text"])
            [-0.005, -0.013]
        """
