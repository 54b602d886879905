"""Processor: how many cores this process may use, and whether it can start others of its kind."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cores() -> int:
    """Count the cores that this process may use; in a container it may be allowed less time than that."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_python() -> bool:
    """Say whether this program is Python, so that its path starts another: a program that embeds one isn't."""
    return Path(sys.executable or "").name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
