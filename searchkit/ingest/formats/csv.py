"""CSV and TSV: an article for each row of a table with a header."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO

from searchkit.ingest.article_builder import holds, keys_of, means
from searchkit.ingest.charset import LONGEST, Line, NotText, lines
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_DELIMITERS = ",\t;|"
_LOOKED_AT = 50
"""Lines from which the delimiter is told."""


def read_table(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each row of a CSV or TSV file, whose first row names the columns.

    The delimiter is the one of comma, tab, semicolon and bar that gives the most rows with as many cells as the header.
    A row with more or fewer cells, or with a NUL, is a problem at the line where it starts.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    # One setting for the whole process, which the standard library offers no other place for; never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    checked = _checked(lines(stream))
    head = list(islice(checked, _LOOKED_AT))
    yield from (rows.problem(line.note, line.number, lost=False) for line in head if line.note)
    taken: list[str] = []
    reader = csv.reader(_kept((line.text for line in chain(head, checked)), taken), delimiter=_delimiter(head))
    header: list[str] | None = None
    start = 1
    while (cells := _next(reader, rows, start)) is not None:
        if isinstance(cells, Problem):
            yield cells
        elif not any(cells):
            pass
        elif _is_open(taken):
            reason = "has a quotation mark that nothing closes: all lines from here to the end are in one cell"
            yield rows.problem(reason, start)
        elif header is None:
            header = [name.strip() for name in cells]
            if (problem := _check_header(header, rows)) is not None:
                yield problem
                return
        else:
            yield from _row(header, cells, rows, start)
        start = reader.line_num + 1
        taken.clear()
    yield from rows.end()


def _checked(lines_: Iterator[Line]) -> Iterator[Line]:
    """Pass lines on; a line that is none can't be left out of a table, since a cell may go over several.

    Raises ``NotText``.
    """
    for line in lines_:
        if line.problem:
            raise NotText(f"line {line.number} {line.problem}; what follows wasn't read")
        yield line


def _kept(texts: Iterator[str], taken: list[str]) -> Iterator[str]:
    """Pass lines on, keep those of the row that is being read, and put an empty one after the last."""
    for text in texts:
        taken.append(text)
        yield text
    taken.append("")


def _is_open(taken: list[str]) -> bool:
    """Say whether a row of several lines ended with the file, in the middle of a quotation."""
    return len(taken) > 2 and taken[-1] == "" and sum(text.count('"') for text in taken) % 2 == 1


def _next(reader: Iterator[list[str]], rows: Rows, start: int) -> list[str] | Problem | None:
    """Return the next row, a problem, or None at the end."""
    try:
        return next(reader, None)
    except csv.Error as error:
        return rows.problem(f"isn't a valid row: {error}", start)


def _delimiter(head: list[Line]) -> str:
    def fit(delimiter: str) -> tuple[int, int]:
        table = [cells for cells in _parse([line.text for line in head], delimiter) if cells]
        columns = len(table[0]) if table else 0
        return (sum(len(cells) == columns for cells in table), columns) if columns > 1 else (0, 0)

    return max(_DELIMITERS, key=fit)


def _parse(texts: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(texts, delimiter=delimiter))
    except csv.Error:
        return []


def _check_header(header: list[str], rows: Rows) -> Problem | None:
    """Say what is wrong with a header, which is then wrong with every row."""
    columns = dict.fromkeys(header, "there")
    there = f"the columns are: {', '.join(keys_of(columns))}"
    twice = sorted(name for name, number in Counter(header).items() if name and number > 1)
    if twice:
        return rows.problem(f"has two columns named '{twice[0]}'; {there}", 1)
    for name in ("text", "title"):
        if holds(columns, rows.fields[name]) if name in rows.fields else means(columns, name):
            return None
    return rows.problem(f"has no column for text or title (map one of them, or add a header); {there}", 1)


def _row(header: list[str], cells: list[str], rows: Rows, line: int) -> Iterator[Article | Problem]:
    if len(cells) != len(header):
        yield rows.problem(f"has {len(cells)} cells, the header {len(header)}", line)
    elif any("\0" in cell for cell in cells):
        yield rows.problem("has a NUL character in it", line)
    else:
        yield from rows.take({name: cell for name, cell in zip(header, cells, strict=True) if name}, line)
