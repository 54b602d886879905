"""ODT: an OpenDocument text's headings, paragraphs, lists, tables and notes; and what its properties tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.document_properties import file_properties, sensible_authors, sensible_title
from searchkit.ingest.formats.safe_xml import parse_xml, without_namespaces, words
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.formats.zip_document import ZipDocument
from searchkit.ingest.text_cleanup import clean, one_line

_UNSEEN = frozenset(
    "annotation annotation-end tracked-changes sequence-decls variable-decls forms table-of-content "  # noqa: SIM905
    "alphabetical-index illustration-index bibliography note-citation bookmark ruby-text desc object image".split()
)
_PARAGRAPHS = frozenset({"p", "h"})
_MOST_BLANKS = 100


def parse_odt(data: bytes) -> ParsedArticle:
    """Return title, text, sections and properties. The title is the properties', else what has the style of one.

    Raises ``NotText`` where it is encrypted, damaged, or unpacks to more than a document has.
    """
    if data.startswith(b"PK"):
        with ZipDocument(data) as document:
            content, meta = document.read("content.xml"), document.read("meta.xml")
            if b"encryption-data" in (document.read("META-INF/manifest.xml") or b""):
                raise NotText("is encrypted: it can't be read without its password")
        if content is None:
            raise NotText("is a zip without an OpenDocument text in it")
        root = without_namespaces(parse_xml(content))
        properties = _properties(without_namespaces(parse_xml(meta))) if meta else {}
    else:
        root = without_namespaces(parse_xml(data))
        properties = _properties(root)
    body = root.find(".//body")
    blocks = list(_blocks(body, "")) if body is not None else []
    title, blocks = _split_title(body, blocks, str(properties.pop("title", "")))
    text, sections = join(blocks)
    if not text and not title:
        raise NotText("has no text")
    return ParsedArticle(values={"title": title, "text": text, **properties}, sections=sections)


def _split_title(body: Any, blocks: list[Block], declared: str) -> tuple[str, list[Block]]:
    first = next((block for block in blocks if block.text.strip()), None)
    if first is None:
        return declared, blocks
    text = one_line(first.text)
    styled = body.find(".//p[@style-name='Title']")
    is_title = first.level == 1 or (styled is not None and one_line(_text(styled)) == text)
    if text.casefold() == declared.casefold() or (is_title and not declared):
        return declared or text, [block for block in blocks if block is not first]
    return declared, blocks


def _properties(root: Any) -> dict[str, object]:
    def told(path: str) -> str:
        element = root.find(f".//meta/{path}")
        return "" if element is None else clean(words(element))

    others = {
        "title": sensible_title(told("title")),
        "authors": sensible_authors([told("initial-creator") or told("creator")]),
        "tags": [clean(words(each)) for each in root.findall(".//meta/keyword")],
        "description": told("description"),
        "subject": told("subject"),
        "language": told("language"),
    }
    return file_properties(told("creation-date"), told("date"), others)


def _blocks(element: Any, mark: str, gap: str = "\n\n") -> Iterator[Block]:
    """Yield the blocks in an element; ``mark`` is that of the list's item which it is in."""
    for child in element:
        match child.tag:
            case "h":
                yield Block(text=_text(child), level=_level(child))
                yield from _notes(child)
            case "p":
                yield Block(text=mark + text if (text := _text(child)).strip() else "", gap=gap)
                yield from _notes(child)
                mark = " " * len(mark)
            case "list":
                yield from _items(child, mark)
            case "table":
                yield from _rows(child)
            case str(name) if name not in _UNSEEN:
                yield from _blocks(child, mark, gap)


def _level(heading: Any) -> int:
    level = heading.get("outline-level") or ""
    return max(1, int(level)) if level.isdecimal() and len(level) < 3 else 1


def _items(items: Any, mark: str) -> Iterator[Block]:
    for i, item in enumerate(items):
        if item.tag in ("list-item", "list-header"):
            yield from _blocks(item, f"{' ' * len(mark)}- ", "\n" if i or mark else "\n\n")


def _rows(table: Any) -> Iterator[Block]:
    for i, row in enumerate(table.iter("table-row")):
        cells = (one_line(" ".join(_text(each) for each in cell.iter("p", "h"))) for cell in row.iter("table-cell"))
        yield Block(text=" | ".join(filter(None, cells)), gap="\n" if i else "\n\n")


def _notes(paragraph: Any) -> Iterator[Block]:
    """Yield the notes and text boxes in a paragraph, which stand below it."""
    for each in paragraph.iter("note-body", "text-box"):
        yield from _blocks(each, "")


def _text(paragraph: Any) -> str:
    return clean("".join(_pieces(paragraph)))


def _pieces(element: Any) -> Iterator[str]:
    """Yield the texts of a paragraph; blanks in it stand for one, and elements for more, for tabs and line breaks."""
    yield _collapsed(element.text)
    for child in element:
        match child.tag:
            case "s":
                count = child.get("c") or "1"
                yield " " * min(int(count) if count.isdecimal() else 1, _MOST_BLANKS)
            case "tab":
                yield " "
            case "line-break":
                yield "\n"
            case "note-body" | "text-box":
                pass
            case str(name) if name not in _UNSEEN:
                yield from _pieces(child)
        yield _collapsed(child.tail)


def _collapsed(text: str | None) -> str:
    if not text:
        return ""
    words = " ".join(text.split())
    left = " " if text[0].isspace() else ""
    right = " " if text[-1].isspace() and words else ""
    return f"{left}{words}{right}"
