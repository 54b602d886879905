from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import searchkit
from searchkit import add, backup, build, compact, delete, gc, rebuild, restore, rollback, verify
from searchkit.errors import ConfigError, IndexCorrupt, IndexExists, IndexLocked, IndexNotFound
from searchkit.index.garbage import litter
from searchkit.index.generation import open_generation
from searchkit.index.history import history
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import CurrentGeneration, publish, sealed
from searchkit.index.paths import IndexPaths
from tests.index.archive import article, built, ids_found, tree
from tests.word_encoder import WordEncoder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Make an index of four generations, in the last of which a segment has deleted rows."""
    path = tmp_path / "index"
    built(path, range(8))
    add(path, [article(20, text="A zebra crossed the road.")], encoder=WordEncoder())
    delete(path, ["a001"])
    add(path, [article(21, text="A giraffe looked on.")], encoder=WordEncoder())
    return path


def ids(index: Path) -> list[str]:
    with open_generation(index) as generation:
        return sorted(generation.digests())


def faults(index: Path, *, deep: bool = True) -> list[str]:
    return [Path(fault.path).name for fault in verify(index, deep=deep, encoder=WordEncoder()).faults]


def test_gc_leaves_the_latest_and_what_they_are_made_of(index: Path) -> None:
    before = ids(index)
    done = gc(index, keep=2)
    assert (done.removed, done.held, done.bytes > 0) == ((1, 2), (), True)
    assert [past.number for past in history(index)] == [4, 3]
    assert ids(index) == before
    compact(index)
    assert gc(index, keep=1).removed == (3, 4)
    assert tree(index) == {"CURRENT", "LOCK", "generations/000005.json"} | {
        f"segments/000004/{name}" for name in ("articles.sqlite", "postings.bin", "vectors.faiss")
    }
    assert ids(index) == before
    assert litter(IndexPaths(index)) == []


def test_deleted_text_is_gone_from_the_disk_after_compact_and_gc(index: Path) -> None:
    delete(index, ["a020"])
    assert any(b"zebra" in path.read_bytes() for path in index.rglob("*") if path.is_file())
    compact(index)
    gc(index, keep=1)
    assert not any(b"zebra" in path.read_bytes() for path in index.rglob("*") if path.is_file())


def test_gc_never_takes_a_generation_that_is_being_read(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        before = searcher.search("zebra")
        rebuild(index, [article(30)], encoder=WordEncoder())
        done = gc(index, keep=1)
        assert (done.removed, done.held) == ((1, 2, 3), (4,))
        assert searcher.search("zebra").results == before.results
        assert searcher.article("a020") is not None
    assert gc(index, keep=1).removed == (4,)


def test_gc_heeds_readers_of_other_processes(index: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from searchkit.index.generation import open_generation\n"
        "with open_generation(Path(sys.argv[1])) as generation: print('open', flush=True); input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(index)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdin is not None
        assert reader.stdout.readline() == "open\n"
        rebuild(index, [article(30)], encoder=WordEncoder())
        assert gc(index, keep=1).held == (4,)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.wait() == 0
    assert gc(index, keep=1).removed == (4,)


def test_a_reader_that_comes_too_late_goes_on_to_the_generation_in_force(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = iter([CurrentGeneration(generation=3, seal=None)])
    real = searchkit.index.generation.in_force  # type: ignore[attr-defined]
    gc(index, keep=1)
    monkeypatch.setattr("searchkit.index.generation.in_force", lambda paths: next(stale, None) or real(paths))
    with open_generation(index) as generation:
        assert generation.manifest.generation == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_readers_are_held_apart_in_a_folder_that_can_not_be_written_to(index: Path) -> None:
    paths = [index, *index.rglob("*")]
    for path in paths:
        path.chmod(stat.S_IREAD | (stat.S_IEXEC if path.is_dir() else 0))
    try:
        assert ids_found(index, "zebra") == ["a020"]
    finally:
        for path in paths:
            path.chmod(stat.S_IRWXU)


def test_gc_keeps_at_least_the_one_in_force(index: Path) -> None:
    with pytest.raises(ConfigError, match="keep=1"):
        gc(index, keep=0)
    with pytest.raises(IndexNotFound):
        gc(index.parent / "none")
    with writer_lock(IndexPaths(index).lock, "add"), pytest.raises(IndexLocked):
        gc(index)


def test_a_rollback_goes_one_back_and_then_further(index: Path) -> None:
    manifest = rollback(index)
    assert (manifest.generation, manifest.restored, manifest.parent) == (5, 3, 4)
    assert ids(index) == [*(f"a{n:03d}" for n in (0, 2, 3, 4, 5, 6, 7)), "a020"]
    assert rollback(index).restored == 2
    assert "a001" in ids(index)
    assert rollback(index).restored == 1
    with pytest.raises(ConfigError, match="no earlier generation"):
        rollback(index)
    assert faults(index) == []


def test_a_rollback_can_be_undone_and_writers_go_on_from_it(index: Path) -> None:
    rollback(index, 1)
    assert len(ids(index)) == 8
    add(index, [article(9)], encoder=WordEncoder())
    assert len(ids(index)) == 9
    assert rollback(index, 4).generation == 7
    assert "a021" in ids(index)
    assert [past.restored for past in history(index)] == [4, None, 1, None, None, None, None]
    assert rollback(index).restored == 3


def test_a_reader_keeps_its_generation_over_a_rollback_and_what_follows(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        rollback(index, 1)
        add(index, [article(9)], encoder=WordEncoder())
        gc(index, keep=1)
        assert searcher.article("a021") is not None
        assert searcher.refresh()
        assert searcher.article("a021") is None


def test_going_back_to_nowhere_says_what_there_is(index: Path) -> None:
    with pytest.raises(ConfigError, match=r"no generation 9\. There are 1, 2, 3, 4"):
        rollback(index, 9)
    IndexPaths(index).manifest(2).write_text("{")
    with pytest.raises(IndexCorrupt, match=r"000002\.json"):
        rollback(index, 2)
    rollback(index)
    assert rollback(index).restored == 1, "a damaged one is left out"


@pytest.mark.parametrize("damage", ["CURRENT gone", "CURRENT altered", "manifest gone", "manifest altered"])
def test_a_lost_current_or_manifest_is_named_and_a_rollback_mends_it(index: Path, damage: str) -> None:
    paths = IndexPaths(index)
    name, what = damage.split()
    path = paths.current if name == "CURRENT" else paths.manifest(4)
    path.unlink() if what == "gone" else path.write_text("?")
    (fault,) = verify(index).faults
    assert Path(fault.path) == path
    assert fault.remedy == f"searchkit rollback --index {index}"
    rollback(index)
    assert faults(index) == []
    assert ("a021" in ids(index)) == (name == "CURRENT")


def test_a_whole_index_verifies(index: Path) -> None:
    done = verify(index, deep=True, encoder=WordEncoder())
    assert (done.faults, done.notes, done.generation, done.deep) == ((), (), 4, True)
    assert done.files > 10
    compact(index)
    assert faults(index) == faults(index, deep=False) == []


@pytest.mark.parametrize("name", ["articles.sqlite", "postings.bin", "vectors.faiss"])
@pytest.mark.parametrize("damage", ["gone", "short", "long", "altered", "another's", "link"])
def test_a_damaged_file_is_named_with_what_mends_it(index: Path, name: str, damage: str) -> None:
    path = index / "segments" / "000001" / name
    content = path.read_bytes()
    match damage:
        case "gone":
            path.unlink()
        case "short":
            path.write_bytes(content[:-1])
        case "long":
            path.write_bytes(content + b"\0")
        case "altered":
            path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        case "another's":
            shutil.copy(index / "segments" / "000002" / name, path)
        case "link":
            path.rename(index.parent / name)
            path.symlink_to(index.parent / name)
    (fault,) = verify(index, deep=True, encoder=WordEncoder()).faults
    assert Path(fault.path) == path
    assert name in fault.found
    assert fault.meaning
    assert fault.remedy == f"searchkit rebuild --index {index}"


@pytest.mark.parametrize("suffix", ["rows", "delta"])
def test_damaged_deletions_are_named(index: Path, suffix: str) -> None:
    path = next((index / "deletions").rglob(f"*.{suffix}"))
    path.write_bytes(path.read_bytes()[:-1])
    (fault,) = verify(index).faults
    assert path.name in fault.found


def test_files_of_two_indexes_that_are_each_whole_are_told_apart(index: Path, tmp_path: Path) -> None:
    built(tmp_path / "other", range(8, 16))
    theirs = json.loads((tmp_path / "other" / "generations" / "000001.json").read_text())["segments"][0]["files"]
    rollback(index, 1)
    manifest = IndexPaths(index).manifest(5)
    values = json.loads(manifest.read_text())
    for name in ("postings.bin", "vectors.faiss"):
        shutil.copy(tmp_path / "other" / "segments" / "000001" / name, index / "segments" / "000001" / name)
        values["segments"][0]["files"][name] = theirs[name]
    manifest.write_text(json.dumps(sealed(values)))
    publish(IndexPaths(index), 5)
    assert faults(index, deep=False) == ["000001"]


def test_vectors_of_another_text_are_found_by_encoding_again(index: Path) -> None:
    class Shifted(WordEncoder):
        def encode_chunks(self, texts, progress=None):  # type: ignore[no-untyped-def]
            return super().encode_chunks([f"{text} nonsense words of no meaning" for text in texts], progress)

    (index.parent / "x").mkdir()
    build(index.parent / "x" / "index", [article(n) for n in range(4)], encoder=Shifted())
    assert faults(index.parent / "x" / "index", deep=False) == []
    assert faults(index.parent / "x" / "index") == ["000001"]


def test_an_encoder_that_is_not_here_is_a_note(index: Path) -> None:
    done = verify(index, deep=True, encoder=WordEncoder(dimension=8))
    assert done.faults == ()
    assert "No chunk was encoded again" in done.notes[0]
    assert "No chunk was encoded again" in verify(index, deep=True).notes[0]


def test_what_is_whole_is_used_again_when_an_index_of_handed_articles_is_rebuilt(index: Path) -> None:
    before = ids(index)
    (index / "segments" / "000001" / "postings.bin").unlink()
    report = rebuild(index, encoder=WordEncoder())
    assert (report.articles, report.vectors_encoded) == (9, 0)
    assert "postings.bin" in report.notes[0]
    (index / "segments" / "000004" / "vectors.faiss").unlink()
    report = rebuild(index, encoder=WordEncoder())
    assert (report.articles, report.vectors_encoded > 0) == (9, True)
    assert ids(index) == before
    assert faults(index) == []


def test_lost_articles_are_never_passed_over_in_silence(index: Path) -> None:
    (index / "segments" / "000001" / "articles.sqlite").write_bytes(b"SQLite format 3\0")
    with pytest.raises(IndexCorrupt, match=r"articles\.sqlite.*searchkit restore"):
        rebuild(index, encoder=WordEncoder())


def test_a_backup_is_an_index_that_answers_the_same(index: Path, tmp_path: Path) -> None:
    manifest = backup(index, tmp_path / "copy")
    assert (manifest.generation, manifest.parent, manifest.articles) == (1, None, 9)
    assert ids(tmp_path / "copy") == ids(index)
    assert faults(tmp_path / "copy") == []
    assert litter(IndexPaths(tmp_path / "copy")) == []
    with (
        searchkit.open(index, encoder=WordEncoder()) as one,
        searchkit.open(tmp_path / "copy", encoder=WordEncoder()) as two,
    ):
        for text in ("zebra", "oil of Venezuela", "giraffe OR tram*"):
            assert one.search(text).results == two.search(text).results


def test_a_backup_needs_no_writer_to_stop(index: Path, tmp_path: Path) -> None:
    with writer_lock(IndexPaths(index).lock, "add"):
        backup(index, tmp_path / "copy")


def test_a_backup_goes_nowhere_where_something_is(index: Path, tmp_path: Path) -> None:
    before = tree(index)
    with pytest.raises(IndexExists):
        backup(index, index)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("Chapter one")
    with pytest.raises(ConfigError, match=r"thesis\.txt"):
        backup(index, tmp_path / "full")
    assert tree(index) == before


def test_a_damaged_index_is_not_copied(index: Path, tmp_path: Path) -> None:
    path = index / "segments" / "000001" / "vectors.faiss"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"vectors\.faiss was altered"):
        backup(index, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_backup_is_restored_as_the_next_generation_while_searches_go_on(index: Path, tmp_path: Path) -> None:
    backup(index, tmp_path / "copy")
    delete(index, ["a020", "a021"])
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert restore(tmp_path / "copy", index).generation == 6
        assert searcher.article("a020") is None
        assert searcher.refresh()
        assert searcher.article("a020") is not None
    assert faults(index) == []
    assert rollback(index).restored == 5
    assert "a020" not in ids(index)


def test_a_backup_is_restored_where_there_is_nothing(index: Path, tmp_path: Path) -> None:
    backup(index, tmp_path / "copy")
    before = ids(index)
    shutil.rmtree(index)
    assert restore(tmp_path / "copy", index).generation == 1
    assert ids(index) == before
    with pytest.raises(IndexNotFound):
        restore(tmp_path / "none", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_history_names_what_can_not_be_read(index: Path) -> None:
    IndexPaths(index).manifest(2).write_text("[]")
    latest, third, second, first = history(index)
    assert (latest.in_force, latest.articles, latest.segments) == (True, 9, 3)
    assert (third.articles, first.articles) == (8, 8)
    assert "000002.json" in second.problem


@pytest.mark.parametrize("name", ["articles.sqlite", "postings.bin", "vectors.faiss"])
def test_one_altered_bit_is_noticed_at_opening_and_answers_nothing(index: Path, name: str) -> None:
    path = index / "segments" / "000001" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match=f"{name} was altered"):
        searchkit.open(index)


def test_the_digest_of_a_large_file_is_taken_once_and_again_when_it_changed(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    for module in ("storage.digest_cache", "index.manifest"):
        monkeypatch.setattr(f"searchkit.{module}.LARGE_BYTES", 1)
    add(index, [article(22)], encoder=WordEncoder())
    searchkit.open(index).close()
    hashed: list[str] = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: hashed.append(file.name) or real(file, kind))
    monkeypatch.setattr("searchkit.index.deletions.check_file", lambda *_, **__: None)
    searchkit.open(index).close()
    assert hashed == []
    path = index / "segments" / "000004" / "vectors.faiss"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IndexCorrupt, match=r"vectors\.faiss was altered"):
        searchkit.open(index)
    assert hashed == [str(path)]
