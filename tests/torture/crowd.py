"""What if many use an index at once? Every answer is that of one committed generation, whoever asks and whenever."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import searchkit
from searchkit import add, compact, delete, gc, rollback, update, verify
from searchkit.errors import ConfigError, IndexLocked
from searchkit.index.garbage import litter
from searchkit.index.paths import IndexPaths
from tests.index.archive import article
from tests.torture.scenes import ENCODER, QUESTIONS, grown
from tests.torture.trials import Trial, answer, begun, ended, in_child, with_empty_cache

READERS, WRITERS = 3, 2


def crowd_trials(sample: int | None, seed: int, only: str | None = None) -> Iterator[Trial]:
    """Let readers and writers at one index for ``sample`` seconds (120 without); yield what was wrong."""
    del only
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        with_empty_cache(Path(name) / "index")
        answer(lambda: grown(Path(name)) and None)
        index = Path(name) / "index"
        end = time.monotonic() + (sample or 120)
        work = [partial(reading, index, end, seed + n) for n in range(READERS)]
        work += [partial(writing, index, end, seed + n) for n in range(WRITERS)]
        answers = [ended(*child) for child in [begun(one) for one in work]]
        seen: dict[str, set[str]] = defaultdict(set)
        for number, (signal, said) in enumerate(answers):
            who = f"reader {number}" if number < READERS else f"writer {number - READERS}"
            if signal or not isinstance(said, list):
                yield f"crowd {who} at it", partial(list, [f"signal {signal}: {said}"])
                continue
            for generation, digest in said:
                seen[generation].add(digest)
            for _ in said:
                yield f"crowd {who.split(maxsplit=1)[0]}'s answer at some time", list
        for generation, digests in seen.items():
            yield (
                f"crowd generation at {generation}",
                partial(list, [] if len(digests) == 1 else ["it gave different answers"]),
            )
        _, left = in_child(lambda: tidy(index))
        yield "crowd rest at the end", partial(list, left if isinstance(left, list) else [str(left)])


def reading(index: Path, end: float, seed: int) -> list[tuple[str, str]]:
    """Ask, now with a new searcher, now with one that is refreshed or goes on with what it has."""
    dice = random.Random(seed)
    heard = []
    while time.monotonic() < end:
        with searchkit.open(index, encoder=ENCODER) as searcher:
            for _ in range(dice.randrange(1, 8)):
                heard.append(asked(searcher))
                if dice.random() < 0.5:
                    searcher.refresh()
    return heard


def asked(searcher: Any) -> tuple[str, str]:
    """Return the number of a searcher's generation, and a digest of what it answers."""
    answers = [
        [(one.article.id, one.article.text, f"{one.score:.6f}") for one in searcher.search(text, mode=mode).results]
        for text, mode in QUESTIONS
    ]
    articles = [str(searcher.article(f"a{number:03d}")) for number in range(12)]
    info = searcher.info()
    said = json.dumps([answers, articles, info.articles, info.chunks])
    return str(info.generation), hashlib.sha256(said.encode()).hexdigest()


def writing(index: Path, end: float, seed: int) -> list[tuple[str, str]]:
    """Change the index in every way, and look at what came of it."""
    dice = random.Random(seed)
    heard = []
    while time.monotonic() < end:
        changed = [article(dice.randrange(12), text=f"Trams and oil, take {dice.randrange(1000)}.") for _ in range(2)]
        changes: tuple[Callable[[], object], ...] = (
            lambda changed=changed: add(index, changed, encoder=ENCODER),  # type: ignore[misc]
            lambda changed=changed: update(index, [*changed, article(3)], encoder=ENCODER),  # type: ignore[misc]
            lambda: delete(index, [f"a{dice.randrange(12):03d}"]),
            lambda: compact(index),
            lambda: gc(index, keep=1),
            lambda: rollback(index),
        )
        try:
            dice.choice(changes)()
        except (IndexLocked, ConfigError):  # the other writer is at work; there is nothing to go back to
            continue
        with searchkit.open(index, encoder=ENCODER) as searcher:
            heard.append(asked(searcher))
    return heard


def tidy(index: Path) -> list[str]:
    """Say what is wrong with an index after all that."""
    gc(index, keep=1)
    faults = [fault.found for fault in verify(index, deep=True, encoder=ENCODER).faults]
    return faults + [f"litter: {path}" for path in litter(IndexPaths(index))]
