"""What is printed of a result is enough to work its score out again, whatever fused, leant or reranked it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import searchkit
from searchkit import Mode, SearchConfig, Searcher
from searchkit.answer import Answer
from searchkit.cli.output.console import Screen
from searchkit.cli.output.explain_text import sums
from searchkit.cli.output.formats import answer_json, to_json
from searchkit.cli.output.result_table import answer_table
from searchkit.config import FUSIONS
from tests.index.archive import article
from tests.word_encoder import WordEncoder, WordReranker

TEXT = "field 7 exports of oil"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index articles of two languages, some of one chunk and some of many."""
    folder = tmp_path_factory.mktemp("explaining") / "index"
    long = " ".join(f"Oil exports of field {n} were {n * 7} barrels. The rice fell by {n}." for n in range(60))
    english = [article(n, text=f"Oil of field {n} fell.", language="en") for n in range(40)]
    spanish = [article(n, text=f"El campo {n} tiene oil.", language="es") for n in range(40, 80)]
    longer = [article(90 + n, text=long[n * 40 :], language="en") for n in range(8)]
    searchkit.build(folder, [*english, *spanish, *longer], encoder=WordEncoder())
    return folder


def opened(index: Path, reranker: object = None, **config: object) -> Searcher:
    settings = SearchConfig.from_dict({"rerank_budget_s": None, **config})
    return searchkit.open(index, encoder=WordEncoder(), reranker=reranker, config=settings)  # type: ignore[arg-type]


def printed(answer: Answer) -> list[dict[str, Any]]:
    """Return the results as a program reads them."""
    read: list[dict[str, Any]] = json.loads(to_json(answer_json(answer, index="index", explain=True)))["results"]
    return read


def worked_out(part: dict[str, Any]) -> float:
    """Work out a share from what stands beside it, by what it says of itself."""
    names = {name: part[name] for name in ("score", "less", "times", "rank")}
    value = eval(part["how"], {"__builtins__": {}, "sqrt": sqrt, "exp": exp}, names)
    return float(value)


def check(results: list[dict[str, Any]]) -> None:
    for result in results:
        votes = result["votes"]
        assert sum(vote["counts"] for vote in votes) == pytest.approx(1, abs=1e-12)
        total = sum(vote["counts"] * sum(map(worked_out, vote["contributions"])) for vote in votes)
        assert total == pytest.approx(result["score"], abs=1e-9)
        for vote in votes:
            for part in vote["contributions"]:
                assert worked_out(part) == pytest.approx(part["share"], abs=1e-9)
        for chunk in result["chunks"]:
            assert sum(map(worked_out, chunk["contributions"])) == pytest.approx(chunk["score"], abs=1e-9)
        for leg in {part["leg"] for part in result["contributions"]}:
            mine = sum(v["counts"] * part["share"] for v in votes for part in v["contributions"] if part["leg"] == leg)
            (whole,) = (part["share"] for part in result["contributions"] if part["leg"] == leg)
            assert mine == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("reranker", [None, WordReranker()])
def test_a_score_is_worked_out_from_what_is_printed(index: Path, mode: Mode, reranker: object) -> None:
    with opened(index, reranker, rerank_weight=0.7) as searcher:
        results = printed(searcher.search(TEXT, mode=mode, k=30, explain=True))
    assert len(results) == 30
    assert max(len(result["votes"]) for result in results) == 5
    check(results)
    legs = {part["leg"] for result in results for vote in result["votes"] for part in vote["contributions"]}
    assert ("reranker" in legs) == (reranker is not None)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("text", [TEXT, "-rice", "source:nobody OR oil"])
def test_every_fusion_and_any_query_explains_itself(index: Path, fusion: str, text: str) -> None:
    with opened(index, fusion=fusion) as searcher:
        results = printed(searcher.search(text, k=30, explain=True))
    assert results
    check(results)


def test_the_parts_that_the_formula_names_are_there(index: Path) -> None:
    with opened(index, vector_weight=3.5) as searcher:
        legs = searcher.legs(searchkit.Query(text=TEXT))
        assert legs.keyword is not None
        results = printed(searcher.search(TEXT, k=60, explain=True))
        row_of = {one.id: row for row, one in enumerate(legs.generation.chunks_at(range(legs.generation.rows)))}
        for vote in (vote for result in results for vote in result["votes"]):
            keyword, vector = (part for part in vote["contributions"] if part["leg"] in ("keyword", "vector"))
            rows = np.asarray([row_of[vote["chunk_id"]]])
            (idf_sum,) = re.findall(r"score / sqrt\((.*)\)", keyword["how"])
            assert float(idf_sum) == pytest.approx(legs.keyword.idf_sum, abs=1e-9)
            assert keyword["times"] == pytest.approx(1 / sqrt(legs.keyword.idf_sum), abs=1e-12)
            assert vector["times"] == 3.5
            assert vector["how"] == "(score - less) * times"
            assert legs.lean is not None
            (nearness,) = legs.lean.nearness(legs.cosine(rows), rows)
            assert vector["less"] == pytest.approx(vector["score"] - nearness, abs=1e-12)
    assert len({part["less"] for result in results for vote in result["votes"] for part in vote["contributions"]}) > 2


def test_a_person_reads_the_same_sums_in_the_table(index: Path) -> None:
    with opened(index) as searcher:
        answer = searcher.search(TEXT, k=30, explain=True)
    lines = Screen(environment={"COLUMNS": "80"}).draw(answer_table(answer, explain=True)).splitlines()
    said = [line.strip() for line in lines if " of #" in line]
    votes = [vote for result in answer.results for vote in result.votes]
    assert len(said) == len(votes) > 30
    for line, vote in zip(said, votes, strict=True):
        counts, score, ordinal, _ = re.findall(r"^(\S+) of (\S+), of #(\d+): (.*)$", line)[0]
        assert float(counts) == pytest.approx(vote.counts, abs=0.0005)
        assert float(score) == pytest.approx(vote.score, abs=0.0005)
        assert vote.chunk_id.endswith(f"#{ordinal}")


def read_sum(line: str) -> tuple[str, str, float]:
    """Return what a line says a vote counts, its score, and what its sum comes to for someone who works it out."""
    counts, score, said = re.findall(r"^(\S+) of (\S+), of #\d+: (.*)$", line)[0]
    assert not re.search(r"\+ -|- -", said)
    written = re.sub(r"√([\d.]+)", r"sqrt(\1)", said.replace("×", "*"))
    return counts, score, float(eval(written, {"__builtins__": {}, "sqrt": sqrt, "exp": exp}))


@pytest.mark.parametrize(("fusion", "reranker"), [*((name, None) for name in FUSIONS), ("sum", WordReranker())])
def test_what_a_person_reads_adds_up_to_the_last_digit(index: Path, fusion: str, reranker: object) -> None:
    with opened(index, reranker, fusion=fusion, rerank_weight=0.7) as searcher:
        results = searcher.search(TEXT, k=60, explain=True).results
    assert len(results) == 60
    for result in results:
        total = counted = 0.0
        for line in sums(result):
            counts, score, value = read_sum(line)
            digits = len(score.partition(".")[2])
            assert f"{value:.{digits}f}" == score
            total += float(counts) * float(score)
            counted += float(counts)
        assert f"{total:.3f}" == f"{result.score:.3f}"
        assert counted == pytest.approx(1, abs=1e-9)


def test_each_share_is_what_its_arithmetic_gives(index: Path) -> None:
    with opened(index, fusion="minmax") as searcher:
        results = searcher.search(TEXT, k=60, explain=True).results
    for result in results:
        (vote,), (line,) = result.votes, sums(result)
        products = re.findall(r"([-+] |)(\([^)]*\)) × (\S+)", line)
        assert len(products) == len(vote.contributions) == 2
        for (sign, difference, times), part in zip(products, vote.contributions, strict=True):
            value = eval(f"{sign}{difference} * {times}", {"__builtins__": {}})
            assert value == pytest.approx(part.share, abs=0.001)


def test_votes_are_printed_only_where_they_are_asked_for(index: Path) -> None:
    with opened(index) as searcher:
        answer = searcher.search(TEXT, k=2, explain=True)
    assert all("votes" not in one for one in answer_json(answer, index="index")["results"])


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_how_scores_come_about_is_told_where_it_is_asked_for_and_changes_nothing_else(index: Path, mode: str) -> None:
    with opened(index) as searcher:
        told = searcher.search(TEXT, mode=mode, k=30, explain=True).results
        plain = searcher.search(TEXT, mode=mode, k=30).results
    assert len(plain) > 3
    for result in plain:
        assert (result.contributions, result.votes) == ((), ())
        assert all(chunk.contributions == () for chunk in result.chunks)
    for result in told:
        assert result.contributions
        assert result.votes
        assert all(chunk.contributions for chunk in result.chunks)
    quiet = [
        replace(
            result,
            contributions=(),
            votes=(),
            chunks=tuple(replace(chunk, contributions=()) for chunk in result.chunks),
        )
        for result in told
    ]
    assert quiet == list(plain)
