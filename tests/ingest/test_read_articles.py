"""``searchkit.read``: articles without an index, and no problem without a word."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import ConfigError, SourceError
from searchkit.ingest import SourceWarning
from searchkit.types import Problem
from tests.word_encoder import WordEncoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("Ports on strike\n\nNo ferries run.")
    (tmp_path / "b.jsonl").write_text('{"id": "r1", "text": "First."}\n{broken\n{"id": "r3", "text": "Third."}\n')
    (tmp_path / "c.txt").write_text("")
    return tmp_path


def test_it_yields_articles_alone_and_hands_problems_over(folder: Path) -> None:
    problems: list[Problem] = []
    articles = list(searchkit.read(folder, on_problem=problems.append))
    assert [article.id for article in articles] == ["a", "r1", "r3"]
    assert [(Path(problem.place).name, problem.line, problem.lost) for problem in problems] == [
        ("b.jsonl", 2, True),
        ("c.txt", None, True),
    ]


def test_without_somebody_to_tell_each_problem_is_a_warning_at_the_callers_line(folder: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ids = [article.id for article in searchkit.read(folder)]
    assert ids == ["a", "r1", "r3"]
    assert [warning.category for warning in caught] == [SourceWarning, SourceWarning]
    assert "b.jsonl" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_warning_can_be_made_an_error(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SourceWarning)
        with pytest.raises(SourceWarning, match=r"b\.jsonl"):
            list(searchkit.read(folder))


def test_what_the_callback_raises_ends_the_reading(folder: Path) -> None:
    def refuse(problem: Problem) -> None:
        raise RuntimeError(problem.reason)

    articles = searchkit.read(folder, on_problem=refuse)
    assert [next(articles).id, next(articles).id] == ["a", "r1"]
    with pytest.raises(RuntimeError):
        next(articles)


def test_a_place_that_is_not_there_is_an_error_before_the_first_article(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no"):
        searchkit.read(tmp_path / "nowhere")
    with pytest.raises(ConfigError):
        searchkit.read(tmp_path, searchkit.ReadConfig(fields={"headline": "h"}))


def test_it_reads_as_articles_are_asked_for(folder: Path) -> None:
    articles = searchkit.read([folder / "a.txt", folder / "b.jsonl"], on_problem=lambda problem: None)
    assert next(articles).id == "a"
    (folder / "b.jsonl").write_text('{"id": "later", "text": "Written later."}\n')
    assert next(articles).id == "later"


def test_what_it_reads_can_be_indexed(folder: Path, tmp_path: Path) -> None:
    articles = searchkit.read(folder, on_problem=lambda problem: None)
    report = searchkit.build(
        tmp_path / "index", (article for article in articles if "ferries" in article.text), encoder=WordEncoder()
    )
    assert report.articles == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "b"), "ReadConfig, not by 'b'"),
        ((3,), "3 is no place"),
        ((["a", 3],), "3 is no place"),
        ((None,), "None is no place"),
        ((b"a",), "97 is no place"),
    ],
)
def test_what_is_no_place_is_refused_at_once(folder: Path, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        searchkit.read(*arguments)  # type: ignore[arg-type]
    assert "list" in refused.value.hint


def test_a_plain_text_saved_as_a_page_is_read_as_plain_text(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("Ports on strike\n\nNo ferries run: waves < 3 m, winds & rain.")
    problems: list[Problem] = []
    (article,) = searchkit.read(tmp_path, on_problem=problems.append)
    assert (article.title, article.text) == ("Ports on strike", "No ferries run: waves < 3 m, winds & rain.")
    assert [(problem.reason, problem.lost) for problem in problems] == [
        ("holds no HTML, and was read as plain text", False)
    ]


@pytest.mark.parametrize("suffix", ["pdf", "docx", "epub", "rtf", "odt"])
def test_a_page_saved_as_a_document_is_read_as_a_page(tmp_path: Path, suffix: str) -> None:
    page = "<!DOCTYPE html><html><head><title>Log in</title></head><body><p>Subscribe to read on.</p></body></html>"
    (tmp_path / f"a.{suffix}").write_text(page)
    (tmp_path / "b.txt").write_text(page)
    document, text = searchkit.read(tmp_path)
    assert (document.title, document.text) == (text.title, text.text)
    assert "Subscribe to read on." in document.text
