"""Rows: articles of what a file's reader finds, with their ids, and the problems of that file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from searchkit.errors import SourceError
from searchkit.ingest.allowance import Allowance
from searchkit.ingest.article_builder import ParsedArticle, content_id, has_id, holds, keys_of, make_article
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
    read_apart: Set[str] = frozenset()
    """The addresses of all files that are read: what a list names among them, needn't be read for it."""
    _rows: int = 0
    _html: Counter[str] = field(default_factory=Counter)
    _contents: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)
    _keys: dict[str, None] = field(default_factory=dict)

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
        )

    def take(self, value: object, line: int, *, only: bool = False) -> Iterator[Article | Problem]:
        """Yield the article that a row holds, after what must be said about it; or why it holds none.

        ``only``: it is the one row of its file, which then needs no line in its id.
        """
        if not isinstance(value, Mapping):
            yield self.problem(f"is {_kind(value)} where an object was expected", line)
            return
        yield from self.add(ParsedArticle(values=value), line=line, part=None if only else str(line))

    def add(
        self, draft: ParsedArticle, *, line: int | None = None, part: str | None = None
    ) -> Iterator[Article | Problem]:
        """Yield the article of what a reader found, after what must be said about it; or why it is none.

        ``part`` tells it from the others of its file: a line's number, a member's path, a message's place. None: it is
        the only one. ``line`` is where problems are said to be.
        """
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

    def end(self, *, expects_html: bool = False) -> Iterator[Problem]:
        """Yield what must be said after the last row: which mapped paths led nowhere, and what was read as HTML.

        ``expects_html``: in this format it always may be, and isn't worth a word.
        """
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
