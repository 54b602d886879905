from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from searchkit.config import FUSIONS
from tests.cli.conftest import Run

QUERIES = {"1": "missiles in Venezuela", "2": "arroz", "3": "Patriot batteries", "4": "nobody judged this"}
QRELS = {"1": {"wire-1": 2, "wire-2": 1}, "2": {"wire-3": 1}, "3": {"wire-2": 1}}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    lines = [json.dumps({"_id": query, "text": text}) + "\n" for query, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("".join(lines), encoding="utf-8")
    rows = [f"{query}\t{one}\t{grade}\n" for query, given in QRELS.items() for one, grade in given.items()]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), encoding="utf-8")
    return folder


def test_all_three_modes_are_measured(run: Run, built: Path, judged: Path) -> None:
    ran = run("evaluate", judged, "--index", built)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "judged/test · 3 queries · 4 judgements"
    assert lines[2].split() == ["hybrid", "keyword", "vector"]
    assert [line.split()[0] for line in lines[3:7]] == ["nDCG@10", "R@100", "AP@100", "RR@10"]
    assert all(len(line) <= 80 for line in lines)
    assert "1 of 4 queries have no judgement" in ran.err


def test_as_json_every_number_is_there(run: Run, built: Path, judged: Path) -> None:
    options = ("--mode", "keyword", "--measure", "MRR@10", "--measure", "P@1", "--per-query", "--json")
    read = run("evaluate", judged, "--index", built, *options).json()
    assert (read["name"], read["queries"], read["judgements"], read["depth"]) == ("judged/test", 3, 4, 10)
    (one,) = read["runs"]
    assert one["name"] == "keyword"
    assert one["measures"]["RR@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert one["per_query"]["2"] == {"text": "arroz", "RR@10": 1.0, "P@1": 1.0}


def test_the_values_of_every_query_are_shown_where_wanted(run: Run, built: Path, judged: Path) -> None:
    ran = run("evaluate", judged, "--index", built, "--mode", "keyword", "--measure", "P@1", "--per-query")
    assert [line.split() for line in ran.out.splitlines()[-3:]] == [["1", "1.000"], ["2", "1.000"], ["3", "1.000"]]


def test_a_run_that_was_written_measures_the_same(run: Run, built: Path, judged: Path) -> None:
    direct = run("evaluate", judged, "--index", built, "--mode", "hybrid", "--run-out", "out.run", "--json").json()
    assert Path("out.run").read_text(encoding="utf-8").startswith("1 Q0 wire-1 1 ")
    filed = run("evaluate", judged, "--run", "out.run", "--json").json()
    assert filed["runs"][0]["measures"] == direct["runs"][0]["measures"]
    qrels = judged / "qrels" / "test.tsv"
    alone = run("evaluate", "--qrels", qrels, "--run", "out.run", "--json").json()
    assert alone["runs"][0]["measures"] == direct["runs"][0]["measures"]
    files = ("--qrels", qrels, "--queries", judged / "queries.jsonl")
    asked = run("evaluate", *files, "--index", built, "--mode", "hybrid", "--json").json()
    assert asked["runs"] == direct["runs"]


@pytest.mark.parametrize("other", ["vector", "vector_weight=0.5", "fusion=rrf, depth=5", "copy", "out.run"])
def test_a_run_is_compared_with_another(run: Run, built: Path, judged: Path, other: str) -> None:
    shutil.copytree(built, "copy")
    Path("out.run").write_text("1 Q0 wire-2 1 2.0 x\n1 Q0 wire-1 2 1.0 x\n2 Q0 wire-4 1 1.0 x\n", encoding="utf-8")
    ran = run("evaluate", judged, "--index", built, "--compare", other)
    assert ran.code == 0
    assert f"{other} against hybrid" in ran.out
    assert "better" in ran.out
    read = run("evaluate", judged, "--index", built, "--compare", other, "--json").json()
    assert len(read["runs"]) == 2
    assert {one["measure"] for one in read["comparisons"]} == {"nDCG@10", "R@100", "AP@100", "RR@10"}
    if other == "out.run":
        assert "Moved most" in ran.out
        assert read["comparisons"][0]["movers"][0] == {"query": "2", "first": 1.0, "other": 0.0}


def test_a_long_query_that_moved_leaves_room_for_its_figures(run: Run, built: Path, judged: Path) -> None:
    text = "who sold missiles to Venezuela, and " + "which of them guard the capital " * 5
    (judged / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": text}) + "\n", encoding="utf-8")
    Path("out.run").write_text("1 Q0 wire-4 1 2.0 x\n", encoding="utf-8")
    ran = run("evaluate", judged, "--index", built, "--compare", "out.run")
    (line,) = (line for line in ran.out.splitlines() if "→" in line)
    assert line.split()[1:6] == ["→", "0.000", "1", "who", "sold"]
    assert len(line) <= 80


def test_a_run_file_can_be_compared_with_an_index(run: Run, built: Path, judged: Path) -> None:
    Path("out.run").write_text("1 Q0 wire-2 1 2.0 x\n", encoding="utf-8")
    for other in ("hybrid", "vector_weight=2", str(built)):
        ran = run("evaluate", judged, "--run", "out.run", "--compare", other, "--index", built)
        assert ran.code == 0, ran.err
        assert "no answer  2" in ran.out


def test_chunks_can_be_judged(run: Run, built: Path) -> None:
    Path("chunks.qrels").write_text("1 0 wire-1#0 1\n", encoding="utf-8")
    Path("queries.tsv").write_text("1\tmissiles in Venezuela\n", encoding="utf-8")
    files = ("--queries", "queries.tsv", "--qrels", "chunks.qrels", "--index", built)
    read = run("evaluate", *files, "--level", "chunk", "--json").json()
    assert [one["measures"]["RR@10"]["mean"] for one in read["runs"]] == [1.0, 1.0, 1.0]
    ran = run("evaluate", *files)
    assert (ran.code, ran.out) == (2, "")
    assert "--level chunk" in ran.err


def test_falling_below_a_floor_is_an_exit_code_of_its_own(run: Run, built: Path, judged: Path) -> None:
    base = ("evaluate", judged, "--index", built, "--mode", "keyword")
    assert run(*base, "--fail-under", "MRR@10=.9", "--fail-under", "P@2=0.1").code == 0
    ran = run(*base, "--fail-under", "P@10=.9")
    assert ran.code == 1
    assert "P@10 of keyword is 0.1000, below 0.9." in ran.err
    read = run(*base, "--fail-under", "P@10=.9", "--json").json()
    assert read["fail_under"] == [
        {"measure": "P@10", "floor": 0.9, "value": pytest.approx(3 / 30), "held": False},
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Which queries"),
        (("nowhere",), 2, "There is no folder nowhere"),
        (("judged", "--qrels", "judged/qrels/test.tsv"), 2, "Which queries"),
        (("judged", "--split", "tset"), 2, "Try --split test"),
        (("judged", "--measure", "ndcg@10"), 2, "Did you mean nDCG@10"),
        (("judged", "--level", "section"), 2, "Choose article or chunk"),
        (("judged", "--fail-under", "nDCG@10"), 2, "name=value"),
        (("judged", "--fail-under", "nDCG@10=high"), 2, "nDCG@10=.7"),
        (("judged", "--fail-under", "nDCG@10=nan"), 2, "can't be 'nan'"),
        (("judged", "--fail-under", "nDCG@10=70"), 2, "from 0 to 1"),
        (("judged", "--fail-under", "nDCG@10=-1"), 2, "from 0 to 1"),
        (("judged", "--run-out", "x.run"), 2, "Choose one"),
        (("judged", "--compare", "nothing"), 2, "nothing called 'nothing'"),
        (("judged", "--compare", "depht=5"), 2, "Did you mean 'depth'"),
        (("judged", "--compare", "depth=deep"), 2, "takes a number"),
        (("judged", "--compare", "fusion=borda"), 2, "no fusion 'borda'"),
        (("--qrels", "judged/qrels/test.tsv", "--mode", "keyword"), 2, "--queries FILE"),
        (("--qrels", "missing.tsv"), 8, "missing.tsv can't be read"),
        (("judged", "--run", "empty.run"), 2, "no answer to any of the 3 judged queries"),
        (("judged", "--run", "foreign.run"), 2, "Nothing that foreign.run found is judged"),
        (("judged", "--compare", "foreign.run"), 2, "Nothing that foreign.run found is judged"),
        (("judged", "--run", "empty.run", "--rerank", "any"), 2, "--rerank can't change a run"),
        (("judged", "--run", "empty.run", "--settings", "any.json"), 2, "--settings can't change a run"),
        (("judged", "--run", "missing.run"), 8, "missing.run can't be read"),
        (("judged", "--index", "missing"), 3, "There is no index"),
        (("irds:cranfield",), 7, "pip install ir-datasets"),
    ],
)
def test_bad_arguments_are_said_in_one_message(
    run: Run, built: Path, judged: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    if arguments[0:1] == ("irds:cranfield",) and find_spec("ir_datasets"):
        pytest.skip("ir_datasets is installed")
    Path("empty.run").touch()
    Path("any.json").write_text('{"search": {}, "encoder": "any", "fingerprint": "any"}', encoding="utf-8")
    Path("foreign.run").write_text("1 Q0 elsewhere 1 2.0 x\n", encoding="utf-8")
    given = arguments if "--index" in arguments else (*arguments, "--index", str(built))
    ran = run("evaluate", *given)
    assert (ran.code, ran.out) == (code, "")
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_judged_articles_that_are_not_in_the_index_are_told(run: Run, built: Path, judged: Path) -> None:
    with (judged / "qrels" / "test.tsv").open("a", encoding="utf-8") as file:
        file.write("3\tgone\t1\n")
    ran = run("evaluate", judged, "--index", built, "--mode", "keyword")
    assert "Not in the index, so never found: 1 judged article." in " ".join(ran.err.split())


def test_a_measure_deeper_than_the_archive_is_of_all_it_has(run: Run, built: Path, judged: Path) -> None:
    options = ("--mode", "hybrid", "--measure", "R@2000000", "--json")
    read = run("evaluate", judged, "--index", built, *options).json()
    assert read["runs"][0]["measures"]["R@2000000"]["mean"] == 1.0
    assert read["runs"][0]["unanswered"] == 0


def test_a_run_is_written_deeper_than_its_measures(run: Run, built: Path, judged: Path) -> None:
    run("evaluate", judged, "--index", built, "--mode", "hybrid", "--measure", "P@1", "--run-out", "out.run")
    rows = [line.split()[0] for line in Path("out.run").read_text(encoding="utf-8").splitlines()]
    assert rows.count("1") == 4


def test_a_run_compared_with_its_like_is_noted(run: Run, built: Path, judged: Path) -> None:
    base = ("evaluate", judged, "--index", built, "--mode", "keyword")
    assert "The answers of keyword and of keyword are the same." in run(*base, "--compare", "keyword").err
    assert "are the same" not in run(*base, "--compare", "vector").err


def test_queries_of_a_run_without_judgement_are_told(run: Run, judged: Path) -> None:
    Path("out.run").write_text("1 Q0 wire-2 1 2.0 x\n4 Q0 wire-2 1 2.0 x\n", encoding="utf-8")
    ran = run("evaluate", judged, "--run", "out.run")
    assert ran.code == 0
    assert "1 of 2 queries of out.run have no judgement" in ran.err


@pytest.mark.parametrize("command", ["evaluate", "tune"])
def test_quiet_is_said_to_leave_the_report(run: Run, command: str) -> None:
    told = " ".join(run(command, "--help").out.replace("│", " ").split())
    assert "No progress: only what was found" in told
    assert "no report" not in told


def test_the_other_fusions_are_named(run: Run) -> None:
    told = " ".join(run("evaluate", "--help").out.replace("│", " ").split())
    assert all(name in told for name in FUSIONS if name != "sum")


def test_it_is_told_how_many_queries_are_expressions_and_they_can_be_read_as_words(
    run: Run, built: Path, judged: Path
) -> None:
    lines = [
        json.dumps({"_id": "1", "text": "missiles -Igla"}),
        json.dumps({"_id": "2", "text": "ARROZ AND COSECHA"}),
        json.dumps({"_id": "3", "text": 'Who buys "Patriot batteries"?'}),
    ]
    (judged / "queries.jsonl").write_text("\n".join(lines), encoding="utf-8")
    options = (judged, "--index", built, "--mode", "keyword", "--measure", "RR@10")
    default = run("evaluate", *options, "--json").json()
    assert "1 of 3 queries read as an expression (keyword): --words searches their words." in default["notes"]
    assert default["runs"][0]["measures"]["RR@10"]["mean"] == pytest.approx(2 / 3)
    words = run("evaluate", *options, "--words", "--json").json()
    assert not any("read as" in note for note in words["notes"])
    assert words["runs"][0]["measures"]["RR@10"]["mean"] == 1.0
    compared = run("evaluate", *options, "--compare", "syntax=words", "--json").json()
    assert compared["comparisons"][0]["difference"] == pytest.approx(1 / 3)
    assert run("evaluate", *options, "--words", "--expression").code == 2
    assert run("evaluate", *options, "--compare", "syntax=lucene").code == 2


def test_each_query_is_asked_as_of_its_own_date(run: Run, built: Path, judged: Path) -> None:
    path = judged / "queries.jsonl"
    rows = [json.loads(line) | {"asked": "1999-12-31"} for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ("--mode", "keyword", "--measure", "P@1", "--json")
    plain = run("evaluate", judged, "--index", built, *options).json()
    kept = run("evaluate", judged, "--index", built, *options, "--as-of", "asked").json()
    assert kept["runs"][0]["measures"]["P@1"]["mean"] == plain["runs"][0]["measures"]["P@1"]["mean"] == 1.0
    left_out = run("evaluate", judged, "--index", built, *options, "--as-of", "asked", "--exclude-later").json()
    assert left_out["runs"][0]["measures"]["P@1"]["mean"] < 1.0


@pytest.mark.parametrize("options", [("--as-of", "nowhere"), ("--exclude-later",)])
def test_a_time_that_is_none_is_refused(run: Run, built: Path, judged: Path, options: tuple[str, ...]) -> None:
    assert run("evaluate", judged, "--index", built, *options).code == 2
