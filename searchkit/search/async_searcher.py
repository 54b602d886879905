"""Async searcher: an opened index for asyncio. Its methods are ``Searcher``'s, each a coroutine that runs in a thread.

Threads are bounded: what is asked beyond them waits its turn. Whoever cancels, or runs out of time, gets away at once:
what waits is never begun, and what runs goes on to its end, which nobody hears. It reads alone, so nothing comes of it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from searchkit.answer import Answer
from searchkit.errors import ConfigError, OperationTimeout, SearchkitError
from searchkit.filter_expression import Conditions
from searchkit.search.searcher import Searcher
from searchkit.types import Article

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
MOST_THREADS = 256


class BoundedThreads:
    """Threads that run what an event loop asks of them, ``threads`` at a time."""

    def __init__(self, threads: int) -> None:
        """Raises ``ConfigError`` for a number of threads that can't be."""
        if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
            raise ConfigError(f"threads can't be {threads!r}.", hint=f"Give 1 to {MOST_THREADS}.")
        self.size = threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="searchkit")

    async def run(self, function: Callable[[], T], timeout_s: float | None) -> T:
        """Run a function in one of the threads. Raises what it raises, and ``OperationTimeout``."""
        try:
            future = self._pool.submit(copy_context().run, function)
        except RuntimeError as error:
            raise SearchkitError(
                "This index was closed.", hint="Open it again with searchkit.aio.open(PATH)."
            ) from error
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise OperationTimeout(f"No answer came in {timeout_s:g} s.") from error

    async def close(self) -> None:
        """Let what goes on end, then end the threads."""
        await asyncio.to_thread(self._pool.shutdown)


def checked_timeout(timeout_s: float | None) -> float | None:
    """Return a time limit. Raises ``ConfigError`` for what is none."""
    number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool) and timeout_s > 0
    if timeout_s is not None and not number:
        raise ConfigError(f"timeout_s can't be {timeout_s!r}.", hint="Give seconds above 0, or None for no limit.")
    return timeout_s


def _in_thread(
    method: Callable[Concatenate[Searcher, P], T],
) -> Callable[Concatenate[AsyncSearcher, P], Coroutine[Any, Any, T]]:
    """Return a coroutine function that runs a method of ``Searcher`` in a thread."""

    async def run(self: AsyncSearcher, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.threads.run(partial(method, self.searcher, *args, **kwargs), self.timeout_s)

    update_wrapper(run, method)
    return run


class AsyncSearcher:
    """An opened index: ``searchkit.aio.open`` makes one. Use it with ``async with``, or await ``close``.

    Attributes:
        searcher: The searcher whose methods it runs.
        threads: The threads in which it runs them.
        timeout_s: How long each of its methods may take; None for no limit.
    """

    def __init__(self, searcher: Searcher, threads: BoundedThreads, timeout_s: float | None = None) -> None:
        self.searcher, self.threads, self.timeout_s = searcher, threads, checked_timeout(timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the index. Searches that are going on end first. Closing twice does nothing."""
        await asyncio.shield(self.threads.close())
        self.searcher.close()

    def within(self, timeout_s: float | None) -> AsyncSearcher:
        """Return the same searcher with another limit: ``await searcher.within(.5).search("radar")``.

        Raises ``ConfigError`` for what is no time.
        """
        return AsyncSearcher(self.searcher, self.threads, timeout_s)

    refresh = _in_thread(Searcher.refresh)
    search = _in_thread(Searcher.search)
    ask = _in_thread(Searcher.ask)
    rank = _in_thread(Searcher.rank)
    retrieve = _in_thread(Searcher.retrieve)
    read_query = _in_thread(Searcher.read_query)
    suggest = _in_thread(Searcher.suggest)
    more_like = _in_thread(Searcher.more_like)
    article_ids = _in_thread(Searcher.article_ids)
    count = _in_thread(Searcher.count)
    article = _in_thread(Searcher.article)
    chunks = _in_thread(Searcher.chunks)
    chunk = _in_thread(Searcher.chunk)
    vector_weight = _in_thread(Searcher.vector_weight)
    info = _in_thread(Searcher.info)

    async def answers(self, texts: Iterable[str], **arguments: Any) -> AsyncIterator[Answer]:
        """Yield the answers to many questions, in their order; as many are asked at once as there are threads.

        ``arguments`` are those of ``search``, for all of them. Whoever stops listening cancels the rest.
        """
        running: deque[asyncio.Task[Answer]] = deque()
        waiting = iter(texts)
        try:
            while True:
                while len(running) < self.threads.size and (text := next(waiting, None)) is not None:
                    running.append(asyncio.create_task(self.search(text, **arguments)))
                if not running:
                    return
                yield await running.popleft()
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def articles(self, *, where: Conditions = None) -> AsyncIterator[Article]:
        """Yield all articles, or those that meet conditions, in the order in which they came in.

        What a refresh takes away meanwhile is passed over.
        """
        for article_id in await self.article_ids(where=where):
            if (article := await self.article(article_id)) is not None:
                yield article


def _complete(cls: type[AsyncSearcher]) -> None:
    """Give it whatever other method ``Searcher`` has."""
    for name, method in vars(Searcher).items():
        if inspect.isfunction(method) and not name.startswith("_") and name not in vars(cls):
            setattr(cls, name, _in_thread(method))


_complete(AsyncSearcher)


class Opening:
    """An index that is being opened: ``await`` it, or use it with ``async with``."""

    def __init__(self, open_searcher: Callable[[], Searcher], threads: int, timeout_s: float | None) -> None:
        """Raises ``ConfigError`` for threads or a time that can't be."""
        self._open = open_searcher
        self._threads, self._timeout_s = BoundedThreads(threads), checked_timeout(timeout_s)
        self._opened: AsyncSearcher | None = None

    def __await__(self) -> Generator[Any, None, AsyncSearcher]:
        return self._searcher().__await__()

    async def __aenter__(self) -> AsyncSearcher:
        self._opened = await self._searcher()
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _searcher(self) -> AsyncSearcher:
        try:
            searcher = await self._threads.run(self._open, None)
        except BaseException:
            await self._threads.close()
            raise
        return AsyncSearcher(searcher, self._threads, self._timeout_s)
