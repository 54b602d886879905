"""Filter compiler: are names and values taken for themselves, whatever signs they have?"""

from __future__ import annotations

import pytest

from searchkit.opensearch.documents import SEPARATOR
from searchkit.opensearch.filter_query import clause_of
from searchkit.types import Filter, ValuePattern


@pytest.mark.parametrize(
    ("name", "pattern", "query"),
    [
        ("desk", "wor*", "desk{}wor*"),
        ("desk", "a?b*", "desk{}a\\?b*"),
        ("what?", "wor*", "what\\?{}wor*"),
        ("a*b", "*ld", "a\\*b{}*ld"),
        ("c:\\d", "x*", "c:\\\\d{}x*"),
    ],
)
def test_only_the_asterisks_of_a_pattern_are_wildcards(name: str, pattern: str, query: str) -> None:
    condition = Filter(field=name, values=(ValuePattern(text=pattern),))
    assert clause_of(condition) == {"wildcard": {"labels": {"value": query.format(SEPARATOR)}}}
