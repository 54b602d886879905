from __future__ import annotations

import pytest

from searchkit.ingest.formats.sections import Block, Heading, atx_text, join, sections_under
from searchkit.ingest.text_cleanup import clean, glue, has_control, is_unspaced, one_line


def test_line_breaks_become_one_and_control_characters_go():
    assert clean("a\r\nb\rc\u2028d\x85e\x0cf\x00\x1bg\x7f\t") == "a\nb\nc\nd\ne\nfg\t"


def test_halves_of_a_pair_are_joined_and_lone_ones_replaced():
    assert clean("\ud83d\ude00 \ud83d") == "😀 \ufffd"


def test_one_line_has_single_spaces():
    assert one_line(" a\n\u2003 b\x00c ") == "a bc"
    assert [has_control(text) for text in ("a b", "a\tb", "a\x00")] == [False, True, True]


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("air", "defence", "air defence"),
        ("air-", "defence", "air-defence"),
        ("from 1990 -", "2000", "from 1990 - 2000"),
        ("air\u00ad", "craft", "aircraft"),
        ("防空", "系统", "防空系统"),
        ("防空", "system", "防空 system"),
        ("", "a", "a"),
    ],
)
def test_lines_of_a_paragraph_are_glued_as_their_script_asks(left: str, right: str, joined: str):
    assert glue(left, right) == joined


def test_scripts_without_spaces_are_known():
    assert [is_unspaced(text) for text in ("防空系统 S", "ระบบ", "ロシア", "defence", "방공", "")] == [True] * 3 + [
        False
    ] * 3


def test_blocks_are_joined_with_their_headings_outside_the_sections():
    text, sections = join([Block(text="a"), Block(text=" "), Block(text="H", level=2), Block(text="b", gap="\n")])
    assert text == "a\n\nH\nb"
    assert [(each.heading, text[each.start : each.end]) for each in sections] == [("", "a"), ("H", "b")]


def test_headings_over_nothing_join_lower_ones_or_are_text():
    text = "A\nB\nx\nC\nD"
    headings = [Heading(start=i, end=i + 1, text=text[i], level=level) for i, level in ((0, 1), (2, 2), (6, 2), (8, 2))]
    found = [(each.heading, text[each.start : each.end]) for each in sections_under(text, headings)]
    assert found == [("A › B", "x"), ("", "C\nD")]


def test_headings_alone_are_no_sections():
    assert join([Block(text="A", level=1), Block(text="B", level=1)]) == ("A\n\nB", ())


def test_a_heading_of_a_whole_paragraph_is_text():
    assert join([Block(text="x" * 201, level=1), Block(text="b")])[1] == ()
    assert atx_text("**Bold** and [link](https://example.org) ##") == "Bold and link"
    assert atx_text("###") == ""
