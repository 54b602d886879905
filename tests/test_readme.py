from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from scripts.cli_reference import BLOCK, reference
from searchkit.cli.app import COMMANDS, command_line

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SHELL = [line for language, block in FENCES if language in {"sh", "console", "bash"} for line in block.splitlines()]


def options(command: str) -> set[str]:
    """Return all spellings of a command's options."""
    parameters = get_command(command_line()).commands[command].params
    return {spelling for one in parameters for spelling in one.opts} | {"--help", "-h"}


def test_the_first_python_block_runs_as_it_stands(tmp_path: Path) -> None:
    block = next(block for language, block in FENCES if language == "python")
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_two_scripts_come_first_and_can_be_run() -> None:
    first_screen = "\n".join(README.splitlines()[:40])
    for script in ("scripts/demo", "scripts/test"):
        assert script in first_screen
        assert os.access(ROOT / script, os.X_OK)


def test_every_command_and_option_that_is_shown_exists() -> None:
    known = {name for name, *_ in COMMANDS}
    shown = [part for line in SHELL for part in re.split(r"\s[|>]\s|&&|;", line) if "searchkit " in part]
    assert shown
    for line in shown:
        after = line.split("searchkit ", 1)[1]
        name = after.split()[0]
        if name.startswith("-"):
            continue
        assert name in known, line
        unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", after)
        for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", unquoted):
            assert option in options(name), line


def test_the_files_it_points_to_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_command_reference_is_what_the_commands_say() -> None:
    written = BLOCK.search(README)
    assert written, "README.md has no place for it: <!-- cli --> … <!-- /cli -->"
    assert written[1].strip() == reference().strip(), "run scripts/cli_reference.py --write"


@pytest.mark.parametrize("name", [name for name, *_ in COMMANDS])
def test_every_example_of_a_help_screen_is_a_command_that_exists(name: str) -> None:
    examples = next(examples for command, _, examples in COMMANDS if command == name)
    for example in examples:
        assert f"searchkit {name}" in example
        assert len(example) <= 76, "wider than a help screen of 80 columns"
        for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", re.sub(r"'[^']*'|\"[^\"]*\"", "", example)):
            assert option in options(name), example
