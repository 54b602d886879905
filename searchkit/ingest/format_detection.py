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
}
"""What a file is, by its suffix; any other is ``unknown`` and tried as plain text."""

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def detect_format(head: bytes, by_suffix: str) -> str:
    """Return the format of a file.

    Args:
        head: Its first bytes, decompressed, as many as the stream shows at once (``compression.HEAD``).
        by_suffix: The format that its suffix speaks for, ``unknown`` where it speaks for none.
    """
    if by_suffix == "unknown":
        return "html" if _HTML.match(head) else "plain"
    return by_suffix
