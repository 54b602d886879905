"""Haystack: an index as a document store, and a text retriever over it. Needs ``haystack-ai`` (the extra ``haystack``).

Both are written to a pipeline's YAML and read from it. The retriever searches any index; the store writes documents
too, and gives them back as they came in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from searchkit.config import IndexConfig
from searchkit.errors import QueryError
from searchkit.integrations.document_index import ALL, DocumentIndex
from searchkit.integrations.framework import needed
from searchkit.integrations.metadata_filters import comparison, joined, unknown_filter
from searchkit.integrations.passages import Passage, PassageSearch
from searchkit.integrations.stored_documents import (
    document_article,
    document_metadata,
    document_others,
    document_text,
)
from searchkit.types import Article, EncodeFunction, FilterExpression

with needed("Haystack", "haystack", "haystack"):
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.document_stores.errors import DuplicateDocumentError
    from haystack.document_stores.types import DuplicatePolicy
    from haystack.errors import FilterError
    from haystack.utils.callable_serialization import deserialize_callable, serialize_callable

Filters = Mapping[str, Any] | None
"""Haystack's filters: a comparison, or a logical operator and its conditions."""

_COMPARISONS = {"==": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "in": "in", "not in": "nin"}
_LOGICAL = {"AND": "and", "OR": "or", "NOT": "not"}
_HINT = (
    'Give {"field": "meta.year", "operator": ">=", "value": 2020} or {"operator": "AND", "conditions": [...]}.'
    f" Operators: {', '.join([*_COMPARISONS, *_LOGICAL])}."
)
_NOT_METADATA = frozenset(("id", "content", "blob", "score", "embedding", "sparse_embedding"))
_NOTHING = FilterExpression(operator="or")


def where_of(filters: Filters) -> FilterExpression | None:
    """Return Haystack's filters as conditions of searchkit.

    Values compare as searchkit compares them: text by its folding, numbers as numbers, dates of other fields than
    ``published`` as text.

    Args:
        filters: The filters, as Haystack describes them; None and ``{}`` are no filter.

    Returns:
        The conditions; None for no filter.

    Raises:
        FilterError: They can't be understood, or what they compare can't be filtered by.

    Example:
        >>> from searchkit.integrations.haystack import where_of
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.count(where=where_of({"field": "meta.desk", "operator": "!=", "value": "world"}))
        2
    """
    with _refusing():
        return _condition(filters) if filters else None


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what is wrong with a filter into Haystack's own error."""
    try:
        yield
    except QueryError as error:
        raise FilterError(str(error)) from error


def _condition(filters: Any) -> FilterExpression:
    if not isinstance(filters, Mapping) or "operator" not in filters:
        raise unknown_filter(filters, _HINT)
    if "field" in filters:
        return _comparison(filters)
    conditions = filters.get("conditions")
    if not isinstance(conditions, list) or filters["operator"] not in _LOGICAL:
        raise unknown_filter(filters, _HINT)
    return joined(_LOGICAL[filters["operator"]], map(_condition, conditions))


def _comparison(filters: Mapping[str, Any]) -> FilterExpression:
    field, operator = filters["field"], filters["operator"]
    if "value" not in filters or operator not in _COMPARISONS or not isinstance(field, str):
        raise unknown_filter(filters, _HINT)
    value, name = filters["value"], _COMPARISONS[operator]
    if field in _NOT_METADATA:
        raise QueryError(f"'{field}' can't be filtered by.", hint="Filter by metadata: 'meta.FIELD'.")
    if name in ("in", "nin") and not isinstance(value, list):
        raise QueryError(f"'{operator}' compares with {value!r}.", hint="Give it a list.")
    if name in ("gt", "gte", "lt", "lte"):
        if value is None:
            return _NOTHING
        if isinstance(value, str) and not _is_date(value):
            raise QueryError(f"'{operator}' compares with {value!r}.", hint="Give it a number, or a date as ISO 8601.")
    return comparison(field.removeprefix("meta."), name, value)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text


class SearchkitDocumentStore:
    """A folder of documents that Haystack writes and searches; it is an index, and searchkit's commands read it too.

    Documents come back as they were written, with their embeddings, which searchkit doesn't search by: it makes vectors
    of its own. Methods whose names end with ``_async`` do the same in another thread.

    Args:
        index: The folder of the index: an index, or a folder that isn't there yet or is empty.
        encoder: What encodes: the name of an encoder, for an index that is made new, or a function from texts to
            vectors that a module holds. None is searchkit's own, or that of the index.

    Example:
        >>> from haystack import Document
        >>> from searchkit.integrations.haystack import SearchkitDocumentStore
        >>> store = SearchkitDocumentStore("indexes/notes")
        >>> store.write_documents([Document(content="The ferry sails at nine.", meta={"desk": "city"})])
        1
        >>> store.filter_documents({"field": "meta.desk", "operator": "==", "value": "city"})[0].content
        'The ferry sails at nine.'
    """

    def __init__(self, index: str, encoder: str | EncodeFunction | None = None) -> None:
        self.index, self.encoder = str(index), encoder
        config = IndexConfig(encoder=encoder) if isinstance(encoder, str) else None
        self.documents = DocumentIndex(
            Path(self.index), encoder=None if isinstance(encoder, str) else encoder, config=config
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what makes the same store again, as plain values."""
        encoder = self.encoder
        values: dict[str, Any] = default_to_dict(
            self,
            index=self.index,
            encoder=serialize_callable(encoder) if callable(encoder) else encoder,
            encoder_is_function=callable(encoder),
        )
        return values

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SearchkitDocumentStore:
        """Make the store that ``to_dict`` described."""
        values = dict(data["init_parameters"])
        if values.pop("encoder_is_function", False):
            values["encoder"] = deserialize_callable(values["encoder"])
        store: SearchkitDocumentStore = default_from_dict(cls, {**data, "init_parameters": values})
        return store

    def close(self) -> None:
        """Let go of the index."""
        self.documents.close()

    def count_documents(self) -> int:
        """Count the documents."""
        return self.documents.count()

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        """Count the documents that pass a filter. Raises ``FilterError``."""
        with _refusing():
            return self.documents.count(where_of(filters))

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """Return the documents that pass a filter, in the order in which they were written. Raises ``FilterError``."""
        with _refusing():
            return list(map(stored_document, self.documents.articles(where_of(filters))))

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents.

        Args:
            documents: The documents.
            policy: What is done with one whose id is there: ``FAIL``, which ``NONE`` is too, writes nothing at all and
                raises; ``SKIP`` leaves it as it is; ``OVERWRITE`` replaces it.

        Returns:
            How many were written.

        Raises:
            ValueError: ``documents`` is no list of documents.
            DuplicateDocumentError: A document is there already.
            SourceError: A document has no text, or metadata that JSON can't hold. Nothing was written.
            SearchkitError: As ``searchkit.add`` raises it.
        """
        if not isinstance(documents, list) or not all(isinstance(each, Document) for each in documents):
            raise ValueError("write_documents takes a list of Haystack's documents.")
        chosen = documents if policy is DuplicatePolicy.OVERWRITE else list(self._new(documents, policy))
        self.documents.write([_article(document) for document in chosen])
        return len(chosen)

    def _new(self, documents: Iterable[Document], policy: DuplicatePolicy) -> Iterator[Document]:
        """Yield the documents that aren't there yet."""
        seen: set[str] = set()
        for document in documents:
            is_known = document.id in seen or self.documents.article(document.id) is not None
            if is_known and policy is not DuplicatePolicy.SKIP:
                raise DuplicateDocumentError(f"There is a document '{document.id}' already.")
            if not is_known:
                yield document
            seen.add(document.id)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete the documents of some ids; an id that no document has is passed over."""
        self.documents.delete(document_ids)

    def delete_all_documents(self) -> None:
        """Delete all documents."""
        self.documents.delete(where=ALL)

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Delete the documents that pass a filter, and return how many. Raises ``FilterError``."""
        with _refusing():
            where = where_of(filters)
            return self.documents.delete(where=ALL if where is None else where)

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Change metadata of the documents that pass a filter; nothing is encoded again.

        Args:
            filters: The filter.
            meta: The new values by their names; what isn't named stays.

        Returns:
            How many documents pass the filter.

        Raises:
            FilterError: The filter can't be understood.
            SourceError: ``meta`` holds what JSON can't.
        """
        changed = self.filter_documents(filters)
        self.documents.write([_article(replace(each, meta={**each.meta, **meta})) for each in changed])
        return len(changed)

    def count_unique_metadata_by_filter(self, filters: dict[str, Any], metadata_fields: list[str]) -> dict[str, int]:
        """Count the different values of some fields among the documents that pass a filter. Raises ``FilterError``."""
        documents = self.filter_documents(filters)
        names = [field.removeprefix("meta.") for field in metadata_fields]
        return {name: len(_unique(documents, name)) for name in names}

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """Name all fields of the documents' metadata, each with the type of its last value."""
        types = {
            name: _TYPES.get(type(value), "keyword")
            for document in self.filter_documents()
            for name, value in document.meta.items()
            if value is not None
        }
        return {name: {"type": kind} for name, kind in types.items()}

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """Return the least and the greatest value of a field; None for both where they can't be compared."""
        values = _unique(self.filter_documents(), metadata_field.removeprefix("meta."))
        comparable = all(isinstance(value, int | float) for value in values) or all(
            isinstance(value, str) for value in values
        )
        return {"min": min(values), "max": max(values)} if values and comparable else {"min": None, "max": None}

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: dict[str, Any] | None = None,
    ) -> tuple[list[Any], int]:
        """Return the different values of a field, in the order of their texts, and how many there are.

        Args:
            metadata_field: The field, with "meta." before it or without.
            search_term: What a value's text must hold, whatever its case; None for all.
            from_: How many values are passed over.
            size: How many are returned at most.
            filters: What the documents must pass.

        Returns:
            The values, and the number of all of them.

        Raises:
            FilterError: The filters can't be understood.
        """
        values = _unique(self.filter_documents(filters), metadata_field.removeprefix("meta."))
        matching = [value for value in values if (search_term or "").casefold() in str(value).casefold()]
        ordered = sorted(matching, key=lambda value: (str(value), type(value).__name__))
        return ordered[from_ : from_ + size], len(ordered)

    async def count_documents_async(self) -> int:
        """As ``count_documents``."""
        return await asyncio.to_thread(self.count_documents)

    async def count_documents_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As ``count_documents_by_filter``."""
        return await asyncio.to_thread(self.count_documents_by_filter, filters)

    async def filter_documents_async(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """As ``filter_documents``."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """As ``write_documents``."""
        return await asyncio.to_thread(self.write_documents, documents, policy)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """As ``delete_documents``."""
        await asyncio.to_thread(self.delete_documents, document_ids)

    async def delete_all_documents_async(self) -> None:
        """As ``delete_all_documents``."""
        await asyncio.to_thread(self.delete_all_documents)

    async def delete_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As ``delete_by_filter``."""
        return await asyncio.to_thread(self.delete_by_filter, filters)

    async def update_by_filter_async(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """As ``update_by_filter``."""
        return await asyncio.to_thread(self.update_by_filter, filters, meta)

    async def count_unique_metadata_by_filter_async(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """As ``count_unique_metadata_by_filter``."""
        return await asyncio.to_thread(self.count_unique_metadata_by_filter, filters, metadata_fields)

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """As ``get_metadata_fields_info``."""
        return await asyncio.to_thread(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """As ``get_metadata_field_min_max``."""
        return await asyncio.to_thread(self.get_metadata_field_min_max, metadata_field)

    async def get_metadata_field_unique_values_async(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: dict[str, Any] | None = None,
    ) -> tuple[list[Any], int]:
        """As ``get_metadata_field_unique_values``."""
        values = self.get_metadata_field_unique_values
        return await asyncio.to_thread(values, metadata_field, search_term, from_, size, filters)


_TYPES = {bool: "boolean", int: "int", float: "float"}
"""What Haystack calls the types of values; all others are keywords."""


def _unique(documents: Iterable[Document], name: str) -> list[Any]:
    """Return the different values of a field: 1, 1.0, true and "1" are four."""
    values = (document.meta.get(name) for document in documents)
    return list({json.dumps(value, sort_keys=True): value for value in values if value is not None}.values())


def _article(document: Document) -> Article:
    others = document.to_dict(flatten=False)
    text, metadata = others.pop("content"), others.pop("meta")
    del others["id"]
    kept = {name: value for name, value in others.items() if value is not None}
    return document_article(document.id, text or "", metadata, kept)


def stored_document(article: Article) -> Document:
    """Return an article as the document that it came from, or as one of its text and metadata."""
    return Document.from_dict(
        {
            "id": article.id,
            "content": document_text(article),
            "meta": document_metadata(article),
            **document_others(article),
        }
    )


@component
class SearchkitTextRetriever:
    """Retrieves the best passages of an index, one of each article, with what they are cited by in ``meta``.

    ``meta`` has the document's own and, among others, ``article_id``, ``start`` and ``end`` in its text, ``score`` and
    ``confidence``; ``Passage`` in ``passages.py`` names all.

    Args:
        document_store: The store.
        filters: What every search must pass (``where_of``). Filters of ``run`` narrow them.
        top_k: How many documents at most.
        content: ``"passage"`` for the best chunk of each document, ``"article"`` for the whole one.
        options: Other arguments of ``Searcher.search``, such as ``{"mode": "keyword"}``.

    Example:
        >>> from searchkit.integrations.haystack import SearchkitDocumentStore, SearchkitTextRetriever
        >>> retriever = SearchkitTextRetriever(SearchkitDocumentStore("indexes/news"), top_k=1)
        >>> document = retriever.run(query="Who guards the skies of Caracas?")["documents"][0]
        >>> document.id, document.meta["source"], document.meta["start"]
        ('missiles#0', 'Harbor Ledger', 0)
    """

    def __init__(
        self,
        document_store: SearchkitDocumentStore,
        *,
        filters: dict[str, Any] | None = None,
        top_k: int = 10,
        content: str = "passage",
        options: dict[str, Any] | None = None,
    ) -> None:
        self.document_store, self.filters, self.top_k = document_store, filters, top_k
        self.content, self.options = str(content), options
        self._search: PassageSearch | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what makes the same component again, as plain values."""
        values: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            content=self.content,
            options=self.options,
        )
        return values

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SearchkitTextRetriever:
        """Make the component that ``to_dict`` described."""
        values = dict(data["init_parameters"])
        values["document_store"] = SearchkitDocumentStore.from_dict(values["document_store"])
        return cls(**values)

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Search.

        Args:
            query: The question, words, or an expression.
            filters: What the documents must pass, beside the filters of the component.
            top_k: How many at most; None for the component's own.

        Returns:
            ``documents``: the best, best first.

        Raises:
            FilterError: The filters can't be understood.
            SearchkitError: As ``Searcher.search`` raises it.
        """
        search = self._opened()
        if search is None:
            return {"documents": []}
        return {"documents": list(map(_passage_document, search.passages(query, **self._arguments(filters, top_k))))}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """As ``run``, in another thread; whoever cancels gets away at once."""
        search = await asyncio.to_thread(self._opened)
        if search is None:
            return {"documents": []}
        passages = await search.passages_async(query, **self._arguments(filters, top_k))
        return {"documents": list(map(_passage_document, passages))}

    def _opened(self) -> PassageSearch | None:
        """Return what searches the store; None where it has no index yet."""
        searcher = self.document_store.documents.searcher
        if searcher is not None and (self._search is None or self._search.searcher is not searcher):
            self._search = PassageSearch(searcher)
        return self._search if searcher is not None else None

    def _arguments(self, filters: Filters, top_k: int | None) -> dict[str, Any]:
        return {
            "content": self.content,
            "conditions": (where_of(self.filters), where_of(filters)),
            "options": {"k": self.top_k if top_k is None else top_k, **(self.options or {})},
        }


def _passage_document(passage: Passage) -> Document:
    return Document(id=passage.id, content=passage.text, meta=passage.metadata, score=passage.score)
