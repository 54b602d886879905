"""EPUB: a book is an article, its chapters are sections; and what its package tells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.html import decode_page
from searchkit.ingest.formats.html_fragment import fragment_blocks, line_text
from searchkit.ingest.formats.safe_xml import parse_xml, without_namespaces, words
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.formats.zip_document import ZipDocument
from searchkit.ingest.text_cleanup import clean, one_line

_CONTAINER = "META-INF/container.xml"
_OBFUSCATED = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
"""What fonts are scrambled with; a book with any other encryption is locked."""
_ALGORITHM = re.compile(rb"EncryptionMethod[^>]*Algorithm=[\"']([^\"']*)")
_NO_YEAR = re.compile(r"0(?:000|101)\b")
_READABLE = ("application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document")


def parse_epub(data: bytes) -> ParsedArticle:
    """Return title, text, sections and metadata. Chapters stand in the order of the spine, each under its heading.

    A chapter without a heading has that of the table of contents.

    Raises ``NotText`` where it is locked, damaged, or unpacks to more than a book has.
    """
    with ZipDocument(data) as book:
        methods = _ALGORITHM.findall(book.read("META-INF/encryption.xml") or b"")
        if any(method not in _OBFUSCATED for method in methods):
            raise NotText("is encrypted (DRM): it can't be read")
        path = _package_path(book)
        package = book.read(path)
        if package is None:
            raise NotText("is an EPUB without its package file")
        root = without_namespaces(parse_xml(package))
        folder = posixpath.dirname(path)
        blocks = list(_chapters(book, root, folder))
    values = _metadata(root)
    title = str(values["title"])
    if blocks and one_line(blocks[0].text).casefold() == title.casefold():
        blocks = blocks[1:]
    text, sections = join(blocks)
    if not text:
        raise NotText("has no text (pictures alone)")
    return ParsedArticle(values={**values, "text": text}, sections=sections)


def _package_path(book: ZipDocument) -> str:
    container = book.read(_CONTAINER)
    if container is not None:
        for each in without_namespaces(parse_xml(container)).iter("rootfile"):
            if each.get("full-path"):
                return str(each.get("full-path"))
    path = next((name for name in book.names if name.lower().endswith(".opf")), None)
    if path is None:
        raise NotText("is a zip without an EPUB in it")
    return path


def _metadata(root: Any) -> dict[str, object]:
    metadata = root.find(".//metadata")

    def told(tag: str) -> list[str]:
        elements = () if metadata is None else metadata.iter(tag)
        return [text for each in elements if (text := clean(words(each)))]

    return {
        "title": one_line(next(iter(told("title")), "")),
        "authors": told("creator"),
        "language": next(iter(told("language")), ""),
        "source": next(iter(told("publisher")), ""),
        "published": _published(metadata),
        "tags": told("subject"),
        "description": line_text(next(iter(told("description")), "")),
        "identifier": next(iter(told("identifier")), ""),
        "rights": next(iter(told("rights")), ""),
    }


def _published(metadata: Any) -> str:
    """Return the date of publication; programs that have none write the year 101."""
    dates = [] if metadata is None else list(metadata.iter("date"))
    ranked = sorted(dates, key=lambda each: {"publication": 0, None: 1}.get(each.get("event"), 2))
    texts = (clean(words(each)) for each in ranked if each.get("event") != "modification")
    return next((text for text in texts if text and not _NO_YEAR.match(text)), "")


def _chapters(book: ZipDocument, root: Any, folder: str) -> Iterator[Block]:
    items = {each.get("id"): each for each in root.iter("item")}
    labels = _labels(book, items, root, folder)
    for reference in root.iter("itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _READABLE or "nav" in (item.get("properties") or "").split():
            continue
        path = _joined(folder, item.get("href") or "")
        data = book.read(path)
        if data is not None:
            yield from _chapter(data, labels.get(path, ""))


def _chapter(data: bytes, label: str) -> Iterator[Block]:
    blocks = fragment_blocks(clean(decode_page(data)[0]))
    first = next((i for i, block in enumerate(blocks) if block.text.strip()), None)
    if first is None:
        return
    if label and not any(block.level for block in blocks):
        if one_line(blocks[first].text).casefold() == label.casefold():
            blocks[first] = replace(blocks[first], level=1)
        else:
            yield Block(text=label, level=1)
    # A chapter begins a paragraph of its own.
    blocks[first] = replace(blocks[first], gap="\n\n")
    yield from blocks


def _labels(book: ZipDocument, items: Mapping[str | None, Any], root: Any, folder: str) -> dict[str, str]:
    """Return the titles in the table of contents, by the files that they lead to."""
    spine = root.find(".//spine")
    nav = next((each for each in items.values() if "nav" in (each.get("properties") or "").split()), None)
    ncx = items.get(spine.get("toc") if spine is not None else None)
    labels: dict[str, str] = {}
    for item, entry, target, label in ((ncx, "navPoint", "content", "navLabel"), (nav, "a", "", "")):
        if item is None:
            continue
        path = _joined(folder, item.get("href") or "")
        data = book.read(path)
        for each in without_namespaces(parse_xml(data)).iter(entry) if data else ():
            leads = each.find(target) if target else each
            named = each.find(label) if label else each
            address = "" if leads is None else leads.get("src") or leads.get("href") or ""
            if address and named is not None:
                labels.setdefault(_joined(posixpath.dirname(path), address.partition("#")[0]), words(named))
    return labels


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(path)))
