"""Format readers: for each format, the function in ``formats`` that reads it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from searchkit.ingest.article_builder import ParsedArticle, means
from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.compression import DAMAGE, decompressed, read_whole
from searchkit.ingest.damage import guarded, reason_of
from searchkit.ingest.export_readers import TABLES_AND_EXPORTS, read_export
from searchkit.ingest.file_kinds import refuse_code, refuse_json_kind, refuse_kind, refuse_name, refuse_surely_code
from searchkit.ingest.file_language import in_its_language
from searchkit.ingest.file_names import named_by_file
from searchkit.ingest.format_detection import detect_format, format_of_name
from searchkit.ingest.formats.archive import WACZ_FOLDER, read_tar, read_zip, seekable, zip_kind
from searchkit.ingest.read_ahead import NOT_AHEAD, Begun, ParsedPage, Unread
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_LONGEST_JSON = 256 * 2**20
"""Bytes of a JSON file, which has to be read as a whole. Lines of JSON have no such limit."""

_BINARY = frozenset({"pdf", "docx", "odt", "epub", "rtf"})
_LONGEST_BINARY = 4 * LONGEST
"""Bytes of a document, which may hold pictures."""

_PARSED_AHEAD = frozenset({"html", "pdf"})
"""Members of archives that helpers parse: they take long, and may have to be stopped."""

_MARKUP = re.compile(r"<[a-z!/?]", re.IGNORECASE)

_DOCUMENTS = {
    "office": "an Office file",
    "xml": "XML of a kind that isn't read",
}
"""What is told by its content, and not read."""


def read_stream(stream: io.BufferedReader[Any], name: str, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of a file, or of a member of an archive, whatever it is and whatever it is compressed with.

    ``name`` is its name with all suffixes. ``stream.peek`` shows ``compression.HEAD`` bytes. Raises as ``read_format``.
    """
    by_suffix, compression = format_of_name(name)
    with decompressed(stream, compression) as content:
        head = content.peek()
        form = detect_format(head, by_suffix)
        if not head and form in ("zip", "parquet", "warc"):
            raise NotText("is empty")
        if form == "zip":
            archive = seekable(content)
            yield from read_format(zip_kind(archive), archive, rows)
        elif form == "warc" and content is not stream and stream.seekable():
            # Each record is compressed by itself: one that is damaged costs none behind it.
            stream.seek(0)
            yield from read_format(form, stream, rows)
        else:
            if form in ("plain", "json"):
                refuse_name(name)
                refuse_json_kind(name)
            elif form == "unknown":
                refuse_kind(name.rpartition(".")[0] if compression else name, head)
            yield from read_format(form, content, rows)


def read_member(stream: io.BufferedReader[Any], name: str, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of a member of an archive; what stops it early is a problem, and costs no other member."""
    yield from guarded(rows.place, read_stream(stream, name, rows))


def begin_member(stream: io.BufferedReader[Any], name: str, rows: Rows) -> Begun:
    """Begin to read a member of an archive as ``read_member`` does; a page is parsed while those behind it are read."""
    by_suffix, compression = format_of_name(name)
    if rows.parser is None or compression:
        return Begun(entries=read_member(stream, name, rows), size=NOT_AHEAD)
    try:
        form = detect_format(stream.peek(), by_suffix)
        if form not in _PARSED_AHEAD:
            return Begun(entries=read_member(stream, name, rows), size=NOT_AHEAD)
        data = read_whole(stream, _longest(form))
    except (*DAMAGE, NotText) as error:
        return Begun(entries=[Problem(place=rows.place, reason=reason_of(error))])
    parsed = rows.parser.begin_page(form, data)
    return Begun(entries=guarded(rows.place, _parsed_ahead(form, data, parsed, rows)), size=len(data))


def _parsed_ahead(form: str, data: bytes, parsed: ParsedPage | None, rows: Rows) -> Iterator[Article | Problem]:
    draft = None if parsed is None else parsed.result()
    if isinstance(draft, Unread):
        raise NotText(draft.reason)
    yield from _add_one(named_by_file(draft or parse_format(form, data), rows.name, form, rows.fields), rows)


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
        case _ if name in TABLES_AND_EXPORTS:
            return in_its_language(_not_nothing(read_export(name, stream, rows), rows, TABLES_AND_EXPORTS[name]))
        case "zip" | "wacz" | "tar" | "warc" | "mbox" | "feed" | "jsonfeed" | "sitemap" | "urls":
            return _read_container(name, stream, rows)
        case "news xml":
            from searchkit.ingest.formats.news_xml import read_news_xml

            return read_news_xml(read_whole(stream, LONGEST), rows)
        case "mail":
            return _read_mail(stream, rows)
        case "office" | "xml":
            raise NotText(f"not text: looks like {_DOCUMENTS[name]}")
        case _:
            parse = _parser(name)
            return read_one(
                lambda data: named_by_file(parse(data), rows.name, name, rows.fields), stream, rows, _longest(name)
            )


def _read_mail(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the article of a message, or those of a digest's messages."""
    from searchkit.ingest.formats.mail import read_digest

    data = read_whole(stream, LONGEST)
    digest = read_digest(data, rows)
    if digest is not None:
        yield from digest
        return
    parse = _text_parser("mail")
    yield from read_one(lambda data: named_by_file(parse(data), rows.name, "mail", rows.fields), io.BytesIO(data), rows)


def _longest(name: str) -> int:
    return _LONGEST_BINARY if name in _BINARY else LONGEST


def _read_container(name: str, stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of what holds others' articles: archives, crawls, mailboxes, feeds, lists."""
    match name:
        case "zip":
            return _not_nothing(read_zip(stream, rows, begin_member), rows)
        case "wacz":
            return _not_nothing(read_zip(stream, rows, begin_member, WACZ_FOLDER), rows)
        case "tar":
            return _not_nothing(read_tar(stream, rows, begin_member), rows)
        case "warc":
            from searchkit.ingest.formats.warc import read_warc

            return _not_nothing(read_warc(stream, rows), rows, "holds no page")
        case "mbox":
            from searchkit.ingest.formats.mail import read_mbox

            return _not_nothing(read_mbox(stream, rows), rows)
        case "feed" | "jsonfeed":
            from searchkit.ingest.formats.feed import read_feed

            return read_feed(read_whole(stream, LONGEST), rows)
        case _:
            from searchkit.ingest.formats.sitemap import read_url_list

            return read_url_list(read_whole(stream, LONGEST), rows, read_member)


def read_one(
    parse: Callable[[bytes], ParsedArticle], stream: BinaryIO, rows: Rows, longest: int = LONGEST
) -> Iterator[Article | Problem]:
    """Yield the article in a file that holds one, after what must be said about it. Raises as ``read_format``."""
    data = read_whole(stream, longest)
    if not data.strip():
        raise NotText("is empty")
    yield from _add_one(parse(data), rows)


def _add_one(draft: ParsedArticle, rows: Rows) -> Iterator[Article | Problem]:
    # A url is no id here, as it is for rows: the path tells two files apart that were saved from one page.
    named = draft.values if means(draft.values, "id") else {**draft.values, "id": rows.name}
    yield from rows.add(replace(draft, values=named))


def parse_format(name: str, data: bytes, charset: str | None = None) -> ParsedArticle:
    """Return the article in the content of a file that holds one, or of a page in a crawl (``warc.parse_captured``).

    ``charset`` is what a crawl's host said of it. Raises ``NotText`` where there is none.
    """
    if name.startswith("captured "):
        from searchkit.ingest.formats.warc import parse_captured

        return parse_captured(name, data, charset)
    if not data.strip():
        raise NotText("is empty")
    return _parser(name)(data)


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
        case "mail":
            from searchkit.ingest.formats.mail import parse_mail

            return parse_mail
        case "unknown":
            return _parse_unknown
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
            return _parse_text


def _decoding(parse: Callable[[str], ParsedArticle]) -> Callable[[bytes], ParsedArticle]:
    """Return a parser of bytes of what parses text."""

    def parse_bytes(data: bytes) -> ParsedArticle:
        decoded = decode(data)
        return with_note(parse(decoded.text), decoded.note)

    return parse_bytes


def _parse_text(data: bytes) -> ParsedArticle:
    from searchkit.ingest.formats.plain_text import parse_plain

    decoded = decode(data)
    refuse_surely_code(decoded.text)
    return with_note(parse_plain(decoded.text), decoded.note)


def _parse_unknown(data: bytes) -> ParsedArticle:
    refuse_code(decode(data).text)
    return _parse_text(data)


def _parse_page(data: bytes) -> ParsedArticle:
    from searchkit.ingest.formats.html import decode_page, parse_page

    text, note = decode_page(data)
    if _MARKUP.search(text) is None:
        return with_note(with_note(_text_parser("plain")(data), "holds no HTML, and was read as plain text"), note)
    return with_note(parse_page(text), note)


def with_note(draft: ParsedArticle, note: str | None) -> ParsedArticle:
    """Return what a parser found with a note on the file's bytes before its own."""
    return replace(draft, notes=(note, *draft.notes)) if note else draft


def _not_nothing(
    entries: Iterator[Article | Problem], rows: Rows, reason: str = "is empty"
) -> Iterator[Article | Problem]:
    """Pass entries on, and say so where there are none."""
    empty = True
    for entry in entries:
        empty = False
        yield entry
    if empty:
        yield rows.problem(reason, None)
