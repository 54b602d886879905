"""DOCX: a Word document's headings, paragraphs, lists, tables and notes; and what its properties tell."""

from __future__ import annotations

import io
import re
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.document_properties import (
    file_properties,
    sensible_authors,
    sensible_text,
    sensible_title,
)
from searchkit.ingest.formats.html_fragment import fragment_blocks
from searchkit.ingest.formats.safe_xml import parse_xml, without_namespaces, words
from searchkit.ingest.formats.sections import Block, join, split_title
from searchkit.ingest.formats.zip_document import ZipDocument, refuse_bomb
from searchkit.ingest.text_cleanup import clean, one_line

_OLE = b"\xd0\xcf\x11\xe0"
_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
"""
_NOTE_MARK = re.compile(r"<sup><a [^<>]*\bhref=\"#(?:foot|end)note-[^<>]*>[^<>]*</a></sup>")
_WAY_BACK = re.compile(r"<a href=\"#(?:foot|end)note-ref-[^<>]*>[^<>]*</a>")
_CELL = re.compile(r"(<t[dh]\b[^<>]*>)(.*?)(?=</t[dh]>)", re.DOTALL)
_PARAGRAPH = re.compile(r"</?p>")
_DECLARES_TYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


def parse_docx(data: bytes) -> ParsedArticle:
    """Return title, text, sections and properties. The title is the properties', else what has the style of one.

    Raises ``NotText`` where it is encrypted, damaged, or unpacks to more than a document has.
    """
    if data.startswith(_OLE):
        raise NotText("is encrypted, or an old Word document (.doc): save it as .docx without a password")
    with ZipDocument(data) as document:
        refuse_bomb(document)
        body = document.read("word/document.xml")
        main = next((each for each in document.names if re.fullmatch(r"word/document\d*\.xml", each)), None)
        body = body if body is not None or main is None else document.read(main)
        if body is None:
            raise NotText("is a zip without a Word document in it")
        if _DECLARES_TYPE.search(body[:10_000]):
            raise NotText("declares a document type, which no Word document does")
        properties = _properties(document.read("docProps/core.xml"))
    blocks = fragment_blocks(_html(data))
    title, blocks = _split_title(blocks, str(properties.pop("title", "")))
    text, sections = join(blocks)
    if not text and not title:
        raise NotText("has no text")
    return ParsedArticle(values={"title": title, "text": text, **properties}, sections=sections)


def _html(data: bytes) -> str:
    import mammoth

    pictures = mammoth.images.img_element(lambda _: {})
    try:
        html: Any = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=pictures).value
    except (KeyError, ValueError, AttributeError, IndexError, TypeError) as error:
        raise NotText(f"is a damaged Word document: {type(error).__name__}: {error}"[:200]) from error
    html = _WAY_BACK.sub("", _NOTE_MARK.sub("", str(html)))
    # A cell's paragraphs are lines of one cell: the rows of a table stay rows.
    return _CELL.sub(lambda cell: cell[1] + _PARAGRAPH.sub(" ", cell[2]), html)


def _split_title(blocks: list[Block], declared: str) -> tuple[str, list[Block]]:
    """Return the title and the blocks without it: a first heading above all else is one, another is a section's."""
    first = next((block for block in blocks if block.text.strip()), None)
    if declared and first is not None and one_line(first.text).casefold() == declared.casefold():
        return declared, [block for block in blocks if block is not first]
    if declared or first is None or first.level != 1:
        return declared, blocks
    return split_title(blocks, "")


def _properties(core: bytes | None) -> dict[str, object]:
    if core is None:
        return {}
    root = without_namespaces(parse_xml(core))
    properties = {str(child.tag): clean(words(child)) for child in root if isinstance(child.tag, str)}
    others = {
        "title": sensible_title(properties.get("title", "")),
        "authors": sensible_authors(properties.get("creator", "").split(";")),
        "keywords": sensible_text(properties.get("keywords", "")),
        "description": sensible_text(properties.get("description", "")),
        "subject": sensible_text(properties.get("subject", "")),
        "language": properties.get("language", ""),
    }
    return file_properties(properties.get("created", ""), properties.get("modified", ""), others)
