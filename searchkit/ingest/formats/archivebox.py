"""ArchiveBox: a snapshot's folder, of which the index names the page and other files hold it."""

from __future__ import annotations

import json

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText, decode
from searchkit.ingest.formats.export_fields import Beside, Row, export_article, instant, is_row, labels, text_of

READABLE = ("readability/content.html", "mercury/content.html")
"""The article alone, as HTML."""

PAGES = ("singlefile.html", "output.html")
"""The whole page."""

PLAIN = "htmltotext.txt"


def snapshot(row: Row, beside: Beside) -> ParsedArticle:
    """Return a snapshot's article: the text that was extracted, and what the page says about itself.

    Where nothing was extracted the page's own text is taken, and where there is no page the title stands alone.
    """
    readable = next((text for name in READABLE if (text := _text(beside(name)))), "")
    about = _json(beside("readability/article.json"))
    page = _page(beside)
    known = {} if page is None else dict(page.values)
    article = export_article(
        {key: value for key, value in row.items() if key in ("hash", "archive_path", "base_url")},
        (),
        title=text_of(about, "title") or known.get("title") or row.get("title"),
        text=readable or known.get("text") or _text(beside(PLAIN)),
        url=row.get("url"),
        source=text_of(about, "siteName") or known.get("source") or row.get("domain"),
        authors=known.get("authors") or text_of(about, "byline"),
        published=known.get("published") or about.get("publishedTime"),
        updated=known.get("updated"),
        language=known.get("language") or text_of(about, "lang"),
        tags=list(dict.fromkeys([*labels(row.get("tags")), *labels(known.get("tags"))])),
        saved=instant(row.get("bookmarked_at") or row.get("timestamp")),
    )
    if readable or page is None:
        return article
    return ParsedArticle(values=article.values, sections=page.sections, notes=page.notes)


def _page(beside: Beside) -> ParsedArticle | None:
    from searchkit.ingest.formats.html import decode_page, parse_page

    for name in PAGES:
        data = beside(name)
        if data and data.strip():
            try:
                return parse_page(decode_page(data)[0])
            except NotText:
                continue
    return None


def _text(data: bytes | None) -> str:
    try:
        return decode(data).text if data and data.strip() else ""
    except NotText:
        return ""


def _json(data: bytes | None) -> Row:
    try:
        value = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return {}
    return value if is_row(value) else {}
