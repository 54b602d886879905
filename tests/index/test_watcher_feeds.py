"""Watching feeds: entries become articles and stay; what a host says is remembered beside the index."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit.index.generation import open_generation
from searchkit.index.watcher import WatchConfig, WatchEvent, watch
from tests.index.archive import ids_found
from tests.index.watch_folder import driven, put
from tests.ingest.feed_server import FeedHost, Reply, feed_host
from tests.word_encoder import WordEncoder

pytest.importorskip("httpx")
pytest.importorskip("feedparser")


def rss(*words: str) -> bytes:
    """Write a feed with an entry for each word."""
    items = "".join(
        f"<item><title>On {word}</title><link>http://news.example/{word}</link>"
        f"<guid>http://news.example/{word}</guid><description>A report on the {word} of today.</description>"
        "<pubDate>Wed, 04 Jun 2025 10:00:00 GMT</pubDate></item>"
        for word in words
    )
    channel = f"<channel><title>Harbor Ledger</title><link>http://news.example/</link>{items}</channel>"
    return f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'.encode()


@pytest.fixture
def host() -> Iterator[FeedHost]:
    with feed_host() as served:
        yield served


@pytest.fixture
def index(tmp_path: Path) -> Path:
    searchkit.build(tmp_path / "index", [{"id": "first", "text": "Something else."}], encoder=WordEncoder())
    return tmp_path / "index"


def watched_once(index: Path, *feeds: str, places: tuple[str, ...] = ()) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    watch(WatchConfig(index=index, feeds=feeds, places=places, once=True, encoder=WordEncoder()), events.append)
    return [event for event in events if event.kind != "started"]


def test_the_entries_of_a_feed_are_articles(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(body=rss("rice", "trams"), headers={"ETag": '"1"'})
    event = watched_once(index, f"{host.url}/feed")[0]
    assert event.report is not None
    assert (event.kind, event.report.new, event.feeds) == ("committed", 2, 1)
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        article = searcher.search("rice").results[0].article
    assert (article.title, article.source, article.url) == ("On rice", "Harbor Ledger", "http://news.example/rice")


def test_what_leaves_a_feed_stays_and_what_is_there_again_costs_nothing(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(body=rss("rice"))
    with driven(index, feeds=[f"{host.url}/feed"], feed_interval_s=0.1) as it:
        it.until_told("committed")
        host.replies["/feed"] = Reply(body=rss("trams"))
        it.until_told("committed", 2)
        before = len(host.asked)
        it.until(lambda: len(host.asked) >= before + 3)
        assert len(it.of("committed")) == 2
    assert [len(ids_found(index, word)) for word in ("rice", "trams")] == [1, 1]


def test_pruning_and_rebuilding_keep_the_articles_of_feeds(host: FeedHost, index: Path, tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path / "articles" / f"{number}.txt", f"Number {number}\n\nA file.")
    host.replies["/feed"] = Reply(body=rss("rice"))
    searchkit.build(tmp_path / "both", places=[tmp_path / "articles"], encoder=WordEncoder())
    watched_once(tmp_path / "both", f"{host.url}/feed", places=(str(tmp_path / "articles"),))
    assert searchkit.update(tmp_path / "both", prune=True, encoder=WordEncoder()).deleted == 0
    searchkit.rebuild(tmp_path / "both", encoder=WordEncoder())
    assert len(ids_found(tmp_path / "both", "rice")) == 1


def test_the_next_start_asks_with_what_was_said_and_not_too_soon(
    host: FeedHost, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.replies["/feed"] = Reply(body=rss("rice"), headers={"ETag": '"1"'})
    watched_once(index, f"{host.url}/feed")
    assert watched_once(index, f"{host.url}/feed") == []
    assert len(host.asked) == 1
    now = time.time
    monkeypatch.setattr("searchkit.ingest.feed_fetcher.time.time", lambda: now() + 1_000)
    host.replies["/feed"] = Reply(status=304)
    assert watched_once(index, f"{host.url}/feed") == []
    assert host.asked[1][1]["if-none-match"] == '"1"'


def test_what_is_remembered_of_feeds_is_no_litter_and_may_be_lost(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(body=rss("rice"))
    watched_once(index, f"{host.url}/feed")
    assert (index / "feeds.jsonl").is_file()
    searchkit.gc(index)
    assert searchkit.verify(index, deep=True).faults == ()
    for damage in (
        b"{",
        b"[]",
        b'{"address": "%s", "due": "soon", "failures": [], "etag": 3}' % f"{host.url}/feed".encode(),
    ):
        (index / "feeds.jsonl").write_bytes(damage)
        assert watched_once(index, f"{host.url}/feed") == []
    assert len(host.asked) == 4


def test_a_feed_that_fails_is_named_and_the_others_are_read(host: FeedHost, index: Path) -> None:
    host.replies["/good"] = Reply(body=rss("rice"))
    host.replies["/page"] = Reply(body=b"<html><body><p>Not a feed.</p></body></html>")
    events = watched_once(index, *(f"{host.url}{path}" for path in ("/good", "/missing", "/page", "/empty")))
    kinds = {event.kind for event in events}
    assert kinds == {"committed", "failed"}
    committed = next(event for event in events if event.kind == "committed")
    assert [problem.place for problem in committed.problems] == [f"{host.url}/page"]
    assert sorted(event.message for event in events if event.kind == "failed") == [
        f"{host.url}{path} can't be fetched: status 404." for path in ("/empty", "/missing")
    ]


def test_an_answer_that_is_no_feed_is_a_problem_and_not_read_again_and_again(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(body=b"<html><body><p>Not a feed.</p></body></html>")
    with driven(index, feeds=[f"{host.url}/feed"], feed_interval_s=0.1) as it:
        it.until(lambda: len(host.asked) >= 4)
        assert [event.kind for event in it.events] == ["problem"]


def test_an_index_is_made_of_a_feed(host: FeedHost, tmp_path: Path) -> None:
    host.replies["/feed"] = Reply(body=rss("rice", "trams"))
    watched_once(tmp_path / "index", f"{host.url}/feed")
    with open_generation(tmp_path / "index") as generation:
        assert generation.manifest.articles == 2
        assert generation.manifest.corpus is None
    assert (tmp_path / "index" / "feeds.jsonl").is_file()


def test_a_feed_in_a_file_is_followed(index: Path, tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss("rice"))
    os.utime(path, (time.time() - 9, time.time() - 9))
    with driven(index, feeds=[path.as_uri()]) as it:
        it.until_told("committed")
        path.write_bytes(rss("trams"))
        it.until_told("committed", 2)
    assert [len(ids_found(index, word)) for word in ("rice", "trams")] == [1, 1]


def test_a_slow_host_does_not_hold_up_the_folders(host: FeedHost, index: Path, tmp_path: Path) -> None:
    pytest.importorskip("watchdog")
    (tmp_path / "inbox").mkdir()
    host.replies["/feed"] = Reply(body=rss("rice"), delay_s=3.0)
    with driven(index, tmp_path / "inbox", feeds=[f"{host.url}/feed"]) as it:
        it.rest(0.2)
        put(tmp_path / "inbox" / "quick.txt", "Quick\n\nIt is quick.")
        it.until_told("committed")
        assert (ids_found(index, "quick"), ids_found(index, "rice")) == (["quick"], [])
        it.until_told("committed", 2)
        assert len(ids_found(index, "rice")) == 1


def test_a_feed_that_is_gone_is_named_at_every_start_and_not_asked(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(status=410)
    for _ in range(3):
        events = watched_once(index, f"{host.url}/feed")
        assert [event.kind for event in events] == ["failed"]
        assert "gone for good" in events[0].message
    assert len(host.asked) == 1


def test_a_feed_that_moves_is_told_once(host: FeedHost, index: Path) -> None:
    host.replies["/feed"] = Reply(status=301, headers={"Location": "/moved"})
    host.replies["/moved"] = Reply(body=rss("rice"))
    with driven(index, feeds=[f"{host.url}/feed"], feed_interval_s=0.1) as it:
        it.until(lambda: len(host.asked) >= 4)
    assert [event.message for event in it.of("moved")] == [f"{host.url}/feed has moved for good to {host.url}/moved."]


def test_a_password_in_an_address_is_neither_shown_nor_stored_in_articles(host: FeedHost, index: Path) -> None:
    channel = b"<channel><title>N</title><item><title>Rice</title></item></channel>"
    host.replies["/feed"] = Reply(body=b'<?xml version="1.0"?><rss version="2.0">' + channel + b"</rss>")
    address = f"{host.url}/feed".replace("http://", "http://reader:hush@")
    events = watched_once(index, address, address.replace("/feed", "/missing"))
    assert "authorization" in host.asked[0][1]
    assert "hush" not in "".join(map(repr, events))
    with open_generation(index) as generation:
        assert not [article_id for article_id in generation.digests() if "hush" in article_id]
