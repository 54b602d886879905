"""Document index: a folder that a framework writes documents to and searches; an index from the first document on."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from searchkit.config import IndexConfig
from searchkit.errors import IndexExists, IndexNotFound
from searchkit.filter_expression import Conditions
from searchkit.index.build import build
from searchkit.index.update import add, delete
from searchkit.search.searcher import Searcher, open_index
from searchkit.types import Article, EncodeFunction, Encoder, FilterExpression

WAIT_S = 60.0
"""How long a writer waits for another one: an application has several threads."""

ALL = FilterExpression(operator="and")


class DocumentIndex:
    """An index that may not be there yet. Threads may share it. ``close`` lets go of it.

    Attributes:
        path: The folder.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        encoder: Encoder | EncodeFunction | None = None,
        config: IndexConfig | None = None,
        refresh_after_s: float | None = 1.0,
    ) -> None:
        self.path = Path(path)
        self._encoder, self._config, self._refresh_after_s = encoder, config, refresh_after_s
        self._opened: Searcher | None = None
        self._guard = threading.Lock()

    @property
    def searcher(self) -> Searcher | None:
        """The opened index; None where no document was written yet. Raises as ``searchkit.open`` does."""
        with self._guard:
            if self._opened is None:
                with suppress(IndexNotFound):
                    self._opened = open_index(self.path, encoder=self._encoder, refresh_after_s=self._refresh_after_s)
            return self._opened

    def write(self, articles: Sequence[Article]) -> None:
        """Add articles, or replace those of their ids; the next search finds them. Raises as ``searchkit.add`` does.

        Of several of one id the last is written.
        """
        articles = list({article.id: article for article in articles}.values())
        if not articles:
            return
        options: dict[str, Any] = {
            "encoder": self._encoder,
            "strict": True,
            "cache": False,  # an encoder of a framework is known by its name alone, which another may have
            "lock_timeout_s": WAIT_S,
        }
        try:
            add(self.path, articles, **options)
        except IndexNotFound:  # or it is being made by another thread or process, for which build waits
            try:
                build(self.path, articles, config=self._config, **options)
            except IndexExists:
                add(self.path, articles, **options)
        self._look_again()

    def delete(self, ids: Iterable[str] = (), *, where: Conditions = None) -> int:
        """Take articles out, by their ids or by conditions; return how many. Raises as ``searchkit.delete`` does."""
        try:
            deleted = delete(self.path, ids, where=where, lock_timeout_s=WAIT_S).deleted
        except IndexNotFound:
            return 0
        self._look_again()
        return deleted

    def articles(self, where: Conditions = None) -> list[Article]:
        """Return all articles, or those that meet conditions, in the order in which they came in."""
        searcher = self.searcher
        if searcher is None:
            return []
        with searcher.snapshot() as snapshot:
            ids = snapshot.article_ids(where=where)
            return [article for each in ids if (article := snapshot.article(each)) is not None]

    def article(self, article_id: str) -> Article | None:
        """Look up an article by its id."""
        searcher = self.searcher
        return None if searcher is None else searcher.article(article_id)

    def count(self, where: Conditions = None) -> int:
        """Count all articles, or those that meet conditions."""
        searcher = self.searcher
        return 0 if searcher is None else searcher.count(where=where)

    def close(self) -> None:
        """Let go of the index, which may be used again."""
        with self._guard:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _look_again(self) -> None:
        searcher = self.searcher
        if searcher is not None:
            searcher.refresh()
