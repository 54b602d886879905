"""Archive scores: what every chunk of an archive scores for questions that its build asks, by both retrievers.

It is the arithmetic of ``search/fusion.py`` without what coverage, neighbours and dates add, over all chunks at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.encoder_checks import checked_rows
from searchkit.index.segment_reader import Segment
from searchkit.index.vector_index import parts_of
from searchkit.index.vector_stats import StatsByLanguage, groups, leans, learnt_weight
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.parser import parse
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings
from searchkit.types import Encoder, Syntax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Vector = NDArray[np.float32]
    Mask = NDArray[np.bool_]


_AT_ONCE = 8
"""Questions that are asked in one pass over the vectors: 32 MB of cosines for a million chunks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionScores:
    """What all chunks score for one question, ``(rows,)`` each; ``hybrid`` and ``cosine`` of what is deleted are -inf.

    ``keyword`` is BM25 / sqrt(U), ``nearness`` before it is weighted, ``coverage`` the share of U whose words stand in
    the chunk.
    """

    keyword: Scores
    coverage: Scores
    cosine: Scores
    nearness: Scores
    hybrid: Scores


class ArchiveScores:
    """Asks what lives in segments that all have vectors."""

    def __init__(
        self,
        segments: Sequence[Segment],
        languages: Sequence[str | None],
        encoder: Encoder,
        spreads: StatsByLanguage,
        shares: Mapping[str, float],
    ) -> None:
        """``spreads`` are of the segments' vectors.

        ``shares`` is by language what of the vector's weight the encoder is worth, 1
        where it has no entry.
        """
        self.segments = segments
        self._languages, self._encoder, self._analyzer = languages, encoder, Analyzer()
        self._keyword = KeywordSegments(
            [
                SegmentPostings(
                    postings=segment.postings,
                    article_of_row=segment.article_of_row,
                    deleted=segment.deletions.rows if segment.deletions else None,
                    delta=segment.deletions.counts if segment.deletions else None,
                )
                for segment in segments
            ]
        )
        self._gone = np.concatenate([~segment.rows_of(segment.living_articles) for segment in segments])
        leaning = leans(spreads)
        names = {name: number for number, name in enumerate(leaning)}
        none = len(names)  # a language of which nothing lives
        self._group_of_row = np.concatenate(
            [segment.rows_of(np.asarray([names.get(group, none) for group in groups(segment)])) for segment in segments]
        )
        self._leans = np.asarray(list(leaning.values()))
        self._share_of_row = np.asarray([*(shares.get(name, 1.0) for name in names), 0.0])[self._group_of_row]
        self.weight = learnt_weight(spreads, encoder.name)

    @cached_property
    def article_of_row(self) -> NDArray[np.int64]:
        """``(rows,)``: the article of each row, numbered over all segments."""
        bases = np.cumsum([0, *(segment.fact.articles for segment in self.segments)])
        parts = [segment.article_of_row + base for segment, base in zip(self.segments, bases, strict=False)]
        return np.concatenate(parts).astype(np.int64)

    @property
    def chunks(self) -> int:
        """Count the living chunks."""
        return sum(segment.fact.living_chunks for segment in self.segments)

    def ask(self, questions: Sequence[str]) -> Iterator[QuestionScores]:
        """Yield what all chunks score for each question."""
        for first in range(0, len(questions), _AT_ONCE):
            some = questions[first : first + _AT_ONCE]
            encoded = [self._encoder.encode_query(question) for question in some]
            queries = checked_rows(encoded, self._encoder.name, some, self._encoder.dimension)
            parts = [
                queries @ part.T
                for segment in self.segments
                if segment.vectors
                for part in parts_of(segment.vectors.matrix)
            ]
            for question, query, *cosines in zip(some, queries, *parts, strict=True):
                yield self._scores(question, query, np.concatenate(cosines).astype(np.float64))

    def _scores(self, question: str, query: Vector, cosine: Scores) -> QuestionScores:
        tree = parse(question, analyzer=self._analyzer, languages=self._languages, syntax=Syntax.WORDS).tree
        matches = evaluate(self._keyword, tree, coverage=1.0)
        scale = 1 / sqrt(matches.idf_sum) if matches.idf_sum > 0 else 0.0
        keyword = matches.uncovered.scores * scale
        nearness = self._share_of_row * (cosine - np.append(self._leans @ query, 0.0)[self._group_of_row])
        hybrid = keyword + self.weight * nearness
        cosine[self._gone] = hybrid[self._gone] = -np.inf
        return QuestionScores(
            keyword=keyword,
            coverage=matches.scores * scale - keyword,
            cosine=cosine,
            nearness=nearness,
            hybrid=hybrid,
        )
