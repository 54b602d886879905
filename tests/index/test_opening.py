from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

import searchkit
from searchkit import add, build
from searchkit.index.backup import backup, restore
from searchkit.index.update import compact
from tests.index.archive import article
from tests.word_encoder import WordEncoder


def built(index: Path) -> None:
    build(index, [article(number) for number in range(20)], encoder=WordEncoder())


def added(index: Path) -> None:
    built(index)
    add(index, [article(3, text="A zebra crossed the road."), article(30)], encoder=WordEncoder())


def compacted(index: Path) -> None:
    added(index)
    compact(index)


def restored(index: Path) -> None:
    built(index.with_name("first"))
    backup(index.with_name("first"), index.with_name("copy"))
    restore(index.with_name("copy"), index)


@pytest.mark.parametrize("made", [built, added, compacted, restored])
def test_what_was_written_a_moment_ago_is_opened_without_being_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    for module in ("storage.digest_cache", "index.manifest"):
        monkeypatch.setattr(f"searchkit.{module}.LARGE_BYTES", 1)
    made(tmp_path / "index")
    read: list[str] = []
    real = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda file, kind: read.append(Path(file.name).name) or real(file, kind)
    )
    searchkit.open(tmp_path / "index", encoder=WordEncoder()).close()
    # What is deleted takes two small files, whose digests are checked every time.
    assert [name for name in read if not name.startswith("000")] == []
