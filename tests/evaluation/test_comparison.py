from __future__ import annotations

import pytest

from searchkit.errors import ConfigError
from searchkit.evaluation.comparison import ChangedQuery, compare
from searchkit.evaluation.measures import MeasuredRun, measure
from searchkit.evaluation.runs import Run

QRELS = {"q1": {"a": 1}, "q2": {"a": 1}, "q3": {"a": 1}}


def measured(name: str, *places: int) -> MeasuredRun:
    """Measure a run that has the relevant article at these places, from 1, in the three queries."""
    scores = {
        query: {**{f"x{n}": 9.0 - n for n in range(1, place)}, "a": 9.0 - place}
        for query, place in zip(QRELS, places, strict=True)
    }
    return measure(Run(name=name, scores=scores), QRELS, ["RR", "P@1"])


def test_a_comparison_is_the_other_minus_the_first() -> None:
    reciprocal, precision = compare(measured("old", 1, 2, 4), measured("new", 1, 1, 2))
    assert (reciprocal.measure, precision.measure) == ("RR", "P@1")
    assert (reciprocal.first, reciprocal.other) == ("old", "new")
    assert reciprocal.difference == pytest.approx((0 + 1 / 2 + 1 / 4) / 3)
    assert (reciprocal.first_mean, reciprocal.other_mean) == pytest.approx(
        ((1 + 1 / 2 + 1 / 4) / 3, (1 + 1 + 1 / 2) / 3)
    )
    assert (reciprocal.real, compare(measured("a", 2, 3, 4), measured("b", 1, 2, 3))[0].real) == (False, True)
    assert (reciprocal.better, reciprocal.worse, reciprocal.same) == (2, 0, 1)
    assert reciprocal.movers == (
        ChangedQuery(query="q2", first=0.5, other=1.0),
        ChangedQuery(query="q3", first=0.25, other=0.5),
    )
    assert reciprocal.interval.low <= reciprocal.difference <= reciprocal.interval.high
    assert 0 < reciprocal.p <= 1


def test_only_so_many_movers_are_named() -> None:
    assert [one.query for one in compare(measured("a", 1, 1, 1), measured("b", 2, 4, 3), movers=2)[0].movers] == [
        "q2",
        "q3",
    ]


def test_runs_measured_on_different_queries_are_not_compared() -> None:
    other = measure(Run(name="other", scores={}), {"q1": {"a": 1}}, ["RR"])
    with pytest.raises(ConfigError, match="different queries"):
        compare(measured("old", 1, 2, 4), other)
