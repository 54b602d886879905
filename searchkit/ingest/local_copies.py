"""Local copies: the files beside a file, and among them the pages that a list of URLs names."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from searchkit.ingest.url_key import url_key

LARGEST = 64 * 2**20
"""Bytes of a file that is read beside another."""

_ENDINGS = ("", ".html", ".htm", "/index.html", "/index.htm", ".txt", ".md")
_PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
_MOST_PAGES = 50_000
_LOOKED_AT = 2**15
"""Bytes of a page in which it says its address."""

_ADDRESS = re.compile(
    rb"<!--\s*saved from url=\(\d+\)(?P<saved>https?://\S+)"
    rb"|Page saved with SingleFile\s+url:\s*(?P<single>https?://\S+)"
    rb"|<link\b(?=[^>]{0,500}\brel=[\"']?canonical\b)[^>]{0,1000}?\bhref=[\"']?(?P<canonical>https?://[^\"'\s>]+)"
    rb"|<meta\b(?=[^>]{0,500}\bproperty=[\"']?og:url\b)[^>]{0,1000}?\bcontent=[\"']?(?P<open>https?://[^\"'\s>]+)",
    re.IGNORECASE,
)


def file_beside(folder: Path, name: str) -> bytes | None:
    """Return what a file in a folder holds, or below it; None where there is none, or a link out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        return None
    file = folder / path
    try:
        if not file.is_file() or file.stat().st_size > LARGEST or not file.resolve().is_relative_to(folder.resolve()):
            return None
        return file.read_bytes()
    except (OSError, ValueError):
        return None


def host_of(url: str) -> str:
    """Return the host of an address, "" where it has none or is no address: ``http://[::1/``."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def local_copy(url: str, bases: tuple[Path, ...], *, alone: bool) -> Path | None:
    """Return the file that a page was saved as, below one of some folders; ``alone``: there is no other host."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower()
        path = unquote(parts.path).strip("/")
    except ValueError:
        return None
    if not host or "\0" in path or "\0" in host or ".." in path.split("/") or host.startswith("."):
        return None
    names = [f"{path}{mark}{parts.query}" for mark in "?@"] if parts.query else [path]
    folders = [base / host for base in bases] + ([bases[0]] if alone and bases else [])
    for folder in folders:
        for name in (f"{name}{ending}".lstrip("/") for name in names for ending in _ENDINGS):
            try:
                if name and (folder / name).is_file():
                    return Path(os.path.abspath(folder / name))  # noqa: PTH100 - Path.absolute leaves ".." in
            except (OSError, ValueError):
                continue
    return None


class LocalPages:
    """The pages that lie saved below a folder, found by their addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_address: dict[str, Path] | None = None

    def find(self, url: str) -> Path | None:
        """Return the page of an address: by where it lies (``host/path``), or by what it says of itself."""
        key = url_key(url)
        for address in (url, f"https://{key}", f"https://www.{key}"):  # it may lie under any of its spellings
            copy = local_copy(address, (self._folder,), alone=False)
            if copy is not None:
                return copy
        if self._by_address is None:
            self._by_address = {}
            for path in _pages(self._folder):
                for address in _addresses(path):
                    self._by_address.setdefault(address, path)
        return self._by_address.get(key)


def _pages(folder: Path) -> Iterator[Path]:
    left = _MOST_PAGES
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if left and not name.startswith(".") and PurePosixPath(name).suffix.lower() in _PAGE_SUFFIXES:
                left -= 1
                yield Path(os.path.abspath(Path(root) / name))  # noqa: PTH100 - Path.absolute leaves ".." in


def _addresses(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
    except OSError:
        return
    for match in _ADDRESS.finditer(head):
        url = next(group for group in match.groups() if group is not None)
        if key := url_key(html.unescape(url.decode("utf-8", "replace"))):
            yield key
