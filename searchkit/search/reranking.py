"""Reranking: a reranker reads the best chunks of a search again, as long as it may.

``s' = s + w * (sigma(r) - 1/2)``: r is the reranker's score, read as log-odds, sigma(r) = 1 / (1 + exp(-r)) the chance
that the chunk answers the query, and w ``SearchConfig.rerank_weight``. So it moves a chunk up or down by w / 2 at most;
what it can't decide on, what it had no time for and what lies beyond its depth keep their fused score s. It is blended,
not put in the place of s: a cross-encoder was trained on other text, and two good legs know much that it doesn't.

Scores with it aren't on the scale of scores without: two of one search may be compared, those of a search with and one
without may not. Confidence is of the fused score s, before it, so it means the same with and without, and results
needn't stand in its order then.

w is 2 where nothing else is said, by how far chunks stand apart: the first and the tenth by 1.3, 2.0 and 1.6 (medians
over queries of cranfield, scifact, digitalgov-known), so that a sure yes in the tenth place overtakes a sure no in the
first. It wasn't measured with trained weights, which no package brings: compare on judged queries of your own
(``searchkit evaluate --compare rerank=NAME``).

It reads the best ``rerank_depth`` chunks, whatever k is, so the first k don't depend on k; a filter brings others
within its reach. All that holds where the budget suffices, or is None or inf: how far it reads within one that doesn't
is decided by the clock, and the next search may read more or less; a note says so then. w counts on the hybrid's scale,
and by ``Scale.unit`` as much in the other modes.
"""

from __future__ import annotations

import reprlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import SearchConfig
from searchkit.encoders import load_reranker
from searchkit.errors import ConfigError
from searchkit.ingest.indexed_text import compose
from searchkit.search.candidates import Candidates
from searchkit.search.fusion import Scale
from searchkit.search.protocols import RowSpace
from searchkit.search.ranking import RerankShift, rank_chunks
from searchkit.types import Reranker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Rows = NDArray[np.int64]


BATCH = 8
"""Chunks that are read between two looks at the clock. The first of these batches is always read."""


class RerankerRun:
    """A searcher's reranker, loaded when it is first needed. Safe to share among threads."""

    def __init__(self, reranker: Reranker | str) -> None:
        """Take the reranker, or the name or folder of a cross-encoder."""
        self._given = reranker
        self._loading = Lock()

    def move(
        self, generation: RowSpace, candidates: Candidates, config: SearchConfig, *, chunks: int | None = None
    ) -> Candidates:
        """Let it move the best chunks, as many as there is time for, or just ``chunks``.

        Raises as ``reranked`` and ``load_reranker`` do.
        """
        if chunks == 0:
            return candidates
        with self._loading:
            if isinstance(self._given, str):
                self._given = load_reranker(self._given)
            reranker = self._given
        if chunks is not None:  # what the first page had time for, whatever a later page has
            config = replace(config, rerank_depth=chunks, rerank_budget_s=None)
        return reranked(generation, candidates, reranker, config)


def reranked(
    generation: RowSpace,
    candidates: Candidates,
    reranker: Reranker,
    config: SearchConfig,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Candidates:
    """Let a reranker move the best chunks, and note where it had no time for all of them.

    ``clock`` tells seconds. Raises ``ConfigError`` where the fusion's scores depend on the day's candidates, or the
    reranker doesn't give a finite score for each text; and what it raises itself.
    """
    scale = candidates.legs.scale
    if not isinstance(scale, Scale):
        raise ConfigError(f"A reranker can't be blended with fusion '{config.fusion}'.", hint="Leave it at 'sum'.")
    query = candidates.parsed.text if candidates.parsed else candidates.query.text
    if not query.strip():
        return replace(candidates, notes=(*candidates.notes, "There are no words in the query by which to rerank."))
    rows = rank_chunks(candidates.legs, config.rerank_depth, config.depth).keys
    scores = _scores(generation, query, rows, reranker, config.rerank_budget_s, clock)
    read = rows[: len(scores)]
    order = np.argsort(read)
    shares = config.rerank_weight * scale.unit * (_chance(scores) - 0.5)
    shift = RerankShift(rows=read[order], scores=scores[order], shares=shares[order])
    notes = candidates.notes
    if len(read) < len(rows):
        note = f"The reranker read {len(read)} of {len(rows)} chunks in its {config.rerank_budget_s:g} s"
        notes = (*notes, f"{note}; the others keep their scores.")
    return replace(candidates, legs=replace(candidates.legs, shift=shift), notes=notes)


def _scores(
    generation: RowSpace,
    query: str,
    rows: Rows,
    reranker: Reranker,
    budget_s: float | None,
    clock: Callable[[], float],
) -> Scores:
    """Return the reranker's scores of the first rows: of all, or of as many batches as the time is likely to allow."""
    scores: list[float] = []
    started = before = clock()
    longest = 0.0
    for start in range(0, len(rows), BATCH):
        if budget_s is not None and start and before - started + longest > budget_s:
            break
        texts = [_text(generation, int(row)) for row in rows[start : start + BATCH]]
        scores += _checked(reranker.rerank(query, texts), len(texts))
        now = clock()
        longest, before = max(longest, now - before), now
    return np.asarray(scores, dtype=np.float64)


def _text(generation: RowSpace, row: int) -> str:
    """Return what the reranker reads of a chunk: what the encoder was given of it."""
    article, _ = generation.article_at(int(generation.article_of_row[row]))
    return compose(article, generation.chunks_at(range(row, row + 1))[0]).joined


def _checked(scores: Sequence[float], expected: int) -> list[float]:
    hint = "It must give a finite number for each text: searchkit.types.Reranker says how."
    try:
        values = [float(score) for score in scores if not isinstance(score, str | bytes)]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"The reranker gave {reprlib.repr(scores)}, which are no scores.", hint=hint) from error
    if len(values) != expected or not all(map(isfinite, values)):
        raise ConfigError(
            f"The reranker gave {len(values)} scores for {expected} texts,"
            f" {sum(map(isfinite, values))} of them finite.",
            hint=hint,
        )
    return values


def _chance(log_odds: Scores) -> Scores:
    """Return sigma of each, without overflow: half of 1 + tanh(x / 2)."""
    return np.asarray(0.5 * (1 + np.tanh(log_odds / 2)))
