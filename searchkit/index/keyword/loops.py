"""Are the compiled loops here? They are where a C compiler was at the installation; numpy takes over elsewhere.

The same rows, the same scores to the last bit, in either way; ``native/`` has the sources.
"""

from __future__ import annotations

from typing import Any


def _found() -> Any:
    try:
        from searchkit.index.keyword import _loops
    except ImportError:
        return None
    return _loops


COMPILED: Any = _found()
"""The compiled loops; None where they couldn't be built. ``_loops.pyi`` says what they take and give."""
