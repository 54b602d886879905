"""Which commands are stopped on the way? Each with the index it begins on, and what must be true after it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import searchkit
from searchkit import add, backup, build, compact, delete, gc, rebuild, restore, rollback, update, verify
from searchkit.errors import IndexExists, IndexNotFound
from searchkit.index.paths import IndexPaths
from searchkit.index.reader import open_generation
from searchkit.index.sweeping import litter
from tests.index.archive import article
from tests.words import WordEncoder

ENCODER = WordEncoder(dimension=8, max_tokens=40)
QUESTIONS = (("oil of Venezuela", "keyword"), ("a zebra crossed", "vector"), ("new trams OR giraffe*", "hybrid"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A command: what is there before it, the command itself, and where the index lies that it makes or changes."""

    name: str
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]
    index: str = "index"


def grown(folder: Path) -> None:
    """Make an index of several generations, segments and deletions."""
    build(folder / "index", [article(n) for n in range(5)], encoder=ENCODER)
    add(folder / "index", [article(9, text="A zebra crossed the road.")], encoder=ENCODER)
    update(folder / "index", [article(1, text="Trams and zebras."), article(2)], encoder=ENCODER)
    delete(folder / "index", ["a003"])


def many(folder: Path) -> None:
    """Make an index that the next commit makes merge."""
    build(folder / "index", [article(0), article(20)], encoder=ENCODER)
    for number in range(1, 7):
        add(folder / "index", [article(number)], encoder=ENCODER)
    delete(folder / "index", ["a003"])


def with_backup(folder: Path) -> None:
    """Make an index and an older backup of it."""
    build(folder / "index", [article(n) for n in range(4)], encoder=ENCODER)
    delete(folder / "index", ["a002"])
    backup(folder / "index", folder / "backup")
    add(folder / "index", [article(7)], encoder=ENCODER)


def nothing(folder: Path) -> None:
    """Leave an empty folder."""


FRESH = [article(11, text="A giraffe looked on. It was new."), article(2, text="Changed trams."), article(5)]

SCENES = (
    Scene(
        name="build",
        prepare=nothing,
        act=lambda f: build(f / "index", [article(n) for n in range(6)], encoder=ENCODER),
    ),
    Scene(name="add", prepare=grown, act=lambda f: add(f / "index", FRESH, encoder=ENCODER)),
    Scene(
        name="update",
        prepare=grown,
        act=lambda f: update(
            f / "index",
            [*FRESH, article(0), article(4), article(9, text="A zebra crossed the road.")],
            prune=True,
            encoder=ENCODER,
        ),
    ),
    Scene(name="delete", prepare=grown, act=lambda f: delete(f / "index", ["a000", "a009"])),
    Scene(name="merge", prepare=many, act=lambda f: add(f / "index", FRESH, encoder=ENCODER)),
    Scene(name="compact", prepare=grown, act=lambda f: compact(f / "index")),
    Scene(name="rebuild", prepare=grown, act=lambda f: rebuild(f / "index", encoder=ENCODER)),
    Scene(name="gc", prepare=grown, act=lambda f: gc(f / "index", keep=1)),
    Scene(name="rollback", prepare=grown, act=lambda f: rollback(f / "index", 1)),
    Scene(name="backup", prepare=grown, act=lambda f: backup(f / "index", f / "copy"), index="copy"),
    Scene(name="restore", prepare=with_backup, act=lambda f: restore(f / "backup", f / "index")),
    Scene(name="restore-new", prepare=with_backup, act=lambda f: restore(f / "backup", f / "new"), index="new"),
)


def state(index: Path) -> Any:
    """Return all that an index answers; None where there is none."""
    try:
        with open_generation(index) as generation:
            held = {one: digest.hex() for one, digest in sorted(generation.digests().items())}
    except IndexNotFound:
        return None
    with searchkit.open(index, encoder=ENCODER) as searcher:
        found = [
            [(result.article.id, f"{result.score:.6f}") for result in searcher.search(text, mode=mode).results]
            for text, mode in QUESTIONS
        ]
    return {"articles": held, "found": [[list(one) for one in answer] for answer in found]}


def standing(index: Path) -> Any:
    """Return the state of an index that may never have come to be: what a stopped build leaves is no index."""
    paths = IndexPaths(index)
    return state(index) if paths.current.exists() else None


def again(scene: Scene, folder: Path) -> None:
    """Run the command once more; what came to be before it was stopped may be in the way, and says so."""
    try:
        scene.act(folder)
    except IndexExists:
        if standing(folder / scene.index) is None:
            raise


def complaints(scene: Scene, folder: Path, old: Any, new: Any, *, rerun: bool) -> list[str]:
    """Say what is wrong after a command was stopped: nothing, if the promises hold."""
    index = folder / scene.index
    found = []
    now = standing(index)
    if now not in (old, new):
        found.append(f"neither the old nor the new state: {now}")
    if now is not None:
        found += _faults(index)
    if rerun:
        again(scene, folder)
        if standing(index) != new:
            found.append("the same command run again gives another state")
        found += _faults(index)
        found += [f"litter: {path.relative_to(folder)}" for path in litter(IndexPaths(index))]
        if scene.name == "gc" and len(list(IndexPaths(index).generations.iterdir())) != 1:
            found.append("generations that should be gone")
    extra = {path.name for path in folder.iterdir()} - {"index", "backup", scene.index}
    return found + [f"litter: {name}" for name in sorted(extra)]


def _faults(index: Path) -> list[str]:
    return [f"verify: {fault.found}" for fault in verify(index, deep=True, encoder=ENCODER).faults]


named = functools.cache(lambda: {scene.name: scene for scene in SCENES})
