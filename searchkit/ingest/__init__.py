"""From places to articles and their chunks.

``article_reader.read`` finds the files and reads them, with one file of ``formats`` for each format;
``article_builder`` makes articles of keys and values; ``chunker`` splits them; ``indexed_text`` makes the text that is
searched. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from searchkit.ingest.article_builder import article_from_dict
    from searchkit.ingest.article_reader import SourceWarning, read, read_articles
    from searchkit.ingest.dates import parse_when

__all__ = ["SourceWarning", "article_from_dict", "parse_when", "read", "read_articles"]

_HOMES = {
    "SourceWarning": "article_reader",
    "article_from_dict": "article_builder",
    "parse_when": "dates",
    "read": "article_reader",
    "read_articles": "article_reader",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
