"""Answer baseline: what the best chunks of an archive are like for questions that it shouldn't be sure of.

How well the best chunk must stand out, before it is likely an answer, hangs on the archive: a broad one has something
near to any question, and one of a single field has much on whatever is asked of that field. So when it is built, it is
asked, beside words at random (``score_baseline.py``):

*general* questions of many fields (``general_questions.py``): the broader the archive, the better it does on them.
Mean best hybrid score: 1.2 on Cranfield, 1.4 on XQuAD, 1.9 and 2.0 on digital.gov and SciFact, 2.7 on a news archive.

*sentences* of its own articles, cut to the length of a question, each with its article left out: a question of the
field that isn't answered. Median best hybrid score: 1.7 on XQuAD, 2.7 on Cranfield, 3.0 on SciFact; of people's
questions whose answers were taken out 1.9, 3.2, 3.4. They are taken from articles at even distances, out of the middle
of the middle chunk.

A search reads its confidence from the means on (``search/confidence.py``). They are taken and handed on as those of
``score_baseline.py`` are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import regex

from searchkit.index.archive_scores import ArchiveScores, QuestionScores
from searchkit.index.general_questions import GENERAL_QUESTIONS
from searchkit.index.manifest import AnswerMeans, ModeMeans
from searchkit.index.segment_reader import Segment
from searchkit.ingest.sentences import sentence_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Scores = NDArray[np.float64]
    Rows = NDArray[np.int64]

_MOST = 48
_LEAST = 4
_CHUNKS_A_QUESTION = 60
"""Small archives are asked less, so that each kind stays below 1 % of what encoding them takes."""

COPIED = 0.95
"""A sentence of which another article has so much is a copy, and answered: archives of wires are full of them."""

_WORDS = (6, 12)
_CHARACTERS = (12, 30)
"""The least and the most words of a question, or characters where a script writes words without spaces."""

_UNSPACED = regex.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese."""


def ask_general(archive: ArchiveScores) -> ModeMeans:
    """Ask an archive questions of many fields."""
    questions = GENERAL_QUESTIONS[: _number(archive)]
    means = AnswerSums(archive)
    for scores in archive.ask(questions):
        means.add(scores)
    return means.of_each_mode()


def ask_sentences(archive: ArchiveScores) -> ModeMeans | None:
    """Ask an archive its own sentences, without their articles; None where it has too few."""
    questions = list(_sentences(archive.segments, _number(archive)))
    means = AnswerSums(archive)
    for (_, rows), scores in zip(questions, archive.ask([text for text, _ in questions]), strict=True):
        scores.coverage[rows] = -np.inf
        if scores.coverage.max() < COPIED:
            means.add(scores, left_out=rows)
    return means.of_each_mode() if means.questions >= _LEAST else None


def _number(archive: ArchiveScores) -> int:
    return min(_MOST, _LEAST + archive.chunks // _CHUNKS_A_QUESTION)


class AnswerSums:
    """Adds up what the best chunks of some questions are like."""

    def __init__(self, archive: ArchiveScores) -> None:
        """Take the archive that is asked."""
        self._article_of_row = archive.article_of_row
        self._sums = np.zeros((3, 4))
        self.questions = 0

    def add(self, scores: QuestionScores, left_out: slice | None = None) -> None:
        """Count a question; ``left_out`` are the rows of an article that isn't to answer."""
        legs = (scores.hybrid, scores.keyword, scores.cosine)
        if left_out is not None:
            for each in (*legs, scores.coverage):
                each[left_out] = -np.inf
        for mode, each in enumerate(legs):
            best = int(each.argmax())
            if each[best] > -np.inf:
                words = scores.keyword[best] if mode < _VECTOR else 0.0
                nearness = scores.nearness[best] if mode == _HYBRID else scores.cosine[best] if mode == _VECTOR else 0.0
                coverage = scores.coverage.max() if mode == _HYBRID else scores.coverage[best] if mode < _VECTOR else 0
                lead = lead_of(each, self._article_of_row, best)
                self._sums[mode] += (words, nearness, lead, coverage)
        self.questions += 1

    def of_each_mode(self) -> ModeMeans:
        """Return the means."""
        hybrid, keyword, vector = (
            AnswerMeans(words=words, nearness=nearness, lead=lead, coverage=coverage)
            for words, nearness, lead, coverage in (self._sums / max(1, self.questions)).tolist()
        )
        return ModeMeans(questions=self.questions, hybrid=hybrid, keyword=keyword, vector=vector)


_HYBRID, _VECTOR = 0, 2


def lead_of(scores: Scores, articles: Rows, best: int) -> float:
    """Return how far the best chunk stands above the best of another article; its score where there is no other.

    ``articles`` ``(n,)`` has the article of each chunk.
    """
    others = scores[articles != articles[best]]
    highest = float(others.max()) if len(others) else -np.inf
    return float(scores[best]) - (highest if highest > -np.inf else 0.0)


def _sentences(segments: Sequence[Segment], count: int) -> Iterator[tuple[str, slice]]:
    """Yield sentences of living articles, and the rows of each one's article over all segments."""
    bases = np.cumsum([0, *(segment.fact.chunks for segment in segments)]).tolist()
    living = [(place, row) for place, segment in enumerate(segments) for row in np.flatnonzero(segment.living_articles)]
    number = min(count, len(living))
    for step in range(number):
        place, row = living[step * len(living) // number]
        first, end = segments[place].starts[row : row + 2].tolist()
        if first < end and (text := _sentence(segments[place], (first + end) // 2)):
            yield text, slice(bases[place] + first, bases[place] + end)


def _sentence(segment: Segment, chunk: int) -> str:
    """Return a sentence out of the middle of a chunk, cut to a question's length; "" where there is none."""
    text = segment.articles.chunks(chunk, 1)[0].text
    questions = [question for start, end in sentence_spans(text) if (question := as_question(text[start:end]))]
    return questions[len(questions) // 2] if questions else ""


def as_question(sentence: str) -> str:
    """Return the beginning of a sentence, as long as a question; "" where it has too few words."""
    words = sentence.split()
    line = " ".join(words)
    if 2 * len(_UNSPACED.findall(line)) >= len(line):
        return line[: _CHARACTERS[1]] if len(line) >= _CHARACTERS[0] else ""
    return " ".join(words[: _WORDS[1]]) if len(words) >= _WORDS[0] else ""
