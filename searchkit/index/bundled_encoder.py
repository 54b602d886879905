"""Bundled encoder: an index that brings its encoder along.

``encoders/000007/`` holds what the generation of that number put there (``encoders/portable_encoder.py`` says which
files), and each manifest that goes on with it lists their sizes and digests under ``carried``. Nothing of it is read
before it was held against them; searches by keyword read none of it.
"""

from __future__ import annotations

from pathlib import Path

from searchkit.encoders import load_encoder
from searchkit.errors import IndexCorrupt, MissingExtra
from searchkit.index.manifest import CarriedFact, Manifest, check_file, fact_of, in_place, refuse_link
from searchkit.index.paths import IndexPaths
from searchkit.storage import files
from searchkit.storage.files import hidden_name, unreadable
from searchkit.types import Encoder


def carry(paths: IndexPaths, generation: int, encoder: Encoder) -> CarriedFact:
    """Put an encoder's files into an index, for a generation that is being made; no manifest names them yet.

    Raises ``ConfigError`` for an encoder that can't travel, ``StorageError``.
    """
    from searchkit.encoders.portable_encoder import pack

    folder = paths.encoder(generation)
    hidden = folder.with_name(hidden_name(folder.name))
    files.remove(hidden)
    files.remove(folder)
    files.make_folder(hidden)
    with files.storing(hidden):
        pack(encoder, hidden)
    files.flush_all(hidden)
    fact = CarriedFact(generation=generation, files={path.name: fact_of(path) for path in sorted(hidden.iterdir())})
    files.rename(hidden, folder)
    in_place(folder, fact.files)
    return fact


def copy_carried(source: IndexPaths, target_paths: IndexPaths, fact: CarriedFact, generation: int) -> CarriedFact:
    """Copy an encoder from one index to a generation of another, each file held against its digest.

    Raises ``IndexCorrupt``, ``StorageError``.
    """
    folder, target = source.encoder(fact.generation), target_paths.encoder(generation)
    hidden = target.with_name(hidden_name(target.name))
    files.make_folder(hidden)
    for name, file in fact.files.items():
        check_file(folder / name, file, deep=True)
        files.copy(folder / name, hidden / name)
        check_file(hidden / name, file, deep=True)
    files.flush_all(hidden)
    files.rename(hidden, target)
    in_place(target, fact.files)
    return CarriedFact(generation=generation, files=fact.files)


def encoder_of(paths: IndexPaths, manifest: Manifest) -> Encoder:
    """Return the encoder that made the vectors: the one that the index brings along, or else this machine's.

    Raises ``IndexCorrupt`` where the one in the index isn't what was put there, or could do harm; as ``load_encoder``
    does where there is none.
    """
    if manifest.carried is None:
        try:
            return load_encoder(manifest.encoder.name, relative=False)
        except MissingExtra as error:
            raise encoder_absent(
                error,
                "Without it the index is searched by its words: --mode keyword. If the index is built with"
                " --keep-encoder where the encoder is, it travels along.",
            ) from error
    from searchkit.encoders.portable_encoder import unpack

    check_carried(paths, manifest.carried)
    fact = manifest.encoder
    folder = paths.encoder(manifest.carried.generation)
    return unpack(folder, name=fact.name, fingerprint=fact.fingerprint, dimension=fact.dimension)


def encoder_absent(error: MissingExtra, more: str) -> MissingExtra:
    """Add to the error of an encoder that isn't on this machine what an index can be used for without."""
    return MissingExtra(
        error.message,
        hint=f"{error.hint} If it is a program's own encoder, that program gives it: searchkit.open(…, encoder=…), and"
        f" add, update and rebuild take it in the same way. {more}",
    )


def check_carried(paths: IndexPaths, fact: CarriedFact, *, deep: bool = False) -> None:
    """Hold an encoder's files against what the manifest says of them. Raises ``IndexCorrupt`` naming one that isn't."""
    folder = paths.encoder(fact.generation)
    refuse_link(folder.parent)
    refuse_link(folder)
    for name, file in fact.files.items():
        check_file(folder / name, file, deep=deep)
    if foreign := [path.name for path in _listed(folder) if path.name not in fact.files]:
        raise IndexCorrupt(f"{folder / foreign[0]} doesn't belong to the encoder.")


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
