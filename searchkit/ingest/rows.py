"""Rows: articles of what a file's reader finds, with their ids, and the problems of that file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from searchkit.errors import SourceError
from searchkit.ingest.allowance import Allowance
from searchkit.ingest.article_builder import (
    ParsedArticle,
    content_id,
    has_id,
    holds,
    is_common,
    keys_of,
    make_article,
    means,
)
from searchkit.ingest.column_dates import ColumnDates
from searchkit.ingest.formats.export_fields import Beside, LeftOut
from searchkit.ingest.formats.export_rows import URL_LISTS, export_reader
from searchkit.ingest.formats.saved_page import with_page
from searchkit.ingest.local_copies import LocalPages, file_beside
from searchkit.ingest.mojibake import repaired
from searchkit.ingest.read_ahead import PageParser
from searchkit.types import Article, Origin, Problem

STANDARD_INPUT = "-"


@dataclass(slots=True, kw_only=True)
class Rows:
    """Turns what the reader of one file finds into articles, and remembers which mapped paths led to something.

    ``origin.name`` begins the id of an article that has none of its own, nor a url: ``news:17`` for line 17 of
    ``news.jsonl``, ``saved:2023/port`` for the member ``2023/port.html`` of ``saved.zip``. What comes through standard
    input has no place to be told by: there it is the content.
    """

    place: str
    origin: Origin
    fields: Mapping[str, str]
    member: str = ""
    """Where in an archive the file is that these are the rows of; "" where it is no archive's."""
    depth: int = 0
    """The archives that it is in."""
    allowance: Allowance = field(default_factory=Allowance)
    read_apart: Container[str] = frozenset()
    """The addresses of all files that are read: what a list names among them, needn't be read for it."""
    beside: Beside | None = None
    """Returns what lies beside the file, where that is no folder."""
    parser: PageParser | None = None
    """Parses the pages in the file; None: they are parsed where it is read."""
    _rows: int = 0
    _html: Counter[str] = field(default_factory=Counter)
    _contents: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    _keys: dict[str, None] = field(default_factory=dict)
    _dates: ColumnDates = field(init=False)
    _guesses: dict[str, None] = field(default_factory=dict)
    _names: dict[tuple[str, str], None] = field(default_factory=dict)
    _counted: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    _pages: LocalPages | None = None

    def __post_init__(self) -> None:
        """Begin with nothing known of the file's dates."""
        self._dates = ColumnDates(fields=self.fields)

    @property
    def name(self) -> str:
        """The id of an article that is the only one of its file, and what begins those of several."""
        return f"{self.origin.name}:{self.member}" if self.member else self.origin.name

    def within(self, member: str, name: str) -> Rows:
        """Return the rows of a member of this archive: ``name`` is its path there, ``member`` what ids have of it."""
        place = f"{self.place}: {name}" if not self.depth else f"{self.place}/{name}"
        inner = f"{self.member}/{member}" if self.member else member
        return Rows(
            place=place,
            origin=self.origin,
            fields=self.fields,
            member=inner,
            depth=self.depth + 1,
            allowance=self.allowance,
            parser=self.parser,
        )

    def take(
        self, value: object, line: int, *, only: bool = False, part: str | None = None
    ) -> Iterator[Article | Problem]:
        """Yield the articles that are ready with a row, after what must be said about them; or why it holds none.

        ``only``: it is the one row of its file, which then needs no line in its id. ``part`` stands there instead of
        the line where this has several rows. A row whose dates may be read in
        two ways waits for one that tells how; ``rest`` and ``end`` yield those that waited in vain.
        """
        if not isinstance(value, dict | Mapping):
            yield self.problem(f"is {_kind(value)} where an object was expected", line)
            return
        value = self._encoded_once(value, line)
        reader = None if self.fields else export_reader(value)
        try:
            draft = ParsedArticle(values=value) if reader is None else reader(value, self._file_beside)
            draft = self._with_page(draft, line) if reader in URL_LISTS else draft
        except LeftOut as reason:
            self.count(f"{reason} was left out", line)
            return
        except SourceError as error:
            yield self.problem(error.message, line)
            return
        for ready in self._dates.take((draft, line, None if only else part or str(line))):
            yield from self._made(*ready)

    def _encoded_once(self, value: Mapping[str, object], line: int) -> Mapping[str, object]:
        """Return a row whose texts were encoded in UTF-8 twice as they were before."""
        mended = {
            key: once
            for key, text in value.items()
            if isinstance(text, str) and not text.isascii() and (once := repaired(text)) is not text
        }
        if not mended:
            return value
        self.count("text that was encoded in UTF-8 twice was repaired", line)
        return {**value, **mended}

    def _with_page(self, link: ParsedArticle, line: int) -> ParsedArticle:
        """Return a link's article with the page that lies saved beside the list."""
        draft = link
        if not self.member and self.origin.path != STANDARD_INPUT:
            self._pages = self._pages or LocalPages(Path(self.origin.path).parent)
            draft = with_page(link, self._pages)
        if draft is link and not means(link.values, "text"):
            self.count("no page lies saved beside the list, and there is no text but the title", line)
        return draft

    def _file_beside(self, name: str) -> bytes | None:
        if self.beside is not None:
            return self.beside(name)
        if self.member or self.origin.path == STANDARD_INPUT:
            return None
        return file_beside(Path(self.origin.path).parent, name)

    def take_link(self, value: Mapping[str, object], line: int) -> Iterator[Article | Problem]:
        """Yield the article of a link: that of its page, where this lies saved beside the list."""
        yield from self.add(self._with_page(ParsedArticle(values=value), line), line=line, part=str(line))

    def rest(self) -> Iterator[Article | Problem]:
        """Yield the articles of rows that still wait for one that tells how dates are to be read."""
        for row in self._dates.rest():
            yield from self._made(*row)

    def add(
        self, draft: ParsedArticle, *, line: int | None = None, part: str | None = None
    ) -> Iterator[Article | Problem]:
        """Yield the article of what a reader found, after what must be said about it; or why it is none.

        ``part`` tells it from the others of its file: a line's number, a member's path, a message's place. None: it is
        the only one. ``line`` is where problems are said to be.
        """
        yield from self._made(draft, line, part)

    def _made(self, draft: ParsedArticle, line: int | None, part: str | None) -> Iterator[Article | Problem]:
        value = draft.values
        self._look(value)
        try:
            fallback = self._fallback(value, part)
            read = make_article(draft, fallback_id=fallback, fields=self.fields, origin=self.origin)
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
            if read.keys and part is not None:
                self._names.update(((name, read.keys[name]), None) for name in ("title", "text") if name in read.keys)
            yield read.article

    def _fallback(self, value: Mapping[str, object], part: str | None) -> str:
        """Return the id of an article that brings none."""
        name = self.name
        if self.origin.path != STANDARD_INPUT:
            return name if part is None else f"{name}:{part}"
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

    def guess(self, what: str) -> None:
        """Remember what was guessed of the file, to be said once at its end."""
        self._guesses[what] = None

    def count(self, what: str, line: int | None = None) -> None:
        """Count what was mended in a row or left out, to be said once at the file's end; ``line`` is where it is."""
        number, first = self._counted.get(what, (0, line))
        self._counted[what] = (number + 1, first)

    def closing(
        self, entries: Iterator[Article | Problem], *, expects_html: bool = False
    ) -> Iterator[Article | Problem]:
        """Pass entries on, and at their end, or before the error that ends them, what ``end`` yields."""
        try:
            yield from entries
        except Exception:
            yield from self.end(expects_html=expects_html)
            raise
        yield from self.end(expects_html=expects_html)

    def end(self, *, expects_html: bool = False) -> Iterator[Article | Problem]:
        """Yield the rows that waited, and what must be said after the last row.

        That is what was guessed, mended or left out, what was read as HTML, and which mapped paths led nowhere.
        ``expects_html``: in this format it always may be, and isn't worth a word.
        """
        yield from self.rest()
        guesses = [*self._guesses, *filter(None, [self._dates.guess()])]
        if guesses or not all(is_common(key, name) for name, key in self._names):
            guesses += [f"`{key}` as {name}" for name, key in sorted(self._names)[:6]]
            yield self.problem(f"was read as: {', '.join(guesses)}", None, lost=False)
        yield from (self.problem(note, None, lost=False) for note in self._dates.notes())
        for what, (number, first) in self._counted.items():
            rows = f"{number:,} row{'s' if number != 1 else ''}"
            where = f", the first at line {first}" if first and number > 1 else ""
            yield self.problem(f"{what} in {rows}{where}", first if number == 1 else None, lost=False)
        for name, number in sorted(self._html.items()) if not expects_html else ():
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


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
