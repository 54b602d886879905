"""What the tests of watching share: a watcher that is driven step by step, and what it told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from searchkit.index.watcher import WatchConfig, Watcher, WatchEvent, watching
from tests.word_encoder import WordEncoder

PATIENCE_S = 60.0
"""A machine that is busy with other things may take so long; a watcher that does nothing fails then."""


@dataclass
class Driven:
    """A watcher and its events."""

    watcher: Watcher
    events: list[WatchEvent] = field(default_factory=list)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let it work until something holds."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, self.events
            self.watcher.step()
            time.sleep(0.02)

    def until_told(self, kind: str, number: int = 1) -> WatchEvent:
        """Let it work until it has told so many events of a kind; return the last."""
        self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)[-1]

    def rest(self, seconds: float = 1.0) -> None:
        """Let it work for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.watcher.step()
            time.sleep(0.02)

    def of(self, kind: str) -> list[WatchEvent]:
        """Return the events of a kind."""
        return [event for event in self.events if event.kind == kind]


@contextmanager
def driven(index: Path, *places: Path, **values: object) -> Iterator[Driven]:
    """Begin to watch places with the small encoder, and look at all of them."""
    config = WatchConfig(
        index=index,
        places=[str(place) for place in places],
        encoder=WordEncoder(),
        **{"settle_s": 0.1, "batch_s": 0.4, **values},  # type: ignore[arg-type]
    )
    events: list[WatchEvent] = []
    with watching(config, events.append) as watcher:
        watcher.look_at_all()
        yield Driven(watcher, events)


def put(path: Path, text: str) -> None:
    """Write a file at one go, under another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105
