"""Omnivore's export as a ZIP: metadata in JSON, each item's page and highlights in files of their own.

Unpacked, the metadata are JSON like any other, whose rows find their pages beside them (``read_later.omnivore``).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from searchkit.ingest.charset import LONGEST
from searchkit.ingest.formats.jsonl import read_json
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

METADATA = re.compile(r"(?P<folder>(?:.*/)?)metadata_\d+_to_\d+\.json")


def read_omnivore(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each item of an export's metadata, and say which pages no metadata name.

    Raises ``Bomb`` and what the archive's members raise, after the articles that came before.
    """
    with zipfile.ZipFile(stream) as archive:
        yield from _items(archive, rows)


def _items(archive: zipfile.ZipFile, rows: Rows) -> Iterator[Article | Problem]:
    read: set[str] = set()
    for info in archive.infolist():
        match = METADATA.fullmatch(info.filename)
        if match is not None:
            rows.beside = _Members(archive, match["folder"], rows, read)
            data = _data(archive, info.filename, rows)
            yield from read_json(data or b"", rows)
    pages = [info for info in archive.infolist() if "content/" in info.filename and info.filename.endswith(".html")]
    unnamed = [info.filename for info in pages if info.filename not in read]
    if unnamed:
        reason = f"{len(unnamed):,} pages are named by no metadata, for instance {unnamed[0]}"
        yield rows.problem(reason, None)


class _Members:
    """The files beside the metadata."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, rows: Rows, read: set[str]) -> None:
        self._archive, self._folder, self._rows, self._read = archive, folder, rows, read

    def __call__(self, name: str) -> bytes | None:
        self._read.add(f"{self._folder}{name}")
        return _data(self._archive, f"{self._folder}{name}", self._rows)


def _data(archive: zipfile.ZipFile, name: str, rows: Rows) -> bytes | None:
    """Return what a member holds; None where there is none, or one that is damaged or too long."""
    try:
        with archive.open(name) as member:
            data = member.read(LONGEST + 1)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return None
    rows.allowance.take(len(data))
    return data if len(data) <= LONGEST else None
