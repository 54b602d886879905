"""A page's metadata takes time in proportion to the page, whatever the page holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from searchkit.ingest.formats.json_ld import items_in, values_in
from tests.ingest.web_pages import PageMetadata, told
from tests.torture.growth import ALLOWED, growth


def head(template: str) -> Callable[[str], PageMetadata]:
    """Return what reads a page whose head has a text in its midst."""
    return lambda text: told(f"<html><head>{template.replace('TEXT', text)}</head><body><p>Words.</p></body></html>")


def body(template: str) -> Callable[[str], PageMetadata]:
    """Return what reads a page whose body has a text in its midst."""
    summary = '<meta name="description" content="The bridge will be rebuilt by 2027, says the mayor of the town.">'
    return lambda text: told(f"<html><head>{summary}</head><body>{template.replace('TEXT', text)}</body></html>")


SCRIPTS = [
    '{"a',
    '{"a":"\\',
    '{"a":"b",',
    '{"@graph":[',
    "{/*",
    "{//\n",
    "{}",
    "{},",
    "{ ",
    '{"a" "',
    "{&quot;",
    "<!--{",
]
HEADS = [
    "a | ",
    " - ",
    "a: ",
    "| ",
    "： ",
    "a, ",
    "and ",
    "a and B ",
    "By ",
    "(",
    "1.1.",
    "2025 ",
    "… ",
    "a. ",
    "/",
    "@",
]
BODIES = ["<div class=byline>", "<h1>", "<a href=/author/a>A ", "<p class=lead>", "<time>", "A B ", "By A ", "<i>"]


@pytest.mark.parametrize("fragment", SCRIPTS)
def test_scripts(fragment: str) -> None:
    assert growth(lambda text: items_in([text]), fragment)[2] < ALLOWED
    assert growth(lambda text: values_in('{"a": [' + text), fragment)[2] < ALLOWED


@pytest.mark.parametrize("fragment", HEADS)
def test_heads(fragment: str) -> None:
    for template in (
        "<title>TEXT</title>",
        '<meta property="og:title" content="TEXT"><meta name="author" content="TEXT">',
        '<meta name="date" content="TEXT"><meta name="keywords" content="TEXT">',
    ):
        assert growth(head(template), fragment)[2] < ALLOWED


@pytest.mark.parametrize("fragment", BODIES)
def test_bodies(fragment: str) -> None:
    for template in ("TEXT", "<p class='byline lead date'>TEXT</p>", "<h1>TEXT</h1>"):
        assert growth(body(template), fragment)[2] < ALLOWED


def test_many_elements_of_a_kind() -> None:
    for element in ('<meta name="author" content="Jane Doe">', '<meta name="n%d" content="c">', "<script></script>"):
        assert growth(head("TEXT"), element)[2] < ALLOWED
    for element in ("<p class='byline'>By Jane Doe</p>", "<p>The bridge will be rebuilt by 2027.</p>", "<h1>A b</h1>"):
        assert growth(body("TEXT"), element)[2] < ALLOWED
