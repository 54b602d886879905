"""Dates, sizes, times and numbers as they are written for people and programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def day(moment: datetime | None) -> str:
    """Write a moment's day by its own clock, or nothing."""
    return "" if moment is None else moment.date().isoformat()


def count(number: int, thing: str) -> str:
    """Write a number and its thing: ``1 article``, ``2,310 chunks``."""
    plural = {"index": "indexes"}.get(thing, f"{thing}s")
    return f"{number:,} {thing if number == 1 else plural}"


def size(number: int) -> str:
    """Write so many bytes with a decimal prefix: ``950 bytes``, ``4.2 MB``."""
    if number < 1000:
        return f"{number} bytes"
    value = float(number)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def duration(seconds: float) -> str:
    """Write how long something took: ``0.04 s``, ``12.3 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def rounded_shares(total: float, shares: Sequence[float], digits: int = 3) -> tuple[str, list[str]]:
    """Write a sum and its parts so that what is written adds up too.

    Each part is rounded down at first; the units of the last digit that are missing then go to the parts with the
    largest remainders (Hamilton's method), so no part is off by more than one unit.
    """
    unit = 10**digits
    whole = round(total * unit)
    floors = [int(share * unit // 1) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (floors[i] - shares[i] * unit, i))
    for step in range(max(0, whole - sum(floors)) if shares else 0):
        floors[by_remainder[step % len(shares)]] += 1
    return f"{whole / unit:.{digits}f}", [f"{part / unit:.{digits}f}" for part in floors]
