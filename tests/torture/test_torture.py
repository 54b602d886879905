"""A sample of the torture, small enough for every run; ``scripts/torture`` runs all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def torture(*arguments: str) -> tuple[int, str]:
    """Run the harness in a process of its own, which forks for each trial and so must have one thread."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", *arguments],
        cwd=ROOT,
        env=os.environ | one,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(("what", "sample"), [("kill", 5), ("refuse", 3), ("damage", 80)])
def test_an_index_survives(what: str, sample: int) -> None:
    code, said = torture(what, "--sample", str(sample), "--seed", "11")
    assert code == 0, said
    assert f"{what}: {sample if what == 'damage' else sample * 12} trials, 0 failed" in said


def test_readers_and_writers_at_once_see_whole_generations_alone() -> None:
    code, said = torture("crowd", "--sample", "5")
    assert code == 0, said
    assert "3 reader" in said


@pytest.mark.parametrize(
    ("plant", "arguments"),
    [
        ("early", ("kill", "--only", "delete", "--sample", "30")),
        ("unswept", ("kill", "--only", "delete", "--sample", "3")),
        ("silent", ("refuse", "--only", "delete", "--sample", "12")),
        ("unchecked", ("damage", "--sample", "24", "--only", "noise")),
    ],
)
def test_the_harness_finds_a_fault_that_was_planted(plant: str, arguments: tuple[str, ...]) -> None:
    code, said = torture(*arguments, "--plant", plant)
    assert code == 1, said
    assert "FAILED" in said
