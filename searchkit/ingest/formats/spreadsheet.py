"""Excel's workbooks (.xlsx): an article for each row of each sheet with a header."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

from searchkit.errors import MissingExtra
from searchkit.ingest.charset import NotText
from searchkit.ingest.compression import TooLong
from searchkit.ingest.formats.csv import check_header
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

INSTALL = "pip install openpyxl"
_LARGEST = 2**28
"""Bytes that a workbook may unpack to: openpyxl holds all its texts in memory."""
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_workbook(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each row below the header of each sheet.

    Raises ``MissingExtra`` where openpyxl isn't installed, ``TooLong`` for a workbook that unpacks to more than 256
    MiB, and ``NotText`` where it is damaged.
    """
    yield from rows.closing(_articles(stream, rows))


def _articles(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    try:
        with zipfile.ZipFile(stream) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > _LARGEST:
            raise TooLong(f"is a workbook that unpacks to more than {_LARGEST // 2**20} MiB; save its sheets as CSV")
        stream.seek(0)
        book = _openpyxl().load_workbook(stream, read_only=True, data_only=True)
    except TooLong:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise NotText(f"is no workbook, or a damaged one ({error})") from error
    number = 0
    for sheet in book.worksheets:
        header: list[str] = []
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            values = [_plain(cell) for cell in cells]
            if not any(value not in (None, "") for value in values):
                continue
            if header:
                number += 1
                named = {name: value for name, value in zip(header, values, strict=False) if name}
                yield from rows.take(named, number)
            else:
                header = [str(value or "").strip() for value in values]
                if (problem := check_header(header, rows, line)) is not None:
                    yield problem
                    break


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        if error.name != "openpyxl":
            raise
        raise MissingExtra("Workbooks (.xlsx) need openpyxl.", hint=f"Run '{INSTALL}'.") from error
    return openpyxl


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value
    return value if isinstance(value, int | float | date) or value is None else str(value)
