"""Framework: the error where one that an adapter is for isn't installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from searchkit.errors import MissingExtra


@contextmanager
def needed(name: str, package: str, extra: str) -> Iterator[None]:
    """Turn the import of a framework that isn't installed into ``MissingExtra``; other failures pass as they are.

    Args:
        name: What the framework is called.
        package: Its module.
        extra: The extra of searchkit that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != package:
            raise
        raise MissingExtra(f"{name} isn't installed.", hint=f"Run 'pip install \"searchkit[{extra}]\"'.") from error
