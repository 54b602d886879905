"""An index from a stranger: links, pipes, foreign schemas and cells of any type are refused, and nothing is touched."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from searchkit import Article, gc
from searchkit.errors import IndexCorrupt, StorageError
from searchkit.index import manifest as manifests
from searchkit.index.article_source import buffered
from searchkit.index.articles_db import ArticlesReader, ArticlesWriter
from searchkit.index.generation import open_generation
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import current_generation
from searchkit.index.paths import IndexPaths
from searchkit.storage.array_file import ArrayFile, ArrayWriter
from searchkit.storage.files import make_folder, read_small
from tests.index.archive import article, built


@pytest.fixture
def index(tmp_path: Path) -> Path:
    built(tmp_path / "index", range(3))
    return tmp_path / "index"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "articles.sqlite"
    with ArticlesWriter(path) as writer:
        writer.add(article(1), (), ())
        writer.finish()
    return path


def test_a_small_file_is_read_whole_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_small(path, 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_small(path, 4)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing", "."):
        with pytest.raises(OSError, match=name):
            read_small(tmp_path / name, 5)


def test_the_folders_that_are_made_are_flushed_each_in_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr("searchkit.storage.files.flush", flushed.append)
    make_folder(tmp_path / "a" / "b" / "c")
    assert set(flushed) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}


@pytest.mark.parametrize("name", ["CURRENT", "generations/000001.json", "segments/000001/postings.bin"])
def test_a_link_in_the_place_of_a_file_is_damage(index: Path, tmp_path: Path, name: str) -> None:
    (index / name).rename(tmp_path / "moved")
    (index / name).symlink_to(tmp_path / "moved")
    with pytest.raises(IndexCorrupt, match=Path(name).name):
        open_generation(index)


@pytest.mark.parametrize("name", ["generations", "segments", "segments/000001"])
def test_a_link_in_the_place_of_a_folder_is_damage(index: Path, tmp_path: Path, name: str) -> None:
    (index / name).rename(tmp_path / "moved")
    (index / name).symlink_to(tmp_path / "moved")
    with pytest.raises(IndexCorrupt, match="is a link"):
        open_generation(index)


def test_nothing_is_removed_behind_a_link(index: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "000009").mkdir(parents=True)
    (index / "deletions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexCorrupt, match="deletions is a link"):
        gc(index)
    assert (tmp_path / "elsewhere" / "000009").is_dir()


def test_a_lock_that_leads_elsewhere_is_not_written_to(index: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (index / "LOCK").unlink()
    (index / "LOCK").symlink_to(tmp_path / "precious")
    with pytest.raises(IndexCorrupt, match="LOCK isn't a plain file"), writer_lock(index / "LOCK", "test"):
        pass
    assert (tmp_path / "precious").read_text() == "kept"


def test_current_is_not_read_without_end(index: Path) -> None:
    (index / "CURRENT").write_bytes(b"0" * 1_000_000)
    with pytest.raises(IndexCorrupt, match="CURRENT can't be read"):
        current_generation(IndexPaths(index))


def test_a_manifest_that_could_not_be_read_is_not_written(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = IndexPaths(index)
    manifest = manifests.read_manifest(paths, 1)
    monkeypatch.setattr(manifests, "MANIFEST_LIMIT_BYTES", 100)
    with pytest.raises(StorageError, match="more than 100 bytes"):
        manifests.write_manifest(paths, manifest)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TRIGGER t AFTER INSERT ON articles BEGIN SELECT 1; END",
        "CREATE VIEW v AS SELECT load_extension('evil')",
        "CREATE INDEX i ON articles (length(text))",
        "ALTER TABLE articles ADD COLUMN made AS (hex(zeroblob(9)))",
        "DROP TABLE dates",
        "CREATE TABLE more (x)",
    ],
)
def test_a_schema_that_the_writer_never_made_is_refused(stored: Path, script: str) -> None:
    with closing(sqlite3.connect(stored)) as db:
        db.executescript(script)
    with pytest.raises(IndexCorrupt, match="schema"), ArticlesReader(stored) as reader:
        reader.article_row("a001")


@pytest.mark.parametrize(
    "change",
    [
        "id = x'ff'",
        "title = x'00'",
        "digest = 'text'",
        "authors = '{}'",
        "tags = '[1]'",
        "fields = '[]'",
        "fields = '{\"a\": [[1]]}'",
        'sections = \'[{"heading": 1, "start": 0, "end": 1}]\'',
        "sections = '[{\"more\": 1}]'",
        "authors = replace(hex(zeroblob(60000)), '00', '[')",
        "published = 'yesterday'",
        "published = '2025-01-01T00:00:00'",
        "published = x'00'",
        "row = 7",
    ],
)
def test_a_cell_that_the_writer_never_wrote_is_damage(stored: Path, change: str) -> None:
    with closing(sqlite3.connect(stored, isolation_level=None)) as db:
        db.execute(f"UPDATE articles SET {change}")
    with pytest.raises(IndexCorrupt, match=r"articles\.sqlite"):
        read_all(stored)


def read_all(path: Path) -> None:
    with ArticlesReader(path) as reader:
        reader.origins()
        reader.held()
        reader.stored(0)


def test_articles_are_awaited_in_their_order_whatever_fits_into_memory() -> None:
    articles = [article(number, text=f"Text {number}. " * 20) for number in (3, 1, 1, 2, 9)]
    articles.append(Article(id="with a space", text="x", title=""))
    for characters in (1, 500, 10**6):
        assert list(buffered(iter(articles), characters)) == articles
    assert list(buffered([], 1)) == []


def test_a_small_array_file_that_is_cut_short_under_a_reader_still_answers(tmp_path: Path) -> None:
    path = tmp_path / "arrays"
    with ArrayWriter(path, b"SKTEST01") as writer:
        writer.write("numbers", 4, np.arange(1000))
        writer.finish()
    file = ArrayFile(path, b"SKTEST01")
    os.truncate(path, 10)
    assert file.array("numbers", 4).tolist() == list(range(1000))
