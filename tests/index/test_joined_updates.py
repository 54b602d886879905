"""Exports that are read together with other files, updated: a page that changes renews its own article and no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import searchkit
from searchkit import build, update
from searchkit.ingest import format_detection, format_readers
from tests.index.watch_folder import driven
from tests.word_encoder import WordEncoder

HOUR_AGO = 1_700_000_000
PAGE = (
    "<!doctype html><html lang='en'><head><title>The {0}</title></head><body><article><h1>The {0}</h1>"
    "<p>The {0} on the river Sill was looked at by the {1} on Monday, the council of Northford said.</p></article>"
    "</body></html>"
)
ROW = "The {0},https://example.org/{0},1714999000,news,unread\n"
WORDS = ("bridge", "mill", "weir")


def put(path: Path, content: str, *, changed: int = HOUR_AGO) -> None:
    """Write a file that was changed long enough ago for its time to be trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (changed, changed))


def put_pocket(folder: Path, *words: str, changed: int = HOUR_AGO) -> None:
    put(folder / "pocket.csv", "title,url,time_added,tags,status\n" + "".join(map(ROW.format, words)), changed=changed)


def put_page(folder: Path, word: str, by: str = "mayor", *, changed: int = HOUR_AGO) -> Path:
    path = folder / "example.org" / f"{word}.html"
    put(path, PAGE.format(word, by), changed=changed)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A list of three links, of which two have their pages beside it."""
    put_pocket(tmp_path / "saved", *WORDS)
    for word in WORDS[:2]:
        put_page(tmp_path / "saved", word)
    return tmp_path / "saved"


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    """The index of that folder."""
    assert build(tmp_path / "index", places=[folder], encoder=WordEncoder()).articles == 3
    return tmp_path / "index"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats of files whose content was looked at."""
    names: list[str] = []
    detect = format_detection.detect_format

    def noted(head: bytes, by_suffix: str) -> str:
        names.append(by_suffix)
        return detect(head, by_suffix)

    monkeypatch.setattr(format_readers, "detect_format", noted)
    return names


def texts(index: Path) -> dict[str, str]:
    """Return the texts of all articles by the last part of their links, or by their ids."""
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        there = searcher.search("the", mode="keyword", k=50).results
        articles = [searcher.article(result.article.id) for result in there]
    return {each.id.removeprefix("https://example.org/"): each.text for each in articles if each is not None}


def counts(report: searchkit.BuildReport) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.deleted


@pytest.mark.usefixtures("folder")
def test_what_has_not_changed_is_not_read(index: Path, opened: list[str]) -> None:
    assert counts(update(index, encoder=WordEncoder())) == (0, 0, 3, 0)
    assert not opened


def test_a_page_that_changes_renews_its_article_alone(index: Path, folder: Path) -> None:
    put_page(folder, "mill", "miller", changed=HOUR_AGO + 60)
    assert counts(update(index, prune=True, encoder=WordEncoder())) == (0, 1, 2, 0)
    assert "miller" in texts(index)["mill"]
    assert counts(update(index, encoder=WordEncoder())) == (0, 0, 3, 0)


def test_a_page_that_is_saved_later_or_goes_again_renews_its_article(index: Path, folder: Path) -> None:
    path = put_page(folder, "weir")
    assert counts(update(index, prune=True, encoder=WordEncoder())) == (0, 1, 2, 0)
    assert "mayor" in texts(index)["weir"]
    path.unlink()
    assert counts(update(index, prune=True, encoder=WordEncoder())) == (0, 1, 2, 0)
    assert not texts(index)["weir"]


def test_a_link_that_leaves_the_list_goes_by_prune_and_its_page_becomes_an_article(index: Path, folder: Path) -> None:
    put_pocket(folder, "mill", "weir", "dam", changed=HOUR_AGO + 60)
    report = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert counts(report) == (2, 0, 2, 1)
    assert set(texts(index)) == {"mill", "weir", "dam", "example.org/bridge"}


def test_a_list_that_comes_later_takes_over_its_pages(folder: Path, tmp_path: Path) -> None:
    (folder / "pocket.csv").unlink()
    index = tmp_path / "index"
    assert build(index, places=[folder], encoder=WordEncoder()).articles == 2
    put_pocket(folder, *WORDS)
    report = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert counts(report) == (3, 0, 0, 2)
    assert set(texts(index)) == set(WORDS)


def test_the_page_of_a_bookmark_is_no_article_of_its_own(folder: Path, tmp_path: Path) -> None:
    (folder / "pocket.csv").unlink()
    links = "".join(
        f'<DT><A HREF="https://example.org/{word}" ADD_DATE="1714999000">The {word}</A>\n' for word in WORDS
    )
    put(
        folder / "bookmarks.html",
        f"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>\n<DL><p>\n{links}</DL>",
    )
    index = tmp_path / "index"
    assert build(index, places=[folder], encoder=WordEncoder()).articles == 3
    put_page(folder, "mill", "miller", changed=HOUR_AGO + 60)
    assert counts(update(index, prune=True, encoder=WordEncoder())) == (0, 1, 2, 0)


def test_a_page_in_the_export_of_omnivore_renews_its_article(tmp_path: Path) -> None:
    folder, index = tmp_path / "omnivore", tmp_path / "index"
    items = [
        {
            "id": word,
            "slug": word,
            "title": f"The {word}",
            "url": f"https://example.org/{word}",
            "labels": [],
            "state": "Active",
            "readingProgress": 0,
            "savedAt": "2024-05-06T10:00:00Z",
        }
        for word in WORDS
    ]
    put(folder / "metadata_0_to_20.json", json.dumps(items))
    for word in WORDS:
        put(folder / "content" / f"{word}.html", PAGE.format(word, "mayor"))
    assert build(index, places=[folder], encoder=WordEncoder()).articles == 3
    assert counts(update(index, encoder=WordEncoder())) == (0, 0, 3, 0)
    put(folder / "content" / "mill.html", PAGE.format("mill", "miller"), changed=HOUR_AGO + 60)
    assert counts(update(index, encoder=WordEncoder())) == (0, 1, 2, 0)


def test_a_watcher_renews_the_article_of_a_page_that_changes_comes_or_goes(index: Path, folder: Path) -> None:
    pytest.importorskip("watchdog")
    with driven(index, folder) as watch:
        put_page(folder, "mill", "miller", changed=HOUR_AGO + 60)
        assert counts(watch.until_told("committed").report) == (0, 1, 2, 0)  # type: ignore[arg-type]
        path = put_page(folder, "weir")
        watch.until_told("committed", 2)
        assert set(texts(index)) == set(WORDS)
        assert "mayor" in texts(index)["weir"]
        path.unlink()
        watch.until_told("committed", 3)
        assert not texts(index)["weir"]
        put(folder / "note.html", PAGE.format("dam", "mayor"))
        watch.until_told("committed", 4)
    assert set(texts(index)) == {*WORDS, "note"}
