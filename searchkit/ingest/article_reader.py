"""Article reader: the articles of places, and what couldn't be read in them.

A place is a file, a folder, a glob, or ``-`` for JSON lines on standard input. What can't be read is a ``Problem``
among the articles, never an exception: one damaged file must not cost the other thousand.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from searchkit.config import ReadConfig
from searchkit.errors import ConfigError, SourceError
from searchkit.ingest.allowance import Allowance
from searchkit.ingest.article_builder import check_fields
from searchkit.ingest.compression import HEAD
from searchkit.ingest.damage import guarded
from searchkit.ingest.discover import SourceFile, distinct, find, find_among, fixed_part
from searchkit.ingest.format_readers import read_format, read_stream
from searchkit.ingest.joined_files import joined_anew, may_join, with_joined
from searchkit.ingest.read_ahead import PageParser, read_ahead
from searchkit.ingest.reader_pool import Entries, ReaderPool, check_jobs, size_of
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
    among: Collection[str] | None = None,
    jobs: int | None = None,
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
        among: The absolute paths of the files and folders that are read, of all that the places hold; None reads all.
        jobs: How many processes read pages where there are many; None is one a core. What is read is the same.

    Yields:
        Each article, or a problem for whatever couldn't be taken as it was.

    Raises:
        SourceError: At once: a place doesn't exist, or a glob matches nothing.
        ConfigError: At once: ``config`` maps a field that articles don't have, ``jobs`` is less than 1, or an argument
            can't be used.
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
    listed = _listed(places)
    if not isinstance(config, ReadConfig):
        raise ConfigError(
            f"Places are read by a ReadConfig, not by {config!r}.", hint="Give several places as one list: ['a', 'b']."
        )
    check_fields(config.fields)
    check_jobs(jobs)
    on_disk = [place for place in listed if str(place) != STANDARD_INPUT]
    files, problems = find(on_disk) if among is None else _find_changed(on_disk, frozenset(among))
    if among is None:
        files = with_joined(files)
    source = stdin or sys.stdin.buffer if STANDARD_INPUT in map(str, listed) else None
    named = distinct(files) if memory is None else memory.named(files)
    addresses = frozenset(file.address for file in files) if among is None else _FilesOf(on_disk)
    return _read(named, problems, source, config.fields, progress, memory, addresses, jobs)


def _find_changed(places: Sequence[str | Path], changed: frozenset[str]) -> tuple[list[SourceFile], list[Problem]]:
    """Return what there is of some files, and of those that are read together with one of them; and problems."""
    files, problems = find_among(places, changed)
    others, _ = find_among(places, _that_may_join(places, changed) - changed)
    if not others:
        return with_joined(files), problems
    own = {file.address for file in files}
    joined = with_joined([*files, *others])
    anew = {file.address for file in joined_anew(joined, changed)}
    return [file for file in joined if file.address in own | anew], problems


def _that_may_join(places: Sequence[str | Path], changed: frozenset[str]) -> set[str]:
    """Return the files above some paths that may be read together with them."""
    roots = [fixed_part(Path(place).expanduser()).absolute() for place in places]
    folders = {folder for path in changed for folder in Path(path).parents}
    paths: set[str] = set()
    for folder in folders:
        if any(folder.is_relative_to(root) for root in roots):
            with suppress(OSError):
                paths.update(str(folder / name) for name in os.listdir(folder) if may_join(name))  # noqa: PTH208
    return paths


def _listed(places: object) -> list[str | Path]:
    """Return places as a list. Raises ``ConfigError`` for what is none."""
    listed: list[str | Path] = []
    for place in [places] if isinstance(places, str | Path) or not isinstance(places, Iterable) else places:
        if not isinstance(place, str | Path):
            raise ConfigError(
                f"{place!r} is no place to read.", hint="Give the path of a file or folder, a glob, or a list of these."
            )
        listed.append(place)
    return listed


class _FilesOf:
    """The files of places, of which each is looked for when it is asked for."""

    def __init__(self, places: Sequence[str | Path]) -> None:
        self._places = places

    def __contains__(self, address: object) -> bool:
        return bool(find_among(self._places, [str(address)])[0])


class SourceWarning(UserWarning):
    """Something at a place couldn't be taken as it was, and nobody asked to be told of it otherwise.

    Example:
        >>> import warnings
        >>> from searchkit.ingest import SourceWarning
        >>> warnings.simplefilter("error", SourceWarning)  # stop at the first
    """


def read_articles(
    places: str | Path | Sequence[str | Path],
    config: ReadConfig | None = None,
    *,
    on_problem: Callable[[Problem], None] | None = None,
    progress: Progress | None = None,
) -> Iterator[Article]:
    """Read the articles at places, one by one, without an index.

    Args:
        places: A file, a folder, a glob, or ``-`` for JSON lines on standard input; or several of these.
        config: Where an article's fields stand; None for the defaults.
        on_problem: Called with each problem, when it is met: what couldn't be read (``lost``), and what was read
            otherwise than it stood. What it raises ends the reading. None: each is a ``SourceWarning``.
        progress: Told ``("read", files done, files in all)``; None: nobody is told.

    Yields:
        Each article, in the order of the places, of the names within one, and of the rows within a file.

    Raises:
        SourceError: At once: a place doesn't exist, or a glob matches nothing.
        ConfigError: At once: ``config`` maps a field that articles don't have, or an argument can't be used.
        MissingExtra: While reading: a package that a format needs can't be imported.
        StorageError: While reading: a file can't be written that a package needs to read with.

    Example:
        >>> problems = []
        >>> for article in searchkit.read("articles/*.jsonl", on_problem=problems.append):
        ...     print(article.id, article.published_day)
        radar 2025-04-23
        missiles 2025-11-14
        cocoa 2024-12-11
        bridge 2025-06-02
        >>> problems
        []
    """
    return _articles(read(_listed(places), _AS_IT_IS if config is None else config, progress=progress), on_problem)


def _articles(entries: Iterator[Article | Problem], on_problem: Callable[[Problem], None] | None) -> Iterator[Article]:
    for entry in entries:
        if isinstance(entry, Article):
            yield entry
        elif on_problem is not None:
            on_problem(entry)
        else:
            warnings.warn(str(entry), SourceWarning, stacklevel=2)  # shown at the line of the caller's loop


def _read(
    files: Sequence[SourceFile],
    problems: Sequence[Problem],
    stdin: BinaryIO | None,
    fields: Mapping[str, str],
    progress: Progress | None,
    memory: ReadFiles | None,
    addresses: Container[str],
    jobs: int | None,
) -> Iterator[Article | Problem]:
    total = len(files) + (stdin is not None)
    tell = progress or _silent
    tell("read", 0, total)
    yield from problems
    with ReaderPool(fields, jobs=jobs) as pool:
        for done, reading in enumerate(_readings(files, pool, memory), start=1):
            if reading.is_read:
                yield from _entries_of(reading, fields, memory, addresses, pool)
            tell("read", done, total)
    if stdin is not None:
        origin = Origin(path=STANDARD_INPUT, name="stdin")
        rows = Rows(place="standard input", origin=origin, fields=fields)
        yield from guarded(rows.place, read_format("jsonl", stdin, rows))
        tell("read", total, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A file whose reading has begun: its state before, and its entries where a helper reads it.

    One that needn't be read stands here, too.
    """

    file: SourceFile
    before: os.stat_result | None = None
    entries: Future[Entries | None] | None = None
    is_read: bool = True

    @property
    def size(self) -> int:
        return 0 if self.entries is None else size_of(self.file)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def read_file(
    file: SourceFile,
    fields: Mapping[str, str],
    addresses: Container[str] = frozenset(),
    parser: PageParser | None = None,
) -> Iterator[Article | Problem]:
    """Yield the articles of a file, and what couldn't be taken; ``addresses`` are those of all files that are read.

    ``parser`` parses the pages that it holds, None: they are parsed here.

    Raises ``MissingExtra`` and ``StorageError``, which every other file would meet too.
    """
    place = clean(str(file.path))
    origin = Origin(path=file.address, name=file.id)
    rows = Rows(place=place, origin=origin, fields=fields, read_apart=addresses, parser=parser)
    return guarded(place, _entries(file, rows))


def _readings(files: Sequence[SourceFile], pool: ReaderPool, memory: ReadFiles | None) -> Iterator[_Reading]:
    """Yield what is begun of each file; helpers read those behind it meanwhile."""
    pool.look(file for file in files if memory is None or not memory.is_unchanged(file))
    return read_ahead((_begun(file, pool, memory) for file in files), pool)


def _begun(file: SourceFile, pool: ReaderPool, memory: ReadFiles | None) -> _Reading:
    if memory is not None and memory.is_unchanged(file):
        return _Reading(file=file, is_read=False)
    return _Reading(file=file, before=_state(file) if memory else None, entries=pool.begin(file))


def _entries_of(
    reading: _Reading,
    fields: Mapping[str, str],
    memory: ReadFiles | None,
    addresses: Container[str],
    parser: PageParser,
) -> Iterator[Article | Problem]:
    """Yield the entries of a file, and have it noted unless it changed meanwhile."""
    whole = True
    read = None if reading.entries is None else reading.entries.result()
    for entry in read_file(reading.file, fields, addresses, parser) if read is None else read:
        whole = whole and not (isinstance(entry, Problem) and entry.lost)
        yield entry
    before, after = reading.before, _state(reading.file) if memory else None
    if memory and before is not None and after is not None and _version(before) == _version(after):
        memory.was_read(reading.file, before, whole=whole)


def _state(file: SourceFile) -> os.stat_result | None:
    try:
        return file.path.stat()
    except OSError:
        return None


def _version(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ino


def read_feed_body(address: str, body: bytes, config: ReadConfig = _AS_IT_IS) -> Iterator[Article | Problem]:
    """Read the articles of a feed that was fetched from an address. No file holds them: they have no origin."""
    from searchkit.ingest.formats.feed import read_feed

    place = clean(address)
    if not body.strip():
        yield Problem(place=place, reason="is empty")
        return
    rows = Rows(place=place, origin=Origin(path=STANDARD_INPUT, name=place), fields=config.fields)
    for entry in guarded(place, read_feed(body, rows)):
        yield replace(entry, origin=None) if isinstance(entry, Article) else entry


def first_article(file: SourceFile, fields: Mapping[str, str]) -> Article | None:
    """Return the first article of a file; None where there is none."""
    return next((entry for entry in read_file(file, fields) if isinstance(entry, Article)), None)


def article_again(origin: Origin, article_id: str, fields: Mapping[str, str]) -> Article | None:
    """Read an article from its file once more; None where the file hasn't got it any more, or can't be found."""
    try:
        files, _ = find([origin.path])
    except SourceError:
        return None
    entries = (entry for file in files for entry in read_file(replace(file, id=origin.name), fields))
    return next((entry for entry in entries if isinstance(entry, Article) and entry.id == article_id), None)


def _entries(file: SourceFile, rows: Rows) -> Iterator[Article | Problem]:
    with file.path.open("rb", buffering=HEAD) as stream:
        rows.allowance = Allowance(os.fstat(stream.fileno()).st_size)
        yield from read_stream(cast("io.BufferedReader[Any]", stream), file.path.name, rows)
