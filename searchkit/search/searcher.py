"""Searcher: how a program asks an index. Safe to share among threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from searchkit.answer import Answer, Snippet
from searchkit.config import SearchConfig
from searchkit.errors import ConfigError, NotOnCluster, QueryError
from searchkit.filter_expression import Conditions, Values, filter_expression
from searchkit.index.declared_fields import shown_article
from searchkit.index.generation import check_fields
from searchkit.keyword.query.filter_values import dated_expression
from searchkit.keyword.query.time_expressions import may_name_time
from searchkit.search.candidates import Candidates, Encode, IndexContext, index_notes
from searchkit.search.cursor import Clock, Cursor, cursor_of, other_query, query_digest
from searchkit.search.deep_ranking import DeepRanking
from searchkit.search.generation_holder import CURSOR_HOLD_S, HeldGeneration
from searchkit.search.highlight import spans_of
from searchkit.search.index_group import IndexGroup, index_group
from searchkit.search.index_holder import holder_of
from searchkit.search.pages import (
    PageTurn,
    page_by_field,
    page_by_score,
    scored_articles,
    what_is_counted,
)
from searchkit.search.query import check_query, ids_of, make_query, settings_for
from searchkit.search.query_encoder import QueryEncoders
from searchkit.search.query_time import Around, When
from searchkit.search.quotations import quotations
from searchkit.search.ranking import RetrieverScores, rank_chunks
from searchkit.search.reranking import RerankerRun
from searchkit.search.results import confidence_of, confident, make_results, nearest_note, unsure_note
from searchkit.search.retrieval import SearchContext, batch_texts
from searchkit.search.similar_articles import example_of, more_like, query_like
from searchkit.search.statistics import SearchCounts, SearchStats, Stopwatch
from searchkit.search.suggestions import kinds_of
from searchkit.search.telemetry import trace_search
from searchkit.types import (
    Article,
    Chunk,
    EncodeFunction,
    Encoder,
    Hit,
    IndexInfo,
    Mode,
    Part,
    Query,
    QueryReading,
    Quotation,
    Reranker,
    Suggestion,
    Syntax,
    Where,
)

if TYPE_CHECKING:
    from searchkit.keyword.whoosh_searcher import WhooshSearcher
    from searchkit.search.cluster_holder import ClusterHolder
    from searchkit.search.generation_holder import GenerationHolder


_log = logging.getLogger("searchkit.search")

_SHOWN = 200
"""Characters of a query that the log shows."""

MOST_THREADS = 64
"""Threads of a batch of questions: more wait for each other."""


def open_index(
    path: str | Path,
    *,
    config: SearchConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    reranker: Reranker | str | None = None,
    refresh_after_s: float | None = None,
    generation: int | None = None,
    cursor_hold_s: float = CURSOR_HOLD_S,
    slow_search_s: float | None = None,
) -> Searcher:
    """Open an index for searching.

    The searcher answers questions until it is closed: use it with ``with``, or call ``close``. Any number of threads
    may share it. ``searchkit.open`` is the same function.

    Args:
        path: The folder of the index.
        config: Settings of the searches. None is those that the index names, or else the defaults.
        encoder: The encoder that made the index's vectors, instead of loading the one that the index names. None loads
            that one when it is first needed, which a search by keyword doesn't.
        reranker: What looks again at the best chunks: an object, or the name or folder of a cross-encoder, which is
            loaded when it is first needed. None: nothing looks again.
        refresh_after_s: A search looks for a newer generation where the last look is so many seconds ago, and goes over
            to it. None: only ``Searcher.refresh`` does.
        generation: The number of a generation to open, whichever is in force; it is never left. None is the one in
            force.
        cursor_hold_s: How many seconds a generation that was left stays open for the next pages of its answers: from
            when it was left, or its latest page was asked for. At most 8 are kept so, the latest.
        slow_search_s: A search that takes so many seconds or more is told to the log ``searchkit.search``, as a
            warning. None: none is.

    Returns:
        The searcher. ``search`` asks it, ``article`` and ``chunk`` look one up, ``info`` tells what the index is made
        of.

    Raises:
        IndexNotFound: There is no index at ``path``.
        IndexCorrupt: A file of the index is missing or damaged; the message names it, the hint what mends it.
        FormatTooOld: The index has a format that can't be read any more.
        FormatTooNew: A later version wrote the index.
        StorageError: A file of the index may not be read.
        ConfigError: There is no such generation, ``encoder`` isn't an encoder, ``refresh_after_s`` is no time or
            given with a generation, or ``cursor_hold_s`` or ``slow_search_s`` is no time.

    Example:
        >>> with searchkit.open("indexes/news") as searcher:
        ...     answer = searcher.search("Russian air defense in Venezuela", k=2, since="2025")
        ...     for result in answer.results:
        ...         print(result.rank, result.article.title, "|", result.chunks[0].snippet.text[:40])
        1 Technicians repair the radar at Maracay | Fourteen Russian engineers have replaced
        2 Interceptors guard the skies of Caracas | Moscow has sold twelve launchers to Vene
    """
    return Searcher(
        path,
        config=config,
        encoder=encoder,
        reranker=reranker,
        refresh_after_s=refresh_after_s,
        generation=generation,
        cursor_hold_s=cursor_hold_s,
        slow_search_s=slow_search_s,
    )


def open_many(
    indexes: Mapping[str, str | Path] | Iterable[str | Path],
    *,
    config: SearchConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    reranker: Reranker | str | None = None,
    refresh_after_s: float | None = None,
    differing: str = "refuse",
) -> Searcher:
    """Open several indexes to be asked together, in one ranking.

    Statistics are summed over all of them, so that scores mean the same whichever index an article is in: they are
    those of one index of all the articles. An article's id has its index's name before it, ``"news/wire-7"``, in every
    method.

    Args:
        indexes: The folders by the names that ids shall have, or folders alone, whose own names serve.
        config: Settings of the searches. None is those that all the indexes name, or else the defaults.
        encoder: As for ``open``.
        reranker: As for ``open``.
        refresh_after_s: As for ``open``.
        differing: What is done where the indexes' vectors were made by different encoders: "refuse" raises
            ``EncoderMismatch``, "keyword" searches by keyword alone, which a note says.

    Returns:
        The searcher; closing it closes all the indexes, ``refresh`` goes over to the newest of each.

    Raises:
        EncoderMismatch: The vectors were made by different encoders, and ``differing`` is "refuse".
        ConfigError: There is no index, two have one name, or an argument can't be used.
        IndexNotFound: There is no index at a path.
        IndexCorrupt: A file of an index is missing or damaged.
        FormatTooOld: An index has a format that can't be read any more.
        FormatTooNew: A later version wrote an index.
        StorageError: A file may not be read.

    Example:
        >>> articles = [{"id": "7", "title": "Radar for the port", "text": "A radar watches the ferries."}]
        >>> report = searchkit.build("indexes/port", articles)
        >>> with searchkit.open_many(["indexes/news", "indexes/port"]) as searcher:
        ...     [result.article.id for result in searcher.search("radar", mode="keyword").results]
        ['port/7', 'news/radar']
    """
    group = index_group(indexes, differing)
    return Searcher(
        group.first, config=config, encoder=encoder, reranker=reranker, refresh_after_s=refresh_after_s, joined=group
    )


class Searcher:
    """An opened index: ``searchkit.open`` makes one and says what it takes.

    It answers from the generation that it was opened with until ``refresh``, or until that is too old. Any number of
    threads may share one. Use it with ``with``, or call ``close``; after that its methods raise ``SearchkitError``.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> answer = searcher.search("Russian air defense", k=1)
        >>> answer.results[0].article.id
        'radar'
        >>> searcher.close()
    """

    def __init__(
        self,
        path: str | Path,
        *,
        config: SearchConfig | None = None,
        encoder: Encoder | EncodeFunction | None = None,
        reranker: Reranker | str | None = None,
        refresh_after_s: float | None = None,
        generation: int | None = None,
        cursor_hold_s: float = CURSOR_HOLD_S,
        slow_search_s: float | None = None,
        joined: IndexGroup | None = None,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        _check_arguments(config, reranker, generation)
        self._config = config
        self._reranker = RerankerRun(reranker) if reranker is not None else None
        self._encoders = encoders = QueryEncoders(encoder)
        self._encode: Encode = encoders.encode
        self._hold: GenerationHolder | ClusterHolder | HeldGeneration = holder_of(
            path,
            encoders.prepare,
            generation=generation,
            refresh_after_s=refresh_after_s,
            cursor_hold_s=cursor_hold_s,
            joined=joined,
        )
        self._reading: Callable[..., AbstractContextManager[IndexContext]] = self._hold.reading
        self._counts, self._slow_s = SearchCounts(), _checked_seconds("slow_search_s", slow_search_s)
        self._whoosh: WeakSet[WhooshSearcher] = WeakSet()
        self._guard = threading.Lock()
        self._on_close = on_close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index. Searches that are going on end first.

        The searchers of ``whoosh`` are closed too. Closing twice does nothing.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.close()
        """
        self._hold.close()
        with self._guard:
            opened = list(self._whoosh)
        for searcher in opened:
            searcher.close()
        if self._on_close is not None:
            self._on_close()

    def refresh(self) -> bool:
        """Go over to the generation in force. Where it can't be opened or searched, the one before is kept.

        Returns:
            Whether it is another generation than before. Always False where a generation was opened by its number.

        Raises:
            IndexNotFound: The index isn't there any more.
            IndexCorrupt: A file of the generation in force is missing or damaged.
            FormatTooOld: It has a format that can't be read any more.
            FormatTooNew: A later version wrote it.
            StorageError: A file may not be read.
            EncoderMismatch: It needs another encoder than the one that was given to ``open``.
            MissingExtra: It needs an encoder that isn't installed.
            ConfigError: Its encoder can't be loaded.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> report = searchkit.add("indexes/news", [{"id": "strike", "text": "No ferries run today."}])
            >>> searcher.article("strike") is None
            True
            >>> searcher.refresh()
            True
            >>> searcher.article("strike").text
            'No ferries run today.'
        """
        return self._hold.refresh()

    @contextmanager
    def snapshot(self) -> Iterator[Searcher]:
        """Stay in the generation that is searched now, for several questions whose answers must fit together.

        Yields:
            A searcher of that generation, whatever ``refresh`` does meanwhile. It can be used within the block.

        Raises:
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> with searcher.snapshot() as snapshot:
            ...     report = searchkit.delete("indexes/news", "bridge")
            ...     _ = searcher.refresh()
            ...     len(snapshot.chunks("bridge")), len(searcher.chunks("bridge"))
            (1, 0)
        """
        with self._reading() as context:
            held = copy(self)
            held._hold = HeldGeneration(context, self._hold)
            held._reading = held._hold.reading
            yield held

    @property
    def version(self) -> str:
        """What names the generation that is searched: its number and what its manifest's digest begins with."""
        with self._reading() as context:
            return f"{context.generation.manifest.generation}-{context.seal.hex()}"

    def search(
        self,
        text: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.HYBRID,
        since: When = None,
        until: When = None,
        source: Values = None,
        language: Values = None,
        tag: Values = None,
        author: Values = None,
        fields: Mapping[str, Values] | None = None,
        where: Conditions = None,
        facets: str | Iterable[str] = (),
        rerank: bool = True,
        min_confidence: float = 0.0,
        suggest_values: bool = False,
        syntax: Syntax | str = Syntax.AUTO,
        explain: bool = False,
        as_of: When = None,
        around: Around = None,
        recency: bool | None = None,
        include_later: bool = False,
        sort: str = "",
        cursor: str | None = None,
        parts: str | Iterable[str] | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> Answer:
        """Answer a question with the best articles that pass the filters.

        All filters must hold; within one filter any value may. Nothing in ``text`` undoes them. For a filter, None is
        no filter, and an empty list accepts nothing.

        Args:
            text: The words, the question, or an expression such as ``title:radar AND -oil``.
            k: How many results at most, 1 to 1,000,000.
            mode: Which legs answer: "hybrid", "keyword" or "vector".
            since: The earliest ``published``, included: an instant, a date, or words such as "2025-10", "last month" or
                "24h". A date compares with the day that an article names, an instant with its instant.
            until: The latest ``published``, included, as ``since``.
            source: The accepted source, or several.
            language: The accepted language's code, or several.
            tag: The accepted tag, or several.
            author: The accepted author, or several.
            fields: The accepted values of any other field, by its name.
            where: Conditions joined by and, or and not: ``F("price").between(10, 60) & ~F("tag").any("sport")``, or a
                dict of the same (``filter_expression``).
            facets: Names of fields to count over the articles that match, in the answer's ``facets``; "published" is
                counted by day, month or year, in the order of time. By keyword and
                hybrid those match that hold a word asked for and pass the filters, by vector those that pass the
                filters.
            rerank: Whether the searcher's reranker is asked, if it has one.
            min_confidence: The least confidence of a result, 0 to 1. Results of less are left out. Where none remains,
                a note and ``nearest`` name the best of them. A query without words, as of filters alone, has results
                without a confidence: none is left out, and a note says so.
            suggest_values: Whether a note on a value that no article has names the nearest. It is for filters that
                whoever reads the answer has typed, not for those that hide something.
            syntax: What ``text`` is read as: "words" or "expression", whatever its form, or "auto". The answer's
                ``reading`` says what it was read as.
            explain: Whether each result says how its score comes about, in ``contributions`` and ``votes``.
            as_of: A date, as ``until`` takes it; "now" is today. The archive is searched as it stood then: later
                articles don't pass, and of others the nearer one ranks higher.
            around: A date, or the first and the last of a span: articles of it, and near it on both sides, rank higher.
                A text names a period ("2022-03") or both ends ("2022-03-01..2022-03-15").
            recency: Whether dates count in the ranking. None: with ``as_of`` or ``around``, and where the text names a
                time ("this week", "in March 2022") and no filter a date; the answer's ``reading`` says which. True:
                always, from today where nothing names another time. False: never.
            include_later: Whether articles later than ``as_of`` pass.
            sort: A field by which the articles that match are sorted: "published", "price", or in reverse "-published".
                Those without it come last either way, and ties in the order of the ids. Of several values of an article
                the first in that order counts. "updated" and "title" are fields too. By hybrid and keyword the articles
                that ``Answer.total`` counts are sorted, by vector all that pass the filters; with ``min_confidence``
                those that have it. A reranker isn't asked. "" is by score.
            cursor: The ``next_cursor`` of the page before. All else must be what it was on the first page, but for
                ``k``, ``parts``, ``facets``, ``explain`` and ``suggest_values``. The pages are those of one generation:
                no article comes twice and none is missed, whatever changes in the index meanwhile.
            parts: What is made of each result beside its id and score, of "articles", "chunks", "snippets" and
                "explanations" (``Part``): what isn't made isn't read. None: the first three.
            boosts: How much more a field counts that has a word asked for, by keyword: ``{"title": 2, "summary":
                1.5}`` adds so many times the score of the field's own words. "title", or a field that the index has as
                searchable. None is what the settings say.

        Returns:
            The results, best first, and notes on what the user should know.

        Raises:
            CursorError: ``cursor`` isn't one that an answer gave, or comes with another query than it did.
            CursorExpired: The generation that the cursor goes on in isn't kept any more.
            QueryError: The text is empty or an expression that can't be understood, a field to filter by or to count
                doesn't exist, ``min_confidence`` is asked of a fusion that gives none, or another argument can't be
                understood. The message says which.
            EncoderMismatch: The encoder isn't the one that made the index's vectors.
            MissingExtra: The encoder or the reranker isn't installed.
            VectorsMissing: It is asked by vector alone, and the index has no vectors yet.
            VectorsInvalid: The encoder gave no vector of length 1.
            BackendError: The endpoint that encodes doesn't answer, and ``SearchConfig.keyword_fallback`` isn't set.
            ConfigError: The settings were chosen for another encoder's vectors; the encoder or the reranker can't be
                loaded; or the reranker gave something else than a finite score for each text.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> answer = searcher.search("Who guards the skies of Caracas?", source="Harbor Ledger", facets="tag")
            >>> [result.article.id for result in answer.results]
            ['missiles', 'cocoa']
            >>> answer.facets["tag"][0].value
            'defense'
            >>> answer = searcher.search("prices", until="2024", fields={"desk": ["city", "business"]})
            >>> [result.article.id for result in answer.results]
            ['cocoa']
            >>> answer = searcher.search("the", mode="vector", sort="-published", k=3, parts=())
            >>> [result.article.id for result in answer.results]
            ['missiles', 'bridge', 'radar']
            >>> answer = searcher.search("the", mode="vector", sort="-published", k=3, cursor=answer.next_cursor)
            >>> [result.article.id for result in answer.results], answer.next_cursor
            (['cocoa'], None)
        """
        clock = Clock(self._time_zone, None if cursor is None else cursor_of(cursor).now)
        query = make_query(
            text,
            k=k,
            mode=mode,
            since=since,
            until=until,
            source=source,
            language=language,
            tag=tag,
            author=author,
            fields=fields,
            facets=facets,
            rerank=rerank,
            min_confidence=min_confidence,
            suggest_values=suggest_values,
            now=clock,
            syntax=syntax,
            explain=explain,
            where=where,
            as_of=as_of,
            around=around,
            recency=recency,
            include_later=include_later,
            sort=sort,
            cursor=cursor,
            parts=parts,
            boosts=boosts,
        )
        return self.ask(query if clock.reading is None else replace(query, now=clock.reading))

    def ask(self, query: Query) -> Answer:
        """Answer a query, as ``search`` does.

        Args:
            query: What is asked.

        Returns:
            The results, best first, and notes on what the user should know.

        Raises:
            QueryError: Nothing is asked, ``k`` is below 1, or anything else of the query can't be understood.
            SearchkitError: An error of the class that ``search`` would raise.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> answer = searcher.ask(searchkit.Query(text="cocoa", mode=searchkit.Mode.KEYWORD))
            >>> [(result.article.id, round(result.score, 1)) for result in answer.results]
            [('cocoa', 0.8)]
        """
        watch = Stopwatch()
        try:
            answer = self._answer(query, watch)
        except BaseException as error:
            self._counts.add_error(error)
            raise
        self._counts.add(watch, str(query.mode), len(answer.results))
        if self._slow_s is not None and watch.took_s >= self._slow_s:
            _log.warning("%s", slow_search(answer))
        trace_search(watch, answer)
        return answer

    def _answer(self, query: Query, watch: Stopwatch) -> Answer:
        """Answer a query, and take the times of its stages."""
        cursor = _cursor(query)
        with self._reading(cursor) as context:
            turn = self._turn(context, query, cursor, watch)
            candidates, config, page = turn.candidates, turn.config, turn.page
            results = make_results(context, candidates, page.ranked, config, first_rank=page.shown + 1)
            relevant, unsure = confident(results, candidates, config), unsure_note(candidates)
            watch.lap("results")
            facets = {}
            if query.facets:
                facets = context.count_facets(candidates)
                watch.lap("facets")
            total = context.count(candidates)
            watch.lap("total")
            next_cursor = turn.next_cursor(context)
            suggestions = context.suggestions(candidates) if not relevant or context.lacks_words(candidates) else ()
            sureness = (
                confidence_of(context, candidates.legs, candidates.plain_text, candidates.telling)
                if query.is_explained
                else None
            )
        watch.stop()
        nearest = results[0] if results and not relevant and cursor is None else None
        return Answer(
            query=query,
            results=relevant,
            notes=(*candidates.notes, *unsure, *nearest_note(nearest), *([self._hold.note] if self._hold.note else [])),
            nearest=nearest,
            suggestions=suggestions,
            facets=facets,
            took_s=watch.took_s,
            reading=candidates.reading,
            total=total,
            total_of=what_is_counted(candidates),
            generation=context.generation.manifest.generation,
            next_cursor=next_cursor,
            confidence_terms=() if sureness is None else sureness.terms,
        )

    def quote(self, text: str, *, k: int = 3) -> tuple[Quotation, ...]:
        """Find the passages that a text quotes, be it from memory: some words changed, missing, added or moved.

        Args:
            text: Three words or more, as they are remembered.
            k: How many passages at most.

        Returns:
            The passages, the most similar first; none where no article has anything like it.

        Raises:
            QueryError: The text has fewer than three words, or ``k`` is below 1.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed, or its encoder can't be used.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> quotation = searcher.quote("the harvest was surely stolen")[0]
            >>> quotation.text, quotation.differences[0].kind
            ('the harvest was stolen', 'added')
        """
        with self._reading() as context:
            return quotations(
                _in_folder(context, "'quote'"), text, k, settings_for(context.generation, self._config), self._encode
            )

    def search_many(self, queries: Iterable[str | Query], *, threads: int = 4, **options: Any) -> tuple[Answer, ...]:
        """Answer several questions at once, each as ``search`` or ``ask`` would.

        All are answered from one generation. Their vectors are made in one batch where the encoder has
        ``encode_queries``, and the rest is done by a few threads.

        Args:
            queries: The questions: texts, which ``options`` go with, or queries, which hold all of it themselves.
            threads: How many answer at the same time, 1 to 64.
            options: What ``search`` takes beside the text.

        Returns:
            The answers, in the order of the questions.

        Raises:
            ConfigError: ``threads`` isn't a number from 1 to 64.
            QueryError: One text was given in the place of several.
            SearchkitError: The error that ``search`` would raise to the first question that has one.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> answers = searcher.search_many(["repairs of the radar", "dear chocolate"], k=1, parts=())
            >>> [answer.results[0].article.id for answer in answers]
            ['radar', 'cocoa']
        """
        if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
            raise ConfigError(f"threads can't be {threads!r}.", hint=f"Give a number from 1 to {MOST_THREADS}.")
        if isinstance(queries, str):
            raise QueryError("search_many takes several questions, not one text.", hint="Give a list: [text].")
        batch_queries = tuple(queries)
        with self._reading() as context, ThreadPoolExecutor(threads) as pool:
            vectors = self._encoders.encode_batch(context, batch_texts(context, batch_queries, options))
            batch = copy(self)
            batch._encode = lambda context, text: vectors[text] if text in vectors else self._encode(context, text)
            batch._reading = lambda cursor=None: self._reading(cursor) if cursor else nullcontext(context)
            return tuple(pool.map(partial(batch._ask_any, options=options), batch_queries))

    def _ask_any(self, query: str | Query, options: Mapping[str, Any]) -> Answer:
        return self.ask(query) if isinstance(query, Query) else self.search(query, **options)

    def rank(self, query: Query) -> tuple[tuple[str, float], ...]:
        """Return the ids and scores of the articles that ``ask`` finds, without reading what it shows.

        Args:
            query: What is asked.

        Returns:
            A pair of the article's id and its score for each result, best first.

        Raises:
            SearchkitError: An error of the class that ``ask`` would raise.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> [article_id for article_id, score in searcher.rank(searchkit.Query(text="repairs of the radar", k=2))]
            ['radar', 'missiles']
        """
        cursor = _cursor(query)
        with self._reading(cursor) as context:
            if (fast := self._fast(context, query)) is not None:
                return fast
            turn = self._turn(context, query, cursor)
            ranked, ids = turn.page.ranked, turn.candidates.legs.generation.article_ids(turn.page.ranked.keys)
            return tuple(zip(ids, ranked.scores.tolist(), strict=True))

    def retrieve(self, query: Query, depth: int) -> tuple[Hit, ...]:
        """Return the best chunks: what ``Retriever`` promises.

        Args:
            query: What is asked. Its ``k`` isn't used.
            depth: How many chunks at most.

        Returns:
            The chunks' ids and scores, best first.

        Raises:
            SearchkitError: An error of the class that ``ask`` would raise.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> [hit.chunk_id for hit in searcher.retrieve(searchkit.Query(text="air defense"), depth=2)]
            ['radar#0', 'missiles#0']
        """
        with self._reading() as context:
            config = settings_for(context.generation, self._config, query)
            candidates = self._look(context, query, config)
            ranked = rank_chunks(candidates.legs, depth, config.depth)
            return tuple(
                Hit(chunk_id=candidates.legs.generation.chunks_at(range(row, row + 1))[0].id, score=float(score))
                for row, score in zip(map(int, ranked.keys), ranked.scores, strict=True)
            )

    def snippets_for(self, ids: Iterable[str], query: str | Query) -> dict[str, tuple[Snippet, ...]]:
        """Return the snippets of some articles for a query, as results of a search for it have them.

        It is for who has the ids already, from ``rank``, a search with ``parts=()`` or elsewhere: nothing is ranked.

        Args:
            ids: The ids of articles.
            query: What is asked, as text or a query. Articles that its filters don't let pass are left out.

        Returns:
            The snippets of each article's best chunks by its id, best first, in the order of the ids. Articles that
            aren't there, or of which no chunk answers, are left out.

        Raises:
            QueryError: The query can't be understood, or the ids are no texts.
            SearchkitError: An error of the class that ``ask`` would raise.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.snippets_for(["cocoa", "unknown"], "cocoa harvest")["cocoa"][0].to_html()[36:]
            'Farmers say that the <mark>harvest</mark> was stolen.'
        """
        wanted = ids_of(ids)
        shown = query if isinstance(query, Query) else Query(text=query)
        shown = replace(shown, parts=(Part.SNIPPETS,), explain=False, cursor=None, rerank=False)
        with self._reading() as context:
            config = settings_for(context.generation, self._config, query if isinstance(query, Query) else None)
            candidates = self._look(context, shown, config)
            ranked = scored_articles(candidates, wanted)
            results = make_results(context, candidates, ranked, config)
        return {
            result.article.id: tuple(chunk.snippet for chunk in result.chunks) for result in results if result.chunks
        }

    def highlights(self, article_id: str, text: str) -> tuple[tuple[int, int], ...]:
        """Return where in an article the words of a query stand: in all of its text, not only in a snippet.

        Args:
            article_id: The article's id.
            text: The query, as ``search`` takes it.

        Returns:
            ``(start, end)`` of each span to highlight, in characters of the article's text, in order, without overlap;
            none where there is no such article.

        Raises:
            QueryError: The query can't be understood.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.highlights("cocoa", "harvest of chocolate")
            ((0, 9), (57, 64))
        """
        query = Query(text=text, mode=Mode.KEYWORD, k=1, parts=())
        with self._reading() as context:
            known = context.article(article_id)
            if known is None:
                return ()
            words = self._look(context, query, settings_for(context.generation, self._config)).highlights
            article, language = known[0], context.generation.analysed_as(known[0].language)
            return spans_of(article.text, words, context.analyzer, language)

    def legs(self, query: Query) -> RetrieverScores:
        """Return what each leg says to a query before it is ranked, to try settings on.

        Args:
            query: What is asked.

        Returns:
            The legs' scores of any row. They can be read until the searcher is closed or leaves its generation.

        Raises:
            SearchkitError: An error of the class that ``ask`` would raise.

        Example:
            >>> import numpy as np
            >>> searcher = searchkit.open("indexes/news")
            >>> legs = searcher.legs(searchkit.Query(text="air defense"))
            >>> legs.cosine(np.arange(4)).shape
            (4,)
        """
        with self._reading() as context:
            return context.retrieve(query, settings_for(context.generation, self._config, query), self._encode).legs

    def read_query(self, query: Query) -> QueryReading:
        """Tell what a query is read as, without searching.

        Args:
            query: What is asked.

        Returns:
            Whether it is words or an expression, why, and the filters in it.

        Raises:
            QueryError: Nothing is asked, or the text is an expression that can't be understood.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> query = searchkit.Query(text='bridge source:"Northfield Courier"')
            >>> print(searcher.read_query(query))
            as words, filtered by source:"Northfield Courier"
        """
        with self._reading() as context:
            check_query(query)
            config = settings_for(context.generation, self._config)
            return context.reading_of(query, config, Clock(lambda: config.time_zone, query.now))

    def vector_weight(self) -> float:
        """Return the factor of the cosine in a hybrid score: the settings' or the index's own.

        Returns:
            The factor, above 0.

        Raises:
            ConfigError: There are no two legs to weigh: the index has no vectors yet, or the fusion has no weight. Or
                the settings were chosen for another encoder's vectors.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.vector_weight()
            2.8
        """
        with self._reading() as context:
            config = settings_for(context.generation, self._config)
            if config.fusion != "sum":
                raise ConfigError(
                    f"There are no two legs to weigh: fusion '{config.fusion}' has no weight.",
                    hint="Leave it at 'sum'.",
                )
            if not context.generation.manifest.vectors:
                raise ConfigError(
                    "There are no two legs to weigh: the index has no vectors yet.",
                    hint=f"Run 'searchkit rebuild --index {quote(context.generation.label)}'.",
                )
            return context.leaning.weight if config.vector_weight is None else config.vector_weight

    def standing(self, mode: Mode = Mode.HYBRID) -> tuple[str, ...]:
        """Tell what every search in a mode has among its notes: vectors that are missing, rules that have changed.

        Args:
            mode: The mode.

        Returns:
            The notes, in sentences; none where all is well.

        Raises:
            VectorsMissing: The mode is "vector", and the index has no vectors yet.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.standing()
            ()
        """
        with self._reading() as context:
            return index_notes(context.generation, mode)

    def article_ids(self, *, where: Conditions = None) -> tuple[str, ...]:
        """Return the ids of all articles, or of those that meet conditions, in the order in which they came in.

        Args:
            where: Conditions, as for ``search``; None: all.

        Returns:
            The ids.

        Raises:
            QueryError: The conditions can't be understood, or name a field that no article has.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids()
            ('radar', 'missiles', 'cocoa', 'bridge')
            >>> searcher.article_ids(where=searchkit.F("tag") == "defense")
            ('radar', 'missiles')
        """
        with self._reading() as context:
            return tuple(context.ids_where(self._filter(context, where)))

    def count(self, *, where: Conditions = None) -> int:
        """Count all articles, or those that meet conditions.

        Args:
            where: Conditions, as for ``search``; None: all.

        Returns:
            How many there are.

        Raises:
            QueryError: The conditions can't be understood, or name a field that no article has.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.count(where={"field": "published", "gte": "2025"})
            3
        """
        with self._reading() as context:
            return context.count_where(self._filter(context, where))

    def meets(self, article_id: str, *, where: Conditions) -> bool:
        """Say whether an article meets conditions.

        Args:
            article_id: The article's id.
            where: Conditions, as for ``search``; None: any article meets them.

        Returns:
            Whether there is such an article, and it meets them.

        Raises:
            QueryError: The conditions can't be understood, or name a field that no article has.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.meets("bridge", where=searchkit.F("tag") == "city")
            True
            >>> searcher.meets("bridge", where=searchkit.F("tag") == "defense")
            False
        """
        with self._reading() as context:
            return context.meets(article_id, self._filter(context, where))

    def suggest(
        self, prefix: str, *, k: int = 10, kinds: str | Iterable[str] | None = None, where: Conditions = None
    ) -> tuple[Suggestion, ...]:
        """Tell what a beginning may go on to, as one types: words, titles, sources, tags and other values.

        Case and accents don't matter. Only what lives is told, and of that only what ``where`` lets pass: neither a
        text nor a count comes out of another article. The best words, titles and values are taken in turn, so that none
        hides the others. The first suggestion after opening reads the values: 3 s for 100,000 articles.

        Args:
            prefix: What is typed. Its last word is gone on with; titles and values begin with all of it.
            k: How many suggestions at most, 1 to 1,000.
            kinds: Which kinds are wanted: "word", "title", or names of fields. None: all.
            where: Conditions, as for ``search``; None: all. Where they leave more than 5,000 chunks, words are those of
                5,000 of these, and their counts estimates.

        Returns:
            The suggestions, the most frequent first; nothing for what has no letter.

        Raises:
            QueryError: ``prefix``, ``k``, ``kinds`` or the conditions can't be understood.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> for suggestion in searcher.suggest("te", k=2):
            ...     print(suggestion.count, suggestion.kind, suggestion.text)
            1 title Technicians repair the radar at Maracay
            1 word technicians
            >>> searcher.suggest("air def", kinds="word")[0].text
            'air defense'
        """
        wanted = kinds_of(kinds)
        with self._reading() as context:
            suggester = _in_folder(context, "'suggest'").suggester
            return suggester.suggest(prefix, where=self._filter(context, where), k=k, kinds=wanted)

    def more_like(
        self,
        article_id: str | None = None,
        *,
        text: str | None = None,
        k: int = 10,
        mode: Mode | str = Mode.HYBRID,
        where: Conditions = None,
        copies: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Find articles that are like an article of the index, or like a text, by their words and their meaning.

        By keyword its 25 most telling words are asked for, by tf * idf; by vector the mean of its chunks. The article
        itself is left out. For an article no encoder is needed.

        Args:
            article_id: The id of the article.
            text: A text, instead of an article of the index.
            k: How many results at most, 1 to 1,000.
            mode: Which legs answer: "hybrid", "keyword" or "vector".
            where: Conditions that the results meet, as for ``search``: dates, sources, access lists; None: all.
            copies: Whether near copies of the article, and of better results, are among the results, each with
                ``copy_of``. Otherwise they are left out, and a note says how many.
            explain: Whether each result says how its score comes about, and a note which words were asked for.

        Returns:
            The results, best first, without a confidence, which is one of questions; and notes.

        Raises:
            QueryError: No article has the id, the text is empty, or another argument can't be understood.
            VectorsMissing: It is asked by vector alone, and the index, or the article, has no vectors yet.
            EncoderMismatch: A text was given, and the encoder isn't the one that made the index's vectors.
            MissingExtra: A text was given, and the encoder isn't installed.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> [result.article.id for result in searcher.more_like("radar", k=1).results]
            ['missiles']
            >>> recent = searchkit.F("published") >= "2025"
            >>> [result.article.id for result in searcher.more_like(text="cocoa ferries", k=1, where=recent).results]
            ['bridge']
        """
        started = time.monotonic()
        with self._reading() as any_context:
            context = _in_folder(any_context, "'more_like'")
            example = example_of(context, article_id, text)
            query = query_like(example, k=k, mode=mode, where=self._filter(context, where), explain=explain)
            config = settings_for(context.generation, self._config)
            results, notes = more_like(context, example, query, config, self._encode, copies=copies)
        notes = (*notes, *([self._hold.note] if self._hold.note else []))
        return Answer(query=query, results=results, notes=notes, took_s=time.monotonic() - started)

    def _filter(self, context: IndexContext, where: Conditions) -> Where:
        """Return conditions as a filter of this index. Raises ``QueryError``."""
        expression = None if where is None else dated_expression(filter_expression(where), Clock(self._time_zone))
        filters = Where(expression=expression)
        check_fields(context.generation.field_names, context.generation.manifest.config.fields, filters)
        return filters

    def article(self, article_id: str) -> Article | None:
        """Look up an article by its id.

        Args:
            article_id: The id.

        Returns:
            The article; None where there is none of this id.

        Raises:
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> article = searcher.article("bridge")
            >>> article.title, article.published_day.isoformat(), dict(article.fields)
            ('The old bridge is closed', '2025-06-02', {'desk': 'city'})
        """
        with self._reading() as context:
            known = context.article(article_id)
            return shown_article(known[0], context.generation.hidden) if known else None

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """Return all chunks of an article.

        Args:
            article_id: The article's id.

        Returns:
            The chunks, in order; none where there is no such article.

        Raises:
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> [chunk.id for chunk in searcher.chunks("bridge")]
            ['bridge#0']
        """
        with self._reading() as context:
            known = context.article(article_id)
            return known[1] if known else ()

    def chunk(self, chunk_id: str) -> Chunk | None:
        """Look up a chunk by its id.

        Args:
            chunk_id: The id, ``article-id#ordinal``, as results have it.

        Returns:
            The chunk; None where there is none of this id.

        Raises:
            ConfigError: ``chunk_id`` isn't a text.
            IndexCorrupt: A file of the index is damaged.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.chunk("cocoa#0").text
            'Chocolate makers blame the weather. Farmers say that the harvest was stolen.'
        """
        if not isinstance(chunk_id, str):
            raise ConfigError(f"A chunk's id is a text, not {chunk_id!r}.", hint="Give it as results have it: 'ID#0'.")
        article_id, mark, ordinal = chunk_id.rpartition("#")
        if not mark or not ordinal.isdecimal() or len(ordinal) > 9:
            return None
        chunks = self.chunks(article_id)
        return chunks[int(ordinal)] if int(ordinal) < len(chunks) else None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of texts, as the index's encoder does: for who may take so many and no more.

        Args:
            texts: The texts.

        Returns:
            The number of tokens of each text, in their order.

        Raises:
            EncoderMismatch: The encoder isn't the one that made the index's vectors.
            MissingExtra: The encoder isn't installed.
            ConfigError: The encoder can't be loaded.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.count_tokens(["air defense", "radar"])
            [2, 1]
        """
        with self._reading() as context:
            return self._encoders.count_tokens(context, texts)

    def whoosh(self, *, weighting: Any = None) -> WhooshSearcher:
        """Open a ``whoosh.searching.Searcher`` over the same postings: for who knows Whoosh and wants its own.

        All that reads works: query classes and spans, ``QueryParser`` with its ``schema``, collectors, ``filter`` and
        ``mask``, facets, sorting, highlights, key terms, ``more_like``, suggestions, own scorers. Its documents are
        chunks: their numbers hold for this searcher alone; ``hit["id"]`` is the article's id, ``hit["chunk_id"]`` the
        chunk's. Fields of words are ``text`` (title, heading and chunk) and ``title``. Whole values, which compare as
        filters do, are ``id``, ``chunk_id``, ``source``, ``language``, ``year``, ``tags``, ``authors`` and the
        articles' other fields; ``published`` is a date, in UTC. ``text`` is stored as the chunk's own, and ``url`` is
        stored alone. As ever in Whoosh, only its parser makes terms of words: a bare ``Term``, ``Prefix`` or
        ``Wildcard`` is held against stems as they stand in the index ("missil").

        Its matchers are Whoosh's Python: ``search`` answers the same words many times as fast.

        It stays in the generation that it was opened on, whatever ``refresh`` does, and holds it until it is closed or
        nobody has it any more; closing this searcher closes it. Threads may share it, each with its own results.

        Args:
            weighting: A scorer of Whoosh's (``whoosh.scoring.TF_IDF()``) or your own; without it the scores are
                searchkit's BM25, as in keyword mode before chunks vote for articles.

        Returns:
            The searcher, to be used with ``with``. Its ``notes`` say where the index was analysed by other rules than
            queries are. Closed, it raises ``SearchkitError`` (a ``whoosh.reading.ReaderClosed``); so does writing
            (a ``whoosh.filedb.filestore.ReadOnlyError``), which it refuses.

        Raises:
            ConfigError: ``weighting`` is no scorer.
            SearchkitError: This searcher was closed.
            IndexCorrupt: A file isn't what was written.

        Example:
            >>> from whoosh.qparser import QueryParser
            >>> with searchkit.open("indexes/news") as searcher, searcher.whoosh() as whoosh:
            ...     asked = QueryParser("text", whoosh.schema).parse("radars engineer")
            ...     for hit in whoosh.search(asked, limit=5, sortedby="published"):
            ...         print(hit["id"], hit["title"])
            radar Technicians repair the radar at Maracay
        """
        from searchkit.keyword.whoosh_searcher import open_searcher
        from searchkit.search.whoosh_documents import GenerationDocuments

        with ExitStack() as opened:
            context = _in_folder(opened.enter_context(self._reading()), "'whoosh'")
            held = ExitStack()
            searcher = open_searcher(
                context.keyword,
                GenerationDocuments(context.generation),
                analyzer=context.analyzer,
                weighting=weighting,
                on_close=held.close,
            )
            searcher.notes = context.standing(Mode.KEYWORD)
            held.push(opened.pop_all())
        with self._guard:
            self._whoosh.add(searcher)
        return searcher

    def stats(self) -> SearchStats:
        """Tell what the searcher has done since it was opened: for a page that watches over it.

        Returns:
            How many searches there were, percentiles of how long their stages took, how often caches knew, and which
            generation is searched, since when.

        Raises:
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> _ = searcher.search("radar")
            >>> stats = searcher.stats()
            >>> stats.searches, sorted(stats.latencies)
            (1, ['encode', 'rank', 'results', 'retrieve', 'search', 'total'])
        """
        with self._reading() as context:
            manifest = context.generation.manifest
            age_s = (datetime.now(UTC) - manifest.created).total_seconds()
        return self._counts.stats(
            generation=manifest.generation, age_s=max(0.0, age_s), vectors=self._encoders.cache_use
        )

    def info(self) -> IndexInfo:
        """Tell what the index is made of.

        Returns:
            Its counts, sizes, encoder, places, languages and settings.

        Raises:
            IndexCorrupt: A file of the index is damaged.
            ConfigError: The settings were chosen for another encoder's vectors.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> info = searcher.info()
            >>> info.articles, info.generation, info.sources
            (4, 1, {'Harbor Ledger': 2, 'Meridian Wire': 1, 'Northfield Courier': 1})
        """
        with self._reading() as context:
            return context.info(settings_for(context.generation, self._config).time_zone)

    def settings(self) -> SearchConfig:
        """Tell the settings of its searches.

        Returns:
            Those that ``open`` was given, or else those that the index names, or else the defaults.

        Raises:
            ConfigError: The settings were chosen for another encoder's vectors.
            SearchkitError: The searcher is closed.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.settings().fusion
            'sum'
        """
        with self._reading() as context:
            return settings_for(context.generation, self._config)

    def _time_zone(self) -> str:
        """Name the zone of the settings."""
        with self._reading() as context:
            return settings_for(context.generation, self._config).time_zone

    def _fast(self, context: IndexContext, query: Query) -> tuple[tuple[str, float], ...] | None:
        """Return what ``rank`` does where the query is one of the simplest, and of no time; or None."""
        if (
            not isinstance(context, SearchContext)
            or query.mode is not Mode.KEYWORD
            or query.cursor is not None
            or query.sort
        ):
            return None
        if self._reranker is not None and query.rerank:
            return None
        if not settings_for(context.generation, self._config, query).reads_plainly:
            return None
        timeless = query.as_of is None and query.around is None and not query.recency
        if not timeless or (query.recency is None and may_name_time(query.text)):
            return None
        return context.rank_fast(query)

    def _turn(
        self, context: IndexContext, query: Query, cursor: Cursor | None, watch: Stopwatch | None = None
    ) -> PageTurn:
        """Find the page that a query asks for. Raises as ``ask`` does."""
        config = settings_for(context.generation, self._config, query)
        clock = Clock(lambda: config.time_zone, query.now if cursor is None else cursor.now)
        counting, watch = watch is not None, watch or Stopwatch()
        if cursor is None:
            candidates = self._look(context, query, config, clock, watch=watch)
            if counting and candidates.legs.keyword is not None:
                candidates.legs.keyword.count_with_best()
            ranking = DeepRanking(candidates.legs, config.depth, whole_depth=query.is_explained)
        else:
            candidates, ranking = self._paged(context, query, config, clock, cursor, watch)
        watch.lap("retrieve")
        if query.sort:
            page = page_by_field(_in_folder(context, "Sorting by a field"), candidates, config, cursor)
        else:
            page = page_by_score(ranking, query.k, cursor)
        watch.lap("rank")
        is_reranked = self._is_reranked(query)
        return PageTurn(candidates=candidates, config=config, page=page, clock=clock, is_reranked=is_reranked)

    def _paged(
        self,
        context: IndexContext,
        query: Query,
        config: SearchConfig,
        clock: Clock,
        cursor: Cursor,
        watch: Stopwatch,
    ) -> tuple[Candidates, DeepRanking]:
        """Return what a later page goes on with, which is kept for those behind it. Raises ``CursorError``."""
        check_query(query)
        digest = query_digest(query, config, reranked=self._is_reranked(query))
        if cursor.query != digest:
            raise other_query()
        paged = context.paged.get(digest)
        self._counts.add_page(known=paged is not None)
        if paged is None:
            candidates = self._look(context, query, config, clock, chunks=cursor.reranked, watch=watch)
            paged = candidates, DeepRanking(candidates.legs, config.depth, whole_depth=query.is_explained)
            context.paged[digest] = paged
        return replace(paged[0], query=query), paged[1]

    def _is_reranked(self, query: Query) -> bool:
        return self._reranker is not None and query.rerank and not query.sort

    def _look(
        self,
        context: IndexContext,
        query: Query,
        config: SearchConfig,
        clock: Clock | None = None,
        *,
        chunks: int | None = None,
        watch: Stopwatch | None = None,
    ) -> Candidates:
        """Ask the legs, and the reranker where it is wanted, which reads just so many ``chunks`` or all it can."""
        encode = self._encode if watch is None else watch.timed("encode", self._encode)
        candidates = context.retrieve(query, config, encode, clock)
        if self._reranker is not None and self._is_reranked(query):
            candidates = self._reranker.move(candidates.legs.generation, candidates, config, chunks=chunks)
        return candidates


def _in_folder(context: IndexContext, what: str) -> SearchContext:
    """Return what an index in a folder is searched by. Raises ``NotOnCluster`` where it is on a cluster."""
    if not isinstance(context, SearchContext):
        raise NotOnCluster(f"{what} doesn't work over OpenSearch yet.")
    return context


def slow_search(answer: Answer) -> str:
    """Say of a slow search what it was and how long it took."""
    text = answer.query.text if len(answer.query.text) <= _SHOWN else f"{answer.query.text[:_SHOWN]}…"
    return f"Slow search: {answer.took_s:.3f} s for {text!r} ({answer.query.mode}, generation {answer.generation})"


def _checked_seconds(name: str, seconds: float | None) -> float | None:
    if seconds is not None and not (isinstance(seconds, int | float) and seconds >= 0):
        raise ConfigError(f"{name} can't be {seconds!r}.", hint="Give seconds, 0 or more, or None.")
    return seconds


def _cursor(query: Query) -> Cursor | None:
    return None if query.cursor is None else cursor_of(query.cursor)


def _check_arguments(config: object, reranker: object, generation: object) -> None:
    """Raise ``ConfigError`` for what isn't what ``open`` takes, before a search would meet it."""
    if config is not None and not isinstance(config, SearchConfig):
        raise ConfigError(f"config takes a SearchConfig, not {config!r}.", hint="Give searchkit.SearchConfig(…).")
    if reranker is not None and not isinstance(reranker, str) and not hasattr(reranker, "rerank"):
        raise ConfigError(
            f"reranker takes a Reranker or a name, not {reranker!r}.", hint="searchkit.Reranker says what it must have."
        )
    if generation is not None and (isinstance(generation, bool) or not isinstance(generation, int)):
        raise ConfigError(f"generation takes a number, not {generation!r}.", hint="'searchkit info' lists them.")
