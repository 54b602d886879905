"""Format readers: for each format, the function in ``formats`` that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from searchkit.ingest.article_builder import ParsedArticle, means
from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.compression import read_whole
from searchkit.ingest.file_language import in_its_language
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_LONGEST_JSON = 256 * 2**20
"""Bytes of a JSON file, which has to be read as a whole. Lines of JSON have no such limit."""


def read_format(name: str, stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of a file of the format ``name``, and what couldn't be taken.

    A format of many articles has a reader, ``read(stream, rows)``, which hands each to ``rows``. A format of one has a
    parser, ``parse(data)``, which returns a ``ParsedArticle``.

    Raises ``NotText``, ``SourceError``, ``MissingExtra`` and whatever the stream raises, after the articles that came
    before.
    """
    match name:
        case "jsonl":
            from searchkit.ingest.formats.jsonl import read_json_lines

            return in_its_language(_not_nothing(read_json_lines(stream, rows), rows))
        case "json":
            from searchkit.ingest.formats.jsonl import read_json

            return in_its_language(_not_nothing(read_json(read_whole(stream, _LONGEST_JSON), rows), rows))
        case "table":
            from searchkit.ingest.formats.csv import read_table

            return in_its_language(_not_nothing(read_table(stream, rows), rows))
        case _:
            return read_one(_parser(name), stream, rows)


def read_one(parse: Callable[[bytes], ParsedArticle], stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the article in a file that holds one, after what must be said about it. Raises as ``read_format``."""
    data = read_whole(stream, LONGEST)
    if not data.strip():
        raise NotText("is empty")
    draft = parse(data)
    # A url is no id here, as it is for rows: the path tells two files apart that were saved from one page.
    named = draft.values if means(draft.values, "id") else {**draft.values, "id": rows.origin.name}
    yield from rows.add(replace(draft, values=named))


def parse_format(name: str, data: bytes) -> ParsedArticle:
    """Return the article in the content of a file that holds one. Raises ``NotText`` where there is none."""
    if not data.strip():
        raise NotText("is empty")
    return _parser(name)(data)


def _parser(name: str) -> Callable[[bytes], ParsedArticle]:
    match name:
        case "markdown":
            return _parse_markdown
        case "html":
            return _parse_page
        case _:
            return _parse_plain


def _parse_plain(data: bytes) -> ParsedArticle:
    from searchkit.ingest.formats.plain_text import parse_plain

    decoded = decode(data)
    return with_note(parse_plain(decoded.text), decoded.note)


def _parse_markdown(data: bytes) -> ParsedArticle:
    from searchkit.ingest.formats.markdown import parse_markdown

    decoded = decode(data)
    return with_note(parse_markdown(decoded.text), decoded.note)


def _parse_page(data: bytes) -> ParsedArticle:
    from searchkit.ingest.formats.html import decode_page, parse_page

    text, note = decode_page(data)
    return with_note(parse_page(text), note)


def with_note(draft: ParsedArticle, note: str | None) -> ParsedArticle:
    """Return what a parser found with a note on the file's bytes before its own."""
    return replace(draft, notes=(note, *draft.notes)) if note else draft


def _not_nothing(entries: Iterator[Article | Problem], rows: Rows) -> Iterator[Article | Problem]:
    """Pass entries on, and say so where there are none."""
    empty = True
    for entry in entries:
        empty = False
        yield entry
    if empty:
        yield rows.problem("is empty", None)
