"""What did a command do to the disk, in which order, and what of it was flushed? A journal of all that it did.

Nothing is taken on trust: between any two calls that are heard (``points.py``) the folder is read as it is and compared
with what it was before, by the numbers of its files. So whatever writes to it, SQLite and C included, stands in the
journal; only flushes have to be heard, and one that isn't heard makes the replay harsher, not milder.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from tests.torture.points import Points


@dataclass(frozen=True, slots=True)
class Wrote:
    """A file's whole content changed to this."""

    file: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Moved:
    """Names in folders changed at once: what each stands for from now on, None where it is gone."""

    names: dict[int, dict[str, int | None]]


@dataclass(frozen=True, slots=True)
class Flushed:
    """A file or a folder was flushed."""

    what: int


Call = Wrote | Moved | Flushed


@dataclass(frozen=True, slots=True)
class Tree:
    """Folders by number: what each name in them stands for; files by number: their content. 0 is the folder of all."""

    folders: dict[int, dict[str, int]]
    files: dict[int, bytes]


class Journal(Points):
    """Keeps what a process does below a folder, from ``install`` on; ``finish`` tells."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, 0, lambda _: None)
        self.calls: list[Call] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._kept: list[int] = []
        self.start = self._last = self._read()

    def reached(self, name: str) -> None:
        """Note what changed since the call before."""
        self._note()
        super().reached(name)

    def flushed(self, descriptor: int) -> None:
        """Note a flush."""
        found = os.fstat(descriptor)
        number = self._numbers.get((found.st_dev, found.st_ino))
        if number is not None:
            self.calls.append(Flushed(number))

    def finish(self) -> list[Call]:
        """Note what changed last, and return all calls."""
        self._note()
        return self.calls

    def _note(self) -> None:
        before, now = self._last, self._read()
        self._last = now
        self.calls += [Wrote(file, text) for file, text in now.files.items() if before.files.get(file) != text]
        moved: dict[int, dict[str, int | None]] = {}
        for number in before.folders.keys() | now.folders.keys():
            old, new = before.folders.get(number, {}), now.folders.get(number, {})
            names = {name: new.get(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            if names and number in now.folders:  # what stood in a folder that is gone went with it, or before it
                moved[number] = dict(sorted(names.items()))
        if moved:
            self.calls.append(Moved(moved))

    def _read(self) -> Tree:
        tree = Tree({}, {})
        waiting = [(self._number(self._root), self._root)]
        while waiting:
            number, folder = waiting.pop()
            tree.folders[number] = names = {}
            for entry in sorted(os.scandir(folder), key=lambda one: one.name):
                names[entry.name] = inside = self._number(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((inside, entry.path))
                else:
                    tree.files[inside] = Path(entry.path).read_bytes()
        return tree

    def _number(self, path: str) -> int:
        """Return a file's or folder's number, which is its own for ever: it is held, so that no other can get it."""
        found = os.lstat(path)
        assert stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode), path
        key = found.st_dev, found.st_ino
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._kept.append(os.open(path, os.O_PATH | os.O_NOFOLLOW))
        return self._numbers[key]
