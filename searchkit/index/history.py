"""History of an index, rollback and garbage collection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, IndexCorrupt
from searchkit.index.garbage import collect, numbered, sweep
from searchkit.index.generation import Generation, leg_bytes
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import Manifest, current_generation, publish, read_manifest, write_manifest
from searchkit.index.paths import IndexPaths
from searchkit.version import __version__

KEPT = 2
"""Generations that ``gc`` leaves where nothing else is said: the one in force, and one to go back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationInfo:
    """A generation of an index's history, which can be gone back to, or why it can't.

    Attributes:
        number: Its number.
        in_force: Whether it is the generation that searches open.
        created: When it was made, in UTC; None where its manifest can't be read.
        articles: How many articles it has.
        chunks: How many chunks they have.
        vectors: How many chunks have a vector.
        segments: How many segments it has.
        encoder: The name of the encoder that made its vectors.
        bytes: The size of its files.
        restored: The number of the generation whose content it brought back; None where it didn't.
        problem: Why it can't be gone back to; "" where it can.

    Example:
        >>> from searchkit.index.history import history
        >>> latest = history("indexes/news")[0]
        >>> latest.number, latest.in_force, latest.articles
        (1, True, 4)
    """

    number: int
    in_force: bool
    created: datetime | None = None
    articles: int = 0
    chunks: int = 0
    vectors: int = 0
    segments: int = 0
    encoder: str = ""
    bytes: int = 0
    restored: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedGarbage:
    """What ``gc`` did.

    Attributes:
        removed: The numbers of the generations that were removed.
        held: The numbers of those that stay since a reader of this machine has them open.
        bytes: How many bytes were set free.

    Example:
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> garbage = searchkit.gc("indexes/news", keep=1)
        >>> garbage.removed, garbage.held, garbage.bytes > 0
        ((1,), (), True)
    """

    removed: tuple[int, ...]
    held: tuple[int, ...]
    bytes: int


def history(index: str | Path) -> tuple[GenerationInfo, ...]:
    """List the generations of an index.

    Args:
        index: The folder of the index.

    Returns:
        The generations that are still there, the latest first.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: ``CURRENT``, which names the generation in force, is damaged.
        StorageError: ``CURRENT`` may not be read.

    Example:
        >>> from searchkit.index.history import history
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> [(generation.number, generation.articles) for generation in history("indexes/news")]
        [(2, 3), (1, 4)]
    """
    paths = IndexPaths(Path(index))
    current = current_generation(paths)
    numbers = [int(path.stem) for path in numbered(paths.generations, ".json")]
    return tuple(_past(paths, number, current) for number in sorted(numbers, reverse=True) if number <= current)


def gc(index: str | Path, *, keep: int = KEPT, lock_timeout_s: float = 0.0) -> CollectedGarbage:
    """Remove the generations before the latest ones, and the files that only they name.

    A generation that a reader of this machine has open stays.

    Args:
        index: The folder of the index.
        keep: How many of the latest generations stay, 1 or more: the one in force, and those to go back to.
        lock_timeout_s: How many seconds to wait while another writer is at work.

    Returns:
        Which generations were removed, which are held by readers, and how many bytes were set free.

    Raises:
        ConfigError: ``keep`` isn't a whole number of 1 or more, or ``lock_timeout_s`` is no time.
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: ``CURRENT``, which names the generation in force, is damaged.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk can't be written.

    Example:
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> report = searchkit.delete("indexes/news", "bridge")
        >>> searchkit.gc("indexes/news").removed
        (1,)
    """
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise ConfigError(f"gc can't keep {keep!r} generations.", hint="Give --keep 1 or more: the one in force stays.")
    paths = IndexPaths(Path(index))
    current_generation(paths)
    with writer_lock(paths.lock, "gc", lock_timeout_s):
        before = _bytes(paths.root)
        removed, held = collect(paths, keep)
        return CollectedGarbage(removed=tuple(removed), held=tuple(held), bytes=before - _bytes(paths.root))


def rollback(index: str | Path, generation: int | None = None, *, lock_timeout_s: float = 0.0) -> Manifest:
    """Bring back what an earlier generation was, as a new generation: going back can be undone the same way.

    Args:
        index: The folder of the index.
        generation: The number of the generation to bring back. None is the nearest before the one in force whose files
            are whole, or, where the one in force can't be read, the latest that is whole.
        lock_timeout_s: How many seconds to wait while another writer is at work.

    Returns:
        The new generation's manifest: ``generation`` is its number, ``restored`` that of the one brought back.

    Raises:
        ConfigError: There is no such generation, or ``lock_timeout_s`` is no time.
        IndexCorrupt: The generation that is named is damaged.
        FormatTooOld: The generation that is named has a format that can't be read any more.
        FormatTooNew: A later version wrote the generation that is named.
        IndexNotFound: There is no index in the folder.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> manifest = searchkit.rollback("indexes/news")
        >>> manifest.generation, manifest.restored, manifest.articles
        (3, 1, 4)
    """
    if generation is not None and (isinstance(generation, bool) or not isinstance(generation, int)):
        raise ConfigError(
            f"A generation is a number, not {generation!r}.",
            hint="Run 'searchkit info --index PATH' to see the history.",
        )
    paths = IndexPaths(Path(index))
    current = _in_force(paths)
    with writer_lock(paths.lock, "rollback", lock_timeout_s):
        if current is not None:
            sweep(paths)
        numbers = [int(path.stem) for path in numbered(paths.generations, ".json")]
        target = _opened(paths, generation) if generation is not None else _nearest(paths, current, numbers)
        if target is None or (generation is not None and generation not in numbers):
            raise _nowhere(paths, generation, numbers)
        manifest = replace(
            target,
            generation=max([*numbers, current or 0]) + 1,
            parent=current,
            restored=target.restored or target.generation,
            created=datetime.now(UTC).replace(microsecond=0),
            writer=__version__,
        )
        write_manifest(paths, manifest)
        publish(paths, manifest.generation)
        if current is None:  # only now can it be told what a rollback left that was stopped
            sweep(paths)
    return manifest


def _in_force(paths: IndexPaths) -> int | None:
    try:
        return current_generation(paths)
    except IndexCorrupt:
        return None


def _nearest(paths: IndexPaths, current: int | None, numbers: list[int]) -> Manifest | None:
    """Find the generation to go back to; one that brought back another counts as that other."""
    before = max(numbers, default=0) + 1
    if current is not None:
        try:
            before = read_manifest(paths, current).restored or current
        except (IndexCorrupt, FormatTooOld, FormatTooNew):
            before = current
    for number in sorted((number for number in numbers if number < before), reverse=True):
        try:
            return _opened(paths, number)
        except (IndexCorrupt, FormatTooOld, FormatTooNew):
            continue
    return None


def _opened(paths: IndexPaths, number: int) -> Manifest | None:
    """Open a generation, which checks all its files' sizes and heads; None where there is none of that number."""
    if not paths.manifest(number).exists():
        return None
    with Generation(paths, number) as generation:
        return generation.manifest


def _nowhere(paths: IndexPaths, generation: int | None, numbers: list[int]) -> ConfigError:
    what = f"no generation {generation}" if generation is not None else "no earlier generation that is whole"
    there = f"There are {', '.join(map(str, sorted(numbers)))}." if numbers else "There are none."
    return ConfigError(
        f"{paths.root} has {what}. {there}", hint="Run 'searchkit info --index PATH' to see the history."
    )


def _past(paths: IndexPaths, number: int, current: int) -> GenerationInfo:
    try:
        manifest = read_manifest(paths, number)
    except (IndexCorrupt, FormatTooOld, FormatTooNew) as error:
        return GenerationInfo(number=number, in_force=number == current, problem=error.message)
    return GenerationInfo(
        number=number,
        in_force=number == current,
        created=manifest.created,
        articles=manifest.articles,
        chunks=manifest.chunks,
        vectors=manifest.vectors,
        segments=len(manifest.segments),
        encoder=manifest.encoder.name,
        bytes=sum(leg_bytes(manifest).values()),
        restored=manifest.restored,
    )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
