"""HTML metadata: what a web page tells about its article, in its head and on its face."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMetadata:
    """What a page tells about its article; "", None and () where it tells nothing.

    ``standfirst`` is a summary that the page shows, whole. ``article_body`` is the text that JSON-LD carries, which may
    be cut. Dates are aware, by the clock that the page names.
    """

    title: str = ""
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    publisher: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    url: str = ""
    language: str = ""
    article_body: str = ""


def page_metadata(tree: Any) -> PageMetadata:
    """Return what a page tells about its article. The tree, an element of lxml, is left as it is."""
    return PageMetadata()
