"""Sitemaps and lists of URLs: the local copies of their pages, where a crawler has saved them beside the list."""

from __future__ import annotations

import html
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, cast

from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.compression import DAMAGE, HEAD, decompressed, read_whole
from searchkit.ingest.dates import offset_s, parse_dated
from searchkit.ingest.local_copies import host_of, local_copy
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Origin, Problem

_ENTRY = re.compile(r"<(?:[\w-]+:)?(?:url|sitemap)(?=[\s>])[^>]{0,300}>")
_LOCATION = re.compile(r"<(?!image:|video:|news:)(?:[\w-]+:)?loc>\s*(?:<!\[CDATA\[)?([^<\]]{1,4000})")
_CHANGED = re.compile(r"<(?:[\w-]+:)?(?:lastmod|publication_date)>\s*([^<]{1,100})")
_INDEX = re.compile(r"<(?:[\w-]+:)?sitemapindex[\s>]")
_MOST_URLS = 1_000_000


def read_url_list(
    data: bytes, rows: Rows, read_page: Callable[[io.BufferedReader[Any], str, Rows], Iterator[Article | Problem]]
) -> Iterator[Article | Problem]:
    """Yield the articles of those pages of a list that lie saved in the same folders (``host/path``, as wget has them).

    A page without a date has that of the list (``lastmod``). What has no copy is one problem with its number.
    Raises ``NotText`` where the list holds no URL.
    """
    folder = Path(rows.origin.path).parent
    urls = _urls(data, folder)
    if not urls:
        raise NotText("holds no URL")
    host = {host_of(url) for url in urls}
    bases = (folder, folder.parent) if not rows.member else ()
    missing = apart = 0
    for url, changed in urls.items():
        path = local_copy(url, bases, alone=len(host) == 1)
        if path is None:
            missing += 1
        elif str(path) in rows.read_apart:
            apart += 1
        else:
            yield from _page(path, url, changed, rows, read_page)
    if missing:
        reason = f"lists {len(urls):,} URLs; {missing:,} have no local copy beside it, as 'wget -x' saves them"
        yield rows.problem(reason, None, lost=missing == len(urls))
    if apart:
        yield rows.problem(f"lists {apart:,} pages that are read as files of their own", None, lost=False)


def _page(
    path: Path,
    url: str,
    changed: str,
    rows: Rows,
    read_page: Callable[[io.BufferedReader[Any], str, Rows], Iterator[Article | Problem]],
) -> Iterator[Article | Problem]:
    origin = Origin(path=str(path), name=url)
    of_page = Rows(place=str(path), origin=origin, fields=rows.fields, depth=rows.depth + 1)
    try:
        with path.open("rb", buffering=HEAD) as stream:
            for entry in read_page(cast("io.BufferedReader[Any]", stream), path.name, of_page):
                yield _completed(entry, url, changed) if isinstance(entry, Article) else entry
    except OSError as error:
        yield of_page.problem(f"can't be read: {error.strerror}", None)


def _completed(article: Article, url: str, changed: str) -> Article:
    """Return a page's article with what the list knows and the page doesn't say."""
    moment = parse_dated(changed) if article.published is None else None
    if moment is not None:
        article = replace(article, published=moment.astimezone(UTC), utc_offset_s=offset_s(moment))
    return replace(article, url=article.url or url)


def _urls(data: bytes, folder: Path) -> Mapping[str, str]:
    """Return the URLs of a list, and of the lists that it names and that lie beside it, with their dates."""
    urls: dict[str, str] = {}
    lists: set[Path] = set()
    waiting: deque[Path] = deque()
    text = decode(data).text
    while True:
        entries = dict(_entries(text))
        copies = (
            [local_copy(url, (folder, folder.parent), alone=True) for url in entries] if _INDEX.search(text) else []
        )
        inner = list(dict.fromkeys(path for path in copies if path is not None and path not in lists))
        if not any(copies):
            urls.update(entries)  # of an index: none of its lists is here, it is they that have no copy
        lists.update(inner)
        waiting.extend(inner)
        if not waiting or len(urls) > _MOST_URLS:
            break
        text = _text_of(waiting.popleft())
    return urls


def _text_of(path: Path) -> str:
    """Return the text of a list that another names; nothing where it can't be read: its URLs then have no copy."""
    try:
        with path.open("rb", buffering=HEAD) as raw, decompressed(cast("io.BufferedReader[Any]", raw), "") as stream:
            return decode(read_whole(stream, LONGEST)).text
    except (*DAMAGE, NotText):
        return ""


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a sitemap or a list, each with its date; read by their tags, so that no entity is expanded."""
    parts = _ENTRY.split(text)
    if len(parts) == 1:
        yield from ((line.strip(), "") for line in text.split("\n") if re.match(r"\s*https?://\S", line))
        return
    for part in parts[1:]:
        location, changed = _LOCATION.search(part), _CHANGED.search(part)
        if location:
            yield html.unescape(location[1].strip()), changed[1].strip() if changed else ""
