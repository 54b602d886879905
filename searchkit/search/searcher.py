"""Searcher: how a program asks an index. Safe to share among threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from searchkit.config import SearchConfig
from searchkit.errors import ConfigError
from searchkit.index.generation import info_of
from searchkit.search.facets import count_facets
from searchkit.search.generation_holder import GenerationHolder
from searchkit.search.query import Values, When, check_query, make_query, settings_for
from searchkit.search.query_encoder import QueryEncoders
from searchkit.search.ranking import RetrieverScores, depth_for, rank_articles, rank_chunks
from searchkit.search.reranking import RerankerRun
from searchkit.search.results import confident, make_results, nearest_note, unsure_note
from searchkit.search.retrieval import Candidates, SearchContext, index_notes, retrieve
from searchkit.types import (
    Answer,
    Article,
    Chunk,
    Encoder,
    Hit,
    IndexInfo,
    Mode,
    Query,
    QueryReading,
    Reranker,
    Syntax,
)

if TYPE_CHECKING:
    from searchkit.keyword.whoosh_searcher import WhooshSearcher


def open_index(
    path: str | Path,
    *,
    config: SearchConfig | None = None,
    encoder: Encoder | None = None,
    reranker: Reranker | str | None = None,
    refresh_after_s: float | None = None,
    generation: int | None = None,
) -> Searcher:
    """Open an index for searching; ``encoder`` is used instead of loading the one that the index names.

    ``config`` stands in for the settings that the index names, or else the defaults. ``reranker`` looks again at the
    best chunks: an object, or the name or folder of a cross-encoder, which is loaded when it is first needed.
    With ``refresh_after_s`` a search looks for a newer generation by itself where the last look is so many seconds ago,
    and goes over to it; without, ``refresh`` does. With ``generation`` that one is opened, whichever is in force, and
    never left. Raises ``IndexNotFound``, ``IndexCorrupt``, ``FormatTooOld``, ``FormatTooNew``, or ``ConfigError`` where
    there is no such generation or ``encoder`` isn't one.
    """
    return Searcher(
        Path(path),
        config=config,
        encoder=encoder,
        reranker=reranker,
        refresh_after_s=refresh_after_s,
        generation=generation,
    )


class Searcher:
    """An opened index. It answers from the generation it was opened with until ``refresh``, or until that is too old.

    Any number of threads may share one. Use it with ``with``, or call ``close``.
    """

    def __init__(
        self,
        path: Path,
        *,
        config: SearchConfig | None = None,
        encoder: Encoder | None = None,
        reranker: Reranker | str | None = None,
        refresh_after_s: float | None = None,
        generation: int | None = None,
    ) -> None:
        self._config = config
        self._reranker = RerankerRun(reranker) if reranker is not None else None
        encoders = QueryEncoders(encoder)
        self._encode = encoders.encode
        self._hold = GenerationHolder(path, encoders.prepare, generation=generation, refresh_after_s=refresh_after_s)
        self._reading = self._hold.reading
        self._whoosh: WeakSet[WhooshSearcher] = WeakSet()
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; searches that are going on end first. The searchers of ``whoosh`` are closed too."""
        self._hold.close()
        with self._guard:
            opened = list(self._whoosh)
        for searcher in opened:
            searcher.close()

    def refresh(self) -> bool:
        """Go over to the generation in force; say whether it is another.

        Raises as ``open_index`` does, and ``EncoderMismatch`` or ``MissingExtra`` where that one needs an encoder that
        isn't the one given here or can't be loaded; the generation before is kept then.
        """
        return self._hold.refresh()

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
        facets: str | Iterable[str] = (),
        rerank: bool = True,
        min_confidence: float = 0.0,
        suggest_values: bool = False,
        syntax: Syntax | str = Syntax.AUTO,
        explain: bool = False,
    ) -> Answer:
        """Answer a question with the ``k`` best articles that pass the filters.

        ``since`` and ``until`` take instants, dates or words ("2025-10", "last month", "24h"), both included: a date
        compares with the day that an article names, an instant with its instant. Within one filter any value may hold,
        all filters must, and nothing in ``text`` undoes them; None is no filter, an empty list accepts nothing.
        ``fields`` filters by any other field. A note on a value that no article has names the nearest with
        ``suggest_values`` alone: for filters that whoever reads the answer has typed, not for those that hide
        something. ``facets`` names fields to count over the articles that match: by keyword and hybrid those that hold
        a word asked for and pass the filters, by vector those that pass the filters. Without ``rerank`` the searcher's
        reranker, if it has one, isn't asked. Results of less than ``min_confidence`` are left out; where that are all,
        a note and ``nearest`` name the best of them. A query without words, as of filters alone, has results without a
        confidence: none is left out, and a note says so.
        ``syntax``: "words" or "expression" where the text is to be read so whatever its form, else "auto"; the answer's
        ``reading`` says what it was read as.
        With ``explain`` each result says how its score comes about, in ``contributions`` and ``votes``.
        Raises ``QueryError`` where an argument can't be understood, and as ``ask`` does.
        """
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
            now=self._now,
            syntax=syntax,
            explain=explain,
        )
        return self.ask(query)

    def ask(self, query: Query) -> Answer:
        """Answer a query.

        Raises ``QueryError`` (nothing is asked, k below 1, an unknown field to count), ``EncoderMismatch``,
        ``MissingExtra`` (the encoder isn't there) or ``IndexCorrupt``.
        """
        started = time.monotonic()
        with self._reading() as reading:
            looked, config = self._look(reading, query)
            depth = config.depth if query.explain else depth_for(looked.legs, query.k, config.depth)
            ranked = rank_articles(looked.legs, query.k, depth)
            results = make_results(reading, looked, ranked, config)
            relevant, unsure = confident(results, looked, config), unsure_note(looked)
            facets = count_facets(reading.generation, query.facets, looked.matching) if query.facets else {}
            suggestions = reading.suggestions(looked) if not relevant or reading.lacks_words(looked) else ()
        nearest = results[0] if results and not relevant else None
        return Answer(
            query=query,
            results=relevant,
            notes=(*looked.notes, *unsure, *nearest_note(nearest), *([self._hold.note] if self._hold.note else [])),
            nearest=nearest,
            suggestions=suggestions,
            facets=facets,
            took_s=time.monotonic() - started,
            reading=looked.reading,
        )

    def rank(self, query: Query) -> tuple[tuple[str, float], ...]:
        """Return the ids and scores of the articles that ``ask`` finds, best first, without reading what it shows.

        Raises as ``ask`` does.
        """
        with self._reading() as reading:
            if (self._reranker is None or not query.rerank) and (fast := reading.rank_fast(query)) is not None:
                return fast
            looked, config = self._look(reading, query)
            legs = looked.legs
            ranked = rank_articles(legs, query.k, depth_for(legs, query.k, config.depth))
            return tuple(zip(reading.generation.article_ids(ranked.keys), ranked.scores.tolist(), strict=True))

    def retrieve(self, query: Query, depth: int) -> tuple[Hit, ...]:
        """Return the best ``depth`` chunks, best first: what ``Retriever`` promises. Raises as ``ask`` does."""
        with self._reading() as reading:
            looked, config = self._look(reading, query)
            ranked = rank_chunks(looked.legs, depth, config.depth)
            return tuple(
                Hit(chunk_id=reading.generation.chunks_at(range(row, row + 1))[0].id, score=float(score))
                for row, score in zip(map(int, ranked.keys), ranked.scores, strict=True)
            )

    def legs(self, query: Query) -> RetrieverScores:
        """Return what each leg says to a query before it is ranked, to try settings on, until the searcher is closed.

        Raises as ``ask`` does.
        """
        with self._reading() as reading:
            return retrieve(reading, query, settings_for(reading.generation, self._config), self._encode).legs

    def read_query(self, query: Query) -> QueryReading:
        """Tell what a query is read as, without searching. Raises ``QueryError`` as ``ask`` does."""
        with self._reading() as reading:
            check_query(query)
            return reading.parse(query).reading

    def vector_weight(self) -> float:
        """Return the factor of the cosine in a hybrid score.

        Raises ``ConfigError`` where there are no two legs to weigh: no vectors yet, or a fusion without one; and as
        ``settings_for`` does.
        """
        with self._reading() as reading:
            config = settings_for(reading.generation, self._config)
            if config.fusion != "sum":
                raise ConfigError(
                    f"There are no two legs to weigh: fusion '{config.fusion}' has no weight.",
                    hint="Leave it at 'sum'.",
                )
            if not reading.generation.manifest.vectors:
                raise ConfigError(
                    "There are no two legs to weigh: the index has no vectors yet.",
                    hint="Run 'searchkit rebuild --index PATH'.",
                )
            return reading.leaning.weight if config.vector_weight is None else config.vector_weight

    def standing(self, mode: Mode = Mode.HYBRID) -> tuple[str, ...]:
        """Tell what every search in a mode has among its notes: vectors that are missing, rules that have changed.

        Raises ``VectorsMissing`` where that mode can find nothing for want of them.
        """
        with self._reading() as reading:
            return index_notes(reading.generation, mode)

    def article_ids(self) -> tuple[str, ...]:
        """Return the ids of all articles, in the order in which they came in."""
        with self._reading() as reading:
            return tuple(reading.generation.digests())

    def article(self, article_id: str) -> Article | None:
        """Return an article by its id; None where there is none."""
        with self._reading() as reading:
            article_row = reading.generation.find_article(article_id)
            return article_row[0] if article_row else None

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """Return all chunks of an article, in order; none where there is no such article."""
        with self._reading() as reading:
            article_row = reading.generation.find_article(article_id)
            return reading.generation.chunks_at(article_row[1]) if article_row else ()

    def chunk(self, chunk_id: str) -> Chunk | None:
        """Return a chunk by its id, ``article-id#ordinal``; None where there is none."""
        article_id, mark, ordinal = chunk_id.rpartition("#")
        if not mark or not ordinal.isdecimal() or len(ordinal) > 9:
            return None
        chunks = self.chunks(article_id)
        return chunks[int(ordinal)] if int(ordinal) < len(chunks) else None

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
            SearchkitError: This searcher was closed.
            IndexCorrupt: A file isn't what was written.

        Example:
            >>> from whoosh.qparser import QueryParser
            >>> with searchkit.open("indexes/mine") as searcher, searcher.whoosh() as whoosh:
            ...     asked = QueryParser("text", whoosh.schema).parse("launchers guarding")
            ...     for hit in whoosh.search(asked, limit=5, sortedby="published"):
            ...         print(hit["id"], hit["title"], hit.highlights("text"))
        """
        from searchkit.keyword.whoosh_searcher import open_searcher
        from searchkit.search.whoosh_documents import GenerationDocuments

        with ExitStack() as opened:
            reading = opened.enter_context(self._reading())
            held = ExitStack()
            searcher = open_searcher(
                reading.keyword,
                GenerationDocuments(reading.generation),
                analyzer=reading.analyzer,
                weighting=weighting,
                on_close=held.close,
            )
            searcher.notes = reading.standing(Mode.KEYWORD)
            held.push(opened.pop_all())
        with self._guard:
            self._whoosh.add(searcher)
        return searcher

    def info(self) -> IndexInfo:
        """Tell what the index is made of."""
        with self._reading() as reading:
            return info_of(reading.generation, settings_for(reading.generation, self._config).time_zone)

    def _now(self) -> datetime:
        """Tell the time by the clock of the settings' zone."""
        from searchkit.ingest.dates import now_in

        with self._reading() as reading:
            return now_in(settings_for(reading.generation, self._config).time_zone)

    def _look(self, reading: SearchContext, query: Query) -> tuple[Candidates, SearchConfig]:
        """Ask the legs, and the reranker where there is one and it is wanted; return the settings that hold, too."""
        config = settings_for(reading.generation, self._config)
        looked = retrieve(reading, query, config, self._encode)
        if self._reranker is not None and query.rerank:
            looked = self._reranker.move(reading.generation, looked, config)
        return looked, config
