"""Format readers: for each format, the function in ``formats`` that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from searchkit.ingest.article_builder import ParsedArticle, means
from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.compression import read_whole
from searchkit.ingest.file_language import in_its_language
from searchkit.ingest.file_names import named_by_file
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_LONGEST_JSON = 256 * 2**20
"""Bytes of a JSON file, which has to be read as a whole. Lines of JSON have no such limit."""

_BINARY = frozenset({"pdf", "docx", "odt", "epub", "rtf"})
_LONGEST_BINARY = 4 * LONGEST
"""Bytes of a document, which may hold pictures."""


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
        case "news xml":
            from searchkit.ingest.formats.news_xml import read_news_xml

            return read_news_xml(read_whole(stream, LONGEST), rows)
        case _:
            parse = _parser(name)
            longest = _LONGEST_BINARY if name in _BINARY else LONGEST
            return read_one(
                lambda data: named_by_file(parse(data), rows.origin.name, name, rows.fields), stream, rows, longest
            )


def read_one(
    parse: Callable[[bytes], ParsedArticle], stream: BinaryIO, rows: Rows, longest: int = LONGEST
) -> Iterator[Article | Problem]:
    """Yield the article in a file that holds one, after what must be said about it. Raises as ``read_format``."""
    data = read_whole(stream, longest)
    if not data.strip():
        raise NotText("is empty")
    draft = parse(data)
    # A url is no id here, as it is for rows: the path tells two files apart that were saved from one page.
    named = draft.values if means(draft.values, "id") else {**draft.values, "id": rows.origin.name}
    yield from rows.add(replace(draft, values=named))


def _parser(name: str) -> Callable[[bytes], ParsedArticle]:
    return _document_parser(name) if name in _BINARY else _text_parser(name)


def _document_parser(name: str) -> Callable[[bytes], ParsedArticle]:
    match name:
        case "pdf":
            from searchkit.ingest.formats.pdf import parse_pdf

            return parse_pdf
        case "docx":
            from searchkit.ingest.formats.docx import parse_docx

            return parse_docx
        case "odt":
            from searchkit.ingest.formats.odt import parse_odt

            return parse_odt
        case "epub":
            from searchkit.ingest.formats.epub import parse_epub

            return parse_epub
        case _:
            from searchkit.ingest.formats.rtf import parse_rtf

            return parse_rtf


def _text_parser(name: str) -> Callable[[bytes], ParsedArticle]:
    match name:
        case "html":
            return _parse_page
        case "markdown":
            from searchkit.ingest.formats.markdown import parse_markdown

            return _decoding(parse_markdown)
        case "mdx":
            from searchkit.ingest.formats.markdown import parse_mdx

            return _decoding(parse_mdx)
        case "rst":
            from searchkit.ingest.formats.restructured_text import parse_restructured_text

            return _decoding(parse_restructured_text)
        case "org":
            from searchkit.ingest.formats.org import parse_org

            return _decoding(parse_org)
        case "asciidoc":
            from searchkit.ingest.formats.asciidoc import parse_asciidoc

            return _decoding(parse_asciidoc)
        case _:
            from searchkit.ingest.formats.plain_text import parse_plain

            return _decoding(parse_plain)


def _decoding(parse: Callable[[str], ParsedArticle]) -> Callable[[bytes], ParsedArticle]:
    """Return a parser of bytes of what parses text."""

    def parse_bytes(data: bytes) -> ParsedArticle:
        decoded = decode(data)
        return with_note(parse(decoded.text), decoded.note)

    return parse_bytes


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
