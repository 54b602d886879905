"""Work queue: what requests ask of the indexes, in a few threads, and never more at once than is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from searchkit.server.problem_details import AnswerTooSlow, TooManyRequests
from searchkit.server.server_settings import Limits

T = TypeVar("T")


class WorkQueue:
    """Runs functions in threads. What has run out of time keeps its place until its thread is free again."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="searchkit")
        self._pending = 0
        self.refused = 0
        """How many were refused because too many were going on."""

    async def run(self, work: Callable[[], T]) -> T:
        """Return what a function returns.

        Raises ``TooManyRequests`` where too many are waiting, ``AnswerTooSlow`` where it takes too long, and what it
        raises itself.
        """
        if self._pending >= self._limits.at_once:
            self.refused += 1
            raise TooManyRequests(f"{self._pending:,} requests are going on, which is as many as may.")
        self._pending += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def end(running: Future[T]) -> None:
            self._pending -= 1
            _hand_over(running, answer)

        running = self._threads.submit(work)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(end, running))  # the one time the loop is woken
        timer = loop.call_later(self._limits.timeout_s, self._expire, running, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def _expire(self, running: Future[T], answer: asyncio.Future[T]) -> None:
        running.cancel()  # takes back what no thread has begun
        if not answer.done():
            answer.set_exception(AnswerTooSlow(f"The answer took longer than {self._limits.timeout_s:.0f} s."))

    def close(self) -> None:
        """Let go of the threads once they are through."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _hand_over(running: Future[T], answer: asyncio.Future[T]) -> None:
    """Hand over what a thread came to, unless nobody waits for it any more."""
    if answer.done():
        return
    if running.cancelled():
        answer.cancel()
    elif (error := running.exception()) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(running.result())


class StreamSlots:
    """How many streams of events may be open."""

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self) -> bool:
        """Take a slot; return False where none is free."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def leave(self) -> None:
        """Give a slot back."""
        self._free += 1
