"""Statistics of a searcher: how many searches there were, how long their stages took, and how often caches knew."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TypeVar

_LATEST = 1_024
"""Searches whose times are kept, 8 bytes a stage each: percentiles are those of the latest."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long a stage took in the latest 1,024 searches that had it, in seconds.

    Attributes:
        count: How many times it is known of.
        p50: Half of them took no longer.
        p95: 95 of 100 took no longer.
        p99: 99 of 100 took no longer.
        longest: The longest of them.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> _ = searcher.search("radar")
        >>> latency = searcher.stats().latencies["search"]
        >>> latency.count, latency.p50 <= latency.p99 <= latency.longest
        (1, True)
    """

    count: int
    p50: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheUse:
    """How often a cache knew what was asked for.

    Attributes:
        hits: How often it knew.
        misses: How often it didn't.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> _ = searcher.search("radar"), searcher.search("radar")
        >>> searcher.stats().caches["query vectors"].hit_rate
        0.5
    """

    hits: int
    misses: int

    @property
    def hit_rate(self) -> float:
        """The share of hits, 0 where nothing was asked for."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStats:
    """What a searcher has done since it was opened.

    Attributes:
        searches: How many questions were answered by ``search``, ``ask`` and ``search_many``.
        by_mode: How many of them in each mode.
        errors: How many of them ended in an error, by its class.
        empty: How many had no result.
        latencies: How long the stages took: ``"search"`` is all of it; ``"retrieve"`` asks both retrievers, with the
            reranker, where ``"encode"`` is the query's vector; ``"rank"``, ``"results"`` (what is shown), ``"facets"``
            and ``"total"`` follow.
        caches: How often ``"query vectors"`` were known, and ``"pages"`` had their ranking.
        generation: The number of the generation that is searched.
        generation_age_s: How many seconds ago it was made.
        uptime_s: How many seconds ago the searcher was opened.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> _ = searcher.search("radar", mode="keyword"), searcher.search("cocoa")
        >>> stats = searcher.stats()
        >>> stats.searches, stats.by_mode, stats.generation
        (2, {'hybrid': 1, 'keyword': 1}, 1)
    """

    searches: int
    by_mode: Mapping[str, int]
    errors: Mapping[str, int]
    empty: int
    latencies: Mapping[str, Latency]
    caches: Mapping[str, CacheUse] = field(default_factory=dict)
    generation: int = 0
    generation_age_s: float = 0.0
    uptime_s: float = 0.0


class Stopwatch:
    """Takes the times of one search's stages."""

    __slots__ = ("_last", "ended", "stages", "started")

    def __init__(self) -> None:
        self.started = self._last = self.ended = time.perf_counter()
        self.stages: dict[str, tuple[float, float]] = {}
        """When each began and ended, by the same clock."""

    def lap(self, stage: str) -> None:
        """End a stage, which began where the one before ended."""
        now = time.perf_counter()
        self.stages[stage] = (self._last, now)
        self._last = now

    def timed(self, stage: str, work: Callable[..., Value]) -> Callable[..., Value]:
        """Return work whose time is taken, as that of a part of another stage."""

        def measured(*arguments: object) -> Value:
            began = time.perf_counter()
            try:
                return work(*arguments)
            finally:
                self.stages[stage] = (began, time.perf_counter())

        return measured

    def stop(self) -> None:
        """End the search."""
        self.ended = time.perf_counter()

    @property
    def took_s(self) -> float:
        """The seconds from start to stop."""
        return self.ended - self.started


class SearchCounts:
    """Counts a searcher's searches and keeps their latest times. Safe to share among threads."""

    def __init__(self) -> None:
        self._opened = time.monotonic()
        self._guard = threading.Lock()
        self._modes: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._empty = 0
        self._pages: Counter[bool] = Counter()
        self._times: dict[str, deque[float]] = {}

    def add(self, watch: Stopwatch, mode: str, results: int) -> None:
        """Count a search that has its answer."""
        with self._guard:
            self._modes[mode] += 1
            self._empty += not results
            self._keep("search", watch.took_s)
            for stage, (began, ended) in watch.stages.items():
                self._keep(stage, ended - began)

    def add_error(self, error: BaseException) -> None:
        """Count a search that ended in an error."""
        with self._guard:
            self._errors[type(error).__name__] += 1

    def add_page(self, *, known: bool) -> None:
        """Count a page behind the first, whose ranking was ``known`` or not."""
        with self._guard:
            self._pages[known] += 1

    def _keep(self, stage: str, seconds: float) -> None:
        times = self._times.get(stage)
        if times is None:
            times = self._times[stage] = deque(maxlen=_LATEST)
        times.append(seconds)

    def stats(self, *, generation: int, age_s: float, vectors: CacheUse) -> SearchStats:
        """Return what was counted so far."""
        with self._guard:
            return SearchStats(
                searches=self._modes.total() + self._errors.total(),
                by_mode=dict(sorted(self._modes.items())),
                errors=dict(sorted(self._errors.items())),
                empty=self._empty,
                latencies={stage: _latency(sorted(times)) for stage, times in sorted(self._times.items())},
                caches={
                    "query vectors": vectors,
                    "pages": CacheUse(hits=self._pages[True], misses=self._pages[False]),
                },
                generation=generation,
                generation_age_s=age_s,
                uptime_s=time.monotonic() - self._opened,
            )


def _latency(times: Sequence[float]) -> Latency:
    """Return the percentiles of some times, which ascend: the least that so many are not above."""

    def percentile(share: float) -> float:
        return times[max(0, ceil(share * len(times)) - 1)]

    return Latency(count=len(times), p50=percentile(0.5), p95=percentile(0.95), p99=percentile(0.99), longest=times[-1])
