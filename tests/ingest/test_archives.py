from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
from pathlib import Path

import pytest

from searchkit.ingest import allowance
from searchkit.ingest.formats import archive
from searchkit.ingest.formats.archive import DEEPEST
from tests.ingest.containers import STORY, page, sorted_out, tarred, write, zipped

MEMBERS = {
    "2023/port.html": page("The port"),
    "rows.csv": b"title,text\nA,The otter swims.\nB,The heron stands.\n",
    "notes/a.txt.gz": gzip.compress(STORY),
}
IDS = ["saved:2023/port", "saved:rows:2", "saved:rows:3", "saved:notes/a"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("saved.zip", zipped(MEMBERS)),
        ("saved", zipped(MEMBERS)),
        ("saved.tar", tarred(MEMBERS)),
        ("saved.tgz", tarred(MEMBERS, mode="w:gz")),
        ("saved.tar.gz", tarred(MEMBERS, mode="w:gz")),
        ("saved.tar.bz2", tarred(MEMBERS, mode="w:bz2")),
        ("saved.tar.xz", tarred(MEMBERS, mode="w:xz")),
        ("saved", tarred(MEMBERS, mode="w:xz")),
    ],
    ids=["zip", "zip without a suffix", "tar", "tgz", "tar.gz", "tar.bz2", "tar.xz", "tar.xz without a suffix"],
)
def test_an_archive_is_a_place_whose_members_are_read_by_their_own_formats(tmp_path: Path, name: str, content: bytes):
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert not problems
    assert [article.id for article in articles] == IDS
    assert [article.title for article in articles] == ["The port", "A", "B", "A title"]
    assert {article.origin.name for article in articles if article.origin} == {"saved"}


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress, gzip.compress])
@pytest.mark.parametrize("name", ["a.txt", "a.txt.bz2", "a.txt.xz", "a.txt.gz"])
def test_a_file_is_decompressed_by_its_content_whatever_its_name(tmp_path: Path, name: str, compress):
    articles, problems = sorted_out(write(tmp_path, name, compress(STORY) + compress(b"\n\nAnother stream.")))
    assert not problems
    assert [article.id for article in articles] == ["a"]
    assert articles[0].text.endswith("Another stream.")


@pytest.mark.parametrize(("name", "compress"), [("a.txt.bz2", bz2.compress), ("a.txt.xz", lzma.compress)])
def test_compressed_data_that_is_cut_or_none_at_all_is_named(tmp_path: Path, name: str, compress):
    write(tmp_path, f"cut/{name}", compress(STORY)[:-20])
    write(tmp_path, f"none/{name}", STORY)
    articles, problems = sorted_out(tmp_path)
    assert not articles
    assert problems[0].reason == "is cut short: its compressed data ends early"
    assert " data, or damaged" in problems[1].reason


def test_an_xz_file_that_asks_for_too_much_memory_is_named(tmp_path: Path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**29}]
    articles, problems = sorted_out(write(tmp_path, "a.txt.xz", lzma.compress(STORY, filters=filters)))
    assert not articles
    assert "no xz data, or damaged" in problems[0].reason


def test_a_members_name_is_no_more_than_a_name(tmp_path: Path):
    content = zipped({"../../up.txt": STORY, "/etc/absolute.txt": STORY, "a\nb.txt": STORY})
    articles, problems = sorted_out(write(tmp_path, "in/bad.zip", content))
    assert not problems
    assert [article.id for article in articles] == ["bad:../../up", "bad:/etc/absolute", "bad:a b"]
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "bad.zip"]


def test_members_that_differ_in_their_suffixes_alone_are_told_apart(tmp_path: Path):
    content = zipped({"a.txt": STORY, "a.md": b"# Another\n\nText.", "a.html": page("Third")})
    articles, _ = sorted_out(write(tmp_path, "x.zip", content))
    assert [article.id for article in articles] == ["x:a", "x:a.md", "x:a.html"]


def test_hidden_members_are_none(tmp_path: Path):
    content = zipped({"a.txt": STORY, ".hidden.txt": STORY, "__MACOSX/._a.txt": b"\0\5\x16\7", ".git/b.txt": STORY})
    articles, problems = sorted_out(write(tmp_path, "x.zip", content))
    assert [article.id for article in articles] == ["x:a"]
    assert not problems


def test_a_name_that_is_utf8_without_saying_so_is_read_as_it(tmp_path: Path):
    content = zipped({"brücke.txt": STORY})
    for flag in (b"PK\x03\x04\x14\x00\x00\x08", b"PK\x01\x02\x14\x03\x14\x00\x00\x08"):
        content = content.replace(flag, flag[:-1] + b"\0")
    assert sorted_out(write(tmp_path, "x.zip", content))[0][0].id == "x:brücke"


def test_archives_within_archives_are_read_to_a_depth(tmp_path: Path):
    third = zipped({"c.txt": STORY})
    second = tarred({"b.txt": STORY, "third.zip": third})
    articles, problems = sorted_out(write(tmp_path, "first.zip", zipped({"a.txt": STORY, "second.tar": second})))
    assert DEEPEST == 2
    assert [article.id for article in articles] == ["first:a", "first:second/b"]
    assert [problem.place.removeprefix(f"{tmp_path}/") for problem in problems] == ["first.zip: second.tar/third.zip"]
    assert problems[0].reason == "is an archive within 2 others: unpack the outer ones first"


def test_what_is_wrong_with_a_member_costs_no_other(tmp_path: Path):
    content = bytearray(zipped({"a.txt": STORY, "b.txt": STORY * 9, "c.txt": STORY, "d.png": b"\x89PNG\r\n"}))
    second = content.index(b"b.txt") + 5
    content[second + 8 : second + 12] = b"\xff\xff\xff\xff"
    articles, problems = sorted_out(write(tmp_path, "x.zip", bytes(content)))
    assert [article.id for article in articles] == ["x:a", "x:c"]
    assert [(problem.place.rpartition("x.zip: ")[2], problem.lost) for problem in problems] == [
        ("b.txt", True),
        ("d.png", False),
    ]


def test_an_encrypted_member_is_named(tmp_path: Path):
    content = bytearray(zipped({"a.txt": STORY, "b.txt": STORY}))
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    articles, problems = sorted_out(write(tmp_path, "x.zip", bytes(content)))
    assert [article.id for article in articles] == ["x:b"]
    assert [problem.reason for problem in problems] == ["is encrypted: unpack it with its password first"]


def test_links_in_a_tar_are_counted_and_not_followed(tmp_path: Path):
    articles, problems = sorted_out(write(tmp_path, "x.tar", tarred({"a.txt": STORY}, link="/etc/passwd")))
    assert [article.id for article in articles] == ["x:a"]
    assert [(problem.reason, problem.lost) for problem in problems] == [("holds 1 link, not followed", False)]


def test_of_a_cut_archive_all_before_the_cut_is_read(tmp_path: Path):
    content = tarred({f"{number}.txt": STORY * 200 for number in range(5)})
    articles, problems = sorted_out(write(tmp_path, "x.tar", content[: len(content) // 2]))
    assert [article.id for article in articles][:2] == ["x:0", "x:1"]
    assert "damaged" in problems[-1].reason
    articles, problems = sorted_out(write(tmp_path, "x.tar.gz", gzip.compress(content)[:-30]))
    assert [article.id for article in articles][:2] == ["x:0", "x:1"]
    assert problems[-1].lost


def test_a_zip_without_its_directory_is_named(tmp_path: Path):
    _, problems = sorted_out(write(tmp_path, "x.zip", zipped({"a.txt": STORY})[:-30]))
    assert [problem.reason for problem in problems] == ["is no ZIP archive, or a damaged one (file is not a zip file)"]


def test_an_empty_archive_is_named(tmp_path: Path):
    write(tmp_path, "x.zip", zipped({}))
    write(tmp_path, "y.tar", tarred({}))
    assert [problem.reason for problem in sorted_out(tmp_path / "x.zip")[1]] == ["is empty"]


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_a_bomb_is_named_and_what_came_before_it_is_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(allowance, "LARGEST_UNPACKED", 2**20)
    inside = {"a.txt": STORY, "b.jsonl": b"\n" * 2**21, "c.txt": STORY}
    content = zipped(inside) if name == "x.zip" else tarred(inside, mode="w:gz")
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert articles[0].id == "x:a"
    assert problems[-1].place == str(tmp_path / name)
    assert problems[-1].reason.startswith("unpacks to more than 200 times its size")


def test_more_members_than_any_archive_has_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(allowance, "MOST_MEMBERS", 3)
    content = zipped({f"{number}.txt": STORY for number in range(5)})
    articles, problems = sorted_out(write(tmp_path, "x.zip", content))
    assert len(articles) == 3
    assert [problem.reason for problem in problems] == ["has more than 3 members; the rest was left"]


def test_a_zip_whose_directory_is_a_bomb_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "_LARGEST_DIRECTORY", 100)
    content = zipped({f"{number}.txt": STORY for number in range(5)})
    _, problems = sorted_out(write(tmp_path, "x.zip", content))
    assert [problem.reason for problem in problems] == ["has a directory of more than 0 MiB, as only a bomb does"]


def test_a_tar_header_that_goes_on_for_ever_is_named(tmp_path: Path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 2**40
    content = info.tobuf(tarfile.USTAR_FORMAT) if info.size < 8**11 else info.tobuf(tarfile.GNU_FORMAT)
    compressed = gzip.compress(content + bytes(2**25))
    _, problems = sorted_out(write(tmp_path, "x.tar.gz", compressed))
    assert "has a header of more than 16 MiB" in problems[0].reason


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"[Content_Types].xml": b"<t/>", "ppt/presentation.xml": b"<p/>"}, "an Office file"),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<c/>"}, "an Office file"),
    ],
)
def test_a_document_that_is_a_zip_is_told_from_an_archive(tmp_path: Path, members: dict[str, bytes], what: str):
    articles, problems = sorted_out(write(tmp_path, "saved.zip", zipped(members)))
    assert not articles
    assert [problem.reason for problem in problems] == [f"not text: looks like {what}"]


def test_a_member_stored_by_a_method_that_python_lacks_is_named(tmp_path: Path):
    content = bytearray(zipped({"a.txt": STORY, "b.txt": STORY}))
    struct.pack_into("<H", content, content.index(b"PK\x03\x04") + 8, 97)
    struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 10, 97)
    articles, problems = sorted_out(write(tmp_path, "x.zip", bytes(content)))
    assert [article.id for article in articles] == ["x:b"]
    assert "can't be unpacked" in problems[0].reason


def test_a_zip_in_a_compressed_stream_is_read(tmp_path: Path):
    inner = gzip.compress(zipped({"a.txt": STORY}))
    articles, problems = sorted_out(write(tmp_path, "x.zip.gz", inner))
    assert not problems
    assert [article.id for article in articles] == ["x:a"]
