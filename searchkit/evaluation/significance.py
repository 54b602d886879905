"""Significance: how sure a mean over queries is, resampled from a fixed seed.

*Interval*: the percentile bootstrap over queries (Efron and Tibshirani 1993, chapter 13; for retrieval Sakai, SIGIR
2006, doi 10.1145/1148170.1148261). *Test*: Fisher's randomisation of paired differences, two-sided, which Smucker,
Allan and Carterette (CIKM 2007, doi 10.1145/1321440.1321528) recommend: were both the same, each difference could as
well bear the other sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


SAMPLES = 10_000
"""Samples drawn: with so many the ends of an interval move by less than a hundredth of its width between seeds."""

LEVEL = 0.95
_SEED = 20_070_611
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From ``low`` to ``high``."""

    low: float
    high: float


def bootstrap_interval(values: Values, *, samples: int = SAMPLES, seed: int = _SEED) -> Interval:
    """Return the 95 % interval of the mean of ``(n,)`` values, n above 0: drawn n at a time, with repeats."""
    means = np.concatenate([values[drawn].mean(axis=1) for drawn in _draws(len(values), samples, seed)])
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high))


def randomisation_test(differences: Values, *, samples: int = SAMPLES, seed: int = _SEED) -> float:
    """Return p: how often random signs give ``(n,)`` paired differences a mean at least as far from 0, two-sided.

    The signs as they are count as one of the samples (Phipson and Smyth 2010), so p is never 0.
    """
    random = np.random.default_rng(seed)
    changed = differences[differences != 0.0]
    observed = abs(float(changed.sum())) * (1 - 1e-12)  # equal sums must not differ by the order of adding
    reached = 0
    for size in _blocks(max(1, len(changed)), samples):
        signs = random.integers(0, 2, (size, len(changed)), dtype=np.int8) * 2.0 - 1.0
        reached += int(np.count_nonzero(np.abs(signs @ changed) >= observed))
    return (reached + 1) / (samples + 1)


def _draws(number: int, samples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    for size in _blocks(number, samples):
        yield random.integers(0, number, (size, number))


def _blocks(number: int, samples: int) -> Iterator[int]:
    """Yield sizes of blocks of samples that add up to all, none of them much larger than a million numbers."""
    most = max(1, _BLOCK // number)
    for start in range(0, samples, most):
        yield min(most, samples - start)
