"""Page title: the title of a page's article, without the name of its site."""

from __future__ import annotations

import re
from collections.abc import Sequence

from searchkit.ingest.formats.json_ld import Item, text_of, title_key
from searchkit.ingest.formats.page_head import PageHead

_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title", "parsely-title", "sailthru.title", "headline")
_SEPARATOR = re.compile(
    r"\s+[|–—·•»«*:/~-]+\s+|\s*[|｜ㅣ]\s*|\s*：\s*|(?<=\S)\s+[-–—](?=\S)|(?<=[^\s\d])-(?=[^\s-]*\s*[|｜ㅣ])"
)
_KICKER = re.compile(r":\s+|\s+[-–—|]\s+")
_MOST_SEPARATORS = 20

_SURE_AGREEMENT = 10
"""Letters of a title with which another begins: of fewer, "Berlin" begins "Berlin - a walk", too."""

_SHORTEST_NAME = 3
"""Letters of a part of a site's name that stands for the whole."""


def all_titles(article: Item, head: PageHead) -> list[str]:
    """Return whatever a page gives as a title: JSON-LD, for sharing, on its face, in its window's frame."""
    texts = [text_of(article.get("headline")), *head.all(_TITLES), *head.headlines, text_of(article.get("name"))]
    return [text for text in (*texts, head.title) if text]


def title_of(article: Item, head: PageHead, sites: Sequence[str], section: str) -> str:
    """Return the title without the names of site and section: JSON-LD's, or that for sharing, or what the page shows.

    On 134 pages of 100 publishers each of these was right more often than the next, also where the next two agreed.
    """
    others = all_titles(article, head)
    frames = [*sites, section]
    headline = without_site(text_of(article.get("headline")), others, frames)
    shared = without_site(head.first(_TITLES), others, frames)
    shown = [without_site(each, others, frames) for each in head.headlines]
    names = {title_key(site) for site in sites}
    if title_key(headline) not in {"", *names}:
        return shared if _is_after_kicker(shared, headline) else headline
    if title_key(shared) not in {"", *names}:
        return next((tail for each in shown if (tail := _common_tail(shared, each))), shared)
    # A page's logo and its boxes may be headlines, too; its window's frame has the article's.
    frame = title_key(head.title)
    shown.sort(key=lambda each: title_key(each) not in frame)
    rest = [*shown, *(without_site(each, others, frames) for each in (text_of(article.get("name")), head.title))]
    return next((each for each in rest if title_key(each) not in {"", *names}), next(filter(None, rest), ""))


def _is_after_kicker(title: str, headline: str) -> bool:
    """Say whether a headline is the title behind a word or two and a colon."""
    return bool(title) and re.fullmatch(rf".{{1,60}}:\s+(?:[-–—]\s*)?{re.escape(title)}", headline) is not None


def _common_tail(title: str, other: str) -> str:
    """Return what two titles say behind different kickers; "" where they have no such."""
    first, second = (_KICKER.split(each, maxsplit=1) for each in (title, other))
    if len(first) < 2 or len(second) < 2 or first[0] == second[0] or first[1] != second[1]:
        return ""
    return first[1] if len(title_key(first[1])) >= _SURE_AGREEMENT else ""


def without_site(title: str, others: Sequence[str], sites: Sequence[str]) -> str:
    """Return a title up to a separator where that is another of the titles, or what follows is a name of the site."""
    names = {key for site in sites if (key := title_key(site))}
    keys = {key for each in others if len(key := title_key(each)) >= _SURE_AGREEMENT} - names
    borders = list(_SEPARATOR.finditer(title))[:_MOST_SEPARATORS]
    for border in borders:
        for part in (title[: border.start()], title[border.end() :]):
            if title_key(part) in keys:
                return part.strip()
    for border in reversed(borders):
        if not _is_of_site(title_key(title[border.end() :]), names):
            break
        title = title[: border.start()]
    first = _SEPARATOR.search(title)
    return title[first.end() if first and title_key(title[: first.start()]) in names else 0 :].strip()


def _is_of_site(key: str, names: set[str]) -> bool:
    """Say whether a title's part is a name of the site, has it within, or is a part of it."""
    if key in names:
        return True
    return len(key) >= _SHORTEST_NAME and any(
        key in name or (len(name) > _SHORTEST_NAME and name in key) for name in names
    )
