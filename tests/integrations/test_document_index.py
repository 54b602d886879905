"""Is a folder of documents an index from the first document on, whoever writes it?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from searchkit.errors import ConfigError, IndexCorrupt, SourceError
from searchkit.integrations.document_index import ALL, DocumentIndex
from searchkit.search.searcher import open_index
from searchkit.types import Article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


def article(name: str, text: str = "The ferry sails at nine.") -> Article:
    return Article(id=name, text=text, fields={"desk": "city"})


def test_before_the_first_document_there_is_nothing_and_no_folder(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    index.write([])
    assert (index.searcher, index.articles(), index.article("a"), index.count()) == (None, [], None, 0)
    assert index.delete(where=ALL) == 0
    assert not index.path.exists()


def test_of_several_articles_of_one_id_the_last_is_written(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    index.write([article("a"), article("b"), article("a", "A whale.")])
    assert [(each.id, each.text) for each in index.articles()] == [("a", "A whale."), ("b", "The ferry sails at nine.")]
    index.close()


def test_threads_that_write_the_first_document_at_once_lose_none(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: index.write([article(f"a{number}")]), range(4)))
    assert {each.id for each in index.articles()} == {"a0", "a1", "a2", "a3"}
    index.close()


class SlowEncoder(WordEncoder):
    """An encoder that waits, while it encodes chunks, until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go_on = Event(), Event()

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        self.begun.set()
        assert self.may_go_on.wait(30)
        return super().encode_chunks(texts, progress)


def test_while_the_index_is_being_made_it_is_empty_and_a_second_writer_waits(tmp_path: Path) -> None:
    slow = SlowEncoder()
    first = DocumentIndex(tmp_path / "index", encoder=slow)
    second = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    with ThreadPoolExecutor(2) as threads:
        threads.submit(first.write, [article("a")])
        assert slow.begun.wait(30)
        assert (second.searcher, second.count(), second.delete(["a"])) == (None, 0, 0)
        later = threads.submit(second.write, [article("b")])
        slow.may_go_on.set()
        later.result(30)
    assert {each.id for each in second.articles()} == {"a", "b"}
    first.close()
    second.close()


def test_an_index_that_lost_its_state_is_neither_read_as_empty_nor_written_over(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    index.write([article("a")])
    index.close()
    (tmp_path / "index" / "CURRENT").unlink()
    with pytest.raises(IndexCorrupt):
        index.count()
    with pytest.raises(IndexCorrupt):
        index.write([article("b")])
    with pytest.raises(IndexCorrupt):
        index.delete(["a"])


def test_what_another_program_writes_is_found(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder(), refresh_after_s=0)
    index.write([article("a")])
    other = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    other.write([article("b")])
    assert index.searcher is not None
    assert [result.article.id for result in index.searcher.search("ferry").results] == ["a", "b"]
    index.close()
    other.close()


def test_closed_it_may_be_used_again(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    index.write([article("a")])
    index.close()
    assert index.count() == 1
    index.close()


def test_an_article_that_can_not_be_written_leaves_no_index(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    with pytest.raises(SourceError):
        index.write([article("a"), article("b", "")])
    assert index.searcher is None


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(ConfigError):
        DocumentIndex(tmp_path, encoder=WordEncoder()).write([article("a")])


def test_what_is_written_is_an_index_like_any_other(tmp_path: Path) -> None:
    index = DocumentIndex(tmp_path / "index", encoder=WordEncoder())
    index.write([article("a"), article("b")])
    assert index.delete(["a", "nobody"]) == 1
    with open_index(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert searcher.article_ids(where={"field": "desk", "eq": "city"}) == ("b",)
    index.close()
