"""Backup and restore, while searches and writers go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from searchkit.errors import IndexExists
from searchkit.index.build import refuse_existing
from searchkit.index.bundled_encoder import copy_carried
from searchkit.index.current import current_generation, publish
from searchkit.index.embedding_source import kept_vectors
from searchkit.index.garbage import next_number, numbered, sweep
from searchkit.index.generation import Generation, open_generation
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import FileFact, Manifest, SegmentFact, check_file, in_place, write_manifest
from searchkit.index.paths import IndexPaths, number_name
from searchkit.storage import files
from searchkit.storage.files import hidden_name
from searchkit.types import Progress


def backup(index: str | Path, target: str | Path, *, progress: Progress | None = None) -> Manifest:
    """Copy the generation in force to a new folder, which is then an index of its own, at generation 1.

    Neither searches nor a writer have to wait. Every file is held against its digest on the way. Whatever is raised,
    no half copy is left.

    Args:
        index: The folder of the index.
        target: The folder of the copy: one that isn't there yet, or an empty one.
        progress: Told ``("copy", segments done, segments in all)``; None: nobody is told.

    Returns:
        The copy's manifest.

    Raises:
        IndexExists: There is an index in ``target``.
        ConfigError: ``target`` holds something else.
        IndexNotFound: There is no index in ``index``.
        IndexCorrupt: A file of the index is damaged; the message names it.
        FormatTooOld: The index has a format that can't be read any more.
        FormatTooNew: A later version wrote the index.
        IndexLocked: Another writer is at work in ``target``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> manifest = searchkit.backup("indexes/news", "copies/news")
        >>> manifest.generation, manifest.articles
        (1, 4)
        >>> searcher = searchkit.open("copies/news")
    """
    source, made = Path(index), IndexPaths(Path(target))

    def check(paths: IndexPaths) -> None:
        try:
            refuse_existing(paths)
        except IndexExists as error:
            again = f"'searchkit restore {source} --index {paths.quoted}'"
            raise IndexExists(error.message, hint=f"Choose a new folder, or run {again}.") from error

    with open_generation(source) as generation:
        check(made)
        return _copy(generation, made, "backup", check, progress)


def restore(
    source: str | Path, index: str | Path, *, lock_timeout_s: float = 0.0, progress: Progress | None = None
) -> Manifest:
    """Put a backup in the place of an index, as its next generation. Where there is no index it becomes one.

    Searches go on, and it can be rolled back.

    Args:
        source: The folder of the backup.
        index: The folder of the index.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``("copy", segments done, segments in all)``; None: nobody is told.

    Returns:
        The new generation's manifest.

    Raises:
        ConfigError: ``index`` holds something else than an index, or ``lock_timeout_s`` is no time.
        IndexNotFound: There is no index in ``source``.
        IndexCorrupt: A file of the backup, or ``CURRENT`` of the index, is damaged; the message names it.
        FormatTooOld: The backup has a format that can't be read any more.
        FormatTooNew: A later version wrote the backup.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> manifest = searchkit.backup("indexes/news", "copies/news")
        >>> report = searchkit.delete("indexes/news", ["cocoa", "bridge"])
        >>> manifest = searchkit.restore("copies/news", "indexes/news")
        >>> manifest.generation, manifest.articles
        (3, 4)
    """
    made = IndexPaths(Path(index))

    def check(paths: IndexPaths) -> None:
        if not paths.current.exists():
            refuse_existing(paths)

    with open_generation(Path(source)) as generation:
        check(made)
        return _copy(generation, made, "restore", check, progress, lock_timeout_s)


def _copy(
    generation: Generation,
    made: IndexPaths,
    purpose: str,
    check: Callable[[IndexPaths], None],
    progress: Progress | None,
    lock_timeout_s: float = 0.0,
) -> Manifest:
    """Copy a generation into an index as its next one."""
    created = not made.root.exists()
    files.make_folder(made.root)
    with writer_lock(made.lock, purpose, lock_timeout_s):
        # Another writer may have been there before the lock was held, and have left what is dear to it.
        created = created and not made.current.exists() and not kept_vectors(made)
        try:
            check(made)
            sweep(made)
            try:
                return _published(generation, made, progress)
            except BaseException:
                sweep(made)
                raise
        except BaseException:
            # While the lock is held: without it the folder may be another writer's by now.
            if created and not made.current.exists():
                files.remove(made.root)
            raise


def _published(generation: Generation, made: IndexPaths, progress: Progress | None) -> Manifest:
    current = current_generation(made) if made.current.exists() else 0
    following = next_number(made)
    facts = generation.manifest.segments
    first = max((int(path.name) for path in numbered(made.segments)), default=0) + 1
    segments = []
    for number, fact in enumerate(facts):
        segments.append(_copy_segment(generation.paths, made, fact, number_name(first + number), following))
        if progress is not None:
            progress("copy", number + 1, len(facts))
    carried = generation.manifest.carried
    if carried is not None:
        carried = copy_carried(generation.paths, made, carried, following)
    manifest = replace(
        generation.manifest,
        carried=carried,
        generation=following,
        parent=current or None,
        restored=None,
        created=datetime.now(UTC).replace(microsecond=0),
        segments=tuple(segments),
    )
    write_manifest(made, manifest)
    publish(made, manifest.generation)
    if not current:  # what a copy left that was stopped before it published
        sweep(made)
    return manifest


def _copy_segment(source: IndexPaths, made: IndexPaths, fact: SegmentFact, name: str, generation: int) -> SegmentFact:
    """Copy a segment, under another name, and what is deleted of it."""
    hidden = made.segments / hidden_name(name)
    files.make_folder(hidden)
    for file, written in fact.files.items():
        _copy_file(source.segment(fact.name) / file, hidden / file, written)
    files.flush_all(hidden)
    files.rename(hidden, made.segment(name))
    in_place(made.segment(name), fact.files)
    deleted = fact.deletions
    if deleted is None:
        return replace(fact, name=name)
    rows, counts = made.deleted_rows(generation, name), made.deleted_counts(generation, name)
    files.make_folder(rows.parent)
    _copy_file(source.deleted_rows(deleted.generation, fact.name), rows, deleted.rows)
    _copy_file(source.deleted_counts(deleted.generation, fact.name), counts, deleted.counts)
    files.flush_all(rows.parent)
    return replace(fact, name=name, deletions=replace(deleted, generation=generation))


def _copy_file(source: Path, target: Path, fact: FileFact) -> None:
    check_file(source, fact, deep=True)
    files.copy(source, target)
    check_file(target, fact, deep=True)
