"""Arrow: pyarrow, where it is installed."""

from __future__ import annotations

from typing import Any

from searchkit.errors import MissingExtra

INSTALL = "pip install pyarrow"
"""The command that installs it."""


def arrow_module(lacking: str) -> Any:
    """Return the module ``pyarrow``. Raises ``MissingExtra``, which says what is ``lacking``, where it isn't there."""
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        raise MissingExtra(lacking, hint=f"Run '{INSTALL}'.") from error
    return pyarrow
