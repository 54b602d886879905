"""Writing to a cluster: nothing is lost, and nothing half is ever seen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import Article, build
from searchkit.errors import (
    BackendError,
    ClusterReadOnly,
    ConfigError,
    CursorExpired,
    EncoderMismatch,
    FormatTooNew,
    FormatTooOld,
    IndexCorrupt,
    IndexExists,
    IndexForeign,
    IndexLocked,
    IndexNotFound,
)
from searchkit.index.manifest import sealed
from searchkit.opensearch import build as cluster_build
from searchkit.opensearch import cluster_writer as writer
from searchkit.opensearch import writer_lease as lock
from searchkit.opensearch.address import address_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.mapping import META
from searchkit.opensearch.names import generations, holders
from searchkit.opensearch.writer_lease import WriterLease
from tests.contract.engines import opened, remove
from tests.index.archive import article
from tests.word_encoder import WordEncoder

pytestmark = pytest.mark.slow


@pytest.fixture
def address(cluster: str) -> Iterator[str]:
    """The address of an index that isn't there, which is removed afterwards."""
    index = f"{cluster}/writing"
    remove(index)
    yield index
    remove(index)


@pytest.fixture
def connection(address: str) -> Iterator[Cluster]:
    cluster = Cluster(address_of(address))
    yield cluster
    cluster.close()


def folder(path: Path, numbers: range = range(12), **values: Any) -> Path:
    """Build an index in a folder."""
    build(path, [article(number, **values) for number in numbers], encoder=WordEncoder())
    return path


def copy(source: Path, address: str) -> writer.CopyReport:
    return cluster_build.copy(source, address_of(address))


def test_each_copy_is_the_next_generation_and_two_are_kept(tmp_path: Path, address: str, connection: Cluster) -> None:
    for number in range(1, 4):
        report = copy(folder(tmp_path / str(number), range(number * 3)), address)
        assert (report.generation, report.articles) == (number, number * 3)
    assert list(generations(connection)) == [2, 3]
    assert holders(connection) == ["writing-000003"]
    with opened(address) as searcher:
        assert searcher.count() == 9
        assert searcher.info().generation == 3


def test_a_build_makes_an_index_and_no_second_one(address: str) -> None:
    report = cluster_build.build(address, [article(number) for number in range(5)], encoder=WordEncoder())
    assert (report.path, report.generation, report.articles, report.problems) == (address, 1, 5, ())
    with pytest.raises(IndexExists):
        cluster_build.build(address, [article(1)], encoder=WordEncoder())


def test_a_build_tells_what_it_could_not_read(address: str) -> None:
    report = cluster_build.build(address, [{"id": "a", "text": "Radar."}, {"id": "b"}], encoder=WordEncoder())
    assert report.articles == 1
    assert len(report.problems) == 1


def test_a_searcher_stays_in_its_generation_until_it_is_refreshed(tmp_path: Path, address: str) -> None:
    copy(folder(tmp_path / "1", range(4)), address)
    with opened(address) as searcher:
        page = searcher.search("report", k=2)
        copy(folder(tmp_path / "2", range(8)), address)
        assert searcher.count() == 4
        assert searcher.refresh()
        assert not searcher.refresh()
        assert searcher.count() == 8
        following = searcher.search("report", k=2, cursor=page.next_cursor)
        assert following.generation == 1
        assert len(following.results) == 2
    with opened(address) as other, pytest.raises(CursorExpired):
        other.search("report", k=2, cursor=page.next_cursor)


def test_readers_never_see_two_generations_in_an_answer(tmp_path: Path, address: str) -> None:
    sources = [folder(tmp_path / str(n), text=f"Report of generation {n} on missiles.") for n in range(2)]
    copy(sources[0], address)
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        with searchkit.open(address, encoder=WordEncoder(), refresh_after_s=0) as searcher:
            while not done.is_set():
                try:
                    answer = searcher.search("missiles", k=12)
                except searchkit.SearchkitError as error:
                    wrong.append(error)
                    return
                texts = {result.article.text for result in answer.results}
                if len(texts) != 1 or len(answer.results) != 12:
                    wrong.append((texts, len(answer.results)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 5):
        copy(sources[number % 2], address)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_second_writer_is_told_who_writes(tmp_path: Path, address: str, connection: Cluster) -> None:
    source = folder(tmp_path / "index")
    with WriterLease(connection, "test"), pytest.raises(IndexLocked, match=f"process {os.getpid()}"):
        copy(source, address)
    assert copy(source, address).generation == 1


def test_a_lease_that_ran_out_is_taken_over_once(connection: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LEASE_S", 0.05)
    first = WriterLease(connection, "first")
    with first:
        time.sleep(0.1)
        monkeypatch.setattr(lock, "LEASE_S", 60.0)
        with WriterLease(connection, "second"):
            with pytest.raises(IndexLocked):
                WriterLease(connection, "third").__enter__()
            with pytest.raises(IndexLocked):
                first.renew()


KILLED = """
import os, signal, sys
from pathlib import Path
from searchkit.opensearch import build
from searchkit.opensearch import cluster_writer as writer
from searchkit.opensearch.address import address_of
writer.BULK_BYTES = 20_000
sent = 0
send = writer._Bulk._send
def killed(self, lines):
    global sent
    sent += 1
    if sent == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return send(self, lines)
writer._Bulk._send = killed
build.copy(Path(sys.argv[1]), address_of(sys.argv[2]))
"""


def test_a_writer_that_is_killed_leaves_what_was_there(tmp_path: Path, address: str, connection: Cluster) -> None:
    copy(folder(tmp_path / "1", range(4)), address)
    source = folder(tmp_path / "2", range(40))
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, source, address, "3"], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert holders(connection) == ["writing-000001"]
    assert list(generations(connection)) == [1, 2]
    with opened(address) as searcher:
        assert searcher.count() == 4
    report = copy(source, address)
    assert report.articles == 40
    with opened(address) as searcher:
        assert searcher.count() == 40
    assert list(generations(connection)) == [1, report.generation]


def test_what_is_turned_away_for_want_of_room_is_sent_again(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, ask, turned = folder(tmp_path / "index"), Cluster.ask, []

    def busy(self: Cluster, method: str, path: str, *rest: Any, **more: Any) -> Any:
        answer = ask(self, method, path, *rest, **more)
        if path.endswith("/_bulk") and not turned:
            for item in answer["items"][::2]:
                item["index"] |= {"status": 429}
                turned.append(item["index"]["_id"])
        return answer

    monkeypatch.setattr(Cluster, "ask", busy)
    assert copy(source, address).articles == 12
    assert len(turned) == 6


def test_an_article_that_is_refused_is_named_and_nothing_is_put_in_force(
    tmp_path: Path, address: str, connection: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(folder(tmp_path / "1", range(4)), address)
    source = folder(tmp_path / "2")
    document = writer.document

    def strange(article: Article, *rest: Any) -> dict[str, Any]:
        values = document(article, *rest)
        return values | {"nobody knows this field": 1} if article.id == "a005" else values

    monkeypatch.setattr(writer, "document", strange)
    with pytest.raises(BackendError, match="a005"):
        copy(source, address)
    assert holders(connection) == ["writing-000001"]
    assert list(generations(connection)) == [1]


def test_an_index_that_takes_no_writes_says_so(
    tmp_path: Path, address: str, connection: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder(tmp_path / "index")
    body = writer.index_body

    def blocked(*arguments: Any, **options: Any) -> dict[str, Any]:
        values = body(*arguments, **options)
        values["settings"]["index"]["blocks"] = {"write": True}
        return values

    monkeypatch.setattr(writer, "index_body", blocked)
    with pytest.raises((ClusterReadOnly, BackendError), match="block"):
        copy(source, address)
    assert holders(connection) == []


def test_what_is_not_ours_is_neither_read_nor_written(tmp_path: Path, address: str, connection: Cluster) -> None:
    name = connection.address.name
    with pytest.raises(IndexNotFound):
        opened(address)
    connection.ask("PUT", f"/{name}", {})
    try:
        for call in (lambda: opened(address), lambda: copy(folder(tmp_path / "index"), address)):
            with pytest.raises(IndexForeign):
                call()
    finally:
        connection.ask("DELETE", f"/{name}")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda meta: sealed(meta | {"format": 99}), FormatTooNew),
        (lambda meta: sealed(meta | {"format": 0}), FormatTooOld),
        (lambda meta: meta | {"articles": 7}, IndexCorrupt),
        (lambda meta: sealed({name: value for name, value in meta.items() if name != "manifest"}), IndexCorrupt),
        (lambda meta: {"format": 1, "unfinished": True}, IndexCorrupt),
    ],
)
def test_a_manifest_that_can_not_be_read_is_a_typed_error(
    tmp_path: Path, address: str, connection: Cluster, change: Any, error: type[Exception]
) -> None:
    report = copy(folder(tmp_path / "index"), address)
    mapping = connection.ask("GET", f"/{report.index}/_mapping")[report.index]["mappings"]
    connection.ask("PUT", f"/{report.index}/_mapping", {"_meta": {META: change(mapping["_meta"][META])}})
    with pytest.raises(error):
        opened(address)


def test_another_encoder_and_another_generation_are_typed_errors(tmp_path: Path, address: str) -> None:
    copy(folder(tmp_path / "index"), address)
    with searchkit.open(address, encoder=WordEncoder(dimension=32)) as searcher:
        with pytest.raises(EncoderMismatch):
            searcher.search("missiles")
        assert searcher.search("missiles", mode="keyword").results
    with pytest.raises(ConfigError, match="no generation 9"):
        searchkit.open(address, generation=9)
    with searchkit.open(address, generation=1, encoder=WordEncoder()) as searcher:
        assert searcher.search("missiles").results


def test_an_article_of_many_chunks_and_one_without_any_are_written(address: str) -> None:
    long = Article(id="long", text="\n\n".join(f"Paragraph {n} tells of radar {n}." for n in range(3_000)))
    empty = Article(id="titled", title="Radar of the port", text="")
    cluster_build.build(address, [long, empty, replace(long, id="short", text="Radar.")], encoder=WordEncoder())
    with opened(address) as searcher:
        assert len(searcher.chunks("long")) > 300
        answer = searcher.search("paragraph 2345", k=3, mode="keyword")
        assert answer.results[0].article.id == "long"
        assert "2345" in answer.results[0].chunks[0].chunk.text
        assert {result.article.id for result in searcher.search("radar", k=5, mode="keyword").results} >= {"short"}
