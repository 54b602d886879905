"""Feeds: an article for each entry of RSS, RDF, Atom, CDF and JSON Feed."""

from __future__ import annotations

import io
import json
import re
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from searchkit.ingest.article_builder import ParsedArticle, split_authors
from searchkit.ingest.charset import NotText, decode
from searchkit.ingest.dates import parse_dated
from searchkit.ingest.file_language import in_its_language
from searchkit.ingest.formats.jsonl import parse_json
from searchkit.ingest.rows import Rows
from searchkit.ingest.text_cleanup import one_line
from searchkit.types import Article, Problem

_UUID = re.compile(r"(?:urn:uuid:|\{)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)
_NAME_AND_ADDRESS = re.compile(r"(?P<address>\S+@\S+)\s*\((?P<name>[^()]+)\)|(?P<first>[^<>]+?)\s*<[^<>]*@[^<>]*>")
_ADDRESS = re.compile(r"\S+@\S+\.\S+")
_AUTHOR = re.compile(
    rb"(?P<open><(?:[\w.-]{1,40}:)?(?:author|creator)\b[^<>]{0,300}>\s{0,100}(?:<!\[CDATA\[)?)"
    rb"(?P<text>[^<>]{1,1000})(?P<close>(?:\]\]>)?\s{0,100}</)",
    re.IGNORECASE,
)
_LT, _GT = b"&lt;", b"&gt;"
_ENTITY = re.compile(
    rb"<!ENTITY\s{1,20}(?P<name>[\w.-]{1,80})\s{1,20}"
    rb"(?:(?P<outside>SYSTEM|PUBLIC)\b|[\"'](?P<value>[^\"'>]{0,2000})[\"'])"
)
_LOOKED_AT = 20_000
_OPENING_RUN = re.compile(rb"<{16,}")
_LONGEST_DAMAGED = 2**23
"""Bytes of a feed that is no XML: of such ones feedparser reads 1 MiB in seconds, 2 in four times as long."""


def read_feed(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each entry of a feed, short ones where it has titles alone.

    Raises ``NotText`` where it is no feed, or holds no entry.
    """
    if data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        entries = list(_json_entries(data))
    else:
        entries = list(_xml_entries(data))
        if names := _unfollowed(data):
            note = f"has entities that lead to other files or to each other, which weren't followed: {', '.join(names)}"
            yield rows.problem(note, None, lost=False)
    if not entries:
        raise NotText("is a feed without entries")
    yield from in_its_language(_articles(entries, rows))


def _articles(entries: Sequence[dict[str, object]], rows: Rows) -> Iterator[Article | Problem]:
    occurrences = Counter(str(entry.get("guid") or "") for entry in entries)
    for number, entry in enumerate(entries, start=1):
        guid = str(entry.pop("guid", None) or "")
        url = str(entry.get("url") or "")
        if guid and (_is_stable(guid, url) or not url) and occurrences[guid] == 1:
            entry["id"] = guid if _is_global(guid) else f"{rows.name}:{guid}"
        yield from rows.add(ParsedArticle(values=entry), part=str(number))
    yield from rows.end(expects_html=True)


def _is_stable(guid: str, url: str) -> bool:
    """Say whether an entry's id will be the same in the feed's next state, and belong to no entry of another feed.

    A number is another feed's too; one with ``#`` behind a page's address counts its versions.
    """
    return _is_global(guid) and not (url and "#" in guid and guid.partition("#")[0] == url.partition("#")[0])


def _is_global(guid: str) -> bool:
    return bool(_UUID.fullmatch(guid)) or guid.lower().startswith(("http:", "https:", "urn:", "tag:"))


# XML


def _xml_entries(data: bytes) -> Iterator[dict[str, object]]:
    parsed = _parse(data)
    feed, entries = parsed["feed"], parsed["entries"]
    if not parsed["version"] and not entries:
        raise NotText("is no feed, or one that is too damaged to be read")
    base = _first(feed, "link", "id")
    common: dict[str, object] = {
        "source": feed.get("title") or "",
        "language": feed.get("language") or _language(feed),
    }
    for entry in entries:
        yield {**common, **_dropped_empty(_values(entry, base))}


def _unfollowed(data: bytes) -> list[str]:
    """Return the names of entities in use that feedparser doesn't follow; a plain text it puts in their place."""
    declared = {
        match["name"]: bool(match["outside"]) or b"&" in (match["value"] or b"")
        for match in _ENTITY.finditer(data[:_LOOKED_AT])
    }
    return [name.decode("latin-1") for name, leads in declared.items() if leads and b"&" + name + b";" in data][:5]


def _parse(data: bytes) -> Any:
    """Read a feed with feedparser. It is handed a stream: bytes it would take for the name of a file.

    Raises ``NotText`` where one that is no well-formed XML is so long that reading it would take hours.
    """
    import feedparser

    data = _AUTHOR.sub(_with_name_alone, _OPENING_RUN.sub(b"<", data))
    if len(data) > _LONGEST_DAMAGED and not _is_well_formed(data):
        raise NotText(f"is a feed of more than {_LONGEST_DAMAGED // 2**20} MiB that is no well-formed XML")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Of HTML the text alone is taken, by a reader that no markup makes slow: what is dangerous in it and where its
        # links lead doesn't matter.
        return feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)


def _with_name_alone(match: re.Match[bytes]) -> bytes:
    """Return an author's element with the name alone: feedparser cuts addresses whose last part is long in two."""
    if b"@" not in match["text"]:
        return match[0]
    text = match["text"].replace(_LT, b"<").replace(_GT, b">").decode("latin-1")
    name = _name(text) if _NAME_AND_ADDRESS.fullmatch(one_line(text)) else text
    shown = "" if _ADDRESS.fullmatch(one_line(name)) else name
    return match["open"] + shown.encode("latin-1").replace(b"<", _LT).replace(b">", _GT) + match["close"]


def _is_well_formed(data: bytes) -> bool:
    """Say whether a feed is XML that the fast parser takes; nothing is kept, and no entity is fetched."""
    from xml.parsers import expat

    try:
        expat.ParserCreate().Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return True


def _values(entry: Any, base: str) -> dict[str, object]:
    published = _date(entry, "published", "created", "issued")
    updated = _date(entry, "updated", "modified")
    guid, link = one_line(_first(entry, "id")), _first(entry, "link")
    return {
        "guid": guid,
        "title": entry.get("title") or "",
        "text": _text(entry),
        # An id is the address of its page unless it says otherwise, which feeds that count their entries forget.
        "url": _address(base, link) if link != guid or _is_global(guid) else "",
        "authors": _authors(entry),
        # Atom asks for the time of change alone: where nothing else is known, the entry was published then.
        "published": published or updated,
        "updated": updated if published else "",
        "tags": [tag for each in entry.get("tags") or () if (tag := each.get("label") or each.get("term"))],
        "language": _language(entry),
        "source": _source(entry),
        "comments_url": _first(entry, "comments"),
    }


def _first(values: dict[str, Any], *names: str) -> str:
    """Return the first text under some names: those alone, where feedparser would look under others, too."""
    return next((value for name in names if isinstance(value := dict.get(values, name), str) and value), "")


def _address(base: str, link: str) -> str:
    """Return an entry's address in full, "" where it has none: feedparser takes any id for one."""
    try:
        address = urljoin(base, link) if link and base.startswith(("http:", "https:")) else link
    except ValueError:
        return ""
    return address if address.startswith(("http:", "https:", "file:", "ftp:", "gopher:")) else ""


def _dropped_empty(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


def _text(entry: Any) -> str:
    """Return the longest of an entry's contents and summaries, as it stands: HTML is read as a row's is."""
    contents = [str(each.get("value") or "") for each in entry.get("content") or ()]
    summaries = [_first(entry, name) for name in ("summary", "subtitle", "description")]
    return max([*contents, *summaries], key=lambda text: len(text.strip()), default="")


def _date(entry: Any, *names: str) -> str:
    """Return the first date that is there, with its offset where that can be read, else as feedparser has it in UTC."""
    for name in names:
        if not (raw := _first(entry, name)):
            continue
        parsed = dict.get(entry, f"{name}_parsed")
        moment = parse_dated(raw)
        if parsed is None or (moment is not None and _agree(moment, parsed)):
            return raw if moment is None else moment.isoformat()
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).isoformat()
    return ""


def _agree(moment: datetime, parsed: time.struct_time) -> bool:
    """Say whether two readings of a date are of one instant; a day's clock may be anything."""
    in_utc = moment.astimezone(UTC)
    return in_utc.timetuple()[:5] == tuple(parsed[:5])


def _authors(entry: Any) -> list[str]:
    details = [*(entry.get("authors") or ()), entry.get("author_detail") or {}]
    names = [_name(str(each.get("name") or each.get("email") or "")) for each in details]
    texts = names or [_name(_first(entry, "author"))]
    return list(dict.fromkeys(name for text in texts for name in split_authors(text) if name))


def _name(text: str) -> str:
    """Return the name in ``jane@example.org (Jane Doe)`` and ``Jane Doe <jane@example.org>``; an address is none."""
    text = one_line(text)
    if match := _NAME_AND_ADDRESS.fullmatch(text):
        return (match["name"] or match["first"]).strip()
    return "" if _ADDRESS.fullmatch(text) else text


def _language(values: Any) -> str:
    """Return the language that a text or a title is declared to have (``xml:lang``)."""
    details = [*(values.get("content") or ()), values.get("summary_detail") or {}, values.get("title_detail") or {}]
    return next((str(each["language"]) for each in details if each.get("language")), "")


def _source(entry: Any) -> str:
    """Return the title of the feed that an entry was taken over from, "" where it is the feed's own."""
    source = entry.get("source")
    return str(source.get("title") or "") if isinstance(source, Mapping) else ""


# JSON Feed


def _json_entries(data: bytes) -> Iterator[dict[str, object]]:
    try:
        feed = parse_json(decode(data).text)
    except (json.JSONDecodeError, ValueError, RecursionError) as error:
        raise NotText(f"isn't valid JSON: {error}"[:200]) from error
    items = feed.get("items") if isinstance(feed, Mapping) else None
    if not isinstance(feed, Mapping) or not isinstance(items, list):
        raise NotText("is a feed without entries")
    base = str(feed.get("home_page_url") or feed.get("feed_url") or "")
    common = {"source": feed.get("title"), "language": feed.get("language"), "authors": _json_authors(feed)}
    for item in items:
        if isinstance(item, Mapping):
            yield {**_dropped_empty(common), **_dropped_empty(_json_values(item, base))}


def _json_values(item: Mapping[str, Any], base: str) -> dict[str, object]:
    texts = [str(item.get(name) or "") for name in ("content_html", "content_text", "summary")]
    published, updated = item.get("date_published"), item.get("date_modified")
    known = {"id", "url", "title", "content_html", "content_text", "summary", "date_published", "date_modified"}
    known |= {"author", "authors", "tags", "language", "attachments", "image", "banner_image"}
    return {
        **{name: value for name, value in item.items() if name not in known and not str(name).startswith("_")},
        "guid": one_line(str(item.get("id") or "")),
        "title": item.get("title"),
        "text": max(texts, key=len),
        "url": _address(base, str(item.get("url") or item.get("external_url") or "")),
        "authors": _json_authors(item),
        "published": published or updated,
        "updated": updated if published else None,
        "tags": item.get("tags"),
        "language": item.get("language"),
    }


def _json_authors(values: Mapping[str, Any]) -> list[str]:
    authors = values.get("authors") or values.get("author") or ()
    listed = [authors] if isinstance(authors, Mapping) else authors if isinstance(authors, list) else []
    return [name for each in listed if isinstance(each, Mapping) and (name := one_line(str(each.get("name") or "")))]
