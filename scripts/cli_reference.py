#!/usr/bin/env python3
"""Which commands and options are there? Print them as Markdown, or with --write put them into the README.

The README holds them between two comments, ``<!-- cli -->`` and ``<!-- /cli -->``; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from searchkit.cli.app import COMMANDS, command_line

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(?<=<!-- cli -->\n)(.*?)(?=<!-- /cli -->)", re.DOTALL)


def reference() -> str:
    """Return the Markdown of all commands: for each its help, its arguments and options, and its examples."""
    return "\n".join(line for name, _, examples in COMMANDS for line in _command(name, examples))


def _command(name: str, examples: tuple[str, ...]) -> Iterator[str]:
    command: Any = get_command(command_line())
    command = command.commands[name]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join(f"{one.metavar}{'...' if one.nargs != 1 else ''}" for one in arguments)
    yield f"### searchkit {name} {usage}".rstrip()
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
    """Print the reference, or with ``--write`` put it where the README has its place."""
    if sys.argv[1:] != ["--write"]:
        print(reference())
        return
    text = README.read_text(encoding="utf-8")
    if not BLOCK.search(text):
        sys.exit("error: README.md has no '<!-- cli -->' … '<!-- /cli -->'.")
    README.write_text(BLOCK.sub(lambda _: f"\n{reference()}\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
