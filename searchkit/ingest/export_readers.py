"""Export readers: for each format of an export or a table that programs exchange, the function that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from searchkit.ingest.charset import LONGEST
from searchkit.ingest.compression import read_whole
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_LONGEST_JSON = 256 * 2**20
"""Bytes of JSON that has to be read as a whole."""

TABLES_AND_EXPORTS = {
    "table": "is empty",
    "parquet": "holds no row",
    "xlsx": "holds no row",
    "omnivore": "holds no item",
    "enex": "holds no note",
    "wxr": "holds no post",
    "bookmarks": "holds no link",
    "ris": "holds no reference",
    "bibtex": "holds no reference",
    "twitter": "holds no post",
    "sqlite": "holds no item",
}
"""The formats that are read here, and what is said of a file without an article."""


def read_export(name: str, stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield the articles of a file of a format of ``TABLES_AND_EXPORTS``. Raises as ``format_readers.read_format``."""
    match name:
        case "table":
            from searchkit.ingest.formats.csv import read_table

            return read_table(stream, rows)
        case "parquet":
            from searchkit.ingest.formats.parquet import read_parquet

            return read_parquet(stream, rows)
        case "xlsx":
            from searchkit.ingest.formats.spreadsheet import read_workbook

            return read_workbook(stream, rows)
        case "omnivore":
            from searchkit.ingest.formats.omnivore import read_omnivore

            return read_omnivore(stream, rows)
        case "enex":
            from searchkit.ingest.formats.enex import read_enex

            return read_enex(stream, rows)
        case "wxr":
            from searchkit.ingest.formats.wxr import read_wxr

            return read_wxr(stream, rows)
        case "bookmarks":
            from searchkit.ingest.formats.bookmarks import read_bookmarks

            return read_bookmarks(read_whole(stream, LONGEST), rows)
        case "ris":
            from searchkit.ingest.formats.references import read_ris

            return read_ris(stream, rows)
        case "bibtex":
            from searchkit.ingest.formats.references import read_bibtex

            return read_bibtex(stream, rows)
        case "twitter":
            from searchkit.ingest.formats.twitter import read_twitter

            return read_twitter(read_whole(stream, _LONGEST_JSON), rows)
        case _:
            from searchkit.ingest.formats.zotero import read_zotero

            return read_zotero(rows)
