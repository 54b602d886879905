"""JSON lines and JSON lists: an article for each object."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from searchkit.ingest.charset import LONGEST, Line, NotText, decode, lines
from searchkit.ingest.formats.json_articles import articles_within
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_MOST_DIGITS = 4_300
"""Digits of an integer that Python reads and writes (``sys.int_info``)."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]')
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}
_GOES_ON = ("{", "[", ",", ":")
"""With what a line ends whose value goes on in the next."""

_OF_ARTICLES = ("text", "title", "body", "content", "headline")
"""Keys of which an article has one, mostly, so that it needn't be looked into."""

_BETWEEN = " \t\r\n,\x1e\ufeff"
"""What may stand between values and means nothing: RFC 7464 puts a record separator there."""
_BLANK = re.compile(rf"[{_BETWEEN}]*+")


def read_json_lines(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each JSON object, one a line or one over several; blank lines are skipped.

    A line may hold several objects, and the lines together a list, as other programs write them.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    yield from rows.closing(_from_lines(lines(stream), rows))


def _from_lines(lines_: Iterable[Line], rows: Rows) -> Iterator[Article | Problem]:
    before = place = 0
    for value, number in _Values(rows).of(lines_):
        if isinstance(value, Problem):
            yield value
            continue
        place = place + 1 if number == before else 1
        before = number
        if isinstance(value, dict) and any(map(value.get, _OF_ARTICLES)):
            yield from rows.take(value, number, part=f"{number}.{place}" if place > 1 else None)
            continue
        listed = articles_within(value, lists=False) or (value,)
        for count, each in enumerate(listed):
            at = place + count
            yield from rows.take(each, number, part=f"{number}.{at}" if listed[1:] or at > 1 else None)
        place += len(listed) - 1


class _Values:
    """Reads values from lines, each with the number of the line where it begins; a problem for what is none."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._held: list[str] = []
        """The lines of a value that isn't whole yet."""
        self._number = self._depth = self._length = 0

    def of(self, lines_: Iterable[Line]) -> Iterator[tuple[object, int]]:
        for line in lines_:
            if line.note:
                yield self._rows.problem(line.note, line.number, lost=False), line.number
            if line.problem:
                yield self._rows.problem(line.problem, line.number), line.number
            elif text := line.text.strip(_BETWEEN):
                if self._held or text[0] != "{":
                    yield from self._line(line, text)
                    continue
                try:
                    value = parse_json(text)
                except (ValueError, RecursionError):
                    yield from self._line(line, text)
                else:
                    yield value, line.number
        yield from self._cut_short()

    def _line(self, line: Line, text: str) -> Iterator[tuple[object, int]]:
        if not self._held and text in ("[", "]"):
            return
        try:
            value = parse_json(text)
        except (ValueError, RecursionError) as error:
            if self._held or _goes_on(error, text):
                yield from self._hold(line)
            else:
                yield from self._several(text, line)
        else:
            if self._held and not (line.text[:1] == "{" and isinstance(value, dict)):
                yield from self._hold(line)
                return
            yield from self._cut_short()  # a line that is an object by itself is no part of another
            yield value, line.number

    def _hold(self, line: Line) -> Iterator[tuple[object, int]]:
        """Keep a line, and yield the value that it completes."""
        if not self._held:
            self._number = line.number
        self._held.append(line.text)
        self._length += len(line.text)
        self._depth += sum(_STEPS.get(match[0], 0) for match in _BRACKETS.finditer(line.text))
        if self._depth <= 0:
            text = "".join(self._held).strip(_BETWEEN)
            whole = Line(number=self._number, text=text)
            self._forget()
            yield from self._several(text, whole)
        elif self._length > LONGEST:
            yield self._rows.problem(f"is longer than {LONGEST // 2**20} MiB", self._number), self._number
            self._forget()

    def _cut_short(self) -> Iterator[tuple[object, int]]:
        if self._held:
            yield self._rows.problem("is cut short: its brackets aren't closed", self._number), self._number
            self._forget()

    def _forget(self) -> None:
        self._held = []
        self._depth = self._length = 0

    def _several(self, text: str, line: Line) -> Iterator[tuple[object, int]]:
        """Yield the values that stand in a text one after the other, and what isn't one."""
        at = 0
        while at < len(text):
            try:
                value, at = _decoder().raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                yield self._rows.problem(_bad_json(error), line.number), line.number
                return
            yield value, line.number
            at = _blank(text, at)


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else digits)


def _goes_on(error: Exception, text: str) -> bool:
    """Say whether a line is the first of a value that is written over several."""
    return isinstance(error, json.JSONDecodeError) and text[0] in "{[" and text.endswith(_GOES_ON)


def read_json(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each object of a JSON list, or for the one object that there is.

    The list may stand in an object (``{"articles": [...]}``), and objects under their ids. Objects one after the other,
    as in lines of JSON, are read as such.

    Raises ``NotText``.
    """
    if not data.strip():
        raise NotText("is empty")
    decoded = decode(data)
    if decoded.note:
        yield rows.problem(decoded.note, None, lost=False)
    try:
        value = parse_json(decoded.text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            yield from _from_lines(lines(io.BytesIO(data)), rows)
            yield from rows.end()
        else:
            yield rows.problem(f"isn't valid JSON: {error.msg.lower()} at column {error.colno}", error.lineno)
        return
    except (ValueError, RecursionError) as error:
        yield rows.problem(_bad_json(error), None)
        return
    listed = articles_within(value)
    if listed is None:
        yield from rows.take(value, 1, only=True)
    else:
        for number, each in enumerate(listed, start=1):
            yield from rows.take(each, number)
    yield from rows.end()


def parse_json(text: str) -> object:
    """Read JSON; an integer of more digits than Python takes is kept as a text.

    Raises ``ValueError`` and ``RecursionError``.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # so many digits take Python's reader a second for 100,000
        return _decoder().decode(text)


def _bad_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"isn't valid JSON: {error.msg.lower()} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return f"isn't valid JSON: {error}"
