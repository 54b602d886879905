"""What a searcher tells of its work: statistics, the log, spans of OpenTelemetry."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Searcher, add, delete
from searchkit.errors import ConfigError, QueryError
from searchkit.search.statistics import CacheUse, SearchCounts, Stopwatch
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("statistics") / "index"
    built(folder)
    return folder


@pytest.fixture
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def test_searches_are_counted_by_mode_and_errors_by_class(searcher: Searcher) -> None:
    for mode in ("keyword", "hybrid", "hybrid", "vector"):
        searcher.search("missiles", mode=mode)
    searcher.search("missiles", source=[])
    searcher.search_many(["oil", "rice"])
    for text in ("field:", " "):
        with pytest.raises(QueryError):
            searcher.search(text, sort="nothing" if text.strip() else "")
    stats = searcher.stats()
    assert stats.by_mode == {"hybrid": 5, "keyword": 1, "vector": 1}
    assert stats.errors == {"QueryError": 1}, "an empty text is refused before it is a search"
    assert (stats.searches, stats.empty) == (8, 1)
    assert stats.generation == 1
    assert 0 <= stats.uptime_s < 60
    assert 0 <= stats.generation_age_s < 3_600


def test_stages_add_up_to_no_more_than_the_search(searcher: Searcher) -> None:
    searcher.search("missiles", facets="source")
    latencies = searcher.stats().latencies
    assert set(latencies) == {"search", "retrieve", "encode", "rank", "results", "facets", "total"}
    parts = sum(latencies[stage].p50 for stage in ("retrieve", "rank", "results", "facets", "total"))
    assert parts <= latencies["search"].p50
    assert latencies["encode"].p50 <= latencies["retrieve"].p50


def test_percentiles_are_those_of_the_latest_times() -> None:
    counts = SearchCounts()
    for seconds in range(2_000, 0, -1):
        watch = Stopwatch()
        watch.ended = watch.started + seconds
        counts.add(watch, "keyword", 1)
    latency = counts.stats(generation=1, age_s=0, vectors=CacheUse(hits=0, misses=0)).latencies["search"]
    assert latency.count == 1_024
    expected = [512, 973, 1_014, 1_024]  # of 1 to 1,024: half, 95 of 100, 99 of 100, all
    assert [round(each) for each in (latency.p50, latency.p95, latency.p99, latency.longest)] == expected


def test_caches_tell_how_often_they_knew(searcher: Searcher) -> None:
    page = searcher.search("missiles", k=3)
    assert searcher.stats().caches["query vectors"] == CacheUse(hits=0, misses=1)
    for _ in range(3):
        searcher.search("missiles", k=3, cursor=page.next_cursor)
    caches = searcher.stats().caches
    assert caches["query vectors"] == CacheUse(hits=1, misses=1)
    assert caches["pages"] == CacheUse(hits=2, misses=1)
    assert caches["pages"].hit_rate == 2 / 3
    assert CacheUse(hits=0, misses=0).hit_rate == 0


def test_the_log_tells_of_openings_commits_and_problems(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "searchkit")
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        add(tmp_path / "index", [article(90), {"id": "empty"}], encoder=WordEncoder())
        searcher.refresh()
    told = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    path = tmp_path / "index"
    assert told == [
        ("searchkit.index", "INFO", f"Committed generation 1 of {path}"),
        ("searchkit.search", "INFO", f"Opened generation 1 of {path}: 24 articles"),
        ("searchkit.index", "INFO", "Problem: article 2: has neither text nor title (there are: id)"),
        ("searchkit.index", "INFO", f"Committed generation 2 of {path}"),
        ("searchkit.search", "INFO", f"Went over to generation 2 of {path}: 25 articles"),
    ]


def test_a_slow_search_is_a_warning_and_a_fast_one_is_none(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    with searchkit.open(index, encoder=WordEncoder(), slow_search_s=0) as searcher:
        searcher.search("missiles " * 50, mode="keyword")
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert warning.name == "searchkit.search"
    assert warning.getMessage().startswith("Slow search: 0.")
    assert warning.getMessage().endswith("…' (keyword, generation 1)")
    assert len(warning.getMessage()) < 300
    caplog.clear()
    with searchkit.open(index, encoder=WordEncoder(), slow_search_s=60) as searcher:
        searcher.search("missiles")
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_generation_that_can_not_be_searched_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    built(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), refresh_after_s=0) as searcher:
        delete(tmp_path / "index", ["a001"])
        (tmp_path / "index" / "CURRENT").write_text("nonsense")
        assert searcher.search("missiles").results
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [searcher._hold.note]


@pytest.mark.parametrize("seconds", [-1, "soon", float("nan")])
def test_a_threshold_that_is_no_time_is_refused(index: Path, seconds: float) -> None:
    with pytest.raises(ConfigError, match="slow_search_s can't be"):
        searchkit.open(index, slow_search_s=seconds)


def test_searching_loads_no_opentelemetry_by_itself(index: Path) -> None:
    code = f"""
import sys
import searchkit
with searchkit.open({str(index)!r}) as searcher:
    assert searcher.search("missiles", mode="keyword").results
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_each_search_is_a_span_with_its_stages_inside(searcher: Searcher) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    trace = pytest.importorskip("opentelemetry.trace")
    kept = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    with trace.get_tracer("test").start_as_current_span("request"):
        answer = searcher.search("missiles", k=3)
    *stages, search, request = kept.get_finished_spans()
    assert (search.name, search.parent.span_id) == ("searchkit.search", request.context.span_id)
    assert search.attributes["searchkit.results"] == len(answer.results) == 3
    assert search.attributes["searchkit.total"] == answer.total
    assert {span.name for span in stages} >= {"searchkit.retrieve", "searchkit.encode", "searchkit.rank"}
    for span in stages:
        assert span.parent.span_id == search.context.span_id
        assert search.start_time <= span.start_time <= span.end_time <= search.end_time
    assert "missiles" not in str([span.to_json() for span in kept.get_finished_spans()])
