from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import zstandard

from searchkit.config import ReadConfig
from searchkit.errors import ConfigError, SourceError
from searchkit.ingest import read
from searchkit.types import Article, Problem

TEXT = "A title\n\nThe ministry said on Tuesday that the systems had been delivered.\n"
ROWS = "".join(json.dumps({"_id": str(i), "text": f"Number {i}. " + "word " * 30}) + "\n" for i in range(2000)).encode()


def write(root: Path, name: str, content: str | bytes = TEXT) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sorted_out(places: Sequence[str | Path], **options: object) -> tuple[list[Article], list[Problem]]:
    entries = list(read(places, **options))  # type: ignore[arg-type]
    return [each for each in entries if isinstance(each, Article)], [
        each for each in entries if isinstance(each, Problem)
    ]


def ids(*places: str | Path) -> list[str]:
    articles, problems = sorted_out(places)
    assert not problems
    return [article.id for article in articles]


def test_a_folder_is_read_with_all_below_it_but_not_what_is_hidden(tmp_path: Path):
    for name in ("b.txt", "a.md", "sub/deep/c.txt", ".hidden.txt", ".git/d.txt", "sub/.e.txt"):
        write(tmp_path, name)
    assert ids(tmp_path) == ["a", "b", "sub/deep/c"]


def test_an_empty_folder_yields_nothing(tmp_path: Path):
    assert list(read([tmp_path])) == []


def test_a_file_is_called_after_itself(tmp_path: Path):
    assert ids(write(tmp_path, "sub/a.b.txt")) == ["a.b"]


def test_globs_are_expanded_and_ids_count_from_their_fixed_part(tmp_path: Path):
    for name in ("x/a.txt", "x/b.md", "y/z/c.txt", "y/.hidden/d.txt", ".e/f.txt"):
        write(tmp_path, name)
    assert ids(f"{tmp_path}/*/*.txt") == ["x/a"]
    assert ids(f"{tmp_path}/**/*.txt") == ["x/a", "y/z/c"]
    assert ids(f"{tmp_path}/x/?.*") == ["a", "b"]
    assert ids(f"{tmp_path}/y/*") == ["z/c"]
    assert ids(f"{tmp_path}/*/z/[ab-d].txt") == ["y/z/c"]


def test_a_name_that_looks_like_a_glob_is_a_file_where_there_is_one(tmp_path: Path):
    assert ids(write(tmp_path, "a[1].txt")) == ["a[1]"]


def test_relative_places_and_a_lone_string_are_places_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "a.txt")
    write(tmp_path, "sub/b.txt")
    monkeypatch.chdir(tmp_path)
    assert ids(".") == ["a", "sub/b"]
    assert ids("*.txt") == ["a"]
    assert [each.id for each in read("a.txt") if isinstance(each, Article)] == ["a"]


def test_files_of_overlapping_places_are_read_once_and_count_from_the_outermost_folder(tmp_path: Path):
    write(tmp_path, "a.txt")
    write(tmp_path, "sub/b.txt")
    for places in ([tmp_path, tmp_path / "sub"], [tmp_path / "sub", tmp_path], [f"{tmp_path}/**/*.txt", tmp_path]):
        assert sorted(ids(*places)) == ["a", "sub/b"]


def test_files_that_differ_in_their_suffixes_alone_keep_them(tmp_path: Path):
    write(tmp_path, "a.txt")
    write(tmp_path, "a.md")
    write(tmp_path, "a.txt.gz", gzip.compress(TEXT.encode()))
    write(tmp_path, "b.txt")
    write(tmp_path, "c.story")
    assert ids(tmp_path) == ["a.md", "a.txt", "a.txt.gz", "b", "c.story"]


def test_links_are_followed_once_and_loops_are_left(tmp_path: Path):
    write(tmp_path, "z/a.txt")
    (tmp_path / "z/loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "z")
    (tmp_path / "again.txt").symlink_to(tmp_path / "z/a.txt")
    assert ids(tmp_path) == ["z/a"]
    assert ids(f"{tmp_path}/**/*.txt") == ["z/a"]
    assert ids(tmp_path / "b") == ["a"]


def test_what_is_no_regular_file_is_said(tmp_path: Path):
    (tmp_path / "broken.txt").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    _, problems = sorted_out([tmp_path])
    assert [(Path(each.place).name, each.reason) for each in problems] == [
        ("broken.txt", "is a link to nothing"),
        ("pipe", "is no regular file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_what_may_not_be_read_is_said(tmp_path: Path):
    write(tmp_path, "secret.txt").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    _, problems = sorted_out([tmp_path])
    assert ["permission denied" in each.reason for each in problems] == [True, True]


def test_a_place_that_does_not_exist_is_an_error_at_once_with_the_nearest_name(tmp_path: Path):
    write(tmp_path, "articles/a.txt")
    with pytest.raises(SourceError) as caught:
        read([tmp_path / "artcles"])
    assert f"Did you mean '{tmp_path / 'articles'}'?" in caught.value.hint
    with pytest.raises(SourceError) as caught:
        read([tmp_path / "artcles" / "b.txt"])
    assert "articles" in caught.value.hint
    with pytest.raises(SourceError, match="Nothing matches") as caught:
        read([f"{tmp_path}/articles/*.pdf"])
    assert "a.txt" in caught.value.hint
    with pytest.raises(SourceError):
        read([f"{tmp_path}/nowhere/*.txt"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError) as caught:
        read([f"{tmp_path}/empty/*"])
    assert "is empty" in caught.value.hint
    with pytest.raises(SourceError):
        read(["a\0b"])


@pytest.mark.parametrize(
    ("suffix", "squeeze"), [(".gz", gzip.compress), (".zst", zstandard.compress), (".ZST", zstandard.compress)]
)
def test_every_format_may_be_compressed(tmp_path: Path, suffix: str, squeeze: object):
    contents = {
        "plain.txt": TEXT,
        "mark.md": "# A title\n\nText.",
        "page.html": "<html><body><h1>A title</h1><p>Text.</p></body></html>",
        "rows.jsonl": '{"_id":"r1","text":"a"}\n',
        "list.json": '[{"_id":"l1","text":"a"}]',
        "table.csv": "id,text\nt1,a\n",
    }
    for name, content in contents.items():
        write(tmp_path, name + suffix, squeeze(content.encode()))  # type: ignore[operator]
    assert ids(tmp_path) == ["l1", "mark", "page", "plain", "r1", "t1"]


def test_several_frames_are_one_file(tmp_path: Path):
    middle = ROWS.index(b"\n", len(ROWS) // 2) + 1
    write(tmp_path, "a.jsonl.zst", zstandard.compress(ROWS[:middle]) + zstandard.compress(ROWS[middle:]))
    assert len(ids(tmp_path)) == 2000


@pytest.mark.parametrize(("suffix", "squeeze"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_of_lines_cut_short_those_before_are_kept(tmp_path: Path, suffix: str, squeeze: object):
    data = squeeze(ROWS)  # type: ignore[operator]
    path = write(tmp_path, "news.jsonl" + suffix, data[: len(data) - 40])
    articles, (problem,) = sorted_out([path])
    assert 0 < len(articles) < 2000
    assert (problem.place, problem.reason) == (str(path), "is cut short: its compressed data ends early")
    assert problem.lost


def test_a_text_cut_short_is_lost(tmp_path: Path):
    write(tmp_path, "a.txt.gz", gzip.compress(os.urandom(3000).hex().encode())[:-900])
    write(tmp_path, "b.txt.zst", zstandard.compress(os.urandom(3000).hex().encode())[:-900])
    articles, problems = sorted_out([tmp_path])
    assert not articles
    assert ["cut short" in problem.reason for problem in problems] == [True, True]


def test_what_is_not_compressed_though_its_name_says_so_is_named(tmp_path: Path):
    write(tmp_path, "a.txt.gz", "plain")
    write(tmp_path, "b.txt.zst", "plain")
    damaged = bytearray(gzip.compress(ROWS))
    damaged[2000:2100] = bytes(100)
    write(tmp_path, "c.txt.gz", bytes(damaged))
    _, problems = sorted_out([tmp_path])
    assert ["gzip" in problems[0].reason, "zstandard" in problems[1].reason, "damaged" in problems[2].reason] == [
        True
    ] * 3


@pytest.mark.parametrize(("suffix", "squeeze"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path: Path, suffix: str, squeeze: object):
    bomb = squeeze(b"a" * (65 * 2**20))  # type: ignore[operator]
    assert len(bomb) < 100_000
    write(tmp_path, "bomb.txt" + suffix, bomb)
    _, (problem,) = sorted_out([tmp_path])
    assert problem.reason == "is longer than 64 MiB"


def test_empty_and_binary_files_are_said(tmp_path: Path):
    contents = {
        "a.txt": b"",
        "b.jsonl": b"",
        "c.csv": b"",
        "d.json": b" ",
        "e.md": b" \n\n",
        "f.html": b"<html></html>",
        "g": b"\x89PNG\r\n\x1a\n\0\0",
        "h.txt": b"%PDF-1.4",
        "i.csv": b"PK\x03\x04\0\0",
    }
    for name, content in contents.items():
        write(tmp_path, name, content)
    articles, problems = sorted_out([tmp_path])
    assert not articles
    assert [each.reason for each in problems] == [
        *["is empty"] * 5,
        "holds no readable text",
        "not text: looks like a PNG image",
        "is no PDF, or a damaged one",
        "is no ZIP archive, or a damaged one (file is not a zip file)",
    ]
    assert all(each.lost for each in problems)


def test_files_of_unknown_kind_are_text_or_pages(tmp_path: Path):
    write(tmp_path, "a.story", TEXT)
    write(tmp_path, "page", "<!DOCTYPE html><html><body><h1>Head</h1><p>Hello there, world.</p></body></html>")
    articles, _ = sorted_out([tmp_path])
    assert [(each.id, each.title) for each in articles] == [("a.story", "A title"), ("page", "Head")]


def test_a_page_is_called_after_its_file_though_it_has_a_url(tmp_path: Path):
    page = '<html><head><link rel="canonical" href="https://example.org/x"></head><body><h1>A</h1><p>Text.</p></body></html>'
    write(tmp_path, "a.html", page)
    write(tmp_path, "b.html", page)
    articles, _ = sorted_out([tmp_path])
    assert [(each.id, each.url) for each in articles] == [
        ("a", "https://example.org/x"),
        ("b", "https://example.org/x"),
    ]


def test_an_id_in_the_front_matter_is_the_id(tmp_path: Path):
    write(tmp_path, "a.md", "---\nid: seven\n---\ntext")
    write(tmp_path, "b.md", "---\nid: ''\ntitle: {a: 1}\n---\ntext")
    articles, (problem,) = sorted_out([tmp_path])
    assert [each.id for each in articles] == ["seven"]
    assert "no text in its field 'title'" in problem.reason


def test_what_was_repaired_is_said_and_nothing_is_lost_by_it(tmp_path: Path):
    path = write(tmp_path, "a.txt", ("A title\n\nDas Mädchen grüßt über die Straße.").encode() + b"\xff")
    (article,), (problem,) = sorted_out([path])
    assert "Mädchen" in article.text
    assert not problem.lost


def test_a_folder_in_beirs_layout_is_its_corpus(tmp_path: Path):
    write(tmp_path, "one/corpus.jsonl", '{"_id":"1","text":"a"}\n')
    write(tmp_path, "one/queries.jsonl", '{"_id":"q1","text":"a"}\n')
    write(tmp_path, "one/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\t1\t1\n")
    write(tmp_path, "one/README.md", "# About")
    write(tmp_path, "two/corpus.jsonl", '{"_id":"2","text":"a"}\n')
    write(tmp_path, "two/more.txt")
    assert ids(tmp_path / "one") == ["1"]
    assert ids(tmp_path) == ["1", "2", "two/more"]


def test_standard_input_is_lines_of_json(tmp_path: Path):
    stdin = io.BytesIO(b'{"text":"a"}\nnonsense\n')
    articles, (problem,) = sorted_out([write(tmp_path, "a.txt"), "-"], stdin=stdin)
    assert [each.id for each in articles] == ["a", "stdin:8b5cb36823fb6c59"]
    assert str(problem).startswith("standard input, line 2: isn't valid JSON")
    assert sorted_out(["-"], stdin=io.BytesIO(b"\x89PNG\r\n"))[1][0].reason == "not text: looks like a PNG image"


def test_progress_is_told_by_files(tmp_path: Path):
    for name in ("a.txt", "b.txt"):
        write(tmp_path, name)
    told: list[tuple[str, int, int]] = []
    list(read([tmp_path, "-"], stdin=io.BytesIO(b""), progress=lambda *said: told.append(said)))
    assert told == [("read", 0, 3), ("read", 1, 3), ("read", 2, 3), ("read", 3, 3)]


def test_mapped_fields_reach_the_readers_and_wrong_ones_are_refused_at_once(tmp_path: Path):
    path = write(tmp_path, "a.jsonl", '{"nr":1,"was":"Text"}\n')
    articles, _ = sorted_out([path], config=ReadConfig(fields={"id": "nr", "text": "was"}))
    assert [(each.id, each.text) for each in articles] == [("1", "Text")]
    with pytest.raises(ConfigError):
        read([path], ReadConfig(fields={"txt": "was"}))


def test_reading_stops_when_nobody_asks_for_more(tmp_path: Path):
    path = write(tmp_path, "a.jsonl", ROWS)
    entries = read([path])
    assert isinstance(next(entries), Article)
    entries.close()  # type: ignore[attr-defined]


def test_an_error_of_a_library_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(source: str) -> None:
        raise RuntimeError("unheard of")

    monkeypatch.setattr("searchkit.ingest.formats.html.parse_page", fail)
    write(tmp_path, "a.html", "<p>x")
    write(tmp_path, "b.txt")
    articles, (problem,) = sorted_out([tmp_path])
    assert [each.id for each in articles] == ["b"]
    assert problem.reason == "can't be read: RuntimeError: unheard of"
