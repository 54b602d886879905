"""Does LlamaIndex search an index?"""

from __future__ import annotations

import asyncio

import pytest

from searchkit.errors import ConfigError, QueryError
from searchkit.filter_expression import F
from searchkit.search.searcher import Searcher

pytest.importorskip("llama_index.core")

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import MetadataMode
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from searchkit.integrations.llamaindex import SearchkitRetriever, where_of


def filters_of(*filters: MetadataFilter | MetadataFilters, condition: str = "and") -> MetadataFilters:
    return MetadataFilters(filters=list(filters), condition=FilterCondition(condition))


def compared(key: str, operator: str, value: object) -> MetadataFilter:
    return MetadataFilter(key=key, operator=FilterOperator(operator), value=value)


def test_a_node_is_a_passage_with_what_it_is_cited_by(searcher: Searcher) -> None:
    (node,) = SearchkitRetriever(searcher, similarity_top_k=1).retrieve("a whale beside the pier at midnight")
    article = searcher.article("cranes")
    assert article is not None
    start, end = node.node.start_char_idx, node.node.end_char_idx
    assert 0 < start < end
    assert "whale" in node.text
    assert article.text[start:end] == node.text
    assert node.node_id.startswith("cranes#")
    assert node.node.ref_doc_id == "cranes"
    facts = {name: node.metadata[name] for name in ("article_id", "title", "source", "tags", "desk", "rank")}
    assert facts == {
        "article_id": "cranes",
        "title": "Forty cranes",
        "source": "Harbour Ledger",
        "tags": ["sea"],
        "desk": "city",
        "rank": 1,
    }
    assert node.score == node.metadata["score"]
    assert 0 <= node.metadata["confidence"] <= 1


def test_a_model_is_shown_the_title_and_no_score(searcher: Searcher) -> None:
    (node,) = SearchkitRetriever(searcher, similarity_top_k=1, mode="keyword").retrieve("whale")
    shown = node.node.get_content(MetadataMode.LLM)
    assert "title: Forty cranes" in shown
    assert "confidence" not in shown
    assert "article_id" not in shown


def test_it_is_awaited_by_a_method_of_its_own_and_answers_the_same(searcher: Searcher) -> None:
    retriever = SearchkitRetriever(searcher, filters=filters_of(compared("tags", "==", "sea")))
    assert SearchkitRetriever._aretrieve is not BaseRetriever._aretrieve
    nodes = asyncio.run(retriever.aretrieve("quay"))
    assert {node.node.ref_doc_id for node in nodes} == {"ferry", "cranes"}
    assert [node.node_id for node in nodes] == [node.node_id for node in retriever.retrieve("quay")]


def test_the_whole_article_is_had_on_request(searcher: Searcher) -> None:
    (node,) = SearchkitRetriever(searcher, similarity_top_k=1, content="article", mode="keyword").retrieve("whale")
    article = searcher.article("cranes")
    assert article is not None
    assert node.node_id == "cranes"
    assert (node.text, node.node.start_char_idx, node.node.end_char_idx) == (article.text, 0, len(article.text))
    with pytest.raises(ConfigError, match="content can't be 'summary'"):
        SearchkitRetriever(searcher, content="summary").retrieve("whale")


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (filters_of(compared("desk", "==", "city")), ("ferry", "cranes")),
        (filters_of(compared("desk", "!=", "city")), ("cocoa",)),
        (filters_of(compared("price", ">", 12.5)), ("cocoa",)),
        (filters_of(compared("price", ">=", 12.5), compared("price", "<", 60)), ("ferry",)),
        (filters_of(compared("price", "<=", 12)), ()),
        (filters_of(compared("tags", "in", ["money", "travel"])), ("ferry", "cocoa")),
        (filters_of(compared("tags", "nin", ["money", "travel"])), ("cranes",)),
        (filters_of(compared("tags", "any", ["money"])), ("cocoa",)),
        (filters_of(compared("tags", "all", ["sea", "travel"])), ("ferry",)),
        (filters_of(compared("authors", "contains", "Ada Quill")), ("ferry",)),
        (filters_of(compared("source", "text_match", "Ledger")), ("ferry", "cranes")),
        (filters_of(compared("source", "text_match_insensitive", "WIRE")), ("cocoa",)),
        (filters_of(compared("price", "is_empty", None)), ("cranes",)),
        (filters_of(compared("published", ">=", "2025-01-01")), ("ferry",)),
        (
            filters_of(compared("desk", "==", "money"), compared("tags", "==", "travel"), condition="or"),
            ("ferry", "cocoa"),
        ),
        (filters_of(compared("desk", "==", "money"), compared("tags", "==", "travel"), condition="not"), ("cranes",)),
        (
            filters_of(compared("tags", "==", "sea"), filters_of(compared("price", "==", 12.5), condition="not")),
            ("cranes",),
        ),
        (filters_of(condition="or"), ("ferry", "cocoa", "cranes")),
        (filters_of(filters_of(condition="or"), compared("desk", "==", "money")), ("cocoa",)),
        (F("desk") == "money", ("cocoa",)),
        (None, ("ferry", "cocoa", "cranes")),
    ],
)
def test_filters_become_conditions(searcher: Searcher, filters: MetadataFilters | None, ids: tuple[str, ...]) -> None:
    assert searcher.article_ids(where=where_of(filters)) == ids


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"desk": "city"}, "can't be understood"),
        (filters_of(compared("tags", "in", "sea")), "given 'sea'"),
        (filters_of(compared("desk", "==", ["city"])), r"compared with \['city'\]"),
        (filters_of(compared("source", "text_match", "Har*our")), "without"),
        (filters_of(compared("source", "text_match", 5)), "text"),
        (filters_of(compared("price", ">", None)), "None"),
    ],
)
def test_filters_that_mean_nothing_are_refused(filters: MetadataFilters, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        where_of(filters)


def test_a_field_that_no_article_has_is_refused(searcher: Searcher) -> None:
    retriever = SearchkitRetriever(searcher, filters=filters_of(compared("dsk", "==", "city")))
    with pytest.raises(QueryError, match="'dsk'"):
        retriever.retrieve("whale")
