"""Cluster holder: which generation of an index on a cluster a searcher reads, through refreshes by any thread."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext

from searchkit.errors import ConfigError, CursorExpired, SearchkitError
from searchkit.opensearch.address import ClusterAddress
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_index import open_cluster_index, open_numbered
from searchkit.opensearch.names import in_force
from searchkit.search.cluster_search import ClusterContext
from searchkit.search.cursor import Cursor
from searchkit.search.protocols import Prepare
from searchkit.search.retrieval import IndexContext

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
        if not isinstance(cursor_hold_s, int | float) or not cursor_hold_s >= 0:
            raise ConfigError(f"cursor_hold_s can't be {cursor_hold_s!r}.", hint="Give seconds, 0 or more.")
        number = isinstance(refresh_after_s, int | float) and refresh_after_s >= 0
        if refresh_after_s is not None and (generation is not None or not number):
            raise ConfigError(
                f"refresh_after_s can't be {refresh_after_s!r}{' with a generation' if generation else ''}.",
                hint="Give seconds, 0 or more, for an index that is opened without a generation.",
            )
        self._cluster, self._prepare, self._pinned = Cluster(address), prepare, generation is not None
        self._after_s, self._looked, self._hold_s = refresh_after_s, time.monotonic(), cursor_hold_s
        self._guard = threading.Lock()
        self._past: dict[bytes, tuple[ClusterContext, float]] = {}
        index = open_cluster_index(self._cluster) if generation is None else open_numbered(self._cluster, generation)
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
        held = self._current()
        if self._pinned or in_force(self._cluster)[0] == held.generation.name:
            return False
        fresh = open_cluster_index(self._cluster)
        self._prepare(fresh)
        with self._guard:
            if self._held is not None:
                self._keep(self._held)
                self._held = ClusterContext(fresh)
        return True

    def reading(self, cursor: Cursor | None = None) -> AbstractContextManager[IndexContext]:
        """Search, with ``with``, in what is held; with a cursor, in the generation of that.

        Raises ``CursorExpired`` where it isn't kept any more.
        """
        if self._after_s is not None and time.monotonic() - self._looked >= self._after_s:
            self._looked = time.monotonic()
            try:
                self.refresh()
                self.note = ""
            except SearchkitError as error:
                self.note = f"The newest generation can't be searched, an earlier one answers: {error.message}"
        held = self._current()
        return nullcontext(held if cursor is None or _is_of(cursor, held) else self._before(cursor))

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
        """Return the generation that a cursor goes on in: one that was left, or that is on the cluster still."""
        with self._guard:
            context, until = self._past.get(cursor.seal, (None, 0.0))
            if context is not None and until > time.monotonic():
                self._past[cursor.seal] = context, time.monotonic() + self._hold_s
                return context
        raise CursorExpired(
            f"The cursor goes on in generation {cursor.generation} of {self._cluster.address}, which isn't the one that"
            f" is searched, or was left more than {self._hold_s:g} seconds ago."
        )


def _is_of(cursor: Cursor, context: ClusterContext) -> bool:
    return cursor.generation == context.generation.manifest.generation and cursor.seal == context.seal
