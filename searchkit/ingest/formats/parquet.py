"""Parquet, Arrow and Feather: an article for each row of a table, read by groups of rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

from searchkit.arrow import arrow_module
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.csv import check_header
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_ROWS_AT_A_TIME = 500
"""Rows that are in memory as objects at a time."""


def read_parquet(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each row of a Parquet, Arrow or Feather file; nested columns are objects and lists.

    Raises ``MissingExtra`` where pyarrow isn't installed, and ``NotText`` where the file is damaged, after the articles
    that came before.
    """
    yield from rows.closing(_articles(_seekable(stream), rows))


def _seekable(stream: BinaryIO) -> BinaryIO:
    return stream if stream.seekable() else io.BytesIO(stream.read())


def _articles(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    arrow = arrow_module("Parquet and Arrow files need pyarrow.")
    number = 0
    try:
        names, batches = _batches(stream)
        if (problem := check_header(list(names), rows, 1)) is not None:
            yield problem
            return
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS_AT_A_TIME):
                for row in batch.slice(start, _ROWS_AT_A_TIME).to_pylist():
                    number += 1
                    yield from rows.take({name: _plain(value) for name, value in row.items()}, number)
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise NotText(f"is damaged behind row {number}: {error}"[:300]) from error


def _batches(stream: BinaryIO) -> tuple[list[str], Iterator[Any]]:
    """Return the names of the columns, and the groups of rows one after the other."""
    from pyarrow import feather, ipc, parquet

    magic = stream.read(6)
    stream.seek(0)
    if magic.startswith(b"PAR1"):
        file = parquet.ParquetFile(stream, pre_buffer=False)
        return file.schema_arrow.names, file.iter_batches(batch_size=_ROWS_AT_A_TIME)
    if magic.startswith(b"FEA1"):
        table = feather.read_table(stream)
        return table.schema.names, iter(table.to_batches())
    if magic.startswith(b"ARROW1"):
        reader = ipc.open_file(stream)
        return reader.schema.names, (reader.get_batch(place) for place in range(reader.num_record_batches))
    lines = ipc.open_stream(stream)
    return lines.schema.names, iter(lines)


def _plain(value: object) -> object:
    """Return a value as JSON would have it: dates stay dates, bytes become text, maps objects."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and value and all(isinstance(each, tuple) and len(each) == 2 for each in value):
        return {str(key): _plain(each) for key, each in value}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value if isinstance(value, str | int | float | date) or value is None else str(value)
