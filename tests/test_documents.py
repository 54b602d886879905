"""The documents: what they point to is there, what they show runs, and what is generated is up to date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from scripts import cli_reference, file_list
from searchkit.cli.app import COMMANDS, command_line

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "searchkit"
PAGES = (
    ROOT / "README.md",
    PACKAGE / "ARCHITECTURE.md",
    PACKAGE / "FILES.md",
    PACKAGE / "USAGE.md",
    PACKAGE / "cli" / "REFERENCE.md",
    PACKAGE / "index" / "FORMAT.md",
    PACKAGE / "index" / "OPERATIONS.md",
    PACKAGE / "opensearch" / "README.md",
    PACKAGE / "search" / "SCORING.md",
    PACKAGE / "server" / "README.md",
    PACKAGE / "integrations" / "README.md",
    ROOT / "tests" / "README.md",
    ROOT / "scripts" / "benchmarks" / "RESULTS.md",
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SOURCES = re.compile(r"`((?:\.\./|[\w-]+/)*[\w-]+\.(?:py|pyi|c|h|md|json|txt))`")
"""Paths of files in backquotes: from the page, from the root, from the package, or the end of one in the package."""

WORDS = {
    word
    for path in ROOT.rglob("*")
    if path.suffix in {".py", ".pyi", ".c", ".json", ".toml"} and not path.relative_to(ROOT).parts[0].startswith(".")
    for word in re.findall(r"[A-Za-z_]+", path.read_text(encoding="utf-8"))
}
"""Every word of the sources."""


def fences(page: Path, *languages: str) -> list[str]:
    """Return the blocks of a page in some languages."""
    return [block for language, block in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def options(command: str) -> set[str]:
    """Return all spellings of a command's options."""
    parameters = get_command(command_line()).commands[command].params
    return {spelling for parameter in parameters for spelling in parameter.opts} | {"--help", "-h"}


def unknown_in(command: str) -> Iterator[str]:
    """Yield what of a typed command doesn't exist: its name, or options of it."""
    typed = command.split("searchkit ", 1)[1]
    name = typed.split()[0]
    if name.startswith("-"):
        return
    if name not in {known for known, *_ in COMMANDS}:
        yield name
        return
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", typed).partition(" #")[0]
    yield from (option for option in re.findall(r"(?<=\s)--?[a-z][\w-]*", unquoted) if option not in options(name))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_is_there(page: Path) -> None:
    for line in page.read_text(encoding="utf-8").splitlines():
        folders = [page.parent, ROOT, PACKAGE]
        for name in SOURCES.findall(line):
            known = [path for folder in folders if (path := folder / name).exists()]
            known = known or [path for path in PACKAGE.rglob(Path(name).name) if path.as_posix().endswith(f"/{name}")]
            assert known or "NAME" in name, f"{name} in: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_and_option_that_is_shown_exists(page: Path) -> None:
    lines = [line for block in fences(page, "sh", "console", "bash") for line in block.splitlines()]
    inline = re.findall(r"`(searchkit [^`\n]+)`", page.read_text(encoding="utf-8"))
    parts = [part for line in (*lines, *inline) for part in re.split(r"\s[|>]\s|&&|;", line) if "searchkit " in part]
    assert not [(part, unknown) for part in parts if "COMMAND" not in part for unknown in unknown_in(part)]


@pytest.mark.parametrize("page", [PAGES[0], PACKAGE / "USAGE.md"], ids=lambda page: page.name)
def test_its_python_blocks_run_as_they_stand(page: Path, tmp_path: Path) -> None:
    blocks = fences(page, "python")
    assert blocks
    for number, block in enumerate(blocks):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_name_of_the_code_that_is_shown_is_in_the_code(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for name in re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z_]+)*)`", text):
        parts = name.split(".")
        assert parts[-1] in {"py", "pyi", "c", "h", "md"} or all(part in WORDS for part in parts), name


def test_the_command_reference_is_what_the_commands_say() -> None:
    written = cli_reference.REFERENCE.read_text(encoding="utf-8")
    assert written == cli_reference.reference(), "run scripts/cli_reference.py --write"


def test_the_list_of_files_is_what_the_files_say() -> None:
    assert file_list.LIST.read_text(encoding="utf-8") == file_list.file_list(), "run scripts/file_list.py --write"


def test_the_tour_names_every_module() -> None:
    tour = (PACKAGE / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = {path.name for path in PACKAGE.rglob("*.py")} - {"__init__.py"}
    assert not sorted(name for name in names if not re.search(rf"[`/]{re.escape(name)}", tour))


@pytest.mark.parametrize("name", [name for name, *_ in COMMANDS])
def test_every_example_of_a_help_screen_is_a_command_that_exists(name: str) -> None:
    examples = next(examples for command, _, examples in COMMANDS if command == name)
    for example in examples:
        assert f"searchkit {name}" in example
        assert len(example) <= 76, "wider than a help screen of 80 columns"
        assert not list(unknown_in(example)), example
