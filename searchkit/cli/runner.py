"""Running a command: whatever happens becomes an exit code and at most one message."""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from searchkit.cli.app import command_line
from searchkit.cli.index_argument import known_indexes, named_index
from searchkit.cli.interruption import INTERRUPTED, InterruptedWork
from searchkit.cli.output.console import Screen, open_closed_streams, tell, utf8_streams
from searchkit.cli.project_defaults import defaults_of, is_default, is_of_project, project_of, without_config
from searchkit.errors import SearchkitError, StorageError, broken_installation
from searchkit.project_file import ProjectFile, nearest_file, read_project

_INDEX_IN_COMMAND = re.compile(r" --index ([^\s']+)(?=')")

INTERNAL = 70
"""EX_SOFTWARE of sysexits.h: the program is at fault, not its user."""

DEBUG = "SEARCHKIT_DEBUG"


def run(arguments: Sequence[str] | None) -> int:
    """Run one command; return 0, 1 where nothing was found, or the code of what went wrong (``searchkit --help``)."""
    output_is_closed = open_closed_streams()
    utf8_streams()
    _show_messages()
    words = list(sys.argv[1:] if arguments is None else arguments)
    screen = Screen(no_color="--no-color" in words)
    try:
        words, file = without_config(words)
        project = project_of(words, file)
    except SearchkitError as error:
        return _explain(screen, error, words)
    command = typer.main.get_command(command_line(words[0] if words else None))
    if output_is_closed:
        closed = StorageError("Standard output is closed.", hint="Point it at a file, or at /dev/null.")
        return _explain(screen, closed, words)
    try:
        code = command.main(words, prog_name="searchkit", standalone_mode=False, **_defaults(words, project))
    except SystemExit as stop:  # shell completion ends this way
        return stop.code if isinstance(stop.code, int) else 0
    except BaseException as error:
        return _explain(screen, error, words)
    if code == INTERRUPTED:
        tell(screen, "Interrupted.")
    return code if isinstance(code, int) else 0


def _defaults(words: Sequence[str], project: ProjectFile | None) -> dict[str, Any]:
    """Return what a command is given beside what was typed: the project file, and its values for its options."""
    if project is None or not is_of_project(words, project):
        return {}
    named = bool(_named_indexes(words))
    return {"obj": project, "default_map": {words[0]: defaults_of(words[0], project, is_named=named)}}


class _OnScreen(logging.Handler):
    """Says on standard error what encoders log, above the bars where some are drawn. Commands tell the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(logging.Filter("searchkit.encoders"))

    def emit(self, record: logging.LogRecord) -> None:
        Screen().say(self.format(record))


def _show_messages() -> None:
    """Show what the library tells its log, such as that an encoder is being prepared, on standard error."""
    logger = logging.getLogger("searchkit")
    if not logger.handlers:
        handler = _OnScreen()
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _explain(screen: Screen, error: BaseException, words: Sequence[str]) -> int:
    """Tell an exception as one message and return its exit code."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    match error:
        case SearchkitError():
            tell(screen, error.message, _placed(error.hint, words))
            return error.exit_code
        case InterruptedWork():
            tell(screen, str(error))
            return INTERRUPTED
        case KeyboardInterrupt() | typer.Abort():
            tell(screen, "Interrupted.")
            return INTERRUPTED
        case typer.TyperException():
            return _explain_usage(screen, error)
        case OSError(errno=errno.ENOSPC):
            tell(
                screen, f"{error.filename or 'Standard output'} is full: {error.strerror}.", "Make space and try again."
            )
            return StorageError.exit_code
        case PermissionError():
            what = error.filename or "A file"
            tell(screen, f"{what} may not be read or written: permission denied.", "Ask its owner for the right.")
            return StorageError.exit_code
        case ImportError():
            return _explain(screen, broken_installation(error), words)
        case _:
            what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            tell(
                screen, f"internal error: {what}", f"Set {DEBUG}=1 and run it again to get the traceback for a report."
            )
            return INTERNAL


def _placed(hint: str, words: Sequence[str]) -> str:
    """Put the index that is meant into a hint, so that its command can be typed as it stands.

    It needs no name where commands here take it anyway.
    """
    named = _named_indexes(words) or [str(path) for path in _usual_indexes()]
    placed = hint.replace("--index PATH", f"--index {quote(named[0])}") if len(named) == 1 else hint
    return _INDEX_IN_COMMAND.sub(lambda match: "" if is_default(named_index(match[1])) else match[0], placed)


def _named_indexes(words: Sequence[str]) -> list[str]:
    """Return the indexes that were typed, or else the one that the environment names."""
    named = [value for option, value in pairwise(words) if option == "--index"]
    named += [word.removeprefix("--index=") for word in words if word.startswith("--index=")]
    return named or [name for name in [os.environ.get("SEARCHKIT_INDEX", "")] if name]


def _usual_indexes() -> Sequence[Path]:
    """Return the indexes that commands here take where none is named."""
    file = nearest_file(Path.cwd())
    try:
        named = read_project(file).index if file else ()
        return [index for index in named if isinstance(index, Path)] or known_indexes()
    except SearchkitError:
        return ()


def _explain_usage(screen: Screen, error: typer.TyperException) -> int:
    """Tell wrong usage; a bare ``searchkit`` has had its help printed already."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.exit_code
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "searchkit"
    hint = f"Run '{command} --help' to see what is possible."
    if type(error).__name__ == "NoSuchOption" and command.endswith("search"):
        hint += " A query that begins with a dash goes after '--'."
    tell(screen, error.format_message().replace("Value error, ", ""), hint)
    return error.exit_code
