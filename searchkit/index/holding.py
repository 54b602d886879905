"""Here are articles; how are all of them awaited before the first is used, without holding them all in memory?

As many as are worked on at once stay in memory, the rest waits in a temporary ``articles.sqlite``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from searchkit.index.articles import ArticlesReader, ArticlesWriter
from searchkit.index.paths import ARTICLES
from searchkit.storage.files import storing
from searchkit.types import Article


def held_back(articles: Iterable[Article], characters: int) -> Iterator[Article]:
    """Yield the articles in their order, the first when the last has come; so many ``characters`` stay in memory.

    Raises ``StorageError`` where the rest can't be written to the temporary folder, and what ``articles`` raises.
    """
    stream = iter(articles)
    kept: list[Article] = []
    left = characters
    for article in stream:
        kept.append(article)
        left -= len(article.text) + len(article.title)
        if left <= 0:
            break
    else:
        yield from kept
        return
    with storing(Path(ARTICLES)):
        folder = TemporaryDirectory(prefix="searchkit-")
    with folder as name:
        path = Path(name) / ARTICLES
        waiting = 0
        with ArticlesWriter(path) as writer:
            for waiting, article in enumerate(stream, start=1):
                # Two may have one id, of which the later will count; here each has its own.
                writer.add(replace(article, id=f"{waiting} {article.id}"), (), ())
            writer.finish()
        yield from kept
        with ArticlesReader(path) as reader:
            for row in range(waiting):
                article = reader.stored(row).article
                yield replace(article, id=article.id.partition(" ")[2])
