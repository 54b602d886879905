"""Telemetry: a span of OpenTelemetry for each search and its stages, in programs that have loaded its API.

The only place where ``opentelemetry`` is used. A program that doesn't use it pays a look at the loaded modules. No text
of a query and no id of an article is in a span.
"""

from __future__ import annotations

import sys
import time

from searchkit.answer import Answer
from searchkit.search.statistics import Stopwatch


def trace_search(watch: Stopwatch, answer: Answer) -> None:
    """Record a search that has ended, within the caller's current span."""
    if "opentelemetry.trace" not in sys.modules:
        return
    from opentelemetry import trace

    tracer = trace.get_tracer("searchkit")
    # Spans have the clock of the day, in nanoseconds.
    offset = time.time() - time.perf_counter()

    def at(instant: float) -> int:
        return int((instant + offset) * 1e9)

    span = tracer.start_span(
        "searchkit.search",
        start_time=at(watch.started),
        attributes={
            "searchkit.mode": str(answer.query.mode),
            "searchkit.k": answer.query.k,
            "searchkit.generation": answer.generation,
            "searchkit.results": len(answer.results),
            "searchkit.total": answer.total,
        },
    )
    inside = trace.set_span_in_context(span)
    for stage, (began, ended) in watch.stages.items():
        tracer.start_span(f"searchkit.{stage}", context=inside, start_time=at(began)).end(at(ended))
    span.end(at(watch.ended))
