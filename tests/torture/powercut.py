"""What if the power fails? Here is a journal; which states may the disk be in, and does the index survive each?

A journalling file system keeps what was flushed: a file's content since its last fsync, a folder's names since its own.
Of all that came later any part may be there: names in any choice (a rename as a whole), contents old, new, cut short,
zeros, or some blocks of each. Nothing is assumed of an order among them. After the last call the new state must stand:
what a command reported as done must not be undone.
"""

from __future__ import annotations

import os
import pickle
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.torture.journal import Call, Journal, Moved, Tree, Wrote
from tests.torture.scenes import Scene, standing
from tests.torture.trials import Prepared, Trial, answer, checked, copied, in_child, with_empty_cache

WAYS = ("lost", "bare", "zeros", "early", "mixed", "mixed")
"""Nothing unflushed is there; all names, no content; all names, sizes without content; names up to some call; any."""

_BLOCK = 512

Disk = dict[str, bytes | None]
"""Paths, in the order of their names: a file's content, or None for a folder."""


def power_trials(ready: Prepared, sample: int | None, seed: int) -> Iterator[Trial]:
    """Cut the power after each call of a scene, in every one of ``WAYS``; states that are the same are tried once.

    ``sample`` states are tried (all without); the last of them follows the last call, and nothing unflushed is there.
    """
    tree, calls = journal_of(ready.scene, ready.start)
    states: dict[bytes, tuple[int, Disk, bool]] = {}
    dice = random.Random(seed)
    for at in range(len(calls) + 1):
        done = at == len(calls)
        for way in WAYS:
            disk = after_cut(tree, calls[:at], way, dice)
            states.setdefault(pickle.dumps((done, disk)), (at, disk, done))
    found = list(states.values())
    if sample is not None and sample < len(found):
        last = next(one for one in found if one[2])
        found = [*dice.sample(found, sample - 1), last]
    for at, disk, done in found:
        yield f"power {ready.scene.name} at {at} of {len(calls)}", partial(_cut, ready, disk, done)


def journal_of(scene: Scene, start: Path) -> tuple[Tree, list[Call]]:
    """Run a command whole on a copy of a folder, in a child; return what was there, and what it did."""
    folder, result = start.parent / f"recorded-{os.getpid()}", start.parent / f"journal-{os.getpid()}"
    copied(start, folder)

    def work() -> None:
        journal = Journal(folder)
        journal.install()
        scene.act(folder)
        calls = journal.finish()
        result.write_bytes(pickle.dumps((journal.start, calls)))

    answer(work)
    shutil.rmtree(folder)
    tree, calls = pickle.loads(result.read_bytes())
    return tree, calls


def after_cut(start: Tree, calls: list[Call], way: str, dice: random.Random) -> Disk:
    """Return what the disk may hold after a power cut that follows some calls; what was there before is flushed."""
    contents: dict[int, list[bytes]] = defaultdict(lambda: [b""])
    contents.update({file: [content] for file, content in start.files.items()})
    folders: dict[int, dict[str, int]] = defaultdict(dict)
    folders.update({number: dict(names) for number, names in start.folders.items()})
    waiting: list[Moved] = []
    for call in calls:
        if isinstance(call, Wrote):
            contents[call.file].append(call.content)
        elif isinstance(call, Moved):
            waiting.append(call)
        elif call.what in contents:
            contents[call.what] = contents[call.what][-1:]
        else:
            for one in waiting:
                if call.what in one.names:
                    _apply(folders, one)
            waiting = [one for one in waiting if call.what not in one.names]
    for one in _there(waiting, way, dice):
        _apply(folders, one)
    disk: Disk = {}
    _lay_out(0, "", folders, {file: _content(held, way, dice) for file, held in contents.items()}, disk)
    return disk


def _there(waiting: list[Moved], way: str, dice: random.Random) -> list[Moved]:
    """Choose, in their order, the changes of names that made it to the disk without a flush."""
    if way == "lost":
        return []
    if way == "early":
        return waiting[: dice.randint(0, len(waiting))]
    if way == "mixed":
        return [one for one in waiting if dice.random() < 0.5]
    return waiting


def _apply(folders: dict[int, dict[str, int]], moved: Moved) -> None:
    for folder, names in moved.names.items():
        for name, what in names.items():
            if what is None:
                folders[folder].pop(name, None)
            else:
                folders[folder][name] = what


def _content(held: list[bytes], way: str, dice: random.Random) -> bytes:
    """Choose what a file holds, whose flushed content was followed by others."""
    flushed, latest = held[0], held[-1]
    if len(held) == 1 or way in {"lost", "bare"}:
        return flushed
    if way == "zeros":
        return flushed[: len(latest)] + bytes(max(0, len(latest) - len(flushed)))
    match dice.randrange(4):
        case 0:
            return dice.choice(held)
        case 1:
            return latest[: dice.randint(0, len(latest))]
        case 2:
            return latest
        case _:
            size = len(dice.choice((flushed, latest)))
            parts = (flushed, latest, b"")
            blocks = (dice.choice(parts)[at : at + _BLOCK].ljust(_BLOCK, b"\0") for at in range(0, size, _BLOCK))
            return b"".join(blocks)[:size]


def _lay_out(
    number: int, path: str, folders: dict[int, dict[str, int]], contents: dict[int, bytes], disk: Disk
) -> None:
    for name, what in sorted(folders[number].items()):
        inside = f"{path}{name}"
        # A folder that was made and never written to has no names yet; a file has content, if only an empty one.
        disk[inside] = contents.get(what)
        if what not in contents:
            _lay_out(what, f"{inside}/", folders, contents, disk)


def _cut(ready: Prepared, disk: Disk, done: bool) -> list[str]:
    folder = ready.start.parent / f"trial-{os.getpid()}"
    folder.mkdir()
    with_empty_cache(folder)
    for name, content in disk.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)
    found = []
    if done and (came := in_child(lambda: standing(folder / ready.scene.index))) != (0, ready.new):
        found.append(f"it was done, and then it wasn't: {came}")
    found += checked(ready, folder)
    shutil.rmtree(folder)
    return found
