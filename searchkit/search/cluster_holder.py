"""Cluster holder: which generation of an index on a cluster a searcher reads, through refreshes by any thread."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, nullcontext

from searchkit.errors import CursorExpired, SearchkitError
from searchkit.opensearch.address import ClusterAddress
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_index import open_cluster_index, open_numbered
from searchkit.opensearch.names import in_force
from searchkit.search.candidates import IndexContext
from searchkit.search.cluster_search import ClusterContext
from searchkit.search.cursor import Cursor
from searchkit.search.generation_holder import check_times, is_of
from searchkit.search.protocols import Prepare

_log = logging.getLogger("searchkit.search")

_KEPT = 8
"""Generations left behind that are kept for pages: each is a name and what was learnt of its words."""


class ClusterHolder:
    """Holds one generation of an index on a cluster; what ``GenerationHolder`` is to one in a folder."""

    def __init__(
        self,
        address: ClusterAddress,
        prepare: Prepare,
        *,
        generation: int | None = None,
        refresh_after_s: float | None = None,
        cursor_hold_s: float,
    ) -> None:
        """Open the generation that the alias names, or the one of a number, which is kept for good.

        Raises ``ConfigError`` and as ``open_cluster_index`` does.
        """
        check_times(generation, refresh_after_s, cursor_hold_s)
        self._cluster, self._prepare, self._pinned = Cluster(address), prepare, generation is not None
        self._after_s, self._looked, self._hold_s = refresh_after_s, time.monotonic(), cursor_hold_s
        self._guard, self._refreshing = threading.Lock(), threading.Lock()
        self._past: dict[bytes, tuple[ClusterContext, float]] = {}
        try:
            numbered = None if generation is None else open_numbered(self._cluster, generation)
            index = open_cluster_index(self._cluster) if numbered is None else numbered
        except BaseException:
            self._cluster.close()
            raise
        self._held: ClusterContext | None = ClusterContext(index)
        self.note = ""

    def close(self) -> None:
        """Let go of the connections."""
        with self._guard:
            held, self._held = self._held, None
            self._past.clear()
        if held is not None:
            self._cluster.close()

    def refresh(self) -> bool:
        """Go over to the generation in force; say whether it is another. Raises as ``open_cluster_index`` does."""
        with self._refreshing:
            return self._refresh()

    def _refresh(self) -> bool:
        held = self._current()
        if self._pinned or in_force(self._cluster)[0] == held.generation.name:
            self.note = ""
            return False
        fresh = open_cluster_index(self._cluster)
        self._prepare(fresh)
        with self._guard:
            if self._held is not None:
                self._keep(self._held)
                self._held = ClusterContext(fresh)
        self.note = ""
        return True

    def reading(self, cursor: Cursor | None = None) -> AbstractContextManager[IndexContext]:
        """Search, with ``with``, in what is held; with a cursor, in the generation of that.

        Raises ``CursorExpired`` where it isn't kept any more.
        """
        if self._after_s is not None:
            self._look(self._after_s)
        held = self._current()
        return nullcontext(held if cursor is None or is_of(cursor, held) else self._before(cursor))

    def _look(self, after_s: float) -> None:
        """Look for a newer generation where the last look is too long ago and no other thread is at it."""
        if time.monotonic() - self._looked < after_s or not self._refreshing.acquire(blocking=False):
            return
        try:
            self._looked = time.monotonic()
            self._refresh()
        except SearchkitError as error:
            self.note = f"The newest generation can't be searched, an earlier one answers: {error.message}"
            _log.warning("%s", self.note)
        finally:
            self._refreshing.release()

    def _current(self) -> ClusterContext:
        held = self._held
        if held is None:
            raise SearchkitError("This index was closed.", hint="Open it again with searchkit.open(ADDRESS).")
        return held

    def _keep(self, context: ClusterContext) -> None:
        """Keep a generation that is left, for the pages of its answers."""
        if context.gave_cursor and self._hold_s > 0:
            self._past[context.seal] = context, time.monotonic() + self._hold_s
        for seal in list(self._past)[:-_KEPT]:
            del self._past[seal]

    def _before(self, cursor: Cursor) -> ClusterContext:
        """Return the generation that a cursor goes on in: one that was left. Raises ``CursorExpired``."""
        with self._guard:
            context, until = self._past.get(cursor.seal, (None, 0.0))
            if context is not None and until > time.monotonic():
                self._past[cursor.seal] = context, time.monotonic() + self._hold_s
                return context
        raise CursorExpired(
            f"The cursor goes on in generation {cursor.generation} of {self._cluster.address}, which isn't the one that"
            f" is searched, or was left more than {self._hold_s:g} seconds ago."
        )
