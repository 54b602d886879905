"""What the benchmarks can be asked is told before anything is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("script", ["bench", "bench_relevance"])
@pytest.mark.parametrize("given", [["--help"], ["--write", "-h"]])
def test_help_needs_no_environment_and_no_package(tmp_path: Path, script: str, given: list[str]) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    environment = tmp_path / "environment"
    done = subprocess.run(
        [str(ROOT / "scripts" / script), *given],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "SEARCHKIT_VENV": str(environment), "PYTHON": str(bare), "PIP_NO_INDEX": "1"},
    )
    assert done.stdout.startswith(f"usage: scripts/{script} ")
    assert "--place" in done.stdout
    assert not environment.exists()
