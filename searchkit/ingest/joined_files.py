"""Joined files: files of an export that are read together with the one that names them, and so not for themselves."""

from __future__ import annotations

import csv
import html
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from searchkit.ingest.compression import HEAD
from searchkit.ingest.discover import SourceFile
from searchkit.ingest.format_detection import detect_format, format_of_name
from searchkit.ingest.formats.archivebox import PAGES, PLAIN, READABLE
from searchkit.ingest.formats.export_fields import is_row
from searchkit.ingest.formats.export_rows import URL_LISTS, export_reader
from searchkit.ingest.formats.zotero import FULL_TEXT
from searchkit.ingest.local_copies import LocalPages, file_beside

_METADATA = re.compile(r"metadata_\d+_to_\d+\.json")
_ZOTERO = "zotero.sqlite"
_SNAPSHOT = "index.json"
_LARGEST_LIST = 16 * 2**20
_MOST_LINKS = 200_000
_BOOKMARKS = re.compile(r"(?:bookmark|export|favou?rite|instapaper|pinboard|pocket).*\.html?$", re.IGNORECASE)
"""Names that programs give to lists of links in HTML: not every page is looked into for being one."""
_LINK = re.compile(rb"<a\b[^>]{0,1000}?\bhref=[\"']?(https?://[^\"'\s>]+)", re.IGNORECASE)


def with_joined(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return the files but those that another of them is read together with, which names them as ``joined``.

    These are the pages and highlights of Omnivore's export, all that lies in a snapshot's folder of ArchiveBox, the
    attachments whose text Zotero keeps, and the pages that a list of links names.
    """
    joined = {file.address: names for file in files if (names := tuple(_joined_with(file)))}
    dropped = {name for names in joined.values() for name in names}
    return [
        replace(file, joined=joined[file.address]) if file.address in joined else file
        for file in files
        if file.address not in dropped
    ]


def _joined_with(file: SourceFile) -> Iterator[str]:
    """Yield the addresses of the files that a file is read together with, some of which may not be there."""
    name, folder = file.path.name, Path(file.address).parent
    if _METADATA.fullmatch(name):
        yield from (str(folder / each) for each in _of_omnivore(file, folder))
    elif name == _SNAPSHOT:
        if _is_snapshot(folder):
            yield from (path for path in _files_below(folder) if path != file.address)
    elif name == _ZOTERO:
        yield from (path for each in _with_full_text(folder / "storage") for path in _files_below(each))
    elif not file.compression and (urls := _urls_in_list(file)):
        pages = LocalPages(folder)
        yield from dict.fromkeys(str(path) for url in urls if (path := pages.find(url)) is not None)


def _files_below(folder: Path) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(root, name) for name in sorted(names))  # noqa: PTH118 - a text


def may_join(name: str) -> bool:
    """Say by a file's name whether it may be read together with others."""
    form, compression = format_of_name(name)
    return (
        name in (_SNAPSHOT, _ZOTERO)
        or (form == "table" and not compression)
        or bool(_METADATA.fullmatch(name) or _BOOKMARKS.search(name))
    )


def joined_anew(files: Sequence[SourceFile], changed: Collection[str]) -> list[SourceFile]:
    """Return of files that others are joined with (``with_joined``) those whose articles may differ by a change.

    One that has gone may have been a page of any list above it.
    """
    gone = [Path(path) for path in changed if not os.path.lexists(path)]
    return [
        file
        for file in files
        if any(path in changed for path in file.joined)
        or any(path.is_relative_to(Path(file.address).parent) for path in gone)
    ]


def _of_omnivore(file: SourceFile, folder: Path) -> Iterator[str]:
    """Yield the names of the files that an export's metadata names."""
    items = _json(folder, file.path.name)
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and isinstance(slug := item.get("slug"), str):
            yield f"content/{slug}.html"
            yield f"highlights/{slug}.md"


def _is_snapshot(folder: Path) -> bool:
    """Say whether a folder is a snapshot of ArchiveBox, with a text beside its index."""
    about = _json(folder, _SNAPSHOT)
    if not is_row(about) or export_reader(about) is None:
        return False
    return any((folder / name).is_file() for name in (*READABLE, *PAGES, PLAIN))


def _json(folder: Path, name: str) -> object:
    try:
        return json.loads(file_beside(folder, name) or b"null")
    except (ValueError, RecursionError):
        return None


def _with_full_text(storage: Path) -> Iterator[Path]:
    try:
        for folder in sorted(storage.iterdir()):
            if (folder / FULL_TEXT).is_file():
                yield folder
    except OSError:
        return


def _urls_in_list(file: SourceFile) -> list[str]:
    """Return the addresses in a list of links, CSV or bookmarks; none where it is none."""
    try:
        if file.format == "table":
            return _urls_in_table(file.path) if file.path.stat().st_size <= _LARGEST_LIST else []
        if file.format == "html" and _BOOKMARKS.search(file.path.name) and file.path.stat().st_size <= _LARGEST_LIST:
            data = file.path.read_bytes()
            links = _LINK.findall(data) if detect_format(data[:HEAD], "html") == "bookmarks" else []
            return [html.unescape(link.decode("utf-8", "replace")) for link in links[:_MOST_LINKS]]
    except (OSError, csv.Error):
        pass
    return []


def _urls_in_table(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.DictReader(lines)
        row = dict.fromkeys(reader.fieldnames or (), "")
        if export_reader(row) not in URL_LISTS:
            return []
        return [url for each in islice(reader, _MOST_LINKS) if (url := str(each.get("url") or each.get("URL") or ""))]
