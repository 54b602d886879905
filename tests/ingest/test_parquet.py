"""Parquet, Arrow, Feather and workbooks: tables whose cells have types."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from searchkit import Article, Problem
from searchkit.errors import MissingExtra
from searchkit.ingest import read

ROWS = [
    {
        "id": 1,
        "headline": "The weir leaks",
        "body": "The weir across the river leaks, and the town has decided to mend it.",
        "date": datetime(2024, 5, 6, 23, 30, tzinfo=timezone(timedelta(hours=2))),
        "authors": ["Jana Doe", "Joe Roe"],
        "place": {"name": "Northford", "river": "Sill"},
        "score": float("nan"),
        "raw": b"caf\xc3\xa9",
    },
    {
        "id": 2,
        "headline": None,
        "body": "The mill turns.",
        "date": None,
        "authors": [],
        "place": None,
        "score": 1.5,
        "raw": None,
    },
]


def write(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, ipc, parquet

    table = pyarrow.Table.from_pylist(ROWS)
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=1)
    elif path.suffix == ".feather":
        feather.write_feather(table, path)
    elif path.suffix == ".arrow":
        with ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    else:
        with ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table)


def taken(path: Path) -> tuple[list[Article], list[Problem]]:
    entries = list(read([path]))
    articles = [entry for entry in entries if isinstance(entry, Article)]
    return articles, [entry for entry in entries if isinstance(entry, Problem)]


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrow", ".ipc"])
def test_a_row_is_an_article_with_its_nested_columns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"news{suffix}"
    write(path)
    (weir, mill), problems = taken(path)
    assert (weir.id, weir.title, weir.authors) == ("1", "The weir leaks", ("Jana Doe", "Joe Roe"))
    assert weir.published == datetime(2024, 5, 6, 21, 30, tzinfo=UTC)
    assert weir.fields == {"place.name": "Northford", "place.river": "Sill", "raw": "café"}
    assert (mill.title, mill.text, mill.published, mill.fields) == ("", "The mill turns.", None, {"score": 1.5})
    assert not [problem for problem in problems if problem.lost]


def test_the_first_bytes_tell_the_format_whatever_the_suffix(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    path = (tmp_path / "a.parquet").rename(tmp_path / "dump.bin")
    assert len(taken(path)[0]) == 2


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path)
    path.write_bytes(path.read_bytes()[:-40])
    articles, (problem,) = taken(path)
    assert not articles
    assert "is damaged" in problem.reason


def test_a_file_without_text_names_its_columns(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"x": [1], "y": [2]}), tmp_path / "a.parquet")
    (problem,) = taken(tmp_path / "a.parquet")[1]
    assert "the columns are: x, y" in problem.reason


@pytest.mark.parametrize(("package", "name"), [("pyarrow", "a.parquet"), ("openpyxl", "a.xlsx")])
def test_without_its_package_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str
) -> None:
    path = tmp_path / name
    if package == "pyarrow":
        write(path)
    else:
        workbook(path)
    for module in [module for module in sys.modules if module.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra) as raised:
        list(read([path]))
    assert "pip install" in (raised.value.hint or "")


def workbook(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "title", "text", "date"])
    sheet.append([1, "The weir leaks", "It leaks.\nBadly.", datetime(2024, 5, 6)])
    sheet.append([None, None, None, None])
    sheet.append(["2", "The mill", "It turns.", "#N/A"])
    book.create_sheet("Empty")
    book.save(path)


def test_a_workbooks_rows_are_articles(tmp_path: Path) -> None:
    path = tmp_path / "news.xlsx"
    workbook(path)
    (weir, mill), problems = taken(path)
    assert (weir.id, weir.title, weir.text) == ("1", "The weir leaks", "It leaks.\nBadly.")
    assert (str(weir.published_day), mill.published) == ("2024-05-06", None)
    assert not problems
