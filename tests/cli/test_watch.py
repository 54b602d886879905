"""``searchkit watch``, as a user and a service manager start and stop it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import searchkit
from tests.cli.conftest import Run
from tests.word_encoder import WordEncoder


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    for name in ("ferry", "rice", "tram"):
        (tmp_path / "articles" / f"{name}.txt").write_text(f"On the {name}\n\nThe {name} is in the news.")
    return tmp_path / "articles"


@pytest.fixture
def index(articles: Path, run: Run) -> Path:
    assert run("build", articles, "--index", articles.parent / "index", "--quiet").code == 0
    return articles.parent / "index"


class Watching:
    """A ``searchkit watch --json`` in a process of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "searchkit", "watch", *map(str, arguments), "--json"]
        environment = {name: value for name, value in os.environ.items() if name != "SEARCHKIT_INDEX"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    def event(self, kind: str) -> dict[str, Any]:
        """Wait for the next event of a kind."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == kind:
                return event
        assert self.process.stderr is not None
        raise AssertionError(self.process.stderr.read())

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and what was said on standard error."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@contextmanager
def watching(*arguments: str | Path) -> Iterator[Watching]:
    started = Watching(*arguments)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def found(run: Run, index: Path, query: str) -> list[str]:
    ran = run("search", query, "--index", index, "--mode", "keyword", "--json")
    return [result["article"]["id"] for result in ran.json()["results"]]


def test_an_event_is_a_line_of_json(articles: Path, index: Path, run: Run) -> None:
    (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run.")
    (articles / "empty.txt").write_text("")
    ran = run("watch", articles, "--index", index, "--once", "--json")
    started, committed = map(json.loads, ran.out.splitlines())
    assert (ran.code, started["event"], committed["event"]) == (0, "started", "committed")
    counts = {name: committed[name] for name in ("new", "changed", "deleted", "unchanged", "generation")}
    assert counts == {"new": 1, "changed": 0, "deleted": 0, "unchanged": 3, "generation": 2}
    assert [Path(problem["place"]).name for problem in committed["problems"]] == ["empty.txt"]
    assert found(run, index, "strike") == ["strike"]


def test_people_get_sentences(articles: Path, index: Path, run: Run) -> None:
    (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run.")
    (articles / "rice.txt").unlink()
    ran = run("watch", articles, "--index", index, "--once")
    assert ran.out == ""
    assert "Generation 2: 1 new, 0 changed, 1 deleted." in ran.err
    assert run("watch", articles, "--index", index, "--once", "--quiet").err == ""


def test_without_places_it_watches_those_that_the_index_remembers(articles: Path, index: Path, run: Run) -> None:
    (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run.")
    assert run("watch", "--index", index, "--once").code == 0
    assert found(run, index, "strike") == ["strike"]


@pytest.mark.parametrize("has_folder", [True, False])
def test_without_places_it_watches_the_feeds_that_were_watched_too(
    articles: Path, run: Run, tmp_path: Path, has_folder: bool
) -> None:
    pytest.importorskip("httpx")
    pytest.importorskip("feedparser")
    feed, index = tmp_path / "feed.xml", tmp_path / "followed"
    item = "<item><title>On otters</title><link>http://news.example/1</link><description>Otters.</description></item>"
    feed.write_text(f'<?xml version="1.0"?><rss version="2.0"><channel><title>Ledger</title>{item}</channel></rss>')
    os.utime(feed, (1_700_000_000, 1_700_000_000))
    assert run("watch", feed.as_uri(), *[articles] * has_folder, "--index", index, "--once").code == 0
    (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run.")
    ran = run("watch", "--index", index, "--once")
    watched = [str(articles)] * has_folder + [feed.as_uri()]
    assert (ran.code, f"Watching {', '.join(watched)} for" in ran.err) == (0, True)
    assert found(run, index, "strike") == ["strike"] * has_folder


def test_what_remembers_neither_places_nor_feeds_says_so(tmp_path: Path, run: Run) -> None:
    searchkit.build(tmp_path / "index", [{"id": "a", "text": "Otters swim."}], encoder=WordEncoder())
    ran = run("watch", "--index", tmp_path / "index", "--once")
    assert (ran.code, "remembers no places and no feeds" in ran.err) == (2, True)


def test_keep_keeps_what_has_vanished_and_yes_lets_it_go(articles: Path, index: Path, run: Run) -> None:
    for path in articles.iterdir():
        path.unlink()
    run("watch", articles, "--index", index, "--once", "--keep")
    ran = run("watch", articles, "--index", index, "--once")
    assert "3 of 3 articles have vanished" in ran.err
    assert len(found(run, index, "news")) == 3
    run("watch", articles, "--index", index, "--once", "--yes")
    assert found(run, index, "news") == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it(articles: Path, index: Path, run: Run, number: signal.Signals, code: int) -> None:
    pytest.importorskip("watchdog")
    with watching(articles, "--index", index) as it:
        it.event("started")
        (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run.")
        it.event("committed")
        ended, err = it.end(number)
    assert (ended, "Traceback" in err) == (code, False)
    assert found(run, index, "strike") == ["strike"]
    assert run("verify", "--index", index, "--deep").code == 0


def test_what_a_killed_one_missed_is_taken_up(articles: Path, index: Path, run: Run) -> None:
    pytest.importorskip("watchdog")
    with watching(articles, "--index", index) as it:
        it.event("started")
        for number in range(50):
            (articles / f"{number}.txt").write_text(f"Number {number}\n\nA report on {number}.")
        time.sleep(0.5)
        it.end(signal.SIGKILL)
    (articles / "tram.txt").unlink()
    with watching(articles, "--index", index) as it:
        it.event("committed")
        it.end(signal.SIGTERM)
    info = run("info", "--index", index, "--json").json()
    assert info["articles"] == 52


def test_without_watchdog_it_is_an_error_that_names_the_way_out(
    articles: Path, index: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchdog.events", None)
    ran = run("watch", articles, "--index", index)
    assert ran.code == 7
    assert "pip install watchdog" in ran.err
    assert "--poll" in ran.err


def test_without_httpx_a_feed_is_an_error(index: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    ran = run("watch", "http://127.0.0.1:9/feed", "--index", index, "--once")
    assert ran.code == 7
    assert "pip install httpx" in ran.err


@pytest.mark.parametrize(("place", "code"), [("nowhere", 8), ("-", 2), ("http://", 2), ("https://[x/feed", 2)])
def test_a_place_that_cannot_be_watched_is_an_error_at_once(index: Path, run: Run, place: str, code: int) -> None:
    ran = run("watch", place, "--index", index)
    assert ran.code == code
    assert "Traceback" not in ran.err
