"""What is a peer? Something that is built from the archive, opened, and asked; each is one module beside this one."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self, TypeVar

from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.questions import Asked

T = TypeVar("T")


class Peer(Protocol):
    """An opened index. ``can``: the kinds of queries and filters that it answers."""

    can: frozenset[str]

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best ``k`` chunks, best first: the query is read and its words analysed each time."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


def cpu_s() -> float:
    """Return the CPU seconds of this process, and of the processes that it started and that have ended."""
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + helpers.ru_utime + helpers.ru_stime


class Meter:
    """Adds up CPU and wall seconds between ``start`` and ``stop``: of this process and of those that it ended."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = 0.0
        self._cpu = self._wall = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._cpu, self._wall = cpu_s(), time.perf_counter()

    def stop(self) -> None:
        """Count what has passed."""
        self.cpu_s += cpu_s() - self._cpu
        self.wall_s += time.perf_counter() - self._wall

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fed(self, given: Iterable[T]) -> Iterator[T]:
        """Yield what is given; what it costs to make it isn't counted."""
        iterator = iter(given)
        while True:
            self.stop()
            one = next(iterator, None)
            self.start()
            if one is None:
                return
            yield one


class Build(Protocol):
    """Builds a peer's index of the archive in a folder; what the meter counts is its work alone."""

    def __call__(self, corpus: Corpus, folder: Path, meter: Meter) -> None:
        """Build it."""
        ...


class Open(Protocol):
    """Opens what was built."""

    def __call__(self, folder: Path) -> Peer:
        """Open it."""
        ...


def bytes_in(path: Path, pattern: str = "*") -> int:
    """Return how many bytes the files below a folder have."""
    return sum(one.stat().st_size for one in path.rglob(pattern) if one.is_file())
