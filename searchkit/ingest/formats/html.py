"""HTML pages: the article on a page, and what the page tells about it."""

from __future__ import annotations

import re

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText, decode
from searchkit.ingest.formats.html_body import load_trafilatura, page_blocks
from searchkit.ingest.formats.html_metadata import PageMetadata, page_metadata
from searchkit.ingest.formats.sections import join
from searchkit.ingest.text_cleanup import clean

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LOOKED_AT = 4096

_MOST_ATTRIBUTES = 500
"""That an element may have: a parser compares each with all before it."""

_ATTRIBUTE = r"""\s*+(?:=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+)|[^\s=>]++)"""
# Every part ends at the latest where the text does, so that nothing is read twice.
_LONG_TAG = re.compile(
    r"<(?:script|style)\b[^<]*+(?:<(?!/)[^<]*+)*+|"
    rf"(?P<kept><[a-zA-Z][^\s>]*+(?:{_ATTRIBUTE}){{0,{_MOST_ATTRIBUTES}}}+)(?P<others>(?:{_ATTRIBUTE})*+)",
    re.IGNORECASE,
)

_CHECK = re.compile(
    r"^(?:just a moment|attention required|checking your browser|verifying you are human|one more step)\b.{0,60}$|"
    r"^(?:please )?enable javascript and cookies to continue",
    re.IGNORECASE | re.MULTILINE,
)
"""What stands in place of a page until a browser has shown that it is one."""

_LONGEST_CHECK = 600


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

    Raises ``NotText`` where the page holds no readable text, or that of no article.
    """
    tree = load_trafilatura().load_html(_with_few_attributes(_XML_DECLARATION.sub("", clean(source), count=1)))
    if tree is None:
        raise NotText("holds no readable text")
    if tree.find(".//frameset") is not None and tree.find("body") is None:
        raise NotText("holds frames, whose pages are files of their own")
    metadata = page_metadata(tree)
    text, sections = join(page_blocks(tree, metadata))
    if len(text) <= _LONGEST_CHECK and _CHECK.search(f"{metadata.title}\n{text}"):
        raise NotText("holds a check of the browser, not the page that was behind it")
    if not text and not (metadata.title and metadata.published):
        raise NotText("holds no readable text")
    return ParsedArticle(values={**_values(metadata), "text": text}, sections=sections)


def _with_few_attributes(source: str) -> str:
    """Cut off the attributes of an element that no page needs so many of."""
    cuts = [match.span("others") for match in _LONG_TAG.finditer(source) if match["others"]]
    ends = [0, *(end for _, end in cuts)]
    starts = [*(start for start, _ in cuts), len(source)]
    return "".join(source[end:start] for end, start in zip(ends, starts, strict=True)) if cuts else source


def _values(metadata: PageMetadata) -> dict[str, object]:
    """Return what a page tells, by the names that a line of JSON has for it."""
    return {
        "title": metadata.title,
        "url": metadata.url,
        "source": metadata.publisher,
        "authors": list(metadata.authors),
        "published": metadata.published,
        "updated": metadata.updated,
        "language": metadata.language,
        "tags": list(metadata.tags),
        "section": metadata.section,
    }
