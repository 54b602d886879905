"""Protocols: what a search asks of an index, whichever engine holds it.

``RowSpace`` and ``KeywordScores`` are what ranking, fusion, neighbours, results and explanations work on: numbered
chunks, and what the two retrievers say of them. ``index/generation.py`` and ``keyword/scoring/evaluator.py`` are these
for an index in a folder, ``opensearch/query_view.py`` for one search on a cluster. ``SearchedIndex`` is an opened
generation; ``IndexContext`` in ``candidates.py`` is what ``Searcher`` asks of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchkit.config import SearchConfig
    from searchkit.index.manifest import Manifest
    from searchkit.index.segment_reader import Segment
    from searchkit.keyword.query.ast import Compound, Term
    from searchkit.keyword.scoring.evaluator import BestRows
    from searchkit.keyword.scoring.native_executor import VotedArticles
    from searchkit.types import Article, Chunk, Encoder

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]


class RowSpace(Protocol):
    """Chunks by number, the rows, those of an article one after another; and the vector retriever over them.

    Rows never change; more may come while a search looks deeper, unless ``holds_all_rows``.
    """

    @property
    def holds_all_rows(self) -> bool:
        """Whether every chunk of the index has a row from the start, so that sets of rows can be searched in."""
        ...

    @property
    def rows(self) -> int:
        """Count the chunks of the index."""
        ...

    @property
    def article_count(self) -> int:
        """Count the articles of the index."""
        ...

    @property
    def rows_are_articles(self) -> bool:
        """Whether each article has one chunk, so that the number of an article is its row."""
        ...

    @property
    def article_of_row(self) -> Rows:
        """``(rows,)``: the number of each row's article."""
        ...

    @property
    def article_starts(self) -> Rows:
        """``(articles + 1,)``: the first row of each article, and the number of rows."""
        ...

    @property
    def manifest(self) -> Manifest:
        """What the index is made of, and what it has learnt about itself."""
        ...

    @property
    def vectored(self) -> Mask | None:
        """``(rows,)``: which rows have a vector; None where all have."""
        ...

    def article_ids(self, numbers: Rows) -> list[str]:
        """Return the ids of some articles, in their order."""
        ...

    def article_number(self, article_id: str) -> int | None:
        """Return the number of an article; None where there is none of that id."""
        ...

    def article_at(self, number: int) -> tuple[Article, range]:
        """Return an article by its number, and its rows."""
        ...

    def articles_at(self, numbers: Rows) -> list[tuple[Article, range]]:
        """Return some articles by their numbers, in their order, each with its rows."""
        ...

    def chunks_of(self, rows: Sequence[int], articles: Sequence[Article]) -> list[Chunk]:
        """Return the chunks of some rows; ``articles`` has the article of each."""
        ...

    def chunks_at(self, rows: range) -> tuple[Chunk, ...]:
        """Return the chunks of consecutive rows of one article."""
        ...

    def similarity(self, query: NDArray[np.float32], rows: Rows) -> Scores:
        """Return each row's inner product with the query's vector, exactly."""
        ...

    def vectors_of(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(n, dimension)``."""
        ...

    def nearest(self, query: NDArray[np.float32], depth: int, allowed: Mask | None) -> tuple[Rows, float]:
        """Return at least the ``depth`` nearest allowed rows, and a bound that no other exceeds."""
        ...


class SearchedIndex(Protocol):
    """An opened generation of an index: what is known of it before anybody asks."""

    @property
    def manifest(self) -> Manifest:
        """What it is made of, and what it has learnt about itself."""
        ...

    @property
    def label(self) -> str:
        """Its folder or address, as it is shown."""
        ...

    @property
    def has_vectors(self) -> bool:
        """Whether any chunk has a vector."""
        ...

    @property
    def field_names(self) -> frozenset[str]:
        """The fields that articles can be filtered by."""
        ...

    @property
    def languages(self) -> tuple[str | None, ...]:
        """By which languages its articles are analysed, the most frequent first; None where some have none."""
        ...

    def analysed_as(self, language: str | None) -> str | None:
        """Return the language by which articles of a language are analysed."""
        ...

    @property
    def hidden(self) -> frozenset[str]:
        """The fields that no article is shown with."""
        ...

    @property
    def note(self) -> str:
        """What every search should tell of it."""
        ...

    @property
    def segments(self) -> Sequence[Segment]:
        """Its segments, where it keeps them itself."""
        ...

    @property
    def settings(self) -> SearchConfig:
        """What a search that names no settings uses."""
        ...

    def load_encoder(self) -> Encoder:
        """Load the encoder that made its vectors."""
        ...


Prepare = Callable[[SearchedIndex], None]
"""Makes ready for a generation before searches go over to it; raises where it can't be searched."""


class KeywordScores(Protocol):
    """What the keyword retriever says of the rows to one query."""

    @property
    def idf_sum(self) -> float:
        """U, the sum of the idf of the words asked for."""
        ...

    @property
    def highlights(self) -> Sequence[Term | Compound]:
        """What stands out in a chunk."""
        ...

    @property
    def matched(self) -> Mask:
        """``(rows,)``: the rows that match."""
        ...

    @property
    def uncovered(self) -> KeywordScores:
        """The same with scores that are BM25 alone."""
        ...

    @property
    def deepest(self) -> BestRows | None:
        """What ``best`` gave at the greatest depth it was asked for; None where it wasn't."""
        ...

    def coverage_of(self, rows: Rows, bare: Scores, covered: Scores | None = None) -> Scores:
        """Return the share of U whose words stand in each of some rows.

        ``bare`` is what ``uncovered`` gives them, ``covered`` what ``at`` does, where that is known.
        """
        ...

    def best(self, depth: int) -> BestRows:
        """Return the ``depth`` matching rows of the highest scores, and a bound that no other exceeds."""
        ...

    def at(self, rows: Rows) -> Scores:
        """Return the scores of some rows, 0 where a row doesn't match."""
        ...

    def at_both(self, rows: Rows) -> Scores:
        """Return what ``at`` does, and remember what ``uncovered`` gives, where that costs little."""
        ...

    def forget(self) -> None:
        """Let go of what ``at_both`` remembers."""
        ...

    def matching(self, rows: Rows) -> Mask:
        """Say which of some rows match."""
        ...

    def scored(self, rows: Rows) -> tuple[Scores, Mask]:
        """Return the scores of some rows and which of them match."""
        ...

    def best_of(self, rows: Rows) -> BestRows | None:
        """Return what ``best`` gave where these are its rows, best first; None where they aren't."""
        ...

    def voted(self, best: BestRows, most: int, vote: float, voters: int) -> VotedArticles | None:
        """Return the first articles of the best rows, scored by all of their chunks; None where no loop does it."""
        ...

    def count_with_best(self) -> None:
        """Count the articles that match while the best rows are looked for, since that will be asked next."""
        ...

    def count_articles(self, article_of_row: Rows) -> int:
        """Count the articles of the index that match."""
        ...
