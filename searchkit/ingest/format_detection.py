"""Format detection: what a file holds, by its first bytes where they say so, by the suffix of its name where not."""

from __future__ import annotations

import re

FORMATS = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".mkd": "markdown",
    ".mdx": "mdx",
    ".rst": "rst",
    ".rest": "rst",
    ".org": "org",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".asc": "asciidoc",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".json": "json",
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".odt": "odt",
    ".fodt": "odt",
    ".rtf": "rtf",
    ".epub": "epub",
    ".fb2": "news xml",
    ".nitf": "news xml",
    ".nxml": "news xml",
}
"""What a file is, by its suffix; any other is ``unknown`` and tried as plain text."""

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)


_RTF = re.compile(rb"\s*\{\\rtf")
_BLANK = re.compile(rb"\s*")
_XML_PROLOG = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!DOCTYPE", b">"))
"""What may stand before an XML file's root, and how it ends."""
_XML_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?(?P<name>[\w.-]{1,60})(?=[\s/>])")
_NEWS_ROOTS = frozenset(
    b"nitf newsml newsmessage newsitem packageitem tei teicorpus tei.2 fictionbook reuters lewis".split()
)
_SHARED_ROOTS = {
    b"article": (b"docbook", b"jats", b"nlm//dtd", b"<front", b"article-type=", b"<articleinfo", b"<info>"),
    b"book": (b"docbook", b"<bookinfo", b"<chapter"),
}
"""Roots that several kinds of XML have, and what must stand in the first bytes beside them."""

_WEAK = frozenset({"unknown", "plain", "news xml"})
"""Suffixes that say so little that the content may be XML of any kind."""

_ZIP_MARKS = (
    (b"mimetypeapplication/epub+zip", "epub"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "odt"),
    (b"META-INF/container.xml", "epub"),
    (b"word/document.xml", "docx"),
    (b"word/_rels/", "docx"),
)
"""Names of members by which a zip is a document."""


def detect_format(head: bytes, by_suffix: str) -> str:
    """Return the format of a file.

    Args:
        head: Its first bytes, decompressed, as many as the stream shows at once (``compression.HEAD``).
        by_suffix: The format that its suffix speaks for, ``unknown`` where it speaks for none.
    """
    if by_content := _document(head):
        return by_content
    if by_suffix in _WEAK and _is_news(head):
        return "news xml"
    if b"<office:document " in head[:2000] and by_suffix in {*_WEAK, "odt"}:
        return "odt"
    if by_suffix == "unknown":
        return "html" if _HTML.match(head) else "plain"
    return by_suffix


def _document(head: bytes) -> str | None:
    """Return the format of what is a document whatever its name is."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    if _RTF.match(head):
        return "rtf"
    if head.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in _ZIP_MARKS if mark in head), None)
    return None


def _is_news(head: bytes) -> bool:
    """Say by its root whether a file is XML of one of the kinds that articles are kept in."""
    start = _after_prolog(head)
    root = _XML_ROOT.match(head, start)
    if root is None:
        return False
    name = root["name"].lower()
    around = head[: root.end() + 4000].lower()
    return name in _NEWS_ROOTS or any(mark in around for mark in _SHARED_ROOTS.get(name, ()))


def _after_prolog(head: bytes) -> int:
    """Return where an XML file's root may begin: behind declarations, comments and the document type."""
    at = len(head) - len(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    while closing := next((end for begin, end in _XML_PROLOG if head[at : at + 9].upper().startswith(begin)), b""):
        end = head.find(closing, at)
        subset = head.find(b"[", at, end) if closing == b">" else -1
        if subset >= 0:
            end = head.find(b">", head.find(b"]", subset))
        blank = _BLANK.match(head, end + len(closing))
        if end < 0 or blank is None:
            return len(head)
        at = blank.end()
    return at
