"""Read ahead: parts of a file whose work is begun before it is their turn, so that helper processes share it.

A crawl or an archive is read in order; the pages in it are parsed by helpers meanwhile. What is ahead is bounded by
number and by bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.types import Article, Problem

AHEAD_BYTES = 64 * 2**20
"""Bytes of pages that are read ahead of the one that is waited for."""

NOT_AHEAD = AHEAD_BYTES + 1
"""The size of a part that must be dealt with before the next is looked for: it reads the same stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Why a page has no article: it holds no text, or its parsing was stopped or failed."""

    reason: str
    has_no_text: bool


ParsedPage = Future[ParsedArticle | Unread | None]
"""What a helper makes of a page; None where something was raised that whoever asked will meet by parsing it."""


class PageParser(Protocol):
    """Has pages parsed by other processes: ``reader_pool.ReaderPool``."""

    @property
    def ahead(self) -> int:
        """How many pages are to be begun ahead of the one that is waited for."""

    def begin_page(self, form: str, data: bytes, charset: str | None = None) -> ParsedPage | None:
        """Have a page parsed; None where it is to be parsed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a part of a file gives, which a helper may be parsing, and the bytes that wait with it."""

    entries: Iterable[Article | Problem]
    size: int = 0


class Sized(Protocol):
    """A part that was begun, and how many bytes wait with it."""

    @property
    def size(self) -> int:
        """Bytes of memory that the part holds."""


_Part = TypeVar("_Part", bound=Sized)


def read_ahead(parts: Iterable[_Part], parser: PageParser | None) -> Iterator[_Part]:
    """Yield parts in order, each after those behind it were begun: as many as helpers have work for.

    Raises what ``parts`` raises, after the parts that came before.
    """
    waiting: deque[_Part] = deque()
    size = 0
    try:
        for part in parts:
            waiting.append(part)
            size += part.size
            while waiting and (len(waiting) > (parser.ahead if parser else 0) or size > AHEAD_BYTES):
                first = waiting.popleft()
                size -= first.size
                yield first
    except Exception:
        yield from waiting
        raise
    yield from waiting


def entries_ahead(parts: Iterable[Begun], parser: PageParser | None) -> Iterator[Article | Problem]:
    """Yield the entries of parts in order, as ``read_ahead`` has them."""
    for part in read_ahead(parts, parser):
        yield from part.entries
