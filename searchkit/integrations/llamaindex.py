"""LlamaIndex: an index as a retriever. Needs ``llama-index-core`` (the extra ``llamaindex``)."""

from __future__ import annotations

from typing import Any, TypeAlias

from searchkit.errors import QueryError
from searchkit.integrations.framework import needed
from searchkit.integrations.metadata_filters import comparison, joined, unknown_filter
from searchkit.integrations.passages import Content, Passage, PassageSearch
from searchkit.search.searcher import Searcher
from searchkit.types import FilterExpression

with needed("LlamaIndex", "llama_index", "llamaindex"):
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode
    from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters

Filters: TypeAlias = MetadataFilters | FilterExpression | None
"""What ``filters`` takes."""

_OPERATORS = {
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "in": "in",
    "nin": "nin",
    "any": "in",
    "all": "all",
    "contains": "eq",
}
"""Operators that are ours. One value of a list is compared as a value is, so "contains" is equality."""

_UNREAD = ["article_id", "chunk_id", "start", "end", "rank", "score", "confidence", "generation"]
"""What tells a program something and a model nothing."""


def where_of(filters: Filters) -> FilterExpression | None:
    """Return LlamaIndex's filters as conditions of searchkit.

    Args:
        filters: ``MetadataFilters``, or conditions of ``searchkit.F``.

    Returns:
        The conditions; None for no filter.

    Raises:
        QueryError: They can't be understood, or a value is of a type that its operator doesn't take.

    Example:
        >>> from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters
        >>> from searchkit.integrations.llamaindex import where_of
        >>> searcher = searchkit.open("indexes/news")
        >>> filters = MetadataFilters(filters=[MetadataFilter(key="desk", value=["city", "world"], operator="in")])
        >>> searcher.count(where=where_of(filters))
        3
    """
    if filters is None or isinstance(filters, FilterExpression):
        return filters
    if not isinstance(filters, MetadataFilters):
        raise unknown_filter(filters, "Give MetadataFilters, or conditions of searchkit.F.")
    return _joined(filters) if filters.filters else None


def _joined(filters: MetadataFilters) -> FilterExpression:
    """Join filters; those of an empty list let all pass, as LlamaIndex's own store has it, and "not" negates each."""
    conditions = [_joined(each) if isinstance(each, MetadataFilters) else _compared(each) for each in filters.filters]
    operator = str(getattr(filters.condition, "value", filters.condition) or "and") if conditions else "and"
    return ~joined("or", conditions) if operator == "not" else joined(operator, conditions)


def _compared(filter_: MetadataFilter) -> FilterExpression:
    operator = str(getattr(filter_.operator, "value", filter_.operator))
    if operator == "is_empty":
        return comparison(filter_.key, "eq", None)
    if operator in ("text_match", "text_match_insensitive"):
        if not isinstance(filter_.value, str) or "*" in filter_.value:
            raise unknown_filter(filter_, "A text that matches is given as text without '*'.")
        return comparison(filter_.key, "like", f"*{filter_.value}*")
    if operator not in _OPERATORS:
        raise QueryError(f"A filter has no operator {operator!r}.", hint=f"There are: {', '.join(_OPERATORS)}.")
    return comparison(filter_.key, _OPERATORS[operator], filter_.value)


class SearchkitRetriever(BaseRetriever):
    """Retrieves the best passages of an index, one of each article, as nodes.

    A node's ``start_char_idx`` and ``end_char_idx`` are characters of the article's text, its source is the article's
    id, and ``Passage`` in ``passages.py`` names what its ``metadata`` has. Ids and scores among that aren't shown to a
    model, nor encoded.

    Args:
        searcher: The opened index. Whoever opened it closes it.
        similarity_top_k: How many nodes at most.
        filters: What every search must pass (``where_of``).
        content: ``"passage"`` for the best chunk of each article, ``"article"`` for its whole text.
        options: Other arguments of ``Searcher.search``, such as ``mode="keyword"``.

    Example:
        >>> from searchkit.integrations.llamaindex import SearchkitRetriever
        >>> retriever = SearchkitRetriever(searchkit.open("indexes/news"), similarity_top_k=1)
        >>> node = retriever.retrieve("Who guards the skies of Caracas?")[0]
        >>> node.node_id, node.metadata["source"], node.node.start_char_idx
        ('missiles#0', 'Harbor Ledger', 0)
    """

    def __init__(
        self,
        searcher: Searcher,
        *,
        similarity_top_k: int = 4,
        filters: Filters = None,
        content: Content | str = Content.PASSAGE,
        callback_manager: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        self._search = PassageSearch(searcher)
        self._arguments: dict[str, Any] = {
            "content": content,
            "conditions": (where_of(filters),),
            "options": {"k": similarity_top_k, **options},
        }

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return list(map(_node, self._search.passages(query_bundle.query_str, **self._arguments)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return list(map(_node, await self._search.passages_async(query_bundle.query_str, **self._arguments)))


def _node(passage: Passage) -> NodeWithScore:
    node = TextNode(
        id_=passage.id,
        text=passage.text,
        start_char_idx=passage.metadata["start"],
        end_char_idx=passage.metadata["end"],
        metadata=passage.metadata,
        excluded_embed_metadata_keys=_UNREAD,
        excluded_llm_metadata_keys=_UNREAD,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.article.id)},
    )
    return NodeWithScore(node=node, score=passage.score)
