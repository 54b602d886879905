"""Bounded cache: a dictionary that forgets all it has when it is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(dict[Key, Value]):
    """A dictionary of at most ``size`` items. What is asked again and again is soon there anew.

    Reading one costs what reading any dictionary costs, which is why none is thrown out alone: that would have to be
    noted at each reading. Threads may share one, as they may a dictionary.
    """

    def __init__(self, size: int, weigh: Callable[[Value], int] | None = None) -> None:
        """With ``weigh``, ``size`` is how much all items together may weigh."""
        super().__init__()
        self._size = size
        self._weigh = weigh
        self._weight = 0

    def __setitem__(self, key: Key, value: Value) -> None:
        if self._weigh is None:
            full = len(self) >= self._size
        else:
            weight = self._weigh(value)
            full = self._weight + weight > self._size
            self._weight = weight if full else self._weight + weight
        if full:
            self.clear()
        super().__setitem__(key, value)
