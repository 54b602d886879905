"""Files of several articles, updated: what didn't change isn't read, what changed is replaced, what went goes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

import searchkit
from searchkit import build, update
from searchkit.ingest import format_readers
from tests.ingest.containers import STORY, http, members, page, record, tarred, zipped
from tests.word_encoder import WordEncoder

HOUR_AGO = 1_700_000_000
RSS = "<rss version='2.0'><channel><title>Ledger</title>{}</channel></rss>"
ITEM = (
    "<item><title>{0}</title><link>https://example.org/{0}</link>"
    "<description>The otter swims on {0}.</description></item>"
)
MAIL = (
    "From joe@example.org Mon May  6 10:00:00 2024\nSubject: {0}\nMessage-ID: <{0}@example.org>\n\n"
    "The otter swims on {0}.\n\n"
)


def feed(*names: str) -> bytes:
    return RSS.format("".join(map(ITEM.format, names))).encode()


def mbox(*names: str) -> bytes:
    return "".join(map(MAIL.format, names)).encode()


def crawl(*names: str) -> bytes:
    return members(*(record("response", f"https://example.org/{name}", http(page(f"On {name}"))) for name in names))


def table(*names: str) -> bytes:
    return "".join(f'{{"id": "{name}", "text": "The otter swims on {name}."}}\n' for name in names).encode()


def archive(*names: str) -> bytes:
    return zipped({f"{name}.txt": STORY + name.encode() for name in names})


def tarball(*names: str) -> bytes:
    return gzip.compress(tarred({f"{name}.txt": STORY + name.encode() for name in names}), mtime=0)


def put(path: Path, content: bytes, *, changed: int = HOUR_AGO) -> None:
    """Write a file that was changed long enough ago for its time to be trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (changed, changed))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files whose content was looked at."""
    names: list[str] = []
    detect = format_readers.detect_format

    def noted(head: bytes, by_suffix: str) -> str:
        names.append(by_suffix)
        return detect(head, by_suffix)

    monkeypatch.setattr(format_readers, "detect_format", noted)
    return names


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.zip", archive),
        ("a.tar.gz", tarball),
        ("a.xml", feed),
        ("a.jsonl", table),
        ("a.mbox", mbox),
        ("a.warc.gz", crawl),
    ],
)
def test_a_file_of_several_articles_is_updated_as_a_table_is(tmp_path: Path, opened: list[str], name: str, make):
    index, path = tmp_path / "index", tmp_path / "news" / name
    put(path, make("monday", "tuesday"))
    assert build(index, places=[path.parent], encoder=WordEncoder()).articles == 2
    opened.clear()
    unchanged = update(index, encoder=WordEncoder())
    assert (unchanged.unchanged, unchanged.new, unchanged.changed, opened) == (2, 0, 0, [])
    put(path, make("monday", "wednesday", "thursday"), changed=HOUR_AGO + 60)
    changed = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert (changed.new, changed.unchanged, changed.deleted) == (2, 1, 1)
    assert opened
    with searchkit.open(index) as searcher:
        assert searcher.info().articles == 3


@pytest.mark.parametrize(("name", "make"), [("a.zip", archive), ("a.jsonl", table)])
@pytest.mark.parametrize("first", ["update", "add", "update of another place too"])
def test_what_vanished_from_a_changed_file_goes_at_a_later_prune(tmp_path: Path, name: str, make, first: str):
    index, path = tmp_path / "index", tmp_path / "news" / name
    put(path, make("monday", "tuesday"))
    put(tmp_path / "more" / "b.txt", STORY)
    build(index, places=[path.parent], encoder=WordEncoder())
    put(path, make("monday", "friday"), changed=HOUR_AGO + 60)
    if first == "add":
        searchkit.add(index, places=[path.parent], encoder=WordEncoder())
    else:
        places = [path.parent, tmp_path / "more"] if "another" in first else []
        assert update(index, places=places, encoder=WordEncoder()).vanished == 1
    assert update(index, encoder=WordEncoder()).vanished == 1
    pruned = update(index, prune=True, prune_limit=1.0, encoder=WordEncoder())
    assert (pruned.vanished, pruned.deleted) == (1, 1)
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert not searcher.search("tuesday", mode="keyword").results


def test_a_file_is_not_read_again_once_what_vanished_from_it_is_pruned(tmp_path: Path, opened: list[str]):
    index, path = tmp_path / "index", tmp_path / "news" / "a.jsonl"
    put(path, table("monday", "tuesday", "friday"))
    build(index, places=[path.parent], encoder=WordEncoder())
    put(path, table("monday", "tuesday"), changed=HOUR_AGO + 60)
    update(index, encoder=WordEncoder())
    update(index, prune=True, encoder=WordEncoder())
    opened.clear()
    assert (update(index, encoder=WordEncoder()).unchanged, opened) == (2, [])


def test_where_an_article_stands_in_a_crawl_is_shown(tmp_path: Path):
    path = tmp_path / "a.warc.gz"
    put(path, crawl("monday"))
    build(tmp_path / "index", places=[path], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as searcher:
        fields = searcher.article("https://example.org/monday").fields
    assert (fields["warc_offset"], fields["captured"]) == (0, "2024-05-06T10:00:00Z")


def test_a_page_that_a_sitemap_names_is_read_again_though_the_sitemap_is_as_it_was(tmp_path: Path):
    index, path = tmp_path / "index", tmp_path / "saved" / "sitemap.xml"
    put(path, b"<?xml version='1.0'?><urlset><url><loc>https://example.org/bridge</loc></url></urlset>")
    put(tmp_path / "saved" / "example.org" / "bridge.html", page("The bridge"))
    build(index, places=[path], encoder=WordEncoder())
    put(tmp_path / "saved" / "example.org" / "bridge.html", page("The bridge opens"))
    assert update(index, encoder=WordEncoder()).changed == 1


def test_what_is_no_article_loses_none(tmp_path: Path):
    put(tmp_path / "news" / "a.txt", STORY)
    put(tmp_path / "news" / "a.css", b"a { color: red; }")
    put(tmp_path / "news" / "a.png", b"\x89PNG\r\n\x1a\n")
    put(tmp_path / "news" / "b.txt", b"\x89PNG\r\n\x1a\n")
    report = build(tmp_path / "index", places=[tmp_path / "news"], encoder=WordEncoder())
    assert [(problem.place.rpartition("/")[2], problem.lost) for problem in report.problems] == [
        ("a.css", False),
        ("a.png", False),
        ("b.txt", True),
    ]
