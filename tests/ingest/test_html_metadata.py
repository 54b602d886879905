"""What a page tells of its article, in the forms that publishers use."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from searchkit.ingest.article_builder import make_article
from searchkit.ingest.formats.bylines import names_in
from searchkit.ingest.formats.html import parse_page
from tests.ingest.web_pages import PARAGRAPHS, SUMMARY, TITLE, linked, meta, page, told

PERSON = {"@type": "Person", "name": "Jane Doe"}
LEDGER = {"@type": "Organization", "name": "Northford Ledger"}
SITE = meta("og:site_name", "Northford Ledger")


def test_an_article_has_what_its_page_tells() -> None:
    source = page(
        linked(
            headline=TITLE,
            author=[PERSON, {"@type": "Person", "name": "Joe Roe"}],
            datePublished="2025-03-04T23:47:42-05:00",
            dateModified="2025-03-06T11:00:00Z",
            publisher=LEDGER,
            articleSection=["Politics", "Town"],
            keywords="bridge, Sill, bridge",
            articleBody=" The bridge.\r\n\r\nIt is shut. ",
        )
        + '<link rel="canonical" href="https://example.org/bridge">'
    )
    article = make_article(parse_page(source), fallback_id="a").article
    assert (article.title, article.source, article.url) == (TITLE, "Northford Ledger", "https://example.org/bridge")
    assert article.authors == ("Jane Doe", "Joe Roe")
    assert article.published is not None
    assert article.published.isoformat() == "2025-03-05T04:47:42+00:00"
    assert article.published_day is not None
    assert article.published_day.isoformat() == "2025-03-04"
    assert article.utc_offset_s == -5 * 3600
    assert article.updated is not None
    assert article.updated.isoformat() == "2025-03-06T11:00:00+00:00"
    assert (article.tags, article.fields["section"], article.language) == (("bridge", "Sill"), "Politics", "en")
    assert told(source).article_body == "The bridge.\n\nIt is shut."


def test_a_page_that_tells_nothing_has_nothing() -> None:
    metadata = told("<html><body><p>Words.</p></body></html>")
    assert metadata == type(metadata)()


# Titles


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (meta("og:title", f"{TITLE} | Northford Ledger") + SITE, TITLE),
        (meta("og:title", f"{TITLE} - Northford Ledger"), TITLE),
        (meta("og:title", f"{TITLE} | Town | Northford Ledger") + SITE, TITLE),
        (meta("og:title", f"{TITLE} – NL – 04.03.2025"), TITLE),
        (f"<title>Northford Ledger: news | {TITLE}</title>", TITLE),
        (linked(headline=f"{TITLE} - Northford Ledger") + SITE, TITLE),
        (linked(headline="Tom &amp;amp; Jane&#39;s bridge"), "Tom & Jane's bridge"),
        (linked(headline=f"The flood: {TITLE}") + meta("og:title", TITLE), TITLE),
        (linked(headline="Another headline") + meta("og:title", TITLE), "Another headline"),
        (meta("og:title", "A title for sharing"), "A title for sharing"),
        (linked(**{"@type": "WebPage", "name": f"{TITLE} - Northford Ledger"}), TITLE),
        (linked(headline=f"  {TITLE}\n "), TITLE),
        (linked(headline=TITLE, articleSection=TITLE), TITLE),
    ],
)
def test_the_title_is_without_its_site(head: str, title: str) -> None:
    assert told(page(head)).title == title


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Bridge shut | Northford Ledger", "Bridge shut"),
        ("Northford Ledger | Bridge shut", "Bridge shut"),
        ("Bridge shut - northfordledger.example", "Bridge shut"),
        ("Well-known bridge - Northford - shut", "Well-known bridge - Northford - shut"),
        ("市議会が橋の再建を決定：北新聞デジタル", "市議会が橋の再建を決定"),
        ("다리 재건 결정-사회ㅣ북신문", "다리 재건 결정"),
        ("Brücke zu: Rat tagt", "Brücke zu: Rat tagt"),
    ],
)
def test_a_title_alone_loses_the_names_of_its_site(raw: str, title: str) -> None:
    sites = "".join(meta("og:site_name", name) for name in ("Northford Ledger", "北新聞デジタル", "북신문"))
    address = '<link rel="canonical" href="https://www.northfordledger.example/a">'
    source = (
        f"<html><head><title>{raw}</title>{sites}{meta('article:section', '사회')}{address}</head><body><p>Text.</p>"
    )
    assert told(source).title == title


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (meta("og:title", "Northford Ledger") + SITE, ""),
        (linked(headline="Northford Ledger", publisher=LEDGER), ""),
        (f"<title>{TITLE} | Northford Ledger</title>", "<h1>Log in</h1>"),
    ],
)
def test_a_site_s_name_and_a_box_s_headline_are_no_titles(head: str, body: str) -> None:
    boxes = page(head, body).replace("<article>", f"<h1>Most read</h1>{body}<article>")
    assert told(boxes if "<title>" in head else page(head)).title == TITLE


def test_two_titles_behind_different_kickers_share_the_title() -> None:
    source = page(meta("og:title", f"After the flood: {TITLE}"), title=f"Northford - {TITLE}")
    assert told(source).title == TITLE


# Authors


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        (linked(author=PERSON), "", ["Jane Doe"]),
        (linked(author=[PERSON, PERSON, "Joe Roe"]), "", ["Jane Doe", "Joe Roe"]),
        (linked(author="By Jane Doe and Joe Roe"), "", ["Jane Doe", "Joe Roe"]),
        (linked(author={"givenName": "Jane", "familyName": "Doe"}), "", ["Jane Doe"]),
        (linked(author=[PERSON, LEDGER], publisher=LEDGER), "", ["Jane Doe"]),
        (linked(author=[PERSON, {"@type": "Organization", "name": "A News Agency"}]), "", ["Jane Doe"]),
        (linked(author=LEDGER, publisher=LEDGER), "", ["Northford Ledger"]),
        (linked(author=LEDGER, publisher=LEDGER), "<p class='byline'>By Jane Doe</p>", ["Jane Doe"]),
        (linked(creator=["Jane Doe"]), "", ["Jane Doe"]),
        (linked(author=[{"@type": "Person", "name": "JANE DOE"}, PERSON]), "", ["JANE DOE"]),
        (linked(author={"@type": "Person", "name": "bell hooks-doe"}), "", ["bell hooks-doe"]),
        (linked(author=PERSON) + meta("author", "Northford Media GmbH"), "", ["Jane Doe"]),
        (linked(author={"@type": "Organization", "name": "北新聞"}), "", ["北新聞"]),
        (meta("author", "Jane Doe") + meta("author", "Joe Roe"), "", ["Jane Doe", "Joe Roe"]),
        (meta("author", "j.doe@example.org"), "<a rel='author' href='/jane'>Jane Doe</a>", ["Jane Doe"]),
        (meta("article:author", "https://example.org/jane"), "<p class='byline'>By Jane Doe</p>", ["Jane Doe"]),
        (meta("citation_author", "Doe, Jane") + meta("citation_author", "Roe, Joe"), "", ["Jane Doe", "Joe Roe"]),
        (meta("twitter:label1", "Written by") + meta("twitter:data1", "Jane Doe"), "", ["Jane Doe"]),
        ("", "<span itemprop='author'>Jane Doe</span>", ["Jane Doe"]),
        ("", "<div class='byline'>By <a href='/a/jane'>Jane Doe</a> <a href='/a/joe'>Joe Roe</a></div>", "JJ"),
        ("", "<div class='byline'><a href='/author/jane'>Jane Doe</a></div><div>Staff writer</div>", ["Jane Doe"]),
        ("", "<a href='/authors/jane-doe'>Jane Doe</a>", ["Jane Doe"]),
        ("", "<div class='author-bio'>Jane Doe is a writer who lives in Northford.</div>", []),
        ("", "<aside><p class='byline'>By Ann Poe</p></aside><p class='byline'>By Jane Doe</p>", ["Jane Doe"]),
        ("", "<div class='author-list'><p>Politics</p><p>Sport</p><p>Travel</p></div>", []),
    ],
)
def test_the_authors_are_persons_where_the_page_names_any(head: str, body: str, authors: list[str] | str) -> None:
    expected = ["Jane Doe", "Joe Roe"] if authors == "JJ" else authors
    assert list(told(page(head, body)).authors) == expected


def test_authors_that_are_references_are_looked_up() -> None:
    graph = [
        {"@type": "NewsArticle", "headline": TITLE, "author": {"@id": "#jane"}, "publisher": {"@id": "#ledger"}},
        {"@type": "Person", "@id": "#jane", "name": "Jane Doe"},
        {"@type": "Organization", "@id": "#ledger", "name": "Northford Ledger"},
    ]
    metadata = told(page(linked(**{"@type": "Thing", "@graph": graph})))
    assert (metadata.authors, metadata.publisher) == (("Jane Doe",), "Northford Ledger")


# Dates


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        (linked(datePublished="2025-03-04T15:47:42+01:00"), "", "2025-03-04T15:47:42+01:00"),
        (linked(datePublished="2025-03-04") + meta("article:published_time", "2025-03-04T15:47+01:00"), "", "15:47"),
        (linked(datePublished="2025-03-04") + meta("article:published_time", "2025-05-04T15:47+01:00"), "", "00:00"),
        (
            linked(datePublished="2025-03-04T15:47") + meta("date", "2025-03-04T15:47-05:00"),
            "",
            "2025-03-04T15:47:00-05:00",
        ),
        (linked(datePublished="2025-03-04T15:47") + meta("date", "2025-03-04T14:47Z"), "", "2025-03-04T14:47:00+00:00"),
        (linked(datePublished="2025-03-04T15:47") + meta("date", "2025-03-04T14:50Z"), "", "15:47"),
        (meta("article:published_time", "2025-03-04T15:47:42Z"), "", "2025-03-04T15:47:42+00:00"),
        (meta("datePublished", "2025-03-04T15:47:42Z"), "", "2025-03-04T15:47:42+00:00"),
        (meta("parsely-pub-date", "2025-03-04T15:47:42Z"), "", "2025-03-04T15:47:42+00:00"),
        (meta("article:published_time", "0001-01-01T00:00:00Z") + meta("date", "2025-03-04"), "", "00:00"),
        ("", "<time itemprop='datePublished' datetime='2025-03-04T15:47:42Z'>x</time>", "2025-03-04T15:47:42+00:00"),
        ("", "<time datetime='2025-03-04T15:47:42-03:00'>today</time>", "2025-03-04T15:47:42-03:00"),
        ("", "<time class='updated'>2026-01-01</time><time class='published'>2025-03-04</time>", "00:00"),
        ("", "<p class='article-date'>March 4, 2025 at 3:47 PM</p>", "2025-03-04T15:47:00+00:00"),
        ("", "<p class='post-date'>Posted by Jane on 04.03.2025 15:47 - changed 05.03.2025</p>", "15:47"),
        ("", "<p class='copyright'>© 2019</p><img src='/2018/05/06/bridge.jpg'>", None),
        ("", "<aside><p class='date'>2024-01-01</p></aside>", None),
        (linked(datePublished="soon"), "", None),
    ],
)
def test_the_date_is_the_article_s(head: str, body: str, published: str | None) -> None:
    moment = told(page(head, body)).published
    expected = f"2025-03-04T{published}:00+" if published and len(published) == 5 else published
    assert moment is None if expected is None else moment is not None and moment.isoformat().startswith(expected)


@pytest.mark.parametrize(("language", "month"), [("de", 3), ("en-GB", 3), ("en-US", 4), ("en", 4)])
def test_a_page_s_language_tells_the_order_of_day_and_month(language: str, month: int) -> None:
    moment = told(page(body="<time class='published'>04/03/2025</time>", language=language)).published
    assert moment is not None
    assert moment.month == month


# Standfirst


@pytest.mark.parametrize(
    ("head", "body", "standfirst"),
    [
        (meta("og:description", SUMMARY), f"<h2>{SUMMARY}</h2>", SUMMARY),
        (linked(description=SUMMARY), f"<div><b>The bridge</b> {SUMMARY.removeprefix('The bridge ')}</div>", SUMMARY),
        (meta("description", SUMMARY), f"<p>Northford. {SUMMARY}</p>", f"Northford. {SUMMARY}"),
        ("", f"<p class='article__standfirst'>{SUMMARY}</p>", SUMMARY),
        ("", f"<div class='sub-title' itemprop='alternativeHeadline'>{SUMMARY}</div>", SUMMARY),
        (meta("og:description", f"{SUMMARY[:70]} …"), f"<p class='lead'>{SUMMARY}</p>", SUMMARY),
        (meta("og:description", f"{SUMMARY[:70]} [more]"), f"<p class='lead'>{SUMMARY}</p>", SUMMARY),
        (meta("og:description", f"{SUMMARY[:70]} … [more]"), "", ""),
        (meta("og:description", SUMMARY), "", ""),
        (meta("og:description", SUMMARY), f"<a href='/x'>{SUMMARY}</a>", ""),
        (meta("og:description", SUMMARY), f"<nav><p>{SUMMARY}</p></nav>", ""),
        ("", f"<aside><p class='summary'>{SUMMARY}</p></aside>", ""),
        ("", "<p class='lead'>Short.</p>", ""),
        (meta("og:description", TITLE), "", ""),
    ],
)
def test_the_standfirst_is_what_the_page_shows(head: str, body: str, standfirst: str) -> None:
    assert told(page(head, body)).standfirst == standfirst


# The rest


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (
            '<link rel="canonical" href="https://example.org/a"><meta property="og:url" content="https://m.example.org/a">',
            "a",
        ),
        ('<base href="https://example.org/b/"><link rel="canonical" href="../a">', "a"),
        ('<link rel="canonical" href="/a"><meta property="og:url" content="https://example.org/x/y">', "a"),
        ('<meta property="og:url" content="https://example.org/a">', "a"),
        ('<link rel="canonical" href="/a">', None),
        ('<link rel="canonical" href="javascript:void(0)">', None),
        ('<link rel="canonical" href="http://[bad"><meta property="og:url" content="https://example.org/a">', "a"),
    ],
)
def test_the_address_is_the_canonical_one_made_whole(head: str, url: str | None) -> None:
    assert told(page(head)).url == (f"https://example.org/{url}" if url else "")


@pytest.mark.parametrize(
    ("head", "tags"),
    [
        (linked(keywords=["Washington, D.C.", "bridges"]), ("Washington, D.C.", "bridges")),
        (linked(keywords="bridge; river"), ("bridge", "river")),
        (linked(keywords=["a, b, c", "d"]), ("a", "b", "c", "d")),
        (meta("article:tag", "bridge") + meta("article:tag", "river"), ("bridge", "river")),
        (meta("news_keywords", "bridge, river"), ("bridge", "river")),
        (meta("keywords", "橋、川"), ("橋", "川")),
        ("", ()),
    ],
)
def test_tags_come_from_the_first_that_has_any(head: str, tags: tuple[str, ...]) -> None:
    assert told(page(head)).tags == tags


def test_the_publisher_is_the_site_or_its_host() -> None:
    assert told(page(SITE)).publisher == "Northford Ledger"
    assert told(page('<link rel="canonical" href="https://www.example.org/a">')).publisher == "example.org"
    assert told(page(meta("article:section", "Home,Town,Front"))).section == "Home"


@pytest.mark.parametrize("language", ["en", "en-GB"])
def test_the_language_is_what_the_page_declares(language: str) -> None:
    assert told(page(language=language)).language == language
    assert (
        told("<html><head><meta property='og:locale' content='de_AT'></head><body>x</body></html>").language == "de_AT"
    )


# Forms of pages

LIVEBLOG = page(
    linked(
        **{"@type": "LiveBlogPosting"},
        headline=TITLE,
        datePublished="2025-03-04T10:00:00Z",
        author=PERSON,
        liveBlogUpdate=[{"@type": "BlogPosting", "headline": "9.15: Water", "datePublished": "2025-03-05T09:15:00Z"}],
    )
)
AMP = (
    '<!doctype html><html ⚡ lang="en"><head><script type="application/ld+json">'
    f'{{"@type":"NewsArticle","headline":"{TITLE}","author":"Jane Doe",'
    '"datePublished":"2025-03-04T10:00:00Z",}</script>'
    f"</head><body><article><h1>{TITLE}</h1>{PARAGRAPHS}</article></body></html>"
)
PAYWALL = page(
    linked(
        headline=TITLE,
        datePublished="2025-03-04T10:00:00Z",
        author=[PERSON],
        isAccessibleForFree=False,
        hasPart={"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"},
    ),
    "<div class='paywall'><p>Subscribe to read on.</p></div>",
)
GALLERY = page(
    linked(
        **{"@type": "ImageGallery"},
        name=TITLE,
        datePublished="2025-03-04T10:00:00Z",
        author=PERSON,
        image=[{"@type": "ImageObject", "author": "Ann Poe", "datePublished": "2020-01-01", "name": "The river"}],
    )
)
TABLES = (
    f"<html><head><title>{TITLE} - Northford Ledger</title><meta name='DC.Creator' content='Doe, Jane'>"
    f"<meta name='DC.date.issued' content='2025-03-04T10:00:00Z'></head><body bgcolor=white><table><tr><td>"
    f"<a href=/>Home</a><td><font size=5><h1>{TITLE}</h1></font>{PARAGRAPHS}</table></body></html>"
)
MICRODATA = page(
    "",
    "<div itemscope itemtype='https://schema.org/NewsArticle'><meta itemprop='datePublished' "
    "content='2025-03-04T10:00:00Z'><span itemprop='author' itemscope><span itemprop='name'>Jane Doe</span></span>"
    "</div>",
)


@pytest.mark.parametrize("source", [LIVEBLOG, AMP, PAYWALL, GALLERY, TABLES, MICRODATA])
def test_pages_of_every_form_tell_title_author_and_instant(source: str) -> None:
    metadata = told(source)
    assert (metadata.title, metadata.authors) == (TITLE, ("Jane Doe",))
    assert metadata.published is not None
    assert metadata.published.isoformat() == "2025-03-04T10:00:00+00:00"


LANGUAGES = [
    ("en", "By Jane Doe and Joe Roe", "March 4, 2025 18:05"),
    ("de", "Von Jane Doe und Joe Roe", "4. März 2025, 18:05 Uhr"),
    ("fr", "Par Jane Doe et Joe Roe", "Publié le 4 mars 2025 à 18h05"),
    ("es", "Por Jane Doe y Joe Roe", "4 de marzo de 2025 a las 18:05"),
    ("pt", "Por Jane Doe e Joe Roe", "4 de março de 2025 às 18h05"),
    ("it", "di Jane Doe e Joe Roe", "4 marzo 2025 alle 18:05"),
    ("nl", "Door Jane Doe en Joe Roe", "4 maart 2025 18:05"),
    ("da", "Af Jane Doe og Joe Roe", "4. marts 2025 kl. 18:05"),
    ("no", "Av Jane Doe og Joe Roe", "4. mars 2025 18:05"),
    ("sv", "Av Jane Doe och Joe Roe", "4 mars 2025 18:05"),
    ("fi", "Jane Doe ja Joe Roe", "4.3.2025 18:05"),
    ("pl", "Jane Doe i Joe Roe", "4 marca 2025, 18:05"),
    ("cs", "Jane Doe, Joe Roe", "4. března 2025 18:05"),
    ("hu", "Jane Doe és Joe Roe", "2025. március 4. 18:05"),
    ("ru", "Автор: Jane Doe и Joe Roe", "4 марта 2025, 18:05"),
    ("uk", "Jane Doe та Joe Roe", "4 березня 2025, 18:05"),
    ("tr", "Jane Doe ve Joe Roe", "4 Mart 2025 18:05"),
    ("id", "Oleh Jane Doe dan Joe Roe", "4 Maret 2025 18:05"),
    ("el", "Από Jane Doe, Joe Roe", "4 Μαρτίου 2025, 18:05"),
    ("ja", "文：Jane Doe、Joe Roe", "2025年3月4日 18時05分"),
    ("zh", "作者：Jane Doe、Joe Roe", "2025年3月4日 下午6:05"),
    ("ko", "Jane Doe 기자, Joe Roe 기자", "2025년 3월 4일 오후 6:05"),
    ("hi", "Jane Doe, Joe Roe", "4 मार्च 2025, 18:05"),
]


@pytest.mark.parametrize(("language", "byline", "date"), LANGUAGES, ids=[each[0] for each in LANGUAGES])
def test_what_a_page_shows_is_read_in_its_language(language: str, byline: str, date: str) -> None:
    body = f"<div class='byline'>{byline}</div><div class='article-date'>{date}</div>"
    metadata = told(page(body=body, language=language))
    assert metadata.authors == ("Jane Doe", "Joe Roe")
    assert metadata.published is not None
    assert metadata.published.isoformat() == "2025-03-04T18:05:00+00:00"


@pytest.mark.parametrize(
    ("shown", "language", "clock"),
    [
        ("Publié le 13/04/2025 à 18h05", "fr", "2025-04-13T18:05"),
        ("04/03/2025 18h05", "fr", "2025-03-04T18:05"),
        ("입력 2025.03.04. 오후 6:05", "ko", "2025-03-04T18:05"),
        ("2025-03-04 18.05", "it", "2025-03-04T18:05"),
        ("2025-03-04 00:00", "en", "2025-03-04T00:00"),
    ],
)
def test_a_shown_date_keeps_its_time(shown: str, language: str, clock: str) -> None:
    body = f"<article><h1>Tides</h1><p class='date'>{shown}</p><p>A word of a text.</p></article>"
    published = parse_page(f"<html lang={language}><title>Tides</title><body>{body}</body></html>").values["published"]
    assert isinstance(published, datetime)
    assert published.isoformat(timespec="minutes").startswith(clock)


def test_the_address_of_a_home_page_is_no_articles() -> None:
    head = (
        "<link rel='canonical' href='https://port.example/'><meta property='og:url' content='https://port.example/a'>"
    )
    page = f"<html><head><title>Tides</title>{head}</head><body><p>A word of a text.</p></body></html>"
    assert parse_page(page).values["url"] == "https://port.example/a"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Luis Ortega | Madrid", ["Luis Ortega"]),
        ("Mara Quill, special to the Post", ["Mara Quill"]),
        ("Mara Quill reports from Cairo; additional reporting by Jan Berg", ["Mara Quill", "Jan Berg"]),
    ],
)
def test_places_and_outlets_in_a_byline_are_no_authors(byline: str, names: list[str]) -> None:
    assert names_in(byline) == names


def test_what_stands_beside_a_body_in_a_pages_data_is_told_of_the_article() -> None:
    body = "".join(
        f"<p>Sentence {i} of an article on the tides is long enough to be read as one.</p>" for i in range(9)
    )
    told = {"title": "Tides", "publishedAt": "2025-03-04T10:00:00Z", "author": {"name": "Mara Quill"}, "body": body}
    data = json.dumps({"props": {"pageProps": {"article": told, "more": [{"title": "Other", "body": "Short."}]}}})
    source = f"<html><body><div id='__next'></div><script id='__NEXT_DATA__' type='application/json'>{data}</script>"
    values = parse_page(source).values
    assert (values["title"], values["authors"]) == ("Tides", ["Mara Quill"])
    assert str(values["published"]) == "2025-03-04 10:00:00+00:00"
