"""A sample of the torture, small enough for every run; ``scripts/torture`` runs all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.journal import Flushed, Moved
from tests.torture.powercut import journal_of
from tests.torture.scenes import SCENES
from tests.torture.trials import with_empty_cache

ROOT = Path(__file__).parents[2]
SAMPLED = ("build", "update", "merge", "rebuild", "gc", "rollback", "rollback-lost", "complete", "restore-new")
"""Scenes that differ most: each costs its preparation, however few its trials."""

PLANTED = ("early", "unflushed-renames", "silent", "unchecked", "followed-links", "unlocked")
"""A fault for each kind of trial."""


def torture(*arguments: str) -> str:
    """Run the harness in a process of its own, which forks for each trial and so must have one thread."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", *arguments],
        cwd=ROOT,
        env=os.environ | one,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_index_survives_being_stopped_cut_off_and_refused_the_disk() -> None:
    said = torture("kill", "power", "refuse", "--sample", "1", "--seed", "11", "--only", ",".join(SAMPLED))
    for kind in ("kill", "power", "refuse"):
        assert f"{kind}: {len(SAMPLED)} trials, 0 failed" in said


def test_an_index_survives_damage() -> None:
    assert "damage: 60 trials, 0 failed" in torture("damage", "--sample", "60", "--seed", "11")


def test_an_index_from_a_stranger_does_no_harm() -> None:
    assert "hostile: 20 trials, 0 failed" in torture("hostile", "--sample", "20", "--seed", "11")


def test_readers_and_writers_at_once_see_whole_generations_alone() -> None:
    said = torture("crowd", "--sample", "4")
    assert "reader's answer" in said
    assert "writer's answer" in said


def test_each_kind_of_trial_finds_the_fault_that_is_planted_for_it() -> None:
    assert f"plants: {len(PLANTED)} trials, 0 failed" in torture("plants", "--only", ",".join(PLANTED))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace isn't here to compare with")
def test_the_journal_of_a_command_misses_no_flush_and_no_rename(tmp_path: Path) -> None:
    """The kernel's own list of calls is the witness."""
    scene = next(scene for scene in SCENES if scene.name == "update")
    start = tmp_path / "start"
    start.mkdir()
    scene.prepare(start)
    shutil.copytree(start, tmp_path / "traced")
    code = (
        "from pathlib import Path; from tests.torture.scenes import SCENES;"
        f"next(s for s in SCENES if s.name == 'update').act(Path({str(tmp_path / 'traced')!r}))"
    )
    calls = "trace=rename,renameat,renameat2,fsync,fdatasync"
    command = ["strace", "-f", "-y", "-qq", "-e", calls, "-o", str(tmp_path / "log"), sys.executable, "-c", code]
    cache = {"SEARCHKIT_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | cache, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("this machine lets nobody trace")
    assert done.returncode == 0, done.stderr
    traced = [line for line in (tmp_path / "log").read_text().splitlines() if str(tmp_path / "traced") in line]
    with_empty_cache(tmp_path / "recorded")
    _, noted = journal_of(scene, start)
    renamed = [call for call in noted if isinstance(call, Moved) and _renames(call)]
    assert len(renamed) == sum("rename" in line for line in traced) > 3
    assert sum(isinstance(call, Flushed) for call in noted) == sum("sync(" in line for line in traced) > 10


def _renames(moved: Moved) -> bool:
    return any(None in names.values() and set(names.values()) != {None} for names in moved.names.values())
