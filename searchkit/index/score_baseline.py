"""Score baseline: what queries of random words score in an archive.

A score of 2 is much in one archive and nothing in another: the more chunks and the rarer their words, the higher the
best of them scores by chance. So up to 100 questions of six of the archive's own words each are asked when it is
built, and a search reads its scores from their mean on (``search/confidence.py``). The words are drawn from the sorted
list of those that stand in two chunks or more, at places that a hash gives: the same archive gives the same questions.

``build``, ``rebuild`` and the completion of vectors take the figures; ``add``, ``update``, ``delete`` and ``compact``
hand them on, but ``add`` and ``update`` take them where there are none and 100 chunks live, and again each time the
chunks have doubled. So they depend a little on an index's history; scores don't. They move slowly: 252 chunks give
1.39, 1,799 give 1.67, 10,326 of another field 1.80. Their deviation would add nothing: it is .26 to .37 in all six
collections that were asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.encoder_checks import checked_rows
from searchkit.index.manifest import ScoreBaseline
from searchkit.index.segment_reader import Segment
from searchkit.index.vector_index import parts_of
from searchkit.index.vector_stats import StatsByLanguage, groups, leans, learnt_weight
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.parser import parse
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings
from searchkit.types import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Vector = NDArray[np.float32]


QUERIES = 100
WORDS = 6
LEAST_CHUNKS = 100
"""In fewer than these there is too little to draw from; a search takes the means of six collections then."""

_CHUNKS_A_QUERY = 5
"""Small archives are asked less, so that asking stays below 2 % of what encoding them takes."""

_LOOKED_AT = 50_000
"""Words of a segment that are looked at, evenly over its sorted list."""

_AT_ONCE = 8
"""Questions that are asked in one pass over the vectors: 32 MB of cosines for a million chunks."""


def is_due(zero: ScoreBaseline | None, chunks: int) -> bool:
    """Say whether an index that has grown to so many living chunks should be asked, for the first time or again."""
    return chunks >= (LEAST_CHUNKS if zero is None else 2 * zero.chunks)


def learn_zero(
    segments: Sequence[Segment],
    languages: Sequence[str | None],
    encoder: Encoder,
    spreads: StatsByLanguage,
    shares: Mapping[str, float],
) -> ScoreBaseline | None:
    """Ask what lives in segments that all have vectors, and of which ``spreads`` are; None where that is too little.

    ``shares`` is by language what of the vector's weight the encoder is worth, 1
    where it has no entry.
    """
    chunks = sum(segment.fact.living_chunks for segment in segments)
    words = _words(segments) if chunks >= LEAST_CHUNKS else []
    if len(words) < WORDS:
        return None
    index = KeywordSegments(
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
    gone = np.concatenate([~segment.rows_of(segment.living_articles) for segment in segments])
    leaning = leans(spreads)
    names = {name: number for number, name in enumerate(leaning)}
    none = len(names)  # a language of which nothing lives
    group_of_row = np.concatenate(
        [segment.rows_of(np.asarray([names.get(group, none) for group in groups(segment)])) for segment in segments]
    )
    weight = learnt_weight(spreads, encoder.name)
    share_of_row = np.asarray([*(shares.get(name, 1.0) for name in names), 0.0])[group_of_row]
    analyzer = Analyzer()
    means = np.zeros(4)
    questions = _questions(words, min(QUERIES, chunks // _CHUNKS_A_QUERY))
    for question, query, cosine in _answered(questions, encoder, segments):
        matches = evaluate(index, parse(question, analyzer=analyzer, languages=languages).tree)
        keyword = matches.scores / sqrt(matches.idf_sum) if matches.idf_sum > 0 else np.zeros(len(gone))
        nearness = share_of_row * (cosine - np.append(np.asarray(list(leaning.values())) @ query, 0.0)[group_of_row])
        cosine[gone] = nearness[gone] = -np.inf
        best = int(np.argmax(keyword + weight * nearness))
        means += (keyword.max(), cosine.max(), keyword[best], nearness[best])
    keyword_mean, vector_mean, words_mean, nearness_mean = (float(mean) for mean in means / len(questions))
    return ScoreBaseline(
        queries=len(questions),
        keyword=keyword_mean,
        vector=vector_mean,
        words=words_mean,
        nearness=nearness_mean,
        chunks=chunks,
    )


def _words(segments: Sequence[Segment]) -> list[str]:
    """Return the words that stand in two chunks of a segment or more, without numbers, in order."""
    words: set[str] = set()
    for segment in segments:
        table = segment.postings.words
        often = np.flatnonzero(np.asarray(table.counts) >= 2)
        often = often[:: max(1, len(often) // _LOOKED_AT)]
        words.update(word for row in often if (word := table.word(int(row))).isalpha())
    return sorted(words)


def _questions(words: Sequence[str], count: int) -> list[str]:
    """Draw the words of each question."""
    drawn = np.frombuffer(hashlib.shake_256(b"zero").digest(8 * count * WORDS), dtype="<u8") % len(words)
    return [" ".join(words[place] for place in row) for row in drawn.reshape(count, WORDS).tolist()]


def _answered(
    questions: Sequence[str], encoder: Encoder, segments: Sequence[Segment]
) -> Iterator[tuple[str, Vector, Scores]]:
    """Yield each question with its vector and every chunk's cosine with it; some at a time, so few passes are made."""
    for first in range(0, len(questions), _AT_ONCE):
        some = questions[first : first + _AT_ONCE]
        encoded = [encoder.encode_query(question) for question in some]
        queries = checked_rows(encoded, encoder.name, some, encoder.dimension)
        parts = [
            queries @ part.T for segment in segments if segment.vectors for part in parts_of(segment.vectors.matrix)
        ]
        for question, query, *cosines in zip(some, queries, *parts, strict=True):
            yield question, query, np.concatenate(cosines).astype(np.float64)
