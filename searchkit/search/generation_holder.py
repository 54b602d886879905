"""Generation holder: which generation a searcher reads, through refreshes by any thread.

Searches never wait for each other: one that finds the last look at CURRENT too long ago looks itself, and opens what is
new, while the others go on in the generation before; so does a second one that comes meanwhile. A look where nothing
has changed reads one line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from searchkit.errors import ConfigError, IndexCorrupt, SearchkitError
from searchkit.index.generation import Generation, open_generation
from searchkit.index.manifest import in_force
from searchkit.index.paths import IndexPaths
from searchkit.search.retrieval import SearchContext

Prepare = Callable[[Generation], None]
"""Makes ready for a generation before searches go over to it; raises where it can't be searched."""


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


class HeldGeneration:
    """One generation that somebody else holds open: what a ``GenerationHolder`` is to a searcher that stays in it."""

    def __init__(self, context: SearchContext, note: str) -> None:
        self._context, self.note = context, note

    def reading(self) -> AbstractContextManager[SearchContext]:
        """Search, with ``with``, in the one that is held."""
        return nullcontext(self._context)

    def refresh(self) -> bool:
        """Stay: say that it is no other generation."""
        return False

    def close(self) -> None:
        """Leave it to who holds it."""


class GenerationHolder:
    """Holds one generation open at a time. Safe to share among threads."""

    def __init__(
        self, path: Path, prepare: Prepare, *, generation: int | None = None, refresh_after_s: float | None = None
    ) -> None:
        """Open the generation in force, or the one of a number, which is kept for good.

        Raises ``ConfigError`` where there is none of that number, or both a number and an age are given, and as
        ``open_generation`` does.
        """
        number = isinstance(refresh_after_s, int | float) and refresh_after_s >= 0
        if refresh_after_s is not None and (generation is not None or not number):
            raise ConfigError(
                f"refresh_after_s can't be {refresh_after_s!r}{' with a generation' if generation else ''}.",
                hint="Give seconds, 0 or more, for an index that is opened without a generation.",
            )
        self._paths, self._prepare, self._pinned = IndexPaths(path), prepare, generation is not None
        self._after_s, self._looked = refresh_after_s, time.monotonic()
        self._guard, self._refreshing = threading.Lock(), threading.Lock()
        self._held: _SharedGeneration | None = _SharedGeneration(
            open_generation(path) if generation is None else _opened(self._paths, generation)
        )
        self.note = ""
        """Why the newest generation isn't the one that is searched, where a look by age found one that can't be."""

    def close(self) -> None:
        """Let go of the index; searches that are going on end first."""
        with self._guard:
            held, self._held = self._held, None
        if held is not None:
            held.leave()

    def refresh(self) -> bool:
        """Go over to the generation in force; say whether it is another. Raises as ``open_generation`` does.

        Where it can't be opened or searched, the one before is kept.
        """
        with self._refreshing:
            return self._refresh()

    def reading(self) -> AbstractContextManager[SearchContext]:
        """Search, with ``with``, in what is held, after a look at what is in force where the last is too long ago."""
        if self._after_s is not None:
            self._look(self._after_s)
        return self._taken()

    def _look(self, after_s: float) -> None:
        if time.monotonic() - self._looked < after_s or not self._refreshing.acquire(blocking=False):
            return
        try:
            self._looked = time.monotonic()
            self._refresh()
        except SearchkitError as error:
            self.note = f"The newest generation can't be searched, an earlier one answers: {error.message}"
        finally:
            self._refreshing.release()

    def _refresh(self) -> bool:
        if self._pinned:
            return False
        with self._taken() as context:
            held, current = context.generation, in_force(self._paths)
            if (held.manifest.generation, held.seal) == (current.generation, current.seal):
                self.note = ""
                return False
            generation = open_generation(self._paths.root)
            try:
                self._prepare(generation)
            except BaseException:
                generation.close()
                raise
            fresh = _SharedGeneration(generation)
            with self._guard:
                old = self._held
                self._held = None if old is None else fresh
            (old or fresh).leave()  # closed meanwhile: the fresh one isn't wanted any more
        self.note = ""
        return True

    def _taken(self) -> _SharedGeneration:
        with self._guard:
            held = self._held
            if held is None:
                raise SearchkitError("This index was closed.", hint="Open it again with searchkit.open(PATH).")
            held.take()
        return held


def _opened(paths: IndexPaths, number: int) -> Generation:
    """Open a generation by its number, whether it is in force or not."""
    in_force(paths)
    try:
        return Generation(paths, number)
    except IndexCorrupt as error:
        if paths.manifest(number).exists():
            raise
        raise ConfigError(
            f"{paths.root} has no generation {number}.", hint="Run 'searchkit info --index PATH' to see the history."
        ) from error
