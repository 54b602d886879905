"""CSV and TSV: an article for each row of a table with a header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from searchkit.ingest.article_builder import holds, keys_of, means
from searchkit.ingest.charset import LONGEST, lines
from searchkit.ingest.formats.csv_dialect import (
    LineError,
    RowError,
    RowReader,
    TableLines,
    declared_delimiter,
    detect_dialect,
)
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_LOOKED_AT = 50
"""Lines from which the dialect is told."""

_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')
"""Excel's way to keep a number as it is written: ``="00123"``."""

_SHORTEST_PROSE = 40
_DATA = re.compile(r"[-+]?[\d.,/:\s]+|https?://\S+")
"""What no column is called: numbers, dates, addresses."""


def read_table(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each row of a CSV or TSV file, whose first row names the columns.

    The delimiter is the one of comma, tab, semicolon and bar that gives the most rows with as many cells as the header,
    unless a first line says it (``sep=;``). Rows that break the rules of quotation are mended where that gives them as
    many cells as the header has, and what was mended is said once. A row with more or fewer cells is taken, and
    reported.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    # One setting for the whole process, which the standard library offers no other place for; never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    source = TableLines(lines(stream))
    head = source.head(_LOOKED_AT)
    yield from _notes(source, rows)
    declared = declared_delimiter(head[0]) if head else None
    if declared is not None:
        next(source)
    reader = RowReader(source, detect_dialect(head[declared is not None :], declared))
    if declared is None and reader.dialect.delimiter not in ",\t":
        rows.guess(f"`{reader.dialect.delimiter}` separated")
    yield from rows.closing(_table(reader, source, rows))


def _notes(source: TableLines, rows: Rows) -> Iterator[Problem]:
    return (rows.problem(note, line, lost=False) for note, line in source.notes())


def _table(reader: RowReader, source: TableLines, rows: Rows) -> Iterator[Article | Problem]:
    header: list[str] = []
    while True:
        start = source.start()
        try:
            record = reader.read(len(header))
        except RowError as error:
            yield rows.problem(str(error), source.number if isinstance(error, LineError) else start)
            continue
        yield from _notes(source, rows)
        if record is None:
            return
        cells, mended = record
        if mended:
            rows.count(f"{mended} was mended", start)
        if not any(cells):
            continue
        if header:
            yield from _row(header, cells, rows, start, reader.dialect.delimiter)
        else:
            header = _named(cells)
            yield from _doubled(cells, header, rows, start)
            if (problem := check_header(header, rows, start)) is not None:
                yield problem
                return


def _named(cells: Sequence[str]) -> list[str]:
    """Return the names of columns, each once: a second ``text`` is ``text.1``, as pandas has it."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for cell in cells:
        name = _plain(cell).strip()
        seen[name] += 1
        names.append(f"{name}.{seen[name] - 1}" if name and seen[name] > 1 else name)
    return names


def _doubled(cells: Sequence[str], names: Sequence[str], rows: Rows, line: int) -> Iterator[Problem]:
    """Say which columns have the name of another."""
    for cell, name in zip(cells, names, strict=True):
        if name != (first := _plain(cell).strip()):
            reason = f"has two columns named '{first}'; the later is the field '{name}'"
            yield rows.problem(reason, line, lost=False)


def _plain(cell: str) -> str:
    match = _AS_TEXT.fullmatch(cell)
    return match[1].replace('""', '"') if match else cell


def check_header(header: list[str], rows: Rows, line: int) -> Problem | None:
    """Return what is wrong with the names of columns, which is then wrong with every row; None where nothing is."""
    columns = dict.fromkeys(filter(None, header), "there")
    for name in ("text", "title"):
        if holds(columns, rows.fields[name]) if name in rows.fields else means(columns, name):
            return None
    there = f"the columns are: {', '.join(keys_of(columns))}"
    if any(_DATA.fullmatch(name) or len(name) > _SHORTEST_PROSE or name[-1] in ".!?。" for name in columns):
        reason = "has no header, its first row is an article (add a line of names before it)"
    else:
        reason = "has no column for text or title (map one of them, or add a header)"
    return rows.problem(f"{reason}; {there}", line)


def _row(header: list[str], cells: list[str], rows: Rows, line: int, delimiter: str) -> Iterator[Article | Problem]:
    if len(cells) != len(header):
        number = len(cells)
        cells = _fitted(cells, len(header), delimiter)
        if number < 2 <= len(header):
            yield rows.problem(f"has {number} cell, the header {len(header)}", line)
            return
        if len(cells) != number or number > len(header):
            yield rows.problem(f"has {number} cells, the header {len(header)}", line, lost=False)
    if any("\0" in cell for cell in cells):
        yield rows.problem("has a NUL character in it", line)
        return
    names = header
    if len(cells) > len(header):
        names = [*header, *(f"column {place}" for place in range(len(header) + 1, len(cells) + 1))]
    pairs = zip(names, cells, strict=True)
    values = {name: _plain(cell) if cell[:2] == '="' else cell for name, cell in pairs if name}
    yield from rows.take(values, line)


def _fitted(cells: list[str], columns: int, delimiter: str) -> list[str]:
    """Return a row's cells with empty ones in the place of missing ones, and without empty ones at its end.

    A delimiter that a blank follows was part of the last cell: ``Closed, they say`` without quotation marks.
    """
    while len(cells) > columns and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > columns and all(cell[:1] == " " for cell in cells[columns:]):
        return [*cells[: columns - 1], delimiter.join(cells[columns - 1 :])]
    return [*cells, *[""] * (columns - len(cells))]
