"""Are simple expressions read as Whoosh's parser reads them?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.keyword.query.fast_grammar import read_simple
from searchkit.keyword.query.syntax_nodes import UnreadableError
from searchkit.keyword.query.whoosh_grammar import read

FIELDS = r"(?<![^\s(+\-])(?P<text>(?i:title|source)):"

SIMPLE = (
    "a AND b",
    "oil AND gas AND 2025",
    "oil OR OR",
    "oil AND and AND or",
    '"air defence"',
    '"air defence systems"~12',
    '"air"',
    "missil*",
    "ñandú*",
    "x2*",
    "mi?sil*",
    "m*s",
    "a?b*?c",
    "1?b",
    "missle~",
    "missle~2",
    "missle~0",
    "42~",
    "ab OR ab",
)


@pytest.mark.parametrize("text", SIMPLE)
def test_what_is_simple_is_read_as_by_the_grammar(text: str) -> None:
    simple = read_simple(text)
    assert simple is None or simple == read(text, fields=FIELDS, filters=FIELDS)
    assert (simple is None) == (text == "oil OR OR")


pieces = st.sampled_from(
    ("oil", "a", "Ä7", "12", "AND", "OR", "NOT", " ", " ", '"', "*", "~", "~2", "(", ")", "?", "-", "_", "^2", "title:")
)


@pytest.mark.slow
@given(st.lists(pieces, max_size=7).map("".join))
@settings(deadline=None, derandomize=True, max_examples=1500)
def test_nothing_else_is_taken_for_simple(text: str) -> None:
    simple = read_simple(text)
    if simple is not None:
        try:
            assert simple == read(text, fields=FIELDS, filters=FIELDS)
        except UnreadableError as error:
            pytest.fail(f"{text!r} can't be read: {error}")


@pytest.mark.parametrize("text", ["1*", "a*", "a AND b OR c", "a  AND b", "a AND", "title:a AND b", "", "oil", "a_b*"])
def test_the_rest_is_left_to_the_grammar(text: str) -> None:
    assert read_simple(text) is None
