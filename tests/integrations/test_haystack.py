"""Does Haystack search and write an index, by its own kits and beyond them?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.harbour import word_vectors

pytest.importorskip("haystack")

from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.testing.document_store import CountDocumentsByFilterTest, DocumentStoreBaseExtendedTests
from haystack.testing.document_store_async import (
    CountDocumentsAsyncTest,
    CountDocumentsByFilterAsyncTest,
    DeleteAllAsyncTest,
    DeleteByFilterAsyncTest,
    DeleteDocumentsAsyncTest,
    FilterDocumentsAsyncTest,
    UpdateByFilterAsyncTest,
    WriteDocumentsAsyncTest,
)

from searchkit.integrations.haystack import SearchkitDocumentStore


@pytest.fixture
def document_store(tmp_path: Path) -> Iterator[SearchkitDocumentStore]:
    store = SearchkitDocumentStore(str(tmp_path / "index"), word_vectors)
    yield store
    store.close()


class TestStoreByTheKit(DocumentStoreBaseExtendedTests, CountDocumentsByFilterTest):
    @pytest.fixture
    def document_store(self, document_store: SearchkitDocumentStore) -> SearchkitDocumentStore:
        return document_store

    def test_write_documents(self, document_store: SearchkitDocumentStore) -> None:
        document = Document(content="The ferry sails at nine.")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document])


class TestAsyncStoreByTheKit(
    CountDocumentsAsyncTest,
    CountDocumentsByFilterAsyncTest,
    DeleteAllAsyncTest,
    DeleteByFilterAsyncTest,
    DeleteDocumentsAsyncTest,
    FilterDocumentsAsyncTest,
    UpdateByFilterAsyncTest,
    WriteDocumentsAsyncTest,
):
    @pytest.fixture
    def document_store(self, document_store: SearchkitDocumentStore) -> SearchkitDocumentStore:
        return document_store

    async def test_write_documents_async(self, document_store: SearchkitDocumentStore) -> None:
        document = Document(content="The ferry sails at nine.")
        assert await document_store.write_documents_async([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([document])
