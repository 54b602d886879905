"""New generations under readers: none is refused, and no answer is mixed of two."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import searchkit
from tests.server.running_server import serving, wait_for_generation
from tests.word_encoder import WordEncoder

GENERATIONS = 6


def edition(number: int) -> list[dict[str, object]]:
    """Return the articles of a generation: all of them tell its number, and there are as many as it says."""
    text = f"The council met again. Edition {number} of the protocol has {number} parts."
    return [{"id": f"p{n}", "text": text, "language": "en", "edition": number} for n in range(10 + number)]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    searchkit.build(tmp_path / "news", edition(1), encoder=WordEncoder())
    with serving({"news": tmp_path / "news"}, tmp_path / "state", WordEncoder()) as url:
        yield url


def test_answers_are_whole_while_the_index_is_made_anew(url: str, tmp_path: Path) -> None:
    stop, failures, seen = threading.Event(), list[str](), set[int]()

    def check(client: httpx.Client, path: str) -> None:
        response = client.get(path)
        if response.status_code != 200:
            failures.append(response.text)
            return
        values = response.json()
        number = values["generation"]
        seen.add(number)
        if "results" in values:
            editions = {result["article"]["fields"]["edition"] for result in values["results"]}
            whole = editions == {number} and len(values["results"]) == 10 + number
            whole = whole and values["facets"]["edition"] == [{"value": str(number), "articles": 10 + number}]
        elif "articles" in values:
            whole = values["articles"] == 10 + number
        else:
            whole = f"Edition {number} " in values["text"] and values["chunks"][-1]["end"] == len(values["text"])
        if not whole or not response.headers["etag"].startswith(f'W/"{number}-'):
            failures.append(response.text)

    def read() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not stop.is_set():
                for path in ("search?q=protocol&k=50&facets=edition", "count", "articles/p3"):
                    check(client, f"/v1/news/{path}")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    with httpx.Client(base_url=url, timeout=30) as client:
        for number in range(2, GENERATIONS + 1):
            searchkit.rebuild(tmp_path / "news", edition(number), encoder=WordEncoder())
            wait_for_generation(client, "news", number)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert seen == set(range(1, GENERATIONS + 1))


def test_a_generation_that_cannot_be_opened_leaves_the_one_before(url: str, tmp_path: Path) -> None:
    current = tmp_path / "news" / "CURRENT"
    whole = current.read_bytes()
    current.write_bytes(b"seven")
    with httpx.Client(base_url=url, timeout=30) as client:
        while "problem" not in client.get("/v1/indexes").json()["indexes"][0]:
            assert client.get("/v1/news/count").json()["generation"] == 1
        assert "searchkit_follow_failures_total" in client.get("/metrics").text
        current.write_bytes(whole)
        searchkit.rebuild(tmp_path / "news", edition(2), encoder=WordEncoder())
        wait_for_generation(client, "news", 2)
        assert "problem" not in client.get("/v1/indexes").json()["indexes"][0]
