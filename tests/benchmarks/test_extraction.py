"""scripts/bench_extraction counts right: runs of words, blocks that the truth lacks, the summary that a page shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benchmarks.extraction import Score, boilerplate, f1, overlap, shown_standfirst

ROOT = Path(__file__).parent.parent.parent
SUMMARY = "The bridge will be rebuilt by 2027, says the mayor of the town."


def test_precision_and_recall_count_runs_of_four_words() -> None:
    # The truth's runs: abcd, bcde. The text's: abcd, bcdx, cdxy.
    assert overlap("a b c d e", "a b c d x y") == (1 / 3, 1 / 2)
    assert overlap("a b", "a b") == (1.0, 1.0)
    assert overlap("a b c d", "") == (None, 0.0)


def test_f1_is_that_of_the_means() -> None:
    score = Score(precisions=[1.0, 0.5], recalls=[0.5, 1.0])
    assert f1(score) == 2 * 0.75 * 0.75 / (0.75 + 0.75)
    assert f1(Score()) == 0.0


def test_a_block_is_boilerplate_where_less_than_half_of_it_is_in_the_truth() -> None:
    truth = "The council met on Tuesday to talk about the bridge."
    text = "The council met on Tuesday.\n\nSign up for our letter now.\n\nbridge\n\nShare"
    assert boilerplate(truth, text) == ["Sign up for our letter now.", "Share"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f"<h2>{SUMMARY}</h2>", SUMMARY),
        (f"<p><b>The bridge</b>{SUMMARY.removeprefix('The bridge')}</p>", SUMMARY),
        ("<p>Something else.</p>", ""),
        (f"<aside><p>{SUMMARY}</p></aside>", ""),
    ],
)
def test_the_standfirst_is_the_summary_that_an_element_shows(body: str, shown: str) -> None:
    page = f'<html><head><meta property="og:description" content="{SUMMARY}"></head><body>{body}</body></html>'
    assert shown_standfirst(page) == shown


def test_the_script_prints_a_row_a_system(tmp_path: Path) -> None:
    body = "The council of Northford met on Tuesday to talk about the bridge over the river Sill. " * 5
    page = f"<html><head><title>A bridge</title></head><body><article><h1>A bridge</h1><p>{body}</p></article></body>"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    truth = {"page": "page.html", "title": "A bridge", "authors": ["Jane Doe"], "published": "2025-03-04", "body": body}
    (tmp_path / "truth.jsonl").write_text(json.dumps(truth) + "\n", encoding="utf-8")
    done = subprocess.run(
        [ROOT / "scripts" / "bench_extraction", tmp_path, "--peer", "searchkit", "--misses", "authors"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert "authors: page.html\n    right ['Jane Doe']\n    read  []" in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("searchkit")).split()
    assert row[1:4] == ["1/1", "1.000", "0/1"]
