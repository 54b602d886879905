"""Confidence: how sure it is that the archive has something on what was asked, from 0 to 1.

``confidence = sigma(a * (x - x0) - b - c * m)``: x is the score on the scale of its mode (hybrid: the score; keyword:
BM25 over the root of U; vector: the cosine), x0 what questions without sense score in this archive in that mode
(``index/score_baseline.py``), m how much the question's words are of several languages (``language_bias.py``), a, b and
c the mode's curve. So it compares across queries and indexes, and it is in the order of the scores where no reranker is
asked: it is of the fused score, before one moves it, so that it means the same with and without, and results may stand
in another order than their confidences then. A query without words, as of filters alone, has none: its results score
alike.

**It says "the archive covers this", not "this is the answer"**: it tells a question of another field, or nonsense, from
one that the archive is about, and knows much less of whether just this question is answered. A question that shares no
word with its answer, or is asked in another language, may score no higher than words drawn at random: it is unsure
then, even where the right article comes first. ``scripts/bench_confidence.py`` measures all this; ``SCORING.md`` has
the figures.

In hybrid mode x0 is put together of its two shares with the weight that holds, so that what nonsense scores has the
same confidence under a tuned weight. How steeply it rises from there was chosen with the usual weights: the further a
weight lies from those (``tune`` tries a thirty-second to 32 times), the less it is held to be a probability. Where
too little was there to ask (fewer than 100 chunks), x0 is the mean of six collections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

from searchkit.index.manifest import ScoreBaseline
from searchkit.search.fusion import Scale

if TYPE_CHECKING:
    from searchkit.search.fusion import CandidateScale


USUAL_ZERO = ScoreBaseline(queries=0, keyword=0.88, vector=0.39, words=0.76, nearness=0.31)
"""Means of scifact, cranfield, digitalgov-known, xquad-en, xquad-xling and the samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """``sigma(steepness * (x - zero) - distance - mixed * m)``."""

    steepness: float
    distance: float
    mixed: float = 0.0

    def at(self, above_zero: float, mixed: float = 0.0) -> float:
        """Return the confidence of what lies so far above the zero, of a question so mixed of languages."""
        z = self.steepness * above_zero - self.distance - self.mixed * mixed
        return 1 / (1 + exp(-z)) if z > -700 else 0.0


HYBRID = Curve(steepness=7.0, distance=3.4, mixed=10.0)
KEYWORD = Curve(steepness=9.5, distance=2.9, mixed=10.0)
VECTOR = Curve(steepness=32.0, distance=2.5, mixed=2.0)
"""Steepness and distance are those of a grid with the least expected calibration error in the mean of scifact, xquad-en
and the samples: .071 by hybrid, .084 by keyword, .067 by vector. On cranfield, digitalgov-known and xquad-xling, on
which they were not chosen, .036, .033 and .064. Much hangs on which three are chosen on: over all twenty ways the error
on the other three is .073 (.033 to .135), .068 (.031 to .096) and .091 (.057 to .147). The samples are the worst of the
six by these curves, .166, .176 and .154. Steepness and distance halved or doubled gave .064 and .059 on all six instead
of .051 (hybrid), .082 and .066 instead of .058 (keyword), .089 and .082 instead of .064 (vector) before languages
counted. 150 questions of each kind, 76 of the samples'; ``scripts/bench_confidence.py --choose`` prints it, but for the
halved and doubled.

What mixed languages take off was chosen on the samples, where more gains little: questions are told from words drawn of
all languages by an area of .845 with 0, .901 with 7, .914 with 10, .923 with 14 (hybrid; vector .841, with 2 .862); on
xquad-xling .964 and .995 (vector .829 and .881, where more takes the calibration error above .065)."""


def confidences(
    scores: Sequence[float], scale: Scale | CandidateScale, zero: ScoreBaseline | None, mixed: float = 0.0
) -> list[float | None]:
    """Return the confidences of some results; None in a fusion whose scores mean nothing beyond one search.

    ``mixed``, 0 to 1, is how much the question's words are of several languages.
    """
    if not isinstance(scale, Scale):
        return [None] * len(scores)
    curve = curve_of(scale)
    return [curve.at(above_zero(score, scale, zero), mixed) for score in scores]


def above_zero(score: float, scale: Scale, zero: ScoreBaseline | None) -> float:
    """Return how far a score lies above what nonsense scores, on the scale of its mode."""
    known = zero or USUAL_ZERO
    if scale.vector is None:
        return score / scale.unit - known.keyword
    if scale.keyword is None:
        return score - known.vector
    return score - known.words - scale.vector * known.nearness


def curve_of(scale: Scale) -> Curve:
    """Return the curve of the mode that a scale is of."""
    if scale.vector is None:
        return KEYWORD
    return VECTOR if scale.keyword is None else HYBRID
