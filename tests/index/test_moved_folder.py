"""A searcher answers from the files that it opened and checked, whatever becomes of their folder."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, build
from searchkit.errors import IndexCorrupt, IndexNotFound
from searchkit.index import vector_index
from searchkit.index.articles_db import ArticlesReader
from searchkit.index.paths import ARTICLES
from searchkit.storage import files
from searchkit.storage.files import HeldFile
from tests.word_encoder import WordEncoder

WORDS = ("rice", "tram", "oil", "court", "radar", "harvest")


def made(folder: Path, name: str, count: int = 40) -> None:
    build(
        folder,
        [
            Article(id=f"{name}{number}", text=f"The {WORDS[number % 6]} of {name}, report {number}.", title=name)
            for number in range(count)
        ],
        encoder=WordEncoder(),
    )


@pytest.fixture(params=["few", "scanned"])
def two(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two indexes of one form; in one case FAISS scans them."""
    if request.param == "scanned":
        monkeypatch.setattr(vector_index, "_FEW", 2)
    made(tmp_path / "mine", "mine")
    made(tmp_path / "other", "other")
    return tmp_path


def asked(searcher: searchkit.Searcher, word: str) -> set[str]:
    return {result.article.id for result in searcher.search(f"{word} report", k=50).results}


def exchange(folder: Path) -> None:
    (folder / "mine").rename(folder / "moved")
    (folder / "other").rename(folder / "mine")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it may be an error")
@pytest.mark.parametrize("what", [exchange, lambda folder: (folder / "mine").rename(folder / "moved")])
def test_many_threads_read_on_from_a_folder_that_was_moved(two: Path, what) -> None:  # type: ignore[no-untyped-def]
    with searchkit.open(two / "mine", encoder=WordEncoder()) as searcher:
        what(two)
        with ThreadPoolExecutor(8) as threads:
            for article_ids in threads.map(lambda number: asked(searcher, WORDS[number % 6]), range(40)):
                assert article_ids
                assert all(article_id.startswith("mine") for article_id in article_ids)


def deleted(folder: Path) -> None:
    shutil.rmtree(folder / "mine")


def deleted_and_made_anew(folder: Path) -> None:
    deleted(folder)
    made(folder / "mine", "new")


def deleted_and_another_moved_there(folder: Path) -> None:
    deleted(folder)
    (folder / "other").rename(folder / "mine")


def articles_deleted(folder: Path) -> None:
    (folder / "mine/segments/000001" / ARTICLES).unlink()


GONE = [deleted, deleted_and_made_anew, deleted_and_another_moved_there, articles_deleted]


@pytest.mark.parametrize("what", GONE)
def test_an_index_that_was_deleted_while_it_was_open_is_told_to_be_gone(two: Path, what) -> None:  # type: ignore[no-untyped-def]
    with searchkit.open(two / "mine", encoder=WordEncoder()) as searcher:
        what(two)
        for attempt in (
            lambda: asked(searcher, "rice"),
            lambda: searcher.search("rice", mode="keyword"),
            lambda: searcher.search("rice", mode="vector"),
            lambda: searcher.article("mine1"),
        ):
            with pytest.raises(IndexCorrupt, match=r"was deleted while|moved or another put") as raised:
                attempt()
            assert "refresh()" in raised.value.hint
            assert "PATH" not in str(raised.value)
        if what is deleted:
            with pytest.raises(IndexNotFound, match="There is no index"):
                searcher.refresh()


@pytest.mark.parametrize("what", [deleted_and_made_anew, deleted_and_another_moved_there])
def test_the_index_that_was_made_in_its_place_is_gone_over_to(two: Path, what) -> None:  # type: ignore[no-untyped-def]
    with searchkit.open(two / "mine", encoder=WordEncoder()) as searcher:
        what(two)
        searcher.refresh()
        name = "new" if what is deleted_and_made_anew else "other"
        assert {article_id.rstrip("0123456789") for article_id in asked(searcher, "rice")} == {name}


def test_no_answer_is_from_the_index_that_was_put_in_its_place(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no name for an open file, it is a typed error."""
    monkeypatch.setattr(files, "OPEN_FILES", "/nowhere")
    with searchkit.open(two / "mine", encoder=WordEncoder()) as searcher:
        searcher.search("rice report", k=1)  # what was shown is remembered, and read no more
        exchange(two)
        with searcher._reading() as reading:
            for segment in reading.generation.segments:
                segment.articles._idle.clear()  # as when more threads ask than before
        with pytest.raises(IndexCorrupt, match="moved or another put in its place"):
            asked(searcher, "rice")


def test_a_copy_in_the_place_of_a_folder_is_another_file(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "OPEN_FILES", "/nowhere")
    path = two / "mine/segments/000001" / ARTICLES
    reader = ArticlesReader(path)
    assert reader.article_row("mine3") == 3
    shutil.copy(path, two / "copy")
    (two / "copy").replace(path)
    reader._idle.clear()
    with pytest.raises(IndexCorrupt, match="open it again where it is now"):
        reader.article_row("mine3")


def test_a_file_that_is_exchanged_while_it_is_opened_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("other")
    held = HeldFile(tmp_path / "a")

    def exchange_it() -> None:
        with held.named() as path:
            (tmp_path / "b").replace(path)

    with pytest.raises(FileNotFoundError):
        exchange_it()


def test_what_was_let_go_of_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    held = HeldFile(tmp_path / "a")
    held.close()
    with pytest.raises(FileNotFoundError), held.named():
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_closing_lets_go_of_the_articles(two: Path) -> None:
    def count() -> int:
        opened = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        return sum(name.startswith(str(two)) and name.endswith(ARTICLES) for name in opened)

    with searchkit.open(two / "mine", encoder=WordEncoder()) as searcher, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: asked(searcher, WORDS[number % 6]), range(8)))
        assert count() > 0
    assert count() == 0
