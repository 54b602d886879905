"""Command line: ``main`` reads a command, runs it and returns its exit code.

``runner`` turns whatever happens into an exit code and at most one message; ``app`` lists the commands, which stand in
``commands``; ``options`` and ``index_argument`` say what their options mean; ``output`` turns answers, articles and
indexes into text.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from searchkit.cli.interruption import INTERRUPTED
from searchkit.errors import broken_installation


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``arguments`` are those of the process where none are given.

    No exception leaves: each is told in one message on standard error.
    """
    try:
        from searchkit.cli.runner import run

        return run(arguments)
    except KeyboardInterrupt:  # while the commands were still being imported
        return INTERRUPTED
    except ImportError as error:  # of what the command line itself is made with
        fault = broken_installation(error)
        sys.stderr.write(f"searchkit: {fault.message}\n  {fault.hint}\n")
        return fault.exit_code
