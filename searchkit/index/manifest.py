"""What is a generation made of? Its manifest, the JSON file that names every part, is written and read here.

``generations/000007.json`` holds one object:

=============  ========================================================================================================
``format``     version of everything on disk
``writer``     the version of searchkit that wrote it
``generation`` its number
``parent``     the number of the generation before it, or null
``restored``   the number of the earlier generation that it brings back, or null
``created``    the instant of its making, ISO 8601, UTC
``config``     the ``IndexConfig`` that is baked in
``encoder``    ``name``, ``fingerprint``, ``dimension``
``corpus``     ``places`` and ``read`` (a ``ReadConfig``), from which a rebuild reads; null where articles were handed
over
``segments``   a list: ``name``, ``articles``, ``chunks``, ``files`` (name → ``bytes``, ``sha256``), ``deletions``
               (null, or ``generation`` that wrote them, ``articles``, ``chunks``, ``rows`` and ``counts``: two files)
``languages``  living articles by language ("" where unknown)
``check``      sha256 of all the others, as ``sealed`` writes them
=============  ========================================================================================================

``CURRENT`` holds the number of the generation in force, in digits, and a line feed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from searchkit.config import IndexConfig, ReadConfig
from searchkit.encoders.cache import digest, remember
from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound
from searchkit.index import files
from searchkit.index.paths import SEGMENT_FILES, IndexPaths, is_number_name, number_name

FORMAT = 1
OLDEST_FORMAT = 1
MANIFEST_LIMIT_BYTES = 64 << 20
"""No manifest comes near it (a segment takes about 700 bytes); what is larger isn't read into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file's size and digest, to be checked before it is trusted."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionFact:
    """What of a segment is deleted, and in which generation's folder that is written."""

    generation: int
    articles: int
    chunks: int
    rows: FileFact
    counts: FileFact


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFact:
    """A segment as its generation sees it."""

    name: str
    articles: int
    chunks: int
    files: Mapping[str, FileFact]
    deletions: DeletionFact | None = None

    @property
    def living_articles(self) -> int:
        """Count the articles that aren't deleted."""
        return self.articles - (self.deletions.articles if self.deletions else 0)

    @property
    def living_chunks(self) -> int:
        """Count the chunks that aren't deleted."""
        return self.chunks - (self.deletions.chunks if self.deletions else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFact:
    """Which encoder made the vectors."""

    name: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The places that the articles came from, and how they were read."""

    places: tuple[str, ...]
    read: ReadConfig = field(default_factory=ReadConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A generation, complete. See the module's table."""

    generation: int
    parent: int | None
    created: datetime
    writer: str
    config: IndexConfig
    encoder: EncoderFact
    corpus: Corpus | None
    segments: tuple[SegmentFact, ...]
    languages: Mapping[str, int]
    restored: int | None = None
    format: int = FORMAT

    @property
    def articles(self) -> int:
        """Count the living articles."""
        return sum(segment.living_articles for segment in self.segments)

    @property
    def chunks(self) -> int:
        """Count the living chunks."""
        return sum(segment.living_chunks for segment in self.segments)


def write_manifest(paths: IndexPaths, manifest: Manifest) -> None:
    """Write a manifest under its number and flush it; nothing points to it yet. Raises ``StorageError``."""
    values = sealed(asdict(manifest) | {"created": manifest.created.isoformat()})
    text = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)
    files.make_folder(paths.generations)
    files.replace(paths.manifest(manifest.generation), text.encode())


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a manifest's values the digest of what they say, in the order of their names and without spaces."""
    said = {name: value for name, value in values.items() if name != "check"}
    text = json.dumps(said, separators=(",", ":"), sort_keys=True)
    return said | {"check": hashlib.sha256(text.encode()).hexdigest()}


def publish(paths: IndexPaths, generation: int) -> None:
    """Make a written generation the one in force. Raises ``StorageError``."""
    files.replace(paths.current, f"{number_name(generation)}\n".encode())


def current_generation(paths: IndexPaths) -> int:
    """Return the number of the generation in force.

    Raises ``IndexNotFound`` where there is no index, ``IndexCorrupt`` where CURRENT isn't a number.
    """
    try:
        content = paths.current.read_bytes()[:64]
    except (FileNotFoundError, NotADirectoryError) as error:
        if paths.generations.is_dir():
            raise _lost(paths, "is missing: nothing says which generation is in force") from error
        raise IndexNotFound(f"There is no index at {paths.root}.") from error
    except OSError as error:
        raise _lost(paths, f"can't be read: {error.strerror}") from error
    name = content.decode("ascii", errors="replace").removesuffix("\n")
    if not is_number_name(name):
        raise _lost(paths, "doesn't name a generation")
    return int(name)


def _lost(paths: IndexPaths, reason: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"{paths.current} {reason}.",
        hint=f"Run 'searchkit rollback --index {paths.root}' to go to the last generation that is whole.",
    )


def read_manifest(paths: IndexPaths, generation: int) -> Manifest:
    """Read and check the manifest of a generation.

    Raises ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``, each naming the file.
    """
    path = paths.manifest(generation)
    try:
        if path.stat().st_size > MANIFEST_LIMIT_BYTES:
            raise IndexCorrupt(f"{path} is larger than any manifest.")
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise IndexCorrupt(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(f"{path} isn't the JSON that was written.") from error
    version = values.get("format") if isinstance(values, dict) else None
    if not isinstance(version, int):
        raise IndexCorrupt(f"{path} names no format version.")
    if version > FORMAT:
        raise FormatTooNew(f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.")
    if version < OLDEST_FORMAT:
        raise FormatTooOld(f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.")
    if values != sealed(values):
        raise IndexCorrupt(f"{path} was altered: its digest isn't the one that was written.")
    try:
        manifest = _from_values(values)
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise IndexCorrupt(f"{path} lacks something or holds something unknown: {error}.") from error
    if manifest.generation != generation:
        raise IndexCorrupt(f"{path} says that it is generation {manifest.generation}.")
    return manifest


def _from_values(values: dict[str, Any]) -> Manifest:
    corpus = values["corpus"]
    return Manifest(
        format=values["format"],
        generation=_count(values["generation"]),
        parent=None if values["parent"] is None else _count(values["parent"]),
        restored=None if values.get("restored") is None else _count(values["restored"]),
        created=datetime.fromisoformat(values["created"]),
        writer=str(values["writer"]),
        config=IndexConfig.from_dict(values["config"]),
        encoder=EncoderFact(
            name=str(values["encoder"]["name"]),
            fingerprint=str(values["encoder"]["fingerprint"]),
            dimension=_count(values["encoder"]["dimension"]),
        ),
        corpus=None
        if corpus is None
        else Corpus(places=tuple(map(str, corpus["places"])), read=ReadConfig.from_dict(corpus["read"])),
        segments=tuple(_segment(segment) for segment in values["segments"]),
        languages={str(code): _count(number) for code, number in values["languages"].items()},
    )


def _segment(values: dict[str, Any]) -> SegmentFact:
    if not is_number_name(values["name"]) or set(values["files"]) != set(SEGMENT_FILES):
        raise ValueError("a segment's name or files")
    deletions = values["deletions"]
    return SegmentFact(
        name=values["name"],
        articles=_count(values["articles"]),
        chunks=_count(values["chunks"]),
        files={name: _file(fact) for name, fact in values["files"].items()},
        deletions=None
        if deletions is None
        else DeletionFact(
            generation=_count(deletions["generation"]),
            articles=_count(deletions["articles"]),
            chunks=_count(deletions["chunks"]),
            rows=_file(deletions["rows"]),
            counts=_file(deletions["counts"]),
        ),
    )


def _file(values: dict[str, Any]) -> FileFact:
    return FileFact(bytes=_count(values["bytes"]), sha256=str(values["sha256"]))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 48:
        raise ValueError(f"a count that can't be: {value!r}")
    return value


def check_file(path: Path, fact: FileFact, *, deep: bool = False) -> None:
    """Hold a file against what the manifest says of it: its size and its digest. Raises ``IndexCorrupt`` naming it.

    The digest of a large file is taken once for each path, size and time of change, and remembered in the user's cache;
    with ``deep`` it is always taken anew, so that what the disk lost by itself is seen too.
    """
    try:
        size = path.stat().st_size
        if path.is_symlink() or not path.is_file():
            raise IndexCorrupt(f"{path} isn't a plain file.")
    except OSError as error:
        raise IndexCorrupt(f"{path} is missing or can't be reached: {error.strerror}.") from error
    if size != fact.bytes:
        raise IndexCorrupt(f"{path} has {size:,} bytes where {fact.bytes:,} were written.")
    try:
        found = files.digest(path) if deep else digest(path)
    except OSError as error:
        raise IndexCorrupt(f"{path} can't be read: {error.strerror}.") from error
    if found != fact.sha256:
        raise IndexCorrupt(f"{path} was altered: its digest isn't the one that was written.")


def in_place(folder: Path, facts: Mapping[str, FileFact]) -> None:
    """Remember the digests of files that were measured and then moved to a folder, so that opening them is quick."""
    for name, fact in facts.items():
        remember(folder / name, fact.sha256)


def fact_of(path: Path) -> FileFact:
    """Measure a file that was just written."""
    with files.storing(path):
        return FileFact(bytes=path.stat().st_size, sha256=files.digest(path))
