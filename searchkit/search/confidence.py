"""Confidence: how sure it is that the archive has an answer to what was asked, from 0 to 1.

``confidence = sigma(c + a * score + b * lead + d * coverage - shift - m * mixed - s * (top - own))``

*The question's share* is read from what the archive's best chunks are like (``answer_shape.py``), filters aside:
``score`` is the best one's, less what questions without sense score here (``index/score_baseline.py``); ``lead`` how
far it stands above the best of another article; ``coverage`` the greatest share of the question's idf in one chunk. All
are on the scale of the hybrid, so that they mean the same with other encoders: by vector alone the cosine times the
weight that it would have.

*The archive's share*, ``shift = .4 * t(general) + .5 * t(sentences)``, is how well it does on what it shouldn't be sure
of (``index/answer_baseline.py``): t is the same sum of the mean of questions of many fields, or of words at random
where these do better, and of its own sentences without their articles. Where few or none were asked, as in an index of
an earlier version, the means of seven collections stand in.

*The result's share* is how far its score lies below the highest of a chunk. Dates, boosts and a reranker are left
out of it, so confidence is in the order of the scores where none is asked, and an article that the question names
(``named_articles.py``) is sure. ``mixed`` is how much the question's words are of several languages
(``language_bias.py``).

So a result's confidence is a function of the question, the article and the index: k, pages, parts and filters change
none. A filter hides results; what is left has the confidence that it has without. A query without words, as of filters
alone, has none: its results score alike. One whose words all say nothing ("what", "tell me more") covers nothing, and
is sure only of an article that it names.

**It says "the archive covers this", not "this is the answer"**: it tells a question of another field, or nonsense, from
one that the archive is about, and less surely whether just this question is answered. ``scripts/fit_confidence.py``
fits the weights and prints how well they do on a collection that they weren't fitted on; ``SCORING.md`` has the table.
The further a tuned weight of the vectors lies from the usual ones, the less it is held to be a probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp
from typing import TYPE_CHECKING

from searchkit.answer import ConfidenceTerm
from searchkit.index.manifest import AnswerBaseline, AnswerMeans, ModeMeans, ScoreBaseline
from searchkit.search.answer_shape import AnswerShape
from searchkit.types import Mode

if TYPE_CHECKING:
    from searchkit.search.fusion import Scale


USUAL_ZERO = ScoreBaseline(queries=0, keyword=0.88, vector=0.39, words=0.76, nearness=0.31)
"""Means of scifact, cranfield, digitalgov-known, xquad-en, xquad-xling and the samples."""

GENERAL, SENTENCES = 0.4, 0.5
"""What of the archive's own level is taken off. Of .3 to .6 each, with a sum of .8 to 1, all do alike; each alone does
worse: general questions leave a single field too sure, own sentences a broad archive."""

NO_TOPIC = 12.0
"""What a question is believed less none of whose words says anything: more than all else can add, in every mode, and
less than the lowest tier of a named article does (``named_articles.py``)."""

_COVERAGE = "coverage of the question in a chunk"

PRIOR_QUESTIONS = 4
"""The usual means count as so many questions beside those that an archive was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each number counts in one mode, in units of log-odds; ``below`` for each point of score below the top."""

    constant: float
    score: float
    lead: float
    coverage: float
    mixed: float
    below: float

    def shares(self, score: float, lead: float, coverage: float) -> tuple[float, float, float]:
        """Return what the numbers of an answer count."""
        return self.score * score, self.lead * lead, self.coverage * coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionConfidence:
    """A question's confidence, by the terms that add up to its log-odds, and how results fall off from it."""

    terms: tuple[ConfidenceTerm, ...]
    top: float
    below: float

    def of(self, score: float) -> float:
        """Return the confidence of an article that scores so much, without dates and a reranker."""
        z = sum(term.share for term in self.terms) - self.below * (self.top - score)
        return 1 / (1 + exp(-min(z, 700.0))) if z > -700 else 0.0


WEIGHTS: Mapping[Mode, Weights] = {
    Mode.HYBRID: Weights(constant=-0.17, score=1.18, lead=2.24, coverage=8.59, mixed=10.0, below=7.0),
    Mode.KEYWORD: Weights(constant=-0.19, score=1.45, lead=2.65, coverage=9.06, mixed=10.0, below=7.0),
    Mode.VECTOR: Weights(constant=-0.36, score=6.29, lead=8.54, coverage=0.0, mixed=2.0, below=12.0),
}
"""Fitted by ``scripts/fit_confidence.py``, whose docstring says how, on the samples, cranfield, scifact,
digitalgov-known, rtqa-news-a, xquad-en and xquad-xling; ``mixed`` and ``below`` were chosen. Tried beside them, as the
area of own questions against those whose answers are gone, mean of the seven, each unseen: the score alone .800; score
and coverage .808; score, coverage and lead .817; the lead over the mean of the ten best chunks in its place .816; how
far the best chunk stands above its neighbours in its place, or beside it, .814 and .816; nearness apart .811; all
eleven that were tried, on what they were fitted on, .851.

``below`` 7 tells the relevant of a question's first ten articles from the others by an area of .856, 3 by .743 and 14
by .857; own questions from the same with a filter that hides their relevant articles by .875, .692 and .915; of own
questions .920, .922 and .900 stay above .5."""

USUAL_GENERAL = ModeMeans(
    questions=0,
    hybrid=AnswerMeans(words=0.986, nearness=0.261, lead=0.29, coverage=0.411),
    keyword=AnswerMeans(words=1.081, nearness=0.0, lead=0.182, coverage=0.385),
    vector=AnswerMeans(words=0.0, nearness=0.313, lead=0.036, coverage=0.0),
)
USUAL_SENTENCES = ModeMeans(
    questions=0,
    hybrid=AnswerMeans(words=1.326, nearness=0.39, lead=0.297, coverage=0.501),
    keyword=AnswerMeans(words=1.43, nearness=0.0, lead=0.186, coverage=0.466),
    vector=AnswerMeans(words=0.0, nearness=0.486, lead=0.035, coverage=0.0),
)
"""Means of the same seven."""


def question_confidence(shape: AnswerShape, mode: ModeScale, level: float, mixed: float = 0.0) -> QuestionConfidence:
    """Return a question's confidence.

    ``level`` is the archive's; ``mixed``, 0 to 1, how much the question's words are of several languages.
    """
    score, lead = mode.score(shape.words, shape.nearness), mode.lead(shape.lead)
    shares = mode.weights.shares(score, lead, shape.coverage)
    terms: tuple[ConfidenceTerm, ...] = (
        ConfidenceTerm(name="score above that of nonsense", value=score, share=shares[0]),
        ConfidenceTerm(name="lead over other articles", value=lead, share=shares[1]),
        ConfidenceTerm(name=_COVERAGE, value=shape.coverage, share=shares[2]),
        ConfidenceTerm(name="the archive's own level", value=level, share=-level),
        ConfidenceTerm(name="constant", value=1.0, share=mode.weights.constant),
    )
    if mixed:
        terms += (ConfidenceTerm(name="words of several languages", value=mixed, share=-mode.weights.mixed * mixed),)
    return QuestionConfidence(terms=terms, top=shape.top, below=mode.weights.below / mode.unit)


def of_no_topic(question: QuestionConfidence) -> QuestionConfidence:
    """Return the confidence of a question none of whose words says anything: no chunk covers any of it."""
    terms = [replace(term, value=0.0, share=0.0) if term.name == _COVERAGE else term for term in question.terms]
    empty = ConfidenceTerm(name="words that say nothing", value=1.0, share=-NO_TOPIC)
    return replace(question, terms=(*terms, empty))


def archive_level(mode: ModeScale, answers: AnswerBaseline) -> float:
    """Return what the archive's answers to the questions of its build take off."""
    general = mode.level(answers.general, USUAL_GENERAL)
    if answers.nonsense is not None:
        general = max(general, mode.level(answers.nonsense, USUAL_GENERAL))
    return GENERAL * general + SENTENCES * mode.level(answers.sentences, USUAL_SENTENCES)


class ModeScale:
    """How the numbers of answers are read in a mode."""

    def __init__(self, name: Mode, scale: Scale, zero: ScoreBaseline | None) -> None:
        """``name`` is of the retrievers that are asked: by keyword alone too where nothing has a vector."""
        self.name, self.weights, self.unit = name, WEIGHTS[name], scale.unit
        self._zero = zero or USUAL_ZERO
        self.weight = 1 / scale.unit if name is Mode.VECTOR else scale.vector or 0.0

    def score(self, words: float, nearness: float) -> float:
        """Return how far a score lies above what nonsense scores."""
        if self.name is Mode.KEYWORD:
            return words - self._zero.keyword
        if self.name is Mode.VECTOR:
            return self.weight * (nearness - self._zero.vector)
        return words - self._zero.words + self.weight * (nearness - self._zero.nearness)

    def lead(self, lead: float) -> float:
        """Return a lead on the scale of the hybrid."""
        return self.weight * lead if self.name is Mode.VECTOR else lead

    def level(self, means: ModeMeans | None, usual: ModeMeans) -> float:
        """Return what questions count in the mean; few of them as much as they tell."""
        count = 0 if means is None else means.questions
        known = self._sum(getattr(means or usual, str(self.name)))
        return (count * known + PRIOR_QUESTIONS * self._sum(getattr(usual, str(self.name)))) / (count + PRIOR_QUESTIONS)

    def _sum(self, means: AnswerMeans) -> float:
        score = self.score(means.words, means.nearness)
        return sum(self.weights.shares(score, self.lead(means.lead), means.coverage))
