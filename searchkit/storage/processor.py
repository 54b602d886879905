"""Processor: how many cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Count the cores that this process may use; in a container it may be allowed less time than that."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
