from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.containers import sorted_out, write

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Northford Ledger</title><link>https://example.org/news/</link><language>en-gb</language>{items}
</channel></rss>"""
FULL = """<item><title>The bridge &amp;amp; the dam</title><link>../bridge</link>
<guid isPermaLink="false">tag:example.org,2024:bridge</guid><pubDate>Mon, 06 May 2024 23:30:00 -0500</pubDate>
<dc:creator>Jane Doe</dc:creator><category>rivers</category><category>towns, mostly</category>
<description>It was closed.</description>
<content:encoded><![CDATA[<p>It was <b>closed</b> in March.</p><h2>What now</h2><p>Nobody <a href="/q">knows</a>.</p>]]>
</content:encoded><enclosure url="https://example.org/a.mp3" type="audio/mpeg" length="1"/></item>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://example.org/"><title>Northford Ledger</title></channel>
<item rdf:about="https://example.org/b"><title>On the bridge</title><link>https://example.org/b</link>
<description>It was closed in March.</description><dc:date>2024-05-06T10:00:00+02:00</dc:date></item></rdf:RDF>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://example.org/a/">
<title>Northford Ledger</title><entry><title>Die Brücke</title><id>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</id>
<link href="b"/><author><name>Jane Doe</name></author><updated>2024-05-06T10:00:00+02:00</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Sie ist seit März gesperrt.</p></div></content>
</entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Northford Ledger",
    "home_page_url": "https://example.org/",
    "language": "en",
    "authors": [{"name": "The desk"}],
    "items": [
        {
            "id": "https://example.org/b",
            "url": "/b",
            "title": "On the bridge",
            "content_html": "<p>It was <i>closed</i> in March.</p>",
            "date_published": "2024-05-06T10:00:00+02:00",
            "authors": [{"name": "Jane Doe"}],
            "tags": ["rivers"],
        },
        {"id": "2", "content_text": "The dam holds.", "date_modified": "2024-05-07T10:00:00Z"},
    ],
}


def test_an_entry_of_rss_has_all_that_the_feed_tells(tmp_path: Path):
    (article,), problems = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=FULL)))
    assert not problems
    assert article.id == "tag:example.org,2024:bridge"
    assert article.url == "https://example.org/bridge"
    assert article.title == "The bridge & the dam"
    assert article.text == "It was closed in March.\n\nWhat now\n\nNobody knows."
    assert [section.heading for section in article.sections] == ["", "What now"]
    assert (article.published, article.utc_offset_s) == (datetime(2024, 5, 7, 4, 30, tzinfo=UTC), -5 * 3600)
    assert (article.updated, article.source, article.language) == (None, "Northford Ledger", "en")
    assert (article.authors, article.tags) == (("Jane Doe",), ("rivers", "towns, mostly"))
    assert article.fields == {}


@pytest.mark.parametrize("name", ["feed", "feed.txt", "feed.html", "feed.rss", "feed.xml", "feed.atom"])
def test_a_feed_is_known_by_its_content(tmp_path: Path, name: str):
    assert sorted_out(write(tmp_path, name, RSS.format(items=FULL)))[0][0].title == "The bridge & the dam"


def test_rss_1_is_read(tmp_path: Path):
    (article,), problems = sorted_out(write(tmp_path, "feed.rdf", RDF))
    assert not problems
    assert (article.id, article.title, article.text) == (
        "https://example.org/b",
        "On the bridge",
        "It was closed in March.",
    )
    assert (article.published, article.utc_offset_s) == (datetime(2024, 5, 6, 8, tzinfo=UTC), 7200)


def test_atom_is_read_and_its_only_date_is_the_one_of_publication(tmp_path: Path):
    (article,), problems = sorted_out(write(tmp_path, "feed.xml", ATOM))
    assert not problems
    assert (article.id, article.url) == ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "https://example.org/a/b")
    assert (article.title, article.text) == ("Die Brücke", "Sie ist seit März gesperrt.")
    assert (article.published, article.updated) == (datetime(2024, 5, 6, 8, tzinfo=UTC), None)
    assert (article.language, article.authors) == ("de", ("Jane Doe",))


@pytest.mark.parametrize("name", ["feed.json", "feed"])
def test_json_feed_is_read(tmp_path: Path, name: str):
    (first, second), problems = sorted_out(write(tmp_path, name, json.dumps(JSON_FEED)))
    assert not problems
    assert (first.id, first.url, first.text) == (
        "https://example.org/b",
        "https://example.org/b",
        "It was closed in March.",
    )
    assert (first.authors, first.tags, first.utc_offset_s) == (("Jane Doe",), ("rivers",), 7200)
    assert (second.id, second.text, second.authors) == ("feed:2", "The dam holds.", ("The desk",))
    assert second.published == datetime(2024, 5, 7, 10, tzinfo=UTC)


def item(**parts: str) -> str:
    return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in parts.items())}</item>"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"link": "https://example.org/b", "guid": "17"}, "https://example.org/b"),
        ({"link": "https://example.org/b", "guid": "https://example.org/b#3"}, "https://example.org/b"),
        ({"link": "https://example.org/b?from=rss", "guid": "https://example.org/b"}, "https://example.org/b"),
        ({"guid": "17"}, "feed:17"),
        ({"link": "https://example.org/b"}, "https://example.org/b"),
        ({}, "feed:1"),
    ],
)
def test_an_id_that_would_change_or_belong_to_others_gives_way_to_the_link(
    tmp_path: Path, parts: dict[str, str], expected: str
):
    path = write(tmp_path, "feed.xml", RSS.format(items=item(title="On the bridge", **parts)))
    assert sorted_out(path)[0][0].id == expected


def test_an_id_that_two_entries_have_is_none(tmp_path: Path):
    items = "".join(item(title=f"Part {n}", guid="https://example.org/", link=f"https://example.org/{n}") for n in "ab")
    articles, _ = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=items)))
    assert [article.id for article in articles] == ["https://example.org/a", "https://example.org/b"]


def test_a_feed_of_titles_gives_short_articles(tmp_path: Path):
    items = "".join(item(title=f"Title {number}", link=f"https://example.org/{number}") for number in range(3))
    articles, problems = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=items)))
    assert not problems
    assert [(article.title, article.text) for article in articles] == [(f"Title {n}", "") for n in range(3)]


def test_an_author_who_is_an_address_and_a_name_has_the_name(tmp_path: Path):
    items = item(title="A", author="jane@example.org (Jane Doe)") + item(title="B", author="desk@example.org")
    first, second = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=items)))[0]
    assert (first.authors, second.authors) == (("Jane Doe",), ())


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("jane@example.online (Jane Doe)", ("Jane Doe",)),
        ("Jäne Doe &lt;jane@example.photography&gt;", ("Jäne Doe",)),
        ("<![CDATA[jane@example.museum (Jane Doe)]]>", ("Jane Doe",)),
        ("jane@example.photography", ()),
        ("Jane Doe, Joe Roe", ("Jane Doe", "Joe Roe")),
        ("Jane Doe and Joe Roe", ("Jane Doe", "Joe Roe")),
        ("Doe, Jane", ("Doe, Jane",)),
    ],
)
def test_the_names_of_an_author_are_taken_whole_and_apart(tmp_path: Path, author: str, names: tuple[str, ...]):
    feed = RSS.format(items=item(title="A", author=author))
    assert sorted_out(write(tmp_path, "feed.xml", feed))[0][0].authors == names


def test_an_entry_without_words_is_named_and_costs_no_other(tmp_path: Path):
    items = item(link="https://example.org/a") + item(title="B", link="https://example.org/b")
    articles, problems = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=items)))
    assert [article.title for article in articles] == ["B"]
    assert [problem.lost for problem in problems] == [True]


@pytest.mark.parametrize("content", [RSS.format(items=""), json.dumps({**JSON_FEED, "items": []})])
def test_a_feed_without_entries_is_named(tmp_path: Path, content: str):
    articles, problems = sorted_out(write(tmp_path, "feed", content))
    assert not articles
    assert [problem.reason for problem in problems] == ["is a feed without entries"]


def test_a_feed_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path: Path):
    content = RSS.format(items=FULL + item(title="Second", description="It holds."))
    articles, _ = sorted_out(write(tmp_path, "feed.xml", content[: content.index("It holds")]))
    assert articles[0].title == "The bridge & the dam"


@pytest.mark.slow
def test_hostile_entities_expand_to_nothing_and_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    secret = write(tmp_path, "secret/secret.txt", "password")
    entities = '<!ENTITY a0 "otter">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    doctype = (
        f'<!DOCTYPE rss [{entities}<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y SYSTEM "http://example.org/y">]>'
    )
    body = RSS.format(items=item(title="Otters", description="&a11; &x; &y;")).partition("\n")[2]
    articles, problems = sorted_out(write(tmp_path, "feed.xml", f'<?xml version="1.0"?>{doctype}{body}'))
    assert [(each.lost, "which weren't followed: a1, a2, " in each.reason) for each in problems] == [(False, True)]
    assert articles[0].title == "Otters"
    assert len(articles[0].text) < 10_000
    assert "password" not in articles[0].text


def test_a_damaged_feed_that_would_take_hours_is_named(tmp_path: Path):
    long = RSS.format(items=item(title="A", description="<a>&" * 2**21 + "<" * 2**20))
    _, problems = sorted_out(write(tmp_path, "feed.xml", long))
    assert [problem.reason for problem in problems] == ["is a feed of more than 8 MiB that is no well-formed XML"]
    articles, _ = sorted_out(write(tmp_path, "b.xml", RSS.format(items=item(title="B", description="<" * 2**22))))
    assert [article.title for article in articles] == ["B"]


def test_a_feed_nested_without_end_is_read_or_named(tmp_path: Path):
    deep = "<div>" * 50_000 + "The otter swims." + "</div>" * 50_000
    articles, problems = sorted_out(write(tmp_path, "feed.xml", RSS.format(items=item(title="Deep", description=deep))))
    assert len(articles) + len(problems) == 1
