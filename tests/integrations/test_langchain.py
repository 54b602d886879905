"""Does LangChain search and write an index, by its own kits and beyond them?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from searchkit.errors import ConfigError, EncoderMismatch, QueryError, SourceError
from searchkit.filter_expression import F
from searchkit.index.build import build
from searchkit.search.searcher import Searcher, open_index
from tests.integrations.harbour import ARTICLES
from tests.word_encoder import WordEncoder

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
