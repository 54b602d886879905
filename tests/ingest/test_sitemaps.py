from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.containers import page, sorted_out, write, zipped

URLS = ("bridge", "river/dam", "list?page=2&amp;x=1", "gone")


def sitemap(*paths: str, host: str = "example.org") -> str:
    urls = "".join(
        f"<url><loc> https://{host}/{path} </loc><lastmod>2024-05-06T10:00:00+02:00</lastmod></url>" for path in paths
    )
    return f"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """A host's pages as wget saves them."""
    write(tmp_path, "example.org/bridge.html", page("The bridge"))
    write(tmp_path, "example.org/river/dam/index.html", page("The dam"))
    write(tmp_path, "example.org/list?page=2&x=1", page("Page 2"))
    return tmp_path


@pytest.mark.parametrize("name", ["sitemap.xml", "sitemap", "example.org/sitemap.xml", "sitemap.xml.gz"])
def test_the_local_copies_of_a_sitemaps_pages_are_read(crawl: Path, name: str):
    content = sitemap(*URLS).encode()
    articles, problems = sorted_out(write(crawl, name, gzip.compress(content) if name.endswith("gz") else content))
    assert [(article.id, article.url, article.title) for article in articles] == [
        ("https://example.org/bridge", "https://example.org/bridge", "The bridge"),
        ("https://example.org/river/dam", "https://example.org/river/dam", "The dam"),
        ("https://example.org/list?page=2&x=1", "https://example.org/list?page=2&x=1", "Page 2"),
    ]
    assert {(article.published, article.utc_offset_s) for article in articles} == {
        (datetime(2024, 5, 6, 8, tzinfo=UTC), 7200)
    }
    assert [(problem.reason.partition(" beside")[0], problem.lost) for problem in problems] == [
        ("lists 4 URLs; 1 have no local copy", False)
    ]


def test_a_list_of_urls_is_read_as_a_sitemap(crawl: Path):
    path = write(crawl, "urls.txt", "# saved\nhttps://example.org/bridge\r\nhttps://other.org/bridge\n")
    articles, problems = sorted_out(path)
    assert [article.id for article in articles] == ["https://example.org/bridge"]
    assert problems[0].reason.startswith("lists 2 URLs; 1 have no local copy")


def test_a_sitemap_without_any_local_copy_is_named(tmp_path: Path):
    articles, problems = sorted_out(write(tmp_path, "sitemap.xml", sitemap(*URLS)))
    assert not articles
    assert [(problem.reason[:40], problem.lost) for problem in problems] == [
        ("lists 4 URLs; 4 have no local copy besid", True)
    ]


def test_an_index_of_sitemaps_leads_to_them_once_though_it_names_itself(crawl: Path):
    write(crawl, "example.org/a.xml", sitemap("bridge"))
    write(crawl, "example.org/b.xml.gz", gzip.compress(sitemap("river/dam").encode()))
    names = ["a.xml", "b.xml.gz", "all.xml", "a.xml", "gone.xml"]
    inner = "".join(f"<sitemap><loc>https://example.org/{name}</loc></sitemap>" for name in names)
    path = write(crawl, "example.org/all.xml", f"<?xml version='1.0'?><sitemapindex>{inner}</sitemapindex>")
    articles, _ = sorted_out(path)
    assert [article.title for article in articles] == ["The bridge", "The dam"]


def test_pages_that_are_read_as_files_are_not_read_twice(crawl: Path):
    write(crawl, "sitemap.xml", sitemap(*URLS))
    articles, problems = sorted_out(crawl)
    assert sorted(article.title for article in articles) == ["Page 2", "The bridge", "The dam"]
    assert "lists 3 pages that are read as files of their own" in [problem.reason for problem in problems]


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "river/../../secret", "%00", "a\0b"])
def test_an_address_does_not_lead_out_of_the_folder(crawl: Path, path: str):
    write(crawl, "secret.html", page("Secret"))
    assert not sorted_out(write(crawl, "x/example.org/sitemap.xml", sitemap(path)))[0]


def test_a_sitemap_in_an_archive_leads_nowhere(tmp_path: Path):
    content = zipped({"sitemap.xml": sitemap("bridge").encode(), "example.org/bridge.html": page("The bridge")})
    articles, problems = sorted_out(write(tmp_path, "x.zip", content))
    assert [article.id for article in articles] == ["x:example.org/bridge"]
    assert problems[0].reason.startswith("lists 1 URLs; 1 have no local copy")


def test_an_address_that_is_none_costs_no_other(tmp_path: Path):
    write(tmp_path, "example.org/bridge.html", page("The bridge"))
    content = "https://example.org/bridge\nhttps://[::1/x\nhttps://example.org/../../etc/hostname\n"
    articles, problems = sorted_out(write(tmp_path, "urls.txt", content))
    assert [article.title for article in articles] == ["The bridge"]
    assert [problem.reason[:36] for problem in problems] == ["lists 3 URLs; 2 have no local copy b"]
