"""Is what was kept found again, and only while it is true?"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from searchkit.storage.digest_cache import cache_folder, digest, forget_digests, publish, write_text


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(b"a" * (1 << 20))
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_folder_is_the_named_one_or_the_users(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == folder
    monkeypatch.delenv("SEARCHKIT_CACHE")
    assert cache_folder().name == "searchkit"


def test_a_digest_is_remembered_until_the_file_changes(large: Path, folder: Path) -> None:
    right = hashlib.sha256(large.read_bytes()).hexdigest()
    assert digest(large) == right
    (note,) = (folder / "digests").iterdir()
    note.write_text("f" * 64)
    assert digest(large) == "f" * 64, "it was not hashed again"
    note.write_text("nonsense")
    assert digest(large) == right
    stat = large.stat()
    large.write_bytes(b"b" * (1 << 20))
    os.utime(large, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert digest(large) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_a_digest_needs_no_cache_that_can_be_written(large: Path, folder: Path) -> None:
    folder.write_text("not a folder")
    assert digest(large) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_a_small_file_is_simply_hashed(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "small").write_bytes(b"abc")
    assert digest(tmp_path / "small") == hashlib.sha256(b"abc").hexdigest()
    assert not folder.exists()


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError, match="target"):
        write_text(tmp_path / "target", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    for name, text in (("old", "1"), ("draft", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(text)
    publish(tmp_path / "draft", tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "file").read_text() == "2"


def test_digests_that_nobody_asks_for_are_forgotten(tmp_path: Path, folder: Path) -> None:
    def weights(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(name.encode() * (1 << 20))
        digest(path)
        return path

    def aged(days: int, *paths: Path) -> None:
        for path in paths:
            os.utime(path, (time.time() - days * 86_400,) * 2)

    notes = folder / "digests"
    used = weights("used")
    (kept,) = notes.iterdir()
    weights("changed")
    aged(90, *notes.iterdir(), folder / ".digests-tidied")
    digest(used)
    weights("new")
    assert kept in notes.iterdir(), "it was asked for a moment ago"
    assert len(list(notes.iterdir())) == 2
    aged(90, *notes.iterdir())
    weights("newer")
    assert len(list(notes.iterdir())) == 3, "they are looked through once a week"
    assert forget_digests() == 3 * 64
    assert list(notes.iterdir()) == []
    assert forget_digests() == 0
