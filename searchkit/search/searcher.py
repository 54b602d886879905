"""Here is an index; how does a program ask it? One object, safe to share among threads, that answers queries."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from searchkit.config import SearchConfig
from searchkit.encoders import load_encoder
from searchkit.errors import EncoderMismatch, SearchkitError
from searchkit.index.manifest import current_generation
from searchkit.index.paths import IndexPaths
from searchkit.index.reader import Generation, info_of, open_generation
from searchkit.search.asking import make_query
from searchkit.search.facets import count_facets
from searchkit.search.legs import Reading, look
from searchkit.search.ranking import rank_articles, rank_chunks
from searchkit.search.results import make_results
from searchkit.types import Answer, Article, Chunk, Encoder, Hit, IndexInfo, Mode, Query

if TYPE_CHECKING:
    from searchkit.types import Vector

Texts = str | Sequence[str]
When = str | date | datetime | None


def open_index(path: str | Path, *, config: SearchConfig | None = None, encoder: Encoder | None = None) -> Searcher:
    """Open an index for searching; ``encoder`` is used instead of loading the one that the index names.

    Raises ``IndexNotFound``, ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``.
    """
    return Searcher(Path(path), config=config or SearchConfig(), encoder=encoder)


class _Held:
    """A generation and the number of searches in it: a refresh closes it when the last of them ends."""

    def __init__(self, generation: Generation) -> None:
        self.reading = Reading(generation)
        self._users = 1
        self._guard = threading.Lock()

    def take(self) -> None:
        with self._guard:
            self._users += 1

    def leave(self) -> None:
        with self._guard:
            self._users -= 1
            last = self._users == 0
        if last:
            self.reading.generation.close()


class Searcher:
    """An opened index. It answers from the generation it was opened with until ``refresh``.

    Any number of threads may share one. Use it with ``with``, or call ``close``.
    """

    def __init__(self, path: Path, *, config: SearchConfig, encoder: Encoder | None = None) -> None:
        self._path, self._config, self._encoder = path, config, encoder
        self._guard, self._refreshing, self._loading = threading.Lock(), threading.Lock(), threading.Lock()
        self._held: _Held | None = _Held(open_generation(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; searches that are going on end first."""
        with self._guard:
            held, self._held = self._held, None
        if held is not None:
            held.leave()

    def refresh(self) -> bool:
        """Go over to the generation in force; say whether it is another. Raises as ``open_index`` does."""
        with self._refreshing, self._reading() as reading:
            if reading.generation.manifest.generation == current_generation(IndexPaths(self._path)):
                return False
            fresh = _Held(open_generation(self._path))
            with self._guard:
                old = self._held
                self._held = None if old is None else fresh
            (old or fresh).leave()  # closed meanwhile: the fresh one isn't wanted any more
        return True

    def search(
        self,
        text: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.HYBRID,
        since: When = None,
        until: When = None,
        source: Texts = (),
        language: Texts = (),
        tag: Texts = (),
        author: Texts = (),
        fields: Mapping[str, Texts] | None = None,
        facets: Sequence[str] = (),
    ) -> Answer:
        """Answer a question with the ``k`` best articles that pass the filters.

        ``since`` and ``until`` take instants, dates or words ("2025-10", "last month"), both included. Within one
        filter any value may hold, all filters must; ``fields`` filters by any other field. ``facets`` names fields to
        count over the matches. Raises ``QueryError`` where an argument can't be understood, and as ``ask`` does.
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
            fields=fields or {},
            facets=facets,
        )
        return self.ask(query)

    def ask(self, query: Query) -> Answer:
        """Answer a query.

        Raises ``QueryError`` (nothing is asked, k below 1, an unknown field to count), ``EncoderMismatch``,
        ``MissingExtra`` (the encoder isn't there) or ``IndexCorrupt``.
        """
        started = time.monotonic()
        with self._reading() as reading:
            looked = look(reading, query, self._config, self._encode)
            ranked = rank_articles(looked.legs, query.k, self._config.depth)
            results = make_results(reading, looked, ranked, self._config)
            facets = count_facets(reading.generation, query.facets, looked.matching)
            suggestions = reading.suggestions(looked) if looked.unknown or not results else ()
        return Answer(
            query=query,
            results=results,
            notes=looked.notes,
            suggestions=suggestions,
            facets=facets,
            took_s=time.monotonic() - started,
        )

    def rank(self, query: Query) -> tuple[tuple[str, float], ...]:
        """Return the ids and scores of the articles that ``ask`` finds, best first, without reading what it shows.

        Raises as ``ask`` does.
        """
        with self._reading() as reading:
            looked = look(reading, query, self._config, self._encode)
            ranked = rank_articles(looked.legs, query.k, self._config.depth)
            return tuple(
                (reading.generation.article_id(int(number)), float(score))
                for number, score in zip(ranked.keys, ranked.scores, strict=True)
            )

    def retrieve(self, query: Query, depth: int) -> tuple[Hit, ...]:
        """Return the best ``depth`` chunks, best first: what ``Retriever`` promises. Raises as ``ask`` does."""
        with self._reading() as reading:
            looked = look(reading, query, self._config, self._encode)
            ranked = rank_chunks(looked.legs, depth, self._config.depth)
            return tuple(
                Hit(chunk_id=reading.generation.chunks_at(range(row, row + 1))[0].id, score=float(score))
                for row, score in zip(map(int, ranked.keys), ranked.scores, strict=True)
            )

    def article(self, article_id: str) -> Article | None:
        """Return an article by its id; None where there is none."""
        with self._reading() as reading:
            found = reading.generation.find_article(article_id)
            return found[0] if found else None

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """Return all chunks of an article, in order; none where there is no such article."""
        with self._reading() as reading:
            found = reading.generation.find_article(article_id)
            return reading.generation.chunks_at(found[1]) if found else ()

    def chunk(self, chunk_id: str) -> Chunk | None:
        """Return a chunk by its id, ``article-id#ordinal``; None where there is none."""
        article_id, mark, ordinal = chunk_id.rpartition("#")
        if not mark or not ordinal.isdecimal() or len(ordinal) > 9:
            return None
        chunks = self.chunks(article_id)
        return chunks[int(ordinal)] if int(ordinal) < len(chunks) else None

    def info(self) -> IndexInfo:
        """Tell what the index is made of."""
        with self._reading() as reading:
            return info_of(reading.generation)

    @contextmanager
    def _reading(self) -> Iterator[Reading]:
        with self._guard:
            held = self._held
            if held is None:
                raise SearchkitError("This index was closed.", hint="Open it again with searchkit.open(PATH).")
            held.take()
        try:
            yield held.reading
        finally:
            held.leave()

    def _encode(self, reading: Reading, text: str) -> Vector:
        """Return the vector of a query, by the encoder that made the index's own."""
        fact = reading.generation.manifest.encoder
        with self._loading:
            if self._encoder is None:
                self._encoder = load_encoder(fact.name)
            encoder = self._encoder
        if encoder.fingerprint != fact.fingerprint:
            raise EncoderMismatch(
                f"The vectors of {self._path} were made by '{fact.name}' ({fact.fingerprint[:12]}), not by"
                f" '{encoder.name}' as it is here ({encoder.fingerprint[:12]})."
            )
        return encoder.encode_query(text)
