"""Here are the sentences of a section, with their sizes; which of them go together? As many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

_OVERLAP_SHARE = 3
"""Repeated sentences take at most a third of a chunk."""

_TAIL_SHARE = 4
"""A last chunk under a quarter of the room is filled up from the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A sentence, or a part of one that was too long: its span, its tokens, and the tokens of the space before it.

    ``abuts`` says that no space is before it: then tokens may come out otherwise when it is joined to the piece before.
    """

    start: int
    end: int
    tokens: int
    gap: int
    abuts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The pieces ``first`` to ``last`` (not included) of a section: a chunk. ``size`` is its tokens by the pieces."""

    first: int
    last: int
    size: int


def pack(pieces: Sequence[Piece], room: int, overlap: int) -> list[Group]:
    """Return groups of at most ``room`` tokens, in order, that together hold every piece.

    A group begins with up to ``overlap`` pieces of the one before where they leave two thirds of the room to others.
    A piece larger than the room is a group of its own.
    """
    return [] if not pieces else _Packer(pieces, room, overlap).groups()


class _Packer:
    """The sizes of runs of pieces, and the room that they have."""

    def __init__(self, pieces: Sequence[Piece], room: int, overlap: int) -> None:
        self._pieces = pieces
        self._sums = [0, *accumulate(piece.gap + piece.tokens for piece in pieces)]
        self._room = room
        self._overlap = overlap

    def groups(self) -> list[Group]:
        borders = self._borders()
        groups = []
        for number, (start, last) in enumerate(pairwise(borders)):
            floor = borders[number - 1] if number else 0
            first = self._first(start, last, floor)
            groups.append(Group(first=first, last=last, size=self._size(first, last)))
        return groups

    def _borders(self) -> list[int]:
        """Return where groups begin, repeated pieces aside, and the number of pieces."""
        count, borders, start = len(self._pieces), [0], 0
        while start < count:
            first = self._first(start, start + 1, borders[-2] if len(borders) > 1 else 0)
            last = start + 1
            while last < count and self._size(first, last + 1) <= self._room:
                last += 1
            borders.append(last)
            start = last
        return self._balanced(borders)

    def _balanced(self, borders: list[int]) -> list[int]:
        """Fill a last group that is very short from the one before."""
        if len(borders) < 3 or self._size(borders[-2], borders[-1]) * _TAIL_SHARE >= self._room:
            return borders
        floor, border, count = borders[-3:]
        while border - 1 > floor and self._size(border - 1, count) <= self._size(floor, border - 1):
            border -= 1
        return [*borders[:-2], border, count]

    def _first(self, start: int, last: int, floor: int) -> int:
        """Return from where on pieces are repeated before ``start`` in a group that ends at ``last``."""
        for first in range(max(start - self._overlap, floor), start):
            repeated = self._size(first, start)
            if repeated * _OVERLAP_SHARE <= self._room and self._size(first, last) <= self._room:
                return first
        return start

    def _size(self, first: int, last: int) -> int:
        return self._sums[last] - self._sums[first] - self._pieces[first].gap
