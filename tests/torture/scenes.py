"""Which commands are stopped on the way? Each with the index it begins on, and what must be true after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import searchkit
from searchkit import add, backup, build, compact, delete, gc, rebuild, restore, rollback, update, verify
from searchkit.errors import IndexCorrupt, IndexExists, IndexNotFound, VectorsMissing
from searchkit.index import vector_index
from searchkit.index.garbage import litter
from searchkit.index.generation import index_info, open_generation
from searchkit.index.paths import VECTORS, IndexPaths
from searchkit.storage import array_file
from tests.index.archive import SENTENCES, article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

ENCODER = WordEncoder(dimension=8, max_tokens=40)
OTHER = WordEncoder(dimension=8, max_tokens=40, name="other")
ENCODERS = {one.fingerprint: one for one in (ENCODER, OTHER)}
QUESTIONS = (("oil of Venezuela", "keyword"), ("a zebra crossed", "vector"), ("new trams OR giraffe*", "hybrid"))

CORRUPT = "corrupt"
"""The state of an index that a command is there to repair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A command: what is there before it, the command itself, and where the index lies that it makes or changes."""

    name: str
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]
    index: str = "index"
    in_steps: bool = False
    """Whether it puts a generation in force that has all articles, but not yet their vectors."""


def small_as_large() -> None:
    """Let small segments have the files that large ones have, and be read as those are, in this process."""
    vector_index.EIGHT_BITS_FROM = 4
    array_file.MAPPED_FROM_BYTES = 8_192


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


def with_places(folder: Path) -> None:
    """Make an index from files that then change: one is new, one is another, one has gone."""
    pages = {f"page{number}.md": f"# Page {number}\n\n{SENTENCES[number]}\n" for number in range(5)}
    (folder / "place").mkdir()
    for name, text in pages.items():
        (folder / "place" / name).write_text(text)
    build(folder / "index", places=[folder / "place"], encoder=ENCODER)
    (folder / "place" / "page1.md").write_text("# Page 1\n\nNew trams and a zebra.\n")
    (folder / "place" / "page7.md").write_text("# Page 7\n\nA giraffe of Venezuela.\n")
    (folder / "place" / "page2.md").unlink()


def went_back(folder: Path) -> None:
    """Make an index that was rolled back."""
    grown(folder)
    rollback(folder / "index", 2)


def without_current(folder: Path) -> None:
    """Make an index that has lost the file which says what is in force."""
    grown(folder)
    IndexPaths(folder / "index").current.unlink()


def without_vectors(folder: Path) -> None:
    """Make an index that has lost the vectors of a segment."""
    grown(folder)
    next(folder.rglob(VECTORS)).unlink()


class _Stopped(WordEncoder):
    """An encoder that is stopped before its first vector."""

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        raise KeyboardInterrupt


def by_words(folder: Path) -> None:
    """Make an index whose vectors are still to be made."""
    with suppress(KeyboardInterrupt):
        encoder = _Stopped(dimension=8, max_tokens=40)
        build(folder / "index", [article(n) for n in range(5)], encoder=encoder, keyword_first=True)


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
    Scene(name="update-places", prepare=with_places, act=lambda f: update(f / "index", prune=True, encoder=ENCODER)),
    Scene(name="rebuild-places", prepare=with_places, act=lambda f: rebuild(f / "index", encoder=ENCODER)),
    Scene(name="compact-many", prepare=many, act=lambda f: compact(f / "index")),
    Scene(name="gc-many", prepare=many, act=lambda f: gc(f / "index", keep=2)),
    Scene(name="roll-forward", prepare=went_back, act=lambda f: rollback(f / "index", 4)),
    Scene(name="rollback-lost", prepare=without_current, act=lambda f: rollback(f / "index", 3)),
    Scene(name="rebuild-lost", prepare=without_vectors, act=lambda f: rebuild(f / "index", encoder=ENCODER)),
    Scene(name="switch", prepare=grown, act=lambda f: rebuild(f / "index", encoder=OTHER)),
    Scene(
        name="build-first",
        prepare=nothing,
        act=lambda f: build(f / "index", [article(n) for n in range(5)], encoder=ENCODER, keyword_first=True),
        in_steps=True,
    ),
    Scene(
        name="complete",
        prepare=by_words,
        act=lambda f: update(f / "index", [article(n) for n in range(5)], encoder=ENCODER),
    ),
    Scene(name="restore-new", prepare=with_backup, act=lambda f: restore(f / "backup", f / "new"), index="new"),
)


def state(index: Path) -> Any:
    """Return all that an index answers; None where there is none."""
    try:
        with open_generation(index) as generation:
            held = {one: digest.hex() for one, digest in sorted(generation.digests().items())}
            encoder = ENCODERS[generation.manifest.encoder.fingerprint]
    except IndexNotFound:
        return None
    except IndexCorrupt:
        return CORRUPT
    with searchkit.open(index, encoder=encoder) as searcher:
        found = [_found(searcher, text, mode) for text, mode in QUESTIONS]
    return {"encoder": encoder.name, "articles": held, "found": found}


def _found(searcher: searchkit.Searcher, text: str, mode: str) -> list[list[str]] | str:
    """Return the articles that answer a question, with their scores."""
    try:
        return [[result.article.id, f"{result.score:.6f}"] for result in searcher.search(text, mode=mode).results]
    except VectorsMissing:
        return "by words alone"


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
        if scene.in_steps:
            update(folder / scene.index, [article(n) for n in range(5)], encoder=ENCODER)


def complaints(scene: Scene, folder: Path, old: Any, new: Any) -> list[str]:
    """Say what is wrong after a command was stopped: nothing, if the promises hold."""
    index = folder / scene.index
    found = []
    now = standing(index)
    if now not in (old, new) and not (scene.in_steps and _first_step(now, new)):
        found.append(f"neither the old nor the new state: {now}")
    if now not in (None, CORRUPT):
        found += _faults(index)
    again(scene, folder)
    if standing(index) != new:
        found.append("the same command run again gives another state")
    found += _faults(index)
    found += [f"litter: {path.relative_to(folder)}" for path in litter(IndexPaths(index))]
    kept = {"gc": 1, "gc-many": 2}.get(scene.name)
    if kept and len(list(IndexPaths(index).generations.iterdir())) != kept:
        found.append("generations that should be gone")
    extra = {path.name for path in folder.iterdir()} - {"index", "backup", "place", scene.index}
    return found + [f"litter: {name}" for name in sorted(extra)]


def _first_step(now: Any, new: Any) -> bool:
    """Say whether a state has the articles of another, and finds them by their words."""
    return (
        isinstance(now, dict)
        and all(now[name] == new[name] for name in ("encoder", "articles"))
        and (now["found"][0] == new["found"][0])
    )


def _faults(index: Path) -> list[str]:
    encoder = ENCODERS[index_info(index).encoder_fingerprint]
    return [f"verify: {fault.found}" for fault in verify(index, deep=True, encoder=encoder).faults]
