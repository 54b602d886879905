"""Search settings that a generation names; choosing others makes the next generation.

So they are as safe as the rest: a copy has them, a rollback brings those of before, a writer that adds articles keeps
them, a rebuild with another encoder drops them. No segment is written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from searchkit.config import SearchConfig, Settings
from searchkit.errors import ConfigError
from searchkit.index.garbage import next_number, sweep
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import Manifest, manifest_in_force, publish, read_manifest, write_manifest
from searchkit.index.paths import IndexPaths
from searchkit.version import __version__


def choose(index: str | Path, settings: Settings | None, *, lock_timeout_s: float = 0.0) -> Manifest:
    """Put settings in force for every search of an index that names no others; None for the defaults.

    Returns the manifest in force afterwards: a new generation's, or the one before where nothing changes. Raises
    ``ConfigError`` where they were chosen for vectors of another encoder, ``IndexNotFound``, ``IndexCorrupt``,
    ``IndexLocked``, ``StorageError``.
    """
    paths = IndexPaths(Path(index))
    manifest_in_force(paths)  # before a lock is made where there is no index
    with writer_lock(paths.lock, "tune", lock_timeout_s):
        before = manifest_in_force(paths)
        if settings is not None:
            check_settings(settings.fingerprint, before, paths.root)
        if _searches(before.settings) == _searches(settings):  # whatever speaks for them
            return before
        sweep(paths)
        manifest = replace(
            before,
            generation=next_number(paths),
            parent=before.generation,
            restored=None,
            created=datetime.now(UTC).replace(microsecond=0),
            writer=__version__,
            settings=settings,
        )
        write_manifest(paths, manifest)
        publish(paths, manifest.generation)
    return manifest


def _searches(settings: Settings | None) -> dict[str, object]:
    return dict(settings.search) if settings else {}


def settings_in_force(index: str | Path, generation: int | None = None) -> SearchConfig:
    """Return the settings that a generation names, or else the defaults; without a number, of the one in force.

    Raises ``IndexNotFound``, ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``.
    """
    paths = IndexPaths(Path(index))
    manifest = manifest_in_force(paths) if generation is None else read_manifest(paths, generation)
    return manifest.settings.to_config() if manifest.settings else SearchConfig()


def check_settings(fingerprint: str, manifest: Manifest, index: str | Path) -> None:
    """Refuse settings that were chosen for another encoder's vectors. Raises ``ConfigError``."""
    if fingerprint not in {"", manifest.encoder.fingerprint}:
        raise ConfigError(
            f"These settings were chosen for vectors of another encoder ({fingerprint[:12]}) than those of {index}"
            f" ('{manifest.encoder.name}', {manifest.encoder.fingerprint[:12]}).",
            hint="Find others with 'searchkit tune --index PATH', or search without them.",
        )
