"""Encoder competence: how well an index's encoder reads each language of its articles, measured on the articles.

An encoder that hardly knows a language puts its texts close together and can't tell them apart. So what it says of them
should count little; how little, the archive itself can tell. When it is built, up to 200 articles of each language are
drawn, one chunk of each, and some are asked for by a stretch of their own text: by vector and by keyword, among these
chunks alone. With r the ratio of the two mean reciprocal ranks (Voorhees, TREC-8, 1999), the cosine's weight in that
language is the archive's, times ``min(1, r / .95)²``; n questions count ``n / (n + 1)``, the rest speaks for the
encoder.

r of MiniLM on 240 paragraphs a language (XQuAD), and nDCG@10 of the hybrid on 100 questions of that language with the
full weight 2.8, with the one so found, and by keyword alone: English .95, .989, .989, .981; Russian .52, .918, .966,
.966; Greek .35, .865, .953, .952; Arabic .27, .834, .964, .965; Hindi .26, .875, .964, .964.

It depends on the index alone, as a weight must: a score stays a function of query, chunk and index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from searchkit.encoders.onnx_encoder import checked_rows
from searchkit.index.manifest import EncoderCompetence
from searchkit.index.segment_reader import Segment
from searchkit.index.vector_stats import groups
from searchkit.ingest.sentences import sentence_spans
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.parser import parse
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.types import Encoder, Syntax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


_Item = TypeVar("_Item")

_CHUNKS = 200
"""Chunks of a language among which the questions are asked: the more, the harder, so their number is bounded."""

_FEWEST = 20
"""Among fewer chunks any encoder finds the right one."""

_CHUNKS_A_QUESTION = 8
"""A language of so many chunks is asked one question, so that asking stays below 2 % of what encoding them takes."""

_LONGEST_QUESTION = 120
"""Characters. A question of half a chunk would cost as much as the chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SampledChunk:
    """A chunk to be found: its segment, its row there and among the rows of all segments, and what asks for it."""

    segment: Segment
    row: int
    row_of_all: int
    question: str


def measure_competence(
    segments: Sequence[Segment], index: KeywordSegments, languages: Sequence[str | None], encoder: Encoder
) -> dict[str, EncoderCompetence]:
    """Measure an encoder on what lives in segments that all have vectors.

    ``index`` has the segments' postings, ``languages`` are those of the archive. A language of which too little is
    there has no entry.
    """
    analyzer = Analyzer()
    measured = {}
    for name, articles in _articles_by_language(segments).items():
        chunks = [_sampled(segments, number, row) for number, row in _evenly(articles, _CHUNKS)]
        sample = [chunk for chunk in chunks if chunk.question]
        if len(sample) < _FEWEST:
            continue
        living = sum(int(segments[number].starts[row + 1] - segments[number].starts[row]) for number, row in articles)
        chosen = _evenly(range(len(sample)), min(_CHUNKS, max(1, living // _CHUNKS_A_QUESTION)))
        ranks = _Ranks(sample, index, languages, analyzer)
        vectors = _encoded([sample[place].question for place in chosen], encoder)
        measured[name] = EncoderCompetence(
            questions=len(chosen),
            vector=float(np.mean([*map(ranks.by_vector, chosen, vectors)])),
            keyword=float(np.mean([*map(ranks.by_keyword, chosen)])),
        )
    return measured


def _articles_by_language(segments: Sequence[Segment]) -> Mapping[str, list[tuple[int, int]]]:
    """Return the living articles of each group of languages: the segment's number and the article's row."""
    articles: dict[str, list[tuple[int, int]]] = {}
    for number, segment in enumerate(segments):
        names = groups(segment)
        for row in np.flatnonzero(segment.living_articles).tolist():
            articles.setdefault(names[row], []).append((number, row))
    return dict(sorted(articles.items()))


def _evenly(items: Sequence[_Item], count: int) -> list[_Item]:
    """Return ``count`` items at even distances; all where there are no more."""
    return [items[place * len(items) // count] for place in range(count)] if len(items) > count else list(items)


def _sampled(segments: Sequence[Segment], number: int, article_row: int) -> _SampledChunk:
    """Return the middle chunk of an article."""
    segment = segments[number]
    stored = segment.articles.stored(article_row)
    row = stored.chunk + stored.chunks // 2
    (chunk,) = segment.articles.chunks(row, 1, stored.article)
    before = sum(part.fact.chunks for part in segments[:number])
    return _SampledChunk(
        segment=segment, row=row, row_of_all=before + row, question=_question(chunk.text, stored.article.language)
    )


def _question(text: str, language: str | None) -> str:
    """Return a stretch from the middle of a text, at most half of it: one that is all of it any encoder finds."""
    limit = min(_LONGEST_QUESTION, len(text) // 2)
    spans = sentence_spans(text, language)
    if not spans or limit < 1:
        return ""
    start, end = spans[len(spans) // 2]
    if len(spans) == 1:
        start = end - limit
    cut = text[start : min(end, start + limit)]
    whole_words = cut.rpartition(" ")[0] if end > start + limit else cut
    return " ".join((whole_words or cut).split())


class _Ranks:
    """Where questions find their own chunk among a sample's: reciprocal ranks, 0 where they don't."""

    def __init__(
        self,
        sample: Sequence[_SampledChunk],
        index: KeywordSegments,
        languages: Sequence[str | None],
        analyzer: Analyzer,
    ) -> None:
        self._sample, self._index, self._languages, self._analyzer = sample, index, languages, analyzer
        self._rows = np.asarray([chunk.row_of_all for chunk in sample], dtype=np.int64)
        self._vectors = np.asarray(
            [chunk.segment.vectors.matrix[chunk.row] for chunk in sample if chunk.segment.vectors is not None]
        )

    def by_vector(self, place: int, question: Vector) -> float:
        """Return the reciprocal rank of the sample's chunk at a place by its question's vector."""
        return _reciprocal_rank(self._vectors @ question, place)

    def by_keyword(self, place: int) -> float:
        """Return the same by the question's words."""
        question = self._sample[place].question
        parsed = parse(question, analyzer=self._analyzer, languages=self._languages, syntax=Syntax.WORDS)
        scores = evaluate(self._index, parsed.tree).at(self._rows)
        return _reciprocal_rank(scores, place) if scores[place] > 0 else 0.0


def _reciprocal_rank(scores: NDArray[np.floating], place: int) -> float:
    return 1 / (1 + int(np.count_nonzero(scores > scores[place])))


def _encoded(questions: Sequence[str], encoder: Encoder) -> Vector:
    """Return the questions' vectors, ``(n, dimension)``."""
    return checked_rows(
        [encoder.encode_query(question) for question in questions], encoder.name, questions, encoder.dimension
    )
