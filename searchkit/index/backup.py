"""Backup and restore, while searches and writers go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from searchkit.errors import ConfigError, IndexExists
from searchkit.index.build import refuse_existing
from searchkit.index.bundled_encoder import copy_carried
from searchkit.index.embedding_source import kept_vectors
from searchkit.index.garbage import next_number, numbered, sweep
from searchkit.index.generation import Generation, open_generation
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import (
    FileFact,
    Manifest,
    SegmentFact,
    check_file,
    current_generation,
    in_place,
    publish,
    write_manifest,
)
from searchkit.index.paths import IndexPaths, number_name
from searchkit.storage import files
from searchkit.storage.files import hidden_name
from searchkit.types import Progress

NEW_FOLDER = "Name a folder that isn't there yet, or an empty one"


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
        ConfigError: ``target`` holds something else, or lies inside the index.
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
    source, target_paths = Path(index), IndexPaths(Path(target))

    def check(paths: IndexPaths) -> None:
        try:
            refuse_existing(paths)
        except IndexExists as error:
            again = f", or run 'searchkit restore {source} --index {paths.quoted}'" if paths.root != source else ""
            raise IndexExists(error.message, hint=f"{NEW_FOLDER}{again}.") from error
        except ConfigError as error:
            raise ConfigError(error.message, hint=f"{NEW_FOLDER}.") from error

    with open_generation(source) as generation:
        check(target_paths)
        _refuse_inside(target_paths.root, source)
        return _copy(generation, target_paths, "backup", check, progress)


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
        ConfigError: ``index`` holds something else than an index, or lies inside the backup, or ``lock_timeout_s`` is
            no time.
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
    target_paths = IndexPaths(Path(index))

    def check(paths: IndexPaths) -> None:
        if not paths.current.exists():
            refuse_existing(paths)

    with open_generation(Path(source)) as generation:
        check(target_paths)
        if not target_paths.current.exists():
            _refuse_inside(target_paths.root, Path(source))
        return _copy(generation, target_paths, "restore", check, progress, lock_timeout_s)


def _refuse_inside(target: Path, source: Path) -> None:
    """Refuse a copy inside the index that it is of: what isn't the index's own there is swept, or in the way."""
    if target.resolve().is_relative_to(source.resolve()):
        raise ConfigError(f"{target} lies inside {source}, which is to be copied.", hint=f"{NEW_FOLDER}, elsewhere.")


def _copy(
    generation: Generation,
    target_paths: IndexPaths,
    purpose: str,
    check: Callable[[IndexPaths], None],
    progress: Progress | None,
    lock_timeout_s: float = 0.0,
) -> Manifest:
    """Copy a generation into an index as its next one."""
    created = not target_paths.root.exists()
    files.make_folder(target_paths.root)
    with writer_lock(target_paths.lock, purpose, lock_timeout_s):
        # Another writer may have been there before the lock was held, and have left what is dear to it.
        created = created and not target_paths.current.exists() and not kept_vectors(target_paths)
        try:
            check(target_paths)
            sweep(target_paths)
            try:
                return _published(generation, target_paths, progress)
            except BaseException:
                sweep(target_paths)
                raise
        except BaseException:
            # While the lock is held: without it the folder may be another writer's by now.
            if created and not target_paths.current.exists():
                files.remove(target_paths.root)
            raise


def _published(generation: Generation, target_paths: IndexPaths, progress: Progress | None) -> Manifest:
    current = current_generation(target_paths) if target_paths.current.exists() else 0
    following = next_number(target_paths)
    facts = generation.manifest.segments
    first = max((int(path.name) for path in numbered(target_paths.segments)), default=0) + 1
    segments = []
    for number, fact in enumerate(facts):
        segments.append(_copy_segment(generation.paths, target_paths, fact, number_name(first + number), following))
        if progress is not None:
            progress("copy", number + 1, len(facts))
    carried = generation.manifest.carried
    if carried is not None:
        carried = copy_carried(generation.paths, target_paths, carried, following)
    manifest = replace(
        generation.manifest,
        carried=carried,
        generation=following,
        parent=current or None,
        restored=None,
        created=datetime.now(UTC).replace(microsecond=0),
        segments=tuple(segments),
    )
    write_manifest(target_paths, manifest)
    publish(target_paths, manifest.generation)
    if not current:  # what a copy left that was stopped before it published
        sweep(target_paths)
    return manifest


def _copy_segment(
    source: IndexPaths, target_paths: IndexPaths, fact: SegmentFact, name: str, generation: int
) -> SegmentFact:
    """Copy a segment, under another name, and what is deleted of it."""
    hidden = target_paths.segments / hidden_name(name)
    files.make_folder(hidden)
    for file, written in fact.files.items():
        _copy_file(source.segment(fact.name) / file, hidden / file, written)
    files.flush_all(hidden)
    files.rename(hidden, target_paths.segment(name))
    in_place(target_paths.segment(name), fact.files)
    deleted = fact.deletions
    if deleted is None:
        return replace(fact, name=name)
    rows, counts = target_paths.deleted_rows(generation, name), target_paths.deleted_counts(generation, name)
    files.make_folder(rows.parent)
    _copy_file(source.deleted_rows(deleted.generation, fact.name), rows, deleted.rows)
    _copy_file(source.deleted_counts(deleted.generation, fact.name), counts, deleted.counts)
    files.flush_all(rows.parent)
    return replace(fact, name=name, deletions=replace(deleted, generation=generation))


def _copy_file(source: Path, target: Path, fact: FileFact) -> None:
    check_file(source, fact, deep=True)
    files.copy(source, target)
    check_file(target, fact, deep=True)
