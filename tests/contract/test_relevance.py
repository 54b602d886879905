"""Relevance: a judged collection is answered as well on a cluster as in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Mode, build
from searchkit.evaluation.judgments import read_judged
from searchkit.evaluation.measures import measure
from searchkit.evaluation.runs import make_run
from searchkit.opensearch import build as cluster_build
from searchkit.opensearch.address import address_of
from tests.contract.engines import opened, remove
from tests.word_encoder import WordEncoder

pytestmark = [pytest.mark.slow, pytest.mark.shared]

QUESTIONS = 40
MEASURE = "nDCG@10"
FLOORS = {Mode.HYBRID: 0.9, Mode.KEYWORD: 0.9, Mode.VECTOR: 0.2}
"""The tests' encoder knows shared words alone: its vectors find a fifth of what they should."""


@pytest.fixture(scope="module")
def both(
    cluster: str, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[searchkit.Searcher, searchkit.Searcher]]:
    """Return searchers of a folder and of its copy on a cluster."""
    pytest.importorskip("pytrec_eval")
    folder, index = tmp_path_factory.mktemp("relevance") / "index", f"{cluster}/relevance"
    build(folder, places=[shared / "collections" / "xquad-en" / "corpus.jsonl"], encoder=WordEncoder())
    remove(index)
    cluster_build.copy(folder, address_of(index))
    with opened(str(folder)) as here, opened(index) as there:
        yield here, there


@pytest.mark.parametrize("mode", list(Mode))
def test_a_collection_is_answered_as_well(
    both: tuple[searchkit.Searcher, searchkit.Searcher], shared: Path, mode: Mode
) -> None:
    judged = read_judged(shared / "collections" / "xquad-en")
    queries = dict(list(judged.queries.items())[:QUESTIONS])
    qrels = {name: judged.qrels[name] for name in queries}
    here, there = (make_run(searcher, queries, mode=mode, depth=10) for searcher in both)
    expected, reached = (measure(run, qrels, [MEASURE]).mean(MEASURE) for run in (here, there))
    assert expected > FLOORS[mode]
    assert reached == pytest.approx(expected, abs=0.003)
    pairs = [
        (there.scores[name][article], score)
        for name in queries
        for article, score in here.scores[name].items()
        if article in there.scores[name]
    ]
    scores, others = np.asarray(pairs).T
    assert len(pairs) > 9 * QUESTIONS
    if mode is Mode.VECTOR:
        assert np.abs(scores - others).max() < 1e-5
    elif mode is Mode.KEYWORD:
        assert np.abs(scores / others - 1).max() < 0.04
