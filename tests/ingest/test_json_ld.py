"""JSON-LD as publishers write it is read, broken as it may be, and the article's item is told from the others."""

from __future__ import annotations

import json

import pytest

from searchkit.ingest.formats.json_ld import (
    article_item,
    by_id,
    items_in,
    plain,
    resolved,
    text_of,
    texts_of,
    title_key,
    types_of,
    values_in,
)

GOOD = '{"@type": "NewsArticle", "headline": "The bridge"}'


@pytest.mark.parametrize(
    "script",
    [
        GOOD,
        f"\n  {GOOD} ;\n",
        f"<!-- {GOOD} -->",
        f"//<![CDATA[\n{GOOD}\n//]]>",
        f"/*<![CDATA[*/{GOOD}/*]]>*/",
        f"<![CDATA[ {GOOD} ]]>",
        '{"@type": "NewsArticle", "headline": "The bridge",}',
        '{"@type": "NewsArticle", /* of today */ "headline": "The bridge" // so far\n}',
        GOOD.replace('"', "&quot;"),
    ],
)
def test_a_script_is_read_through_its_wrapping_and_its_flaws(script: str) -> None:
    assert values_in(script) == [{"@type": "NewsArticle", "headline": "The bridge"}]


@pytest.mark.parametrize(
    ("script", "headline"),
    [
        ('{"headline": "Two\nlines"}', "Two lines"),
        ('{"headline": "A tab\there"}', "A tab here"),
        ('{"headline": "It\\\'s shut",}', "It's shut"),
        ('{"headline": "He said "no" to it", "url": "x"}', 'He said "no" to it'),
        ('{"headline": "See http://a.example/b, // and so on",}', "See http://a.example/b, // and so on"),
        ('{"headline": "Tom &amp;amp; Jane", "x": [1, 2,]}', "Tom & Jane"),
        ('{"headline": "<b>Bold</b> and 3 < 4"}', "Bold and 3 < 4"),
        ('{"headline": "caf\\u00e9 \\ud83d\\ude00"}', "café 😀"),
    ],
)
def test_a_value_is_what_its_writer_meant(script: str, headline: str) -> None:
    assert text_of(values_in(script)[0]["headline"]) == headline


@pytest.mark.parametrize("script", ["", "no JSON", "{", "{'a': 1}", '{"a": }', "[" * 5000, '{"a":' * 5000, "{}" + "x"])
def test_what_is_no_json_gives_nothing(script: str) -> None:
    assert values_in(script) == []


def test_several_values_in_a_script_are_all_read() -> None:
    assert values_in('{"a": 1}\n{"b": 2}') == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "value",
    [
        {"@graph": [{"@type": "WebSite", "name": "Ledger"}, {"@type": "NewsArticle", "headline": "The bridge"}]},
        [{"@type": "BreadcrumbList"}, {"@type": ["Article", "NewsArticle"], "headline": "The bridge"}],
        {"@type": "WebPage", "mainEntity": {"@type": "ReportageNewsArticle", "headline": "The bridge"}},
        {"@type": "http://schema.org/LiveBlogPosting", "headline": "The bridge"},
        {"@type": "schema:BlogPosting", "headline": "The bridge"},
        [[{"@type": "VideoObject", "name": "A film"}], {"@type": "OpinionNewsArticle", "headline": "The bridge"}],
        {"@type": "ItemList", "@graph": [{"@type": "SocialMediaPosting", "headline": "The bridge"}]},
    ],
)
def test_the_article_is_found_wherever_it_is_nested(value: object) -> None:
    items = items_in([json.dumps(value)])
    assert text_of(article_item(items, url="", titles=frozenset()).get("headline")) == "The bridge"


def test_of_several_articles_the_page_s_own_is_chosen() -> None:
    others = [{"@type": "NewsArticle", "headline": f"Other {number}", "url": f"/other/{number}"} for number in range(3)]
    own = {"@type": "NewsArticle", "headline": "The bridge", "mainEntityOfPage": {"@id": "https://example.org/bridge/"}}
    items = items_in([json.dumps([*others, own])])
    by_address = article_item(items, url="https://example.org/bridge", titles=frozenset())
    by_title = article_item(items, url="", titles=frozenset({title_key("The bridge!")}))
    assert by_address["headline"] == by_title["headline"] == "The bridge"
    assert article_item(items, url="", titles=frozenset())["headline"] == "Other 0"


def test_an_article_comes_before_works_and_pages_and_takes_from_them_what_it_lacks() -> None:
    page = {"@type": "WebPage", "name": "The bridge", "datePublished": "2025-03-04", "headline": "Another"}
    film = {"@type": "VideoObject", "name": "A film", "uploadDate": "2025-01-01"}
    article = {"@type": "NewsArticle", "headline": "The bridge"}
    items = items_in([json.dumps([page, film, article])])
    merged = article_item(items, url="", titles=frozenset({title_key("The bridge")}))
    assert (merged["headline"], merged["datePublished"], merged.get("uploadDate")) == ("The bridge", "2025-03-04", None)


def test_what_is_neither_article_nor_page_is_none() -> None:
    items = items_in(['[{"@type": "Organization", "name": "Ledger"}, {"name": "?"}, {"@type": 7}]'])
    assert article_item(items, url="", titles=frozenset()) == {}
    assert types_of({"@type": None}) == []


def test_references_are_followed_to_what_they_name() -> None:
    graph = {"@graph": [{"@id": "#jane", "@type": "Person", "name": "Jane Doe"}, {"@id": "#page"}]}
    named = by_id([graph])
    assert resolved([{"@id": "#jane"}, {"name": "Joe Roe", "@id": "#jane"}, {"@id": "#nobody"}], named) == [
        {"@id": "#jane", "@type": "Person", "name": "Jane Doe"},
        {"name": "Joe Roe", "@id": "#jane"},
        {"@id": "#nobody"},
    ]


def test_a_text_may_be_a_list_or_an_object() -> None:
    assert text_of([None, {"@value": "one"}, "two"]) == "one"
    assert texts_of(["one", {"name": "two"}, 3]) == ["one", "two"]
    assert text_of({"@type": "Person"}) == ""
    assert plain("a&shy;b \n c") == "a\xadb c"
