"""Reading takes time in proportion to a text's length; ``tests/torture/growth.py`` tries every reader with far more."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from functools import reduce

import pytest
import regex

from searchkit.ingest import sentences
from searchkit.ingest.formats.html import _with_few_attributes, parse_page
from searchkit.ingest.formats.markdown import parse_markdown
from searchkit.ingest.formats.sections import atx_text
from searchkit.ingest.sentences import _QUICK, _cluster_ends, _quick_parts, sentence_spans
from searchkit.ingest.text_cleanup import glue, glued
from tests.torture.growth import ALLOWED, growth

SLOW_ONCE = """
from searchkit.ingest.format_detection import detect_format
from searchkit.ingest.formats.markdown import parse_markdown
from searchkit.ingest.article_builder import ParsedArticle, make_article
from searchkit.ingest.formats.sections import atx_text
from searchkit.ingest.text_cleanup import glue, glued
from searchkit.ingest.sentences import sentence_spans

SIZE = 100_000
for fragment in ("<!--", "<!-- ", "<script>", "<style ", "<a ", "</a", "<br "):
    parse_markdown("<div>\\n" + fragment * (SIZE // len(fragment)) + "\\n</div>")
for fragment in ("{{< ", "{% ", "{{ ", "%%", "[[a", "{: "):
    parse_markdown("A text.\\n\\n" + fragment * (SIZE // 10 // len(fragment)))
for fragment in ("<!-- -->", "<?xml ?>", "<!DOCTYPE a [", "<!--"):
    detect_format(fragment.encode() * (2**16 // len(fragment)), "unknown")
for fragment in ("[", "![", "[a](", "*a ", "**a", "`a", "__a", " #", "# "):
    atx_text(fragment * (SIZE // len(fragment)))
for fragment in ("“", "'", "`", "«", "<!", "🇩"):
    sentence_spans(fragment * (SIZE // len(fragment)), "en")
make_article(ParsedArticle(values={"id": "a", "text": "a", "language": "(" * SIZE}))
"""


@pytest.mark.slow
def test_what_was_quadratic_once_takes_no_ages() -> None:
    """Most of these took minutes at this size; together they take seconds, and may take twenty times as long."""
    subprocess.run([sys.executable, "-c", SLOW_ONCE], check=True, timeout=150)


BOXES = (
    "word <svg></svg>", "x<b class='share'>y</b>z", "<h3>Read more</h3><ul><li><a href='/'>abc</a></li></ul>",
    "<div class='article-body'><p>A part of a body, which is long enough to be one, and not a label.</p><p>y</p></div>",
    "a<div>b</div>", "<blockquote><div class='x'>", "<script>self.__next_f.push([1,'a:['])</script>",
    "<p hidden>y</p>z",
    "<script type='application/json'>{'text': '",
)  # fmt: skip


@pytest.mark.parametrize("fragment", BOXES)
def test_a_page_is_pruned_in_time_proportional_to_its_length(fragment: str) -> None:
    _, seconds, ratio = growth(
        lambda text: parse_page(f"<html><body><article>{text}</article></body></html>"), fragment
    )
    assert ratio < ALLOWED, f"{seconds:.2f} s"


@pytest.mark.parametrize("attribute", ["a{}='x' ", "a{}='>' ", "data-{} "])
def test_a_page_with_many_attributes_is_read_in_time_proportional_to_them(attribute: str) -> None:
    attributes = "".join(attribute.format(i) for i in range(100_000))
    start = time.process_time()
    parsed = parse_page(
        f"<html><body><article><p {attributes}>A word of a text.</p><p>More of it.</p></article></body>"
    )
    assert time.process_time() - start < 10
    assert parsed.values["text"] == "A word of a text.\n\nMore of it."


@pytest.mark.parametrize("fragment", ["<a ", "<a b='", "<a b=", "<script ", "<a b='c' d", "= ", "<a\n"])
def test_long_tags_are_looked_for_in_time_proportional_to_a_page(fragment: str) -> None:
    _, seconds, ratio = growth(_with_few_attributes, fragment)
    assert ratio < ALLOWED, f"{seconds:.2f} s"


def test_the_tool_that_looks_for_it_finds_it() -> None:
    quadratic = regex.compile("<!--.*?-->", regex.DOTALL)
    assert growth(lambda text: quadratic.sub("", text), "<!--")[2] > ALLOWED
    assert growth(lambda text: text.replace("<!--", ""), "<!--")[2] < ALLOWED


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a<!-- b -->c</p>", "a c"),
        ("<p>a<!-- b\nc</p>", "a<!-- b\nc"),
        ("<p>a<script>b < c</script>d</p>", "a d"),
        ("<p>a<script>b</p>", "a b"),
        ("<p>a<SCRIPT src='x'>b</Script >d</p>", "a d"),
        ("<p>a<style>b</script>c</p>", "a c"),
        ("<p>a<!-- b --> c <!-- d</p>", "a c <!-- d"),
        ("<p>a < b and c > d</p>", "a < b and c > d"),
        ("<p>a<br>b<br/>c", "a\nb\nc"),
        ("<p>1 <2 3</p>", "1 <2 3"),
    ],
)
def test_html_in_markdown_loses_its_markup_alone(source: str, text: str) -> None:
    assert parse_markdown(f"<div>\n{source}\n</div>\n").values["text"] == text


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("A [link](http://a.b) and ![picture](x)", "A link and picture"),
        ("A [link](http://a.b/(c)) more", "A link more"),
        ("**Bold** and *slanted* and `code` __too__", "Bold and slanted and code too"),
        ("Closed ##", "Closed"),
        ("C #", "C"),
        ("Half [open", "Half [open"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("w" * 201, ""),
        ("[a](" + "b" * 300 + ")", "a"),
        ("[a](" + "b" * 3000 + ")", ""),
    ],
)
def test_a_heading_says_what_its_marks_leave(heading: str, text: str) -> None:
    assert atx_text(heading) == text


def test_grapheme_clusters_are_the_same_a_window_at_a_time() -> None:
    drawn = random.Random(3)
    letters = ["a", "e\u0301", "🇩", "🇪", "👩\u200d👩\u200d👧", "\u0301", "한", "क्षि", " ", "\r\n", "\ufe0f", "\u200d"]
    for _ in range(200):
        some = letters[: drawn.randint(1, len(letters))]
        text = "".join(drawn.choice(some) * drawn.randint(1, drawn.choice([3, 700])) for _ in range(6))
        expected = [match.end() for match in regex.finditer(r"\X", text)]
        assert list(_cluster_ends(text, 0, len(text))) == expected


def test_a_text_is_given_to_the_library_whole_unless_that_would_take_ages() -> None:
    paragraph = "“He said so. “And she said: ‘No.’ It rained (a lot). They’re gone.\n"
    for text in (paragraph * 40, "Plain words. " * 40_000):
        assert list(_quick_parts(text)) == [(0, len(text))]
    many = (paragraph * 4 + "\n") * 4000
    assert all(many[end - 2 : end] == "\n\n" for _, end in _quick_parts(many))
    marks = "“" * 100_000
    assert max(end - start for start, end in _quick_parts(marks)) == _QUICK
    for text in (many, marks, "a “" * 20_000):
        parts = list(_quick_parts(text))
        assert [0, *(end for _, end in parts)] == [*(start for start, _ in parts), len(text)]


def test_sentences_are_those_of_the_whole_where_paragraphs_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ("“He said so. “And she said: ‘No.’ It rained (a lot). They’re gone.\n\n") * 2000
    assert len(list(_quick_parts(text))) > 1
    spans = sentence_spans(text, "en")
    monkeypatch.setattr(sentences, "_QUICK", 1 << 30)
    assert sentence_spans(text, "en") == spans


def test_many_lines_are_joined_as_two_are() -> None:
    drawn = random.Random(5)
    pieces = ["", "a", "ab", "a-", "-", "a\u00ad", "\u00ad", "中", "中文", "1-", "a b", "-a", "の", "é-", "A."]
    for _ in range(3000):
        lines = [drawn.choice(pieces) for _ in range(drawn.randint(1, 8))]
        assert glued(lines) == reduce(glue, lines), lines
