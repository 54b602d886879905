from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from searchkit import delete, gc
from searchkit.errors import ConfigError, IndexLocked, IndexNotFound, SearchkitError, StorageError
from searchkit.index import lock
from searchkit.index.generation import open_generation
from searchkit.index.lock import unread, writer_at_work, writer_lock
from searchkit.index.paths import IndexPaths
from tests.index.archive import built

HOLD = """
import sys
from pathlib import Path
from searchkit.index.lock import writer_lock
with writer_lock(Path(sys.argv[1]), "update"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "LOCK"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def said(path: Path, **values: object) -> None:
    """Write what a holder says of itself."""
    whole = {"pid": 4711, "host": "elsewhere", "purpose": "update", "since": "2026-01-02T03:04:05+00:00"}
    path.write_text(json.dumps(whole | values))


def test_a_live_holder_is_named_and_bars(path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(IndexLocked) as raised, writer_lock(path, "add"):
        pytest.fail("two writers at once")
    expected = f"process {holder.pid} on {socket.gethostname()}, 'update', since 2"
    assert expected in raised.value.message
    assert str(writer_at_work(path)).startswith(expected)


def test_a_dead_holder_is_taken_over_from_and_no_longer_named(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert json.loads(path.read_text())["pid"] == holder.pid
    assert writer_at_work(path) is None
    with writer_lock(path, "add"):
        assert f"process {os.getpid()} on " in str(writer_at_work(path))
    assert path.read_text() == ""
    assert writer_at_work(path) is None


def test_a_holder_that_is_done_leaves_no_name(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.communicate("")
    assert path.read_text() == ""
    with writer_lock(path, "add"):
        pass


def test_where_the_disk_shows_locks_a_dead_writer_of_another_host_is_taken_over_from(path: Path) -> None:
    said(path)
    assert str(writer_at_work(path)) == "process 4711 on elsewhere, 'update', since 2026-01-02T03:04:05+00:00"
    with writer_lock(path, "add"):
        assert json.loads(path.read_text())["host"] == socket.gethostname()


@pytest.mark.parametrize("option", ["local_lock=all", "local_lock=flock", "nolock"])
def test_where_locks_stay_within_a_host_a_writer_of_another_one_bars(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"30 1 {os.major(device)}:{os.minor(device)} / /data rw - nfs4 server:/data rw,vers=3,{option},addr=10.0.0.1\n"
    )
    monkeypatch.setattr(lock, "MOUNTS", mounts)
    said(path)
    with pytest.raises(IndexLocked, match="4711 on elsewhere") as raised, writer_lock(path, "add"):
        pytest.fail("two writers at once")
    assert f"remove {path}" in raised.value.hint
    assert json.loads(path.read_text())["pid"] == 4711
    path.unlink()
    with writer_lock(path, "add"):
        pass
    said(path, host=socket.gethostname())  # of this host: it would hold the lock if it lived
    with writer_lock(path, "add"):
        pass
    mounts.write_text(mounts.read_text().replace(option, "local_lock=none"))
    said(path)
    with writer_lock(path, "add"):
        pass


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"pid": 1}', "\x00" * 40, "[" * 4000])
def test_what_a_lock_says_is_never_trusted(path: Path, text: str) -> None:
    path.write_text(text)
    assert writer_at_work(path) is None
    with writer_lock(path, "add"):
        pass


def test_a_pid_that_can_not_be_is_nobody(path: Path) -> None:
    for pid in ("x", 1 << 70, None):
        said(path, host=socket.gethostname(), pid=pid)
        assert writer_at_work(path) is None
    assert writer_at_work(path.with_name("nothing")) is None


def test_a_disk_without_locks_is_not_written_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without)
    with pytest.raises(StorageError, match="can't be locked") as raised, writer_lock(path, "add"):
        pytest.fail("no lock was had")
    assert "disk that knows locks" in raised.value.hint


def test_gc_asks_for_each_generation_with_a_descriptor_that_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over NFS an exclusive lock through one that only reads is refused (EBADF)."""
    built(tmp_path / "index")
    for _ in range(2):
        from searchkit import rebuild
        from tests.word_encoder import WordEncoder

        rebuild(tmp_path / "index", encoder=WordEncoder())
    real = fcntl.flock

    def strict(file: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX and fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", strict)
    assert gc(tmp_path / "index", keep=1).removed == (1, 2)


@pytest.mark.parametrize("late", [False, True])
def test_a_writer_waits_for_another_as_long_as_it_is_told_to(tmp_path: Path, late: bool) -> None:
    built(tmp_path / "index")
    paths = IndexPaths(tmp_path / "index")
    writing, done = threading.Event(), threading.Event()

    def write() -> None:
        with writer_lock(paths.lock, "another"):
            writing.set()
            done.wait(30)

    other = threading.Thread(target=write)
    other.start()
    try:
        writing.wait(30)
        if late:
            with pytest.raises(IndexLocked, match=r"'another'.*Waited 0\.2 seconds"):
                delete(tmp_path / "index", "a001", lock_timeout_s=0.2)
        else:
            threading.Timer(0.2, done.set).start()
            assert delete(tmp_path / "index", "a001", lock_timeout_s=30).deleted == 1
    finally:
        done.set()
        other.join()
    assert delete(tmp_path / "index", "a002").deleted == 1


@pytest.mark.parametrize("wait", [-1, float("nan"), float("inf"), "30", None, True])
def test_what_is_no_time_to_wait_is_refused(tmp_path: Path, wait: object) -> None:
    built(tmp_path / "index")
    with pytest.raises(ConfigError, match="lock_timeout_s=30"):
        delete(tmp_path / "index", "a001", lock_timeout_s=wait)  # type: ignore[arg-type]


def test_a_lock_whose_file_was_removed_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that fails takes its folder with it; who waited for its lock has nothing in hand."""
    path = tmp_path / "index" / "LOCK"
    path.parent.mkdir()
    wait_for, opened = lock._wait_for, threading.Event()

    def wait(file: IO[bytes], end: float) -> None:
        opened.set()
        wait_for(file, end)

    with writer_lock(path, "first"):
        monkeypatch.setattr(lock, "_wait_for", wait)
        outcomes: list[object] = []
        waiting = threading.Thread(target=lambda: outcomes.append(_locked(path)))
        waiting.start()
        assert opened.wait(60)
        path.unlink()
        path.parent.rmdir()
    waiting.join()
    assert isinstance(outcomes[0], IndexNotFound)


def _locked(path: Path) -> object:
    try:
        with writer_lock(path, "second", 30):
            return path.exists()
    except SearchkitError as error:
        return error


@contextmanager
def forked() -> Iterator[None]:
    """Another process that was forked here and lives on, with all that was open, until the block ends."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # the end of the pipe: the parent has closed it
        os._exit(0)
    os.close(read)
    try:
        yield
    finally:
        os.close(write)
        os.waitpid(child, 0)


def test_a_forked_process_does_not_hold_its_parents_writers_lock(path: Path) -> None:
    with writer_lock(path, "add"), forked(), pytest.raises(IndexLocked), writer_lock(path, "update"):
        pytest.fail("two writers at once")
    with writer_lock(path, "add"):
        child = forked()
        child.__enter__()
    try:
        with writer_lock(path, "update"):
            assert "update" in str(writer_at_work(path))
    finally:
        child.__exit__(None, None, None)


def test_a_forked_process_does_not_write_into_its_parents_lock(path: Path) -> None:
    with writer_lock(path, "add"):
        child = os.fork()
        if child == 0:
            try:
                sys.exit(0)  # unwinds through the block, as a helper that fails does
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert "add" in str(writer_at_work(path))
        with pytest.raises(IndexLocked), writer_lock(path, "update"):
            pytest.fail("two writers at once")


def test_a_forked_process_does_not_hold_what_its_parent_has_read(tmp_path: Path) -> None:
    built(tmp_path / "index")
    manifest = IndexPaths(tmp_path / "index").manifest(1)
    generation = open_generation(tmp_path / "index")
    with forked():
        with unread(manifest) as free:
            assert not free
        generation.close()
        with unread(manifest) as free:
            assert free


def test_a_forked_process_that_ends_leaves_its_parents_lock_alone(tmp_path: Path) -> None:
    built(tmp_path / "index")
    manifest = IndexPaths(tmp_path / "index").manifest(1)
    with open_generation(tmp_path / "index") as generation:
        child = os.fork()
        if child == 0:
            generation.close()
            os._exit(0)
        os.waitpid(child, 0)
        with unread(manifest) as free:
            assert not free
