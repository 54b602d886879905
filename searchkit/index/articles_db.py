"""Articles database: ``articles.sqlite`` of a segment, its articles, chunk spans and filter values.

``articles``  row (0-based), id, digest of the content, file (its number; NULL where a program handed the article over),
              title, text, url, source, authors, published, updated (both as ISO 8601), language, tags, fields, sections
              (JSON), chunk (row of its first chunk), chunks (their number)
``files``     number, path and name of each file that an article was read from (``Origin``)
``chunks``    row (0-based, the row of its vector and posting too), article (row), ordinal, start, end, heading, digest
              of the text that was encoded
``labels``    name, value (its ``label_key``), article (row), shown (as the article has it): what filters and facets
              read: ``source``, ``language``, ``tag``, ``author``, ``year``, and every other field under its own name
``dates``     published (microseconds since 1970, UTC), article (row)
``offsets``   article (row), seconds by which the clock of its date is ahead of UTC, where that isn't 0
``starts``    one value: for each article the row of its first chunk, then the number of chunks, as uint32,
little-endian

Format 1 had neither ``files`` nor the column ``file``, so where its articles came from isn't known, no ``offsets``, and
the ``value`` of its labels is casefolded and nothing more.

Beside it, of a segment that has ``IDS_FROM`` articles or more, lies ``ids.bin``, an array file with the strings
``ids``: the articles' ids in the order of their rows. A look into SQLite takes 20 µs for each. It also holds the keys
by which an article is found by its URL or title (``article_keys.py``).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from searchkit.errors import IndexCorrupt, StorageError
from searchkit.index.article_keys import ArticleKeys, ArticleKeysWriter
from searchkit.index.paths import IDS
from searchkit.ingest.language_detection import normalise
from searchkit.keyword.analysis.normalization import fold
from searchkit.storage.array_file import ArrayWriter, StringsWriter
from searchkit.storage.files import OPEN_AGAIN, HeldFile
from searchkit.storage.safe_sqlite import open_to_read, right_kinds
from searchkit.types import Article, Chunk, FieldValue, Origin, Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


IDS_FROM = 1_000
"""Articles of a segment from which ``ids.bin`` is written: of fewer all ids are soon remembered."""

IDS_MAGIC = b"SKIDS001"

COLUMNS = "id, title, text, url, source, authors, published, updated, language, tags, fields, sections"
KINDS = "tttTTtTTTttt"
"""What each column holds, as ``right_kinds`` reads it."""


def json_of(value: object) -> str:
    """Write what a column holds as JSON."""
    return json.dumps(value, ensure_ascii=False)


_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4})?", re.ASCII)
"""A number, which 007 and 1.2.3 aren't."""

_BLANKS = re.compile(r"\s+")

_LONGEST_NUMBER = 40
"""Characters of a number that is compared as one; longer ones are names."""

_PLAIN_EXPONENTS = range(-30, 31)
"""Powers of ten that are written out, so that ``CAST(value AS REAL)`` reads digits alone."""


def label_key(name: str, value: str) -> str:
    """Return that by which a field's values compare: equal for values that are the same to a reader.

    Folded as words are (case, width, diacritics, NFC and NFD), blanks at the ends off and runs of them one blank;
    numbers as numbers (2.0 and 2, 4.50 and 4.5, 1e-05 and 0.00001); languages by their base (en-GB and en).
    """
    if name == "language":
        return _language_key(value)
    return _key(value)


def folded_piece(text: str) -> str:
    """Return a part of a value as it stands in the value's key: blanks at its ends are blanks of the value."""
    return _BLANKS.sub(" ", fold(text))


@lru_cache(maxsize=1 << 16)
def _key(value: str) -> str:
    text = " ".join(fold(value).split())
    if not text or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    if not number:
        return "0"
    number = number.normalize()
    return format(number, "f") if number.adjusted() in _PLAIN_EXPONENTS else str(number).lower()


@lru_cache(maxsize=1 << 10)
def _language_key(value: str) -> str:
    return normalise(value) or _key(value).replace("_", "-").split("-")[0]


def text_of(instant: datetime | None, offset_s: int = 0) -> str | None:
    """Write an instant, as ISO 8601, by a clock that is so many seconds ahead of UTC."""
    if instant is None:
        return None
    return instant.astimezone(timezone(timedelta(seconds=offset_s)) if offset_s else UTC).isoformat()


def instant_of(text: str | None) -> datetime | None:
    """Read an instant, by the clock it was written by. Raises ``ValueError`` where it is none, or names no zone."""
    instant = None if text is None else datetime.fromisoformat(text)
    if instant is not None and instant.utcoffset() is None:
        raise ValueError(f"{text} names no zone")
    return instant


def offset_of(instant: datetime | None) -> int:
    """Return by how many seconds the clock of an aware instant is ahead of UTC; 0 where there is none."""
    offset = None if instant is None else instant.utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def article_of(cells: tuple[Any, ...], origin: Origin | None = None) -> Article:
    """Read ``COLUMNS``, whose ``KINDS`` are right; ``origin`` stands elsewhere.

    Raises ``ValueError``, ``OverflowError``, ``TypeError``, ``AttributeError`` or ``RecursionError`` where they hold no
    article.
    """
    id_, title, text, url, source, authors, published, updated, language, tags, fields, sections = cells
    appeared, changed = instant_of(published), instant_of(updated)
    return Article(
        id=id_,
        title=title,
        text=text,
        url=url,
        source=source,
        authors=_texts(authors),
        published=None if appeared is None else appeared.astimezone(UTC),
        updated=None if changed is None else changed.astimezone(UTC),
        utc_offset_s=offset_of(appeared),
        language=language,
        tags=_texts(tags),
        fields={} if fields == "{}" else {name: _value(value) for name, value in json.loads(fields).items()},
        sections=() if sections == "[]" else tuple(_section(**section) for section in json.loads(sections)),
        origin=origin,
    )


def cells_of(article: Article) -> tuple[str | None, ...]:
    """Write an article as ``COLUMNS``, which ``article_of`` reads."""
    return (
        article.id,
        article.title,
        article.text,
        article.url,
        article.source,
        json_of(article.authors),
        text_of(article.published, article.utc_offset_s),
        text_of(article.updated),
        article.language,
        json_of(article.tags),
        json_of(article.fields),
        json_of([_values(section) for section in article.sections]),
    )


def _texts(written: str) -> tuple[str, ...]:
    if written == "[]":
        return ()
    values = json.loads(written)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("what should be a list of texts isn't")
    return tuple(values)


def _value(value: Any) -> FieldValue:
    if not all(isinstance(item, str | int | float) for item in (value if isinstance(value, list) else [value])):
        raise ValueError("a field is neither text nor number")
    return tuple(value) if isinstance(value, list) else value


def _section(heading: str, start: int, end: int) -> Section:
    if not (isinstance(heading, str) and isinstance(start, int) and isinstance(end, int) and 0 <= start <= end):
        raise ValueError("a section lies nowhere")
    return Section(heading=heading, start=start, end=end)


_DAY_S = 86_400


class DateColumns:
    """The dates of a segment's articles. Holds a cache alone, so any number of threads may share one.

    A command that asks once reads no more than it needs; a program that asks again gets every date in memory, sorted.
    """

    def __init__(self, articles: ArticlesReader, count: int) -> None:
        self._articles, self._count = articles, count
        self._asked = False
        self._offsets: tuple[Numbers, Numbers] | None = None
        self._by_instant: tuple[Numbers, Numbers] | None = None
        self._by_clock: tuple[Numbers, Numbers] | None = None

    def between(self, low: int, high: int, *, by_own_clock: bool = False) -> Numbers:
        """Return the rows of the articles published from ``low`` to ``high``, microseconds since 1970, both included.

        The microseconds are those of UTC, or with ``by_own_clock`` those that the clock showed by which an article says
        when it was published. Raises ``IndexCorrupt`` where a date belongs to no article, or a clock is no clock.
        """
        if by_own_clock and len(self._own_clocks()[0]):
            published, rows = self.own_times()
        elif not self._asked:
            self._asked = True
            return self._read("WHERE published BETWEEN ? AND ?", (low, high))[1]
        else:
            published, rows = self.columns()
        first, last = np.searchsorted(published, low), np.searchsorted(published, high, side="right")
        return rows[first:last]

    def columns(self) -> tuple[Numbers, Numbers]:
        """Return the instants of all articles that have a date, microseconds since 1970, ascending, and their rows.

        Raises ``IndexCorrupt``.
        """
        if self._by_instant is None:
            self._by_instant = self._read("", ())
        return self._by_instant

    @cached_property
    def of_a_day(self) -> NDArray[np.bool_]:
        """``(articles,)``: which articles name a day and no time, as far as can be told: midnight of UTC is one."""
        chosen = np.zeros(self._count, dtype=bool)
        published, rows = self._read("", ())
        chosen[rows[published % (_DAY_S * 1_000_000) == 0]] = True
        chosen[self._own_clocks()[0]] = False
        return chosen

    def of_each(self) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
        """Return ``(articles,)`` of each: microseconds since 1970, by how many its clock is ahead, whether it is dated.

        Raises ``IndexCorrupt`` as ``between`` does.
        """
        instants, ahead = np.zeros((2, self._count), np.int64)
        known = np.zeros(self._count, dtype=bool)
        published, rows = self._read("", ())
        instants[rows], known[rows] = published, True
        owners, seconds = self._own_clocks()
        ahead[owners] = seconds * 1_000_000
        return instants, ahead, known

    def own_times(self) -> tuple[Numbers, Numbers]:
        """Return what each article's own clock showed, in microseconds since 1970, ascending, and the articles' rows.

        Raises ``IndexCorrupt``.
        """
        if self._by_clock is None:
            published, rows = self._read("", ())
            ahead = np.zeros(self._count, np.int64)
            owners, seconds = self._own_clocks()
            ahead[owners] = seconds * 1_000_000
            shown = published + ahead[rows]
            order = np.argsort(shown, kind="stable")
            self._by_clock = (shown[order], rows[order])
        return self._by_clock

    def _own_clocks(self) -> tuple[Numbers, Numbers]:
        """Return the rows of the articles whose clock isn't UTC's, and by how many seconds each is ahead of it."""
        if self._offsets is None:
            owners, seconds = self._columns(self._articles.offsets())
            if len(seconds) and not -_DAY_S < int(seconds.min()) <= int(seconds.max()) < _DAY_S:
                raise self._articles.corrupt("a clock is a day or more from UTC")
            self._offsets = (owners, seconds)
            self._checked(owners)
        return self._offsets

    def _read(self, where: str, values: tuple[int, ...]) -> tuple[Numbers, Numbers]:
        statement = f"SELECT published, article FROM dates {where} ORDER BY published"
        published, rows = self._columns(self._articles.rows(statement, values, kinds="ii"))
        self._checked(rows)
        return published, rows

    def _columns(self, spans: list[tuple[int, int]]) -> tuple[Numbers, Numbers]:
        first, second = np.ascontiguousarray(np.array(spans, np.int64).reshape(-1, 2).T)
        return first, second

    def _checked(self, rows: Numbers) -> None:
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self._count:
            raise self._articles.corrupt("a date belongs to no article")


_SCHEMA = """
CREATE TABLE articles (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, file INTEGER, title TEXT NOT NULL,
  text TEXT NOT NULL, url TEXT, source TEXT, authors TEXT NOT NULL, published TEXT, updated TEXT, language TEXT,
  tags TEXT NOT NULL, fields TEXT NOT NULL, sections TEXT NOT NULL, chunk INTEGER NOT NULL, chunks INTEGER NOT NULL);
CREATE INDEX articles_by_file ON articles (file);
CREATE TABLE files (number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE INDEX files_by_name ON files (name);
CREATE TABLE chunks (
  row INTEGER PRIMARY KEY, article INTEGER NOT NULL, ordinal INTEGER NOT NULL, start INTEGER NOT NULL,
  end INTEGER NOT NULL, heading TEXT NOT NULL, digest BLOB NOT NULL);
CREATE TABLE labels (
  name TEXT NOT NULL, value TEXT NOT NULL, article INTEGER NOT NULL, shown TEXT NOT NULL,
  PRIMARY KEY (name, value, article)) WITHOUT ROWID;
CREATE TABLE dates (published INTEGER NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (published, article)) WITHOUT
ROWID; CREATE TABLE starts (rows BLOB NOT NULL);
CREATE TABLE offsets (article INTEGER PRIMARY KEY, seconds INTEGER NOT NULL);
"""

_SCHEMA_1 = "\n".join(
    line
    for line in _SCHEMA.replace(" file INTEGER,", "").splitlines()
    if "INDEX" not in line and "TABLE files" not in line and "TABLE offsets" not in line
)
"""That of format 1, which is still read."""

_AT_ONCE = 500
"""Ids that are looked up in one statement: SQLite takes at least 999 values."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILE = "(SELECT path FROM files WHERE number = file), (SELECT name FROM files WHERE number = file)"


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


def microseconds_of_day(day: date) -> int:
    """Count the microseconds from 1970 to the start of a day, by whichever clock both are told."""
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def text_digest(text: str) -> bytes:
    """Name a text by 16 bytes of BLAKE2b; equal texts have equal vectors."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def article_digest(article: Article) -> bytes:
    """Name an article's whole content by 16 bytes: equal where nothing about it changed."""
    return text_digest(json.dumps(_values(article), ensure_ascii=False, sort_keys=True, default=str))


LONGEST_LABEL = 200
"""Characters of what can be filtered by and counted, of a value and of a name. The longest author or tag of 20,000 real
articles had 94; what is longer is text (``raw_html``), which would be written twice and never be asked for."""


def labels_of(article: Article, unlabelled: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield the (name, value) pairs by which an article can be filtered and counted; what is longer is stored alone.

    So is what ``unlabelled`` fields hold: words.
    """
    return (
        (name, value)
        for name, value in _values_by_name(article)
        if max(len(name), len(value)) <= LONGEST_LABEL and name not in unlabelled
    )


def too_long_for_labels(article: Article, unlabelled: frozenset[str] = frozenset()) -> set[str]:
    """Name the fields of an article of which a value is too long to be filtered by, but for those of words."""
    names = {name for name, value in _values_by_name(article) if max(len(name), len(value)) > LONGEST_LABEL}
    return names - unlabelled


def _values_by_name(article: Article) -> Iterator[tuple[str, str]]:
    """Yield the (name, value) pairs of an article.

    A field of the name of one of the article's own ("year", or "source" out of "metadata") stands aside where the
    article has that: else it would count under two values.
    """
    own: list[tuple[str, str]] = []
    if article.source is not None:
        own.append(("source", article.source))
    if article.language is not None:
        own.append(("language", article.language))
    if (day := article.published_day) is not None:
        own.append(("year", str(day.year)))
    own += (("tag", tag) for tag in article.tags)
    own += (("author", author) for author in article.authors)
    yield from own
    taken = {name for name, _ in own} | {"published"}
    for name, value in article.fields.items():
        if name not in taken:
            yield from ((name, _shown(item)) for item in (value if isinstance(value, tuple) else (value,)))


def _is_storable(value: str | int) -> bool:
    """Say whether a value can be in the file at all: a text with a lone surrogate can't."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: str | int | float | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


class ArticlesWriter:
    """Writes a new ``articles.sqlite``: add articles with their chunks in the order of their rows, then ``finish``."""

    def __init__(self, path: Path, *, unlabelled: frozenset[str] = frozenset()) -> None:
        """``unlabelled``: the fields that hold words, by which no article is filtered."""
        self._unlabelled = unlabelled
        self._starts = array("I", [0])
        self._ids = StringsWriter()
        self._keys = ArticleKeysWriter()
        self._files: dict[str, int] = {}
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
            row, article.id, digest or article_digest(article), self._file(article.origin), *cells_of(article)[1:],
            first, len(chunks),
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
                ((name, label_key(name, value), row, value) for name, value in labels_of(article, self._unlabelled)),
            )
            if article.published is not None:
                self._db.execute("INSERT INTO dates VALUES (?,?)", (microseconds(article.published), row))
                if article.utc_offset_s:
                    self._db.execute("INSERT INTO offsets VALUES (?,?)", (row, article.utc_offset_s))
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self._starts.append(first + len(chunks))
        self._ids.add(article.id)
        self._keys.add(article.title, article.url, article.source)

    def _file(self, origin: Origin | None) -> int | None:
        """Return the number of the file that an article was read from, which is written when it comes first."""
        if origin is None:
            return None
        if origin.path not in self._files:
            self._files[origin.path] = len(self._files)
            values = (self._files[origin.path], origin.path, origin.name)
            try:
                self._db.execute("INSERT INTO files VALUES (?,?,?)", values)
            except sqlite3.Error as error:
                raise self._failure(error) from error
        return self._files[origin.path]

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
        if len(self._ids) >= IDS_FROM:
            with ArrayWriter(self._path.with_name(IDS), IDS_MAGIC) as writer:
                self._ids.write(writer, "ids")
                self._keys.write(writer)
                writer.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file as it is; without ``finish`` it is thrown away."""
        self._db.close()

    def _failure(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"Can't write {self._path}: {error}.")


def _values(record: Article | Section) -> dict[str, object]:
    """Return a record's fields by name, for JSON: as ``dataclasses.asdict``, which would copy each text and tag."""
    values = {field.name: getattr(record, field.name) for field in fields(record) if field.compare}
    if values.get("utc_offset_s") == 0:  # so that an article has the digest that it had before there was one
        del values["utc_offset_s"]
    return (
        values | {"sections": [_values(section) for section in record.sections]}
        if isinstance(record, Article)
        else values
    )


class ArticlesReader:
    """Reads an ``articles.sqlite``; safe to share among threads: there are as many connections as ask at once.

    All read the one file that was opened first, whatever its path leads to by then. Every method raises
    ``IndexCorrupt`` naming the file where it isn't what was written, or can't be opened once more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = HeldFile(path)
        except OSError as error:
            raise self.corrupt(str(error.strerror)) from error
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
        self._file.close()

    def rows(self, statement: str, values: Sequence[Any] = (), *, kinds: str = "") -> list[tuple[Any, ...]]:
        """Run a SELECT and return its rows, whose columns are of these ``kinds``, a letter each (``right_kinds``).

        A text that no article can hold, with lone surrogates, finds nothing.
        """
        connection = self._borrow()
        try:
            rows = connection.execute(statement, values).fetchall()
        except UnicodeEncodeError:
            return []
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self.corrupt(str(error)) from error
        finally:
            with self._guard:
                self._idle.append(connection)
        if not right_kinds(rows, kinds):
            raise self.corrupt("a value is of another type than was written")
        return rows

    @cached_property
    def is_of_first_form(self) -> bool:
        """Whether it is of format 1: without ``files`` and ``offsets``, and labels not by their key."""
        return not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'offsets'")

    def offsets(self) -> list[tuple[int, int]]:
        """Return the row of each article whose date has another clock than UTC, and by how many seconds it differs."""
        return [] if self.is_of_first_form else self.rows("SELECT article, seconds FROM offsets", kinds="ii")

    def article_row(self, article_id: str) -> int | None:
        """Find an article's row by its id."""
        rows = self.rows("SELECT row FROM articles WHERE id = ?", (article_id,))
        return rows[0][0] if rows else None

    def article_rows(self, ids: Sequence[str]) -> list[int]:
        """Find the rows, ascending, of the articles that have any of the ids."""
        rows = [row for (row,) in self._among("SELECT row FROM articles WHERE id IN ({marks})", ids, "i")]
        return sorted(rows)

    def column(self, name: str, kind: str) -> list[tuple[int, Any]]:
        """Return the row of every article and what a column of ``articles`` has there, which is of a ``kind``."""
        return self._numbered(name, f"i{kind}")

    def _numbered(self, columns: str, kinds: str) -> list[tuple[Any, ...]]:
        rows = self.rows(f"SELECT row, {columns} FROM articles ORDER BY row", kinds=kinds)
        if rows and (rows[0][0], rows[-1][0]) != (0, len(rows) - 1):
            raise self.corrupt("its articles don't count from 0 on")
        return rows

    def keys(self) -> ArticleKeys:
        """Return the keys of all articles, made of their titles and URLs."""
        return ArticleKeys.of(
            (title, url, source) for _, title, url, source in self._numbered("title, url, source", "itTT")
        )

    def sources(self) -> list[str]:
        """Return the values of ``source`` of all articles, each once: as the first article has it."""
        # A loose scan, as that of the names of fields in filters.py.
        statement = """
            WITH RECURSIVE sources(value) AS (
              SELECT min(value) FROM labels WHERE name = 'source'
              UNION ALL SELECT (SELECT min(value) FROM labels WHERE name = 'source' AND value > sources.value)
              FROM sources WHERE value IS NOT NULL)
            SELECT (SELECT shown FROM labels WHERE name = 'source' AND value = sources.value LIMIT 1)
            FROM sources WHERE value IS NOT NULL"""
        return [str(shown) for (shown,) in self.rows(statement, kinds="t")]

    def digest(self, row: int) -> bytes:
        """Return the digest of the article of a row."""
        rows = self.rows("SELECT digest FROM articles WHERE row = ?", (row,), kinds="b")
        if not rows:
            raise self.corrupt(f"it has no article in row {row}")
        return bytes(rows[0][0])

    def languages(self, rows: Sequence[int]) -> list[str]:
        """Return the language of each of some articles, "" where it isn't known."""
        cells = [self.rows("SELECT language FROM articles WHERE row = ?", (row,), kinds="T") for row in rows]
        return [str(cell[0][0] or "") for cell in cells if cell]

    def without_language(self) -> list[int]:
        """Return the rows of the articles whose language isn't known, in the order of their ids."""
        return [row for (row,) in self.rows("SELECT row FROM articles WHERE language IS NULL ORDER BY id", kinds="i")]

    def article_id(self, row: int) -> str:
        """Return the id of the article of a row."""
        rows = self.rows("SELECT id FROM articles WHERE row = ?", (row,), kinds="t")
        if not rows:
            raise self.corrupt(f"it has no article in row {row}")
        return str(rows[0][0])

    def article_ids(self, rows: Sequence[int]) -> list[str]:
        """Return the ids of the articles of some rows, in their order."""
        ids: dict[int, str] = {}
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            marks = ",".join("?" * len(some))
            ids.update(self.rows(f"SELECT row, id FROM articles WHERE row IN ({marks})", some, kinds="it"))
        if absent := [row for row in rows if row not in ids]:
            raise self.corrupt(f"it has no article in row {absent[0]}")
        return [ids[row] for row in rows]

    def stored(self, row: int) -> StoredArticle:
        """Return the article of a row, with the rows of its chunks."""
        return self.stored_at([row])[0]

    def stored_at(self, rows: Sequence[int]) -> list[StoredArticle]:
        """Return the articles of some rows, in their order, each with the rows of its chunks; read together."""
        file = "NULL, NULL" if self.is_of_first_form else _FILE
        select = f"SELECT row, {COLUMNS}, chunk, chunks, {file} FROM articles WHERE row IN ({{marks}})"
        stored: dict[int, StoredArticle] = {}
        for row, *cells, chunk, chunks, path, name in self._among(select, rows, f"i{KINDS}iiTT"):
            origin = None if path is None else Origin(path=path, name=name or "")
            try:
                article = article_of(tuple(cells), origin)
            except (ValueError, OverflowError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise self.corrupt(f"article in row {row}: {error}") from error
            stored[row] = StoredArticle(row=row, chunk=chunk, chunks=chunks, article=article)
        if absent := [row for row in rows if row not in stored]:
            raise self.corrupt(f"it has no article in row {absent[0]}")
        return [stored[row] for row in rows]

    def held(self, ids: Sequence[str] | None = None) -> list[tuple[int, str, bytes, str | None]]:
        """Return row, id, digest and the file's path of the articles that have these ids, or of all.

        The path is "" where a program handed the article over, None where it isn't known.
        """
        path = "CASE WHEN file IS NULL THEN '' ELSE (SELECT path FROM files WHERE number = file) END"
        columns = f"id, digest, {'NULL' if self.is_of_first_form else path}"
        if ids is None:
            return self._numbered(columns, "itbT")
        return self._among(f"SELECT row, {columns} FROM articles WHERE id IN ({{marks}})", ids, "itbT")

    def file_names(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the name of each of some files that articles were read from, by its path."""
        if self.is_of_first_form:
            return {}
        return dict(self._among("SELECT path, name FROM files WHERE path IN ({marks})", paths, "tt"))

    def files_called(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return name and path of the files that have these names."""
        if self.is_of_first_form:
            return []
        return self._among("SELECT name, path FROM files WHERE name IN ({marks})", names, "tt")

    def rows_of_file(self, path: str) -> list[int]:
        """Return the rows of the articles that were read from a file."""
        if self.is_of_first_form:
            return []
        select = "SELECT row FROM articles WHERE file = (SELECT number FROM files WHERE path = ?)"
        return [row for (row,) in self.rows(select, (path,), kinds="i")]

    def held_below(self, path: str) -> list[tuple[int, str, bytes, str]]:
        """Return row, id, digest and file of the articles that were read from a file, or from those below a folder."""
        if self.is_of_first_form or not _is_storable(path):
            return []
        select = (
            "SELECT row, id, digest, path FROM articles JOIN files ON file = number"
            " WHERE path = ? OR (path > ? AND path < ?)"
        )
        return self.rows(select, (path, f"{path}/", f"{path}0"), kinds="itbt")

    def begins_ids(self, name: str) -> bool:
        """Say whether an article has this id, or one that goes on with a colon."""
        rows = self.rows("SELECT 1 FROM articles WHERE id = ? OR (id > ? AND id < ?)", (name, f"{name}:", f"{name};"))
        return bool(rows)

    def _among(self, statement: str, values: Sequence[str] | Sequence[int], kinds: str) -> list[tuple[Any, ...]]:
        """Run a SELECT whose ``{marks}`` stand for values, some of them at a time."""
        cells: list[tuple[Any, ...]] = []
        for first in range(0, len(values), _AT_ONCE):
            some = [value for value in values[first : first + _AT_ONCE] if _is_storable(value)]
            cells += self.rows(statement.format(marks=",".join("?" * len(some))), some, kinds=kinds)
        return cells

    def origins(self) -> list[tuple[int, str | None, datetime | None]]:
        """Return the row, the source and the date of every article, by row, a date by its own clock."""
        rows = self._numbered("source, published", "iTT")
        try:
            return [(row, source, instant_of(published)) for row, source, published in rows]
        except ValueError as error:
            raise self.corrupt(str(error)) from error

    def chunks(self, first: int, number: int, article: Article | None = None) -> tuple[Chunk, ...]:
        """Return the chunks of ``number`` rows from ``first`` on; ``article`` is theirs, where it was read already.

        An article's text is read once, however many of its chunks are asked for.
        """
        spans = self.rows(
            "SELECT article, ordinal, start, end, heading FROM chunks WHERE row >= ? AND row < ? ORDER BY row",
            (first, first + number),
            kinds="iiiit",
        )
        if len(spans) != number:
            raise self.corrupt(f"it lacks chunks in rows {first} to {first + number - 1}")
        chunks: list[Chunk] = []
        for row, mine in groupby(spans, key=itemgetter(0)):
            id_, text = (article.id, article.text) if article is not None else self._text(row)
            for _, ordinal, start, end, heading in mine:
                if not 0 <= start <= end <= len(text):
                    raise self.corrupt(f"a chunk of the article in row {row} lies outside of its text")
                span = text[start:end]
                chunks.append(Chunk(article_id=id_, ordinal=ordinal, start=start, end=end, text=span, heading=heading))
        return tuple(chunks)

    def chunks_at(self, rows: Sequence[int], articles: Sequence[Article]) -> list[Chunk]:
        """Return the chunks of some rows, in their order, read together; ``articles`` has the article of each."""
        select = "SELECT row, ordinal, start, end, heading FROM chunks WHERE row IN ({marks})"
        spans = {row: span for row, *span in self._among(select, rows, "iiiit")}
        chunks = []
        for row, article in zip(rows, articles, strict=True):
            ordinal, start, end, heading = spans.get(row, (0, 0, -1, ""))
            if not 0 <= start <= end <= len(article.text):
                raise self.corrupt(f"it lacks the chunk in row {row}")
            span = article.text[start:end]
            chunks.append(
                Chunk(article_id=article.id, ordinal=ordinal, start=start, end=end, text=span, heading=heading)
            )
        return chunks

    def _text(self, row: int) -> tuple[str, str]:
        """Return the id and the text of the article of a row."""
        rows = self.rows("SELECT id, text FROM articles WHERE row = ?", (row,), kinds="tt")
        if not rows:
            raise self.corrupt(f"it has no article in row {row}")
        return rows[0][0], rows[0][1]

    def starts(self, articles: int, chunks: int) -> NDArray[np.int64]:
        """Return ``(articles + 1,)`` rows: the first chunk of each article, and the number of chunks at the end."""
        rows = self.rows("SELECT rows FROM starts")
        blob = rows[0][0] if len(rows) == 1 else b""
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
        opened: sqlite3.Connection | None = None
        try:
            with self._file.named() as path:
                opened = open_to_read(path, _SCHEMA, _SCHEMA_1)
        except sqlite3.Error as error:
            if self._file.is_deleted:
                raise IndexCorrupt(f"{self._path} was deleted while the index was open.", hint=OPEN_AGAIN) from error
            raise self.corrupt(str(error)) from error
        except FileNotFoundError as error:
            if opened is not None:
                opened.close()
            raise IndexCorrupt(f"{self._path} can't be read: {error.strerror}.", hint=OPEN_AGAIN) from error
        return opened

    def corrupt(self, reason: str) -> IndexCorrupt:
        """Make the error that says what is wrong with this file."""
        return IndexCorrupt(f"{self._path} can't be read: {reason}.")
