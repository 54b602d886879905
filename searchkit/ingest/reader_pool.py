"""Reader pool: files that take long, read by helper processes where that pays, within limits of time and memory.

Taking a page apart is plain Python, so that threads gain nothing. What comes out doesn't depend on who read: the order
is that of the files, and a helper's entries are those of ``article_reader.read_file``. A helper is a Python of its own,
as in ``index/chunking_pool.py``; it runs ``reader_worker.serve``.
"""

from __future__ import annotations

import base64
import signal
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields as fields_of
from typing import Any, Self

from searchkit.errors import ConfigError
from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.discover import SourceFile
from searchkit.ingest.entry_messages import unpacked
from searchkit.ingest.read_ahead import ParsedPage, Unread
from searchkit.ingest.text_cleanup import clean
from searchkit.storage.helper_process import HelperProcess, HelperStopped
from searchkit.storage.processor import cores, is_python
from searchkit.types import Article, Problem

USUAL_LIMIT_S = 10
LIMITS_S = {"html": USUAL_LIMIT_S, "feed": 60, "jsonfeed": 60, "pdf": 150, "docx": 60, "epub": 60, "odt": 60}
"""Seconds of computing that a file of a format may take: a page of a megabyte takes about one, a
PDF of 350 pages ten. Files of these formats take longer to read than to hand over: helpers read them."""

LIMIT_BYTES = 4 * 2**30
"""Memory that a helper may ask for; a page of 10 MB takes about 1 GB."""

APART = frozenset({"pdf"})
"""Formats that a library in C takes apart, which a damaged file may bring down: helpers read them, however few."""

HELP_FROM_BYTES = 8 * 2**20
"""Files from which on helpers are started: about two seconds of reading; a helper takes one to be there."""

BIG_BYTES = 2**19
"""A file that is read by a helper, however few there are, since only there it can be stopped: 700 KB of elements in
one another, 150 deep, took more than three minutes."""

MOST_HELPERS = 16
"""What this process does (taking answers, indexing) is a twentieth of the work or more: others would wait for it."""

AHEAD_OF_EACH = 4
"""Files a helper that are read ahead: pages differ in size by a hundred times."""

_UNPACKED = 5
"""How many times larger a page is than its compressed file."""

Entries = list[Article | Problem]


class Stopped(Exception):
    """Raised where a helper ended before it answered, with its exit status; a signal's is negative."""

    def __init__(self, status: int, limit_s: int) -> None:
        super().__init__(f"ended with exit status {status}")
        self.status, self._limit_s = status, limit_s

    @property
    def reason(self) -> str:
        """Say what a file did to the process that read it."""
        if self.status == -getattr(signal, "SIGXCPU", 0):
            return f"takes more than {self._limit_s} seconds to read; it was left"
        return f"ended the process that read it (exit status {self.status}); it was left"


class ReaderWorker:
    """A process that reads files."""

    def __init__(self) -> None:
        """Start it. Raises ``OSError`` where no process can be started."""
        # The others have the other cores.
        self._process = HelperProcess("searchkit.ingest.reader_worker", [LIMIT_BYTES], {"OMP_NUM_THREADS": "1"})

    def ask(self, request: list[Any], limit_s: int) -> Any:
        """Return the answer to a request, which may take so long. Raises ``Stopped``."""
        try:
            return self._process.ask([limit_s, *request])
        except HelperStopped as stopped:
            raise Stopped(stopped.status, limit_s) from stopped

    def kill(self) -> None:
        """Stop it, whatever it is at."""
        self._process.kill()

    def close(self) -> None:
        """Stop it and let go of its pipes; nobody may ask it meanwhile."""
        self._process.close()


class ReaderPool:
    """Has files read by helpers; ``jobs`` is the number of processes that read, None as many as there are cores."""

    def __init__(self, fields: Mapping[str, str], *, jobs: int | None = None) -> None:
        """Start nothing yet. Raises ``ConfigError`` where ``jobs`` is less than 1."""
        check_jobs(jobs)
        self._fields = dict(fields)
        self._most = min(jobs or cores(), MOST_HELPERS) if is_python() else 0
        self._is_worth = False
        self._is_closed = False
        self._page_bytes = 0
        self._helpers: list[ReaderWorker] = []
        self._idle: list[ReaderWorker] = []
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the helpers, whatever they are at."""
        with self._lock:
            self._is_closed = True
            helpers, self._helpers, self._idle = self._helpers, [], []
        for helper in helpers:
            helper.kill()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        for helper in helpers:
            helper.close()

    @property
    def ahead(self) -> int:
        """How many files are to be read ahead of the one that is waited for."""
        return AHEAD_OF_EACH * self._most if self._is_worth else 0

    def look(self, files: Iterable[SourceFile]) -> None:
        """Find out whether helpers pay for these files. One process reads them all where it is the only one."""
        total = 0
        for file in files if self._most > 1 else ():
            total += size_of(file) if file.format in LIMITS_S else 0
            if total >= HELP_FROM_BYTES:
                self._is_worth = True
                return

    def begin(self, file: SourceFile) -> Future[Entries | None] | None:
        """Have a file read by a helper; None where it is to be read here, and so where the answer is None."""
        if not self._most or file.format not in LIMITS_S:
            return None
        if not self._is_worth and file.format not in APART and size_of(file) < BIG_BYTES:
            return None
        return self._submit(self._entries, file)

    def begin_page(self, form: str, data: bytes, charset: str | None = None) -> ParsedPage | None:
        """Have the parser of a format take the content of a page, of a crawl's or an archive's; None: do it here.

        How many pages a crawl holds, shows while it is read: the first few are for the one that reads it.
        """
        self._page_bytes += len(data)
        self._is_worth = self._is_worth or (self._most > 1 and self._page_bytes >= HELP_FROM_BYTES)
        if not self._most or not (self._is_worth or form in APART or len(data) >= BIG_BYTES):
            return None
        return self._submit(self._parsed, form, data, charset)

    def _submit(self, work: Any, *arguments: Any) -> Future[Any]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max(self._most, 1), thread_name_prefix="reading")
        return self._pool.submit(work, *arguments)

    def _entries(self, file: SourceFile) -> Entries | None:
        request = ["file", _plain(file), self._fields]
        try:
            answer = self._ask(request, LIMITS_S[file.format])
        except Stopped as stopped:
            return [Problem(place=clean(str(file.path)), reason=stopped.reason)]
        if isinstance(answer, list) and answer[0] == "failed":
            return [Problem(place=clean(str(file.path)), reason=answer[1])]
        entries: Entries | None = unpacked(answer)
        return entries

    def _parsed(self, form: str, data: bytes, charset: str | None) -> ParsedArticle | Unread | None:
        try:
            request = ["parse", form, base64.b64encode(data).decode("ascii"), charset]
            answer = self._ask(request, LIMITS_S.get(form, USUAL_LIMIT_S))
        except Stopped as stopped:
            return Unread(reason=stopped.reason, has_no_text=False)
        if isinstance(answer, list) and answer[0] in ("failed", "no text"):
            return Unread(reason=str(answer[1]), has_no_text=answer[0] == "no text")
        parsed: ParsedArticle | None = unpacked(answer)
        return parsed

    def _ask(self, request: list[Any], limit_s: int) -> Any:
        """Ask a helper; another, where the first was stopped by something else than the limit. Raises ``Stopped``."""
        try:
            return self._ask_once(request, limit_s)
        except Stopped as stopped:
            if self._is_closed or stopped.status == -getattr(signal, "SIGXCPU", 0):
                raise
            return self._ask_once(request, limit_s)

    def _ask_once(self, request: list[Any], limit_s: int) -> Any:
        helper = self._taken()
        if helper is None:
            return None
        answer = helper.ask(request, limit_s)
        with self._lock:
            self._idle.append(helper)
        return answer

    def _taken(self) -> ReaderWorker | None:
        """Return a helper that is idle or new; None where none can be started, or the pool was closed."""
        with self._lock:
            if self._is_closed:
                return None
            if self._idle:
                return self._idle.pop()
            try:
                helper = ReaderWorker()
            except OSError:
                return None
            self._helpers.append(helper)
            return helper


def check_jobs(jobs: int | None) -> None:
    """Raise ``ConfigError`` where a number of processes is less than 1."""
    if jobs is not None and jobs < 1:
        raise ConfigError(f"jobs is {jobs}.", hint="Give 1 or more, or leave it out for as many as there are cores.")


def size_of(file: SourceFile) -> int:
    """Return about how many bytes a file holds; 0 where it can't be told, and reading will say why."""
    try:
        return file.path.stat().st_size * (_UNPACKED if file.compression else 1)
    except OSError:
        return 0


def _plain(file: SourceFile) -> dict[str, str]:
    return {each.name: str(getattr(file, each.name)) for each in fields_of(file) if each.name != "joined"}
