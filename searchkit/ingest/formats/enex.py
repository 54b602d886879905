"""Evernote's ENEX: the notes of a file, each with its text, tags, dates and the names of what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.etree.ElementTree import Element

from searchkit.ingest.formats.export_fields import instant
from searchkit.ingest.formats.xml_records import xml_records
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_ENML = re.compile(
    r"<\?xml[^>]{0,200}\?>|<!DOCTYPE[^>]{0,300}>|<en-media\b[^<>]*>|</en-media>|<en-crypt\b[^<>]*>.*?</en-crypt>",
    re.DOTALL,
)
_NOTE = re.compile(r"(</?)en-note\b")
_TODO = re.compile(r"<en-todo\b([^<>]*?)/?>(?:</en-todo>)?")


def read_enex(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each note.

    A note that was clipped from the web has ``saved``; only one of the user's own was published when it was made.
    Attachments are named in the field ``attachments``; what they hold isn't read.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    notes = xml_records(stream, frozenset({"note"}))
    yield from rows.closing(
        (entry for note, line in notes for entry in rows.take(_note(note), line)), expects_html=True
    )


def _note(note: Element) -> Mapping[str, object]:
    content = _text(note, "content")
    attributes = note.find("note-attributes")
    url = _text(attributes, "source-url")
    created, updated = _text(note, "created"), _text(note, "updated")
    values = {
        "title": _text(note, "title"),
        "text": html_of_enml(content),
        "url": url,
        "authors": _text(attributes, "author"),
        "published": "" if url else created,
        "updated": "" if url else updated,
        "saved": instant(created) if url else None,
        "tags": [text for tag in note.iterfind("tag") if (text := (tag.text or "").strip())],
        "attachments": [name for each in note.iterfind("resource") if (name := _name(each))],
        "encrypted": True if "<en-crypt" in content else None,
        "source_application": _text(attributes, "source-application"),
        "reminder": instant(_text(attributes, "reminder-time")),
    }
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def html_of_enml(content: str) -> str:
    """Return Evernote's markup as the HTML that it is but for a few elements; what is encrypted is left out."""
    text = _TODO.sub(lambda match: "[x] " if 'checked="true"' in match[1] else "[ ] ", _ENML.sub("", content))
    return _NOTE.sub(r"\1div", text).strip()


def _name(resource: Element) -> str:
    attributes = resource.find("resource-attributes")
    return _text(attributes, "file-name") or _text(resource, "mime")


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else (element.findtext(name) or "").strip()
