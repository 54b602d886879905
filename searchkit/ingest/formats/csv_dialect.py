"""CSV dialects: how a table separates and quotes its cells, and the lines of one that rows are read from."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from searchkit.ingest.charset import LONGEST, Line

DELIMITERS = ",\t;|"
_DECLARED = re.compile(r'\s*"?sep=(.)"?[,;\t|]*\s*$', re.IGNORECASE)
"""Excel's own first line, which says how the cells are separated."""

_BACKSLASHED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How cells are separated and quoted; ``padded``: blanks around them mean nothing."""

    delimiter: str = ","
    quote: str = '"'
    padded: bool = False


class RowError(ValueError):
    """Raised where a row can't be read; says why."""


class LineError(RowError):
    """Raised for a line that is none, such as one that is too long."""


def declared_delimiter(line: str) -> str | None:
    """Return the delimiter that a line such as ``sep=;`` names."""
    match = _DECLARED.match(line)
    return match[1] if match else None


def detect_dialect(texts: list[str], delimiter: str | None = None) -> Dialect:
    """Return the dialect that gives the most rows with as many cells as the header has, from a file's first lines."""
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda each: _fit(texts, Dialect(delimiter=each)))
    padded = _is_padded(texts, delimiter)
    double = Dialect(delimiter=delimiter, padded=padded)
    single = Dialect(delimiter=delimiter, quote="'", padded=padded)
    quoted = re.compile(rf"(?:^|{re.escape(delimiter)})\s*'[^']*'\s*(?:{re.escape(delimiter)}|$)", re.MULTILINE)
    if not any(quoted.search(text) for text in texts) or any('"' in text for text in texts):
        return double
    return max(double, single, key=lambda each: (_fit(texts, each), each.quote == "'"))


def _fit(texts: list[str], dialect: Dialect) -> tuple[int, int]:
    try:
        table = [cells for cells in csv.reader(texts, delimiter=dialect.delimiter, quotechar=dialect.quote) if cells]
    except csv.Error:
        table = [text.split(dialect.delimiter) for text in texts if text.strip()]
    columns = len(table[0]) if table else 0
    return (sum(len(cells) == columns for cells in table), columns) if columns > 1 else (0, 0)


def _is_padded(texts: list[str], delimiter: str) -> bool:
    """Say whether blanks stand beside every delimiter of the header."""
    header = next((text for text in texts if text.strip()), "").strip("\r\n").split(delimiter)
    before = all(cell[:1] == " " for cell in header[1:])
    return len(header) > 1 and (before or all(cell[-1:] == " " for cell in header[:-1]))


class TableLines:
    """The lines of a table, which can be given back; ``row_lines`` are those of the row that is being read."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self._number = 0
        self._length = 0
        self._notes: list[tuple[str, int]] = []
        self.row_lines: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line. Raises ``LineError`` for one that is none, ``RowError`` where a row has no end."""
        if self._returned:
            text = self._returned.popleft()
        else:
            line = next(self._lines)
            if line.problem:
                self._number = line.number
                raise LineError(line.problem)
            if line.note:
                self._notes.append((line.note, line.number))
            text = line.text
        self._number += 1
        self._length += len(text)
        self.row_lines.append(text)
        if self._length > LONGEST and len(self.row_lines) > 1:
            raise RowError(f"is longer than {LONGEST // 2**20} MiB")
        return text

    def head(self, count: int) -> list[str]:
        """Return the first lines, up to one that is none, and give them back."""
        texts: list[str] = []
        try:
            for text in self:
                texts.append(text)
                if len(texts) == count:
                    break
        except LineError as error:
            self._lines = chain([Line(number=self._number, problem=str(error))], self._lines)
        self._number = len(texts)
        self.give_back()
        return texts

    def notes(self) -> list[tuple[str, int]]:
        """Return what was repaired in lines since this was last called, and where."""
        notes, self._notes = self._notes, []
        return notes

    @property
    def number(self) -> int:
        """The number of the line that was read last."""
        return self._number

    def start(self) -> int:
        """Begin a row, and return the number of its first line."""
        self.row_lines, self._length = [], 0
        return self._number + 1

    def give_back(self, kept: int = 0) -> None:
        """Give back the lines of this row but the first few."""
        self._returned.extendleft(reversed(self.row_lines[kept:]))
        self._number -= len(self.row_lines) - kept
        self.row_lines = self.row_lines[:kept]
        self._length = sum(map(len, self.row_lines))

    def has_next(self, fits: Callable[[str], bool]) -> bool:
        """Say whether no line follows, or one that fits."""
        count = len(self.row_lines)
        try:
            following = next(self, None)
        except RowError:
            following = self.row_lines[-1]
        fitting = following is None or fits(following)
        self.give_back(count)
        return fitting


class RowReader:
    """Reads the rows of a table, also those that break the rules of its dialect."""

    def __init__(self, lines: TableLines, dialect: Dialect) -> None:
        self.dialect = dialect
        self._lines = lines
        delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
        self._opening = re.compile(rf"[ ]*{quote}")
        self._closing = re.compile(rf"((?:{quote}{quote})*+){quote}[ ]*({delimiter}|$)")
        self._later_closing = re.compile(rf"(?<!{quote}){self._closing.pattern}")
        self._reader = self._standard(lines)
        self._mends = (
            ("a quotation mark after a backslash", self._backslashed),
            ("a blank before a quotation mark", self._after_blank),
            ("a quotation mark that nothing closes or doubles", self._lone),
            ("single quotation marks around cells", self._single),
        )

    def read(self, columns: int) -> tuple[list[str], str | None] | None:
        """Return the next row's cells, and what had to be mended in it; None at the end.

        ``columns`` is how many cells a row should have, 0 where nobody knows. What can't be mended has another number.
        Raises ``RowError``.
        """
        try:
            cells = next(self._reader, None)
        except LineError:
            self._reader = self._standard(self._lines)
            raise
        except (csv.Error, RowError) as error:
            self._reader = self._standard(self._lines)
            return self._mended(columns) or self._as_it_is(error)
        if cells is None or not columns or len(cells) == columns or not cells:
            return None if cells is None else (self._stripped(cells), None)
        return self._mended(columns) or (self._stripped(cells), None)

    def _standard(self, lines: Iterable[str]) -> Iterator[list[str]]:
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        blanks = self.dialect.padded
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=blanks, strict=True)

    def _stripped(self, cells: list[str]) -> list[str]:
        return [cell.strip() for cell in cells] if self.dialect.padded else cells

    def _mended(self, columns: int) -> tuple[list[str], str | None] | None:
        """Read the row in other ways until it has the cells it should have; None leaves its lines taken."""
        length = len(self._lines.row_lines)
        for what, mend in self._mends:
            self._lines.give_back()
            try:
                cells = mend(columns)
            except (csv.Error, RowError, StopIteration):
                cells = None
            if cells is not None and len(cells) == columns:
                return self._stripped(cells), what
        self._lines.give_back()
        for _ in range(length):
            next(self._lines)
        return None

    def _as_it_is(self, error: Exception) -> tuple[list[str], str | None]:
        """Split the row's first line alone, which breaks the rules. Raises ``RowError`` where the row never ends."""
        if isinstance(error, RowError):
            raise error
        if "unexpected end" in str(error):
            raise RowError("has a quotation mark that nothing closes: all lines from here to the end are in one cell")
        self._lines.give_back(1)
        return self._split(self._lines.row_lines[0].rstrip("\r\n").replace("\r", " ")), None

    def _backslashed(self, columns: int) -> list[str] | None:
        r"""Read ``\"`` as a quotation mark, as databases write it."""
        texts = (_BACKSLASHED.sub(r'\1""', text) for text in self._lines)
        cells = next(self._standard(texts))
        return cells if any('\\"' in text for text in self._lines.row_lines) else None

    def _after_blank(self, columns: int) -> list[str] | None:
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        return next(csv.reader(self._lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True, strict=True))

    def _single(self, columns: int) -> list[str] | None:
        cells = next(csv.reader(self._lines, delimiter=self.dialect.delimiter, quotechar="'", strict=True))
        return None if '"' in self._lines.row_lines[0] else cells

    def _lone(self, columns: int) -> list[str] | None:
        """Read one line, in which a quotation mark closes a cell where the cell ends, and is one anywhere else.

        What follows must be a row, too: a file that was cut off within a cell has lines that are none.
        """
        text = next(self._lines).rstrip("\r\n")
        cells = self._split(text)
        if len(cells) != columns:
            return None
        return cells if self._lines.has_next(lambda line: len(self._split(line.rstrip("\r\n"))) == columns) else None

    def _split(self, text: str) -> list[str]:
        """Split one line where a quotation mark closes a cell at the cell's end alone."""
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        cells: list[str] = []
        at = 0
        closes = True
        while True:
            opened = self._opening.match(text, at) if closes else None
            if opened is not None:
                inner = opened.end()
                close = self._closing.match(text, inner) or self._later_closing.search(text, inner)
                closes = close is not None  # where there is none behind one cell there is none behind a later one
                if close is not None:
                    cells.append(text[inner : close.end(1)].replace(quote * 2, quote))
                    at = close.end()
                    if not close[2]:
                        return cells
                    continue
            end = text.find(delimiter, at)
            cells.append(text[at:] if end < 0 else text[at:end])
            if end < 0:
                return cells
            at = end + len(delimiter)
