"""Here are scenes; stop each at its points, in a child process, and say what was wrong after it.

Every trial is a fork of a process that has everything imported, so that it costs what its command costs.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from searchkit.errors import StorageError
from tests.torture.points import ERRNOS, Points, kill, refuse
from tests.torture.scenes import SCENES, Scene, complaints, standing


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


@contextmanager
def prepared(scene: Scene) -> Iterator[tuple[Path, Any, Any, list[str]]]:
    """Give the folder that a scene begins on, the states before and after it, and the names of its points."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        start, done = Path(name) / "start", Path(name) / "done"
        start.mkdir()
        in_child(lambda: scene.prepare(start) and None)
        old = answer(lambda: standing(start / scene.index))
        shutil.copytree(start, done)
        names = answer(lambda: counted(scene, done))
        yield start, old, answer(lambda: standing(done / scene.index)), names


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


def chosen(names: list[str], sample: int | None, seed: int) -> list[int]:
    """Choose the points to try: all, or so many, spread over the kinds of calls."""
    every = list(range(1, len(names) + 1))
    if sample is None or sample >= len(every):
        return every
    return sorted(random.Random(seed).sample(every, sample))


def kill_trials(sample: int | None, seed: int, only: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """Kill each scene at its points; yield the name of each trial and what was wrong after it."""
    for scene in scenes(only):
        with prepared(scene) as (start, old, new, names):
            for at in chosen(names, sample, seed):
                folder = start.parent / "trial"
                shutil.copytree(start, folder)
                stopped, said = in_child(partial(killed, scene, folder, at))
                found = [] if stopped == signal.SIGKILL else [f"not killed: {said}"]
                found += checked(scene, folder, old, new)
                shutil.rmtree(folder)
                yield f"kill {scene.name} at {at} ({names[at - 1]})", found


def refuse_trials(sample: int | None, seed: int, only: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """Let each call of each scene fail once; yield the name of each trial and what was wrong after it."""
    for scene in scenes(only):
        with prepared(scene) as (start, old, new, names):
            for at in chosen(names, sample, seed):
                number = ERRNOS[at % len(ERRNOS)]
                folder = start.parent / "trial"
                shutil.copytree(start, folder)
                _, said = in_child(
                    lambda folder=folder, at=at, number=number, scene=scene: refused(scene, folder, at, number)
                )  # type: ignore[misc]
                found = said if isinstance(said, list) else [str(said)]
                found += checked(scene, folder, old, new)
                shutil.rmtree(folder)
                yield f"{errno.errorcode[number]} in {scene.name} at {at} ({names[at - 1]})", found


def checked(scene: Scene, folder: Path, old: Any, new: Any) -> list[str]:
    """Look at what was left, in a child of its own, and run the command again."""
    stopped, said = in_child(lambda: complaints(scene, folder, old, new, rerun=True))
    if stopped:
        return [f"the check was ended by signal {stopped}"]
    return said if isinstance(said, list) else [str(said)]


def scenes(only: str | None) -> list[Scene]:
    return [scene for scene in SCENES if only in (None, scene.name)]


def tally(trials: Iterator[tuple[str, list[str]]], say: Callable[[str], None]) -> tuple[int, int]:
    """Go through trials, tell each that failed and the counts; return how many there were and how many failed."""
    counts: Counter[str] = Counter()
    failed = 0
    for name, found in trials:
        counts[" ".join(name.split(" at ")[0].split()[:3])] += 1
        if found:
            failed += 1
            say(f"FAILED {name}")
            for one in found:
                say(f"    {one}")
    for name, number in sorted(counts.items()):
        say(f"{number:6} {name}")
    return sum(counts.values()), failed
