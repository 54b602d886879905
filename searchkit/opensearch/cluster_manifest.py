"""Manifest of an index on a cluster: what stands in the ``_meta`` of its mapping.

=============  ========================================================================================================
``format``     version of the mapping and the documents (``mapping.FORMAT``)
``manifest``   the values of ``index/manifest.py``, without segments
``articles``   how many there are
``chunks``     how many there are
``vectors``    how many chunks have a vector
``fields``     the names of the fields that articles can be filtered by
``check``      sha256 of all the others, as ``index/manifest.py``, ``sealed``, writes it
=============  ========================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, IndexCorrupt, IndexForeign
from searchkit.index.manifest import FileFact, Manifest, SegmentFact, manifest_from, sealed
from searchkit.index.paths import VECTORS
from searchkit.opensearch.mapping import FORMAT, META

_WHOLE = "000001"
"""The one segment that an index on a cluster counts as: the cluster has segments of its own."""

_NO_FILE = FileFact(bytes=0, sha256="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterManifest:
    """What the mapping says of an index: its generation's manifest, and by which fields its articles are filtered."""

    manifest: Manifest
    fields: frozenset[str]
    seal: str


def meta_of(manifest: Manifest, fields: frozenset[str]) -> dict[str, Any]:
    """Write what ``manifest_in`` reads."""
    values = asdict(replace(manifest, segments=(), carried=None)) | {"created": manifest.created.isoformat()}
    return sealed(
        {
            "format": FORMAT,
            "manifest": values,
            "articles": manifest.articles,
            "chunks": manifest.chunks,
            "vectors": manifest.vectors,
            "fields": sorted(fields),
        }
    )


def manifest_in(mappings: Mapping[str, Any], where: str) -> ClusterManifest:
    """Read the manifest of an index; ``where`` names it in errors.

    Raises ``IndexForeign``, ``FormatTooOld``, ``FormatTooNew``, ``IndexCorrupt``.
    """
    meta = mappings.get("_meta", {}).get(META)
    if not isinstance(meta, dict) or not isinstance(meta.get("format"), int):
        raise IndexForeign(f"{where} isn't an index of searchkit.")
    if meta["format"] > FORMAT:
        raise FormatTooNew(f"{where} has format {meta['format']}; this searchkit reads {FORMAT}.")
    if meta["format"] < FORMAT:
        raise FormatTooOld(
            f"{where} has format {meta['format']}; this searchkit reads {FORMAT}.",
            hint="Run 'searchkit build PLACE... --index ADDRESS' to make it anew.",
        )
    if meta != sealed(meta):
        raise IndexCorrupt(f"The manifest of {where} was altered: its digest isn't the one that was written.")
    try:
        return _read(meta)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ConfigError) as error:
        raise IndexCorrupt(f"The manifest of {where} lacks something: {error}.") from error


def _read(meta: Mapping[str, Any]) -> ClusterManifest:
    has_vectors = meta["vectors"] > 0
    whole = SegmentFact(
        name=_WHOLE,
        articles=int(meta["articles"]),
        chunks=int(meta["chunks"]),
        files={VECTORS: _NO_FILE} if has_vectors else {},
    )
    return ClusterManifest(
        manifest=replace(manifest_from(meta["manifest"]), segments=(whole,)),
        fields=frozenset(map(str, meta["fields"])),
        seal=str(meta["check"]),
    )
