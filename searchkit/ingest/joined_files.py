"""Joined files: files of an export that are read together with the one that names them, and so not for themselves."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from searchkit.ingest.discover import SourceFile
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


def without_joined(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return the files but those that another of them, given too, is read together with.

    These are the pages and highlights of Omnivore's export, all that lies in a snapshot's folder of ArchiveBox, the
    attachments whose text Zotero keeps, and the pages that a list of links names.
    """
    joined: set[str] = set()
    folders: list[str] = []
    for file in files:
        name, folder = file.path.name, Path(file.address).parent
        if _METADATA.fullmatch(name):
            joined.update(str(folder / each) for each in _of_omnivore(file, folder))
        elif name == _SNAPSHOT and _is_snapshot(folder):
            folders.append(str(folder))
        elif name == _ZOTERO:
            folders += [str(each) for each in _with_full_text(folder / "storage")]
        elif file.format == "table" and not file.compression:
            joined.update(str(each) for each in _of_list(file, folder))
    if not joined and not folders:
        return list(files)
    inside = frozenset(folders)
    return [
        file
        for file in files
        if file.address not in joined and (file.path.name == _SNAPSHOT or not _is_within(file.address, inside))
    ]


def _is_within(address: str, folders: frozenset[str]) -> bool:
    return bool(folders) and any(str(parent) in folders for parent in Path(address).parents)


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


def _of_list(file: SourceFile, folder: Path) -> Iterator[Path]:
    """Yield the pages that lie saved beside a list of links in CSV."""
    try:
        if file.path.stat().st_size > _LARGEST_LIST:
            return
        with file.path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            reader = csv.DictReader(lines)
            row = dict.fromkeys(reader.fieldnames or (), "")
            if export_reader(row) not in URL_LISTS:
                return
            urls = [str(each.get("url") or each.get("URL") or "") for each in islice(reader, _MOST_LINKS)]
    except (OSError, csv.Error):
        return
    pages = LocalPages(folder)
    yield from (path for url in urls if url and (path := pages.find(url)) is not None)
