"""searchkit: hybrid search for archives of articles. ``ARCHITECTURE.md`` beside this file is the tour.

A *place* (a folder, a JSONL file, …) yields *articles*; each is split into *chunks*; every chunk is indexed by keyword
and by vector in a *segment*; a list of segments is a *generation*, a complete state of an index. A *query* goes to two
*retrievers*, whose *hits* meet in *fusion*; a *reranker* may look again; out come *results*: articles, ranked, with
their best chunks and the reason for their rank. What is imported from here is loaded when it is first used.

Example:
    >>> import searchkit
    >>> articles = [{"id": "a1", "title": "On the ridge", "text": "Moscow's launchers guard Caracas."}]
    >>> report = searchkit.build("indexes/mine", articles)
    >>> with searchkit.open("indexes/mine") as searcher:
    ...     for result in searcher.search("Russian air defense in Venezuela").results:
    ...         print(result.rank, result.article.title)
    1 On the ridge
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from searchkit.version import __version__

if TYPE_CHECKING:
    from searchkit.answer import Answer, Result
    from searchkit.config import IndexConfig, ReadConfig, SearchConfig
    from searchkit.errors import SearchkitError
    from searchkit.field_config import FieldConfig
    from searchkit.filter_expression import F
    from searchkit.index.backup import backup, restore
    from searchkit.index.build import build, rebuild
    from searchkit.index.field_update import update_fields
    from searchkit.index.history import gc, rollback
    from searchkit.index.update import add, compact, delete, update
    from searchkit.index.verify import verify
    from searchkit.ingest.article_reader import read_articles
    from searchkit.search.searcher import Searcher, open_index, open_many
    from searchkit.search.statistics import CacheUse, Latency, SearchStats
    from searchkit.search.temporary_index import open_temporary
    from searchkit.types import (
        Article,
        BuildReport,
        Chunk,
        Encoder,
        FilterExpression,
        Hit,
        IndexInfo,
        Mode,
        Part,
        Problem,
        ProblemKind,
        Query,
        QueryReading,
        Quotation,
        Reranker,
        Retriever,
        Section,
        Source,
        Suggestion,
        Syntax,
        Where,
    )

    open = open_index
    read = read_articles

_HOMES = {
    "searchkit.answer": ("Answer", "Result"),
    "searchkit.config": ("IndexConfig", "ReadConfig", "SearchConfig"),
    "searchkit.errors": ("SearchkitError",),
    "searchkit.field_config": ("FieldConfig",),
    "searchkit.filter_expression": ("F",),
    "searchkit.index.history": ("gc", "rollback"),
    "searchkit.index.backup": ("backup", "restore"),
    "searchkit.index.field_update": ("update_fields",),
    "searchkit.index.verify": ("verify",),
    "searchkit.index.update": ("add", "compact", "delete", "update"),
    "searchkit.index.build": ("build", "rebuild"),
    "searchkit.search.searcher": ("Searcher", "open_index", "open_many"),
    "searchkit.search.statistics": ("CacheUse", "Latency", "SearchStats"),
    "searchkit.search.temporary_index": ("open_temporary",),
    "searchkit.types": (
        "Article",
        "BuildReport",
        "Chunk",
        "Encoder",
        "FilterExpression",
        "Hit",
        "IndexInfo",
        "Mode",
        "Part",
        "Problem",
        "ProblemKind",
        "Query",
        "QueryReading",
        "Quotation",
        "Reranker",
        "Retriever",
        "Section",
        "Source",
        "Suggestion",
        "Syntax",
        "Where",
    ),
}
_NAMED_THERE = {"open": "open_index", "read": "read_articles"}
"""What is public under a shorter name."""

_MODULES = ("aio",)
"""Modules that are public themselves."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names} | {
    "open": "searchkit.search.searcher",
    "read": "searchkit.ingest.article_reader",
}

__all__ = [  # spelt out: type checkers see what is exported here alone
    "Answer",
    "Article",
    "BuildReport",
    "CacheUse",
    "Chunk",
    "Encoder",
    "F",
    "FieldConfig",
    "FilterExpression",
    "Hit",
    "IndexConfig",
    "IndexInfo",
    "Latency",
    "Mode",
    "Part",
    "Problem",
    "ProblemKind",
    "Query",
    "QueryReading",
    "Quotation",
    "ReadConfig",
    "Reranker",
    "Result",
    "Retriever",
    "SearchConfig",
    "SearchStats",
    "Searcher",
    "SearchkitError",
    "Section",
    "Source",
    "Suggestion",
    "Syntax",
    "Where",
    "__version__",
    "add",
    "backup",
    "build",
    "compact",
    "delete",
    "gc",
    "open",
    "open_index",
    "open_many",
    "open_temporary",
    "read",
    "rebuild",
    "restore",
    "rollback",
    "update",
    "update_fields",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _MODULES:
        return import_module(f"searchkit.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'searchkit' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), _NAMED_THERE.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
