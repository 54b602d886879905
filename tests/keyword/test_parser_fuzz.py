"""Any text is a query."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.errors import QueryError
from searchkit.keyword.query.parser import parse
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.types import Syntax
from tests.keyword.bm25_reference import ANALYZER, Piece, indexed

steady = settings(deadline=None, derandomize=True, max_examples=400)

signs = st.sampled_from([
    '"', "'", "(", ")", "[", "]", "{", "}", "*", "?", "~", "^", "+", "-", ":", "\\", "/", ".", " ", "  ", "\n", "\x00",
    " AND ", " OR ", " NOT ", "AND", "ANDNOT ", "ANDMAYBE", "TO", "title:", "source:", "published:", "published:[",
    ">", "<=", "..", "~2", "^3", "^.5", '"~9', "«", "”", "🚀", "א", "ا", "\u200f", "\ud800", "\u0301", "北京", "é",
    "missile", "a", "S-300", "2025-10", "1", "*:*", "#f[1]", "=", "|", "&&", "!", "_",
])  # fmt: skip
queries = st.one_of(st.lists(signs, min_size=1, max_size=14).map("".join), st.text(min_size=1, max_size=60))


@pytest.mark.slow
@given(queries)
@steady
def test_any_text_is_read_and_can_be_evaluated(text: str) -> None:
    if not text.strip():
        return
    try:
        parsed = parse(text, analyzer=ANALYZER, languages=["en", None], filter_fields=["section"])
    except QueryError:  # a filter is applied, or it is an error
        assert re.search("(source|published|section|title):", text)
        return
    for word in parsed.words:
        assert text[word.start : word.end] == word.surface or not text.isprintable()
    with indexed([Piece(["a missile of S-300 at 北京 in 2025-10"], title="missile")]) as index:
        scores = evaluate(index, parsed.tree, resolve=lambda _: np.ones(1, dtype=bool))
    assert np.isfinite(scores.scores).all()
    assert (scores.scores[~scores.matched] == 0).all()


@given(st.lists(st.sampled_from(["a", "b", "AND", "OR", "NOT", "(", ")", '"a b"', "-c", "+d"]), max_size=12))
@steady
def test_what_could_be_an_expression_and_is_read_as_words_says_why(parts: list[str]) -> None:
    text = " ".join(["x", *parts])
    found = parse(text, analyzer=ANALYZER)
    operators = any(part not in ("a", "b", "(", ")") for part in parts)
    assert found.plain == (found.reading.syntax is Syntax.WORDS)
    assert operators or found.plain
    is_short = len(parts) < 8  # signs in a longer text are its own
    assert found.reading.reason or not operators or not is_short
    assert found.reading.doubtful or not operators or not found.plain or not is_short
