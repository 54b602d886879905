"""Article reader: the articles of places, and what couldn't be read in them.

A place is a file, a folder, a glob, or ``-`` for JSON lines on standard input. What can't be read is a ``Problem``
among the articles, never an exception: one damaged file must not cost the other thousand.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from searchkit.config import ReadConfig
from searchkit.errors import SourceError
from searchkit.ingest.allowance import Allowance
from searchkit.ingest.article_builder import check_fields
from searchkit.ingest.compression import HEAD
from searchkit.ingest.damage import guarded
from searchkit.ingest.discover import SourceFile, distinct, find
from searchkit.ingest.format_readers import read_format, read_stream
from searchkit.ingest.rows import STANDARD_INPUT, Rows
from searchkit.ingest.text_cleanup import clean
from searchkit.types import Article, Origin, Problem, Progress

_AS_IT_IS = ReadConfig()


class ReadFiles(Protocol):
    """What is known of files from earlier readings: an index's (``index/file_states.py``)."""

    def named(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """Return the files, each with the id by which its articles are known."""

    def is_unchanged(self, file: SourceFile) -> bool:
        """Say whether a file needn't be read: it is as it was when its articles were taken."""

    def was_read(self, file: SourceFile, before: os.stat_result, *, whole: bool) -> None:
        """Take note of a file that was read to its end; ``whole`` says that no article of it was lost."""


def read(
    places: Sequence[str | Path],
    config: ReadConfig = _AS_IT_IS,
    *,
    progress: Progress | None = None,
    stdin: BinaryIO | None = None,
    memory: ReadFiles | None = None,
) -> Iterator[Article | Problem]:
    """Read the articles at places. What can't be read is a problem among them, never an exception.

    It looks for the files at once, and reads them as articles are asked for. The order is that of the places, of the
    names within one, and of the rows within a file; ``-`` comes last. A file that several places hold is read once. A
    folder that holds nothing yields nothing.

    Args:
        places: Files, folders and globs, or ``-`` for JSON lines on standard input; or one of these.
        config: Where an article's fields stand.
        progress: Told ``("read", files done, files in all)``; None: nobody is told.
        stdin: What is read for the place ``-``; None is the process's own standard input.
        memory: What knows the files from before, and which of them needn't be read; None reads all.

    Yields:
        Each article, or a problem for whatever couldn't be taken as it was.

    Raises:
        SourceError: At once: a place doesn't exist, or a glob matches nothing.
        ConfigError: At once: ``config`` maps a field that articles don't have.
        MissingExtra: While reading: a package that a format needs can't be imported.
        StorageError: While reading: a file can't be written that a package needs to read with.

    Example:
        >>> from searchkit.ingest import read
        >>> for entry in read(["articles/*.jsonl"]):
        ...     if isinstance(entry, searchkit.Article):
        ...         print(entry.id, entry.published_day)
        radar 2025-04-23
        missiles 2025-11-14
        cocoa 2024-12-11
        bridge 2025-06-02
    """
    listed = [places] if isinstance(places, str | Path) else list(places)
    check_fields(config.fields)
    files, problems = find([place for place in listed if str(place) != STANDARD_INPUT])
    source = stdin or sys.stdin.buffer if STANDARD_INPUT in map(str, listed) else None
    named = distinct(files) if memory is None else memory.named(files)
    return _read(named, problems, source, config.fields, progress, memory)


def _read(
    files: Sequence[SourceFile],
    problems: Sequence[Problem],
    stdin: BinaryIO | None,
    fields: Mapping[str, str],
    progress: Progress | None,
    memory: ReadFiles | None,
) -> Iterator[Article | Problem]:
    total = len(files) + (stdin is not None)
    tell = progress or _silent
    addresses = frozenset(file.address for file in files)
    tell("read", 0, total)
    yield from problems
    for done, file in enumerate(files, start=1):
        if memory is None:
            yield from _read_file(file, fields, addresses)
        elif not memory.is_unchanged(file):
            yield from _remembered(file, fields, memory, addresses)
        tell("read", done, total)
    if stdin is not None:
        origin = Origin(path=STANDARD_INPUT, name="stdin")
        rows = Rows(place="standard input", origin=origin, fields=fields)
        yield from guarded(rows.place, read_format("jsonl", stdin, rows))
        tell("read", total, total)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _read_file(
    file: SourceFile, fields: Mapping[str, str], addresses: Set[str] = frozenset()
) -> Iterator[Article | Problem]:
    """Yield the articles of a file; ``addresses`` are those of all files that are read."""
    place = clean(str(file.path))
    origin = Origin(path=file.address, name=file.id)
    return guarded(place, _entries(file, Rows(place=place, origin=origin, fields=fields, read_apart=addresses)))


def _remembered(
    file: SourceFile, fields: Mapping[str, str], memory: ReadFiles, addresses: Set[str]
) -> Iterator[Article | Problem]:
    """Read a file, and have it noted unless it changed meanwhile."""
    whole = True
    before = _state(file)
    for entry in _read_file(file, fields, addresses):
        whole = whole and not (isinstance(entry, Problem) and entry.lost)
        yield entry
    after = _state(file)
    if before is not None and after is not None and _version(before) == _version(after):
        memory.was_read(file, before, whole=whole)


def _state(file: SourceFile) -> os.stat_result | None:
    try:
        return file.path.stat()
    except OSError:
        return None


def _version(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ino


def first_article(file: SourceFile, fields: Mapping[str, str]) -> Article | None:
    """Return the first article of a file; None where there is none."""
    return next((entry for entry in _read_file(file, fields) if isinstance(entry, Article)), None)


def article_again(origin: Origin, article_id: str, fields: Mapping[str, str]) -> Article | None:
    """Read an article from its file once more; None where the file hasn't got it any more, or can't be found."""
    try:
        files, _ = find([origin.path])
    except SourceError:
        return None
    entries = (entry for file in files for entry in _read_file(replace(file, id=origin.name), fields))
    return next((entry for entry in entries if isinstance(entry, Article) and entry.id == article_id), None)


def _entries(file: SourceFile, rows: Rows) -> Iterator[Article | Problem]:
    with file.path.open("rb", buffering=HEAD) as stream:
        rows.allowance = Allowance(os.fstat(stream.fileno()).st_size)
        yield from read_stream(cast("io.BufferedReader[Any]", stream), file.path.name, rows)
