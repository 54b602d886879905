"""Passages: does a search within a framework obey all that it is to obey?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import searchkit
from searchkit import F
from searchkit.integrations.passages import PassageSearch
from tests.word_encoder import WordEncoder


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PassageSearch]:
    index = tmp_path_factory.mktemp("passages") / "index"
    articles = [
        {"id": name, "text": "The ferry sails.", "tags": [tag], "desk": desk}
        for name, tag, desk in (("a", "open", "city"), ("b", "open", "world"), ("c", "secret", "city"))
    ]
    searchkit.build(index, articles, encoder=WordEncoder())
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        yield PassageSearch(searcher)


@pytest.mark.parametrize("where", [F("desk") == "city", {"field": "desk", "eq": "city"}])
def test_conditions_of_a_call_narrow_those_of_the_retriever(search: PassageSearch, where: Any) -> None:
    options = {"k": 5, "where": where}
    conditions = (F("tag") == "open", None)
    passages = search.passages("ferry", content="article", conditions=conditions, options=options)
    assert [passage.id for passage in passages] == ["a"]
    passages = search.passages("ferry", content="article", options=options)
    assert sorted(passage.id for passage in passages) == ["a", "c"]
    assert options["where"] is where
