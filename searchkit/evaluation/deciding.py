"""Here is how each setting did on each query; which one shall be taken? The mean of what many samples of them choose.

*One choice*: of the settings that the best doesn't beat by a standard error of the paired difference, the nearest to
the usual one (Breiman, Friedman, Olshen, Stone 1984, 3.4.3): few queries move little. *Many*: the queries are drawn
anew, with repeats, each sample chooses so, and the setting in the middle of the choices is taken (bagging, Breiman
1996, doi 10.1007/BF00058655), since a single choice jumps with a query more or less.

How nDCG@10 changed on the rest of the queries, in thousandths, when the vector leg's weight was chosen by some of them,
30 times each, mean of cranfield, digitalgov-known, scifact test and train, xquad-en and half of xquad-xling; where the
usual weight is 2.8, as it is there, and were it 7.9 or .7::

                        2.8                 7.9                  .7
    chosen by        20   50  100  200   20   50  100  200   20   50  100  200 queries
    this            +.1  +.6  +.5  +.5  7.3  8.8  9.5 10.0  8.9 11.0 11.9 13.7
    one choice      -.4  -.3   .0  +.2  4.7  6.7  8.1  8.6  7.8  8.9 10.4 12.5
    highest mean   -4.7 -2.6 -1.1  +.5  4.5  7.2  9.0 10.4  9.4 12.1 12.9 14.5
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Places = NDArray[np.int64]

SAMPLES = 100
"""Samples of the queries: with so many the middle of their choices moves by a tenth of a step between seeds."""

_SEED = 19_960_801


def choose(values: Values, places: Places) -> int:
    """Return which combination of settings to take; the first is the usual one.

    ``values``: ``(combinations, queries)``, at least two queries. ``places``: ``(combinations, settings)``, the step of
    each value on the scale of its setting. The same queries in the same order give the same choice.
    """
    queries = values.shape[1]
    distances = np.abs(places - places[0]).sum(axis=1)
    drawn = np.random.default_rng(_SEED).multinomial(queries, np.full(queries, 1 / queries), size=SAMPLES)
    errors = _errors(values)
    chosen = [_nearest_of_best(values @ times / queries, errors, distances) for times in drawn]
    middle = places[chosen].mean(axis=0)
    # In units of a part of a step, as whole numbers: rounding must not decide between two that are as near.
    away = np.rint(((places - middle) ** 2).sum(axis=1) * 1e6)
    return int(np.lexsort((distances, away))[0])


def _nearest_of_best(means: Values, errors: Values, distances: Places) -> int:
    best = int(np.argmax(means))
    close = np.flatnonzero(means[best] - means <= errors[best])
    return int(close[np.lexsort((-means[close], distances[close]))[0]])


def _errors(values: Values) -> Values:
    """Return the standard error of the mean difference of every two combinations."""
    deviations = np.asarray([(values - one).std(axis=1, ddof=1) for one in values])
    return np.asarray(deviations / np.sqrt(values.shape[1]))
