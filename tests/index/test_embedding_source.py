"""Is a vector computed once, whatever stops a writer? Not even a kill makes the next one pay again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchkit import add, build, delete, gc, rebuild, update, verify
from searchkit.encoders.embedding_cache import SWITCH
from searchkit.errors import SourceError, StorageError
from searchkit.index import embedding_source
from searchkit.index import generation_writer as drafts
from searchkit.index.embedding_source import kept_vectors
from searchkit.index.garbage import FORGOTTEN_S, litter
from searchkit.index.paths import IndexPaths
from searchkit.types import Article
from tests.index.archive import article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


class Counting(WordEncoder):
    """Keeps what it encodes, and stops in some batch, counted from 1, as ctrl-C would."""

    def __init__(self, *, stop: int = 0, name: str = "words") -> None:
        super().__init__(dimension=16, max_tokens=24, name=name)
        self.texts: list[str] = []
        self.batches = 0
        self.stop = stop

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        self.batches += 1
        if self.batches == self.stop:
            raise KeyboardInterrupt
        self.texts += texts
        return super().encode_chunks(texts, progress)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_source, "TEXTS_A_CORE", 5)
    monkeypatch.setattr(embedding_source, "cores", lambda: 1)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, switched on."""
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "100MB")
    return tmp_path / "cache" / "vectors"


def articles(numbers: range = range(24)) -> list[Article]:
    return [article(number) for number in numbers]


def hidden(index: Path) -> list[str]:
    return sorted(path.name for path in index.iterdir() if path.name.startswith("."))


def stopped_build(index: Path) -> int:
    """Stop a build in its third batch; return how many texts were encoded."""
    encoder = Counting(stop=3)
    with pytest.raises(KeyboardInterrupt):
        build(index, articles(), encoder=encoder)
    return len(encoder.texts)


def test_a_build_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    index, second = tmp_path / "index", Counting()
    done = stopped_build(index)
    assert (done, kept_vectors(IndexPaths(index))) == (10, 10)
    assert hidden(index) == [".unfinished-rebuild.log"]
    report = build(index, articles(), encoder=second)
    assert (report.vectors_encoded, report.vectors_reused) == (len(second.texts), 10)
    assert report.vectors_encoded + 10 == len({*second.texts}) + 10 == report.chunks
    assert hidden(index) == litter(IndexPaths(index)) == []
    assert verify(index, deep=True, encoder=Counting()).faults == ()


def test_nothing_stays_of_a_build_that_encoded_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "index", articles(), encoder=Counting(stop=1))
    with pytest.raises(SourceError):
        build(tmp_path / "index", [], encoder=Counting())
    assert list(tmp_path.iterdir()) == []


def test_a_rebuild_and_an_update_each_go_on_and_leave_nothing(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build(index, articles(range(8)), encoder=Counting())
    commands: list[Callable[[WordEncoder], object]] = [
        lambda encoder: update(index, articles(range(30)), encoder=encoder),
        lambda encoder: add(index, articles(range(30, 50)), encoder=encoder),
        lambda encoder: rebuild(index, articles(range(90)), encoder=encoder),
    ]
    for command in commands:
        encoders = [Counting(stop=2), Counting(stop=3), Counting()]
        for encoder in encoders[:2]:
            with pytest.raises(KeyboardInterrupt):
                command(encoder)
            assert len(hidden(index)) == 1
        command(encoders[2])
        assert hidden(index) == litter(IndexPaths(index)) == []
        encoded = [text for encoder in encoders for text in encoder.texts]
        assert len(encoded) == len(set(encoded))
        assert [len(encoder.texts) for encoder in encoders[:2]] == [5, 10]
    assert verify(index, deep=True, encoder=Counting()).faults == ()


def test_work_in_between_costs_a_stopped_rebuild_nothing(tmp_path: Path) -> None:
    index, other = tmp_path / "index", Counting(name="other", stop=4)
    build(index, articles(), encoder=Counting())
    with pytest.raises(KeyboardInterrupt):
        rebuild(index, encoder=other)
    update(index, articles(range(26)), encoder=Counting())
    delete(index, ["a003"])
    again = Counting(name="other")
    rebuild(index, encoder=again)
    assert len(other.texts) == 15
    assert not set(again.texts) & (set(other.texts))
    assert hidden(index) == []


def test_vectors_that_come_after_the_keywords_are_not_made_twice_either(tmp_path: Path) -> None:
    index = tmp_path / "index"
    for first, then in ((build, update), (rebuild, rebuild), (rebuild, update)):
        given = articles(range(70 if (index / "CURRENT").exists() else 24))
        stopped, second = Counting(stop=3), Counting()
        with pytest.raises(KeyboardInterrupt):
            first(index, given, encoder=stopped, keyword_first=True)
        assert len(hidden(index)) == 1
        then(index, given, encoder=second)
        assert len(stopped.texts) == 10
        assert not set(stopped.texts) & set(second.texts)
        assert hidden(index) == []
        rebuild(index, articles(range(2)), encoder=Counting())
    assert verify(index, deep=True, encoder=Counting()).faults == ()


def test_what_another_encoder_left_is_removed(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped_build(index)
    encoder = Counting(name="other", stop=2)
    with pytest.raises(KeyboardInterrupt):
        build(index, articles(), encoder=encoder)
    assert kept_vectors(IndexPaths(index)) == 5
    report = build(index, articles(), encoder=Counting(name="other"))
    assert report.vectors_reused == 5
    assert hidden(index) == []


def test_gc_and_time_remove_what_nobody_goes_on_with(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build(index, articles(range(4)), encoder=Counting())
    for removed_by in (gc, lambda index: delete(index, ["a001"])):
        with pytest.raises(KeyboardInterrupt):
            rebuild(index, articles(), encoder=Counting(stop=3))
        (log,) = IndexPaths(index).root.glob(".unfinished*")
        delete(index, ["none"])
        assert log.exists()
        if removed_by is not gc:
            os.utime(log, (0, time.time() - FORGOTTEN_S - 1))
        removed_by(index)  # type: ignore[operator]
        assert hidden(index) == []


def test_an_update_that_finds_nothing_to_do_leaves_nothing_behind(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build(index, articles(range(4)), encoder=Counting())
    with pytest.raises(KeyboardInterrupt):
        update(index, articles(), encoder=Counting(stop=3))
    assert update(index, articles(range(4)), encoder=Counting()).generation == 1
    assert hidden(index) == []


def test_a_writer_killed_right_before_it_published_has_not_worked_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    for command in (build, rebuild):
        given = articles(range(24 if command is build else 48))
        killed_at(index, command, given, monkeypatch)
        assert not hidden(index)
        report = command(index, given, encoder=Counting())
        assert report.vectors_encoded == 0
        assert litter(IndexPaths(index)) == []


def killed_at(index: Path, command: Callable[..., object], given: list[Article], patch: pytest.MonkeyPatch) -> None:
    """End a process in the moment before a generation is put in force."""
    child = os.fork()
    if not child:
        patch.setattr(drafts, "publish", lambda *_: os._exit(9))
        command(index, given, encoder=Counting())
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_log_that_is_no_file_of_ours_is_neither_followed_nor_cut(tmp_path: Path) -> None:
    index, mine = tmp_path / "index", tmp_path / "mine"
    build(index, articles(range(4)), encoder=Counting())
    mine.write_text("dear to me")
    for make in (Path.symlink_to, Path.hardlink_to):
        for log in IndexPaths(index).unfinished_logs:
            make(log, mine)
        assert kept_vectors(IndexPaths(index)) == 0
        update(index, articles(), encoder=Counting())
        rebuild(index, articles(), encoder=Counting())
        assert mine.read_text() == "dear to me"
        assert hidden(index) == []
        delete(index, ["a002", "a007"])


def test_a_damaged_log_costs_what_was_damaged(tmp_path: Path) -> None:
    index = tmp_path / "index"
    stopped_build(index)
    (log,) = index.glob(".unfinished*")
    content = bytearray(log.read_bytes())
    content[-3] ^= 1
    log.write_bytes(content)
    assert build(index, articles(), encoder=Counting()).vectors_reused == 9
    assert verify(index, deep=True, encoder=Counting()).faults == ()


def test_the_cache_serves_every_index_of_the_user(tmp_path: Path, cache: Path) -> None:
    first = build(tmp_path / "one", articles(), encoder=Counting())
    assert first.vectors_encoded == first.chunks
    again = Counting()
    report = build(tmp_path / "two", articles(range(30)), encoder=again)
    assert report.vectors_reused == first.chunks
    assert report.vectors_encoded == len(again.texts) > 0
    assert build(tmp_path / "three", articles(), encoder=Counting(name="other")).vectors_reused == 0
    assert report.notes == ()
    assert list(cache.glob("*/*.log"))


def test_a_rebuild_of_an_unchanged_corpus_encodes_nothing_though_the_index_was_lost(
    tmp_path: Path, cache: Path
) -> None:
    build(tmp_path / "index", articles(), encoder=Counting())
    for path in (tmp_path / "index").glob("segments/*/vectors*"):
        path.unlink()
    assert verify(tmp_path / "index").faults
    report = rebuild(tmp_path / "index", encoder=Counting())
    assert (report.articles, report.vectors_encoded) == (24, 0)
    assert verify(tmp_path / "index", deep=True, encoder=Counting()).faults == ()
    assert build(tmp_path / "again", articles(), encoder=Counting()).vectors_encoded == 0


def test_without_the_cache_nothing_is_taken_from_it_or_put_there(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(tmp_path / "one", articles(range(4)), encoder=Counting(), cache=False)
    assert not cache.exists()
    build(tmp_path / "two", articles(range(4)), encoder=Counting())
    for command, given in ((rebuild, range(8)), (update, range(12)), (add, range(12, 16))):
        size = [path.stat().st_size for path in cache.glob("*/*")]
        command(tmp_path / "one", articles(given), encoder=Counting(), cache=False)
        assert [path.stat().st_size for path in cache.glob("*/*")] == size
    monkeypatch.setenv(SWITCH, "off")
    assert build(tmp_path / "three", articles(range(4)), encoder=Counting()).vectors_encoded == first.chunks


def test_a_cache_that_cannot_be_written_is_noted_and_stops_nobody(tmp_path: Path, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file")
    report = build(tmp_path / "index", articles(), encoder=Counting())
    assert report.articles == 24
    assert len(report.notes) == 2, "for reading and for writing, once each"
    assert all(str(cache) in note for note in report.notes)


def test_an_index_that_cannot_be_written_is_an_error_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.file_size import at_most

    index = tmp_path / "index"
    build(index, articles(range(2)), encoder=Counting())
    monkeypatch.setattr(embedding_source.UnfinishedLogs, "keep", limited(embedding_source.UnfinishedLogs.keep, at_most))
    with pytest.raises(StorageError, match="unfinished"):
        rebuild(index, articles(), encoder=Counting())
    monkeypatch.undo()
    assert kept_vectors(IndexPaths(index)) >= 5
    assert rebuild(index, articles(), encoder=Counting()).vectors_reused >= 5


def limited(keep: Callable[..., None], at_most: Callable[[int], object]) -> Callable[..., None]:
    def kept(*arguments: object) -> None:
        with at_most(2_000):  # type: ignore[attr-defined]
            keep(*arguments)

    return kept


class Mortal(WordEncoder):
    """Counts in a file what it encodes, and is killed at the end of a batch, before anybody has its vectors."""

    def __init__(self, counter: Path, *, batch: int = 0) -> None:
        super().__init__(dimension=16, max_tokens=24)
        self.counter, self.batch = counter, batch

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        with self.counter.open("a") as file:
            file.writelines(f"{text!r}\n" for text in texts)
        self.batch -= 1
        if self.batch == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_chunks(texts, progress)


def run(work: Callable[[], object]) -> int:
    """Run in a process of its own; return the signal that ended it, as a negative number."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
def test_killed_again_and_again_it_encodes_each_text_once(tmp_path: Path) -> None:
    index, counter = tmp_path / "index", tmp_path / "counter"
    kills = 0
    for command, given in ((build, articles(range(40))), (update, articles(range(70))), (rebuild, articles(range(99)))):
        for batch in (3, 1, 2, 4, 0):
            kills += batch > 0
            ended = run(partial(command, index, given, encoder=Mortal(counter, batch=batch)))
            assert ended == (-signal.SIGKILL if batch else 0)
        texts = counter.read_text().splitlines()
        assert len(texts) - len(set(texts)) == 5 * kills, "a kill costs the batch that was being encoded"
    assert litter(IndexPaths(index)) == []
    assert verify(index, deep=True, encoder=Counting()).faults == ()
