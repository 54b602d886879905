"""News APIs: articles as the interfaces of newspapers and of those who collect them give them."""

from __future__ import annotations

import html
import re

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.export_fields import Beside, Row, export_article, inner, labels, rows_in, text_of
from searchkit.ingest.formats.html_fragment import field_text

_CUT = re.compile(r"\s*(?:\[\+\d+ chars\]|…\s*\[\+\d+ chars\])\s*$")
"""How an interface says that it gives a text's beginning alone."""


def guardian(row: Row, beside: Beside) -> ParsedArticle:
    """Return an article with what was asked for in ``show-fields`` and ``show-tags``."""
    fields = inner(row, "fields")
    tags = rows_in(row, "tags")
    used = (
        "webTitle webPublicationDate webUrl fields tags apiUrl isHosted sectionName sectionId pillarName pillarId type"
    )
    return export_article(
        row,
        used.split(),
        title=text_of(fields, "headline") or text_of(row, "webTitle"),
        text=_with_standfirst(fields),
        url=text_of(row, "webUrl"),
        source=text_of(fields, "publication"),
        authors=[text_of(tag, "webTitle") for tag in tags if tag.get("type") == "contributor"]
        or text_of(fields, "byline"),
        published=row.get("webPublicationDate"),
        updated=fields.get("lastModified"),
        tags=[text_of(tag, "webTitle") for tag in tags if tag.get("type") != "contributor"],
        section=text_of(row, "sectionName"),
        standfirst=text_of(fields, "standfirst", "trailText"),
    )


def _with_standfirst(fields: Row) -> str:
    """Return an article's text with its standfirst before it, so that a search finds its words."""
    text = text_of(fields, "body", "bodyText")
    standfirst = field_text(text_of(fields, "standfirst")).text.strip()
    if not text or not standfirst or field_text(text).text.strip().startswith(standfirst):
        return text or text_of(fields, "trailText", "standfirst")
    return f"<p>{html.escape(standfirst)}</p>\n{text}" if text_of(fields, "body") else f"{standfirst}\n\n{text}"


def nyt(row: Row, beside: Beside) -> ParsedArticle:
    """Return an article of the search or the archive, which have its abstract and its first paragraph."""
    headline, byline = inner(row, "headline"), inner(row, "byline")
    abstract, lead = text_of(row, "abstract", "snippet"), text_of(row, "lead_paragraph")
    used = "headline byline abstract snippet lead_paragraph web_url pub_date keywords section_name multimedia uri _id"
    return export_article(
        row,
        used.split(),
        id=text_of(row, "_id", "uri"),
        title=text_of(headline, "main", "print_headline"),
        text="\n\n".join(dict.fromkeys(part for part in (abstract, lead) if part)),
        url=text_of(row, "web_url"),
        authors=text_of(byline, "original"),
        published=row.get("pub_date"),
        tags=labels(row.get("keywords"), "value"),
        section=text_of(row, "section_name"),
    )


def newsapi(row: Row, beside: Beside) -> ParsedArticle:
    """Return an article of an interface that gives the first 200 characters."""
    content = _CUT.sub("", text_of(row, "content"))
    return export_article(
        row,
        ("content", "urlToImage", "description"),
        text=content or text_of(row, "description"),
        description=text_of(row, "description") if content else None,
    )


def gdelt(row: Row, beside: Beside) -> ParsedArticle:
    """Return an article of GDELT's list: a title, a place and when it was seen."""
    return export_article(
        row,
        ("seendate", "domain", "url_mobile", "socialimage"),
        source=text_of(row, "domain"),
        published=row.get("seendate"),
    )
