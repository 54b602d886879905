"""Watching folders: the index follows what happens to files, whoever tells of it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from threading import Thread

import pytest

import searchkit
from searchkit.errors import IndexNotFound, SourceError, StorageError
from searchkit.index import generation_writer
from searchkit.index import watcher as watcher_module
from searchkit.index.folder_changes import SettlingFiles
from searchkit.index.generation import open_generation
from searchkit.index.lock import writer_lock
from searchkit.index.paths import IndexPaths
from searchkit.index.watcher import WatchConfig, WatchEvent, watch
from tests.index.archive import ids_found
from tests.index.watch_folder import driven, put
from tests.word_encoder import WordEncoder

WAYS = [pytest.param({}, id="events"), pytest.param({"poll_s": 0.2}, id="polling")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("watchdog")
    for name in ("ferry", "rice", "tram", "oil", "court"):
        put(tmp_path / "articles" / f"{name}.txt", f"A report on the {name}\n\nThe {name} is in the news today.")
    return tmp_path / "articles"


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    searchkit.build(tmp_path / "index", places=[folder], encoder=WordEncoder())
    return tmp_path / "index"


@pytest.mark.parametrize("way", WAYS)
def test_a_new_a_changed_and_a_deleted_file_are_followed(folder: Path, index: Path, way: dict[str, float]) -> None:
    with driven(index, folder, **way) as it:
        put(folder / "2025" / "strike.txt", "Ports on strike\n\nNo ferries run.")
        event = it.until_told("committed")
        assert event.report is not None
        assert (event.report.new, event.latency_s is not None) == (1, True)
        assert ids_found(index, "strike") == ["2025/strike"]
        put(folder / "rice.txt", "A report on maize\n\nMaize is in the news.")
        assert it.until_told("committed", 2).report.changed == 1  # type: ignore[union-attr]
        assert ids_found(index, "maize") == ["rice"]
        (folder / "tram.txt").unlink()
        assert it.until_told("committed", 3).report.deleted == 1  # type: ignore[union-attr]
        assert ids_found(index, "tram") == []


@pytest.mark.parametrize("way", WAYS)
def test_a_file_and_a_folder_that_move_are_followed(folder: Path, index: Path, way: dict[str, float]) -> None:
    with driven(index, folder, **way) as it:
        (folder / "oil.txt").rename(folder / "petrol.txt")
        it.until(lambda: ids_found(index, "oil") == ["petrol"])
        (folder / "old").mkdir()
        (folder / "court.txt").rename(folder / "old" / "court.txt")
        it.until(lambda: ids_found(index, "court") == ["old/court"])
        (folder / "old").rename(folder / "older")
        it.until(lambda: ids_found(index, "court") == ["older/court"])
        shutil.rmtree(folder / "older")
        it.until(lambda: ids_found(index, "court") == [])
        assert not it.of("failed")


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_is_moved_in_brings_its_files(folder: Path, index: Path, way: dict[str, float]) -> None:
    put(folder.parent / "elsewhere" / "deep" / "harbor.txt", "The harbor\n\nShips wait.")
    with driven(index, folder, **way) as it:
        (folder.parent / "elsewhere").rename(folder / "moved")
        it.until(lambda: ids_found(index, "harbor") == ["moved/deep/harbor"])


def test_ids_are_those_that_a_build_gives(folder: Path, index: Path, tmp_path: Path) -> None:
    with driven(index, folder) as it:
        put(folder / "2025" / "06" / "heat.md", "# Heat\n\nIt is hot.")
        put(folder / "2025" / "rows.jsonl", '{"title": "One", "text": "First."}\n{"title": "Two", "text": "Second."}\n')
        it.until_told("committed")
    searchkit.build(tmp_path / "fresh", places=[folder], encoder=WordEncoder())
    with open_generation(index) as followed, open_generation(tmp_path / "fresh") as fresh:
        assert followed.digests() == fresh.digests()
        assert len(fresh.digests()) == 8
    report = searchkit.update(index, encoder=WordEncoder(), prune=True)
    assert (report.new, report.changed, report.deleted) == (0, 0, 0)


def test_rows_that_leave_their_file_go(folder: Path, index: Path) -> None:
    rows = folder / "rows.jsonl"
    with driven(index, folder) as it:
        put(rows, '{"id": "r1", "text": "First."}\n{"id": "r2", "text": "Second."}\n')
        it.until_told("committed")
        put(rows, '{"id": "r2", "text": "Second."}\n')
        assert it.until_told("committed", 2).report.deleted == 1  # type: ignore[union-attr]
        assert ids_found(index, "first") == []


def test_a_file_that_cannot_be_read_keeps_what_it_gave_and_is_named(folder: Path, index: Path) -> None:
    with driven(index, folder) as it:
        (folder / "rice.txt").write_bytes(b"")
        event = it.until_told("problem")
        assert [Path(problem.place).name for problem in event.problems] == ["rice.txt"]
        assert ids_found(index, "rice") == ["rice"]


def test_a_file_that_is_being_written_is_waited_for(folder: Path, index: Path) -> None:
    with driven(index, folder, settle_s=0.5) as it, (folder / "long.txt").open("w") as file:
        for number in range(8):
            file.write(f"Part {number} of a long report.\n\n")
            file.flush()
            it.rest(0.15)
        assert not it.of("committed")
        file.close()
        it.until_told("committed")
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert "Part 7" in searcher.article("long").text
    assert len(it.of("committed")) == 1


def test_many_files_are_one_batch(folder: Path, index: Path) -> None:
    with driven(index, folder, batch_s=30.0, settle_s=0.5) as it:
        for number in range(200):
            put(folder / "many" / f"{number}.txt", f"Number {number}\n\nA report.")
        event = it.until_told("committed")
        assert event.report is not None
        assert event.report.new == 200


def test_a_batch_does_not_wait_for_a_file_that_never_rests(folder: Path, index: Path) -> None:
    with driven(index, folder, settle_s=0.3, batch_s=0.6) as it, (folder / "never.txt").open("w") as file:
        put(folder / "ready.txt", "Ready\n\nIt is ready.")
        end = time.monotonic() + 60
        while not ids_found(index, "ready"):
            assert time.monotonic() < end
            file.write("more\n")
            file.flush()
            it.rest(0.1)
        assert ids_found(index, "more") == []


def test_hidden_files_and_indexes_are_no_articles(folder: Path, index: Path) -> None:
    with driven(index, folder) as it:
        put(folder / ".hidden" / "secret.txt", "Secret\n\nNothing.")
        searchkit.build(folder / "inner", [{"id": "x", "text": "Inner."}], encoder=WordEncoder())
        put(folder / "seen.txt", "Seen\n\nIt is seen.")
        it.until_told("committed")
        it.rest(1.0)
        assert [event.report.new for event in it.of("committed") if event.report] == [1]
        assert not it.of("problem")


def test_a_glob_takes_what_matches_and_may_match_nothing_at_first(tmp_path: Path) -> None:
    pytest.importorskip("watchdog")
    (tmp_path / "inbox").mkdir()
    searchkit.build(tmp_path / "index", [{"id": "x", "text": "Something."}], encoder=WordEncoder())
    with driven(tmp_path / "index", tmp_path / "inbox" / "**" / "*.md") as it:
        put(tmp_path / "inbox" / "a.txt", "Not matched\n\nNo.")
        put(tmp_path / "inbox" / "deep" / "b.md", "# Matched\n\nYes.")
        it.until_told("committed")
        assert ids_found(tmp_path / "index", "matched") == ["deep/b"]


def test_what_changed_while_nobody_watched_is_taken_up_at_the_start(folder: Path, index: Path) -> None:
    put(folder / "missed.txt", "Missed\n\nIt came before.")
    (folder / "tram.txt").unlink()
    with driven(index, folder) as it:
        report = it.of("committed")[0].report
        assert report is not None
        assert (report.new, report.deleted) == (1, 1)


def test_a_start_looks_for_no_file_that_is_as_it_was(
    folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = time.time() - 60
    for path in folder.iterdir():
        os.utime(path, (before, before))
    with driven(index, folder):
        pass
    looked: list[object] = []
    update = watcher_module.update_files

    def noted(*arguments: object, **values: object) -> object:
        looked.append(values["changed"])
        return update(*arguments, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(watcher_module, "update_files", noted)
    with driven(index, folder):
        assert looked == []
    put(folder / "dam.txt", "A report on the dam\n\nThe dam is in the news today.")
    (folder / "oil.txt").unlink()
    searchkit.delete(index, "tram")
    with driven(index, folder) as watch:
        report = watch.until_told("committed").report
    assert looked == [[str(folder / name) for name in ("dam.txt", "oil.txt", "tram.txt")]]
    assert report is not None
    assert (report.new, report.deleted) == (2, 1)
    assert set(ids_found(index, "report")) == {"ferry", "rice", "tram", "court", "dam"}


def test_most_of_an_index_does_not_vanish_at_once(folder: Path, index: Path) -> None:
    with driven(index, folder, poll_s=0.2) as it:
        for path in folder.iterdir():
            path.unlink()
        event = it.until_told("problem")
        assert event.report is not None
        assert "5 of 5 articles have vanished" in event.report.notes[0]
        assert len(ids_found(index, "news")) == 5
    with driven(index, folder, prune_limit=1.0) as it:
        assert it.of("committed")[0].report.deleted == 5  # type: ignore[union-attr]


def test_a_place_that_is_away_takes_nothing_with_it(folder: Path, index: Path) -> None:
    with driven(index, folder, poll_s=0.2) as it:
        folder.rename(folder.with_name("unmounted"))
        put(folder.with_name("unmounted") / "late.txt", "Late\n\nIt came late.")
        it.rest(1.0)
        assert len(ids_found(index, "news")) == 5
        folder.with_name("unmounted").rename(folder)
        it.until(lambda: ids_found(index, "late") == ["late"])
        assert len(ids_found(index, "news")) == 5


def test_articles_of_other_places_are_left_alone(folder: Path, index: Path) -> None:
    searchkit.add(index, [{"id": "mine", "text": "Of a program."}], encoder=WordEncoder())
    put(folder.parent / "other" / "there.txt", "There\n\nElsewhere.")
    searchkit.add(index, places=[folder.parent / "other"], encoder=WordEncoder())
    (folder.parent / "other" / "there.txt").unlink()
    (folder / "tram.txt").unlink()
    with driven(index, folder) as it:
        assert it.of("committed")[0].report.deleted == 1  # type: ignore[union-attr]
        assert ids_found(index, "program") == ["mine"]
        assert ids_found(index, "elsewhere") == ["there"]


def test_a_folder_whose_name_begins_alike_is_elsewhere(
    folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder.parent / "articles-of-old" / "there.txt", "There\n\nElsewhere.")
    before = time.time() - 60
    for path in [*folder.iterdir(), *(folder.parent / "articles-of-old").iterdir()]:
        os.utime(path, (before, before))
    searchkit.add(index, places=[folder.parent / "articles-of-old"], encoder=WordEncoder())
    with driven(index, folder):
        pass
    looked: list[object] = []
    monkeypatch.setattr(watcher_module, "update_files", lambda *_, **values: looked.append(values["changed"]))
    with driven(index, folder):
        assert looked == []


def test_it_waits_for_another_writer_and_says_so_once(
    folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searchkit.index.watcher._LOCK_S", 0.1)
    with driven(index, folder) as it:
        put(folder / "late.txt", "Late\n\nIt waits.")
        with writer_lock(IndexPaths(index).lock, "another"):
            worker = Thread(target=lambda: it.until_told("committed"))
            worker.start()
            time.sleep(1.5)
            assert [event.kind for event in it.events] == ["waiting"]
        worker.join()
        assert "another" in it.events[0].message
        assert ids_found(index, "late") == ["late"]


def test_a_full_disk_is_named_and_tried_again(folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = generation_writer.publish
    refusals = iter([True, True])

    def refuse(*arguments: object) -> None:
        if next(refusals, False):
            raise StorageError("The disk is full.")
        publish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(generation_writer, "publish", refuse)
    monkeypatch.setattr("searchkit.index.watcher._FIRST_RETRY_S", 0.1)
    with driven(index, folder) as it:
        put(folder / "late.txt", "Late\n\nIt waits.")
        it.until_told("committed")
        assert [event.kind for event in it.events] == ["failed", "committed"]
        assert it.events[0].message == "The disk is full."
        assert ids_found(index, "late") == ["late"]


def test_an_index_is_made_of_the_first_articles(tmp_path: Path) -> None:
    pytest.importorskip("watchdog")
    (tmp_path / "inbox").mkdir()
    with driven(tmp_path / "index", tmp_path / "inbox") as it:
        assert [event.kind for event in it.events] == ["failed"]
        put(tmp_path / "inbox" / "first.txt", "First\n\nThe first of all.")
        it.until_told("committed")
        assert ids_found(tmp_path / "index", "first") == ["first"]
        put(tmp_path / "inbox" / "second.txt", "Second\n\nAnother.")
        it.until_told("committed", 2)
        assert ids_found(tmp_path / "index", "another") == ["second"]


def test_once_looks_once(folder: Path, index: Path) -> None:
    put(folder / "late.txt", "Late\n\nIt came.")
    told: list[WatchEvent] = []
    watch(WatchConfig(index=index, places=[str(folder)], once=True, encoder=WordEncoder()), told.append)
    assert [event.kind for event in told] == ["started", "committed"]
    assert ids_found(index, "late") == ["late"]


def test_a_place_that_is_not_there_is_an_error_at_once(index: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no"):
        watch(WatchConfig(index=index, places=[str(tmp_path / "nowhere")]), lambda event: None)


def test_what_the_system_does_not_tell_of_is_found_by_looking_again(
    folder: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searchkit.index.watcher.LOOK_AGAIN_S", 0.3)
    (folder.parent / "linked").mkdir()
    (folder / "link").symlink_to(folder.parent / "linked")
    with driven(index, folder) as it:
        put(folder.parent / "linked" / "far.txt", "Far\n\nBehind a link.")
        it.until(lambda: ids_found(index, "link") == ["link/far"])


def test_an_index_that_is_removed_is_not_made_anew(folder: Path, index: Path) -> None:
    with driven(index, folder) as it:
        shutil.rmtree(index)
        put(folder / "late.txt", "Late\n\nIt came.")
        with pytest.raises(IndexNotFound, match="was removed"):
            it.rest(30)
    assert not index.exists()


def test_a_file_that_was_told_of_once_more_too_late_is_not_read_again(tmp_path: Path) -> None:
    now = [0.0]
    files = SettlingFiles(settle_s=1, batch_s=5, clock=lambda: now[0])
    path = str(tmp_path / "a.txt")
    Path(path).write_text("one")
    files.note([path])
    assert files.batch() == []
    now[0] = 2.0
    assert files.batch() == [path]
    files.drop([path])
    files.note([path])
    now[0] = 4.0
    assert files.batch() == []
    Path(path).write_text("another")
    files.note([path])
    now[0] = 6.0
    assert files.batch() == [path]


def test_what_never_rests_is_named_after_a_minute(tmp_path: Path) -> None:
    now = [0.0]
    files = SettlingFiles(settle_s=1, batch_s=5, clock=lambda: now[0])
    path = tmp_path / "log.txt"
    path.write_text("")
    files.note([str(path)])
    for second in range(70):
        now[0] = float(second)
        path.write_text("x" * second)
        assert files.batch() == []
        assert files.restless(60) == ([str(path)] if second > 60 else [])


def test_a_list_of_pages_that_changes_does_not_read_those_that_are_read_apart(folder: Path, index: Path) -> None:
    page = "<html><body><article><h1>Heat</h1><p>{} it was all day long in the valley.</p></article></body></html>"
    with driven(index, folder) as it:
        put(folder / "site.example" / "heat.html", page.format("Hot"))
        it.until_told("committed")
        urls = "<url><loc>https://site.example/heat</loc></url>"
        put(folder / "sitemap.xml", f'<?xml version="1.0"?><urlset>{urls}</urlset>')
        event = it.until_told("problem")
        assert [problem.lost for problem in event.problems] == [False]
        assert "read as files of their own" in event.problems[0].reason
        assert ids_found(index, "valley") == ["site.example/heat"]


def test_old_generations_do_not_pile_up(folder: Path, index: Path) -> None:
    with driven(index, folder, generations=2) as it:
        for number in range(6):
            put(folder / f"n{number}.txt", f"Number {number}\n\nA report.")
            it.until_told("committed", number + 1)
            assert len(list((index / "generations").iterdir())) <= 4
    assert searchkit.verify(index, deep=True).faults == ()
    assert len(ids_found(index, "number")) == 6
