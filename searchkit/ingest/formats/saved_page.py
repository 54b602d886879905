"""Saved pages: a link of a list together with the page that lies saved beside the list."""

from __future__ import annotations

from dataclasses import replace

from searchkit.ingest.article_builder import ParsedArticle, means
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.export_fields import labels
from searchkit.ingest.local_copies import LocalPages, file_beside


def with_page(link: ParsedArticle, pages: LocalPages) -> ParsedArticle:
    """Return a link's article with the text and the data of its page, and the link's own tags and states; else itself.

    The title is the page's: lists cut titles, or have the address in their place.
    """
    url = means(link.values, "url")
    path = pages.find(url) if isinstance(url, str) else None
    data = file_beside(path.parent, path.name) if path is not None else None
    if not data or not data.strip():
        return link
    from searchkit.ingest.formats.html import decode_page, parse_page

    try:
        text, note = decode_page(data)
        page = parse_page(text)
    except NotText:
        return link
    own = {key: value for key, value in link.values.items() if key.casefold() not in ("title", "text")}
    tags = list(dict.fromkeys([*labels(link.values.get("tags")), *labels(page.values.get("tags"))]))
    title = page.values.get("title") or means(link.values, "title")
    known = {key: value for key, value in page.values.items() if value}
    return replace(
        page, values={**known, **own, "title": title, "tags": tags}, notes=(note, *page.notes) if note else page.notes
    )
