"""Invented web pages in the forms that publishers use."""

from __future__ import annotations

import json
from typing import Any

from lxml import html

from searchkit.ingest.formats.html_metadata import PageMetadata, page_metadata

TITLE = "Council votes on the bridge over the Sill"
SUMMARY = "The bridge will be rebuilt by 2027, says the mayor of the town after a long night."
PARAGRAPHS = "".join(
    f"<p>The council of Northford met on Tuesday for the {word} time this year to talk about the bridge over the river "
    f"Sill, which has been closed since the flood in March.</p>"
    for word in ("first", "second", "third", "fourth")
)


def page(head: str = "", body: str = "", *, title: str = TITLE, language: str = "en") -> str:
    """Return a page with a headline and four paragraphs; ``body`` stands between them."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">{head}</head><body><article>'
        f"<h1>{title}</h1>{body}{PARAGRAPHS}</article></body></html>"
    )


def linked(**values: Any) -> str:
    """Return a script with an article in JSON-LD."""
    article = {"@context": "https://schema.org", "@type": "NewsArticle", **values}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


def meta(name: str, content: str) -> str:
    """Return an element of the head that says something of the page."""
    return f'<meta property="{name}" content="{content}">'


def told(source: str) -> PageMetadata:
    """Return what a page tells about its article."""
    return page_metadata(html.document_fromstring(source))
