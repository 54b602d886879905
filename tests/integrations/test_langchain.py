"""Does LangChain search and write an index, by its own kits and beyond them?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from searchkit.errors import ConfigError, EncoderMismatch, QueryError, SourceError
from searchkit.filter_expression import F
from searchkit.search.searcher import Searcher

pytest.importorskip("langchain_core")
pytest.importorskip("langchain_tests")

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.retrievers import BaseRetriever
from langchain_core.structured_query import Comparator, Comparison, Operation, Operator, StructuredQuery
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests.retrievers import RetrieversIntegrationTests
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests

from searchkit.integrations.langchain import FilterTranslator, SearchkitRetriever, SearchkitVectorStore, where_of


class TestRetrieverByTheKit(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _opened(self, searcher: Searcher) -> None:
        self.searcher = searcher

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return SearchkitRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"searcher": self.searcher}

    @property
    def retriever_query_example(self) -> str:
        return "Who works on the quay?"


class TestVectorStoreByTheKit(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        store = SearchkitVectorStore(tmp_path / "index", self.get_embeddings())
        yield store
        store.close()


def document_of(searcher: Searcher, query: str, **arguments: Any) -> Document:
    (document,) = SearchkitRetriever(searcher=searcher, k=1, **arguments).invoke(query)
    return document


def test_a_document_is_a_passage_with_what_it_is_cited_by(searcher: Searcher) -> None:
    document = document_of(searcher, "whale", options={"mode": "keyword"})
    article, metadata = searcher.article("cranes"), document.metadata
    assert article is not None
    assert 0 < metadata["start"] < metadata["end"]
    assert article.text[metadata["start"] : metadata["end"]] == document.page_content
    assert document.id == metadata["chunk_id"] == f"cranes#{len(searcher.chunks('cranes')) - 1}"
    assert (metadata["article_id"], metadata["title"], metadata["desk"]) == ("cranes", "Forty cranes", "city")
    assert (metadata["rank"], metadata["generation"]) == (1, 1)
    assert metadata["score"] > 0
    assert 0 <= metadata["confidence"] <= 1


def test_the_whole_article_is_had_on_request(searcher: Searcher) -> None:
    document = document_of(searcher, "whale", content="article", options={"mode": "keyword"})
    article = searcher.article("cranes")
    assert article is not None
    assert (document.id, document.page_content) == ("cranes", article.text)
    assert "chunk_id" not in document.metadata
    with pytest.raises(ConfigError, match="content can't be 'summary'"):
        document_of(searcher, "whale", content="summary")


def test_awaited_it_answers_the_same(searcher: Searcher) -> None:
    retriever = SearchkitRetriever(searcher=searcher, filter={"tags": "sea"})
    assert asyncio.run(retriever.ainvoke("quay")) == retriever.invoke("quay")


def test_a_filter_of_a_call_narrows_that_of_the_retriever(searcher: Searcher) -> None:
    retriever = SearchkitRetriever(searcher=searcher, filter={"desk": "city"})
    ids = [
        {document.metadata["article_id"] for document in retriever.invoke("quay", filter=each)}
        for each in (None, {"tags": "travel"}, {"desk": "money"})
    ]
    assert ids == [{"ferry", "cranes"}, {"ferry"}, set()]


COMPARED = Comparison(Comparator.GTE, "price", 20)


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ({"desk": "city"}, ("ferry", "cranes")),
        ({"desk": "city", "price": 12.5}, ("ferry",)),
        ({"desk": {"$eq": "money"}}, ("cocoa",)),
        ({"desk": {"$ne": "city"}}, ("cocoa",)),
        ({"price": {"$gt": 12.5}}, ("cocoa",)),
        ({"price": {"$gte": 12.5, "$lt": 60}}, ("ferry",)),
        ({"price": {"$lte": 60}}, ("ferry", "cocoa")),
        ({"price": {"$between": [20, 70]}}, ("cocoa",)),
        ({"tags": {"$in": ["money", "travel"]}}, ("ferry", "cocoa")),
        ({"tags": {"$nin": ["money", "travel"]}}, ("cranes",)),
        ({"tags": {"$all": ["sea", "travel"]}}, ("ferry",)),
        ({"price": {"$exists": False}}, ("cranes",)),
        ({"price": None}, ("cranes",)),
        ({"source": {"$like": "Harb*"}}, ("ferry", "cranes")),
        ({"open": True}, ("ferry",)),
        ({"published": {"$gte": date(2025, 1, 1)}}, ("ferry",)),
        ({"$or": [{"desk": "money"}, {"tags": "travel"}]}, ("ferry", "cocoa")),
        ({"$and": [{"desk": "city"}, {"$not": {"tags": "travel"}}]}, ("cranes",)),
        ({}, ("ferry", "cocoa", "cranes")),
        (None, ("ferry", "cocoa", "cranes")),
        (F("desk") == "money", ("cocoa",)),
        (COMPARED, ("cocoa",)),
        (Operation(Operator.NOT, [COMPARED]), ("ferry", "cranes")),
        (Operation(Operator.OR, [COMPARED, Comparison(Comparator.CONTAIN, "tags", "travel")]), ("ferry", "cocoa")),
        (Operation(Operator.AND, [COMPARED, Comparison(Comparator.NIN, "desk", ["money"])]), ()),
        (Comparison(Comparator.LIKE, "source", "*wire"), ("cocoa",)),
    ],
)
def test_filters_become_conditions(searcher: Searcher, filter_: Any, ids: tuple[str, ...]) -> None:
    assert searcher.article_ids(where=where_of(filter_)) == ids


@pytest.mark.parametrize(
    "filter_",
    [
        "desk = city",
        lambda document: True,
        {"desk": {"eq": "city"}},
        {"desk": {"$near": "city"}},
        {"desk": {}},
        {"desk": {"$eq": "city", "name": "x"}},
        {"$or": {"desk": "city"}},
        {"$and": [None]},
        {"desk": ["city", "money"]},
        {"desk": {"$in": "city"}},
        {"price": {"$gt": None}},
    ],
)
def test_filters_that_mean_nothing_are_refused(filter_: Any) -> None:
    with pytest.raises(QueryError):
        where_of(filter_)


def test_a_structured_query_becomes_words_and_a_filter(searcher: Searcher) -> None:
    translator = FilterTranslator()
    words, arguments = StructuredQuery("chocolate", COMPARED).accept(translator)
    documents = SearchkitRetriever(searcher=searcher).invoke(words, **arguments)
    assert [document.metadata["article_id"] for document in documents] == ["cocoa"]
    assert StructuredQuery("chocolate", None).accept(translator) == ("chocolate", {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SearchkitVectorStore]:
    store = SearchkitVectorStore(tmp_path / "index", DeterministicFakeEmbedding(size=8))
    store.add_documents(
        [
            Document("The night ferry sails at nine.", metadata={"desk": "city", "page": [1, 2]}),
            Document("The price of cocoa has doubled.", metadata={"desk": "money", "title": "Cocoa"}),
        ],
        ids=["ferry", "cocoa"],
    )
    yield store
    store.close()


def test_a_store_is_searched_through_filters_and_tells_its_confidence(store: SearchkitVectorStore) -> None:
    documents = store.similarity_search("what sails", filter={"desk": "money"})
    assert documents == [
        Document("The price of cocoa has doubled.", metadata={"desk": "money", "title": "Cocoa"}, id="cocoa")
    ]
    ((document, confidence),) = store.similarity_search_with_relevance_scores("cocoa", k=1)
    assert document.id == "cocoa"
    assert 0 < confidence <= 1
    scores = [score for _, score in store.similarity_search_with_score("ferry", k=2)]
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(QueryError, match="no confidence"):
        store.similarity_search_with_relevance_scores("desk:city")


def test_a_retriever_of_a_store_takes_its_filters(store: SearchkitVectorStore) -> None:
    retriever = store.as_retriever(search_kwargs={"k": 1, "filter": {"desk": "city"}})
    assert [document.id for document in retriever.invoke("cocoa")] == ["ferry"]


def test_a_threshold_is_a_confidence(store: SearchkitVectorStore) -> None:
    ((_, best), (_, second)) = store.similarity_search_with_relevance_scores("cocoa", k=2)
    assert best > second
    threshold = {"score_threshold": (best + second) / 2}
    retriever = store.as_retriever(search_type="similarity_score_threshold", search_kwargs=threshold)
    assert [document.id for document in retriever.invoke("cocoa")] == ["cocoa"]


def test_the_retriever_tells_of_a_stores_documents_where_the_passage_is(store: SearchkitVectorStore) -> None:
    assert store.searcher is not None
    (document,) = SearchkitRetriever(searcher=store.searcher, k=1).invoke("cocoa")
    metadata = {name: document.metadata[name] for name in ("desk", "title", "article_id", "start", "end")}
    text = "The price of cocoa has doubled."
    assert metadata == {"desk": "money", "title": "Cocoa", "article_id": "cocoa", "start": 0, "end": len(text)}
    assert document.page_content == text


def test_documents_are_deleted_by_a_filter_or_all(store: SearchkitVectorStore) -> None:
    assert store.delete(filter={"desk": "money"})
    assert store.get_by_ids(["ferry", "cocoa", "ferry"]) == [
        Document("The night ferry sails at nine.", metadata={"desk": "city", "page": [1, 2]}, id="ferry")
    ]
    assert store.delete()
    assert store.similarity_search("ferry") == []
    assert store.get_by_ids(["ferry"]) == []


def test_writing_the_same_documents_again_changes_nothing(tmp_path: Path) -> None:
    store = SearchkitVectorStore.from_texts(["Ferry.", "Cocoa."], DeterministicFakeEmbedding(size=8), index=tmp_path)
    first, second, third = store.add_texts(["Ferry.", "Cocoa.", "Ferry."])
    assert first == third != second
    assert [document.id for document in store.similarity_search("ferry")] == [first, second]
    store.close()


def test_a_document_that_can_not_be_kept_writes_none(store: SearchkitVectorStore) -> None:
    documents = [Document("Whale.", id="whale"), Document("", id="empty")]
    with pytest.raises(SourceError, match="neither text nor title"):
        store.add_documents(documents)
    assert store.get_by_ids(["whale"]) == []
    with pytest.raises(ConfigError, match="1 ids of 2 documents"):
        store.add_documents(documents, ids=["a"])
    with pytest.raises(ConfigError, match="'batch_size'"):
        store.add_documents(documents, batch_size=5)


def test_another_model_is_refused(store: SearchkitVectorStore, tmp_path: Path) -> None:
    other = SearchkitVectorStore(tmp_path / "index", DeterministicFakeEmbedding(size=9))
    with pytest.raises(EncoderMismatch):
        other.add_texts(["Whale."])
    other.close()


def test_a_store_opens_an_index_that_was_made_otherwise(harbour: Path) -> None:
    store = SearchkitVectorStore(harbour, mode="keyword")
    (document,) = store.similarity_search("whale")
    assert document.id == "cranes"
    assert document.metadata == {
        "title": "Forty cranes",
        "source": "Harbour Ledger",
        "language": "en",
        "tags": ["sea"],
        "desk": "city",
    }
    store.close()


def test_a_store_needs_a_folder() -> None:
    with pytest.raises(ConfigError, match="needs a folder"):
        SearchkitVectorStore.from_texts(["Whale."])
