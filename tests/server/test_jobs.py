"""What changes an index over HTTP: jobs, their events, and what became of each line."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import searchkit
from searchkit.server import job_process
from tests.index.archive import article
from tests.server.running_server import (
    TOKENS,
    WRITE,
    bearer,
    command,
    serving,
    wait_for_generation,
    wait_for_job,
)

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "wire.jsonl"
    place.write_text("".join(json.dumps({"id": f"w{n}", "text": article(n).text}) + "\n" for n in range(4)))
    return place


@pytest.fixture
def index(place: Path, tmp_path: Path) -> Path:
    searchkit.build(tmp_path / "news", places=[place])
    return tmp_path / "news"


@pytest.fixture
def client(index: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving({"news": index}, tmp_path / "state", tokens=TOKENS) as url, asking(url) as client:
        yield client


def asking(url: str) -> httpx.Client:
    """Return a client that may write."""
    return httpx.Client(base_url=url, headers=bearer(WRITE), timeout=30)


def events(client: httpx.Client, job: str, after: int | None = None) -> list[tuple[int, str, Any]]:
    """Return the events of a job, until it has ended: number, kind and values."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = response.read().decode()
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return [(int(block["id"]), block["event"], json.loads(block["data"])) for block in blocks]


def test_an_index_is_changed_by_jobs_one_after_another(client: httpx.Client, index: Path, place: Path) -> None:
    lines = [
        b'{"id": "new", "title": "Strike", "text": "No ferries run today."}',
        b"",
        b'{"id": "empty"}',
        b"{",
        b'["no", "object"]',
        b'{"id": "w1", "text": "Changed."}',
        b'{"text": "It has no id."}',
        b"\xff",
    ]
    added = client.post("/v1/news/articles", content=b"\n".join(lines), headers=NDJSON)
    state = wait_for_job(client, added)
    assert (state["kind"], state["state"], state["index"]) == ("add", "done", "news")
    assert {name: state["report"][name] for name in ("generation", "new", "changed")} == {
        "generation": 2,
        "new": 2,
        "changed": 1,
    }
    told = [json.loads(line) for line in client.get(state["lines"]).text.splitlines()]
    assert [(line["line"], line["taken"]) for line in told] == [
        *((1, True), (3, False), (4, False), (5, False), (6, True), (7, True), (8, False))
    ]
    assert "has neither text nor title" in told[1]["reason"]
    assert told[4]["id"] == "w1"
    wait_for_generation(client, "news", 2)
    assert (
        client.get("/v1/news/search", params={"q": "ferries", "mode": "keyword"}).json()["results"][0]["article"]["id"]
        == "new"
    )

    numbered = events(client, state["id"])
    assert [number for number, _, _ in numbered] == list(range(len(numbered)))
    assert (numbered[0][1], numbered[-1][1]) == ("queued", "done")
    assert any(kind == "progress" and values["stage"] == "index" for _, kind, values in numbered)
    assert events(client, state["id"], after=numbered[-2][0]) == numbered[-1:]

    deleted = wait_for_job(client, client.post("/v1/news/delete", json={"ids": ["new", "w3", "none"]}))
    assert deleted["report"]["deleted"] == 2
    assert deleted["report"]["problems"][0]["reason"] == "no article has this id"

    rebuilt = wait_for_job(client, client.post("/v1/news/rebuild", json={"reuse": True}))
    assert rebuilt["report"]["articles"] == 5
    wait_for_generation(client, "news", rebuilt["report"]["generation"])
    assert client.get("/v1/news/count").json()["articles"] == 5
    assert 'searchkit_jobs_total{kind="add",ended="done"} 1' in client.get("/metrics").text


def test_what_is_no_job_is_a_problem(client: httpx.Client) -> None:
    for path in ("/v1/jobs/x", "/v1/jobs/x/events", "/v1/jobs/x/lines", f"/v1/jobs/{'0' * 32}", "/v1/jobs/..%2Fx"):
        assert client.get(path).status_code == 404, path
    assert client.post("/v1/news/delete", json={}).status_code == 400
    assert client.post("/v1/news/delete", json={"where": {"field": "a"}}).status_code == 400
    assert client.post("/v1/other/rebuild", json={}).status_code == 404
    assert client.post("/v1/news/articles", json={}).status_code == 415
    assert client.post("/v1/news/rebuild", json={"places": ["/etc"]}).status_code == 400


def test_an_update_reads_the_places_again(index: Path, place: Path, tmp_path: Path) -> None:
    place.write_text(place.read_text() + '{"id": "later", "text": "A later article."}\n')
    files = {"events": str(tmp_path / "events")}
    ended = job_process.run({"kind": "update", "path": str(index), "prune": False, "files": files})
    assert (ended["event"], ended["report"]["new"], ended["report"]["unchanged"]) == ("done", 1, 4)
    stages = {json.loads(line)["stage"] for line in (tmp_path / "events").read_text().splitlines()}
    assert stages >= {"index", "encode"}


def test_a_job_that_fails_tells_the_problem(client: httpx.Client) -> None:
    where = {"field": "desk", "exists": True}
    failed = wait_for_job(client, client.post("/v1/news/delete", json={"where": where}))
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "query-error")
    assert client.get(f"/v1/jobs/{failed['id']}/lines").status_code == 404


def test_killed_at_once_it_starts_again_and_nothing_is_lost(index: Path) -> None:
    more = "".join(json.dumps({"id": f"m{n}", "text": article(n).text * 20}) + "\n" for n in range(300))
    with command("--index", index, SEARCHKIT_WRITE_TOKEN=WRITE) as (url, process), asking(url) as client:
        taken = client.post("/v1/news/articles", content=more.encode(), headers=NDJSON)
        end = time.monotonic() + 20
        while client.get(taken.headers["location"]).json()["state"] == "queued":
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with command("--index", index, SEARCHKIT_WRITE_TOKEN=WRITE) as (url, _), asking(url) as client:
        values = client.get("/v1/news/count").json()
        assert (values["generation"], values["articles"]) == (1, 4)
        job = client.post("/v1/news/articles", content=b'{"id": "after", "text": "After."}', headers=NDJSON)
        assert wait_for_job(client, job)["report"]["new"] == 1  # whoever wrote has let go of the index
    assert not searchkit.verify(index).faults
