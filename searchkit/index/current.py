"""``CURRENT``: which generation is in force. The only file that is ever replaced.

It holds one line of three parts, a space between them, and a line feed: the number of the generation in force, in
digits; the digest that stands as ``check`` in its manifest; and the first sixteen digits of the sha256 of the two as
they stand. So an altered digit can't open another whole generation, nor a manifest be put in the place of another,
without being told. What was written before there were digests is the number alone, and is read too: neither a flipped
bit nor a cut can make that of the longer form.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound, StorageError
from searchkit.index.lock import writer_at_work
from searchkit.index.manifest import Manifest, read_manifest, seal_of
from searchkit.index.paths import IndexPaths, is_number_name, number_name
from searchkit.storage import files

_LIMIT_BYTES = 128
"""Longer is no line of ours: twelve digits, 64, 16, two spaces and a line feed are 95."""

_SUM_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentGeneration:
    """What CURRENT says: a generation, and the digest of its manifest (None: it was written before there was one)."""

    generation: int
    seal: str | None


def publish(paths: IndexPaths, generation: int) -> None:
    """Make a written generation the one in force. Raises ``StorageError``, ``IndexCorrupt`` (its manifest)."""
    line = f"{number_name(generation)} {seal_of(paths, generation)}"
    files.replace(paths.current, f"{line} {_sum(line)}\n".encode())


def in_force(paths: IndexPaths) -> CurrentGeneration:
    """Read CURRENT: one small file.

    Raises ``IndexNotFound`` where there is no index, or not yet, ``IndexCorrupt`` where CURRENT isn't what was written,
    ``StorageError`` where it may not be read.
    """
    try:
        content = files.read_small(paths.current, _LIMIT_BYTES)
    except (FileNotFoundError, NotADirectoryError) as error:
        builder = writer_at_work(paths.lock)
        if "'build'" in builder:  # a rebuild has an index to make the next generation of
            raise IndexNotFound(
                f"There is no index at {paths.root} yet: it is being made by {builder}.",
                hint="Wait until it is done. 'searchkit build --keyword-first' lets others search before.",
            ) from error
        with files.looking_at(paths.generations):
            lost = paths.generations.is_dir()
        if lost:
            raise _lost(paths, "is missing: nothing says which generation is in force") from error
        raise IndexNotFound(f"There is no index at {paths.root}.") from error
    except PermissionError as error:
        raise files.unreadable(paths.current, error) from error
    except OSError as error:
        raise _lost(paths, f"can't be read: {error.strerror}") from error
    line = content.decode("ascii", errors="replace")
    name, _, rest = line.removesuffix("\n").partition(" ")
    if not is_number_name(name) or not line.endswith("\n"):
        raise _lost(paths, "doesn't name a generation")
    if not rest:
        return CurrentGeneration(generation=int(name), seal=None)
    seal, _, checksum = rest.partition(" ")
    if checksum != _sum(f"{name} {seal}"):
        raise _lost(paths, "was altered: its digest isn't the one that was written")
    return CurrentGeneration(generation=int(name), seal=seal)


def current_generation(paths: IndexPaths) -> int:
    """Return the number of the generation in force. Raises as ``in_force`` does."""
    return in_force(paths).generation


def manifest_in_force(paths: IndexPaths) -> Manifest:
    """Read the manifest of the generation in force. Raises as ``in_force`` and ``read_manifest`` do."""
    return manifest_of(paths, in_force(paths))


def manifest_of(paths: IndexPaths, current: CurrentGeneration) -> Manifest:
    """Read the manifest that CURRENT names. Raises as ``read_manifest`` does, with what mends it."""
    try:
        return read_manifest(paths, current.generation, seal=current.seal)
    except IndexCorrupt as error:
        raise IndexCorrupt(error.message, hint=f"Run '{remedy(paths)}' to mend it.") from error


def remedy(paths: IndexPaths) -> str:
    """Return the command that mends an index whose CURRENT, or the manifest that it names, is lost.

    Going back needs a generation whose manifest can be read and whose files are there; else the articles are needed.
    """
    for path in paths.generations.glob("[0-9]*.json"):
        with suppress(IndexCorrupt, FormatTooOld, FormatTooNew, StorageError, OSError, ValueError):
            facts = read_manifest(paths, int(path.stem)).segments
            if all((paths.segment(fact.name) / name).is_file() for fact in facts for name in fact.files):
                return f"searchkit rollback --index {paths.quoted}"
    return f"searchkit rebuild PLACE... --index {paths.quoted}"


def _sum(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:_SUM_DIGITS]


def _lost(paths: IndexPaths, reason: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"{paths.current} {reason}.",
        hint=f"Run '{remedy(paths)}' to mend it.",
    )
