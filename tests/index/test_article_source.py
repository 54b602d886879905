"""Two files of one name in two places are two articles, and each keeps its id."""

from __future__ import annotations

import gzip
import io
import json
import os
from itertools import permutations
from pathlib import Path

import pytest

import searchkit
from searchkit import BuildReport, add, build, rebuild, update
from searchkit.errors import ConfigError
from searchkit.index.generation import open_generation
from searchkit.index.paths import IndexPaths
from tests.word_encoder import WordEncoder

MONDAY = "Monday: the harbor bridge was closed."
TUESDAY = "Tuesday: the airport strike ended."
PAGE = "<html><body><article><p>{} it was, and it rained all day long in the valley.</p></article></body></html>"
HOUR_AGO = 1_700_000_000


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str | Path, content: str | bytes, *, changed: int = HOUR_AGO) -> Path:
    """Write a file that was changed long enough ago for its time to be trusted."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (changed, changed))
    return path


def made(index: Path, *places: str | Path, **options: object) -> BuildReport:
    return build(index, places=places, encoder=WordEncoder(), **options)  # type: ignore[arg-type]


def added(index: Path, *places: str | Path) -> BuildReport:
    return add(index, places=places, encoder=WordEncoder())


def made_in(index: Path, order: str) -> BuildReport:
    """Build from places in an order, as "s r", or from the first and add the other, as "s, r"."""
    if "," not in order:
        return made(index, *order.split())
    made(index, order[0])
    return added(index, order[-1])


def texts(index: Path) -> dict[str, str]:
    with open_generation(index) as generation:
        return {article.id: article.text for article in generation.living_articles()}


def id_of(index: Path, text: str) -> str:
    (article_id,) = [id_ for id_, held in texts(index).items() if held == text]
    return article_id


def origin_of(index: Path, article_id: str) -> str:
    with open_generation(index) as generation:
        article = generation.find_article(article_id)
        assert article is not None
        assert article[0].origin is not None
        return article[0].origin.path


def rows(*texts: str) -> str:
    return "".join(json.dumps({"title": "row", "text": text}) + "\n" for text in texts)


def test_files_of_one_name_in_two_places_are_two_articles(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("tue/001.txt", TUESDAY)
    made(index, "mon")
    report = added(index, "tue")
    assert (report.new, report.changed, report.problems) == (1, 0, ())
    assert sorted(texts(index).values()) == [MONDAY, TUESDAY]
    assert id_of(index, MONDAY) == "001"


@pytest.mark.parametrize("order", list(permutations(["mon", "tue", "wed"])))
def test_the_ids_of_one_build_do_not_depend_on_the_order_of_its_places(index: Path, order: tuple[str, ...]) -> None:
    for place in ("mon", "tue", "wed"):
        write(f"{place}/001.txt", f"{place} was a day like any other.")
    made(index, *order)
    assert id_of(index, "mon was a day like any other.") == "001"
    others = {id_of(index, f"{place} was a day like any other.") for place in ("tue", "wed")}
    made(index.with_name("other"), "mon")
    added(index.with_name("other"), "wed")
    added(index.with_name("other"), "tue")
    assert set(texts(index.with_name("other"))) == {"001", *others}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("001.md", "# One\n\nMonday.", "# One\n\nTuesday."),
        ("001.html", PAGE.format("Monday"), PAGE.format("Tuesday")),
        ("dump.jsonl", rows("Monday.", "More of Monday."), rows("Tuesday.", "More of Tuesday.")),
        (
            "dump.jsonl.gz",
            gzip.compress(rows("Monday.").encode(), mtime=0),
            gzip.compress(rows("Tuesday.").encode(), mtime=0),
        ),
        ("dump.json", json.dumps([{"text": "Monday."}]), json.dumps([{"text": "Tuesday."}])),
        ("dump.csv", "title,text\na,Monday.\nb,More.\n", "title,text\na,Tuesday.\nb,Else.\n"),
        ("noext", "Monday.", "Tuesday."),
        ("sub/001.txt", "Monday.", "Tuesday."),
    ],
)
def test_so_it_is_with_every_format(index: Path, name: str, first: str | bytes, second: str | bytes) -> None:
    write(f"a/{name}", first)
    write(f"b/{name}", second)
    number = made(index, "a").new
    report = added(index, "b")
    assert (report.new, report.changed, report.lost) == (number, 0, 0)
    assert len(texts(index)) == 2 * number
    before = texts(index)
    assert update(index, checksum=True, encoder=WordEncoder()).unchanged == 2 * number
    assert rebuild(index, encoder=WordEncoder()).articles == 2 * number
    assert texts(index) == before


@pytest.mark.parametrize(
    "again",
    ["mon", "./mon", "mon/../mon", "mon/001.txt", "mon/*.txt", "link", "link/001.txt", "one.txt", "**/0*.txt"],
)
def test_the_same_file_by_another_path_is_the_same_article(index: Path, tmp_path: Path, again: str) -> None:
    write("mon/001.txt", MONDAY)
    made(index, tmp_path / "mon")
    Path("link").symlink_to("mon")
    Path("one.txt").symlink_to("mon/001.txt")
    report = added(index, again)
    assert (report.unchanged, texts(index)) == (1, {"001": MONDAY})
    write("mon/001.txt", "Monday: the bridge is open again.")
    report = added(index, again)
    assert (report.changed, report.problems) == (1, ())
    assert id_of(index, "Monday: the bridge is open again.") == "001"


def test_a_hard_link_is_a_file_of_its_own(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    Path("tue").mkdir()
    os.link("mon/001.txt", "tue/001.txt")
    made(index, "mon")
    assert added(index, "tue").new == 1


def test_a_file_keeps_its_id_when_it_is_reached_from_another_folder(index: Path) -> None:
    write("news/mon/001.txt", MONDAY)
    made(index, "news")
    assert added(index, "news/mon").unchanged == 1
    assert list(texts(index)) == ["mon/001"]


def test_equal_articles_in_two_places_are_two(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("tue/001.txt", MONDAY)
    made(index, "mon")
    assert added(index, "tue").new == 1
    assert len(texts(index)) == 2


def test_a_folder_that_was_moved_has_the_same_articles(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("mon/002.txt", TUESDAY)
    write("mon/dump.jsonl", rows("a", "b"))
    made(index, "mon")
    before = texts(index)
    Path("mon").rename("monday")
    report = added(index, "monday")
    assert (report.new, report.changed, report.unchanged, report.vectors_encoded) == (0, 0, 4, 0)
    assert "4 articles are the same as before, in files that have moved." in report.notes
    assert texts(index) == before
    assert origin_of(index, "001").endswith("/monday/001.txt")
    write("monday/001.txt", "Monday: the bridge is open again.")
    report = added(index, "monday")
    assert (report.new, report.changed) == (0, 1)


def test_a_file_in_the_place_of_one_that_is_gone_is_another_article(index: Path) -> None:
    write("today/001.txt", MONDAY)
    made(index, "today")
    Path("today").rename("yesterday")
    Path("yesterday/001.txt").unlink()
    write("tomorrow/001.txt", TUESDAY)
    assert added(index, "tomorrow").new == 1
    assert sorted(texts(index).values()) == [MONDAY, TUESDAY]


def test_update_and_prune_know_their_own(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("tue/001.txt", TUESDAY)
    made(index, "tue")
    added(index, "mon")
    before = texts(index)
    report = update(index, encoder=WordEncoder())
    assert (report.new, report.changed, report.unchanged, report.vanished) == (0, 0, 2, 0)
    write("mon/001.txt", "Monday again.")
    assert update(index, encoder=WordEncoder()).changed == 1
    assert texts(index) == before | {id_of(index, "Monday again."): "Monday again."}
    Path("tue/001.txt").unlink()
    assert update(index, prune=True, prune_limit=1.0, encoder=WordEncoder()).deleted == 1
    assert list(texts(index).values()) == ["Monday again."]
    # Its own id is another's no more, and a newcomer has the name.
    write("tue/001.txt", "Tuesday again.")
    update(index, encoder=WordEncoder())
    assert id_of(index, "Tuesday again.") == "001"


def test_a_rebuild_keeps_the_ids(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("tue/001.txt", TUESDAY)
    made(index, "tue")
    added(index, "mon")
    before = texts(index)
    rebuild(index, places=["mon", "tue"], encoder=WordEncoder())
    assert texts(index) == before
    for path in ("mon/001.txt", "tue/001.txt"):
        Path(path).unlink()
    Path("mon").rmdir()
    rebuild(index, encoder=WordEncoder())  # from what is stored
    assert texts(index) == before
    assert origin_of(index, "001").endswith("tue/001.txt")


def test_compact_keeps_where_articles_came_from(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    write("tue/001.txt", TUESDAY)
    made(index, "mon")
    added(index, "tue")
    searchkit.compact(index)
    assert {origin_of(index, id_)[-11:] for id_ in texts(index)} == {"mon/001.txt", "tue/001.txt"}


def test_what_comes_through_standard_input_is_told_by_its_content(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def piped(*texts: str) -> None:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": io.BytesIO(rows(*texts).encode())}))

    piped("Monday.")
    made(index, "-")
    piped("Tuesday.", "Monday.")
    report = added(index, "-")
    assert (report.new, report.unchanged) == (1, 1)
    assert sorted(texts(index).values()) == ["Monday.", "Tuesday."]
    piped("Again.", "Again.")
    assert added(index, "-").new == 2


def test_articles_without_ids_from_a_program_are_told_by_their_content(index: Path) -> None:
    build(index, [{"text": "Monday."}, {"text": "Tuesday."}, {"text": "Monday."}], encoder=WordEncoder())
    assert sorted(texts(index).values()) == ["Monday.", "Monday.", "Tuesday."]
    report = add(index, [{"text": "Tuesday."}, {"text": "Wednesday."}], encoder=WordEncoder())
    assert (report.new, report.unchanged) == (1, 1)


def test_an_id_that_an_article_brings_replaces_and_says_so(index: Path) -> None:
    write("mon.jsonl", json.dumps({"id": "5", "text": "Monday."}))
    write("tue.jsonl", json.dumps({"id": "5", "text": "Tuesday."}))
    made(index, "mon.jsonl")
    report = added(index, "tue.jsonl")
    (problem,) = report.problems
    assert (report.changed, problem.place, problem.lost) == (1, "5", False)
    assert (
        problem.reason
        == f"replaced: it came from {Path('mon.jsonl').absolute()}, now it comes from {Path('tue.jsonl').absolute()}"
    )
    report = add(index, [{"id": "5", "text": "From a program."}], encoder=WordEncoder())
    assert "now it comes from a program" in report.problems[0].reason
    # A program that replaces its own says nothing.
    assert add(index, [{"id": "5", "text": "Once more."}], encoder=WordEncoder()).problems == ()


def test_one_id_twice_in_one_build_is_named_with_both_files(index: Path) -> None:
    write("mon.jsonl", json.dumps({"id": "5", "text": "Monday."}))
    write("tue.jsonl", json.dumps({"id": "5", "text": "Tuesday."}))
    (problem,) = made(index, "mon.jsonl", "tue.jsonl").problems
    assert problem.lost
    assert "mon.jsonl and from " in problem.reason
    assert "tue.jsonl" in problem.reason
    assert texts(index) == {"5": "Tuesday."}
    # And every update says so again, and changes nothing.
    for _ in range(2):
        report = update(index, encoder=WordEncoder())
        assert texts(index) == {"5": "Tuesday."}
        assert len([problem for problem in report.problems if "more than once" in problem.reason]) == 1


def test_a_file_takes_no_id_that_another_article_brings(index: Path) -> None:
    write("a.jsonl", json.dumps({"id": "001", "text": "It brings its id."}))
    write("mon/001.txt", MONDAY)
    made(index, "a.jsonl")
    added(index, "mon")
    assert texts(index)["001"] == "It brings its id."
    assert len(texts(index)) == 2
    build(index.with_name("b"), [{"id": "001", "text": "A program's."}], encoder=WordEncoder())
    added(index.with_name("b"), "mon")
    assert len(texts(index.with_name("b"))) == 2


def test_names_that_are_no_utf8_stay_two(index: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\xe8.txt"):
        write(Path("mon") / os.fsdecode(name), name[3:4] + b"a: an article of some length stands here.")
    report = made(index, "mon")
    assert (report.new, report.lost) == (2, 0)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the files that are read."""
    from searchkit.ingest import article_reader

    read: list[str] = []
    entries = article_reader._entries

    def listed(file, rows):  # type: ignore[no-untyped-def]
        read.append(file.path.name)
        return entries(file, rows)

    monkeypatch.setattr(article_reader, "_entries", listed)
    return read


def test_update_reads_what_has_changed_alone(index: Path, counted: list[str]) -> None:
    for number in range(20):
        write(f"mon/{number:03d}.txt", f"Article {number} of Monday is about rice.")
    write("mon/dump.jsonl", rows("a", "b", "c"))
    made(index, "mon")
    counted.clear()
    report = update(index, encoder=WordEncoder())
    assert (report.unchanged, report.vanished, counted) == (23, 0, [])
    write("mon/003.txt", "It has another size now.")
    write("mon/004.txt", "Article 4 of Monday is about oats.", changed=HOUR_AGO + 5)
    write("mon/new.txt", "A new one.")
    report = update(index, encoder=WordEncoder())
    assert (report.new, report.changed, report.unchanged, sorted(counted)) == (
        1,
        2,
        21,
        ["003.txt", "004.txt", "new.txt"],
    )
    counted.clear()
    assert (update(index, encoder=WordEncoder()).unchanged, counted) == (24, [])
    Path("mon/000.txt").unlink()
    report = update(index, prune=True, encoder=WordEncoder())
    assert (report.deleted, report.unchanged, counted) == (1, 23, [])


def test_a_file_put_in_the_place_of_another_is_read(index: Path, counted: list[str]) -> None:
    write("mon/001.txt", MONDAY)
    made(index, "mon")
    write("other.txt", MONDAY.replace("Monday", "Sunday")).replace("mon/001.txt")
    counted.clear()
    assert update(index, encoder=WordEncoder()).changed == 1
    assert counted == ["001.txt"]


def test_checksum_reads_what_the_time_does_not_tell(index: Path) -> None:
    path = write("mon/001.txt", MONDAY)
    made(index, "mon")
    path.write_text(MONDAY.replace("Monday", "Sunday"))
    os.utime(path, (HOUR_AGO, HOUR_AGO))
    assert update(index, encoder=WordEncoder()).unchanged == 1
    assert update(index, checksum=True, encoder=WordEncoder()).changed == 1


def test_a_file_that_was_changed_a_moment_ago_is_read_again(index: Path, counted: list[str]) -> None:
    path = Path("mon/001.txt")
    write(path, MONDAY)
    os.utime(path)
    made(index, "mon")
    assert not IndexPaths(index).file_states.exists()
    counted.clear()
    update(index, encoder=WordEncoder())
    assert counted == ["001.txt"]


@pytest.mark.parametrize("change", ["delete", "rollback", "fields", "list", "shadow"])
def test_what_the_index_has_not_got_any_more_is_read_again(index: Path, counted: list[str], change: str) -> None:
    write("mon/001.txt", MONDAY)
    write("mon/two.jsonl", json.dumps({"id": "b", "headline": "x", "text": TUESDAY}))
    made(index, "mon")
    read = None
    if change == "delete":
        searchkit.delete(index, ["001"])
    elif change == "rollback":
        write("mon/001.txt", "Sunday: the bridge was closed.")
        update(index, encoder=WordEncoder())
        searchkit.rollback(index)
    elif change == "fields":
        read = searchkit.ReadConfig(fields={"title": "headline"})
    elif change == "list":
        IndexPaths(index).file_states.write_bytes(b'["x\n\xff\n[[[[\n[1,2]\nnull\n')
    else:
        add(index, [{"id": "001", "text": "A program's."}], encoder=WordEncoder())
    counted.clear()
    update(index, places=["mon"], read=read, encoder=WordEncoder())
    assert "001.txt" in counted
    if change != "shadow":
        assert sorted(texts(index).values()) == sorted([Path("mon/001.txt").read_text(), TUESDAY])


def test_a_file_of_which_an_article_was_lost_is_read_and_named_again(index: Path) -> None:
    write("mon/dump.jsonl", rows("a") + "nonsense\n")
    assert made(index, "mon").lost == 1
    assert update(index, encoder=WordEncoder()).lost == 1


def test_an_index_of_before_keeps_its_ids(index: Path, tmp_path: Path) -> None:
    """Format 1 doesn't say where articles came from; the places that it remembers do."""
    import zipfile

    from tests.index.golden import FOLDER

    with zipfile.ZipFile(FOLDER / "1.zip") as archive:
        archive.extractall(index)
    write("mon/a001.txt", MONDAY)
    before = texts(index)
    assert "a001" in before
    rebuild(index, encoder=WordEncoder())
    assert texts(index).keys() == before.keys()
    report = added(index, "mon")
    assert report.lost == 0
    assert texts(index).keys() >= before.keys()


def test_verify_and_gc_leave_the_list_of_files_alone(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    made(index, "mon")
    assert IndexPaths(index).file_states.exists()
    assert searchkit.verify(index, deep=True, encoder=WordEncoder()).faults == ()
    searchkit.gc(index)
    assert IndexPaths(index).file_states.exists()


def test_many_changes_do_not_make_the_list_grow(index: Path) -> None:
    write("mon/001.txt", MONDAY)
    made(index, "mon")
    for number in range(12):
        write("mon/001.txt", f"Monday, the {number:02d}th time.", changed=HOUR_AGO + number)
        update(index, encoder=WordEncoder())
    assert IndexPaths(index).file_states.read_bytes().count(b"\n") <= 3


def _piped(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": io.BytesIO(rows(*texts).encode())}))


@pytest.mark.parametrize("source", ["program", "stdin", "built with stdin", "update with stdin"])
def test_articles_without_a_file_leave_the_places_remembered_and_are_never_pruned(
    index: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("big/a.txt", MONDAY)
    write("big/b.txt", "Another of the big ones.")
    write("small/c.txt", TUESDAY)
    _piped(monkeypatch, "Piped.")
    made(index, "big", "small", *(["-"] if source == "built with stdin" else []))
    if source == "program":
        add(index, [{"text": "Piped."}], encoder=WordEncoder())
    elif source == "stdin":
        added(index, "-")
    elif source == "update with stdin":
        update(index, places=["-"], encoder=WordEncoder())
    with pytest.raises(ConfigError, match=r"also made from .*small"):
        update(index, places=["big"], prune=True, prune_limit=1.0, encoder=WordEncoder())
    with pytest.raises(ConfigError, match=r"also made from .*big"):
        update(index, [{"text": "Another."}], prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert update(index, encoder=WordEncoder()).vanished == 0
    Path("big/b.txt").unlink()
    report = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert (report.deleted, sorted(texts(index).values())) == (1, sorted([MONDAY, TUESDAY, "Piped."]))
    # A rebuild reads the places again, and keeps what no place has.
    rebuild(index, encoder=WordEncoder())
    assert sorted(texts(index).values()) == sorted([MONDAY, TUESDAY, "Piped."])
    rebuild(index, encoder=WordEncoder())
    assert sorted(texts(index).values()) == sorted([MONDAY, TUESDAY, "Piped."])


def test_what_standard_input_brought_vanishes_from_standard_input_alone(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _piped(monkeypatch, "One.", "Two.", "Three.")
    made(index, "-")
    _piped(monkeypatch, "Three.", "Two.")
    assert update(index, places=["-"], prune=True, encoder=WordEncoder()).deleted == 1
    assert sorted(texts(index).values()) == ["Three.", "Two."]


def test_places_read_differently_are_not_pruned_where_their_files_are_still_there(index: Path) -> None:
    write("big/a.txt", MONDAY)
    write("small/c.jsonl", json.dumps({"headline": "x", "text": TUESDAY}))
    made(index, "big")
    add(index, places=["small"], read=searchkit.ReadConfig(fields={"title": "headline"}), encoder=WordEncoder())
    for _ in range(2):
        report = update(index, places=["big"], prune=True, prune_limit=1.0, encoder=WordEncoder())
        assert (report.deleted, report.vanished) == (0, 0)
        assert any("1 articles stay" in note for note in report.notes)
    assert sorted(texts(index).values()) == [MONDAY, TUESDAY]
    Path("small/c.jsonl").unlink()
    assert update(index, places=["big"], prune=True, prune_limit=1.0, encoder=WordEncoder()).deleted == 1


def test_the_remedy_for_many_vanished_names_the_places(index: Path) -> None:
    for name in "abc":
        write(f"my news/{name}.txt", f"The article {name}.")
    made(index, "my news")
    for name in "ab":
        Path(f"my news/{name}.txt").unlink()
    with pytest.raises(ConfigError) as caught:
        update(index, places=["my news"], prune=True, encoder=WordEncoder())
    assert "searchkit update 'my news' --prune --yes" in (caught.value.hint or "")


BROUGHT = {
    "row": ("r/a.jsonl", json.dumps({"id": "001", "text": "It brings its id."})),
    "front matter": ("r/x.md", '---\nid: "001"\n---\nIt brings its id.'),
    "table": ("r/a.csv", "id,text\n001,It brings its id.\n"),
}


@pytest.mark.parametrize("brought", BROUGHT)
@pytest.mark.parametrize("order", ["s r", "r s", "s, r", "r, s", "changed"])
def test_an_id_from_a_file_gives_way_to_one_that_an_article_brings(index: Path, brought: str, order: str) -> None:
    write("s/001.txt", MONDAY)
    write(*BROUGHT[brought])
    if order == "changed":
        text = Path(BROUGHT[brought][0]).read_bytes()
        write(BROUGHT[brought][0], text.replace(b"001", b"002"))
        made(index, "s", "r")
        write(BROUGHT[brought][0], text, changed=HOUR_AGO + 5)
        report = update(index, encoder=WordEncoder())
        searchkit.delete(index, ["002"])
    else:
        report = made_in(index, order)
    assert report.lost == 0
    after = texts(index)
    assert after == {"001": "It brings its id.", next(id_ for id_ in after if id_ != "001"): MONDAY}
    assert id_of(index, MONDAY).startswith("001~")
    assert origin_of(index, id_of(index, MONDAY)).endswith("s/001.txt")
    # And so it stays.
    for checksum in (False, True):
        again = update(index, checksum=checksum, encoder=WordEncoder())
        assert (again.new, again.changed, again.vanished, texts(index)) == (0, 0, 0, after)
    write("s/001.txt", TUESDAY, changed=HOUR_AGO + 9)
    assert update(index, encoder=WordEncoder()).changed == 1
    rebuild(index, encoder=WordEncoder())
    assert texts(index) == {**after, id_of(index, TUESDAY): TUESDAY}


@pytest.mark.parametrize("order", ["s r", "r s", "s, r", "r, s"])
def test_so_it_is_with_the_id_of_a_row(index: Path, order: str) -> None:
    write("s/a.jsonl", rows("One.", "Two.", "Three."))
    write("r/b.jsonl", json.dumps({"id": "a:2", "text": "It brings its id."}))
    report = made_in(index, order)
    assert report.lost == 0
    after = texts(index)
    assert len(after) == 4
    assert (after["a:1"], after["a:2"], after["a:3"]) == ("One.", "It brings its id.", "Three.")
    for checksum in (False, True):
        again = update(index, checksum=checksum, encoder=WordEncoder())
        assert (again.new, again.vanished, texts(index)) == (0, 0, after)
    rebuild(index, encoder=WordEncoder())
    assert texts(index) == after


def test_an_id_from_a_file_gives_way_to_a_programs(index: Path) -> None:
    write("s/001.txt", MONDAY)
    made(index, "s")
    add(index, [{"id": "001", "text": "A program's."}], encoder=WordEncoder())
    assert sorted(texts(index).values()) == sorted(["A program's.", MONDAY])
    assert texts(index)["001"] == "A program's."
    update(index, checksum=True, encoder=WordEncoder())
    assert len(texts(index)) == 2


@pytest.mark.parametrize("place", [".", "*", "**/*", "*/*", "**", "ix*", "./**/*.jsonl"])
@pytest.mark.parametrize("name", ["ix", "indexes/ix"])
def test_an_index_is_no_place_of_articles(tmp_path: Path, name: str, place: str) -> None:
    write("docs/e.txt", MONDAY)
    write("docs/f.jsonl", rows("A row."))
    write("ixora.txt", TUESDAY)
    index = tmp_path / name
    articles = {"**/*": 3, "**": 3, ".": 3, "*": 3, "*/*": 2, "ix*": 1, "./**/*.jsonl": 1}[place]
    assert made(index, place).articles == articles
    report = update(index, encoder=WordEncoder())
    assert (report.new, report.unchanged, report.problems) == (0, articles, ())
    added(index, "docs")
    searchkit.delete(index, [next(iter(texts(index)))])
    assert made(tmp_path / "other", place).articles == articles
    # Something of somebody else's in it, and a lost LOCK, make it no less an index.
    (index / "notes.txt").write_text("Mine.")
    (index / "LOCK").unlink()
    assert made(tmp_path / "third", place).articles == articles


def test_a_folder_that_only_looks_like_an_index_is_read(index: Path) -> None:
    write("docs/CURRENT", MONDAY)
    write("docs/LOCK", TUESDAY)
    write("docs/segments/a.txt", "Segments of an orange.")
    write("docs/notes.txt", "Notes.")
    assert made(index, "docs").articles == 4


def test_an_empty_folder_does_not_become_an_index_of_itself(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(searchkit.SearchkitError, match="No article was found"):
        made(tmp_path / "empty", "empty")


@pytest.mark.parametrize("again", ["update", "add"])
def test_two_files_with_one_id_do_not_take_turns(index: Path, again: str) -> None:
    write("p/a.jsonl", json.dumps({"id": "k1", "text": MONDAY}))
    write("q/a.jsonl", json.dumps({"id": "k1", "text": TUESDAY}))
    generation = made(index, "p", "q").generation
    for _ in range(2):
        report = update(index, checksum=True, encoder=WordEncoder()) if again == "update" else added(index, "p", "q")
        assert (report.generation, report.unchanged, report.changed, report.new) == (generation, 1, 0, 0)
        assert not any("replaced" in problem.reason for problem in report.problems)
    assert texts(index) == {"k1": TUESDAY}
    # Where the later one is gone, the earlier one counts.
    write("q/a.jsonl", json.dumps({"id": "k2", "text": TUESDAY}), changed=HOUR_AGO + 5)
    report = update(index, checksum=True, encoder=WordEncoder())
    assert (report.changed, report.new) == (1, 1)
    assert texts(index) == {"k1": MONDAY, "k2": TUESDAY}
    write("q/a.jsonl", json.dumps({"id": "k1", "text": "Both are changed."}), changed=HOUR_AGO + 9)
    update(index, checksum=True, encoder=WordEncoder())
    assert texts(index)["k1"] == "Both are changed."


@pytest.mark.parametrize("kind", ["link", "empty", "binary", "bad row"])
def test_what_never_held_an_article_does_not_keep_from_pruning(index: Path, kind: str) -> None:
    for name in "abc":
        write(f"news/{name}.txt", f"The article {name}.")
    if kind == "link":
        Path("news/dangling.txt").symlink_to("nowhere")
    elif kind == "bad row":
        write("news/rows.jsonl", rows("A row.") + "nonsense\n")
    else:
        write("news/bad.txt", b"" if kind == "empty" else bytes(range(256)) * 20)
    made(index, "news")
    Path("news/a.txt").unlink()
    report = update(index, prune=True, encoder=WordEncoder())
    assert (report.deleted, report.lost) == (1, 1)


def test_a_file_that_held_one_keeps_from_pruning_while_it_cannot_be_read(index: Path) -> None:
    for name in "abc":
        write(f"news/{name}.txt", f"The article {name}.")
    made(index, "news")
    write("news/a.txt", bytes(range(256)) * 20, changed=HOUR_AGO + 5)
    Path("news/b.txt").unlink()
    report = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert report.deleted == 0
    assert "Nothing was pruned: 1 of the articles couldn't be read." in report.notes
