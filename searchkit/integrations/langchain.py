"""LangChain: an index as a retriever and as a vector store. Needs ``langchain-core`` (the extra ``langchain``).

The retriever searches an index that was made in any way. The vector store writes documents too, and gives them back as
they came in. ``filter`` takes conditions of ``searchkit.F``, LangChain's own structured queries, or a dict such as
``{"year": {"$gte": 2020}, "source": "Harbor Ledger"}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from searchkit.answer import Answer
from searchkit.config import IndexConfig
from searchkit.encoders.function_encoder import FunctionEncoder
from searchkit.errors import ConfigError, QueryError
from searchkit.integrations.document_index import ALL, DocumentIndex
from searchkit.integrations.framework import needed
from searchkit.integrations.metadata_filters import comparison, joined, unknown_filter
from searchkit.integrations.passages import Content, Passage, PassageSearch
from searchkit.integrations.stored_documents import document_article, document_metadata, document_text
from searchkit.search.searcher import Searcher
from searchkit.types import Article, FilterExpression, Mode, Part

with needed("LangChain", "langchain_core", "langchain"):
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.structured_query import Comparison, FilterDirective, Operation, StructuredQuery, Visitor
    from langchain_core.vectorstores import VectorStore

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

Filters: TypeAlias = Mapping[str, Any] | FilterExpression | FilterDirective | None
"""What ``filter`` takes."""

_OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "between", "exists", "like", "all")
_HINT = (
    'Give conditions of searchkit.F, a structured query, or a dict: {"year": {"$gte": 2020}}, {"$or": [{...}, {...}]}.'
    f" Operators: {', '.join(f'${name}' for name in _OPERATORS)}; $and, $or and $not join."
)


def where_of(filter_: Filters) -> FilterExpression | None:
    """Return a filter as LangChain's programs write it as conditions of searchkit.

    Args:
        filter_: Conditions of ``searchkit.F``; a comparison or an operation of ``langchain_core.structured_query``, as
            a self-query retriever makes them; or a dict of fields and values, of which all must hold. A value in the
            dict may be a dict of operators: ``$eq``, ``$ne``, ``$gt``, ``$gte``, ``$lt``, ``$lte``, ``$in``, ``$nin``,
            ``$between``, ``$exists``, ``$like``, ``$all``. The keys ``$and``, ``$or`` and ``$not`` join such dicts.

    Returns:
        The conditions; None for no filter.

    Raises:
        QueryError: It can't be understood.

    Example:
        >>> from searchkit.integrations.langchain import where_of
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.article_ids(where=where_of({"desk": "world", "published": {"$gte": "2025-06"}}))
        ('missiles',)
    """
    if filter_ is None or isinstance(filter_, FilterExpression):
        return filter_
    if isinstance(filter_, FilterDirective):
        where: FilterExpression = filter_.accept(FilterTranslator())
        return where
    if not isinstance(filter_, Mapping):
        raise unknown_filter(filter_, _HINT)
    return joined("and", (_entry(key, value) for key, value in filter_.items()))


def _entry(key: str, value: Any) -> FilterExpression:
    """Return an entry of a dict as a condition."""
    if key in ("$and", "$or"):
        if not isinstance(value, list | tuple):
            raise unknown_filter({key: value}, _HINT)
        return joined("and" if key == "$and" else "or", map(_required, value))
    if key == "$not":
        return joined("not", [_required(value)])
    if not isinstance(value, Mapping):
        return comparison(key, "eq", value)
    operators = {name: operand for name, operand in value.items() if str(name).removeprefix("$") in _OPERATORS}
    if not value or len(operators) < len(value) or not all(name.startswith("$") for name in operators):
        raise unknown_filter({key: value}, _HINT)
    return joined("and", (comparison(key, name[1:], operand) for name, operand in operators.items()))


def _required(filter_: Any) -> FilterExpression:
    """Return a filter within another as conditions."""
    where = where_of(filter_)
    if where is None:
        raise unknown_filter(filter_, _HINT)
    return where


class FilterTranslator(Visitor):
    """Turns a structured query into conditions: for ``SelfQueryRetriever(structured_query_translator=…)``."""

    def visit_operation(self, operation: Operation) -> FilterExpression:
        """Join the conditions of an operation. Raises ``QueryError`` for what they compare wrongly."""
        return joined(str(operation.operator), (argument.accept(self) for argument in operation.arguments))

    def visit_comparison(self, comparison_: Comparison) -> FilterExpression:
        """Return a comparison as a condition. Raises ``QueryError`` for a value that its operator doesn't take."""
        operator = str(comparison_.comparator)
        if operator == "contain":  # one of the values of a list
            operator = "eq"
        return comparison(comparison_.attribute, operator, comparison_.value)

    def visit_structured_query(self, structured_query: StructuredQuery) -> tuple[str, dict[str, Any]]:
        """Return the words, and the filter as what a search of the vector store takes."""
        if structured_query.filter is None:
            return structured_query.query, {}
        return structured_query.query, {"filter": structured_query.filter.accept(self)}


class SearchkitRetriever(BaseRetriever):
    """Retrieves the best passages of an index, one of each article, with what they are cited by in the metadata.

    ``metadata`` has the article's title, url, source, date and other fields, and ``article_id``, ``start`` and ``end``
    in its text, ``score`` and ``confidence``; ``Passage`` in ``passages.py`` names all.

    Attributes:
        searcher: The opened index. Whoever opened it closes it.
        k: How many documents at most.
        filter: What every search must pass (``where_of``). A filter of ``invoke`` narrows it.
        content: ``"passage"`` for the best chunk of each article, ``"article"`` for its whole text.
        options: Other arguments of ``Searcher.search``, such as ``{"mode": "keyword", "min_confidence": 0.2}``.

    Example:
        >>> from searchkit.integrations.langchain import SearchkitRetriever
        >>> retriever = SearchkitRetriever(searcher=searchkit.open("indexes/news"), k=2)
        >>> document = retriever.invoke("Who guards the skies of Caracas?", filter={"tag": "defense"})[0]
        >>> document.id, document.metadata["source"], document.metadata["start"]
        ('missiles#0', 'Harbor Ledger', 0)
    """

    searcher: Searcher
    k: int = 4
    filter: Any = None
    content: str = Content.PASSAGE
    options: dict[str, Any] | None = None
    _search: PassageSearch

    def model_post_init(self, _: Any) -> None:
        """Make ready what is no argument."""
        self._search = PassageSearch(self.searcher)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **changes: Any
    ) -> list[Document]:
        return list(map(_document, self._search.passages(query, **self._arguments(**changes))))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **changes: Any
    ) -> list[Document]:
        return list(map(_document, await self._search.passages_async(query, **self._arguments(**changes))))

    def _arguments(self, *, filter: Filters = None, **changes: Any) -> dict[str, Any]:
        """Return what is searched: by what this has, and by the changes of a call."""
        return {
            "content": self.content,
            "conditions": (where_of(self.filter), where_of(filter)),
            "options": {"k": self.k, **(self.options or {}), **changes},
        }


def _document(passage: Passage) -> Document:
    return Document(id=passage.id, page_content=passage.text, metadata=passage.metadata)


class SearchkitVectorStore(VectorStore):
    """A folder of documents that LangChain writes and searches; it is an index, and searchkit's commands read it too.

    Documents come back as they were written. An article of the index is a document; long ones are cut into chunks, and
    a search finds a document once, by its best chunks. A search is hybrid unless ``mode`` says something else.

    Args:
        index: The folder of the index: an index, or a folder that isn't there yet or is empty.
        embedding: What encodes; None is searchkit's own encoder, or that of the index.
        mode: "hybrid", "keyword" or "vector".
        config: What is baked into an index that is made new; None for the defaults.
        max_tokens: How much of a text ``embedding`` reads, in tokens; texts are cut into chunks that fit.

    Example:
        >>> from searchkit.integrations.langchain import SearchkitVectorStore
        >>> store = SearchkitVectorStore("indexes/notes")
        >>> ids = store.add_texts(
        ...     ["The ferry sails at nine.", "Cocoa has doubled."], [{"desk": "city"}, {"desk": "money"}]
        ... )
        >>> store.similarity_search("When does the boat leave?", k=1)[0].page_content
        'The ferry sails at nine.'
        >>> [document.page_content for document in store.similarity_search("price", filter={"desk": "money"})]
        ['Cocoa has doubled.']
    """

    def __init__(
        self,
        index: str | Path,
        embedding: Embeddings | None = None,
        *,
        mode: Mode | str = Mode.HYBRID,
        config: IndexConfig | None = None,
        max_tokens: int = 512,
    ) -> None:
        encoder = None if embedding is None else _EmbeddingsEncoder(embedding, max_tokens)
        self._embedding, self._mode = embedding, mode
        self._index = DocumentIndex(index, encoder=encoder, config=config)

    @property
    def embeddings(self) -> Embeddings | None:
        """What encodes; None where searchkit does."""
        return self._embedding

    @property
    def searcher(self) -> Searcher | None:
        """The opened index, which a ``SearchkitRetriever`` takes; None where no document was written yet."""
        return self._index.searcher

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def add_documents(self, documents: list[Document], ids: list[str] | None = None, **kwargs: Any) -> list[str]:
        """Write documents; one whose id is there replaces it.

        Args:
            documents: The documents. One without an id gets one that is made of its content, so that writing it twice
                writes it once.
            ids: Their ids instead of their own.
            kwargs: Nothing is taken.

        Returns:
            Their ids, in their order.

        Raises:
            ConfigError: There is another number of ids than of documents.
            SourceError: A document has no text, or metadata that JSON can't hold. Nothing was written.
            SearchkitError: As ``searchkit.add`` raises it.

        Example:
            >>> from langchain_core.documents import Document
            >>> store = SearchkitVectorStore("indexes/notes")
            >>> store.add_documents([Document("The ferry sails at nine.", metadata={"page": 3})], ids=["ferry"])
            ['ferry']
        """
        _refuse_others(kwargs)
        if ids is not None and len(ids) != len(documents):
            raise ConfigError(
                f"There are {len(ids)} ids of {len(documents)} documents.", hint="Give one for each, or none."
            )
        names = [document.id for document in documents] if ids is None else ids
        articles = [
            document_article(name, document.page_content, document.metadata)
            for name, document in zip(names, documents, strict=True)
        ]
        self._index.write(articles)
        return [article.id for article in articles]

    def delete(self, ids: list[str] | None = None, *, filter: Filters = None, **kwargs: Any) -> bool:
        """Delete documents by their ids and by a filter; all of them where neither stands there.

        Args:
            ids: The ids. One that no document has is passed over.
            filter: What else is deleted (``where_of``).
            kwargs: Nothing is taken.

        Returns:
            True.

        Raises:
            QueryError: The filter can't be understood.
            SearchkitError: As ``searchkit.delete`` raises it.
        """
        _refuse_others(kwargs)
        where = where_of(filter)
        self._index.delete(ids or (), where=ALL if ids is None and where is None else where)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents of some ids, in their order; an id that no document has is passed over."""
        articles = (self._index.article(each) for each in dict.fromkeys(ids))
        return [_stored_document(article) for article in articles if article is not None]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the best documents; arguments as for ``similarity_search_with_score``."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filters = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return the best documents with their scores, of which the higher is better.

        Args:
            query: The question, words, or an expression.
            k: How many at most.
            filter: What they must pass (``where_of``).
            kwargs: Other arguments of ``Searcher.search``.

        Returns:
            Documents and scores, best first.

        Raises:
            SearchkitError: As ``Searcher.search`` raises it.
        """
        answer = self._answer(query, k, filter, kwargs)
        return [(_stored_document(result.article), result.score) for result in answer.results] if answer else []

    def _similarity_search_with_relevance_scores(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filters = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return the best documents with the confidence in each, 0 to 1. Raises ``QueryError`` where there is none."""
        answer = self._answer(query, k, filter, kwargs)
        pairs = [(result.article, result.confidence) for result in answer.results] if answer else []
        if any(confidence is None for _, confidence in pairs):
            raise QueryError(
                "This search has no confidence.", hint="Ask words, in hybrid or keyword mode, or take the scores."
            )
        return [(_stored_document(article), confidence or 0.0) for article, confidence in pairs]

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        index: str | Path = "",
        **kwargs: Any,
    ) -> Self:
        """Make a store in the folder ``index`` and write texts to it, as ``add_texts`` does. Raises as that does."""
        if not index:
            raise ConfigError("A store needs a folder.", hint="Name it: index='indexes/notes'.")
        store = cls(index, embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def _answer(self, query: str, k: int, filter_: Filters, options: Mapping[str, Any]) -> Answer | None:
        """Ask the index; None where there is none yet."""
        searcher = self._index.searcher
        if searcher is None:
            return None
        arguments = {"mode": self._mode, "parts": Part.ARTICLES, **options}
        return searcher.search(query, k=k, where=where_of(filter_), **arguments)


def _stored_document(article: Article) -> Document:
    return Document(id=article.id, page_content=document_text(article), metadata=document_metadata(article))


def _refuse_others(arguments: Mapping[str, Any]) -> None:
    if arguments:
        raise ConfigError(f"There is no argument '{next(iter(arguments))}'.", hint="The method's docstring has them.")


class _EmbeddingsEncoder:
    """LangChain's embeddings as an encoder. The class and its model's name are its identity."""

    checks_itself = True

    def __init__(self, embedding: Embeddings, max_tokens: int) -> None:
        kind = type(embedding)
        models = (getattr(embedding, name, None) for name in ("model", "model_name", "model_id", "size"))
        name = f"{kind.__module__}.{kind.__qualname__}:{next((str(each) for each in models if each), '')}"
        self._chunks = FunctionEncoder(embedding.embed_documents, name=name, max_tokens=max_tokens)
        self._queries = FunctionEncoder(partial(_embed_queries, embedding), name=name, max_tokens=max_tokens)
        self.name, self.fingerprint = self._chunks.name, self._chunks.fingerprint
        self.max_tokens = max_tokens

    @property
    def dimension(self) -> int:
        return self._chunks.dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._chunks.count_tokens(texts)

    def encode_query(self, text: str) -> Vector:
        return self._queries.encode_query(text)

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        return self._chunks.encode_chunks(texts, progress)


def _embed_queries(embedding: Embeddings, texts: list[str]) -> list[list[float]]:
    return [embedding.embed_query(text) for text in texts]
