"""Does asyncio get what a program without it gets, and does nobody wait who needn't?"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import searchkit
from searchkit import F, Searcher
from searchkit.aio import AsyncSearcher
from searchkit.errors import ConfigError, IndexNotFound, OperationTimeout, QueryError, SearchkitError
from tests.index.archive import article, built, tree
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


class GatedEncoder(WordEncoder):
    """Encodes queries only while its gate is open, and counts how many wait at it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.waiting = self.most = 0
        self.guard = threading.Lock()

    def encode_query(self, text: str) -> Vector:
        with self.guard:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        self.gate.wait(10)
        with self.guard:
            self.waiting -= 1
        return super().encode_query(text)

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        return WordEncoder().encode_chunks(texts, progress)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aio") / "index"
    built(folder, range(12))
    return folder


async def until(condition: Any) -> None:
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to be")


def test_every_method_of_a_searcher_is_there_with_the_same_answer(index: Path) -> None:
    async def main() -> None:
        async with searchkit.aio.open(index, encoder=WordEncoder()) as searcher:
            with searchkit.open(index, encoder=WordEncoder()) as plain:
                answer = await searcher.search("missiles", k=3, where=F("tag") == "even", facets="tag")
                expected = plain.search("missiles", k=3, where=F("tag") == "even", facets="tag")
                assert (answer.results, answer.facets) == (expected.results, expected.facets)
                assert await searcher.suggest("miss") == plain.suggest("miss")
                assert await searcher.article("a003") == plain.article("a003")
                assert await searcher.vector_weight() == plain.vector_weight()
                assert await searcher.count() == 12
            with pytest.raises(QueryError):
                await searcher.search("")

    asyncio.run(main())
    methods = {name for name, each in vars(Searcher).items() if inspect.isfunction(each) and name[0] != "_"}
    assert all(inspect.iscoroutinefunction(getattr(AsyncSearcher, name)) for name in methods)


def test_it_is_opened_by_await_as_well_and_errors_come_there(index: Path, tmp_path: Path) -> None:
    async def main() -> None:
        searcher = await searchkit.aio.open(index)
        await searcher.close()
        await searcher.close()
        with pytest.raises((SearchkitError, RuntimeError)):
            await searcher.count()
        with pytest.raises(IndexNotFound):
            await searchkit.aio.open(tmp_path / "nothing")
        async with searchkit.aio.open_many({"a": index, "b": index}) as both:
            assert await both.count() == 24

    asyncio.run(main())
    for arguments in ({"threads": 0}, {"threads": 1.5}, {"timeout_s": 0}, {"timeout_s": True}):
        with pytest.raises(ConfigError):
            searchkit.aio.open(index, **arguments)


def test_no_more_run_at_once_than_there_are_threads_and_the_loop_goes_on(index: Path) -> None:
    encoder = GatedEncoder()

    async def main() -> None:
        async with searchkit.aio.open(index, encoder=encoder, threads=2) as searcher:
            tasks = [asyncio.create_task(searcher.search(f"missiles {number}")) for number in range(5)]
            await until(lambda: encoder.waiting == 2)
            await asyncio.sleep(0.02)
            assert encoder.most == 2
            assert not any(task.done() for task in tasks)
            encoder.gate.set()
            assert len(await asyncio.gather(*tasks)) == 5

    asyncio.run(main())


def test_time_that_is_up_and_cancellation_free_the_caller_at_once(index: Path) -> None:
    encoder = GatedEncoder()

    async def main() -> None:
        async with searchkit.aio.open(index, encoder=encoder, threads=1, timeout_s=30) as searcher:
            started = time.monotonic()
            with pytest.raises(OperationTimeout, match=r"in 0\.05 s"):
                await searcher.within(0.05).search("missiles")
            queued = asyncio.create_task(searcher.search("never begun"))
            await asyncio.sleep(0.01)
            queued.cancel()
            with pytest.raises(asyncio.CancelledError):
                await queued
            assert time.monotonic() - started < 5
            encoder.gate.set()
            assert (await searcher.search("missiles")).results
            assert encoder.waiting == 0

    asyncio.run(main())


def test_answers_come_in_order_and_articles_one_after_another(index: Path) -> None:
    async def main() -> None:
        async with searchkit.aio.open(index, encoder=WordEncoder(), threads=3) as searcher:
            texts = ["missiles", "rice", "trams", "nurses", "oil", "court", "orchestra"]
            answers = [answer.query.text async for answer in searcher.answers(iter(texts), mode="keyword")]
            assert answers == texts
            async for answer in searcher.answers(texts):
                assert answer.results
                break
            where = F("tag") == "odd"
            ids = [article.id async for article in searcher.articles(where=where)]
            assert ids == list(await searcher.article_ids(where=where))
            assert len(ids) == 6

    asyncio.run(main())


def test_a_writer_takes_async_articles_and_tells_its_progress_in_the_loop(tmp_path: Path) -> None:
    told: list[str] = []
    threads: set[int] = set()

    def progress(stage: str, done: int, total: int) -> None:
        told.append(stage)
        threads.add(threading.get_ident())

    async def articles() -> AsyncIterator[searchkit.Article]:
        for number in range(5):
            await asyncio.sleep(0)
            yield article(number)

    async def main() -> None:
        folder = tmp_path / "index"
        report = await searchkit.aio.build(folder, articles(), encoder=WordEncoder(), progress=progress)
        assert report.articles == 5
        assert (await searchkit.aio.add(folder, [article(7)], encoder=WordEncoder())).new == 1
        assert (await searchkit.aio.update(folder, articles(), encoder=WordEncoder())).unchanged == 5
        assert (await searchkit.aio.delete(folder, ["a007"])).deleted == 1
        assert (await searchkit.aio.rebuild(folder, encoder=WordEncoder())).articles == 5
        assert (await searchkit.aio.compact(folder)).generation
        with pytest.raises(searchkit.SearchkitError):
            await searchkit.aio.build(folder, [article(1)], encoder=WordEncoder())
        await asyncio.sleep(0)
        assert "encode" in told
        assert threads == {threading.get_ident()}

    asyncio.run(main())


def test_a_cancelled_writer_leaves_the_index_as_it_was_and_the_lock_free(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    built(folder, range(4))
    before = {name for name in tree(folder) if not name.startswith(".")}

    async def endless(begun: asyncio.Event) -> AsyncIterator[searchkit.Article]:
        for number in range(10, 1_000_000):
            yield article(number)
            if number == 30:
                begun.set()
            await asyncio.sleep(0)

    async def main() -> None:
        begun = asyncio.Event()
        adding = asyncio.create_task(searchkit.aio.add(folder, endless(begun), encoder=WordEncoder()))
        await begun.wait()
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        with pytest.raises(OperationTimeout, match="the index is as it was"):
            await searchkit.aio.add(folder, endless(asyncio.Event()), encoder=WordEncoder(), timeout_s=0.05)
        assert {name for name in tree(folder) if not name.startswith(".")} == before
        assert (await searchkit.aio.add(folder, [article(5)], encoder=WordEncoder())).new == 1

    asyncio.run(main())
    with searchkit.open(folder) as searcher:
        assert searcher.count() == 5
