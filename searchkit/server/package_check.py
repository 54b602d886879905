"""Package check: what says which packages are to be installed where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from searchkit.errors import MissingExtra


@contextmanager
def needs_extra(what: str = "The server", packages: str = "fastapi httptools jinja2 uvicorn uvloop") -> Iterator[None]:
    """Turn an import that fails into ``MissingExtra``, which says what to install."""
    try:
        yield
    except ImportError as error:
        raise MissingExtra(
            f"{what} needs {error.name or 'a package'}, which isn't installed.", hint=f"Run 'pip install {packages}'."
        ) from error
