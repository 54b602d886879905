"""Allowance: how much may come out of one archive, so that a bomb ends as a problem and not as a full memory."""

from __future__ import annotations

from searchkit.ingest.compression import TooLong

MOST_MEMBERS = 1_000_000

LARGEST_UNPACKED = 2**30
MOST_TIMES_LARGER = 200
"""An archive holds what fits into the first, or into so many times its own size: text shrinks to a tenth, pages of one
site together (.tar.xz) to a fiftieth, while the bombs of D. Fifield (USENIX WOOT 2019) grow by 10^5 and more."""


class Bomb(TooLong):
    """Raised where an archive holds more than it may."""


class Allowance:
    """What may still be unpacked of a file, archives within archives together."""

    def __init__(self, size: int = 0) -> None:
        """Take the bytes of the file where it lies."""
        self._bytes = max(LARGEST_UNPACKED, MOST_TIMES_LARGER * size)
        self._members = MOST_MEMBERS

    def take(self, count: int) -> None:
        """Count bytes that were unpacked. Raises ``Bomb``."""
        self._bytes -= count
        if self._bytes < 0:
            raise Bomb(
                f"unpacks to more than {MOST_TIMES_LARGER} times its size, as only a bomb does; the rest was left"
            )

    def take_member(self) -> None:
        """Count a member. Raises ``Bomb``."""
        self._members -= 1
        if self._bytes < 0 or self._members < 0:
            self.take(0)
            raise Bomb(f"has more than {MOST_MEMBERS:,} members; the rest was left")
