"""A source of one's own: any iterable is taken lazily, told of from its first article, and may fail as it likes."""

from __future__ import annotations

import gc
import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit.errors import SourceError
from searchkit.index import segment_writer
from searchkit.index.generation import open_generation
from tests.index.archive import article, built, ids_found, tree
from tests.word_encoder import WordEncoder

Told = list[tuple[str, int, int]]


def stream(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"id": f"s{number}", "title": f"Report {number}", "text": f"It was report number {number}."}


def test_a_generator_is_told_of_from_its_first_article_without_a_total(tmp_path: Path) -> None:
    told: Told = []
    before: list[int] = []

    def watched() -> Iterator[dict[str, object]]:
        for each in stream(5):
            before.append(len(told))
            yield each

    searchkit.build(tmp_path / "index", watched(), encoder=WordEncoder(), progress=lambda *values: told.append(values))
    assert before == [1, 2, 3, 4, 5]  # one after each article, and the beginning
    assert [each for each in told if each[0] == "read"] == [("read", number, 0) for number in range(6)]


def test_of_a_list_the_total_is_told(tmp_path: Path) -> None:
    told: Told = []
    searchkit.build(
        tmp_path / "index", list(stream(3)), encoder=WordEncoder(), progress=lambda *values: told.append(values)
    )
    assert [each for each in told if each[0] == "read"] == [("read", number, 3) for number in range(4)]


@pytest.mark.parametrize("error", [KeyError("column"), ValueError("bad row"), ConnectionError("the database left")])
def test_what_the_iterable_raises_passes_through_and_nothing_is_changed(tmp_path: Path, error: Exception) -> None:
    def broken() -> Iterator[searchkit.Article]:
        yield article(1)
        yield article(99)
        raise error

    with pytest.raises(type(error)) as raised:
        searchkit.build(tmp_path / "new", broken(), encoder=WordEncoder())
    assert raised.value is error
    assert not (tmp_path / "new").exists()

    built(tmp_path / "index")
    before = tree(tmp_path / "index")
    for change in (searchkit.add, searchkit.update, searchkit.rebuild):
        with pytest.raises(type(error)) as raised:
            change(tmp_path / "index", broken(), encoder=WordEncoder())
        assert raised.value is error
    with open_generation(tmp_path / "index") as generation:
        assert (generation.manifest.generation, generation.manifest.articles) == (1, 24)
    # Vectors that were computed are kept for the next writer.
    assert {path for path in tree(tmp_path / "index") - before if not path.startswith(".unfinished")} == set()
    assert searchkit.verify(tmp_path / "index", deep=True).faults == ()


def articles_alive() -> int:
    return sum(type(each) is searchkit.Article for each in gc.get_objects())


@pytest.mark.slow
def test_articles_are_let_go_as_others_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_writer, "BATCH_CHARACTERS", 10_000)
    alive: list[int] = []

    def long_texts() -> Iterator[searchkit.Article]:
        for number in range(400):
            if number % 100 == 99:
                alive.append(articles_alive())
            yield article(number, text=f"number {number} is long. " * 50)

    before = articles_alive()
    searchkit.build(tmp_path / "index", long_texts(), encoder=WordEncoder(), jobs=1)
    batch = 10_000 // 900 + 1
    assert max(alive) <= before + 3 * batch, max(alive)


def test_rows_of_a_database_are_articles(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("CREATE TABLE news (id, headline, body, published, source)")
    database.executemany(
        "INSERT INTO news VALUES (?, ?, ?, ?, ?)",
        [("a", "Strike", "No ferries run.", "2025-06-04", "Ledger"), ("b", "Rice", "A poor harvest.", None, None)],
    )
    rows = database.execute("SELECT id, headline AS title, body AS text, published, source FROM news")
    report = searchkit.build(tmp_path / "index", rows, encoder=WordEncoder())
    database.close()
    assert (report.articles, report.problems) == (2, ())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        strike, rice = searcher.article("a"), searcher.article("b")
    assert (strike.title, strike.source, str(strike.published_day)) == ("Strike", "Ledger", "2025-06-04")
    assert (rice.published, rice.source) == (None, None)


def test_named_tuples_are_articles(tmp_path: Path) -> None:
    row = namedtuple("row", ["id", "text"])
    searchkit.build(tmp_path / "index", [row("a", "No ferries run.")], encoder=WordEncoder())
    assert ids_found(tmp_path / "index", "ferries") == ["a"]


@pytest.mark.parametrize("item", [("a", "text"), "text", 7, None, ["a"]])
def test_what_names_no_columns_is_refused(tmp_path: Path, item: Any) -> None:
    with pytest.raises(SourceError, match="names of their columns"):
        searchkit.build(tmp_path / "index", [item], encoder=WordEncoder())
