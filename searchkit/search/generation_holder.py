"""Generation holder: which generation a searcher reads, through refreshes by any thread.

Searches never wait for each other: one that finds the last look at CURRENT too long ago looks itself, and opens what is
new, while the others go on in the generation before; so does a second one that comes meanwhile. A look where nothing
has changed reads one line.

A generation that has given a cursor stays open when it is left, for pages to come: so many seconds after it was left or
a page of it was asked for last. Who never had it open, as another process, opens it where it is still on the disk and
was followed by another no longer ago.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Protocol

from searchkit.errors import ConfigError, CursorExpired, FormatTooNew, FormatTooOld, IndexCorrupt, SearchkitError
from searchkit.index.garbage import numbered
from searchkit.index.generation import Generation, open_generation
from searchkit.index.manifest import in_force, read_manifest, seal_of
from searchkit.index.paths import IndexPaths
from searchkit.search.candidates import IndexContext
from searchkit.search.cursor import SEAL_BYTES, Cursor
from searchkit.search.index_group import IndexGroup
from searchkit.search.protocols import Prepare
from searchkit.search.retrieval import SearchContext

_log = logging.getLogger("searchkit.search")

CURSOR_HOLD_S = 300.0
"""Seconds that a generation is kept for pages to come where nothing else is said: who reads a page is back by then."""

_KEPT = 8
"""Generations that are kept for pages at most, the latest: an index may be updated every second."""


def check_times(generation: int | None, refresh_after_s: float | None, cursor_hold_s: float) -> None:
    """Raise ``ConfigError`` where a time is none, or both a generation and an age are given."""
    if not isinstance(cursor_hold_s, int | float) or not cursor_hold_s >= 0:
        raise ConfigError(f"cursor_hold_s can't be {cursor_hold_s!r}.", hint="Give seconds, 0 or more.")
    is_time = isinstance(refresh_after_s, int | float) and refresh_after_s >= 0
    if refresh_after_s is not None and (generation is not None or not is_time):
        raise ConfigError(
            f"refresh_after_s can't be {refresh_after_s!r}{' with a generation' if generation else ''}.",
            hint="Give seconds, 0 or more, for an index that is opened without a generation.",
        )


def is_of(cursor: Cursor, context: IndexContext) -> bool:
    """Say whether a cursor goes on in a generation."""
    return cursor.generation == context.generation.manifest.generation and cursor.seal == context.seal


class _SharedGeneration:
    """A generation and the number of searches in it: a refresh closes it when the last of them ends.

    Whoever has taken it uses it with ``with``, which leaves it.
    """

    def __init__(self, generation: Generation) -> None:
        self.reading = SearchContext(generation)
        self._users = 1
        self._guard = threading.Lock()

    def __enter__(self) -> SearchContext:
        return self.reading

    def __exit__(self, *_: object) -> None:
        self.leave()

    def take(self) -> None:
        with self._guard:
            self._users += 1

    def leave(self) -> None:
        with self._guard:
            self._users -= 1
            last = self._users == 0
        if last:
            self.reading.close()


@dataclass(slots=True)
class _PastGeneration:
    """A generation that was left and is kept for pages until an instant of the monotonic clock."""

    shared: _SharedGeneration
    until: float


class GenerationHolder:
    """Holds one generation open, and for a while those that cursors go on in. Safe to share among threads."""

    def __init__(
        self,
        path: Path,
        prepare: Prepare,
        *,
        generation: int | None = None,
        refresh_after_s: float | None = None,
        cursor_hold_s: float = CURSOR_HOLD_S,
        joined: IndexGroup | None = None,
    ) -> None:
        """Open the generation in force, or the one of a number, which is kept for good; with ``joined`` those of all.

        Raises ``ConfigError`` where there is none of that number, or both a number and an age are given, or a time is
        none, and as ``open_generation`` does.
        """
        check_times(generation, refresh_after_s, cursor_hold_s)
        self._paths, self._prepare, self._pinned = IndexPaths(path), prepare, generation is not None
        self._after_s, self._looked = refresh_after_s, time.monotonic()
        self._guard, self._refreshing = threading.Lock(), threading.Lock()
        self._group = joined
        self._held: _SharedGeneration | None = _SharedGeneration(
            self._open_newest() if generation is None else _opened(self._paths, generation)
        )
        manifest = self._held.reading.generation.manifest
        _log.info("Opened generation %d of %s: %d articles", manifest.generation, path, manifest.articles)
        self._hold_s = cursor_hold_s
        self._past: dict[tuple[int, bytes], _PastGeneration] = {}
        self.note = ""
        """Why the newest generation isn't the one that is searched, where a look by age found one that can't be."""

    def close(self) -> None:
        """Let go of the index; searches that are going on end first."""
        with self._guard:
            held, self._held = self._held, None
            past, self._past = self._past, {}
        if held is not None:
            held.leave()
        for each in past.values():
            each.shared.leave()

    def refresh(self) -> bool:
        """Go over to the generation in force; say whether it is another. Raises as ``open_generation`` does.

        Where it can't be opened or searched, the one before is kept.
        """
        with self._refreshing:
            return self._refresh()

    def reading(self, cursor: Cursor | None = None) -> AbstractContextManager[SearchContext]:
        """Search, with ``with``, in what is held, after a look at what is in force where the last is too long ago.

        With a cursor it is the generation of that. Raises ``CursorExpired`` where it isn't kept any more.
        """
        if self._after_s is not None:
            self._look(self._after_s)
        return self._taken() if cursor is None else self._taken_for(cursor)

    def _taken_for(self, cursor: Cursor) -> _SharedGeneration:
        """Take the generation that a cursor goes on in. Raises ``CursorExpired``."""
        held = self._taken()
        if is_of(cursor, held.reading):
            return held
        held.leave()
        self._drop_expired()
        with self._guard:
            if (past := self._past.get((cursor.generation, cursor.seal))) is not None:
                past.until = time.monotonic() + self._hold_s
                past.shared.take()
                return past.shared
        left_s = 0.0 if self._pinned else self._seconds_left(cursor.generation)
        if left_s <= 0:
            raise self._expired(cursor)
        try:
            shared = _SharedGeneration(_opened(self._paths, cursor.generation))
        except (ConfigError, IndexCorrupt) as error:  # collected a moment ago
            raise self._expired(cursor) from error
        if not is_of(cursor, shared.reading):
            shared.leave()
            raise self._expired(cursor)
        self._keep(shared, left_s)
        return shared

    def _seconds_left(self, number: int) -> float:
        """Return how long a generation on the disk may still be opened for pages: as long as any where it's in force.

        None is opened that isn't there.
        """
        if not self._paths.manifest(number).exists():
            return 0.0
        later = sorted(int(path.stem) for path in numbered(self._paths.generations, ".json") if int(path.stem) > number)
        if not later or number == in_force(self._paths).generation:
            return self._hold_s
        try:
            followed = read_manifest(self._paths, later[0]).created
        except (IndexCorrupt, FormatTooOld, FormatTooNew):
            return 0.0
        return self._hold_s - (datetime.now(UTC) - followed).total_seconds()

    def _expired(self, cursor: Cursor) -> CursorExpired:
        goes_on = f"The cursor goes on in generation {cursor.generation} of {self._paths.root}"
        if self._pinned:
            return CursorExpired(f"{goes_on}, and this searcher was opened on another one alone.")
        if self._is_of_another_index(cursor):
            return CursorExpired(
                f"The cursor belongs to another index than {self._paths.root}, or to the one that was there before."
            )
        return CursorExpired(
            f"{goes_on}, which isn't there any more, or was left more than {self._hold_s:g} seconds ago."
        )

    def _is_of_another_index(self, cursor: Cursor) -> bool:
        """Say whether no generation of this index can have given a cursor: it would have another seal, or number."""
        with self._taken() as context:
            held = context.generation.manifest.generation
            if cursor.generation == held:
                return True  # of another seal, or it would have been taken
        if self._group is not None:
            return False
        try:
            if cursor.generation > in_force(self._paths).generation:
                return True
            seal = seal_of(self._paths, cursor.generation)
        except SearchkitError:
            return False
        return bytes.fromhex(seal)[:SEAL_BYTES] != cursor.seal

    def _keep(self, shared: _SharedGeneration, seconds: float) -> None:
        """Keep a generation for pages, beside who uses it now. The one that would go first makes room."""
        number, seal = shared.reading.generation.manifest.generation, shared.reading.seal
        shared.take()
        with self._guard:
            before = self._past.pop((number, seal), None)
            dropped = [] if before is None else [before]
            if len(self._past) >= _KEPT:
                dropped.append(self._past.pop(min(self._past, key=lambda key: self._past[key].until)))
            self._past[number, seal] = _PastGeneration(shared=shared, until=time.monotonic() + seconds)
        for each in dropped:
            each.shared.leave()

    def _drop_expired(self) -> None:
        now = time.monotonic()
        with self._guard:
            expired = [self._past.pop(key) for key, past in list(self._past.items()) if past.until <= now]
        for past in expired:
            past.shared.leave()

    def _look(self, after_s: float) -> None:
        if time.monotonic() - self._looked < after_s or not self._refreshing.acquire(blocking=False):
            return
        try:
            self._looked = time.monotonic()
            self._refresh()
        except SearchkitError as error:
            self.note = f"The newest generation can't be searched, an earlier one answers: {error.message}"
            _log.warning("%s", self.note)
        finally:
            self._refreshing.release()

    def _refresh(self) -> bool:
        if self._pinned:
            return False
        with (taken := self._taken()) as context:
            if self._is_newest(context.generation):
                self.note = ""
                return False
            generation = self._open_newest()
            try:
                self._prepare(generation)
            except BaseException:
                generation.close()
                raise
            fresh = _SharedGeneration(generation)
            self._drop_expired()
            if context.gave_cursor and self._hold_s > 0:
                self._keep(taken, self._hold_s)
            with self._guard:
                old = self._held
                self._held = None if old is None else fresh
            (old or fresh).leave()  # closed meanwhile: the fresh one isn't wanted any more
            number, articles = generation.manifest.generation, generation.manifest.articles
            _log.info("Went over to generation %d of %s: %d articles", number, self._paths.root, articles)
        self.note = ""
        return True

    def _open_newest(self) -> Generation:
        return open_generation(self._paths.root) if self._group is None else self._group.open()

    def _is_newest(self, held: Generation) -> bool:
        if self._group is not None:
            return self._group.is_newest(held)
        current = in_force(self._paths)
        return (held.manifest.generation, held.seal) == (current.generation, current.seal)

    def _taken(self) -> _SharedGeneration:
        with self._guard:
            held = self._held
            if held is None:
                raise SearchkitError("This index was closed.", hint="Open it again with searchkit.open(PATH).")
            held.take()
        return held


class Holder(Protocol):
    """Who holds generations open: of an index in a folder, or on a cluster."""

    note: str

    def reading(self, cursor: Cursor | None = None) -> AbstractContextManager[IndexContext]:
        """Search in what is held; with a cursor, in the generation of that."""
        ...


class HeldGeneration:
    """One generation that somebody else holds open: what a ``GenerationHolder`` is to a searcher that stays in it."""

    def __init__(self, context: IndexContext, holder: Holder) -> None:
        self._context, self._holder = context, holder
        self.note: str = holder.note

    def reading(self, cursor: Cursor | None = None) -> AbstractContextManager[IndexContext]:
        """Search, with ``with``, in the one that is held; with a cursor, in that of the cursor.

        Raises ``CursorExpired`` where that isn't kept any more.
        """
        if cursor is None or is_of(cursor, self._context):
            return nullcontext(self._context)
        return self._holder.reading(cursor)

    def refresh(self) -> bool:
        """Stay: say that it is no other generation."""
        return False

    def close(self) -> None:
        """Leave it to who holds it."""


def _opened(paths: IndexPaths, number: int) -> Generation:
    """Open a generation by its number, whether it is in force or not."""
    in_force(paths)
    try:
        return Generation(paths, number)
    except IndexCorrupt as error:
        if paths.manifest(number).exists():
            raise
        raise ConfigError(
            f"{paths.root} has no generation {number}.",
            hint=f"Run 'searchkit info --index {quote(str(paths.root))}' to see the history.",
        ) from error
