"""HTML pages: the article on a page, and what the page tells about it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText, decode
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.text_cleanup import clean, one_line

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LOOKED_AT = 4096

_PUBLISHED = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//meta[@name='parsely-pub-date' or @name='pubdate' or @name='date']/@content",
    "//time[@pubdate or @itemprop='datePublished']/@datetime",
)
_UPDATED = (
    "//meta[@property='article:modified_time' or @property='og:updated_time']/@content",
    "//meta[@itemprop='dateModified']/@content",
    "//time[@itemprop='dateModified']/@datetime",
)


def decode_page(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Return a page's text and a note on repaired bytes.

    Where it is no valid UTF-8, the character set that it was sent with decides (``declared``), then its own word.

    Raises ``NotText``.
    """
    match = _CHARSET.search(data[:_LOOKED_AT]) or _XML_ENCODING.match(data[:_LOOKED_AT])
    declared = declared or (match[1].decode("ascii", "replace") if match else None)
    decoded = decode(data, declared)
    return decoded.text, decoded.note


def parse_page(source: str) -> ParsedArticle:
    """Return the main text of a page and its sections; title, authors, dates, outlet, canonical URL, tags, language.

    Raises ``NotText`` where the page holds no readable text.
    """
    trafilatura = _trafilatura()
    tree = trafilatura.load_html(_XML_DECLARATION.sub("", clean(source), count=1))
    if tree is None:
        raise NotText("holds no readable text")
    language = _attribute(tree, "//html/@lang | //html/@xml:lang", "//meta[@http-equiv='content-language']/@content")
    exact = (_attribute(tree, *_PUBLISHED), _attribute(tree, *_UPDATED))
    document = trafilatura.bare_extraction(
        tree,
        with_metadata=True,
        include_comments=False,
        include_tables=True,
        # Guesses from any number in the page (a copyright's year) are worse than no date.
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    values = _metadata(document, *exact) if document is not None else {}
    title = one_line(str(values.get("title") or _attribute(tree, "//title/text()") or ""))
    blocks = list(_body(document.body)) if document is not None and document.body is not None else []
    if not any(block.text.strip() for block in blocks):
        blocks = [Block(text=clean(trafilatura.html2txt(tree)).strip())]
    text, sections = join(_without_title(blocks, title))
    if not text and not title:
        raise NotText("holds no readable text")
    return ParsedArticle(values={**values, "title": title, "text": text, "language": language}, sections=sections)


def _trafilatura() -> Any:
    import trafilatura

    # It tells its doubts to whoever set up logging, not to a terminal where nobody did.
    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return trafilatura


def _attribute(tree: Any, *paths: str) -> str | None:
    for path in paths:
        for value in tree.xpath(path, namespaces={"xml": "http://www.w3.org/XML/1998/namespace"}):
            if str(value).strip():
                return str(value).strip()
    return None


def _metadata(document: Any, published: str | None, updated: str | None) -> dict[str, object]:
    """Return what the extraction knows. Its dates have no time: the page's own word is taken where they agree."""
    date = document.date
    tags = [part.strip() for each in [*(document.tags or ()), *(document.categories or ())] for part in each.split(",")]
    return {
        "title": document.title,
        "url": document.url,
        "source": document.sitename or document.hostname,
        "authors": [each.strip() for each in (document.author or "").split(";")],
        "published": published if published and (date is None or published.startswith(date)) else date,
        "updated": updated,
        "tags": tags,
    }


def _without_title(blocks: list[Block], title: str) -> list[Block]:
    """Leave out the block that repeats the title, near the top where it stands as the page's headline."""
    for i, block in enumerate(blocks[:3]):
        if one_line(block.text).casefold() == title.casefold():
            return blocks[:i] + blocks[i + 1 :]
    return blocks


def _body(body: Any) -> Iterator[Block]:
    """Yield what an extracted body holds; of a page too short to tell its parts apart, that is one element of lines."""
    if len(body) == 1 and len(body[0]) == 0 and body[0].tag == "p":
        yield from (Block(text=one_line(line)) for line in (body[0].text or "").split("\n"))
    else:
        yield from _blocks(body)


def _blocks(element: Any) -> Iterator[Block]:
    """Yield what the extracted body holds; its elements are those of TEI, the XML of text editors."""
    if text := one_line(element.text or ""):
        yield Block(text=text)
    for child in element:
        match child.tag:
            case "head":
                yield Block(text=_words(child), level=_level(child.get("rend")))
            case "list":
                for i, item in enumerate(child.iterchildren("item")):
                    yield Block(text=f"- {_words(item)}" if _words(item) else "", gap="\n" if i else "\n\n")
            case "table":
                for i, row in enumerate(child.iterchildren("row")):
                    cells = " | ".join(_words(cell) for cell in row.iterchildren("cell"))
                    yield Block(text=cells if cells.strip(" |") else "", gap="\n" if i else "\n\n")
            case "code":
                yield Block(text=clean("".join(child.itertext())).strip("\n"))
            case "quote" | "div" | "body" if len(child):
                yield from _blocks(child)
            case str():
                yield Block(text=_words(child))
        if tail := one_line(child.tail or ""):
            yield Block(text=tail)


def _level(rend: str | None) -> int:
    return int(rend[1]) if rend and re.fullmatch("h[1-6]", rend) else 2


def _words(element: Any) -> str:
    """Return an element's text on one line, or on several where it has line breaks."""
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(line for raw in lines if (line := one_line(raw)))


def _pieces(element: Any) -> Iterator[str]:
    """Yield the texts in an element. In HTML a line break of the source is a space: only ``lb`` is one."""
    yield clean(element.text or "").replace("\n", " ")
    for child in element:
        if child.tag == "lb":
            yield "\n"
        elif isinstance(child.tag, str):
            yield from _pieces(child)
        yield clean(child.tail or "").replace("\n", " ")
