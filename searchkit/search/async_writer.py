"""Async writer: ``build``, ``rebuild``, ``add``, ``update``, ``delete`` and others for asyncio, each in a thread.

Whoever cancels one, or whose time is up, waits until it has stopped, which it does where it next tells its progress:
then the index is as it was, and the lock free. What has no progress to tell, as ``delete``, goes on to its end, and so
does what was in the midst of publishing; a cancelled call has then changed the index all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterator
from contextvars import copy_context
from functools import partial, wraps
from threading import Event
from typing import Any, ParamSpec, TypeVar

from searchkit.errors import OperationTimeout
from searchkit.search.async_searcher import checked_timeout
from searchkit.types import BuildReport

P = ParamSpec("P")
T = TypeVar("T")

_ENDED = object()


class _StoppedError(Exception):
    """The writer was told to stop."""


def in_thread(
    function: Callable[P, BuildReport], *, tells: bool = True
) -> Callable[..., Coroutine[Any, Any, BuildReport]]:
    """Return a coroutine function that runs a writer's function in a thread of its own.

    It takes the function's arguments, and ``timeout_s``; ``articles`` may be an async iterable. ``tells``: whether it
    takes ``progress``, which is called in the event loop.
    """

    @wraps(function)
    async def run(*args: Any, timeout_s: float | None = None, **kwargs: Any) -> BuildReport:
        loop, stopping = asyncio.get_running_loop(), Event()
        if tells:
            kwargs["progress"] = _progress(kwargs.get("progress"), loop, stopping)
        args = tuple(_iterable(each, loop, stopping) for each in args)
        kwargs = {name: _iterable(each, loop, stopping) for name, each in kwargs.items()}
        return await _stopped_in_time(partial(function, *args, **kwargs), checked_timeout(timeout_s), stopping)

    return run


async def _stopped_in_time(work: Callable[[], BuildReport], timeout_s: float | None, stopping: Event) -> BuildReport:
    """Run what a writer does; leave only when it has ended. Raises what it raises, and ``OperationTimeout``."""
    running = asyncio.ensure_future(asyncio.to_thread(copy_context().run, work))
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await asyncio.shield(running)
    except TimeoutError as error:
        if not limit.expired():
            raise
        stopping.set()
        report = await _ended(running)
        if report is not None:
            return report
        raise OperationTimeout(f"It wasn't done in {timeout_s:g} s; the index is as it was.") from error
    except asyncio.CancelledError:
        stopping.set()
        await _ended(running)
        raise


async def _ended(running: asyncio.Future[BuildReport]) -> BuildReport | None:
    """Wait until a writer has ended, however often this is cancelled; return what it did, None where it stopped."""
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue
    error = running.exception()
    if error is None:
        return running.result()
    if isinstance(error, _StoppedError):
        return None
    raise error


def _progress(
    told: Callable[[str, int, int], None] | None, loop: asyncio.AbstractEventLoop, stopping: Event
) -> Callable[[str, int, int], None]:
    """Return what tells the event loop how far the writer is, and stops the writer where it shall."""

    def progress(stage: str, done: int, total: int) -> None:
        if stopping.is_set():
            raise _StoppedError
        if told is not None:
            loop.call_soon_threadsafe(told, stage, done, total)

    return progress


def _iterable(value: Any, loop: asyncio.AbstractEventLoop, stopping: Event) -> Any:
    """Return an async iterable as one that a thread can run through; anything else as it is."""
    return _items(value, loop, stopping) if isinstance(value, AsyncIterable) else value


def _items(items: AsyncIterable[T], loop: asyncio.AbstractEventLoop, stopping: Event) -> Iterator[T]:
    iterator = aiter(items)
    while True:
        if stopping.is_set():
            raise _StoppedError
        item = asyncio.run_coroutine_threadsafe(_next(iterator), loop).result()
        if item is _ENDED:
            return
        yield item


async def _next(iterator: AsyncIterator[Any]) -> Any:
    return await anext(iterator, _ENDED)
