"""JSON lines and JSON lists: an article for each object."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import BinaryIO

from searchkit.errors import SourceError
from searchkit.ingest.article_builder import ParsedArticle, content_id, has_id, holds, keys_of, make_article, means
from searchkit.ingest.charset import Line, NotText, decode, lines
from searchkit.ingest.language_detection import is_short, main_language
from searchkit.types import Article, Origin, Problem

STANDARD_INPUT = "-"

_MOST_DIGITS = 4_300
"""Digits of an integer that Python reads and writes (``sys.int_info``)."""


@dataclass(slots=True, kw_only=True)
class Rows:
    """Turns the rows of one file into articles, and remembers which mapped paths led to something.

    ``origin.name`` begins the id of a row that has none of its own, nor a url: ``news:17`` for line 17 of
    ``news.jsonl``. What comes through standard input has no place to be told by: there it is the content.
    """

    place: str
    origin: Origin
    fields: Mapping[str, str]
    _rows: int = 0
    _html: Counter[str] = field(default_factory=Counter)
    _contents: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    _keys: dict[str, None] = field(default_factory=dict)

    def take(self, value: object, line: int, *, only: bool = False) -> Iterator[Article | Problem]:
        """Yield the article that a row holds, after what must be said about it; or why it holds none.

        ``only``: it is the one row of its file, which then needs no line in its id.
        """
        if not isinstance(value, Mapping):
            yield self.problem(f"is {_kind(value)} where an object was expected", line)
            return
        self._look(value)
        try:
            fallback = self._fallback(value, line, only=only)
            read = make_article(
                ParsedArticle(values=value), fallback_id=fallback, fields=self.fields, origin=self.origin
            )
        except SourceError as error:
            yield self.problem(error.message, line)
        except RecursionError:
            yield self.problem("is nested too deeply", line)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            # One row that nobody has thought of must not cost those behind it.
            yield self.problem(f"can't be read: {type(error).__name__}: {error}"[:300], line)
        else:
            yield from (self.problem(note, line, lost=False) for note in read.notes)
            self._rows += 1
            self._html.update(read.html)
            yield read.article

    def _fallback(self, value: Mapping[str, object], line: int, *, only: bool) -> str:
        """Return the id of a row that brings none."""
        name = self.origin.name
        if self.origin.path != STANDARD_INPUT:
            return name if only else f"{name}:{line}"
        if has_id(value, self.fields):
            return name
        content = content_id(name, value)
        self._contents[content] += 1
        return content if self._contents[content] == 1 else f"{content}-{self._contents[content]}"

    def _look(self, value: Mapping[str, object]) -> None:
        missing = [name for name in self.fields if name not in self._seen]
        if missing:
            self._seen.update(name for name in missing if holds(value, self.fields[name]))
            self._keys.update(dict.fromkeys(keys_of(value)[:50]) if len(self._keys) < 50 else {})

    def end(self) -> Iterator[Problem]:
        """Yield what must be said after the last row: what was read as HTML, and which mapped paths led nowhere."""
        for name, number in sorted(self._html.items()):
            rows = f"{number:,} of {self._rows:,} row{'s' if self._rows != 1 else ''}"
            yield self.problem(f"the {name} was HTML in {rows}; what it shows was taken", None, lost=False)
        for name, path in self.fields.items():
            if self._keys and name not in self._seen:
                keys = ", ".join(self._keys)
                reason = f"no row has '{path}', which should be the {name}; there are: {keys}"
                yield self.problem(reason, None, lost=False)

    def problem(self, reason: str, line: int | None, *, lost: bool = True) -> Problem:
        """Return a problem of this file, at a line where one is to blame."""
        return Problem(place=self.place, reason=reason, line=line, lost=lost)


LOOKED_AT = 200
"""Articles at the beginning of a file from which its language, and that of each of its sources, is told."""

LOOKED_AT_CHARACTERS = 4_000_000
"""No more of them are held in memory."""

_FEWEST = 3
"""Articles of a source of which a language is told."""

_MOST_OF = 2 / 3
"""The share of its articles of known language that a file's language has: one of several languages has none."""


def in_its_language(entries: Iterator[Article | Problem]) -> Iterator[Article | Problem]:
    """Give articles too short for their language to be told that of their source in the file, or else that of the file.

    A title alone is too short to be told; the titles of a file together are not. A longer text that can't be told may
    be of any language, and stays without. It depends on the file's first articles alone, so that an article has the
    same language whenever the file is read.
    """
    head: list[Article | Problem] = []
    failure: Exception | None = None
    characters = 0
    try:
        for entry in entries:
            head.append(entry)
            characters += len(entry.text) + len(entry.title) if isinstance(entry, Article) else 0
            if len(head) == LOOKED_AT or characters > LOOKED_AT_CHARACTERS:
                break
    except Exception as error:  # what came before counts, and is told first
        failure = error
    articles = [entry for entry in head if isinstance(entry, Article)]
    of_file = _common_language(articles)
    sources = {article.source for article in articles if article.source and not article.language}
    of_source = {
        source: _common_language([article for article in articles if article.source == source]) or of_file
        for source in sources
    }
    for entry in chain(head, () if failure else entries):
        if isinstance(entry, Article) and not entry.language and is_short(entry.title, entry.text):
            language = of_source.get(entry.source or "", of_file)
            yield replace(entry, language=language or None)
        else:
            yield entry
    if failure is not None:
        raise failure


def _common_language(articles: Sequence[Article]) -> str:
    """Return the language that nearly all of some articles are of, "" where there is none."""
    counts = Counter(article.language or "" for article in articles)
    if len(articles) < _FEWEST:
        return ""
    unknown = [f"{article.title} {article.text[:100]}" for article in articles if not article.language]
    language = main_language(counts, unknown)
    return language if counts[language] >= _MOST_OF * (len(articles) - counts[""]) else ""


def read_json_lines(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each line that holds a JSON object; blank lines are skipped.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    yield from _from_lines(lines(stream), rows)


def _from_lines(lines_: Iterable[Line], rows: Rows) -> Iterator[Article | Problem]:
    for line in lines_:
        if line.note:
            yield rows.problem(line.note, line.number, lost=False)
        if line.problem:
            yield rows.problem(line.problem, line.number)
        elif line.text.strip():
            try:
                value = parse_json(line.text)
            except (ValueError, RecursionError) as error:
                yield rows.problem(_bad_json(error), line.number)
            else:
                yield from rows.take(value, line.number)
    yield from rows.end()


def read_json(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each object of a JSON list, or for the one object that there is.

    The list may stand in an object (``{"articles": [...]}``). Lines of JSON under the wrong suffix are read as such.

    Raises ``NotText``.
    """
    if not data.strip():
        raise NotText("is empty")
    decoded = decode(data)
    if decoded.note:
        yield rows.problem(decoded.note, None, lost=False)
    try:
        value = parse_json(decoded.text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            yield from _from_lines(lines(io.BytesIO(data)), rows)
        else:
            yield rows.problem(f"isn't valid JSON: {error.msg.lower()} at column {error.colno}", error.lineno)
        return
    except (ValueError, RecursionError) as error:
        yield rows.problem(_bad_json(error), None)
        return
    listed = value if isinstance(value, list) else _list_within(value)
    if listed is None:
        yield from rows.take(value, 1, only=True)
    else:
        for number, each in enumerate(listed, start=1):
            yield from rows.take(each, number)
    yield from rows.end()


def parse_json(text: str) -> object:
    """Read JSON; an integer of more digits than Python takes is kept as a text.

    Raises ``ValueError`` and ``RecursionError``.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # so many digits take Python's reader a second for 100,000
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else digits)


def _list_within(value: object) -> list[object] | None:
    """Return the one list of objects that an object holds which is no article itself."""
    if not isinstance(value, Mapping) or means(value, "text") or means(value, "title"):
        return None
    lists = [each for each in value.values() if isinstance(each, list) and each and isinstance(each[0], Mapping)]
    return lists[0] if len(lists) == 1 else None


def _bad_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"isn't valid JSON: {error.msg.lower()} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return f"isn't valid JSON: {error}"


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
