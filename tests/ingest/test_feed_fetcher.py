"""Fetching feeds: what a host says is minded, whatever it answers."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from searchkit.ingest import feed_fetcher
from searchkit.ingest.feed_fetcher import LONGEST_BODY, FeedFetcher, FeedState, is_feed_address
from tests.ingest.feed_server import FeedHost, Reply, feed_host, fetched

pytest.importorskip("httpx")

BODY = b"<rss><channel><title>News</title></channel></rss>"


@pytest.fixture
def host() -> Iterator[FeedHost]:
    with feed_host() as served:
        yield served


def feed(host: FeedHost, path: str = "/feed") -> FeedState:
    return FeedState(address=f"{host.url}{path}")


def test_a_feed_is_asked_for_with_what_it_said_last_time(host: FeedHost) -> None:
    modified = "Wed, 04 Jun 2025 10:00:00 GMT"

    def answer(headers: Mapping[str, str]) -> Reply:
        if headers.get("if-none-match") == '"v1"' and headers.get("if-modified-since") == modified:
            return Reply(status=304)
        return Reply(body=BODY, headers={"ETag": '"v1"', "Last-Modified": modified})

    host.replies["/feed"] = answer
    first = fetched(feed(host))[0]
    assert (first.body, first.trouble) == (BODY, "")
    second = fetched(replace(first.state, due=0.0))[0]
    assert (second.body, second.trouble) == (None, "")
    assert [path for path, _ in host.asked] == ["/feed", "/feed"]
    assert host.asked[0][1]["user-agent"].startswith("searchkit/")


def test_a_body_that_came_before_is_not_new_though_the_host_knows_no_conditions(host: FeedHost) -> None:
    host.replies["/feed"] = Reply(body=BODY)
    first = fetched(feed(host))[0]
    assert fetched(replace(first.state, due=0.0))[0].body is None
    host.replies["/feed"] = Reply(body=BODY + b"<!-- more -->")
    assert fetched(replace(first.state, due=0.0))[0].body == BODY + b"<!-- more -->"


@pytest.mark.parametrize(
    ("headers", "body", "pause_s"),
    [
        ({}, BODY, 900),
        ({"Cache-Control": "public, max-age=3600"}, BODY, 3600),
        ({"Cache-Control": "max-age=60"}, BODY, 900),
        ({"Cache-Control": "max-age=99999999"}, BODY, 86_400),
        ({}, b"<rss><channel><ttl>120</ttl></channel></rss>", 7200),
    ],
)
def test_it_is_asked_for_no_sooner_than_it_says(
    host: FeedHost, headers: dict[str, str], body: bytes, pause_s: float
) -> None:
    host.replies["/feed"] = Reply(body=body, headers=headers)
    before = time.time()
    due = fetched(feed(host))[0].state.due
    assert before + pause_s <= due <= time.time() + pause_s
    assert fetched(replace(feed(host), due=due)) == []


@pytest.mark.parametrize(
    ("status", "headers", "pause_s"),
    [
        (500, {}, 900),
        (404, {}, 900),
        (429, {"Retry-After": "5000"}, 5000),
        (503, {"Retry-After": "DATE"}, 7000),
        (503, {"Retry-After": "some day"}, 900),
    ],
)
def test_an_error_is_told_and_the_host_left_alone(
    host: FeedHost, status: int, headers: dict[str, str], pause_s: float
) -> None:
    date = formatdate(time.time() + 7000, usegmt=True)
    headers = {name: value.replace("DATE", date) for name, value in headers.items()}
    host.replies["/feed"] = Reply(status=status, headers=headers)
    before = time.time()
    response = fetched(feed(host))[0]
    assert response.trouble == f"can't be fetched: status {status}"
    assert before + pause_s - 2 <= response.state.due <= time.time() + pause_s


def test_each_failure_doubles_the_pause_up_to_a_day(host: FeedHost) -> None:
    state, pauses = feed(host), []
    for _ in range(9):
        state = fetched(replace(state, due=0.0))[0].state
        pauses.append(round(state.due - time.time(), -1))
    assert pauses == [900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400]
    host.replies["/feed"] = Reply(body=BODY)
    assert fetched(replace(state, due=0.0))[0].state.failures == 0


def test_a_feed_that_is_gone_is_not_asked_for_again(host: FeedHost) -> None:
    host.replies["/feed"] = Reply(status=410)
    response = fetched(feed(host))[0]
    assert "gone for good" in response.trouble
    assert fetched(replace(response.state, due=0.0)) == []
    assert len(host.asked) == 1


def test_a_move_for_good_is_remembered_and_one_for_now_is_not(host: FeedHost) -> None:
    host.replies["/feed"] = Reply(status=301, headers={"Location": "/moved"})
    host.replies["/moved"] = Reply(status=302, headers={"Location": "/today"})
    host.replies["/today"] = Reply(body=BODY)
    response = fetched(feed(host))[0]
    assert response.body == BODY
    assert response.state.moved_to == f"{host.url}/moved"
    fetched(replace(response.state, due=0.0))
    assert [path for path, _ in host.asked] == ["/feed", "/moved", "/today", "/moved", "/today"]


def test_redirects_are_bounded(host: FeedHost) -> None:
    host.replies["/feed"] = Reply(status=302, headers={"Location": "/feed"})
    assert fetched(feed(host))[0].trouble == "redirects more than 5 times"
    assert len(host.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://host.example/feed", "gopher://x"])
def test_a_redirect_stays_in_the_web(host: FeedHost, target: str) -> None:
    host.replies["/feed"] = Reply(status=302, headers={"Location": target})
    assert "no web address" in fetched(feed(host))[0].trouble


def test_a_public_host_cannot_send_it_into_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"news.example": "93.184.216.34", "inside.example": "10.0.0.7"}
    monkeypatch.setattr(
        feed_fetcher.socket, "getaddrinfo", lambda host, port: [(0, 0, 0, "", (known.get(host, host), 0))]
    )
    check = feed_fetcher._check_redirect
    for target in ("http://inside.example/x", "http://169.254.169.254/x", "http://127.0.0.1/x", "http://[::1]/x"):
        with pytest.raises(feed_fetcher._Refused, match="private network"):
            check("http://news.example/feed", target)
    check("http://news.example/feed", "http://93.184.216.35/feed")
    check("http://inside.example/feed", "http://10.0.0.8/feed")


def test_a_body_that_is_too_large_is_refused(host: FeedHost) -> None:
    host.replies["/feed"] = Reply(body=gzip.compress(b" " * (LONGEST_BODY + 1)), headers={"Content-Encoding": "gzip"})
    response = fetched(feed(host))[0]
    assert (response.body, response.trouble) == (None, "is larger than 32 MiB")


@pytest.mark.parametrize(
    "reply", [Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), Reply(status=302), Reply(status=204)]
)
def test_an_answer_that_makes_no_sense_is_told(host: FeedHost, reply: Reply) -> None:
    host.replies["/feed"] = reply
    assert fetched(feed(host))[0].trouble


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/feed", "http://", "http://[x/", "https://a b/", "http://\ud800/"]
)
def test_a_host_that_is_not_there_is_told(address: str) -> None:
    response = fetched(FeedState(address=address))[0]
    assert response.trouble.startswith("can't be fetched: ")
    assert response.state.due > time.time() + 800


def test_a_host_that_says_nothing_is_given_up(host: FeedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_fetcher, "_TIMEOUT_S", 0.2)
    host.replies["/feed"] = Reply(body=BODY, delay_s=1.0)
    assert fetched(feed(host))[0].trouble.startswith("can't be fetched: ")


def test_one_request_at_a_time_goes_to_a_host_and_others_do_not_wait_for_it(host: FeedHost) -> None:
    with feed_host() as quick:
        quick.replies["/feed"] = Reply(body=BODY)
        for number in range(5):
            host.replies[f"/{number}"] = Reply(body=BODY, delay_s=0.1)
        fetcher = FeedFetcher([feed(host, f"/{number}") for number in range(5)] + [feed(quick)])
        fetcher.start_due()
        came: list[str] = []
        while fetcher.is_busy:
            fetcher.start_due()
            came += [response.state.address for response in fetcher.responses()]
            time.sleep(0.01)
    assert host.most_at_once == 1
    assert (len(came), len(host.asked), came[0]) == (6, 5, f"{quick.url}/feed")


def test_a_feed_in_a_file_is_read_when_it_has_changed_and_rests(tmp_path: Path) -> None:
    path = tmp_path / "a feed.xml"
    path.write_bytes(BODY)
    state = FeedState(address=path.as_uri())
    assert fetched(state)[0].body is None  # it may be half of one
    os.utime(path, (time.time() - 5, time.time() - 5))
    first = fetched(state)[0]
    assert first.body == BODY
    assert fetched(replace(first.state, due=0.0))[0].body is None
    path.write_bytes(BODY + b" ")
    os.utime(path, (time.time() - 4, time.time() - 4))
    assert fetched(replace(first.state, due=0.0))[0].body == BODY + b" "
    path.unlink()
    gone = fetched(replace(first.state, due=0.0))[0]
    assert gone.trouble == "can't be read: No such file or directory"


def test_an_address_is_told_from_a_path() -> None:
    for place in ("http://a.example/feed", "HTTPS://a.example", "file:///srv/feed.xml"):
        assert is_feed_address(place)
    for path in ("articles/", "feed.xml", "http", "./http:", "ftp://a.example/feed", "C:feed"):
        assert not is_feed_address(path)
