"""Here is an index; is it what was written? Name every file that isn't, what that means, and what mends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from searchkit.encoders import check_encoder
from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound, SearchkitError, StorageError
from searchkit.index.carried import check_carried, encoder_of
from searchkit.index.current import InForce, in_force, remedy
from searchkit.index.facts import Manifest, SegmentFact, coverage_note
from searchkit.index.lock import hold_for_reading
from searchkit.index.manifest import read_manifest
from searchkit.index.paths import ARTICLES, EIGHT_BITS, IDS, POSTINGS, VECTORS, IndexPaths
from searchkit.index.rules import RULES
from searchkit.index.segment import Segment
from searchkit.index.soundness import ENCODE_ANEW, check_agreement, check_deletions, check_encoding, check_leg
from searchkit.storage.files import unreadable
from searchkit.types import Encoder, Progress

_MEANINGS = {
    ARTICLES: "Its articles can't be shown, filtered or counted.",
    IDS: "The ids of what is found can't be trusted.",
    POSTINGS: "The keyword leg can't be trusted.",
    VECTORS: "The vector leg can't be trusted.",
    EIGHT_BITS: "The vector leg can't be trusted.",
}
_NO_ENCODER = "The encoder that the index brings along can't be used: only searches by keyword work."
_DAMAGE = (IndexCorrupt, StorageError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What reading a damaged file may raise: ours, or what Python makes of numbers that can't be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong: the file, what was found, what that means, and the command that mends it.

    ``remedy`` is empty where no command does: the file may not be read, and ``meaning`` says what to do.
    """

    path: str
    found: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What ``verify`` found. ``files`` counts what was checked; ``notes`` say what couldn't be."""

    path: str
    generation: int | None
    deep: bool
    files: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    took_s: float


def verify(
    index: str | Path, *, deep: bool = False, encoder: Encoder | None = None, progress: Progress | None = None
) -> Verified:
    """Check the generation in force: manifest, sizes, heads, each leg's counts, and some articles looked up again.

    With ``deep`` also every digest, every list of postings, every vector, every stored text, and some chunks encoded
    again by the index's encoder (or ``encoder``). Damage is told, not raised. Raises ``IndexNotFound``,
    ``FormatTooOld``, ``FormatTooNew``, ``ConfigError`` where ``encoder`` isn't one.
    """
    started = time.monotonic()
    check_encoder(encoder)
    check = _Check(IndexPaths(Path(index)), deep=deep, encoder=encoder)
    generation = check.run(progress)
    return Verified(
        path=str(index),
        generation=generation,
        deep=deep,
        files=check.files,
        faults=tuple(check.faults),
        notes=tuple(check.notes),
        took_s=time.monotonic() - started,
    )


class _Check:
    """Goes through an index and keeps what is wrong."""

    def __init__(self, paths: IndexPaths, *, deep: bool, encoder: Encoder | None) -> None:
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.files = 0
        self._paths, self._deep, self._encoder = paths, deep, encoder
        self._back = f"searchkit rollback --index {paths.quoted}"
        self._anew = f"searchkit rebuild --index {paths.quoted}"

    def run(self, progress: Progress | None) -> int | None:
        """Check everything; return the number of the generation in force, if it can be told."""
        said: InForce | None = None
        with self._finding(self._paths.current, "Nothing says which generation is in force."):
            said = in_force(self._paths)
        if said is None:
            return None
        path = self._paths.manifest(said.generation)
        with self._finding(path, "Nothing says what the generation in force is made of."):
            held = hold_for_reading(path)
            try:
                self._generation(read_manifest(self._paths, said.generation, seal=said.seal), progress)
            finally:
                os.close(held)
        return said.generation

    def _generation(self, manifest: Manifest, progress: Progress | None) -> None:
        if (carried := manifest.carried) is not None:
            with self._finding(self._paths.encoder(carried.generation), _NO_ENCODER, self._anew):
                check_carried(self._paths, carried, deep=self._deep)
        encoder = self._loaded(manifest) if self._deep else None
        if coverage := coverage_note(manifest):
            self.notes.append(coverage)
        if manifest.rules != RULES:
            self.notes.append(
                f"No article was looked up again: the index was analysed by rules {manifest.rules}, here are {RULES}."
            )
        for number, fact in enumerate(manifest.segments, start=1):
            self._segment(manifest, fact, encoder)
            if progress is not None:
                progress("verify", number, len(manifest.segments))
        if sum(manifest.languages.values()) != manifest.articles:
            raise IndexCorrupt(f"{self._paths.manifest(manifest.generation)} counts its articles in two ways.")

    def _segment(self, manifest: Manifest, fact: SegmentFact, encoder: Encoder | None) -> None:
        """Check each file by itself, so that every damaged one is named; all together where each is whole."""
        folder, dimension = self._paths.segment(fact.name), manifest.encoder.dimension
        before = len(self.faults)
        for name in fact.files:
            with self._finding(folder / name, _MEANINGS[name], self._anew):
                check_leg(self._paths, fact, name, dimension, deep=self._deep)
        if len(self.faults) > before:
            return
        if fact.deletions is not None:
            path = self._paths.deleted_rows(fact.deletions.generation, fact.name)
            earlier = any(int(one.stem) < manifest.generation for one in self._paths.generations.glob("[0-9]*.json"))
            command = self._back if earlier else self._anew
            with self._finding(path, "It can't be told any more what of a segment is deleted.", command):
                check_deletions(self._paths, fact)
        if len(self.faults) > before:
            return
        with (
            self._finding(folder, "Its files don't belong together.", self._anew),
            Segment(self._paths, fact, dimension=dimension) as segment,
        ):
            if manifest.rules == RULES:
                check_agreement(segment, unknown_as=manifest.unknown_as, deep=self._deep)
            if encoder is not None:
                check_encoding(segment, encoder)

    def _loaded(self, manifest: Manifest) -> Encoder | None:
        """Return the encoder of the index; None, with a note, where it isn't here as it was."""
        encoder = self._encoder
        if encoder is None:
            try:
                encoder = encoder_of(self._paths, manifest)
            except SearchkitError as error:
                self.notes.append(f"No chunk was encoded again: {error.message}")
                return None
        if manifest.encoder.differs(encoder):
            self.notes.append(f"No chunk was encoded again: '{encoder.name}' here isn't what made the vectors.")
            return None
        return encoder

    @contextmanager
    def _finding(self, path: Path, meaning: str, command: str = "") -> Iterator[None]:
        """Check a file in the block, and keep what it raises; without a command the one that mends the whole index."""
        self.files += 1
        try:
            yield
        except (FormatTooOld, FormatTooNew, IndexNotFound):
            raise
        except (*_DAMAGE, OSError) as raised:
            error = unreadable(path, raised) if isinstance(raised, PermissionError) else raised
            found = error.message if isinstance(error, SearchkitError) else f"{path} can't be read: {error}."
            if isinstance(error, StorageError):
                meaning, mended_by = error.hint, ""  # whole for all that is known: this user may not read it
            elif isinstance(error, IndexCorrupt) and error.hint == ENCODE_ANEW:
                mended_by = f"{self._anew} --encode-anew"
            else:
                mended_by = command or remedy(self._paths)
            self.faults.append(Fault(path=str(path), found=found, meaning=meaning, remedy=mended_by))
