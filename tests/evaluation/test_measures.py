from __future__ import annotations

import random
import sys
from math import log2

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from searchkit.errors import ConfigError, MissingExtra
from searchkit.evaluation.measures import DEFAULT_MEASURES, depth_for, measure, standard_names, trec_order
from searchkit.evaluation.runs import Run

QRELS = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"d": 1}}
TREC_NAMES = {
    "nDCG@10": "ndcg_cut_10",
    "nDCG": "ndcg",
    "AP": "map",
    "AP@100": "map_cut_100",
    "R@100": "recall_100",
    "P@5": "P_5",
    "RR": "recip_rank",
    "Bpref": "bpref",
    "Success@5": "success_5",
    "Rprec": "Rprec",
}


def run(**scores: dict[str, float]) -> Run:
    return Run(name="run", scores=scores)


def test_the_figures_are_spelled_out() -> None:
    measured = measure(run(q1={"c": 3.0, "a": 2.0, "b": 1.0}, q2={"d": 1.0}), QRELS, ["nDCG@10", "AP", "RR@10", "P@2"])
    ideal = 2 / log2(2) + 1 / log2(3)
    assert measured.per_query["nDCG@10"] == pytest.approx(
        {"q1": (2 / log2(3) + 1 / log2(4)) / ideal, "q2": 1.0}, abs=1e-12
    )
    assert measured.per_query["AP"]["q1"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert measured.per_query["RR@10"] == {"q1": 1 / 2, "q2": 1.0}
    assert measured.per_query["P@2"] == {"q1": 1 / 2, "q2": 1 / 2}
    assert measured.mean("MRR@10") == 3 / 4
    low, high = measured.figures[2].interval.low, measured.figures[2].interval.high
    assert 1 / 2 == low <= 3 / 4 <= high == 1.0


def test_a_query_without_an_answer_counts_0_and_one_without_a_judgement_not_at_all() -> None:
    measured = measure(run(q1={"a": 1.0}, q2={}, q3={"d": 5.0}), QRELS)
    assert measured.unanswered == 1
    for name in DEFAULT_MEASURES:
        assert set(measured.per_query[name]) == {"q1", "q2"}
        assert measured.per_query[name]["q2"] == 0.0
    nothing = measure(run(), QRELS)
    assert nothing.unanswered == 2
    assert [figure.mean for figure in nothing.figures] == [0.0] * 4


@pytest.mark.parametrize("name", ["RR", "RR@10", "ERR@10", "P@1", "Judged@1"])
def test_equal_scores_stand_in_descending_order_of_ids_for_every_tool(name: str) -> None:
    tied = measure(run(q1={"a": 1.0, "c": 1.0, "x": 1.0, "b": 1.0}), QRELS, [name])
    plain = measure(run(q1={"x": 4.0, "c": 3.0, "b": 2.0, "a": 1.0}), QRELS, [name])
    assert tied.per_query == plain.per_query


def test_scores_are_compared_in_32_bits_as_trec_eval_keeps_them() -> None:
    assert trec_order({"a": 1.0 + 1e-12, "b": 1.0, "c": 2.0}) == ["c", "b", "a"]
    assert trec_order({"a": 1e300, "b": 1e299}) == ["b", "a"]


ids = st.sampled_from([f"d{number}" for number in range(12)] + ["é", "Z", "д"])
grades = st.dictionaries(ids, st.integers(-1, 3), min_size=1)
scores = st.dictionaries(ids, st.sampled_from([0.0, 0.5, 0.5 + 1e-12, 1.0, -2.0, 7.25]))


@given(
    qrels=st.dictionaries(st.sampled_from("abc"), grades, min_size=1),
    found=st.dictionaries(st.sampled_from("abcd"), scores),
)
def test_every_figure_is_trec_evals(qrels: dict[str, dict[str, int]], found: dict[str, dict[str, float]]) -> None:
    names = list(TREC_NAMES)
    measured = measure(Run(name="run", scores=found), qrels, names)
    judged = {query: given for query, given in qrels.items() if max(given.values()) >= 0}  # else it crashes
    trec_names = {"ndcg", "ndcg_cut", "map", "map_cut", "recall", "P", "recip_rank", "bpref", "success", "Rprec"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, trec_names).evaluate(
        {query: answer for query, answer in found.items() if answer}
    )
    for name in names:
        for query in qrels:
            expected = theirs.get(query, {}).get(TREC_NAMES[name], 0.0)
            assert measured.per_query[name][query] == pytest.approx(expected, abs=1e-9)
        means = [theirs.get(query, {}).get(TREC_NAMES[name], 0.0) for query in qrels]
        assert measured.mean(name) == pytest.approx(sum(means) / len(qrels), abs=1e-9)


def test_a_large_run_gives_trec_evals_figures() -> None:
    dice = random.Random(7)
    qrels = {f"q{q}": {f"d{dice.randrange(500)}": dice.randrange(3) for _ in range(20)} for q in range(40)}
    found = {f"q{q}": {f"d{d}": round(dice.random(), 2) for d in range(300)} for q in range(38)}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "map"}).evaluate(found)
    measured = measure(Run(name="run", scores=found), qrels, ["nDCG@10", "AP"])
    for name, trec in (("nDCG@10", "ndcg_cut_10"), ("AP", "map")):
        expected = sum(values[trec] for values in theirs.values()) / len(qrels)
        assert measured.mean(name) == pytest.approx(expected, abs=1e-12)


def test_measures_go_by_their_standard_names() -> None:
    assert standard_names(["MRR@10", "RR@10", "Recall@100", "MAP"]) == ("RR@10", "R@100", "AP")
    assert standard_names(["ndcg_cut_10", "recall_100", "map", "map_cut_100", "P_5", "recip_rank"]) == (
        "nDCG@10",
        "R@100",
        "AP",
        "AP@100",
        "P@5",
        "RR",
    )
    assert depth_for(["nDCG@10", "R@100"]) == 100
    assert depth_for(["ndcg_cut_20"]) == 20
    assert depth_for(["nDCG@10", "MAP"]) == 1000


@pytest.mark.parametrize("name", ["", "ndcg", "P", "P@k", "nDCG@0", "NumRet", "RBP(p=.8)", "nDCG@10)", "x y", "P(5)"])
def test_what_is_no_measure_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="There is no measure"):
        standard_names([name])


def test_the_nearest_measure_is_suggested() -> None:
    with pytest.raises(ConfigError, match="Did you mean nDCG@10"):
        standard_names(["ndgc@10"])
    with pytest.raises(ConfigError, match="wasn't measured"):
        measure(run(), QRELS, ["P@1"]).mean("P@2")


def test_without_the_package_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(MissingExtra, match="pip install ir-measures pytrec-eval-terrier"):
        measure(run(), QRELS)
