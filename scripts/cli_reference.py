#!/usr/bin/env python3
"""Print the reference of all commands and options as Markdown, or write it with --write.

It stands in ``searchkit/cli/REFERENCE.md``; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from searchkit.cli.app import COMMANDS, MORE, command_line

REFERENCE = Path(__file__).parent.parent / "searchkit" / "cli" / "REFERENCE.md"
HEAD = """# Commands

`scripts/cli_reference.py --write` writes this file from the commands' help; `searchkit COMMAND --help` says the same.
Exit codes and environment variables stand at the end.
"""


def reference() -> str:
    """Return the page: for each command its help, arguments, options and examples; then what all commands share."""
    commands = (line for name, _, examples in COMMANDS for line in _command(name, examples))
    return "\n".join([HEAD, *commands, "## All commands", "", "```text", _shared_help(), "```", ""])


def _shared_help() -> str:
    """Return what ``searchkit --help`` says of exit codes and environment variables."""
    return MORE[MORE.index("Exit codes:") :]


def _command(name: str, examples: tuple[str, ...]) -> Iterator[str]:
    command: Any = get_command(command_line())
    command = command.commands[name]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join(f"{one.metavar}{'...' if one.nargs != 1 else ''}" for one in arguments)
    yield f"## searchkit {name} {usage}".rstrip()
    yield ""
    yield command.help
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from (f"| `{one.metavar}` | {_help(one)} |" for one in arguments)
    for one in command.params:
        if one.param_type_name == "option" and one.help:
            names = ", ".join(sorted(one.opts, key=len))
            metavar = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
            yield f"| `{names}{metavar}` | {_help(one)} |"
    yield ""
    yield "```sh"
    yield from examples
    yield "```"
    yield ""


def _help(parameter: Any) -> str:
    default = parameter.show_default if isinstance(parameter.show_default, str) else None
    if default is None and parameter.show_default and parameter.default not in {None, False}:
        default = str(parameter.default)
    text = parameter.help if default is None else f"{parameter.help} Default: {default}."
    return str(text).replace("|", "\\|")


def main() -> None:
    """Print the reference, or with ``--write`` write its file."""
    if sys.argv[1:] == ["--write"]:
        REFERENCE.write_text(reference(), encoding="utf-8")
    else:
        print(reference(), end="")


if __name__ == "__main__":
    main()
