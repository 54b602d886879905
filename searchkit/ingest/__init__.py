"""Here is a place; give me articles and their chunks.

``places.read`` finds the files and reads them, with one module for each format (``plain``, ``markdown``,
``webpages``, ``rows``, ``tables``); ``mapping`` makes articles of keys and values; ``chunks`` splits them; ``compose``
makes the text that is searched. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from searchkit.ingest.article_builder import article_from_dict
    from searchkit.ingest.article_reader import read
    from searchkit.ingest.dates import parse_when

__all__ = ["article_from_dict", "parse_when", "read"]

_HOMES = {"article_from_dict": "article_builder", "parse_when": "dates", "read": "article_reader"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
