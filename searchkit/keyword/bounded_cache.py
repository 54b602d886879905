"""Bounded cache: a dictionary that forgets all it has when it is full."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(dict[Key, Value]):
    """A dictionary of at most ``size`` items. What is asked again and again is soon there anew.

    Reading one costs what reading any dictionary costs, which is why none is thrown out alone: that would have to be
    noted at each reading. Threads may share one, as they may a dictionary.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= self._size:
            self.clear()
        super().__setitem__(key, value)
