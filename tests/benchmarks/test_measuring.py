"""The scripts that measure confidence and choices: what they are asked wrongly, and whom they compare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import searchkit
from scripts import ablations, bench_confidence
from searchkit.errors import ConfigError
from searchkit.evaluation.judgments import Judgments
from tests.word_encoder import WordEncoder


def judged(name: str, *texts: str) -> Judgments:
    return Judgments(name=name, queries={str(n): text for n, text in enumerate(texts)}, qrels={})


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["samples", "--most", "0"],
        ["samples", "--most", "-3"],
        ["samples"],
        ["samples", "--alike", "samples", "nope"],
        ["samples", "--write", "no/such/folder/file.json"],
    ],
)
def test_what_bench_confidence_can_not_measure_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--indexes", str(tmp_path), "--collections", str(tmp_path)]
    assert bench_confidence.main([*arguments, *folders]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["samples:dev"],
        ["samples", "--sample", "samples"],
        ["samples", "--sample", "samples=0"],
        ["samples", "--sample", "nope=5"],
    ],
)
def test_what_ablations_can_not_measure_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--indexes", str(tmp_path), "--collections", str(tmp_path), "--scratch", str(tmp_path)]
    assert ablations.main([*arguments, *folders]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_collections_that_share_queries_are_not_foreign_to_each_other() -> None:
    common = ("who won", "who lost")
    every = {
        "one": judged("one", *common, *(f"one {n}" for n in range(30))),
        "translated": judged("translated", *common, *(f"uno {n}" for n in range(38))),
        "far": judged("far", "who won", *(f"lift {n}" for n in range(30))),
    }
    others = bench_confidence.foreign_to(every, [], list(every))
    assert {name: [one.name for one in found] for name, found in others.items()} == {
        "one": ["far"],
        "translated": ["far"],
        "far": ["one", "translated"],
    }
    with pytest.raises(ConfigError, match="beside one"):
        bench_confidence.foreign_to(every, [("one", "far")], list(every))


def test_the_samples_are_found_and_the_figures_written(tmp_path: Path) -> None:
    other = tmp_path / "collections" / "birds"
    (other / "qrels").mkdir(parents=True)
    (other / "queries.jsonl").write_text('{"_id": "1", "text": "where do swifts sleep"}\n', encoding="utf-8")
    (other / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\tswift\t1\n", encoding="utf-8")
    swifts = [
        searchkit.Article(id=name, title="", text=f"Many {name}s sleep while they soar above these quiet warm valleys.")
        for name in ("swift", "swallow", "martin", "kestrel")
    ]
    searchkit.build(tmp_path / "birds", swifts, encoder=WordEncoder())
    searchkit.build(tmp_path / "samples", places=[bench_confidence.SAMPLES / "articles"], encoder=WordEncoder())
    figures = tmp_path / "figures.json"
    arguments = ["samples", "birds", "--most", "2", "--mode", "keyword", "--write", str(figures)]
    folders = ["--indexes", str(tmp_path), "--collections", str(tmp_path / "collections")]
    assert bench_confidence.main([*arguments, *folders]) == 0
    read = json.loads(figures.read_text(encoding="utf-8"))
    assert read["most"] == 2
    assert read["sizes"]["birds"]["articles"] == 4
    assert read["sizes"]["samples"]["own"] == 2
    assert set(read["keyword"]) == {"samples", "birds", "mean", "together"}
    for row in read["keyword"].values():
        assert set(row) == {"other", "nonsense", "gone", "babble", "ECE"}
    means = [read["keyword"]["samples"]["gone"], read["keyword"]["birds"]["gone"]]
    assert read["keyword"]["mean"]["gone"] == pytest.approx(sum(means) / 2, abs=1e-4)
