"""Request counts: what ``/metrics`` tells, in Prometheus' text format, summed over the workers."""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4"

_HELP = {
    "searchkit_requests_total": ("counter", "Requests by route and status."),
    "searchkit_request_seconds": ("histogram", "How long requests took, by route."),
    "searchkit_refused_busy_total": ("counter", "Requests refused because too many were going on."),
    "searchkit_follow_failures_total": ("counter", "Looks at a newer generation that couldn't be opened."),
    "searchkit_jobs_total": ("counter", "Jobs by kind and how they ended."),
}


class RequestCounts:
    """The counts of one worker; a file in the folder that the workers share lets the others add them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"counts-{os.getpid()}.json"
        self._counts: Counter[str] = Counter()

    def request(self, route: str, status: int, took_s: float) -> None:
        """Count a request."""
        self._counts[f'searchkit_requests_total{{route="{route}",status="{status}"}}'] += 1
        for bound in BUCKETS[bisect_left(BUCKETS, took_s) :]:
            self._counts[f'searchkit_request_seconds_bucket{{route="{route}",le="{bound}"}}'] += 1
        self._counts[f'searchkit_request_seconds_bucket{{route="{route}",le="+Inf"}}'] += 1
        self._counts[f'searchkit_request_seconds_count{{route="{route}"}}'] += 1
        self._counts[f'searchkit_request_seconds_sum{{route="{route}"}}'] += took_s  # type: ignore[assignment]

    def add(self, name: str, labels: str = "") -> None:
        """Count something else."""
        self._counts[f"searchkit_{name}{labels}"] += 1

    def share(self) -> None:
        """Write the counts for the other workers to read."""
        temporary = self._own.with_suffix(".new")
        temporary.write_text(json.dumps(self._counts), encoding="utf-8")
        temporary.replace(self._own)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return what all workers counted, and this one's gauges, as Prometheus reads it."""
        self.share()
        total: Counter[str] = Counter()
        for file in sorted(self._folder.glob("counts-*.json")):
            total.update(json.loads(file.read_text(encoding="utf-8")))
        return "".join(_lines(total)) + "".join(f"{name} {value}\n" for name, value in gauges.items())


def _lines(counts: Mapping[str, float]) -> Iterable[str]:
    for family, (kind, text) in _HELP.items():
        samples = [name for name in counts if name.startswith(family)]
        if samples:
            yield f"# HELP {family} {text}\n# TYPE {family} {kind}\n"
            yield from (f"{name} {counts[name]}\n" for name in sorted(samples))
