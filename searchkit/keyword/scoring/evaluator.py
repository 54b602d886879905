"""Query evaluator: the rows that match a tree, and their scores.

*Conditions hold for articles, scores belong to chunks.* A leaf holds for an article when it occurs in any of its rows;
`And`, `Or`, `Not` combine these. A row matches when its article satisfies the whole tree and the row itself has a word
that was asked for; where the tree asks for no word (filters and exclusions alone), every row of the article matches.
A branch scores in the articles where it holds, so ``(a AND b) OR c`` counts a and b only where both are.

BM25 as Lucene has it: ``idf * tf / (tf + k1 * ((1 - b) + b * length / average))``, without the factor (k1 + 1).
A union of terms counts as one term. A phrase counts as one term too, its idf the sum of its words'.
A phrase is read in the article's text, wherever its chunks end, and scores in the chunk where it begins. A word that is
the whole question scores ``OWN_FORM`` times as much where it stands as it was typed.

A tree becomes a `QueryPlan`, which is worked out segment by segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from searchkit.keyword.query.ast import Compound, Filter, Term, Tree, highlighted, positive_leaves
from searchkit.keyword.query.plan import QueryPlan, plan_of, plan_of_words, words_of
from searchkit.keyword.query.rewrite import TermExpander, units_of
from searchkit.keyword.scoring.native_executor import MOST_ARTICLES, LeafPostings, NativeExecutor, VotedArticles
from searchkit.keyword.scoring.numpy_executor import LeafReader, RowScores, run
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.scoring.segments import KeywordSegments

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.int64]
    Resolve = Callable[[Filter], NDArray[np.bool_]]


class BestRows(NamedTuple):
    """A retriever's best rows, in no order, their scores, and the highest score of any other (-inf: there is none)."""

    rows: Rows
    scores: NDArray[np.float64]
    bound: float


class KeywordMatches:
    """What the keyword retriever says to a program. Rows are global; nothing is worked out before it is asked for.

    ``asked``: the terms that can score, as often as they are asked for, each with its factor. ``idf_sum``: U, the sum
    of idf over these, unknown words included. ``notes``: for the user. ``highlights``: what stands out in a chunk.
    ``coverage``: what is added to the scores where every word stands, on the scale of ``score / sqrt(U)``; a chunk with
    some of them gets their share of U.
    Holds caches alone, so any number of threads may share one.
    """

    def __init__(
        self,
        index: KeywordSegments,
        program: QueryPlan,
        weighted_terms: Sequence[tuple[Term, float]],
        *,
        mask: Mask | None,
        filters: Sequence[Mask] = (),
        notes: tuple[str, ...] = (),
        highlights: Sequence[Term | Compound] = (),
        coverage: float = 0.0,
    ) -> None:
        self.notes = notes
        self.highlights = highlights
        self._index = index
        self._program = program
        self._filters = filters
        self._mask = mask
        self._windows: NativeExecutor | None = None
        self._leaves: LeafReader | LeafPostings
        if native.COMPILED is None:
            self._leaves = LeafReader(index, program.leaves)
        else:
            self._leaves = LeafPostings(index)
            self._windows = NativeExecutor(index, program, self._leaves, mask, filters)
        idf = self._leaves.idf
        self.idf_sum = sum([factor * idf(unit) for unit, factor in weighted_terms], 0.0)
        self._presence = coverage / sqrt(self.idf_sum) if self.idf_sum > 0 else 0.0
        if self._windows is not None:
            self._windows.presence = self._presence
        self._best: dict[int, BestRows] = {}
        self._voted: VotedArticles | None = None
        self._bare: list[tuple[Rows, NDArray[np.float64]]] = []
        self._known: list[tuple[Rows, NDArray[np.float64]]] = []
        """Rows, ascending, of which ``at_both`` told the scores, and these without coverage: for ``uncovered``."""

    def best(self, depth: int) -> BestRows:
        """Return the ``depth`` matching rows of the highest scores."""
        if depth not in self._best and self._windows is not None:
            self._best[depth] = BestRows(*self._windows.best(depth))
        if depth not in self._best:
            rows = np.flatnonzero(self.matched)
            matched_scores = self.scores[rows]
            if len(rows) <= depth:
                self._best[depth] = BestRows(rows, matched_scores, -np.inf)
            else:
                order = np.argpartition(-matched_scores, depth)
                chosen = order[:depth]
                self._best[depth] = BestRows(rows[chosen], matched_scores[chosen], float(matched_scores[order[depth]]))
        return self._best[depth]

    def at(self, rows: Rows) -> NDArray[np.float64]:
        """Return the scores of some rows, 0 where a row doesn't match."""
        for known, bare in self._known:
            place = known.searchsorted(rows)
            if bool((known.take(place, mode="clip") == rows).all()):
                return bare.take(place)
        if self._windows is not None:
            return self._seen(rows)
        scores: NDArray[np.float64] = self.scores[rows]
        return scores

    def _seen(self, rows: Rows) -> NDArray[np.float64]:
        """Return the scores of some rows, of which some were among the best ones a moment ago."""
        scores: NDArray[np.float64]
        if self._windows is None:
            return self.scores[rows]
        if not self._best:
            return self._windows.at(rows)[0]
        best = self._best[max(self._best)]
        if rows is best.rows:
            return best.scores
        if not len(best.rows):
            return self._windows.at(rows)[0]
        order = best.rows.argsort()
        place = order.take(best.rows.searchsorted(rows, sorter=order), mode="clip")
        known = best.rows[place] == rows
        scores = best.scores[place]
        if not known.all():
            absent = ~known
            scores[absent] = self._windows.at(rows[absent])[0]
        return scores

    def at_both(self, rows: Rows) -> NDArray[np.float64]:
        """Return what ``at`` does, and remember the scores of these rows without coverage, which cost little then."""
        if self._windows is None or not self._presence or not len(rows):
            return self.at(rows)
        bare = np.zeros(len(rows))
        scores, _ = self._windows.at(rows, bare)
        self._bare.append((rows, bare))
        return scores

    def forget(self) -> None:
        """Let go of what ``at_both`` remembers."""
        self._bare.clear()

    def best_of(self, rows: Rows) -> BestRows | None:
        """Return what ``best`` gave where these are its rows, best first; None where they aren't, or in no order."""
        if self._windows is None:
            return None
        return next((best for best in self._best.values() if best.rows is rows), None)

    def voted(self, best: BestRows, most: int, vote: float, voters: int) -> VotedArticles | None:
        """Return the first ``most`` articles of the best rows, scored by all of their chunks; None without the loops.

        ``vote`` and ``voters`` are those of ``search/ranking.py``.
        """
        if self._windows is None or most > MOST_ARTICLES:
            return None
        self._voted = voted = self._windows.voted(best.rows, most, vote, voters)
        return voted

    def count_with_best(self) -> None:
        """Count the articles that match while the best rows are looked for, since that will be asked next."""
        if self._windows is not None:
            self._windows.counting = True

    def count_articles(self, article_of_row: Rows) -> int:
        """Count the articles that match; ``article_of_row``, ``(rows,)``, ascends."""
        listed = next((best.rows for best in self._best.values() if best.bound == -np.inf), None)
        if listed is None and self._windows is not None and "_dense" not in self.__dict__:
            return self._windows.count()
        rows = np.flatnonzero(self.matched) if listed is None else np.sort(listed)
        return int(np.count_nonzero(np.diff(article_of_row[rows], prepend=-1)))

    def matching(self, rows: Rows) -> Mask:
        """Say which of some rows match."""
        return self.matched[rows] if self._windows is None else self._windows.at(rows)[1]

    def scored(self, rows: Rows) -> tuple[NDArray[np.float64], Mask]:
        """Return the scores of some rows and which of them match, looked up together."""
        if self._windows is None:
            return self.scores[rows], self.matched[rows]
        if (voted := self._voted) is not None and len(voted.rows):  # mostly of the best articles
            place = np.minimum(np.searchsorted(voted.rows, rows), len(voted.rows) - 1)
            if bool((voted.rows[place] == rows).all()):
                return voted.of_rows[place], voted.matched[place]
        return self._windows.at(rows)

    @property
    def scores(self) -> NDArray[np.float64]:
        """``(rows,)`` float64: every row's score, 0 where it doesn't match."""
        return self._dense.scores

    @property
    def matched(self) -> Mask:
        """``(rows,)`` bool: the rows that match."""
        return self._dense.matched

    @property
    def allowed(self) -> Mask:
        """``(rows,)`` bool: the living rows of the articles that meet the conditions, whether or not a word stands in
        the row: what another retriever may return.
        """  # noqa: D205
        return self._dense.allowed

    @cached_property
    def _dense(self) -> RowScores:
        if isinstance(self._leaves, LeafReader):
            return run(self._index, self._program, self._leaves, self._mask, self._filters, self._presence)
        executor = NativeExecutor(self._index, self._program, self._leaves, self._mask, self._filters)
        executor.presence = self._presence
        return executor.dense()

    @property
    def uncovered(self) -> KeywordMatches:
        """The same with scores that are BM25 alone."""
        return self._without_coverage if self._presence else self

    def coverage_of(
        self, rows: Rows, bare: NDArray[np.float64], covered: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the share of U whose words stand in each of some rows.

        ``bare`` is what ``uncovered`` gives them, ``covered`` what ``at`` does, where that is known.
        """
        if self.idf_sum <= 0:
            return np.zeros(len(rows))
        other = self if self._presence else self._other(1.0, self._mask, [])
        scores = other.at(rows) if covered is None or other is not self else covered
        return np.minimum((scores - bare) / (other._presence * self.idf_sum), 1.0)

    @property
    def deepest(self) -> BestRows | None:
        """What ``best`` gave at the greatest depth it was asked for; None where it wasn't."""
        return self._best[max(self._best)] if self._best else None

    @cached_property
    def _without_coverage(self) -> KeywordMatches:
        return self._other(0.0, self._mask, self._bare)

    def among(self, mask: Mask | None) -> KeywordMatches:
        """Return the same among other rows, with the same lists, which were looked up."""
        return self._other(self._presence, mask, [])

    def _other(
        self, presence: float, mask: Mask | None, known: list[tuple[Rows, NDArray[np.float64]]]
    ) -> KeywordMatches:
        other = KeywordMatches.__new__(KeywordMatches)  # a fourth of the time that ``copy`` takes
        other.__dict__ |= self.__dict__
        for name in ("_dense", "_without_coverage"):
            other.__dict__.pop(name, None)
        other._presence, other._mask, other._best, other._voted = presence, mask, {}, None
        other._known, other._bare = known, []
        if self._windows is not None:
            other._windows = self._windows.among(mask, presence)
        return other


def evaluate(
    index: KeywordSegments,
    tree: Tree,
    *,
    mask: Mask | None = None,
    resolve: Resolve | None = None,
    coverage: float = 0.0,
) -> KeywordMatches:
    """Ask an index a tree. ``coverage`` is that of ``KeywordMatches``.

    ``mask``, ``(rows,)`` bool, limits what may match (a filter); it changes no score. ``resolve`` turns a `Filter` of
    the tree into a mask of rows; it may raise ``QueryError``, and it is needed where the tree has filters
    (``ValueError``).
    """
    if (words := words_of(tree)) is not None:
        return evaluate_words(index, words, mask=mask, coverage=coverage)
    expansion = TermExpander(index)
    tree = expansion.of(tree)
    program = plan_of(tree)
    if program.filters and resolve is None:
        raise ValueError("a tree with filters needs someone who resolves them")
    return KeywordMatches(
        index,
        program,
        [(unit, factor) for leaf, factor in positive_leaves(tree) for unit in units_of(leaf)],
        mask=mask,
        filters=[resolve(filter_) for filter_ in program.filters] if resolve else [],
        notes=tuple(expansion.notes),
        highlights=tuple(highlighted(tree)),
        coverage=coverage,
    )


def evaluate_words(
    index: KeywordSegments, words: Sequence[Term], *, mask: Mask | None = None, coverage: float = 0.0
) -> KeywordMatches:
    """Ask an index for words of which any may stand there: what ``evaluate`` gives to their tree, without one."""
    weighted_terms = [(word, 1.0) for word in words]
    return KeywordMatches(index, plan_of_words(words), weighted_terms, mask=mask, highlights=words, coverage=coverage)
