"""Export rows: the rows of programs and services whose keys have meanings of their own, told by these keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from searchkit.ingest.article_builder import ParsedArticle, keys_that_mean
from searchkit.ingest.formats import news_api, publishing_exports, read_later
from searchkit.ingest.formats.archivebox import snapshot
from searchkit.ingest.formats.csl_json import csl
from searchkit.ingest.formats.export_fields import Beside, Row, inner, is_row, rows_in

ReadRow = Callable[[Row, Beside], ParsedArticle]


Check = Callable[[Row], bool]


def _form(keys: str, read: ReadRow, check: Check | None = None) -> tuple[frozenset[str], ReadRow, Check | None]:
    return frozenset(keys.split("|")), read, check


def _has_families(row: Row) -> bool:
    return any("family" in each for each in rows_in(row, "author"))


def _is_snapshot(row: Row) -> bool:
    """Say whether a row without a text has the seconds that a snapshot's folder is named by."""
    is_folder = isinstance(row["timestamp"], str) and _SECONDS.fullmatch(row["timestamp"]) is not None
    return is_folder and not keys_that_mean(tuple(row), "text")


_SECONDS = re.compile(r"\d{9,10}(?:\.\d{1,6})?")
_CSL_DATES = frozenset({"date-parts", "raw", "literal"})
_FORMS = (
    _form("title|url|time_added|tags|status", read_later.pocket),
    _form("URL|Title|Selection|Folder", read_later.instapaper),
    _form("Title|URL|Document tags|Saved date", read_later.readwise_csv),
    _form("title|note|excerpt|url|folder|created|favorite", read_later.raindrop),
    _form("is_archived|is_starred|url|content", read_later.wallabag),
    _form("slug|readingProgress|savedAt|labels", read_later.omnivore),
    _form("slug|savedAt|state", read_later.omnivore),
    _form("source_url|reading_progress|location|category", read_later.readwise),
    _form("name|url|textContent", read_later.linkwarden),
    _form("name|url|tags|collection|createdAt", read_later.linkwarden),
    _form("createdAt|content|tags|note", read_later.karakeep, lambda row: "type" in inner(row, "content")),
    _form("origin|title|alternate", read_later.starred, lambda row: bool(inner(row, "origin"))),
    _form("origin|title|canonical", read_later.starred, lambda row: bool(inner(row, "origin"))),
    _form("webTitle|webPublicationDate|webUrl", news_api.guardian),
    _form("headline|pub_date|web_url", news_api.nyt, lambda row: "main" in inner(row, "headline")),
    _form("source|title|publishedAt|content|description", news_api.newsapi, lambda row: is_row(row["source"])),
    _form("url|title|seendate|domain", news_api.gdelt),
    _form("title|content|link|date", publishing_exports.wordpress, lambda row: "rendered" in inner(row, "title")),
    _form("_id|_source", publishing_exports.search_hit, lambda row: is_row(row["_source"])),
    _form("ghost_tags|ghost_authors", publishing_exports.ghost),
    _form("type|actor|object|published", publishing_exports.mastodon),
    _form("tweet", publishing_exports.tweet, lambda row: "created_at" in inner(row, "tweet")),
    _form("full_text|created_at|entities", publishing_exports.tweet),
    _form("type|title|issued", csl, lambda row: bool(_CSL_DATES & inner(row, "issued").keys()) and "text" not in row),
    _form("type|title|author|id", csl, lambda row: _has_families(row) and "text" not in row),
    _form("url|timestamp|history", snapshot, lambda row: is_row(row["history"]) and "text" not in row),
    _form("url|timestamp|title|tags", snapshot, _is_snapshot),
    _form("url|timestamp|schema", snapshot, lambda row: row["schema"] in ("Link", "Snapshot")),
)


URL_LISTS = frozenset(
    {
        *(read_later.pocket, read_later.instapaper, read_later.readwise_csv),
        *(read_later.raindrop, read_later.linkwarden, read_later.karakeep),
    }
)
"""What has links and no pages."""


@lru_cache(maxsize=4096)
def _forms_of(keys: tuple[str, ...]) -> Sequence[tuple[ReadRow, Check | None]]:
    there = frozenset(keys)
    return tuple((read, check) for needed, read, check in _FORMS if needed <= there)


def export_reader(row: Row) -> ReadRow | None:
    """Return what makes an article of a row of an export; None for any other row."""
    return next((read for read, check in _forms_of(tuple(row)) if check is None or check(row)), None)


def rows_of_export(value: Mapping[str, object]) -> Sequence[object] | None:
    """Return the rows of an export that keeps what belongs together in several places; None for anything else."""
    if (posts := publishing_exports.ghost_posts(value)) is not None:
        return posts
    collections = rows_in(value, "collections")
    if not collections or not any("links" in each for each in collections):
        return None
    pinned = {link.get("url") for link in rows_in(value, "pinnedLinks")}
    return [
        {**link, "collection": collection.get("name"), "pinned": link.get("url") in pinned}
        for collection in collections
        for link in rows_in(collection, "links")
    ]
