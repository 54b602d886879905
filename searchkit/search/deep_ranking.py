"""Deep ranking: the ranking of one query, which grows as its pages are turned."""

from __future__ import annotations

from threading import Lock

import numpy as np

from searchkit.search.ranking import RankedKeys, RetrieverScores, depth_for, rank_articles

_GROWTH = 2
"""Each time it isn't long enough, it becomes so many times as long at least: all rankings together cost what the last
one does, and a page what it shows."""


class DeepRanking:
    """The first articles of a query. What was ranked is kept. Safe to share among threads."""

    def __init__(self, legs: RetrieverScores, depth: int, *, whole_depth: bool) -> None:
        """``depth`` is that of the settings; with ``whole_depth`` so deep is looked whatever is asked for."""
        self._legs, self._depth, self._whole_depth = legs, depth, whole_depth
        self._ranked = RankedKeys(keys=np.empty(0, dtype=np.int64), scores=np.empty(0))
        self._complete = False
        self._guard = Lock()

    def first(self, count: int) -> RankedKeys:
        """Return at least the first ``count`` articles, or all where they are fewer."""
        with self._guard:
            if not self._complete and count > len(self._ranked.keys):
                wanted = max(count, _GROWTH * len(self._ranked.keys))
                depth = self._depth if self._whole_depth else depth_for(self._legs, wanted, self._depth)
                self._legs.forget()  # what the shorter ranking needed
                self._ranked = rank_articles(self._legs, wanted, depth)
                self._complete = len(self._ranked.keys) < wanted
            return self._ranked
