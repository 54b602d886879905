"""What must a writer never lose, nor take from another? Folders, vectors, damage that was seen, and the way back."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

import searchkit
from searchkit import add, backup, build, compact, gc, rebuild, restore, verify
from searchkit.cli import main
from searchkit.encoders import model_files
from searchkit.encoders.model_files import find_model
from searchkit.errors import ConfigError, IndexCorrupt, IndexExists, IndexLocked, SourceError, StorageError
from searchkit.index import backup as index_backup
from searchkit.index.garbage import litter
from searchkit.index.lock import writer_at_work, writer_lock
from searchkit.index.manifest import current_generation
from searchkit.index.paths import ARTICLES, VECTORS, IndexPaths
from searchkit.storage import digest_cache, files
from tests.index.archive import article, built
from tests.index.test_embedding_source import Counting, articles
from tests.word_encoder import WordEncoder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    built(path, range(4))
    add(path, [article(9, text="A zebra crossed the road.")], encoder=WordEncoder())
    return path


def flipped(path: Path) -> None:
    """Change a byte the way a disk does: neither the size nor the time of change tells."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("copy", [backup, restore])
def test_a_copy_that_comes_second_leaves_the_others_folder(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copy: Callable[..., object]
) -> None:
    target = IndexPaths(tmp_path / "new")
    real, other = files.make_folder, ExitStack()

    def make_folder(path: Path) -> None:
        real(path)
        if path == target.root:  # now another writer comes in between
            monkeypatch.undo()
            other.enter_context(writer_lock(target.lock, "build"))
            (target.root / "work").write_text("hours")

    monkeypatch.setattr(files, "make_folder", make_folder)
    with other:
        with pytest.raises(IndexLocked):
            copy(index, target.root)
        assert (target.root / "work").read_text() == "hours"


def test_vectors_survive_a_disk_that_refuses_the_last_step(tmp_path: Path) -> None:
    index = tmp_path / "index"
    for command, count in ((build, 24), (rebuild, 48)):
        for stop in (0, 1):  # 1: it is stopped once more before it comes through
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(files, "replace", refusing(files.replace, "CURRENT" if not stop else "00000"))
                encoder = Counting()
                with pytest.raises(StorageError):
                    command(index, articles(range(count)), encoder=encoder)
                assert bool(encoder.texts) == (not stop)
        assert command(index, articles(range(count)), encoder=Counting()).vectors_encoded == 0
        assert litter(IndexPaths(index)) == []
        assert verify(index, deep=True, encoder=Counting()).faults == ()


def refusing(real: Callable[[Path, bytes], None], name: str) -> Callable[[Path, bytes], None]:
    """Return a ``files.replace`` for which the disk is full where a file's name begins so."""

    def replace(path: Path, content: bytes) -> None:
        if path.name.startswith(name):
            with files.storing(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, content)

    return replace


def test_damage_that_keeps_size_and_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    large = tmp_path / "large"
    large.write_bytes(bytes(digest_cache.LARGE_BYTES))
    before = digest_cache.digest(large)
    flipped(large)
    assert digest_cache.digest(large) != before
    again = tmp_path / "again"
    again.write_bytes(large.read_bytes())
    os.utime(again, ns=(0, large.stat().st_mtime_ns))
    again.replace(large)
    assert digest_cache.digest(large) == files.digest(large)


@pytest.mark.parametrize("name", [ARTICLES, VECTORS])
def test_a_merge_gives_damage_no_new_digest(index: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = IndexPaths(index).segment("000001") / name
    right = files.digest(damaged)
    flipped(damaged)
    # As though it had been remembered before the disk lost a bit by itself.
    monkeypatch.setattr("searchkit.index.manifest.digest", lambda p: right if p == damaged else files.digest(p))
    with pytest.raises(IndexCorrupt, match=name):
        compact(index)
    assert current_generation(IndexPaths(index)) == 2


def test_gc_makes_space_on_a_full_disk(index: Path) -> None:
    rebuild(index, [article(30)], encoder=WordEncoder())
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # from now on no file takes a byte
        os._exit(0 if gc(index, keep=1).removed == (1, 2) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert writer_at_work(IndexPaths(index).lock) is None


def test_what_only_a_damaged_generation_has_is_kept_until_gc(index: Path) -> None:
    paths = IndexPaths(index)
    paths.manifest(2).write_text("nothing")
    with pytest.raises(SourceError):
        rebuild(index, [], encoder=WordEncoder())
    add(index, [article(11)], encoder=WordEncoder())
    made = rebuild(index, [article(1), article(2)], encoder=WordEncoder())
    assert made.generation == 4
    assert (paths.segment("000002") / ARTICLES).exists()
    paths.manifest(4).write_text("nothing")
    notes = rebuild(index, encoder=WordEncoder()).notes
    assert any("only generation 4 had" in note for note in notes)
    gc(index, keep=1)
    assert litter(paths) == []
    assert not paths.segment("000002").exists()


def test_where_no_generation_can_be_read_every_command_names_the_rebuild(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = IndexPaths(index)
    paths.current.write_text("000009\n")
    for command in (["verify"], ["search", "zebra"], ["update"], ["info"]):
        assert main([*command, "--index", str(index)]) == 5
        assert f"searchkit rollback --index {index}" in capsys.readouterr().err.replace("\n", " ")
    for path in paths.generations.iterdir():
        path.unlink()
    for command in (["verify"], ["search", "zebra"], ["update"]):
        assert main([*command, "--index", str(index)]) == 5
        assert f"searchkit rebuild PLACE... --index {index}" in capsys.readouterr().err.replace("\n", " ")
    made = rebuild(index, [article(1)], encoder=WordEncoder())
    assert len(made.notes) == 1
    assert verify(index, deep=True, encoder=WordEncoder()).faults == ()


def test_a_hint_names_the_index_that_is_meant(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (IndexPaths(index).segment("000001") / VECTORS).unlink()
    assert main(["search", "zebra", "--index", str(index)]) == 5
    told = capsys.readouterr().err
    assert "PATH" not in told
    assert f"--index {index}" in told.replace("\n", " ")


def test_a_backup_onto_an_index_is_told_what_to_do(index: Path, tmp_path: Path) -> None:
    backup(index, tmp_path / "copy")
    with pytest.raises(IndexExists) as raised:
        backup(index, tmp_path / "copy")
    assert f"searchkit restore {index} --index {tmp_path / 'copy'}" in raised.value.hint


def test_a_models_folder_is_named_so_that_it_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "org" / "model"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    assert find_model("org/model").name == str(model.resolve())
    assert find_model(str(model), relative=False).folder == model.resolve()
    # A stranger's index may name what happens to lie in the working folder: that isn't loaded.
    monkeypatch.setattr(model_files, "_from_hub_cache", lambda name: tmp_path / "hub")
    with pytest.raises(ConfigError, match="org/model"):
        find_model("org/model", relative=False)
    with pytest.raises(ConfigError, match="never looked up from here"):
        find_model("./org/model", relative=False)


def test_small_things_are_told(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match="refresh_after_s"):
        searchkit.open(index, encoder=WordEncoder(), refresh_after_s="x")  # type: ignore[arg-type]
    monkeypatch.setattr(index_backup, "_published", interrupted)
    assert main(["restore", str(index), "--index", str(index)]) == 130
    assert f"{index} stays at generation 2" in capsys.readouterr().err.replace("\n", " ")
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "begun", articles(range(200)), encoder=Counting(stop=2))
    main(["list", str(tmp_path), "--no-color"])
    assert "unfinished" in capsys.readouterr().out
    assert main(["delete", "a000", "a001", "a002", "a003", "a009", "--index", str(index)]) == 0
    assert "Ask it" not in capsys.readouterr().err
    main(["info", "--index", str(index)])
    told = capsys.readouterr().out
    assert "scanned" not in told
    assert "()" not in told


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_cache_is_emptied_of_whatever_lies_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from searchkit.encoders import embedding_cache

    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path))
    folder = tmp_path / "vectors" / "one"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "x.log")
    embedding_cache.clear()
    assert not folder.exists()
    monkeypatch.setenv(embedding_cache.SWITCH, "nonsense")
    from searchkit.cli.commands import doctor

    assert not doctor._cache().good
