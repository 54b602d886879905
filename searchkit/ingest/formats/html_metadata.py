"""HTML metadata: what a web page tells about its article, in its head and on its face."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from searchkit.ingest.formats.embedded_text import LONGEST_SCRIPT, embedded_item
from searchkit.ingest.formats.json_ld import (
    Item,
    article_item,
    by_id,
    items_in,
    resolved,
    text_of,
    texts_of,
    title_key,
    types_of,
)
from searchkit.ingest.formats.page_authors import authors_of
from searchkit.ingest.formats.page_dates import published_of, updated_of
from searchkit.ingest.formats.page_head import PageHead, address_of, address_parts, read_head
from searchkit.ingest.formats.page_lines import page_lines
from searchkit.ingest.formats.page_title import all_titles, title_of
from searchkit.ingest.formats.standfirst import standfirst_of
from searchkit.ingest.text_cleanup import clean, one_line

_SITES = ("og:site_name", "application-name", "apple-mobile-web-app-title", "dc.publisher", "citation_journal_title")
_SITE_TYPES = frozenset({"WebSite", "Organization", "NewsMediaOrganization"})
_SECTIONS = (
    "article:section",
    "parsely-section",
    "cxenseparse:category",
    "section",
    "og:article:section",
    "dc.subject",
)
_TAGS = (
    "article:tag",
    "og:article:tag",
    "parsely-tags",
    "sailthru.tags",
    "news_keywords",
    "keywords",
    "citation_keywords",
)
_MOST_COMMAS = 1
"""That one of several tags may have: "Washington, D.C."."""

_MOST_NAMES = 30
"""Under which a site is known."""
_LINES_LOOKED_AT = 3_000
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMetadata:
    """What a page tells about its article; "", None and () where it tells nothing.

    ``standfirst`` is a summary that the page shows, whole. ``article_body`` is the text that JSON-LD carries, which may
    be cut, ``live_posts`` that of a live blog's posts; ``headlines`` are those that the page shows. Dates
    are aware, by the clock that the page names.
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
    live_posts: str = ""
    headlines: tuple[str, ...] = ()


def page_metadata(tree: Any) -> PageMetadata:
    """Return what a page tells about its article. The tree, an element of lxml, is left as it is."""
    head = read_head(tree)
    lines = page_lines(tree)[:_LINES_LOOKED_AT]
    url = address_of(head)
    items = items_in(head.scripts)
    article = article_item(items, url=url, titles=frozenset(map(title_key, all_titles({}, head))))
    article = article or embedded_item(next((each.text or "" for each in tree.iter("script") if _is_state(each)), ""))
    named = by_id(items)
    publisher = text_of(resolved(article.get("publisher"), named)) or head.first(_SITES)
    sites = _site_names(publisher, head, items, url)
    section = _section(text_of(article.get("articleSection")) or head.first(_SECTIONS))
    title = title_of(article, head, sites, section)
    language = _language(tree, head, article)
    return PageMetadata(
        title=title,
        standfirst=standfirst_of(article, head, lines, title),
        authors=authors_of(article, head, lines, named, sites),
        published=published_of(article, head, lines, language),
        updated=updated_of(article, head, language),
        publisher=publisher or address_parts(url)[1].removeprefix("www."),
        section=section,
        tags=_tags(article, head),
        url=url or text_of(article.get("url")),
        language=language,
        article_body=_body(article),
        live_posts=_posts(article),
        headlines=tuple(head.headlines),
    )


def _is_state(script: Any) -> bool:
    return script.get("id") == "__NEXT_DATA__" and len(script.text or "") <= LONGEST_SCRIPT


def _language(tree: Any, head: PageHead, article: Item) -> str:
    html = tree if tree.tag == "html" else tree.find("html")
    declared = [] if html is None else [html.get("lang"), html.get(_XML_LANGUAGE)]
    names = [
        *declared,
        head.first(("content-language",)),
        text_of(article.get("inLanguage")),
        head.first(("og:locale",)),
    ]
    return next((name.strip() for name in names if name and name.strip()), "")


def _site_names(publisher: str, head: PageHead, items: Iterable[Item], url: str) -> list[str]:
    """Return all names under which a page's site goes."""
    host = address_parts(url)[1].removeprefix("www.")
    labels = host.split(".")
    sites = [text_of(item) for item in items if _SITE_TYPES & set(types_of(item))]
    handle = head.first(("twitter:site",)).lstrip("@")
    names = [publisher, *head.all(_SITES), handle, *sites, host, *labels[:1], *labels[-2:-1]]
    return [name for name in dict.fromkeys(names) if name][:_MOST_NAMES]


def _section(text: str) -> str:
    """Return the first of several sections that stand in one text."""
    parts = text.split(",")
    return parts[0].strip() if len(parts) > _MOST_COMMAS + 1 else text


def _tags(article: Item, head: PageHead) -> tuple[str, ...]:
    """Return the tags of the first source that has any; a text with several commas is a list of them."""
    for values in (texts_of(article.get("keywords")), *([*head.all((name,))] for name in _TAGS)):
        distinct = list(dict.fromkeys(values))
        parts = [part for each in distinct for part in _listed(each, only=len(distinct) == 1)]
        if tags := [tag for part in parts if (tag := one_line(part))]:
            return tuple(dict.fromkeys(tags))
    return ()


def _listed(text: str, *, only: bool) -> Sequence[str]:
    parts = re.split("[;,、，]", text)
    return parts if only or len(parts) > _MOST_COMMAS + 1 else [text]


def _body(article: Item) -> str:
    body = article.get("articleBody")
    return clean(body).strip() if isinstance(body, str) else ""


def _posts(article: Item) -> str:
    """Return the posts of a live blog, each below its headline."""
    value = article.get("liveBlogUpdate")
    posts = [post for post in (value if isinstance(value, list) else [value]) if isinstance(post, dict)]
    return "\n\n".join(text for post in posts for text in (text_of(post.get("headline")), _body(post)) if text)
