from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit.config import Settings
from searchkit.errors import ConfigError, IndexLocked, IndexNotFound
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import manifest_in_force
from searchkit.index.paths import IndexPaths
from searchkit.index.search_settings import choose
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

FOUND = Settings(search={"vector_weight": 1.5}, encoder="words", fingerprint=WordEncoder().fingerprint)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    built(tmp_path / "index", range(8))
    return tmp_path / "index"


def settings_of(index: Path) -> Settings | None:
    return manifest_in_force(IndexPaths(index)).settings


def test_chosen_settings_are_in_force_until_others_are(index: Path) -> None:
    assert settings_of(index) is None
    assert choose(index, FOUND).generation == 2
    assert settings_of(index) == FOUND
    assert choose(index, FOUND).generation == 2
    assert choose(index, None).generation == 3
    assert settings_of(index) is None


def test_no_segment_is_written_for_them(index: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (index / "segments").rglob("*")}
    manifest = choose(index, FOUND)
    assert {path: path.stat().st_mtime_ns for path in (index / "segments").rglob("*")} == before
    assert manifest.parent == 1
    assert not searchkit.verify(index).faults


def test_changes_keep_them_and_a_rollback_brings_back_those_of_before(index: Path) -> None:
    choose(index, FOUND)
    searchkit.add(index, [article(20)], encoder=WordEncoder())
    searchkit.delete(index, ["a001"])
    searchkit.compact(index)
    assert settings_of(index) == FOUND
    searchkit.rebuild(index, [article(number) for number in range(6)], encoder=WordEncoder())
    assert settings_of(index) == FOUND
    searchkit.rollback(index, 1)
    assert settings_of(index) is None


def test_a_copy_has_them_and_gc_leaves_them(index: Path, tmp_path: Path) -> None:
    choose(index, FOUND)
    searchkit.gc(index, keep=1)
    assert settings_of(index) == FOUND
    searchkit.backup(index, tmp_path / "copy")
    assert settings_of(tmp_path / "copy") == FOUND
    choose(index, None)
    searchkit.restore(tmp_path / "copy", index)
    assert settings_of(index) == FOUND
    assert not searchkit.verify(index, deep=True, encoder=WordEncoder()).faults


def test_another_encoder_ends_them_and_the_report_says_so(index: Path) -> None:
    choose(index, FOUND)
    report = searchkit.rebuild(index, [article(1)], encoder=WordEncoder(name="others"))
    assert settings_of(index) is None
    assert any("The settings chosen for 'words'" in note for note in report.notes)


def test_settings_for_other_vectors_are_refused(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vectors of another encoder"):
        choose(index, Settings(search={}, encoder="other", fingerprint="00ff"))
    with pytest.raises(IndexNotFound):
        choose(tmp_path / "none", FOUND)
    assert not (tmp_path / "none").exists()
    with writer_lock(IndexPaths(index).lock, "build"), pytest.raises(IndexLocked):
        choose(index, FOUND)
    assert manifest_in_force(IndexPaths(index)).generation == 1
