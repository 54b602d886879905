"""Bookmarks: the links of browsers' and services' files in Netscape's form, and of Pocket's older list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from searchkit.ingest.charset import decode
from searchkit.ingest.formats.export_fields import flag, instant, labels
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_BLOCK = 2**16


def read_bookmarks(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each link: its title and description, or the page where it lies saved beside the file.

    Raises ``NotText``.
    """
    decoded = decode(data)
    if decoded.note:
        yield rows.problem(decoded.note, None, lost=False)
    yield from rows.closing(_links(decoded.text, rows))


def _links(text: str, rows: Rows) -> Iterator[Article | Problem]:
    parser = _Links()
    for start in range(0, len(text), _BLOCK):
        parser.feed(text[start : start + _BLOCK])
        for link, line in parser.take():
            yield from rows.take_link(link, line)
    parser.close()
    parser.finish()
    for link, line in parser.take():
        yield from rows.take_link(link, line)


class _Links(HTMLParser):
    """Collects the links of a file, each with the folder that it is in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._ready: list[tuple[Mapping[str, object], int]] = []
        self._link: dict[str, object] | None = None
        self._folders: list[str] = []
        self._heading = ""
        self._state = ""
        self._into = ""
        self._line = 1

    def take(self) -> list[tuple[Mapping[str, object], int]]:
        """Return the links that are complete: what describes one comes behind it."""
        ready, self._ready = self._ready, []
        return ready

    def finish(self) -> None:
        """Complete the link that was read last."""
        if self._link is not None:
            named = {key: value for key, value in self._link.items() if value not in (None, "", [])}
            for key in ("title", "text"):
                named[key] = " ".join(str(named.get(key, "")).split())
            named["title"] = named["title"] or named["url"]
            if not named["text"]:
                del named["text"]
            self._ready.append((named, self._line))
        self._link = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a link, a description or a folder."""
        match tag:
            case "a":
                self._begin({key: value or "" for key, value in attrs})
            case "dd":
                self._into = "text"
            case "dt" | "dl" | "ul" | "p" if self._into == "text" and tag != "p":
                self._into = ""
            case "h1" | "h2" | "h3":
                self.finish()
                self._heading, self._into = "", "heading"
        if tag == "dl":
            self._folders.append(" ".join(self._heading.split()))
            self._heading = ""

    def handle_endtag(self, tag: str) -> None:
        """End a title or a folder."""
        if tag == "a":
            self._into = ""
        elif tag in ("h1", "h2", "h3"):
            self._into = ""
            if tag == "h1":
                self._state = self._heading.strip().casefold()
        elif tag == "dl" and self._folders:
            self.finish()
            self._folders.pop()

    def handle_data(self, data: str) -> None:
        """Take the text of what is open."""
        if self._into == "heading":
            self._heading += data
        elif self._into and self._link is not None:
            self._link[self._into] = f"{self._link.get(self._into, '')}{data}"

    def _begin(self, attributes: Mapping[str, str]) -> None:
        self.finish()
        url = attributes.get("href", "")
        if not url.startswith(("http:", "https:")):
            return
        self._line = self.getpos()[0]
        self._into = "title"
        folders = [name for name in self._folders[1:] if name]
        read = self._state in ("read archive", "archive") or None
        self._link = {
            "url": url,
            "tags": labels(attributes.get("tags", "")),
            "saved": instant(attributes.get("add_date") or attributes.get("time_added")),
            "folder": "/".join(folders),
            "archived": read if "time_added" in attributes else None,
            "private": True if flag(attributes.get("private")) else None,
        }
