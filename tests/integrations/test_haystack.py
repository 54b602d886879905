"""Does Haystack search and write an index, by its own kits and beyond them?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from searchkit.errors import SourceError
from searchkit.search.searcher import open_index
from tests.integrations.harbour import refusing_vectors, word_vectors

pytest.importorskip("haystack")

from haystack import Document, Pipeline
from haystack.components.retrievers import MultiQueryTextRetriever
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.errors import FilterError
from haystack.testing import document_store as kit
from haystack.testing import document_store_async as async_kit

from searchkit.integrations.haystack import SearchkitDocumentStore, SearchkitTextRetriever, where_of


@pytest.fixture
def document_store(tmp_path: Path) -> Iterator[SearchkitDocumentStore]:
    store = SearchkitDocumentStore(str(tmp_path / "index"), word_vectors)
    yield store
    store.close()


class TestStoreByTheKit(
    kit.DocumentStoreBaseExtendedTests,
    kit.CountDocumentsByFilterTest,
    kit.CountUniqueMetadataByFilterTest,
    kit.GetMetadataFieldMinMaxTest,
    kit.GetMetadataFieldUniqueValuesTest,
    kit.GetMetadataFieldsInfoTest,
):
    @pytest.fixture
    def document_store(self, document_store: SearchkitDocumentStore) -> SearchkitDocumentStore:
        return document_store

    def test_write_documents(self, document_store: SearchkitDocumentStore) -> None:
        document = Document(content="The ferry sails at nine.")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document])


class TestAsyncStoreByTheKit(
    async_kit.CountDocumentsAsyncTest,
    async_kit.CountDocumentsByFilterAsyncTest,
    async_kit.CountUniqueMetadataByFilterAsyncTest,
    async_kit.DeleteAllAsyncTest,
    async_kit.DeleteByFilterAsyncTest,
    async_kit.DeleteDocumentsAsyncTest,
    async_kit.FilterDocumentsAsyncTest,
    async_kit.GetMetadataFieldMinMaxAsyncTest,
    async_kit.GetMetadataFieldUniqueValuesAsyncTest,
    async_kit.GetMetadataFieldsInfoAsyncTest,
    async_kit.UpdateByFilterAsyncTest,
    async_kit.WriteDocumentsAsyncTest,
):
    @pytest.fixture
    def document_store(self, document_store: SearchkitDocumentStore) -> SearchkitDocumentStore:
        return document_store

    async def test_write_documents_async(self, document_store: SearchkitDocumentStore) -> None:
        document = Document(content="The ferry sails at nine.")
        assert await document_store.write_documents_async([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([document])


@pytest.fixture
def store(document_store: SearchkitDocumentStore) -> SearchkitDocumentStore:
    """A store of three documents, of which one has all that a document can have."""
    document_store.write_documents(
        [
            Document(id="ferry", content="The night ferry sails at nine.", meta={"desk": "city", "berth": {"pier": 4}}),
            Document(id="cocoa", content="Cocoa has doubled.", meta={"desk": "money", "date": "2025-03-02T10:00:00"}),
            Document(
                id="whale",
                content="A whale was seen beside the pier. ",
                meta={"desk": "city", "pages": [1, 2], "note": None},
                blob=ByteStream(b"\x00\x01", meta={"name": "whale.png"}, mime_type="image/png"),
                score=0.5,
                embedding=[0.1, -2.0],
                sparse_embedding=SparseEmbedding(indices=[3], values=[0.25]),
            ),
        ]
    )
    return document_store


def test_a_document_comes_back_with_all_that_it_had(store: SearchkitDocumentStore) -> None:
    (document,) = store.filter_documents({"field": "meta.pages", "operator": "==", "value": 2})
    assert document == Document(
        id="whale",
        content="A whale was seen beside the pier. ",
        meta={"desk": "city", "pages": [1, 2], "note": None},
        blob=ByteStream(b"\x00\x01", meta={"name": "whale.png"}, mime_type="image/png"),
        score=0.5,
        embedding=[0.1, -2.0],
        sparse_embedding=SparseEmbedding(indices=[3], values=[0.25]),
    )


def test_a_nested_value_is_filtered_by_its_path(store: SearchkitDocumentStore) -> None:
    (document,) = store.filter_documents({"field": "meta.berth.pier", "operator": ">", "value": 3})
    assert document.meta == {"desk": "city", "berth": {"pier": 4}}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"field": "id", "operator": "==", "value": "ferry"}, "'id' can't be filtered by"),
        ({"field": "meta.desk", "operator": "~", "value": "city"}, "can't be understood"),
        ({"operator": "XOR", "conditions": []}, "can't be understood"),
        ({"field": "meta.desk", "operator": "==", "value": ["city"]}, "compared with"),
        ({"field": "meta.desc", "operator": "==", "value": "city"}, "no field|has a field"),
        ({"field": 5, "operator": "==", "value": "city"}, "can't be understood"),
        ("meta.desk == city", "can't be understood"),
    ],
)
def test_filters_that_mean_nothing_are_refused(store: SearchkitDocumentStore, filters: Any, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        store.filter_documents(filters)
    with pytest.raises(FilterError, match=message):
        store.delete_by_filter(filters)
    assert store.count_documents() == 3


def test_values_that_can_not_be_compared_have_no_least(store: SearchkitDocumentStore) -> None:
    assert store.get_metadata_field_min_max("desk") == {"min": "city", "max": "money"}
    assert store.get_metadata_field_min_max("pages") == {"min": None, "max": None}
    store.write_documents([Document(content="A letter.", meta={"desk": 5})])
    assert store.get_metadata_field_min_max("desk") == {"min": None, "max": None}


def test_changed_metadata_is_encoded_by_nobody(store: SearchkitDocumentStore) -> None:
    filters = {"field": "meta.desk", "operator": "==", "value": "city"}
    with open_index(store.index, encoder=word_vectors) as searcher:
        before = searcher.info().generation
    assert store.update_by_filter(filters, {"desk": "port"}) == 2
    with open_index(store.index, encoder=refusing_vectors) as searcher:
        assert searcher.info().generation == before + 1
        assert searcher.count(where=where_of({"field": "meta.desk", "operator": "==", "value": "port"})) == 2


def test_a_policy_counts_documents_of_one_call_too(document_store: SearchkitDocumentStore) -> None:
    first, second = Document(id="a", content="Ferry."), Document(id="a", content="Whale.")
    with pytest.raises(DuplicateDocumentError):
        document_store.write_documents([first, second], DuplicatePolicy.FAIL)
    assert document_store.count_documents() == 0
    assert document_store.write_documents([first, second], DuplicatePolicy.SKIP) == 1
    assert document_store.filter_documents() == [first]
    assert document_store.write_documents([first, second], DuplicatePolicy.OVERWRITE) == 2
    assert document_store.filter_documents() == [second]


def test_a_document_without_text_writes_none(document_store: SearchkitDocumentStore) -> None:
    with pytest.raises(SourceError, match="neither text nor title"):
        document_store.write_documents([Document(content="Ferry."), Document(blob=ByteStream(b"\x00"))])
    assert document_store.count_documents() == 0


@pytest.fixture(scope="module")
def retriever(harbour: Path) -> SearchkitTextRetriever:
    return SearchkitTextRetriever(SearchkitDocumentStore(str(harbour)), options={"mode": "keyword"})


def test_a_retriever_gives_passages_with_what_they_are_cited_by(retriever: SearchkitTextRetriever) -> None:
    (document,) = retriever.run(query="whale")["documents"]
    with open_index(retriever.document_store.index) as searcher:
        article = searcher.article("cranes")
    assert article is not None
    meta = document.meta
    assert document.id == meta["chunk_id"]
    assert 0 < meta["start"] < meta["end"]
    assert article.text[meta["start"] : meta["end"]] == document.content
    assert (meta["article_id"], meta["title"], meta["desk"], meta["rank"]) == ("cranes", "Forty cranes", "city", 1)
    assert document.score == meta["score"] > 0
    assert 0 <= meta["confidence"] <= 1


def test_filters_of_a_run_narrow_those_of_the_component(retriever: SearchkitTextRetriever) -> None:
    city, sea = ({"field": f"meta.{name}", "operator": "==", "value": value} for name, value in NARROWED)
    narrow = SearchkitTextRetriever(retriever.document_store, filters=city, options={"mode": "keyword"})
    assert {each.meta["article_id"] for each in narrow.run(query="quay")["documents"]} == {"ferry", "cranes"}
    (document,) = narrow.run(query="quay", filters=sea, top_k=5)["documents"]
    assert document.meta["article_id"] == "ferry"
    with pytest.raises(FilterError):
        narrow.run(query="quay", filters={"field": "meta.tags"})


NARROWED = (("desk", "city"), ("tags", "travel"))


def test_it_serves_a_component_that_asks_several_questions(retriever: SearchkitTextRetriever) -> None:
    documents = MultiQueryTextRetriever(retriever=retriever).run(queries=["whale", "chocolate"])["documents"]
    assert {document.meta["article_id"] for document in documents} == {"cranes", "cocoa"}


def test_awaited_it_answers_the_same(retriever: SearchkitTextRetriever) -> None:
    assert asyncio.run(retriever.run_async(query="quay", top_k=2)) == retriever.run(query="quay", top_k=2)


def test_a_store_without_an_index_answers_nothing(document_store: SearchkitDocumentStore) -> None:
    retriever = SearchkitTextRetriever(document_store)
    assert retriever.run(query="whale") == {"documents": []}
    assert asyncio.run(retriever.run_async(query="whale")) == {"documents": []}
    document_store.write_documents([Document(content="A whale.")])
    assert len(retriever.run(query="whale")["documents"]) == 1


def test_a_pipeline_is_written_down_and_read_back(store: SearchkitDocumentStore) -> None:
    pipeline = Pipeline()
    filters = {"field": "meta.desk", "operator": "==", "value": "city"}
    component = SearchkitTextRetriever(store, filters=filters, top_k=1, content="article", options={"mode": "keyword"})
    pipeline.add_component("retriever", component)
    text = pipeline.dumps()
    again = Pipeline.loads(text, allowed_modules=["searchkit.integrations.*", "tests.integrations.*"])
    assert again.dumps() == text
    question = {"retriever": {"query": "what sails at nine"}}
    assert again.run(question) == pipeline.run(question)
    assert [each.id for each in again.run(question)["retriever"]["documents"]] == ["ferry"]


def test_a_store_is_described_by_plain_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAYSTACK_DESERIALIZATION_ALLOWLIST", "searchkit.integrations.*,tests.integrations.*")
    described = SearchkitDocumentStore(str(tmp_path), word_vectors).to_dict()
    assert json.loads(json.dumps(described)) == described
    assert SearchkitDocumentStore.from_dict(described).encoder is word_vectors
    named = SearchkitDocumentStore(str(tmp_path), "minishlab/potion-base-8M").to_dict()
    assert SearchkitDocumentStore.from_dict(named).encoder == "minishlab/potion-base-8M"
    assert SearchkitDocumentStore.from_dict(SearchkitDocumentStore(str(tmp_path)).to_dict()).encoder is None
