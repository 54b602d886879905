"""Here are scenes; stop each at its points, in a child process, and say what was wrong after it.

Every trial is a fork of a process that has everything imported, so that it costs what its command costs. Trials come as
names and what to call, so that several processes can each try a share of them.
"""

from __future__ import annotations

import errno
import json
import math
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from searchkit.errors import StorageError
from tests.torture.points import ERRNOS, Points, kill, refuse
from tests.torture.scenes import SCENES, Scene, complaints, standing

Trial = tuple[str, Callable[[], list[str]]]
"""What is tried, and what tries it and says what was wrong."""


def in_child(work: Callable[[], Any]) -> tuple[int, Any]:
    """Run a function in a fork; return the signal that ended it (0: none) and what it returned (JSON)."""
    return ended(*begun(work))


def begun(work: Callable[[], Any]) -> tuple[int, int]:
    """Begin to run a function in a fork; return its process and the pipe that it answers through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            answer = json.dumps(work()).encode()
        except BaseException:
            answer = json.dumps({"raised": traceback.format_exc(limit=-4)}).encode()
        while answer:
            answer = answer[os.write(writing, answer) :]
        os._exit(0)
    os.close(writing)
    return child, reading


def ended(child: int, reading: int) -> tuple[int, Any]:
    """Wait for a fork; return the signal that ended it (0: none) and what it returned."""
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, json.loads(said) if said else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A scene, the folder that it begins on, the states before and after it, and the names of its points in order."""

    scene: Scene
    start: Path
    old: Any
    new: Any
    names: list[str]


@contextmanager
def prepared(scene: Scene) -> Iterator[Prepared]:
    """Make what the trials of a scene need."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        start, done = Path(name) / "start", Path(name) / "done"
        start.mkdir()
        with_empty_cache(start)
        answer(lambda: scene.prepare(start) and None)
        old = answer(lambda: standing(start / scene.index))
        copied(start, done)
        names = answer(lambda: counted(scene, done))
        new = answer(lambda: standing(done / scene.index))
        yield Prepared(scene=scene, start=start, old=old, new=new, names=names)


def copied(start: Path, folder: Path) -> Path:
    """Copy what a trial begins on to a new folder."""
    shutil.copytree(start, folder, symlinks=True)
    with_empty_cache(folder)
    return folder


def with_empty_cache(folder: Path) -> None:
    """Let the processes that come keep their cache for themselves, so that each trial finds the same."""
    cache = folder.parent / "caches" / folder.name
    shutil.rmtree(cache, ignore_errors=True)
    os.environ["SEARCHKIT_CACHE"] = str(cache)


def answer(work: Callable[[], Any]) -> Any:
    """Run a function in a child that has to succeed."""
    stopped, said = in_child(work)
    if stopped or (isinstance(said, dict) and "raised" in said):
        raise RuntimeError(f"signal {stopped}: {said}")
    return said


def counted(scene: Scene, folder: Path) -> list[str]:
    """Run a command whole, and name its points in order."""
    points = Points(folder, 0, kill)
    points.install()
    scene.act(folder)
    return points.names


def killed(scene: Scene, folder: Path, at: int) -> None:
    """Run a command until a point, where the process ends."""
    Points(folder, at, kill).install()
    scene.act(folder)


def refused(scene: Scene, folder: Path, at: int, number: int) -> list[str]:
    """Run a command whose call at a point fails; say what is wrong with how it ends."""
    points = Points(folder, at, refuse(number))
    points.install()
    try:
        scene.act(folder)
    except StorageError as error:
        return [] if error.hint and error.message else ["an error without words"]
    except BaseException:
        return [f"not a typed error: {traceback.format_exc(limit=-3)}"]
    name = points.names[at - 1]
    # Whatever fails while a lock's text is written or wiped, or a file is closed that was flushed, costs nothing.
    return [] if name in {"write", "close", "os.truncate"} else [f"{name} failed and nobody was told"]


def chosen(number: int, sample: int | None, seed: int) -> list[int]:
    """Choose among so many points, counted from 1: all, or a sample."""
    every = list(range(1, number + 1))
    if sample is None or sample >= number:
        return every
    return sorted(random.Random(seed).sample(every, sample))


def kill_trials(ready: Prepared, sample: int | None, seed: int) -> Iterator[Trial]:
    """Kill a scene at its points, ``sample`` of them (all without)."""
    for at in chosen(len(ready.names), sample, seed):
        yield f"kill {ready.scene.name} at {at} ({ready.names[at - 1]})", partial(_kill, ready, at)


def _kill(ready: Prepared, at: int) -> list[str]:
    folder = copied(ready.start, ready.start.parent / f"trial-{os.getpid()}")
    stopped, said = in_child(partial(killed, ready.scene, folder, at))
    found = [] if stopped == signal.SIGKILL else [f"not killed: {said}"]
    found += checked(ready, folder)
    shutil.rmtree(folder)
    return found


def refuse_trials(ready: Prepared, sample: int | None, seed: int) -> Iterator[Trial]:
    """Let each call of a scene fail once, ``sample`` of them (all without, with each errno)."""
    for at in chosen(len(ready.names), sample, seed):
        for number in ERRNOS if sample is None else (ERRNOS[at % len(ERRNOS)],):
            name = f"refuse {ready.scene.name} at {at} ({ready.names[at - 1]}: {errno.errorcode[number]})"
            yield name, partial(_refuse, ready, at, number)


def _refuse(ready: Prepared, at: int, number: int) -> list[str]:
    folder = copied(ready.start, ready.start.parent / f"trial-{os.getpid()}")
    _, said = in_child(partial(refused, ready.scene, folder, at, number))
    found = said if isinstance(said, list) else [str(said)]
    found += checked(ready, folder)
    shutil.rmtree(folder)
    return found


def checked(ready: Prepared, folder: Path) -> list[str]:
    """Look at what was left, in a child of its own, and run the command again."""
    stopped, said = in_child(lambda: complaints(ready.scene, folder, ready.old, ready.new))
    if stopped:
        return [f"the check was ended by signal {stopped}"]
    return said if isinstance(said, list) else [str(said)]


def scene_trials(
    kinds: Sequence[Callable[[Prepared, int | None, int], Iterator[Trial]]],
    sample: int | None,
    seed: int,
    only: str | None,
) -> Iterator[Trial]:
    """Yield some kinds of trials of each scene, or of those that are named, with commas between."""
    for scene in SCENES:
        if only is None or scene.name in only.split(","):
            with prepared(scene) as ready:
                for kind in kinds:
                    yield from kind(ready, sample, seed)


def tally(
    trials: Iterator[Trial], share: int = 0, shares: int = 1, *, to_failure: bool = False, limit_s: float = math.inf
) -> dict[str, Any]:
    """Try every ``shares``-th of the trials from the ``share``-th on, until all, the first failure, or so many seconds.

    Returns how many there were of each kind, what failed, and whether time ran out.
    """
    end = time.monotonic() + limit_s
    counts: Counter[str] = Counter()
    failed: list[list[str]] = []
    for name, attempt in islice(trials, share, None, shares):
        if time.monotonic() > end:
            return {"counts": counts, "failed": failed, "out_of_time": True}
        counts[" ".join(name.split(" at ")[0].split()[:3])] += 1
        if found := attempt():
            failed.append([name, *found])
            if to_failure:
                break
    return {"counts": counts, "failed": failed, "out_of_time": False}
