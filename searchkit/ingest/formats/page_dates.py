"""Page dates: when a page's article appeared and when it was changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import islice

from searchkit.ingest.dates import day_comes_first, parse_by_rules, parse_dated
from searchkit.ingest.formats.json_ld import Item, texts_of
from searchkit.ingest.formats.page_head import PageHead, TimeElement
from searchkit.ingest.formats.page_lines import DATE, ELSEWHERE, PageLine

_PUBLISHED = (
    *("article:published_time", "og:article:published_time", "article:published", "datepublished", "parsely-pub-date"),
    *("sailthru.date", "cxenseparse:publishtime", "citation_publication_date", "citation_online_date"),
    *("dc.date.issued", "dcterms.created", "dcterms.date", "dc.date", "dc.date.created", "pubdate", "publishdate"),
    *("publish-date", "publish_date", "pub_date", "published_time", "publication_date", "date", "article.published"),
    *("originalpublicationdate", "article.created", "release_date", "ptime", "displaydate"),
)
_UPDATED = (
    *("article:modified_time", "og:article:modified_time", "og:updated_time", "article:modified", "datemodified"),
    *("dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "modified_time", "revision_date"),
    *("article.updated", "utime"),
)
_A_TIME = r"(?:\D{1,3}\d{1,2}:\d\d)?"
_A_DATE = re.compile(
    rf"\d{{1,4}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?\d{{2,4}}{_A_TIME}|\d{{1,2}}\.? \w{{3,12}}\.?,? \d{{4}}{_A_TIME}"
    rf"|\w{{3,12}}\.? \d{{1,2}},? \d{{4}}|\d{{4}}\s?年\s?\d{{1,2}}\s?月\s?\d{{1,2}}\s?日{_A_TIME}"
)
_A_CLOCK = re.compile(r"\d[T ]?\d{1,2}[:h.]\d\d|\d{1,2}:\d\d|\d{10}")
_HOURS_AND_MINUTES = re.compile(r"(?<!\d)\d{1,2}[:h]\d\d(?!\d)")
_A_ZONE = re.compile(r"(?:\dZ|[+−-]\d\d:?\d\d|\b(?:GMT|UTC|[A-Z]{2,4}T|MEZ|MESZ))\s*$", re.IGNORECASE)
_QUARTER_S = 900
_FARTHEST_ZONE_S = 14 * 3600
_YEAR = re.compile(r"(?<!\d)(?:19|20|25)\d\d(?!\d)")
_LOOKED_AT = 200
"""Characters of a line in which a date begins."""
_LONGEST_DATE = 60
_MOST_TRIED = 5
"""Lines that may be a date by their names: what no rule reads takes long to say no to."""

_TIMES_WITHOUT_NAME = 3
_SAME_DAY = timedelta(hours=36)
"""Two clocks may show the same day so far apart."""


def published_of(article: Item, head: PageHead, lines: Sequence[PageLine], language: str) -> datetime | None:
    """Return when an article appeared, by JSON-LD, by the head, by what is named so, by what the page shows first."""
    day_first = day_comes_first(language)
    named = [each.machine or each.text for each in head.times if _is_published(each)]
    texts = [*texts_of(article.get("datePublished")), *head.all(_PUBLISHED), *named]
    created = [text for key in ("dateCreated", "uploadDate") for text in texts_of(article.get(key))]
    others = [each.machine or each.text for each in head.times if "modified" not in each.names]
    return (
        _most_exact([*texts, *created], day_first=day_first)
        or _most_exact(others[:_TIMES_WITHOUT_NAME], day_first=day_first)
        or _shown(lines, day_first=day_first)
    )


def updated_of(article: Item, head: PageHead, language: str) -> datetime | None:
    """Return when an article was changed, by JSON-LD or by the head."""
    texts = [*texts_of(article.get("dateModified")), *head.all(_UPDATED)]
    return _most_exact(texts, day_first=day_comes_first(language))


def _is_published(element: TimeElement) -> bool:
    names = element.names
    return "datepublished" in names or "pubdate" in names or ("publish" in names and "updat" not in names)


def _most_exact(texts: Iterable[str], *, day_first: bool | None) -> datetime | None:
    """Return the date of the first text that has any; a later text may tell its time of day, or its zone."""
    read = ((text, parse_dated(text, day_first=day_first)) for text in texts)
    dated = [(text, moment) for text, moment in read if moment is not None and not _is_nothing(moment)]
    if not dated:
        return None
    text, first = dated[0]
    near = [(text, moment) for text, moment in dated[1:] if _A_CLOCK.search(text) and abs(moment - first) <= _SAME_DAY]
    if not _A_CLOCK.search(text):
        return near[0][1] if near else first
    if _A_ZONE.search(text):
        return first
    return next((moment for text, moment in near if _A_ZONE.search(text) and _is_same(moment, first)), first)


def _is_same(moment: datetime, other: datetime) -> bool:
    """Say whether two may be one instant on two clocks, which are whole quarters of an hour apart."""
    apart = abs((moment - other).total_seconds())
    return apart <= _FARTHEST_ZONE_S and apart % _QUARTER_S == 0


def _is_nothing(moment: datetime) -> bool:
    """Say whether an instant is what programs write where they have none: the first of the calendar or of Unix."""
    return moment.year == 1 or moment.timestamp() == 0


def _shown(lines: Sequence[PageLine], *, day_first: bool | None) -> datetime | None:
    """Return the first date in a part of a line that is named so, outside lists of other articles."""
    named = (line.marked(DATE)[:_LOOKED_AT] for line in lines if not line.all_of_it & ELSEWHERE)
    for text in islice((text for text in named if _YEAR.search(text)), _MOST_TRIED):
        match = _A_DATE.search(text)
        read = parse_by_rules(text, day_first=day_first) or parse_by_rules(
            match[0] if match else "", day_first=day_first
        )
        if len(text) <= _LONGEST_DATE and ((read is None and match is None) or _lost_its_time(text, read)):
            read = parse_dated(text, day_first=day_first) or read
        if read is not None:
            return read
    return None


def _lost_its_time(text: str, read: datetime | None) -> bool:
    """Say whether only the day was read of a text that tells the time, too."""
    is_day = read is not None and read.time() == time.min
    return is_day and _HOURS_AND_MINUTES.search(text) is not None and "00:00" not in text
