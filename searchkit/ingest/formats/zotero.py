"""Zotero: its library, an SQLite database, with the full texts that Zotero keeps beside it."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from searchkit.ingest.charset import NotText
from searchkit.ingest.file_kinds import NotArticle
from searchkit.ingest.formats.export_fields import instant
from searchkit.ingest.formats.html_fragment import field_text
from searchkit.ingest.local_copies import file_beside
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_NAME = "zotero.sqlite"
FULL_TEXT = ".zotero-ft-cache"

_TABLES = {"items", "itemData", "itemDataValues", "fields", "itemTypes", "creators", "itemCreators", "deletedItems"}
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?= |$)")
_VALUES = """
    SELECT data.itemID, fields.fieldName, value.value FROM itemData data
    JOIN fields ON fields.fieldID = data.fieldID JOIN itemDataValues value ON value.valueID = data.valueID
    ORDER BY data.itemID, fields.fieldID
"""
_ITEMS = """
    SELECT items.itemID, items.key, items.dateAdded, items.dateModified, itemTypes.typeName FROM items
    JOIN itemTypes ON itemTypes.itemTypeID = items.itemTypeID
    WHERE items.itemID NOT IN (SELECT itemID FROM deletedItems)
      AND itemTypes.typeName NOT IN ('attachment', 'annotation')
    ORDER BY items.itemID
"""
_CREATORS = """
    SELECT link.itemID, creators.firstName, creators.lastName FROM itemCreators link
    JOIN creators ON creators.creatorID = link.creatorID ORDER BY link.itemID, link.orderIndex
"""
_TAGS = """
    SELECT link.itemID, tags.name FROM itemTags link JOIN tags ON tags.tagID = link.tagID
    ORDER BY link.itemID, tags.name
"""
_NOTES = "SELECT itemID, parentItemID, note, title FROM itemNotes ORDER BY itemID"
_FILES = """
    SELECT files.parentItemID, items.key, files.itemID FROM itemAttachments files
    JOIN items ON items.itemID = files.itemID WHERE files.parentItemID IS NOT NULL ORDER BY files.itemID
"""
_MARKS = "SELECT parentItemID, text, comment FROM itemAnnotations ORDER BY itemID"
_NAMED = {
    "title": "title",
    "abstractNote": "abstract",
    "url": "url",
    "DOI": "doi",
    "publicationTitle": "source",
    "websiteTitle": "source",
    "blogTitle": "source",
    "bookTitle": "source",
    "date": "published",
    "language": "language",
    "accessDate": "accessed",
    "extra": "extra",
}


def read_zotero(rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each item of a library, and for each note that belongs to none.

    Its text is the full text that Zotero indexed, or else the abstract. The file isn't changed, nor locked: what is
    written while it is read may be missing. Raises ``NotText``, for any other
    database ``NotArticle``.
    """
    path = Path(rows.origin.path)
    if rows.member:
        raise NotText("not text: looks like an SQLite database; unpack the archive first")
    address = f"{path.as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as library:
            library.execute("PRAGMA trusted_schema = OFF")
            tables = {name for (name,) in library.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables >= _TABLES:
                raise _other_database(path)
            yield from rows.closing(_Library(library, path.parent).articles(rows))
    except sqlite3.Error as error:
        if not path.name.startswith(_NAME):
            raise _other_database(path) from error
        raise NotText(f"can't be read as Zotero's library: {error}") from error


def _other_database(path: Path) -> NotArticle:
    return NotArticle(f"isn't an article: it is a database{f' ({path.suffix})' if path.suffix else ''}")


class _Library:
    """What a library says about its items."""

    def __init__(self, library: sqlite3.Connection, folder: Path) -> None:
        self._library, self._folder = library, folder
        self._creators = self._listed(_CREATORS)
        self._tags = self._listed(_TAGS)
        self._files: dict[int, list[str]] = defaultdict(list)
        parents: dict[int, int] = {}
        for parent, key, file in self._rows(_FILES):
            self._files[parent].append(key)
            parents[file] = parent
        self._highlights: dict[int, list[str]] = defaultdict(list)
        self._notes: dict[int, list[str]] = defaultdict(list)
        self._alone: dict[int, tuple[str, str]] = {}
        for item, parent, note, title in self._rows(_NOTES):
            if parent is None:
                self._alone[item] = (title or "", note or "")
            else:
                self._notes[parent].append(field_text(note or "").text)
        for file, text, comment in self._rows(_MARKS):
            parent = parents.get(file, file)
            self._highlights[parent] += [text] if text else []
            self._notes[parent] += [comment] if comment else []

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._library.execute(query)
        except sqlite3.OperationalError:  # an earlier version of Zotero has no such table
            return

    def articles(self, rows: Rows) -> Iterator[Article | Problem]:
        values = self._values()
        fields = next(values, None)
        for line, (item, key, added, modified, kind) in enumerate(self._library.execute(_ITEMS), start=1):
            while fields is not None and fields[0] < item:
                fields = next(values, None)
            own = fields[1] if fields is not None and fields[0] == item else {}
            if kind == "note" and item not in self._alone:
                continue
            about = self._about(item, key, own)
            about |= {"saved": instant(added), "type": kind, "modified_in_zotero": modified}
            yield from rows.take({name: value for name, value in about.items() if value not in (None, "", [])}, line)

    def _values(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the fields of each item, in the order of the items."""
        current, fields = -1, dict[str, str]()
        for item, name, value in self._library.execute(_VALUES):
            if item != current:
                if fields:
                    yield current, fields
                current, fields = item, {}
            fields[name] = str(value)
        if fields:
            yield current, fields

    def _about(self, item: int, key: str, fields: Mapping[str, str]) -> dict[str, object]:
        about: dict[str, object] = {"id": key}
        for name, value in fields.items():
            about.setdefault(_NAMED.get(name, f"zotero.{name}"), value)
        title, note = self._alone.get(item, ("", ""))
        full = "\n\n".join(text for file in self._files.get(item, ()) if (text := self._full_text(file)))
        about["title"] = about.get("title") or title
        about["text"] = full or about.get("abstract") or note
        if not full:
            about.pop("abstract", None)
        doi = str(about.get("doi") or "")
        about["url"] = about.get("url") or (f"https://doi.org/{doi}" if doi else "")
        about["published"] = plain_date(str(about.get("published") or ""))
        about["authors"] = self._creators.get(item, [])
        about["tags"] = self._tags.get(item, [])
        about["notes"] = self._notes.get(item, [])
        about["highlights"] = self._highlights.get(item, [])
        return about

    def _full_text(self, key: str) -> str:
        data = file_beside(self._folder / "storage" / key, FULL_TEXT) if key.isalnum() else None
        return (data or b"").decode("utf-8", "replace")

    def _listed(self, query: str) -> dict[int, list[str]]:
        listed: dict[int, list[str]] = defaultdict(list)
        for item, *parts in self._rows(query):
            listed[item].append(" ".join(str(part) for part in parts if part))
        return listed


def plain_date(written: str) -> str:
    """Return the date of Zotero's double form: ``2024-05-00 May 2024`` is ``2024-05``."""
    match = _DATE.match(written)
    if match is None:
        return written
    parts = [part for part in match.groups() if part]
    while parts and not int(parts[-1]):
        parts.pop()
    return "-".join(parts) or written
