"""Some files of places: what is found of them is what looking at all would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.errors import SourceError
from searchkit.ingest.discover import find, find_among, matches_nothing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out what is read, and what isn't, with files of every kind of place."""
    for name in (
        "a.txt",
        "deep/er/b.md",
        "deep/er/c.jsonl.gz",
        ".hidden/d.txt",
        "deep/.e.txt",
        "index/CURRENT",
        "index/generations/f.json",
        "index/segments/g.txt",
        "unborn/LOCK",
        "beir/corpus.jsonl",
        "beir/queries.jsonl",
        "beir/qrels/test.tsv",
        "beir2/corpus.jsonl.gz",
        "beir2/qrels/test.tsv",
        "mail/cur/h",
        "mail/new/i",
        "mail/tmp/j",
        "mail/.Sent/cur/k",
        "mail/.Sent/new/l",
        "mail/.Sent/tmp/m",
        "mail/.other/n",
        "qrels/o.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


PLACES = [
    ".",
    "deep",
    "deep/er/b.md",
    "**/*.md",
    "deep/*",
    "*/er",
    "*.txt",
    "mail",
    "**",
    "b*/*",
    ".hidden/*",
    "no/../deep",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_is_one_of_a_place_or_is_none(folder: Path, place: str) -> None:
    where = str(folder / place)
    if matches_nothing(where):
        every: dict[str, str] = {}
    else:
        try:
            every = {file.address: file.id for file in find([where])[0]}
        except SourceError:
            pytest.skip("there is no such place")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            among, problems = find_among([where], [str(path)])
            assert problems == []
            expected = {address: name for address, name in every.items() if address == str(path)}
            assert {file.address: file.id for file in among} == expected, path


@pytest.mark.parametrize("place", PLACES[:-1])
def test_of_a_folder_all_files_below_it_are_found(folder: Path, place: str) -> None:
    where = str(folder / place)
    every = {file.address for file in find([where])[0]}
    for path in [folder, *sorted(folder.rglob("*"))]:
        if path.is_dir():
            among, _ = find_among([where], [str(path)])
            assert {file.address for file in among} == {each for each in every if Path(each).is_relative_to(path)}, path


def test_what_is_not_there_is_none(folder: Path) -> None:
    assert find_among([folder], [str(folder / "gone.txt"), "/elsewhere/a.txt"]) == ([], [])


def test_a_link_to_nothing_is_a_problem(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder / "gone.txt")
    files, problems = find_among([folder], [str(folder / "link.txt")])
    assert files == []
    assert [problem.reason for problem in problems] == ["is a link to nothing"]


def test_a_place_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(SourceError, match="There is no"):
        find_among([folder / "away"], [str(folder / "away" / "a.txt")])
    with pytest.raises(SourceError, match="There is no"):
        find_among([folder / "away" / "*.txt"], [])


def test_a_glob_may_match_nothing_as_yet(folder: Path) -> None:
    assert matches_nothing(folder / "*.xyz")
    assert not matches_nothing(folder / "*.txt")
    assert not matches_nothing(folder)
    assert not matches_nothing(folder / "away" / "*.txt")
