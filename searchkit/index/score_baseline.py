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
from collections.abc import Sequence

import numpy as np

from searchkit.index.answer_baseline import AnswerSums
from searchkit.index.archive_scores import ArchiveScores
from searchkit.index.manifest import ModeMeans, ScoreBaseline
from searchkit.index.segment_reader import Segment

QUERIES = 100
WORDS = 6
LEAST_CHUNKS = 100
"""An index that had too few words to draw from is asked again once it has so many."""

_CHUNKS_A_QUERY = 5
_LEAST_QUERIES = 4
"""Small archives are asked less, so that asking stays below 2 % of what encoding them takes."""

_LOOKED_AT = 50_000
"""Words of a segment that are looked at, evenly over its sorted list."""


def is_due(zero: ScoreBaseline | None, chunks: int) -> bool:
    """Say whether an index that has grown to so many living chunks should be asked, for the first time or again."""
    return chunks >= (LEAST_CHUNKS if zero is None else 2 * zero.chunks)


def ask_nonsense(archive: ArchiveScores) -> tuple[ScoreBaseline, ModeMeans] | None:
    """Ask an archive words at random; None where it has too few of them."""
    chunks, words = archive.chunks, _words(archive.segments)
    if len(words) < WORDS:
        return None
    means, answers = np.zeros(4), AnswerSums(archive)
    questions = _questions(words, min(QUERIES, _LEAST_QUERIES + chunks // _CHUNKS_A_QUERY))
    for scores in archive.ask(questions):
        best = int(np.argmax(scores.hybrid))
        means += (scores.keyword.max(), scores.cosine.max(), scores.keyword[best], scores.nearness[best])
        answers.add(scores)
    keyword_mean, vector_mean, words_mean, nearness_mean = (float(mean) for mean in means / len(questions))
    zero = ScoreBaseline(
        queries=len(questions),
        keyword=keyword_mean,
        vector=vector_mean,
        words=words_mean,
        nearness=nearness_mean,
        chunks=chunks,
    )
    return zero, answers.of_each_mode()


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
