from __future__ import annotations

import pytest

from searchkit.index.keyword.analysis import Analyzer
from searchkit.index.keyword.stopwords import telling_words
from searchkit.index.keyword.syntax import parse
from searchkit.index.keyword.tree import Compound, Phrase, Term, positive_leaves
from searchkit.types import Syntax


def told(text: str, *languages: str | None) -> list[str]:
    return [word.surface for word in telling_words(Analyzer().query_terms(text, languages), languages)]


@pytest.mark.parametrize(
    ("text", "languages", "kept"),
    [
        ("Who sold the missiles to Caracas?", ("en",), ["sold", "missiles", "Caracas"]),
        ("Was sagt die Ministerin zu den Raketen?", ("en", "de"), ["sagt", "Ministerin", "Raketen"]),
        ("to be or not to be", ("en",), ["to", "be", "or", "not", "to", "be"]),
        ("Who sold the missiles?", ("th",), ["Who", "sold", "the", "missiles"]),
        ("Who sold the missiles?", (), ["Who", "sold", "the", "missiles"]),
        ("Die Hard", ("en", "de"), ["Hard"]),
        ("", ("en",), []),
    ],
)
def test_words_that_say_nothing_are_left_out(text: str, languages: tuple[str, ...], kept: list[str]) -> None:
    assert told(text, *languages) == kept


def test_a_phrase_and_an_expression_keep_every_word() -> None:
    for text in ('"the who"', "the AND who", "+the +who"):
        parsed = parse(text, analyzer=Analyzer(), languages=["en"], syntax=Syntax.EXPRESSION)
        leaves = [leaf for leaf, _ in positive_leaves(parsed.tree)]
        units = [unit for leaf in leaves for unit in (leaf.units if isinstance(leaf, Phrase) else (leaf,))]
        assert all(isinstance(unit, (Term, Compound)) for unit in units)
        assert len(units) == 2
