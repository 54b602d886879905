"""The compiled extension: None where it couldn't be built, and numpy takes over.

The same rows, the same scores to the last bit, in either way; ``native/`` has the sources.
"""

from __future__ import annotations

from typing import Any


def _load() -> Any:
    try:
        from searchkit import _native
    except ImportError:
        return None
    return _native


COMPILED: Any = _load()
"""The compiled loops; None where they couldn't be built. ``_native.pyi`` says what they take and give."""
