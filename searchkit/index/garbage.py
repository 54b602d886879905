"""Garbage: what stopped writers left, and generations that nobody reads."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt
from searchkit.index.lock import unread
from searchkit.index.manifest import MANIFEST_LIMIT_BYTES, current_generation, read_manifest, refuse_link
from searchkit.index.paths import IndexPaths, is_hidden_name, is_number_name, number_name
from searchkit.storage import files

FORGOTTEN_S = 30 * 86_400
"""Seconds after which nobody will go on with what a stopped writer left: its log of vectors is removed."""


def numbered(folder: Path, suffix: str = "") -> list[Path]:
    """Return what in a folder bears the name of a generation or a segment, in order."""
    return [path for path in _inside(folder) if path.suffix == suffix and is_number_name(path.stem)]


def next_number(paths: IndexPaths) -> int:
    """Return the number of the generation that is to follow the one in force, past those whose manifest is damaged.

    Raises ``IndexCorrupt`` where CURRENT isn't what was written.
    """
    current = current_generation(paths) if paths.current.exists() else 0
    # Without CURRENT a first manifest that can't be read is that of a build that was stopped.
    later = (int(path.stem) for path in numbered(paths.generations, ".json") if int(path.stem) > max(current, 1))
    return max((number for number in later if not _is_read(paths, number)), default=current) + 1


def sweep(paths: IndexPaths, *, spare: int | None = None, damaged: bool = False) -> None:
    """Remove what writers left that were stopped: hidden files, and what no published generation names.

    A generation after the one in force is what a writer prepared; ``spare`` is the number of one that stays. One whose
    manifest can't be read was in force (a writer leaves none such): it and its files stay until ``gc``, which asks for
    the ``damaged`` to go too.

    Only for who holds the writer's lock: another writer's half-made files look the same. Raises ``StorageError``, and
    ``IndexCorrupt`` where a folder of the index is a link: nothing is removed outside it.
    """
    for folder in (paths.generations, paths.segments, paths.encoders, paths.deletions, *numbered(paths.deletions)):
        refuse_link(folder)
    for folder in (paths.root, paths.generations, paths.segments, paths.encoders):
        for path in _inside(folder):
            if is_hidden_name(path.name):
                files.remove(path)
    for path in paths.unfinished_logs:
        if os.path.lexists(path) and path.lstat().st_mtime < time.time() - FORGOTTEN_S:
            files.remove(path)
    # Without CURRENT a manifest is that of a build that was stopped, or all that is left of an index: it stays until
    # something is published in its place.
    if paths.current.exists():
        current = current_generation(paths)
        for path in numbered(paths.generations, ".json"):
            number = int(path.stem)
            if number > current and number != spare and (damaged or _is_read(paths, number)):
                files.remove(path)
    _sweep_unnamed(paths)


def collect(paths: IndexPaths, keep: int) -> tuple[list[int], list[int]]:
    """Remove all but the ``keep`` latest generations, and what only they name; return the removed and the held ones.

    A generation that a reader of this machine has open is held, and stays. Only for who holds the writer's lock. Raises
    ``StorageError``, ``IndexCorrupt``.
    """
    sweep(paths, damaged=True)
    for path in paths.unfinished_logs:
        files.remove(path)
    current = current_generation(paths)
    removed: list[int] = []
    held: list[int] = []
    earlier = [path for path in numbered(paths.generations, ".json") if int(path.stem) != current]
    for path in earlier[: max(0, len(earlier) - (keep - 1))]:
        # Gone before its lock is let go of: a reader that came too late finds that the file has no name any more.
        with unread(path) as free:
            if free:
                files.remove(path)
        (removed if free else held).append(int(path.stem))
    if removed:
        with files.storing(paths.generations):
            files.flush(paths.generations)
    _sweep_unnamed(paths)
    return removed, held


def litter(paths: IndexPaths) -> list[Path]:
    """Return what lies in an index's folder and belongs to nothing that is published. Raises ``IndexCorrupt``."""
    named = _named(paths)
    current = current_generation(paths)
    known = {
        paths.current,
        paths.lock,
        paths.file_states,
        paths.feed_states,
        paths.generations,
        paths.segments,
        paths.encoders,
        paths.deletions,
    }
    published = {path for path in numbered(paths.generations, ".json") if int(path.stem) <= current}
    unused = [path for path in _inside(paths.root) if path not in known]
    unused += [path for path in _inside(paths.generations) if path not in published]
    unused += [path for path in _inside(paths.segments) if path.name not in named.segments]
    unused += [path for path in _inside(paths.encoders) if not named.brings(path.name)]
    for folder in _inside(paths.deletions):
        inside = _inside(folder)
        unnamed = [path for path in inside if not named.deletes(folder.name, path.stem)]
        unused += [folder] if len(unnamed) == len(inside) else unnamed
    return unused


@dataclass(frozen=True, slots=True)
class _ReferencedNames:
    """What manifests name: segments, ``(generation, segment)`` of deletions, and encoders.

    The last two are None where a manifest can't be read.

    One that can't be read is taken as plain text: whatever could be the name of a segment is one.
    """

    segments: frozenset[str]
    deletions: frozenset[tuple[str, str]] | None
    encoders: frozenset[str] | None

    def deletes(self, generation: str, segment: str) -> bool:
        return self.deletions is None or (generation, segment) in self.deletions

    def brings(self, encoder: str) -> bool:
        return self.encoders is None or encoder in self.encoders


def _named(paths: IndexPaths) -> _ReferencedNames:
    segments: set[str] = set()
    deletions: set[tuple[str, str]] = set()
    encoders: set[str] = set()
    unreadable = False
    for path in numbered(paths.generations, ".json"):
        try:
            manifest = read_manifest(paths, int(path.stem))
        except (IndexCorrupt, FormatTooOld, FormatTooNew):
            text = _text(path)
            segments.update(piece for piece in text.split('"') if is_number_name(piece))
            unreadable = True
            continue
        if manifest.carried is not None:
            encoders.add(number_name(manifest.carried.generation))
        for fact in manifest.segments:
            segments.add(fact.name)
            if fact.deletions is not None:
                deletions.add((number_name(fact.deletions.generation), fact.name))
    if unreadable:
        return _ReferencedNames(frozenset(segments), None, None)
    return _ReferencedNames(frozenset(segments), frozenset(deletions), frozenset(encoders))


def _sweep_unnamed(paths: IndexPaths) -> None:
    """Remove the segments and encoders that no manifest names, and deletions that none takes any more."""
    named = _named(paths)
    for path in numbered(paths.segments):
        if path.name not in named.segments:
            files.remove(path)
    for path in numbered(paths.encoders):
        if not named.brings(path.name):
            files.remove(path)
    for folder in numbered(paths.deletions):
        inside = _inside(folder)
        unnamed = [path for path in inside if not named.deletes(folder.name, path.stem)]
        if len(unnamed) == len(inside):
            files.remove(folder)
            continue
        for path in unnamed:
            files.remove(path)


def _is_read(paths: IndexPaths, generation: int) -> bool:
    try:
        read_manifest(paths, generation)
    except (IndexCorrupt, FormatTooOld, FormatTooNew):
        return False
    return True


def _text(path: Path) -> str:
    """Return what stands in a manifest that can't be trusted; nothing where it can't be a manifest at all."""
    try:
        return files.read_small(path, MANIFEST_LIMIT_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EINVAL, errno.EFBIG, errno.ENXIO}:
            return ""
        raise files.unreadable(path, error) from error


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
