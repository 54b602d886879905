"""Do both legs see the title, the heading and the text of a chunk?"""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.ingest.indexed_text import HEADING_BYTES, TITLE_BYTES, compose
from searchkit.types import Article, Chunk


def chunk(text: str = "The text.", heading: str = "") -> Chunk:
    return Chunk(article_id="a", ordinal=0, start=0, end=len(text), text=text, heading=heading)


@pytest.mark.parametrize(
    ("title", "heading", "text", "joined"),
    [
        ("Title", "Heading", "Text.", "Title\nHeading\nText."),
        ("Title", "", "Text.", "Title\nText."),
        ("", "Heading", "Text.", "Heading\nText."),
        ("", "", "Text.", "Text."),
        (" Title ", " \n", "", "Title"),
        ("", "", "", ""),
    ],
)
def test_the_parts_are_joined_a_line_each(title: str, heading: str, text: str, joined: str) -> None:
    seen = compose(Article(id="a", text=text, title=title), chunk(text, heading))
    assert (seen.title, seen.heading, seen.text) == (title.strip(), heading.strip(), text)
    assert seen.joined == joined


def test_a_monstrous_title_is_whole_for_keywords_and_shortened_between_words_for_the_encoder() -> None:
    title = "word " * 500
    seen = compose(Article(id="a", text="The text.", title=title), chunk(heading="heading " * 100))
    assert seen.title == title.strip()
    first, second, last = seen.joined.split("\n")
    assert first == ("word " * (TITLE_BYTES // 5)).strip()
    assert second == ("heading " * (HEADING_BYTES // 8)).strip()
    assert last == "The text."


def test_a_title_that_ends_at_the_bound_is_whole() -> None:
    exact = "a" * (TITLE_BYTES - 2) + " b"
    assert compose(Article(id="a", text="", title=exact), chunk("")).joined == exact
    assert compose(Article(id="a", text="", title=exact + " c"), chunk("")).joined == exact


@settings(deadline=None)
@given(st.text(max_size=400) | st.text("字e\u0301\U0001f468\u200d ", max_size=400))
def test_a_shortened_title_is_a_beginning_that_cuts_no_grapheme(title: str) -> None:
    seen = compose(Article(id="a", text="", title=title), chunk(""))
    assert seen.title.startswith(seen.joined)
    assert len(seen.joined.encode("utf-8", "replace")) <= TITLE_BYTES
    rest = seen.title[len(seen.joined) :]
    borders = {match.end() for match in regex.finditer(r"\X", seen.title)} | {0}
    assert not rest or rest[0].isspace() or len(seen.joined) in borders
