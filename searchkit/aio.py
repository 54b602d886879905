"""searchkit for asyncio: ``open`` and ``open_many`` to search, ``build``, ``add``, ``update`` and the others to write.

The methods and arguments are those of ``searchkit``; each is awaited, and runs in a thread.

Example:
    >>> import asyncio
    >>> async def main():
    ...     async with searchkit.aio.open("indexes/news", threads=4, timeout_s=5) as searcher:
    ...         answer = await searcher.search("Russian air defense", k=1)
    ...         async for article in searcher.articles(where={"field": "tag", "in": ["city"]}):
    ...             print(article.id)
    ...     return answer.results[0].article.id
    >>> asyncio.run(main())
    bridge
    'radar'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from searchkit.index import build as index_build
from searchkit.index import field_update
from searchkit.index import update as index_update
from searchkit.search.async_searcher import THREADS, AsyncSearcher, Opening
from searchkit.search.async_writer import in_thread
from searchkit.search.searcher import open_index
from searchkit.search.searcher import open_many as open_together

__all__ = [
    "AsyncSearcher",
    "add",
    "build",
    "compact",
    "delete",
    "open",
    "open_many",
    "rebuild",
    "update",
    "update_fields",
]


def open(  # noqa: A001 - as searchkit.open
    path: str | Path, *, threads: int = THREADS, timeout_s: float | None = None, **more: Any
) -> Opening:
    """Open an index for searching: ``async with aio.open(PATH) as searcher``, or ``await aio.open(PATH)``.

    Args:
        path: The folder of the index.
        threads: How many searches run at a time; others wait their turn.
        timeout_s: How long each call may take before ``OperationTimeout`` is raised; None: as long as it takes.
            ``searcher.within(seconds)`` has another limit.
        more: As for ``searchkit.open``.

    Returns:
        What opens the index when it is awaited or entered.

    Raises:
        ConfigError: ``threads`` or ``timeout_s`` can't be used. What ``searchkit.open`` raises comes when it is opened.

    Example:
        >>> import asyncio
        >>> async def main():
        ...     searcher = await searchkit.aio.open("indexes/news")
        ...     count = await searcher.within(5).count()
        ...     await searcher.close()
        ...     return count
        >>> asyncio.run(main())
        4
    """
    return Opening(partial(open_index, path, **more), threads, timeout_s)


def open_many(
    indexes: Mapping[str, str | Path] | Iterable[str | Path],
    *,
    threads: int = THREADS,
    timeout_s: float | None = None,
    **more: Any,
) -> Opening:
    """Open several indexes to be asked together, as ``searchkit.open_many`` does.

    Args:
        indexes: As for ``searchkit.open_many``.
        threads: As for ``open``.
        timeout_s: As for ``open``.
        more: As for ``searchkit.open_many``.

    Returns:
        What opens the indexes when it is awaited or entered.

    Raises:
        ConfigError: ``threads`` or ``timeout_s`` can't be used.

    Example:
        >>> import asyncio
        >>> async def main():
        ...     async with searchkit.aio.open_many({"news": "indexes/news"}) as searcher:
        ...         return await searcher.article_ids()
        >>> asyncio.run(main())[0]
        'news/radar'
    """
    return Opening(partial(open_together, indexes, **more), threads, timeout_s)


build = in_thread(index_build.build)
rebuild = in_thread(index_build.rebuild)
add = in_thread(index_update.add)
update = in_thread(index_update.update)
delete = in_thread(index_update.delete, tells=False)
compact = in_thread(index_update.compact)
update_fields = in_thread(field_update.update_fields, tells=False)
