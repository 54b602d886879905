"""Interruption: ctrl-C while an index is being written, and its exit code."""

from __future__ import annotations

INTERRUPTED = 130
"""The exit code: 128 and SIGINT's number, as shells have it."""


class InterruptedWork(Exception):
    """Ctrl-C came while an index was being written; the message tells what state it is in."""
