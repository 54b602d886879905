"""Here is an index that lacks something; what can be asked, and what must the user know? Its standing, in notes.

An index that was published by keyword first (``build --keyword-first``) has segments that wait for their vectors. In
hybrid mode a chunk without a vector counts a cosine of 0, which is what the default encoder gives two texts that have
nothing to do with each other: its score is ``BM25 / sqrt(U)``, what its words alone are worth. So it is found by the
keyword leg alone, no guess puts it above a chunk whose nearness is known, and every score depends, as ever, on the
query, the chunk and the index alone: when its vector comes, its own cosine is added; only what the index learns from
all its vectors together, a weight and how languages lean, moves with them. While no chunk has one, the order is that of
the keyword leg, and no encoder is needed. By vector alone such chunks can't be found; where there are no others, asking
is an error.
"""

from __future__ import annotations

from searchkit.errors import VectorsMissing
from searchkit.index.generation import Generation
from searchkit.index.manifest import rules_note
from searchkit.types import Mode


def standing_notes(generation: Generation, mode: Mode) -> tuple[str, ...]:
    """Say what an index lacks that matters to a search in this mode: vectors, or the rules that the query is read by.

    Raises ``VectorsMissing`` for a search by vector alone where none has.
    """
    notes = (_coverage(generation, mode), "" if mode is Mode.VECTOR else rules_note(generation.manifest))
    return tuple(note for note in notes if note)


def _coverage(generation: Generation, mode: Mode) -> str:
    manifest = generation.manifest
    if mode is Mode.KEYWORD or manifest.vectors == manifest.chunks:
        return ""
    said = f"{generation.paths.root} has vectors for {manifest.vectors:,} of {manifest.chunks:,} chunks"
    if not manifest.vectors and mode is Mode.VECTOR:
        raise VectorsMissing(f"{said}: nothing can be found by vector.")
    rest = "can't be found by vector" if mode is Mode.VECTOR else "are found by keyword alone"
    return f"{said}; the others {rest} until 'searchkit rebuild' or 'searchkit update' has made theirs."
