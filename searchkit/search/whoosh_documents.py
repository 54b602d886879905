"""Whoosh documents: what the chunks of a generation have beside their words, as Whoosh's searcher asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.index.articles_db import label_key, microseconds
from searchkit.index.filters import articles_with_label, labels
from searchkit.index.segment_reader import chunk_texts
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.whoosh_schema import UNDATED
from searchkit.types import Article, Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.generation import Generation
    from searchkit.keyword.postings.inverter import ChunkRow

_LABELS = {"tags": "tag", "authors": "author"}
"""What filters call the fields that are called otherwise here."""

_ALWAYS = {"source": False, "language": False, "year": False, "tags": True, "authors": True}
"""The fields of values that any article may have, and whether it may have several."""

_OWN: dict[str, Callable[[Article, Chunk], Any]] = {
    "id": lambda article, chunk: article.id,
    "chunk_id": lambda article, chunk: chunk.id,
    "title": lambda article, chunk: article.title,
    "text": lambda article, chunk: chunk.text,
    "url": lambda article, chunk: article.url,
    "source": lambda article, chunk: article.source,
    "published": lambda article, chunk: article.published,
    "year": lambda article, chunk: str(article.published_day.year) if article.published_day else None,
    "language": lambda article, chunk: article.language,
    "tags": lambda article, chunk: list(article.tags),
    "authors": lambda article, chunk: list(article.authors),
}
"""What is shown of a chunk, where its article has it; other fields of the article stand beside these."""

_REMEMBERED = 256
"""Values whose rows are remembered: Whoosh asks for each several times in a search, once and more a segment."""


class GenerationDocuments:
    """The chunks of a generation, whose numbers are its rows. Reads nothing before it is asked for.

    It is what ``searchkit.keyword.whoosh_schema`` calls `Documents`. Every method raises ``IndexCorrupt``.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.languages: Sequence[str | None] = generation.languages
        reserved = {*_OWN, *_LABELS.values()}
        # A name with a space, or an underscore before it, can't be one of Whoosh's fields.
        others = sorted(name for name in generation.field_names - reserved if " " not in name and name[:1] not in "_")
        self.values = {"id": False, "chunk_id": False, **_ALWAYS, **dict.fromkeys(others, True)}
        self._columns: dict[str, list[Any]] = {}
        self._found: BoundedCache[tuple[str, str], NDArray[np.int64]] = BoundedCache(_REMEMBERED)

    def stored(self, row: int) -> dict[str, Any]:
        """Return what is shown of a chunk, by field."""
        article, chunk = self._at(row)
        own = {name: value for name, of in _OWN.items() if (value := of(article, chunk)) not in (None, [])}
        others = {name: list(value) if isinstance(value, tuple) else value for name, value in article.fields.items()}
        return others | own

    def chunk(self, row: int) -> ChunkRow:
        """Return a chunk's texts as they were indexed."""
        segment, own = self._generation.place(row)
        article = int(np.searchsorted(segment.starts, own, side="right")) - 1
        chunks = list(chunk_texts(segment, [article], self._generation.manifest.unknown_as))
        return chunks[own - int(segment.starts[article])]

    def key(self, field: str, value: str) -> str:
        """Return that by which a field's values compare: ids as they are, others as filters compare them."""
        return value if field in ("id", "chunk_id") else label_key(_LABELS.get(field, field), value)

    def keys(self, field: str, rows: range) -> Sequence[str]:
        """Return the keys that living chunks among some have in a field, ascending."""
        column, living = self.column(field), self._generation.living
        values = [column[row] for row in rows if living is None or living[row]]
        each = (value for cell in values for value in (cell if isinstance(cell, list) else [cell]) if value != "")
        return sorted({self.key(field, value) for value in each})

    def rows(self, field: str, key: str) -> NDArray[np.int64]:
        """Return the living rows, ascending, that have a value of this key."""
        rows = self._found.get((field, key))
        if rows is None:
            rows = self._found[field, key] = self._rows(field, key)
        return rows

    def _rows(self, field: str, key: str) -> NDArray[np.int64]:
        generation = self._generation
        if field == "id":
            stored = generation.find_article(key)
            return np.array([] if stored is None else stored[1], np.int64)
        if field == "chunk_id":
            article_id, mark, ordinal = key.rpartition("#")
            rows = self.rows("id", article_id)
            is_there = bool(mark) and ordinal.isdecimal() and len(ordinal) < 10 and int(ordinal) < len(rows)
            return rows[int(ordinal) :][:1] if is_there and str(int(ordinal)) == ordinal else rows[:0]
        chosen = []
        for segment in generation.segments:
            articles = np.zeros(segment.fact.articles, dtype=bool)
            articles[articles_with_label(segment, _LABELS.get(field, field), [key])] = True
            chosen.append(articles & segment.living_articles)
        return np.flatnonzero(generation.spread(chosen))

    def column(self, field: str) -> Sequence[Any]:
        """Return the value of each chunk's article, "" where it has none; a list where there may be several."""
        if field not in self._columns:
            self._columns[field] = self._column(field)
        return self._columns[field]

    def _column(self, field: str) -> list[Any]:
        generation = self._generation
        if field in ("id", "chunk_id"):
            ids = generation.article_ids(np.arange(generation.article_count))
            if field == "id":
                return [ids[article] for article in generation.article_of_row.tolist()]
            starts = generation.article_starts
            return [
                f"{ids[article]}#{ordinal}"
                for article, count in enumerate(np.diff(starts).tolist())
                for ordinal in range(count)
            ]
        several = self.values.get(field, False)
        shown: list[list[str]] = [[] for _ in range(generation.article_count)]
        spellings: dict[str, str] = {}
        statement = "SELECT article, shown FROM labels WHERE name = ?"
        values: tuple[str, ...] = (_LABELS.get(field, field),)
        if field == "title":
            statement, values = "SELECT row, title FROM articles", ()
        for segment, base in zip(generation.segments, generation.article_bases.tolist(), strict=False):
            for article, text in labels(segment, statement, values, "t"):
                # What compares as equal is one value to a facet: as it is spelt first.
                spelt = text if field == "title" else spellings.setdefault(self.key(field, text), text)
                shown[base + article].append(spelt)
        each: list[Any] = [list(dict.fromkeys(some)) if several else some[0] if some else "" for some in shown]
        return [each[article] for article in generation.article_of_row.tolist()]

    def dates(self) -> NDArray[np.int64]:
        """Return when each chunk's article was published, in microseconds since 1970, or ``UNDATED``."""
        return self._dates

    @cached_property
    def _dates(self) -> NDArray[np.int64]:
        generation = self._generation
        dates = np.full(generation.article_count, UNDATED, np.int64)
        for segment, base in zip(generation.segments, generation.article_bases.tolist(), strict=False):
            for article, _source, published in segment.articles.origins():
                if published is not None:
                    dates[base + article] = microseconds(published)
        return dates[generation.article_of_row]

    def _at(self, row: int) -> tuple[Article, Chunk]:
        [(article, _)] = self._generation.articles_at(self._generation.article_of_row[row : row + 1])
        [chunk] = self._generation.chunks_of([row], [article])
        return article, chunk
