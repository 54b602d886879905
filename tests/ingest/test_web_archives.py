from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest

from searchkit.ingest.formats import warc
from tests.ingest.containers import http, members, page, record, sorted_out, tarred, write, zipped

HOME, BRIDGE, DAM = "https://example.org/", "https://example.org/bridge", "https://example.org/dam"
INFO = record("warcinfo", "urn:x", b"software: a crawler\r\n")
RECORDS = [
    INFO,
    record("request", BRIDGE, b"GET /bridge HTTP/1.1\r\nHost: example.org\r\n\r\n"),
    record("response", BRIDGE, http(page("The bridge"))),
    record("response", DAM, http(page("The dam"))),
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crawl.warc", b"".join(RECORDS)),
        ("crawl.warc.gz", members(*RECORDS)),
        ("crawl.warc.gz", gzip.compress(b"".join(RECORDS))),
        ("crawl", members(*RECORDS)),
        ("crawl.txt", b"".join(RECORDS)),
        (
            "crawl.wacz",
            zipped({"datapackage.json": b"{}", "archive/data.warc.gz": members(*RECORDS), "pages.jsonl": b"{}"}),
        ),
        ("crawl.zip", zipped({"data.warc": b"".join(RECORDS)})),
        ("crawl.tar", tarred({"data.warc.gz": members(*RECORDS)})),
    ],
)
def test_the_pages_of_a_web_archive_are_read(tmp_path: Path, name: str, content: bytes):
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert not problems
    assert [(article.id, article.url, article.title) for article in articles] == [
        (BRIDGE, BRIDGE, "The bridge"),
        (DAM, DAM, "The dam"),
    ]
    assert [article.fields["captured"] for article in articles] == ["2024-05-06T10:00:00Z"] * 2


def test_an_article_says_where_in_the_file_it_stands(tmp_path: Path):
    plain, zipped_members = b"".join(RECORDS), members(*RECORDS)
    article = sorted_out(write(tmp_path, "a.warc", plain))[0][1]
    offset = article.fields["warc_offset"]
    assert isinstance(offset, int)
    assert plain[offset:].startswith(RECORDS[3][:200])
    assert str(article.fields["warc_record_id"]).encode() in RECORDS[3]
    article = sorted_out(write(tmp_path, "b.warc.gz", zipped_members))[0][1]
    offset = article.fields["warc_offset"]
    assert isinstance(offset, int)
    assert zlib.decompressobj(31).decompress(zipped_members[offset:]) == RECORDS[3]


def test_of_several_captures_the_newest_that_was_there_is_read(tmp_path: Path):
    content = members(
        record("response", BRIDGE, http(page("Of May")), date="2024-05-01T00:00:00Z"),
        record("response", BRIDGE, http(page("Of July")), date="2024-07-01T00:00:00Z"),
        record("response", BRIDGE, http(page("Of June")), date="2024-06-01T00:00:00Z"),
        record("response", BRIDGE, http(page("Gone"), status="404 Not Found"), date="2024-08-01T00:00:00Z"),
    )
    articles, problems = sorted_out(write(tmp_path, "a.warc.gz", content))
    assert [article.title for article in articles] == ["Of July"]
    assert [(problem.reason, problem.lost) for problem in problems] == [
        (
            "has records that hold no article: 2 older captures of a page, 1 response of another status than 200",
            False,
        )
    ]


def test_what_holds_no_article_is_counted_by_kind(tmp_path: Path):
    content = b"".join(
        [
            record("response", HOME, http(page("Home"))),
            *(record("response", f"{HOME}{n}.png", http(b"\x89PNG", content_type="image/png")) for n in range(3)),
            record("response", f"{HOME}a.css", http(b"a {}", content_type="text/css")),
            record("response", f"{HOME}a.js", http(b"a()", content_type="application/javascript")),
            record("response", f"{HOME}old", http(b"", status="301 Moved", more="Location: /\r\n")),
            record("response", f"{HOME}robots.txt", http(b"User-agent: *", content_type="text/plain")),
            record("revisit", HOME, http(b"")),
            record("metadata", HOME, b"via: x\r\n"),
        ]
    )
    articles, (problem,) = sorted_out(write(tmp_path, "a.warc", content))
    assert [article.title for article in articles] == ["Home"]
    assert problem.reason.partition(": ")[2].split(", ") == [
        *("3 pictures", "1 style sheet", "1 script", "1 redirect", "1 robots.txt", "1 revisit of an unchanged page"),
    ]
    assert not problem.lost


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, data[:10], len(data) - 10, data[10:])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Transfer-Encoding: chunked\r\n", chunked(page("The bridge"))),
        ("Content-Encoding: gzip\r\n", gzip.compress(page("The bridge"))),
        ("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(gzip.compress(page("The bridge")))),
        ("Content-Encoding: deflate\r\n", zlib.compress(page("The bridge"))),
        ("Content-Encoding: gzip\r\n", page("The bridge")),
        ("Transfer-Encoding: chunked\r\n", page("The bridge")),
    ],
)
def test_a_body_is_unchunked_and_decompressed(tmp_path: Path, headers: str, body: bytes):
    articles, problems = sorted_out(write(tmp_path, "a.warc", record("response", HOME, http(body, more=headers))))
    assert not problems
    assert [article.title for article in articles] == ["The bridge"]


def test_a_body_whose_compression_is_damaged_is_named(tmp_path: Path):
    body = bytearray(gzip.compress(page("The bridge")))
    body[20:40] = b"\xff" * 20
    content = record("response", HOME, http(bytes(body), more="Content-Encoding: gzip\r\n")) + RECORDS[3]
    articles, problems = sorted_out(write(tmp_path, "a.warc", content))
    assert [article.title for article in articles] == ["The dam"]
    assert problems[0].reason.startswith(f"{HOME}, at byte 0: is damaged")


def test_the_character_set_of_the_header_counts(tmp_path: Path):
    body = page("Žluťoučký kůň").replace(b"<meta charset='utf-8'>", b"").decode().encode("iso-8859-2")
    content = record("response", HOME, http(body, content_type="text/html; charset=ISO-8859-2"))
    assert sorted_out(write(tmp_path, "a.warc", content))[0][0].title == "Žluťoučký kůň"


def test_texts_and_records_without_http_are_read(tmp_path: Path):
    text = b"On the bridge\n\nIt was closed in March, and nobody knows when it opens.\n"
    content = record("conversion", BRIDGE, text) + record("resource", DAM, text)
    articles, _ = sorted_out(write(tmp_path, "a.warc.wet.gz", gzip.compress(content)))
    assert [(article.id, article.title) for article in articles] == [(BRIDGE, "On the bridge"), (DAM, "On the bridge")]


def test_arc_is_read(tmp_path: Path):
    body = http(page("The bridge"))
    version = b"1 0 Crawler\nURL IP-address Archive-date Content-type Archive-length\n\n"
    content = (
        b"filedesc://a.arc 0.0.0.0 20240506100000 text/plain %d\n" % len(version)
        + version
        + b"%s 127.0.0.1 20240506100000 text/html %d\n" % (BRIDGE.encode(), len(body))
        + body
        + b"\n"
    )
    (article,), problems = sorted_out(write(tmp_path, "a.arc", content))
    assert not problems
    assert (article.id, article.title, article.fields["captured"]) == (BRIDGE, "The bridge", "2024-05-06T10:00:00Z")
    assert "warc_record_id" not in article.fields


def test_a_damaged_member_costs_none_behind_it(tmp_path: Path):
    parts = [gzip.compress(each) for each in RECORDS]
    parts[2] = parts[2][:40] + b"\xff\0\xff" * 8 + parts[2][64:]
    articles, problems = sorted_out(write(tmp_path, "a.warc.gz", b"".join(parts)))
    assert [article.title for article in articles] == ["The dam"]
    place = f"at byte {len(parts[0] + parts[1]):,} "
    assert [problem.reason for problem in problems] == [
        f"{place}no record begins where one should, or the file is damaged"
    ]


def test_bytes_between_members_are_named(tmp_path: Path):
    content = members(*RECORDS[:3]) + b"garbage" * 9 + members(RECORDS[3])
    articles, problems = sorted_out(write(tmp_path, "a.warc.gz", content))
    assert [article.title for article in articles] == ["The bridge", "The dam"]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("length", "reason"),
    [(-40, "longer"), (400, "shorter"), (10**7, "shorter")],
)
def test_a_record_that_lies_about_its_length_is_read_and_costs_none_behind_it(tmp_path: Path, length: int, reason: str):
    body = http(page("The bridge"))
    lying = record("response", BRIDGE, body, length=max(len(body) + length, 0))
    articles, problems = sorted_out(write(tmp_path, "a.warc", INFO + lying + RECORDS[3]))
    assert [article.title for article in articles] == ["The bridge", "The dam"]
    assert f"at byte {len(INFO)} a record is {reason} than the" in problems[0].reason
    assert not problems[0].lost


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_of_a_cut_file_all_before_the_cut_is_read(tmp_path: Path, name: str):
    content = b"".join(RECORDS) if name == "a.warc" else members(*RECORDS)
    articles, problems = sorted_out(write(tmp_path, name, content[:-150]))
    assert articles[0].title == "The bridge"
    assert any("cut short" in problem.reason for problem in problems)
    assert problems[0].lost


def test_a_record_that_goes_on_in_the_next_member_is_whole(tmp_path: Path):
    whole = RECORDS[2]
    content = gzip.compress(whole[:500]) + gzip.compress(whole[500:]) + gzip.compress(RECORDS[3])
    articles, problems = sorted_out(write(tmp_path, "a.warc.gz", content))
    assert not problems
    assert [article.title for article in articles] == ["The bridge", "The dam"]


def test_a_file_without_a_page_is_named(tmp_path: Path):
    _, problems = sorted_out(write(tmp_path, "a.warc", INFO))
    assert [problem.reason for problem in problems] == ["holds no page"]


def test_a_record_too_long_to_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(warc, "LONGEST", 2**20)
    content = record("response", HOME, http(b"<p>" + b"x" * 2**21)) + RECORDS[3]
    articles, problems = sorted_out(write(tmp_path, "a.warc", content))
    assert [article.title for article in articles] == ["The dam"]
    assert problems[0].reason == "has records that hold no article: 1 record of more than 1 MiB"


def test_an_address_that_is_none_costs_no_record(tmp_path: Path):
    content = record("response", "http://[::1/x", http(page("The bridge"))) + RECORDS[3]
    articles, problems = sorted_out(write(tmp_path, "a.warc", content))
    assert [(each.id, each.source) for each in articles] == [("http://[::1/x", None), (DAM, "example.org")]
    assert not problems
    _, (problem,) = sorted_out(write(tmp_path, "b.warc.gz", b""))
    assert problem.reason == "is empty"
