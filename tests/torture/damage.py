"""What if a file of an index isn't what was written? A typed error that names a file, or the right answer."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import searchkit
from searchkit import verify
from searchkit.config import SearchConfig
from searchkit.errors import SearchkitError
from tests.torture.scenes import ENCODER, QUESTIONS, grown
from tests.torture.trials import Trial, answer, copied, in_child, with_empty_cache

KINDS = ("flip", "zero", "cut", "extend", "remove", "swap", "noise", "empty")
TYPED = {"IndexCorrupt", "IndexNotFound", "FormatTooOld", "FormatTooNew", "StorageError", "EncoderMismatch"}


def damage_trials(sample: int | None, seed: int, only: str | None = None) -> Iterator[Trial]:
    """Damage one file, or two, in each trial (4,000 without ``sample``); yield its name and what was wrong."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        start = Path(name) / "start"
        start.mkdir()
        with_empty_cache(start)
        answer(lambda: grown(start) and None)
        expected = answer(lambda: asked(start / "index"))
        files = sorted(path.relative_to(start) for path in start.rglob("*") if path.is_file())
        dice = random.Random(seed)
        for number in range(sample or 4_000):
            kind = only or KINDS[number % len(KINDS)]
            victim, other = dice.sample(files, 2)
            attempt = partial(_damaged, kind, start, victim, other, expected, dice.randrange(1 << 30))
            yield f"damage {kind} {_sort(victim)} at trial {number}, {victim}", attempt


def _sort(victim: Path) -> str:
    """Name the kind of a file."""
    return victim.suffix.lstrip(".") or victim.name


def _damaged(kind: str, start: Path, victim: Path, other: Path, expected: Any, seed: int) -> list[str]:
    folder = copied(start, start.parent / f"trial-{os.getpid()}")
    damage(kind, folder / victim, folder / other, random.Random(seed))
    harmed = [path for path in (victim, other) if differs(folder / path, start / path)]
    found = judged(folder / "index", expected, harmed=harmed, needed=any(needed(path, start) for path in harmed))
    shutil.rmtree(folder)
    return found


def damage(kind: str, path: Path, other: Path, dice: random.Random) -> None:
    """Do something to a file."""
    content = bytearray(path.read_bytes())
    at = dice.randrange(max(1, len(content)))
    match kind:
        case "flip":
            content[at : at + 1] = bytes(one ^ 1 << dice.randrange(8) for one in content[at : at + 1])
        case "zero":
            content[at : at + 512] = bytes(len(content[at : at + 512]))
        case "cut":
            del content[at:]
        case "extend":
            content += dice.randbytes(dice.choice((1, 64, 5000)))
        case "noise":
            content[at : at + 64] = dice.randbytes(len(content[at : at + 64]))
        case "empty":
            content.clear()
        case "remove":
            path.unlink()
            return
        case "swap":
            theirs = other.read_bytes()
            other.write_bytes(content)
            content = bytearray(theirs)
    path.write_bytes(content)


def differs(path: Path, whole: Path) -> bool:
    """Say whether a file isn't what it was."""
    return not path.exists() or path.read_bytes() != whole.read_bytes()


def needed(victim: Path, start: Path) -> bool:
    """Say whether the generation in force needs a file: verify must find what happened to it."""
    current = (start / "index" / "CURRENT").read_text().split()[0]
    manifest = (start / "index" / "generations" / f"{current}.json").read_text()
    if victim.parts[1] == "segments":
        return f'"{victim.parts[2]}"' in manifest
    return victim.name in {"CURRENT"}


def asked(index: Path) -> Any:
    """Ask everything that an index can be asked; a typed error is an answer too."""
    try:
        with searchkit.open(index, encoder=ENCODER) as searcher:
            info = searcher.info()
            answers = [
                searcher.search(text, mode=mode, facets=["source"], source=source).results
                for text, mode in QUESTIONS
                for source in ((), "el correo")
            ]
            found = [
                [(one.article.id, one.article.title, f"{one.score:.6f}") for one in results] for results in answers
            ]
            texts = [str(searcher.article(f"a{number:03d}")) for number in range(10)]
            chunks = [str(searcher.chunks(f"a{number:03d}")) for number in range(10)]
        with searchkit.open(index, encoder=ENCODER, config=SearchConfig(depth=2)) as searcher:
            near = [f"{one.score:.5f}" for one in searcher.search("a zebra crossed", mode="vector").results]
        return [info.articles, info.chunks, str(info.sources), found, texts, chunks, near]
    except SearchkitError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}


def judged(index: Path, expected: Any, *, harmed: list[Path], needed: bool) -> list[str]:
    """Say what is wrong with how a damaged index behaves."""
    ended, said = in_child(lambda: asked(index))
    if ended:
        return [f"searching it ended the process with signal {ended}"]
    # A number in CURRENT that is whole names another whole generation.
    lawful = any(path.name == "CURRENT" for path in harmed)
    found = []
    if isinstance(said, dict):
        if said.get("error") not in TYPED:
            found.append(f"not a typed error: {said}")
        elif not any(path.name in said["message"] for path in harmed) or not said["hint"]:
            found.append(f"an error that names no file or remedy: {said}")
    elif said != expected and not lawful:
        found.append("a wrong answer")
    ended, faults = in_child(lambda: _verified(index))
    if ended:
        found.append(f"verify ended the process with signal {ended}")
    elif not isinstance(faults, list):
        found.append(f"verify raised: {faults}")
    elif needed and not faults and not lawful:
        found.append("verify --deep found nothing")
    return found


def _verified(index: Path) -> list[str]:
    try:
        return [fault.found for fault in verify(index, deep=True, encoder=ENCODER).faults]
    except SearchkitError as error:
        return [error.message]
