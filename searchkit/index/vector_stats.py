"""Vector statistics of each language: sums from which a search learns how to read a cosine.

The sums are handed on from generation to generation: what is new is added, what is deleted is taken
away. Where vectors are made that segments waited for, or the generation before didn't count, all are counted.

Two things differ from encoder to encoder, and from language to language in one encoder: where the middle of the vectors
lies, and how far cosines spread around it. Both follow from sums over vectors that can be added and taken away again,
so they are counted for what lives, like every other statistic, and an index knows the same whatever it went through:

``chunks``   how many vectors; ``total``, their sum, ``(dimension,)``;
``sketch``   ``(256,)``: sum of ``(v . a)(v . b)`` over the vectors, for 256 fixed pairs of random signs. With the mean
m, ``c = sketch / chunks - (m . a)(m . b)`` is such a sum of the covariance S, and the mean of c² is ``tr(S²)`` (Alon,
Matias, Szegedy 1996, doi 10.1145/237814.237823), to a tenth: the variance of the cosine of two centred vectors.

A language is what stands before the hyphen of its code, where that has two letters; all else is one group, "".
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from searchkit.config import DEFAULT_ENCODER
from searchkit.index.manifest import VectorStatsFact
from searchkit.storage.files import let_go

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Numbers = NDArray[np.float64]
    from searchkit.index.manifest import Manifest
    from searchkit.index.segment_merge import MergeInput
    from searchkit.index.segment_reader import Segment

    Mask = NDArray[np.bool_]


_PAIRS = 256
"""The spread is known to 4 % by them; the weight that follows from it may be 20 % off and cost nothing."""

_SMOOTHING_CHUNKS = 30

_AT_ONCE = 8192
"""Vectors that are read and multiplied at once: 12 MB of 384 dimensions."""


WEIGHT = 0.3
"""The weight of the vector retriever is this over the deviation of the cosine: 2.8 for the default encoder, for which
that is .09 to .117 in four English collections. On eleven collections 2.3 to 3.8 ranked alike, within .003 nDCG@10."""

DEFAULT_WEIGHT = 2.8
"""For the default encoder, measured on eleven collections; and where there are too few vectors to learn from."""

STATIC_WEIGHT = 1.4
"""For static encoders, whose cosines spread as those of others, and say less. Hybrid nDCG@10 with .7, 1.4, 2.8 and
keywords alone: scifact .720, .720, .706, .709; cranfield .532, .535, .527, .526; xquad-en .974, .973, .968, .971;
digitalgov-known with 1, 1.4, 2.8 and keywords alone: .812, .814, .808, .809."""

_ENOUGH = 50
"""Vectors from which a weight is learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStats:
    """What is known of some vectors. See the module's table."""

    chunks: int
    total: Numbers
    sketch: Numbers

    def plus(self, other: VectorStats, sign: int = 1) -> VectorStats:
        """Count the vectors of another too; with ``sign`` -1 take them away."""
        return VectorStats(
            chunks=self.chunks + sign * other.chunks,
            total=self.total + sign * other.total,
            sketch=self.sketch + sign * other.sketch,
        )

    @property
    def mean(self) -> Numbers:
        """The middle of the vectors, ``(dimension,)``."""
        return self.total / max(1, self.chunks)

    @property
    def variance(self) -> float:
        """How much the cosines of two centred vectors vary."""
        first, second = _signs(len(self.total))
        middle = self.mean
        centred = self.sketch / max(1, self.chunks) - (middle @ first) * (middle @ second)
        return float(np.mean(centred**2))


StatsByLanguage = Mapping[str, VectorStats]
"""By group of languages."""


def group_of(language: str | None) -> str:
    """Return the group that a language's vectors are counted in: ``zh-TW`` in ``zh``."""
    short = (language or "").partition("-")[0].lower()
    return short if len(short) == 2 and short.isascii() and short.isalpha() else ""


def spreads_of(vectors: Vectors, groups: Sequence[str], chosen: NDArray[np.int64]) -> dict[str, VectorStats]:
    """Count some rows of ``(n, dimension)`` vectors; ``groups`` names the group of each row that is ``chosen``."""
    names = np.asarray(groups, dtype=object)
    stats: dict[str, VectorStats] = {}
    for name in sorted(set(groups)):
        rows = chosen[names == name]
        for start in range(0, len(rows), _AT_ONCE):
            part = _spread(vectors[rows[start : start + _AT_ONCE]])
            stats[name] = stats[name].plus(part) if name in stats else part
    return stats


def _spread(vectors: Vectors) -> VectorStats:
    first, second = _signs(vectors.shape[1])
    exact = vectors.astype(np.float64)
    return VectorStats(
        chunks=len(vectors), total=exact.sum(axis=0), sketch=np.einsum("ij,ij->j", exact @ first, exact @ second)
    )


def combined(counted: Iterable[tuple[StatsByLanguage, int]]) -> dict[str, VectorStats]:
    """Add and take away (sign 1 and -1); a group without vectors is left out."""
    sums: dict[str, VectorStats] = {}
    for spreads, sign in counted:
        for name, spread in spreads.items():
            empty = VectorStats(chunks=0, total=np.zeros_like(spread.total), sketch=np.zeros_like(spread.sketch))
            sums[name] = sums.get(name, empty).plus(spread, sign)
    return {name: spread for name, spread in sorted(sums.items()) if spread.chunks > 0}


def leans(spreads: StatsByLanguage) -> dict[str, Numbers]:
    """Return how far the middle of each language lies from the middle of all, ``(dimension,)``.

    ``search/language_bias.py`` takes it off cosines.     Few vectors tell little of where their language lies, and a
    mislabelled article nothing: n of them count
    ``n / (n + 30)`` (with 0, 50, 200, 1000 in the place of 30: samples .794, .784, .783, .777 nDCG@10, xquad-xling
    .428, .425, .418, .408, scifact and digitalgov-known, where single articles bear a wrong language, the same).
    """
    chunks = sum(spread.chunks for spread in spreads.values())
    middle = np.sum([spread.total for spread in spreads.values()], axis=0) / max(1, chunks)
    return {
        name: (spread.mean - middle) * (spread.chunks / (spread.chunks + _SMOOTHING_CHUNKS))
        for name, spread in spreads.items()
    }


def deviation(spreads: StatsByLanguage) -> float:
    """Return the standard deviation of the cosine of two centred vectors of one language; 0 where there are none."""
    chunks = sum(spread.chunks for spread in spreads.values())
    return sqrt(sum(spread.chunks * spread.variance for spread in spreads.values()) / chunks) if chunks else 0.0


def learnt_weight(spreads: StatsByLanguage, encoder: str) -> float:
    """Return the vector retriever's weight that an archive's vectors ask for, .5 to 30; one for static encoders."""
    from searchkit.encoders.static_encoder import PREFIX

    if encoder.startswith(PREFIX):
        return STATIC_WEIGHT
    spread = deviation(spreads)
    if encoder == DEFAULT_ENCODER or sum(stats.chunks for stats in spreads.values()) < _ENOUGH or spread <= 0:
        return DEFAULT_WEIGHT
    return min(30.0, max(0.5, WEIGHT / spread))


def spread_facts(spreads: StatsByLanguage) -> dict[str, VectorStatsFact]:
    """Return what a manifest holds: the sums as base64 of little-endian float64."""
    return {
        name: VectorStatsFact(chunks=spread.chunks, total=_text(spread.total), sketch=_text(spread.sketch))
        for name, spread in spreads.items()
    }


def spreads_from(facts: Mapping[str, VectorStatsFact], dimension: int) -> dict[str, VectorStats]:
    """Read what a manifest holds. Raises ``ValueError`` for what can't be."""
    return {
        name: VectorStats(
            chunks=fact.chunks,
            total=_numbers(fact.total, dimension, fact.chunks),
            sketch=_numbers(fact.sketch, _PAIRS, fact.chunks * dimension),
        )
        for name, fact in facts.items()
    }


def _numbers(text: str, count: int, limit: int) -> Numbers:
    """Read ``count`` numbers; vectors of length 1 add up to no more than ``limit``."""
    content = b64decode(text, validate=True)
    numbers = np.frombuffer(content, dtype="<f8") if len(content) == 8 * count else np.full(count, np.nan)
    if not (np.abs(numbers) <= 1.01 * limit + 1).all():  # a NaN isn't either
        raise ValueError("sums of vectors that can't be")
    return numbers


def _text(numbers: Numbers) -> str:
    return b64encode(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).decode("ascii")


@cache
def _signs(dimension: int) -> tuple[Numbers, Numbers]:
    """Return the fixed pairs, ``(dimension, 256)`` each: bits of SHAKE-256, the same for ever."""
    count = 2 * dimension * _PAIRS
    bits = np.unpackbits(np.frombuffer(hashlib.shake_256(b"spread").digest((count + 7) // 8), dtype=np.uint8))[:count]
    signs = bits.astype(np.float64).reshape(2, dimension, _PAIRS) * 2 - 1
    return signs[0], signs[1]


_LOOKUP_SHARE = 50
"""Where fewer than one of so many articles are asked for, each is looked up: reading all is reading the whole file."""

_COUNTED_AT_ONCE = 65_536
"""Vectors that are counted before their pages are given back: 100 MB of 384 dimensions."""


def groups(segment: Segment) -> list[str]:
    """Return the group of languages of each article of a segment, in the order of its rows."""
    return [group_of(language) for (language,) in segment.articles.rows("SELECT language FROM articles ORDER BY row")]


def changed_spreads(before: Manifest | None, parts: Sequence[MergeInput]) -> dict[str, VectorStats] | None:
    """Return how the vectors lie after a change: ``parts`` are the segments of the generation before, then new ones.

    None where that can't be known from the change alone.
    """
    old = before.segments if before else ()
    if before and before.vectors and not before.spreads:
        return None
    counted: list[tuple[StatsByLanguage, int]] = []
    if before:
        try:
            counted.append((spreads_from(before.spreads, before.encoder.dimension), 1))
        except ValueError:  # altered by somebody
            return None
    for place, part in enumerate(parts):
        if place >= len(old):
            counted.append((_counted(part.segment, ~part.gone), 1))
        elif part.fresh:
            chosen = np.zeros(len(part.gone), dtype=bool)
            chosen[list(part.fresh)] = True
            counted.append((_counted(part.segment, chosen), -1))
    return combined(counted)


def all_spreads(segments: Iterable[Segment]) -> dict[str, VectorStats]:
    """Return how the vectors of all that lives lie."""
    return combined((_counted(segment, segment.living_articles), 1) for segment in segments)


def _counted(segment: Segment, articles: Mask) -> dict[str, VectorStats]:
    """Count the vectors of some articles of a segment, ``(articles,)`` bool."""
    if segment.vectors is None:
        return {}
    chosen, sizes = np.flatnonzero(articles), np.diff(segment.starts)
    if len(chosen) * _LOOKUP_SHARE <= len(articles):
        names = [group_of(language) for language in segment.articles.languages(chosen.tolist())]
    else:
        every = groups(segment)
        names = [every[row] for row in chosen]
    rows = np.flatnonzero(segment.rows_of(articles))
    of_rows = np.repeat(np.asarray(names, dtype=object), sizes[chosen])
    counted: list[tuple[StatsByLanguage, int]] = []
    for first in range(0, len(rows), _COUNTED_AT_ONCE):
        some = slice(first, first + _COUNTED_AT_ONCE)
        counted.append((spreads_of(segment.vectors.matrix, of_rows[some].tolist(), rows[some]), 1))
        let_go(segment.vectors.matrix)
    return combined(counted)
