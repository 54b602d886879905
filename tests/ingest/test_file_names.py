"""The date and the title that a file's name tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.config import ReadConfig
from searchkit.ingest import read
from searchkit.types import Article

TEXT = "It was closed in March, and nobody knows when it opens."


def article(folder: Path, name: str, content: str = TEXT, fields: dict[str, str] | None = None) -> Article:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    entries = [entry for entry in read([folder], ReadConfig(fields=fields or {})) if isinstance(entry, Article)]
    assert len(entries) == 1
    return entries[0]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("_posts/2024-03-05-on-the-bridge.md", "2024-03-05"),
        ("20240305 On the bridge.txt", "2024-03-05"),
        ("2024_03_05.org", "2024-03-05"),
        ("2024.03.05 bridge.rst", "2024-03-05"),
        ("2024-03-05", "2024-03-05"),
        ("2024-13-05-x.md", ""),
        ("20240305123.md", ""),
        ("bridge-2024-03-05.md", ""),
        ("2024-03-05 page.html", ""),
    ],
)
def test_a_date_that_a_name_begins_with_is_the_articles(tmp_path: Path, name: str, day: str) -> None:
    content = f"<html><head><title>On the bridge</title></head><p>{TEXT}</p></html>" if name.endswith(".html") else TEXT
    read_day = article(tmp_path, name, content).published_day
    assert (read_day.isoformat() if read_day else "") == day


def test_a_date_of_its_own_comes_first(tmp_path: Path) -> None:
    read_day = article(tmp_path, "2024-03-05-x.md", f"---\ndate: 2024-05-06\n---\n{TEXT}").published_day
    assert read_day is not None
    assert read_day.isoformat() == "2024-05-06"


def test_a_mapped_date_is_never_taken_from_a_name(tmp_path: Path) -> None:
    assert article(tmp_path, "2024-03-05-x.md", fields={"published": "when"}).published is None


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("On the bridge.md", "On the bridge"),
        ("2024-03-05-on-the-bridge.md", "On the bridge"),
        ("on_the_bridge.org", "On the bridge"),
        ("README.md", ""),
        ("a.md", ""),
    ],
)
def test_a_note_without_a_title_has_its_files(tmp_path: Path, name: str, title: str) -> None:
    assert article(tmp_path, name).title == title


@pytest.mark.parametrize(
    ("head", "authors", "day"),
    [
        ("5 March 2024\n\n", (), "2024-03-05"),
        ("By Jane Doe\nTuesday, March 5, 2024 10:15 am\n\n", ("Jane Doe",), "2024-03-05"),
        ("By Jane Doe | March 5, 2024\n\n", ("Jane Doe",), "2024-03-05"),
        ("By Jane Doe and Max Muster, 5 March 2024\n\n", ("Jane Doe", "Max Muster"), "2024-03-05"),
        ("2024年3月5日\n\n", (), "2024-03-05"),
        ("12 people died in 2023\n\n", (), ""),
        ("NORTHFORD, March 5 (Wire) - It was said in 2024.\n\n", (), ""),
        ("2024\n\n", (), ""),
    ],
)
def test_a_line_under_the_title_may_be_the_date(tmp_path: Path, head: str, authors: tuple[str, ...], day: str) -> None:
    read_article = article(tmp_path, "a.txt", f"On the bridge\n{head}{TEXT}\n")
    assert read_article.title == "On the bridge"
    assert read_article.authors == authors
    assert (read_article.published_day.isoformat() if read_article.published_day else "") == day


def test_lines_of_keys_may_stand_before_plain_text(tmp_path: Path) -> None:
    read_article = article(tmp_path, "a.txt", f"Title: On the bridge\nDate: 2024-03-05\nAuthor: Jane Doe\n\n{TEXT}\n")
    assert (read_article.title, read_article.authors, read_article.text) == ("On the bridge", ("Jane Doe",), TEXT)
    assert read_article.published is not None


def test_a_title_with_a_colon_is_no_key(tmp_path: Path) -> None:
    assert (
        article(tmp_path, "a.txt", f"Update: the bridge is closed\n\n{TEXT}\n").title == "Update: the bridge is closed"
    )
