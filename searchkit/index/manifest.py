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
``segments``   a list: ``name``, ``articles``, ``chunks``, ``files`` (name → ``bytes``, ``sha256``; without
               ``vectors.faiss`` where the vectors are still to be computed, and with ``vectors8.faiss`` and ``ids.bin``
               where chunks and articles are many), ``deletions``
               (null, or ``generation`` that wrote them, ``articles``, ``chunks``, ``rows`` and ``counts``: two files)
``carried``    the encoder that the index brings along, or null: ``generation`` that put it there, ``files`` as above
``languages``  living articles by language ("" where unknown)
``unknown_as`` the language by which articles of unknown language are analysed: the archive's main one; "" or missing
               where there is none
``rules``      the number of the rules by which texts were cut and analysed (``rules.py``); 1 where it is missing
``settings``   a ``Settings``, what searches use that name none themselves; null or missing for the defaults
``spreads``    by language, how the living vectors lie (``spread.py``): ``chunks``, ``total`` and ``sketch``, base64 of
               little-endian float64; missing where it wasn't counted yet
``zero``       what questions without sense score (``zero.py``): ``queries``, four means and the ``chunks`` that lived
               then; null where none were asked
``check``      sha256 of all the others, as ``sealed`` writes them
=============  ========================================================================================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from pathlib import Path
from shlex import quote
from typing import Any

from searchkit.config import IndexConfig, ReadConfig, Settings
from searchkit.encoders.onnx_export import FACTS, GRAPH, TABLE, TOKENIZER, WEIGHTS
from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, IndexCorrupt, StorageError
from searchkit.index.facts import (
    FORMAT,
    OLDEST_FORMAT,
    CarriedFact,
    Corpus,
    DeletionFact,
    EncoderFact,
    FileFact,
    Manifest,
    SegmentFact,
    SpreadFact,
    ZeroFact,
)
from searchkit.index.paths import ARTICLES, EIGHT_BITS, POSTINGS, SEGMENT_FILES, VECTORS, IndexPaths, is_number_name
from searchkit.storage import files
from searchkit.storage.digest_cache import digest, remember

MANIFEST_LIMIT_BYTES = 8 << 20
"""No manifest comes near it (a segment takes about 700 bytes); what is larger isn't read into memory.

JSON takes up to 21 times its size in memory (``[[],[],…``), so a stranger's manifest takes 170 MB at most.
"""

_ROWS = 1 << 32
"""Rows of a segment are counted in 32 bits."""

_DIMENSIONS = 1 << 20
"""No encoder's vectors come near so many values."""

_LEAST_FILES = {ARTICLES, POSTINGS}
_CARRIED_FILES = {FACTS, GRAPH, TABLE, TOKENIZER, WEIGHTS}


def write_manifest(paths: IndexPaths, manifest: Manifest) -> None:
    """Write a manifest under its number and flush it; nothing points to it yet. Raises ``StorageError``."""
    values = sealed(asdict(manifest) | {"created": manifest.created.isoformat()})
    text = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True).encode()
    if len(text) > MANIFEST_LIMIT_BYTES:
        raise StorageError(
            f"The manifest of {paths.root} would have more than {MANIFEST_LIMIT_BYTES:,} bytes and couldn't be read.",
            hint="Name the folder that the articles lie in, not each file.",
        )
    files.make_folder(paths.generations)
    files.replace(paths.manifest(manifest.generation), text)


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a manifest's values the digest of what they say, in the order of their names and without spaces."""
    said = {name: value for name, value in values.items() if name != "check"}
    text = json.dumps(said, separators=(",", ":"), sort_keys=True)
    return said | {"check": hashlib.sha256(text.encode()).hexdigest()}


def _is_sealed(values: dict[str, Any]) -> bool:
    try:
        return values == sealed(values)
    except RecursionError:
        return False


def seal_of(paths: IndexPaths, generation: int) -> str:
    """Return the ``check`` of a manifest as it stands there. Raises ``IndexCorrupt``."""
    path = paths.manifest(generation)
    return str(_json(path).get("check", ""))


def read_manifest(paths: IndexPaths, generation: int, *, seal: str | None = None) -> Manifest:
    """Read and check the manifest of a generation; ``seal`` is the ``check`` that it must have, where that is known.

    Raises ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``, each naming the file.
    """
    path = paths.manifest(generation)
    values = _json(path)
    version = values.get("format")
    if not isinstance(version, int):
        raise IndexCorrupt(f"{path} names no format version.")
    if version > FORMAT:
        raise FormatTooNew(f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.")
    if version < OLDEST_FORMAT:
        raise FormatTooOld(
            f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.",
            hint=f"Run 'searchkit rebuild {_places_of(values)} --index {paths.quoted}' to make it anew.",
        )
    if not _is_sealed(values):
        raise IndexCorrupt(f"{path} was altered: its digest isn't the one that was written.")
    if seal is not None and seal != values["check"]:
        raise IndexCorrupt(f"{path} isn't the manifest that {paths.current} names: their digests differ.")
    try:
        manifest = _from_values(values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ConfigError) as error:
        raise IndexCorrupt(f"{path} lacks something or holds something unknown: {error}.") from error
    if manifest.generation != generation:
        raise IndexCorrupt(f"{path} says that it is generation {manifest.generation}.")
    return manifest


def _places_of(values: dict[str, Any]) -> str:
    """Return the places that a manifest of another format names, for a shell; else what stands for them."""
    corpus = values.get("corpus")
    places = corpus.get("places") if isinstance(corpus, dict) else None
    if not isinstance(places, list) or not places or not all(isinstance(place, str) for place in places):
        return "PLACE..."
    return " ".join(map(quote, places))


def _json(path: Path) -> dict[str, Any]:
    refuse_link(path.parent)
    try:
        values = json.loads(files.read_small(path, MANIFEST_LIMIT_BYTES))
    except OSError as error:
        raise files.unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(f"{path} isn't the JSON that was written.") from error
    return values if isinstance(values, dict) else {}


def _from_values(values: dict[str, Any]) -> Manifest:
    corpus = values["corpus"]
    return Manifest(
        format=values["format"],
        generation=_count(values["generation"]),
        parent=None if values["parent"] is None else _count(values["parent"]),
        restored=None if values.get("restored") is None else _count(values["restored"]),
        settings=None if values.get("settings") is None else Settings.from_dict(values["settings"]),
        created=datetime.fromisoformat(values["created"]),
        writer=str(values["writer"]),
        config=IndexConfig.from_dict(values["config"]),
        encoder=EncoderFact(
            name=str(values["encoder"]["name"]),
            fingerprint=str(values["encoder"]["fingerprint"]),
            dimension=_count(values["encoder"]["dimension"], _DIMENSIONS),
        ),
        carried=None if values.get("carried") is None else _carried(values["carried"]),
        corpus=None
        if corpus is None
        else Corpus(places=tuple(map(str, corpus["places"])), read=ReadConfig.from_dict(corpus["read"])),
        segments=tuple(_segment(segment) for segment in values["segments"]),
        languages={str(code): _count(number) for code, number in values["languages"].items()},
        rules=_count(values.get("rules", 1)),
        unknown_as=str(values.get("unknown_as", "")),
        spreads={str(name): _spread(one) for name, one in values.get("spreads", {}).items()},
        zero=None if values.get("zero") is None else _zero(values["zero"]),
    )


def _spread(values: dict[str, Any]) -> SpreadFact:
    return SpreadFact(chunks=_count(values["chunks"]), total=str(values["total"]), sketch=str(values["sketch"]))


def _zero(values: dict[str, Any]) -> ZeroFact:
    means = {name: float(values[name]) for name in ("keyword", "vector", "words", "nearness")}
    if not all(map(isfinite, means.values())):
        raise ValueError("what questions without sense score")
    return ZeroFact(queries=_count(values["queries"]), chunks=_count(values.get("chunks", 0)), **means)


def _carried(values: dict[str, Any]) -> CarriedFact:
    if not set(values["files"]) <= _CARRIED_FILES:
        raise ValueError("an encoder's files")
    return CarriedFact(
        generation=_count(values["generation"]),
        files={name: _file(fact) for name, fact in values["files"].items()},
    )


def _segment(values: dict[str, Any]) -> SegmentFact:
    if not is_number_name(values["name"]) or not _LEAST_FILES <= set(values["files"]) <= set(SEGMENT_FILES):
        raise ValueError("a segment's name or files")
    if EIGHT_BITS in values["files"] and VECTORS not in values["files"]:
        raise ValueError(f"{EIGHT_BITS} without {VECTORS}")
    deletions = values["deletions"]
    return SegmentFact(
        name=values["name"],
        articles=_count(values["articles"], _ROWS),
        chunks=_count(values["chunks"], _ROWS),
        files={name: _file(fact) for name, fact in values["files"].items()},
        deletions=None
        if deletions is None
        else DeletionFact(
            generation=_count(deletions["generation"]),
            articles=_count(deletions["articles"], _ROWS),
            chunks=_count(deletions["chunks"], _ROWS),
            rows=_file(deletions["rows"]),
            counts=_file(deletions["counts"]),
        ),
    )


def _file(values: dict[str, Any]) -> FileFact:
    return FileFact(bytes=_count(values["bytes"]), sha256=str(values["sha256"]))


def _count(value: object, limit: int = 1 << 48) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise ValueError(f"a count that can't be: {value!r}")
    return value


def refuse_link(folder: Path) -> None:
    """Raise ``IndexCorrupt`` where a folder of an index is a link: nothing of an index lies outside its folder."""
    if folder.is_symlink():
        raise IndexCorrupt(f"{folder} is a link; an index keeps all that is its own inside its folder.")


def check_file(path: Path, fact: FileFact, *, deep: bool = False) -> None:
    """Hold a file against what the manifest says of it: its size and its digest. Raises ``IndexCorrupt`` naming it.

    The digest of a large file is taken once until it changes, and remembered in the user's cache
    (``encoders/cache.py``); with ``deep`` it is always taken anew, so that what the disk lost by itself is seen too.
    """
    refuse_link(path.parent)
    refuse_link(path.parent.parent)
    try:
        size = path.stat().st_size
        if path.is_symlink() or not path.is_file():
            raise IndexCorrupt(f"{path} isn't a plain file.")
    except PermissionError as error:
        raise files.unreadable(path, error) from error
    except OSError as error:
        raise IndexCorrupt(f"{path} is missing or can't be reached: {error.strerror}.") from error
    if size != fact.bytes:
        raise IndexCorrupt(f"{path} has {size:,} bytes where {fact.bytes:,} were written.")
    try:
        found = files.digest(path) if deep else digest(path)
    except OSError as error:
        raise files.unreadable(path, error) from error
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
