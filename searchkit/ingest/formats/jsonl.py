"""JSON lines and JSON lists: an article for each object."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from searchkit.ingest.article_builder import means
from searchkit.ingest.charset import Line, NotText, decode, lines
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_MOST_DIGITS = 4_300
"""Digits of an integer that Python reads and writes (``sys.int_info``)."""


def read_json_lines(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each line that holds a JSON object; blank lines are skipped.

    Raises ``NotText`` and whatever the stream raises, after the articles that came before.
    """
    yield from _from_lines(lines(stream), rows)


def _from_lines(lines_: Iterable[Line], rows: Rows) -> Iterator[Article | Problem]:
    for line in lines_:
        if line.note:
            yield rows.problem(line.note, line.number, lost=False)
        if line.problem:
            yield rows.problem(line.problem, line.number)
        elif line.text.strip():
            try:
                value = parse_json(line.text)
            except (ValueError, RecursionError) as error:
                yield rows.problem(_bad_json(error), line.number)
            else:
                yield from rows.take(value, line.number)
    yield from rows.end()


def read_json(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each object of a JSON list, or for the one object that there is.

    The list may stand in an object (``{"articles": [...]}``). Lines of JSON under the wrong suffix are read as such.

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
        else:
            yield rows.problem(f"isn't valid JSON: {error.msg.lower()} at column {error.colno}", error.lineno)
        return
    except (ValueError, RecursionError) as error:
        yield rows.problem(_bad_json(error), None)
        return
    listed = value if isinstance(value, list) else _list_within(value)
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
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else digits)


def _list_within(value: object) -> list[object] | None:
    """Return the one list of objects that an object holds which is no article itself."""
    if not isinstance(value, Mapping) or means(value, "text") or means(value, "title"):
        return None
    lists = [each for each in value.values() if isinstance(each, list) and each and isinstance(each[0], Mapping)]
    return lists[0] if len(lists) == 1 else None


def _bad_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"isn't valid JSON: {error.msg.lower()} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return f"isn't valid JSON: {error}"
