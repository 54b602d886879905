"""Here is a segment's ``articles.sqlite``; which articles and chunks stand in it?

``articles``  row (0-based), id, digest of the content, title, text, url, source, authors, published, updated (both as
              ISO 8601), language, tags, fields, sections (JSON), chunk (row of its first chunk), chunks (their number)
``chunks``    row (0-based, the row of its vector and posting too), article (row), ordinal, start, end, heading, digest
              of the text that was encoded
``labels``    name, value (casefolded), article (row), shown (as the article has it): what filters and facets read:
              ``source``, ``language``, ``tag``, ``author``, and every other field under its own name
``dates``     published (microseconds since 1970, UTC), article (row)
``starts``    one value: for each article the row of its first chunk, then the number of chunks, as uint32,
little-endian
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from searchkit.errors import IndexCorrupt, StorageError
from searchkit.index.cells import COLUMNS, KINDS, article_of, instant_of, json_of, text_of
from searchkit.index.database import open_to_read, right_kinds
from searchkit.index.ids import IdsWriter
from searchkit.index.paths import IDS
from searchkit.types import Article, Chunk, Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCHEMA = """
CREATE TABLE articles (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
  url TEXT, source TEXT, authors TEXT NOT NULL, published TEXT, updated TEXT, language TEXT, tags TEXT NOT NULL,
  fields TEXT NOT NULL, sections TEXT NOT NULL, chunk INTEGER NOT NULL, chunks INTEGER NOT NULL);
CREATE TABLE chunks (
  row INTEGER PRIMARY KEY, article INTEGER NOT NULL, ordinal INTEGER NOT NULL, start INTEGER NOT NULL,
  end INTEGER NOT NULL, heading TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE labels (
  name TEXT NOT NULL, value TEXT NOT NULL, article INTEGER NOT NULL, shown TEXT NOT NULL,
  PRIMARY KEY (name, value, article)) WITHOUT ROWID;
CREATE TABLE dates (published INTEGER NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (published, article)) WITHOUT
ROWID; CREATE TABLE starts (rows BLOB NOT NULL);
"""

_AT_ONCE = 500
"""Ids that are looked up in one statement: SQLite takes at least 999 values."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ARTICLE_KINDS = "tttTTtTTTtttii"
_CHUNK = "articles.id, articles.text, chunks.ordinal, chunks.start, chunks.end, chunks.heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article as a segment holds it: its row, the row of its first chunk, and how many it has."""

    row: int
    chunk: int
    chunks: int
    article: Article


def microseconds(instant: datetime) -> int:
    """Count the microseconds from 1970 to an aware instant."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def text_digest(text: str) -> bytes:
    """Name a text by 16 bytes of BLAKE2b; equal texts have equal vectors."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def article_digest(article: Article) -> bytes:
    """Name an article's whole content by 16 bytes: equal where nothing about it changed."""
    return text_digest(json.dumps(_values(article), ensure_ascii=False, sort_keys=True, default=str))


def labels_of(article: Article) -> Iterator[tuple[str, str]]:
    """Yield the (name, value) pairs by which an article can be filtered and counted."""
    if article.source is not None:
        yield "source", article.source
    if article.language is not None:
        yield "language", article.language
    if article.published is not None:
        yield "year", str(article.published.year)
    yield from (("tag", tag) for tag in article.tags)
    yield from (("author", author) for author in article.authors)
    for name, value in article.fields.items():
        yield from ((name, _shown(one)) for one in (value if isinstance(value, tuple) else (value,)))


def _shown(value: str | int | float | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


class ArticlesWriter:
    """Writes a new ``articles.sqlite``: add articles with their chunks in the order of their rows, then ``finish``."""

    def __init__(self, path: Path) -> None:
        self._starts = array("I", [0])
        self._ids = IdsWriter()
        self._path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
            self._db.execute("BEGIN")
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def add(
        self, article: Article, chunks: Sequence[Chunk], digests: Sequence[bytes], *, digest: bytes | None = None
    ) -> None:
        """Append an article and its chunks; ``digests`` name the chunks' encoded texts. Raises ``StorageError``.

        ``digest`` is the article's own, where it is known already.
        """
        row, first = len(self._starts) - 1, self._starts[-1]
        values = (
            row, article.id, digest or article_digest(article), article.title, article.text,
            article.url, article.source, json_of(article.authors), text_of(article.published), text_of(article.updated),
            article.language, json_of(article.tags), json_of(article.fields),
            json_of([_values(section) for section in article.sections]), first, len(chunks),
        )  # fmt: skip
        try:
            self._db.execute(f"INSERT INTO articles VALUES ({','.join('?' * len(values))})", values)
            self._db.executemany(
                "INSERT INTO chunks VALUES (?,?,?,?,?,?,?)",
                (
                    (first + chunk.ordinal, row, chunk.ordinal, chunk.start, chunk.end, chunk.heading, digest)
                    for chunk, digest in zip(chunks, digests, strict=True)
                ),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO labels VALUES (?,?,?,?)",
                ((name, value.casefold(), row, value) for name, value in labels_of(article)),
            )
            if article.published is not None:
                self._db.execute("INSERT INTO dates VALUES (?,?)", (microseconds(article.published), row))
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self._starts.append(first + len(chunks))
        self._ids.add(article.id)

    def finish(self) -> None:
        """Complete the file and close it; write the ids beside it. Raises ``StorageError``."""
        try:
            starts = np.asarray(self._starts, dtype="<u4")
            self._db.execute("INSERT INTO starts VALUES (?)", (starts.tobytes(),))
            self._db.execute("COMMIT")
            self._db.execute("ANALYZE")
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            self._db.close()
        self._ids.write(self._path.with_name(IDS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file as it is; without ``finish`` it is thrown away."""
        self._db.close()

    def _failure(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"Can't write {self._path}: {error}.")


def _values(told: Article | Section) -> dict[str, object]:
    """Return a record's fields by name, for JSON: as ``dataclasses.asdict``, which would copy each text and tag."""
    values = {one.name: getattr(told, one.name) for one in fields(told)}
    return (
        values | {"sections": [_values(section) for section in told.sections]} if isinstance(told, Article) else values
    )


class ArticlesReader:
    """Reads an ``articles.sqlite``; safe to share among threads: there are as many connections as ask at once.

    Every method raises ``IndexCorrupt`` naming the file where the file isn't what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; nothing may be asked at the same time."""
        with self._guard:
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def rows(self, statement: str, values: Sequence[Any] = (), *, kinds: str = "") -> list[tuple[Any, ...]]:
        """Run a SELECT and return its rows, whose columns are of these ``kinds``, a letter each (``right_kinds``).

        A text that no article can hold, with lone surrogates, finds nothing.
        """
        connection = self._borrow()
        try:
            found = connection.execute(statement, values).fetchall()
        except UnicodeEncodeError:
            return []
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self.corrupt(str(error)) from error
        finally:
            with self._guard:
                self._idle.append(connection)
        if not right_kinds(found, kinds):
            raise self.corrupt("a value is of another type than was written")
        return found

    def article_row(self, article_id: str) -> int | None:
        """Find an article's row by its id."""
        found = self.rows("SELECT row FROM articles WHERE id = ?", (article_id,))
        return found[0][0] if found else None

    def article_rows(self, ids: Sequence[str]) -> list[int]:
        """Find the rows, ascending, of the articles that have any of the ids."""
        found: list[int] = []
        for first in range(0, len(ids), _AT_ONCE):
            some = ids[first : first + _AT_ONCE]
            marks = ",".join("?" * len(some))
            found += [row for (row,) in self.rows(f"SELECT row FROM articles WHERE id IN ({marks})", some)]
        return sorted(found)

    def digests(self) -> list[tuple[int, str, bytes]]:
        """Return the row, the id and the digest of every article."""
        return self._numbered("id, digest", "itb")

    def _numbered(self, columns: str, kinds: str) -> list[tuple[Any, ...]]:
        found = self.rows(f"SELECT row, {columns} FROM articles ORDER BY row", kinds=kinds)
        if found and (found[0][0], found[-1][0]) != (0, len(found) - 1):
            raise self.corrupt("its articles don't count from 0 on")
        return found

    def digest(self, row: int) -> bytes:
        """Return the digest of the article of a row."""
        found = self.rows("SELECT digest FROM articles WHERE row = ?", (row,), kinds="b")
        if not found:
            raise self.corrupt(f"it has no article in row {row}")
        return bytes(found[0][0])

    def languages(self, rows: Sequence[int]) -> list[str]:
        """Return the language of each of some articles, "" where it isn't known."""
        found = [self.rows("SELECT language FROM articles WHERE row = ?", (row,), kinds="T") for row in rows]
        return [str(one[0][0] or "") for one in found if one]

    def without_language(self) -> list[int]:
        """Return the rows of the articles whose language isn't known, in the order of their ids."""
        return [row for (row,) in self.rows("SELECT row FROM articles WHERE language IS NULL ORDER BY id", kinds="i")]

    def article_id(self, row: int) -> str:
        """Return the id of the article of a row."""
        found = self.rows("SELECT id FROM articles WHERE row = ?", (row,), kinds="t")
        if not found:
            raise self.corrupt(f"it has no article in row {row}")
        return str(found[0][0])

    def article_ids(self, rows: Sequence[int]) -> list[str]:
        """Return the ids of the articles of some rows, in their order."""
        found: dict[int, str] = {}
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            marks = ",".join("?" * len(some))
            found.update(self.rows(f"SELECT row, id FROM articles WHERE row IN ({marks})", some, kinds="it"))
        if absent := [row for row in rows if row not in found]:
            raise self.corrupt(f"it has no article in row {absent[0]}")
        return [found[row] for row in rows]

    def stored(self, row: int) -> StoredArticle:
        """Return the article of a row, with the rows of its chunks."""
        found = self.rows(f"SELECT {COLUMNS}, chunk, chunks FROM articles WHERE row = ?", (row,), kinds=f"{KINDS}ii")
        if not found:
            raise self.corrupt(f"it has no article in row {row}")
        *values, chunk, chunks = found[0]
        try:
            return StoredArticle(row=row, chunk=chunk, chunks=chunks, article=article_of(tuple(values)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self.corrupt(f"article in row {row}: {error}") from error

    def origins(self) -> list[tuple[int, str | None, datetime | None]]:
        """Return the row, the source and the date of every article, by row."""
        found = self._numbered("source, published", "iTT")
        try:
            return [(row, source, instant_of(published)) for row, source, published in found]
        except ValueError as error:
            raise self.corrupt(str(error)) from error

    def chunks(self, first: int, number: int) -> tuple[Chunk, ...]:
        """Return the chunks of ``number`` rows from ``first`` on."""
        found = self.rows(
            f"SELECT {_CHUNK} FROM chunks JOIN articles ON articles.row = chunks.article"
            " WHERE chunks.row >= ? AND chunks.row < ? ORDER BY chunks.row",
            (first, first + number),
            kinds="ttiiit",
        )
        if len(found) != number or any(not 0 <= start <= end <= len(text) for _, text, _, start, end, _ in found):
            raise self.corrupt(f"it lacks chunks in rows {first} to {first + number - 1}")
        return tuple(
            Chunk(article_id=id_, ordinal=ordinal, start=start, end=end, text=text[start:end], heading=heading)
            for id_, text, ordinal, start, end, heading in found
        )

    def starts(self, articles: int, chunks: int) -> NDArray[np.int64]:
        """Return ``(articles + 1,)`` rows: the first chunk of each article, and the number of chunks at the end."""
        found = self.rows("SELECT rows FROM starts")
        blob = found[0][0] if len(found) == 1 else b""
        if not isinstance(blob, bytes) or len(blob) != 4 * (articles + 1):
            raise self.corrupt(f"it doesn't hold {articles} articles")
        starts = np.frombuffer(blob, dtype="<u4").astype(np.int64)
        if starts[0] != 0 or starts[-1] != chunks or (np.diff(starts) < 1).any():
            raise self.corrupt("its articles' chunks don't follow each other")
        return starts

    def chunk_digests(self, first: int = 0, number: int = 1 << 48) -> list[tuple[int, bytes]]:
        """Return the row and the digest of the encoded text of chunks, ``number`` rows from ``first`` on."""
        return self.rows(
            "SELECT row, digest FROM chunks WHERE row >= ? AND row < ? ORDER BY row",
            (first, first + number),
            kinds="ib",
        )

    def _borrow(self) -> sqlite3.Connection:
        """Take a connection that nobody uses, or open one."""
        with self._guard:
            if self._idle:
                return self._idle.pop()
        try:
            return open_to_read(self._path, _SCHEMA)
        except sqlite3.Error as error:
            raise self.corrupt(str(error)) from error

    def corrupt(self, reason: str) -> IndexCorrupt:
        """Make the error that says what is wrong with this file."""
        return IndexCorrupt(f"{self._path} can't be read: {reason}.")
