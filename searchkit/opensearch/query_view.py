"""Query view: one side of a search as ranking sees an index: its rows, and what its two retrievers say of them.

``RowView`` is what ``search/`` asks of a generation, ``WordScores`` what it asks of the keyword retriever; the
protocols stand in ``search/protocols.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.keyword.query.ast import Compound, Term
from searchkit.keyword.scoring.evaluator import BestRows
from searchkit.opensearch.filter_query import all_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.index.manifest import Manifest
    from searchkit.keyword.scoring.native_executor import VotedArticles
    from searchkit.opensearch.filter_query import Clause
    from searchkit.opensearch.query_rows import QueryRows, SideScores
    from searchkit.types import Article, Chunk

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]


class RowView:
    """The rows of a search, for one of its sides."""

    holds_all_rows = False
    rows_are_articles = False
    vectored = None

    def __init__(self, query_rows: QueryRows, side: int) -> None:
        self.query_rows, self.side = query_rows, side

    @property
    def rows(self) -> int:
        """Count the chunks of the index: what decides how deep to look."""
        return self.query_rows.index.manifest.chunks

    @property
    def article_count(self) -> int:
        """Count the articles of the index."""
        return self.query_rows.index.manifest.articles

    @property
    def article_of_row(self) -> Rows:
        """``(rows,)``: the number of each row's article."""
        return self.query_rows.article_of_row

    @property
    def article_starts(self) -> Rows:
        """``(articles + 1,)``: the first row of each article, and the number of rows."""
        return self.query_rows.starts

    @property
    def manifest(self) -> Manifest:
        """What the index is made of, and what it has learnt about itself."""
        return self.query_rows.index.manifest

    @property
    def matching(self) -> Clause:
        """The query that the articles meet that match."""
        return all_of(self.query_rows.sides[self.side].matching)

    def article_ids(self, numbers: Rows) -> list[str]:
        """Return the ids of some articles, in their order."""
        return [self.query_rows.ids[number] for number in numbers.tolist()]

    def article_number(self, article_id: str) -> int | None:
        """Return the number of an article; None where there is none of that id. Raises ``BackendError``."""
        self.query_rows.add([article_id])
        return self.query_rows.places.get(article_id)

    def article_at(self, number: int) -> tuple[Article, range]:
        """Return an article and its rows. Raises ``BackendError``, ``IndexCorrupt``."""
        return self.articles_at(np.asarray([number]))[0]

    def articles_at(self, numbers: Rows) -> list[tuple[Article, range]]:
        """Return some articles and their rows, in their order. Raises ``BackendError``, ``IndexCorrupt``."""
        ids, starts = self.article_ids(numbers), self.article_starts
        read = self.query_rows.articles(ids)
        ranges = [range(int(starts[number]), int(starts[number + 1])) for number in numbers.tolist()]
        return [(read[article_id][0], rows) for article_id, rows in zip(ids, ranges, strict=True)]

    def chunks_of(self, rows: Sequence[int], articles: Sequence[Article]) -> list[Chunk]:
        """Return the chunks of some rows; ``articles`` has the article of each. Raises as ``articles_at`` does."""
        ids = list(dict.fromkeys(article.id for article in articles))
        read = self.query_rows.articles(ids)
        starts = self.article_starts
        return [
            read[article.id][1][row - int(starts[self.query_rows.places[article.id]])]
            for row, article in zip(rows, articles, strict=True)
        ]

    def chunks_at(self, rows: range) -> tuple[Chunk, ...]:
        """Return the chunks of consecutive rows of one article. Raises as ``articles_at`` does."""
        article, _ = self.article_at(int(self.article_of_row[rows.start]))
        return tuple(self.chunks_of(list(rows), [article] * len(rows)))

    def similarity(self, query: NDArray[np.float32], rows: Rows) -> Scores:
        """Return each row's cosine with the search's own vector, ``(n,)``."""
        return self.query_rows.cosines[rows]

    def vectors_of(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(n, dimension)``. Raises ``BackendError``, ``IndexCorrupt``."""
        return self.query_rows.vectors_of(rows)

    def nearest(self, query: NDArray[np.float32], depth: int, allowed: Mask | None) -> tuple[Rows, float]:
        """Return the ``depth`` nearest rows that this side lets pass, and a bound that no other exceeds."""
        self.query_rows.look(depth)
        known = self.query_rows
        bound = known.scores[self.side].vector_bound  # before the rows, of which another thread may add some
        rows = np.flatnonzero(known.allowed[self.side][: known.size])
        best = _best(rows, known.cosines[rows], depth, bound)
        return best.rows, best.bound


class WordScores:
    """What the keyword retriever says, of one side of a search."""

    def __init__(self, query_rows: QueryRows, side: int, notes: tuple[str, ...] = (), *, covers: bool = True) -> None:
        words = query_rows.sides[side].words
        if words is None:
            raise ValueError("the keyword retriever isn't asked")
        self._rows, self._side, self._covers = query_rows, side, covers
        self._words = words
        self.notes = notes
        self.idf_sum = words.idf_sum
        self.highlights: Sequence[Term | Compound] = words.highlights

    @property
    def _known(self) -> SideScores:
        return self._rows.scores[self._side]

    @property
    def _scores(self) -> Scores:
        return self._known.covered if self._covers else self._known.keyword

    @property
    def matched(self) -> Mask:
        """``(rows,)``: the rows that match, of those that came up."""
        return self._known.matched

    @cached_property
    def uncovered(self) -> WordScores:
        """The same with scores that are BM25 alone."""
        if not self._covers or not self._words.presence:
            return self
        return WordScores(self._rows, self._side, self.notes, covers=False)

    @property
    def deepest(self) -> BestRows | None:
        """Return None: what came up grows, so the best are chosen anew."""
        return None

    def coverage_of(self, rows: Rows, bare: Scores, covered: Scores | None = None) -> Scores:
        """Return the share of U whose words stand in each of some rows."""
        whole = self._words.presence * self.idf_sum
        if whole <= 0:
            return np.zeros(len(rows))
        return np.minimum((self._known.covered[rows] - self._known.keyword[rows]) / whole, 1.0)

    def best(self, depth: int) -> BestRows:
        """Return the ``depth`` matching rows of the highest scores. Raises ``BackendError``."""
        self._rows.look(depth)
        bound = self._known.keyword_bound  # before the rows, of which another thread may add some
        rows = np.flatnonzero(self._known.matched[: self._rows.size])
        if not self._words.asks:  # all score alike, and come in the order of their articles' ids
            return BestRows(rows, self._scores[rows], bound)
        return _best(rows, self._scores[rows], depth, bound)

    def at(self, rows: Rows) -> Scores:
        """Return the scores of some rows, 0 where a row doesn't match."""
        return self._scores[rows]

    def at_both(self, rows: Rows) -> Scores:
        """Return what ``at`` does: both scores came with the rows."""
        return self.at(rows)

    def forget(self) -> None:
        """Do nothing: the rows are of this search alone."""

    def matching(self, rows: Rows) -> Mask:
        """Say which of some rows match."""
        return self._known.matched[rows]

    def scored(self, rows: Rows) -> tuple[Scores, Mask]:
        """Return the scores of some rows and which of them match."""
        return self.at(rows), self.matching(rows)

    def best_of(self, rows: Rows) -> BestRows | None:
        """Return None: no loop has these rows already."""
        return None

    def voted(self, best: BestRows, most: int, vote: float, voters: int) -> VotedArticles | None:
        """Return None: no loop lets chunks vote."""
        return None

    def count_with_best(self) -> None:
        """Do nothing: the total comes with the rows."""

    def count_articles(self, article_of_row: Rows) -> int:
        """Count the articles that match, all of the index's. Raises ``BackendError``."""
        self._rows.look(1)
        return self._known.total


def _best(rows: Rows, scores: Scores, depth: int, bound: float) -> BestRows:
    """Return the ``depth`` rows of the highest scores, and the highest that any other has, known or not."""
    if len(rows) <= depth:
        return BestRows(rows, scores, bound)
    order = np.argpartition(-scores, depth)
    chosen = order[:depth]
    return BestRows(rows[chosen], scores[chosen], max(bound, float(scores[order[depth]])))
