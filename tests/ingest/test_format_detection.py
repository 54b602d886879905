"""What a file holds, by its first bytes."""

import tarfile

import pytest

from searchkit.ingest.format_detection import detect_format, detect_zip, without_suffixes


def test_pages_are_known_by_their_beginning() -> None:
    assert detect_format(b"\n<!DOCTYPE HTML><p>", "unknown") == "html"
    assert detect_format(b'<?xml version="1.0"?>\n<html xmlns="x">', "unknown") == "html"
    assert detect_format(b"A text about <html>", "unknown") == "unknown"


@pytest.mark.parametrize(
    ("head", "by_suffix", "form"),
    [
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- a --><rss version='2.0'>", "xml", "feed"),
        ('<?xml version="1.0" encoding="utf-16"?><feed xmlns="x">'.encode("utf-16"), "unknown", "feed"),
        (b"<?xml version='1.0'?><rdf:RDF xmlns:rdf='x'>", "xml", "feed"),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]>\n<rss version='0.91'>", "plain", "feed"),
        (b"<?xml version='1.0'?><urlset xmlns='x'>", "xml", "sitemap"),
        (b"<ns:sitemapindex xmlns:ns='x'>", "unknown", "sitemap"),
        (b"<?xml version='1.0'?><records><a/></records>", "xml", "xml"),
        (b"<?xml version='1.0'?><records><a/></records>", "unknown", "xml"),
        (b"<!-- saved from url=(0022)https://example.org/ --><html>", "plain", "html"),
        (b"<html><body>", "table", "html"),
        (b"<html><body>", "markdown", "markdown"),
        (b"%PDF-1.4\n", "html", "pdf"),
        (b"\n\n%PDF-1.4\n", "unknown", "pdf"),
        (b"PK\x03\x04\x14\0", "plain", "zip"),
        (b"WARC/1.1\r\nWARC-Type: warcinfo\r\n", "plain", "warc"),
        (b"filedesc://a.arc 0.0.0.0 20240506 text/plain 76\n", "unknown", "warc"),
        (b"From jane@example.org Mon May  6 10:00:00 2024\nFrom: Jane\n", "plain", "mbox"),
        (b"From here it was 2024 miles\nto the town.\n", "plain", "plain"),
        (b"Received: by a\nFrom: a@b\nSubject: c\n\nd", "plain", "mail"),
        (b"Subject: c\n\nd", "mail", "mail"),
        (b"Title: c\nDate: 2024-05-06\nAuthor: Jane\n\nd", "markdown", "markdown"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": []}', "json", "jsonfeed"),
        (b'{"version": "1", "items": []}', "json", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "unknown", "json"),
        (b"https://example.org/a\nhttps://example.org/b\nhttps://exa", "plain", "urls"),
        (b"https://example.org/a is a page.\n", "plain", "plain"),
        (b"", "plain", "plain"),
        (b"", "unknown", "unknown"),
    ],
)
def test_content_counts_before_the_suffix(head: bytes, by_suffix: str, form: str) -> None:
    assert detect_format(head, by_suffix) == form


def test_old_tar_archives_are_known_by_their_sum() -> None:
    header = bytearray(tarfile.TarInfo("a.txt").tobuf(tarfile.USTAR_FORMAT))
    header[257:265] = bytes(8)
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    assert detect_format(bytes(header), "unknown") == "tar"
    header[0] += 1
    assert detect_format(bytes(header), "unknown") != "tar"


@pytest.mark.parametrize(
    ("names", "mimetype", "form"),
    [
        (["[Content_Types].xml", "word/document.xml"], "", "docx"),
        (["[Content_Types].xml", "xl/workbook.xml"], "", "xlsx"),
        (["[Content_Types].xml", "ppt/presentation.xml"], "", "office"),
        (["mimetype", "content.xml"], "application/vnd.oasis.opendocument.text", "odt"),
        (["mimetype", "content.xml"], "application/vnd.oasis.opendocument.presentation", "office"),
        (["mimetype", "OEBPS/a.xhtml"], "application/epub+zip", "epub"),
        (["META-INF/container.xml", "a.xhtml"], "", "epub"),
        (["datapackage.json", "archive/data.warc.gz"], "", "wacz"),
        (["datapackage.json", "data.csv"], "", "zip"),
        (["metadata_0_to_20.json", "content/a.html"], "", "omnivore"),
        (["word/document.xml"], "", "zip"),
        ([], "", "zip"),
    ],
)
def test_a_zip_is_told_by_its_directory(names: list[str], mimetype: str, form: str) -> None:
    assert detect_zip(names, lambda _: mimetype.encode()) == form


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html.gz", ("a", "a.html", "a.html.gz")),
        ("b/c.tar.xz", ("b/c", "b/c.tar", "b/c.tar.xz")),
        ("a.story", ("a.story", "a.story", "a.story")),
        (".txt", (".txt", ".txt", ".txt")),
        ("..", ("..", "..", "..")),
    ],
)
def test_a_name_is_shortened_by_what_says_its_format(name: str, expected: tuple[str, str, str]) -> None:
    assert without_suffixes(name) == expected
