"""Work queue: what requests ask of the indexes, in a few threads, and never more at once than is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        running = self._threads.submit(work)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        future = asyncio.wrap_future(running)
        done, _ = await asyncio.wait({future}, timeout=self._limits.timeout_s)
        if not done:
            running.cancel()  # takes back what no thread has begun
            future.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody else looks at it
            raise AnswerTooSlow(f"The answer took longer than {self._limits.timeout_s:.0f} s.")
        return future.result()

    def _done(self) -> None:
        self._pending -= 1

    def close(self) -> None:
        """Let go of the threads once they are through."""
        self._threads.shutdown(wait=True, cancel_futures=True)


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
