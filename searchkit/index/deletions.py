"""Deletions: which rows of a segment are gone, and what they take from its statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import IndexCorrupt
from searchkit.index.manifest import DeletionFact, SegmentFact, check_file, fact_of
from searchkit.index.paths import IndexPaths
from searchkit.storage import files

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.postings.deletion_stats import PostingsDelta
    from searchkit.keyword.postings.reader import PostingsReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """The deleted chunk rows of a segment, ``(chunks,)`` bool, and the postings statistics to subtract."""

    rows: NDArray[np.bool_]
    counts: PostingsDelta

    def write(self, paths: IndexPaths, generation: int, segment: str, *, articles: int) -> DeletionFact:
        """Write both files in the folder of a generation. Raises ``StorageError``.

        ``segment.rows`` holds a bit a row, the first row in the lowest bit; ``segment.delta`` is described where it is
        written.
        """
        from searchkit.keyword.postings.deletion_stats import write_delta

        rows, counts = paths.deleted_rows(generation, segment), paths.deleted_counts(generation, segment)
        files.make_folder(rows.parent)
        files.write_new(rows, np.packbits(self.rows, bitorder="little").tobytes())
        with files.storing(counts):
            write_delta(counts, self.counts)
        files.flush_all(rows.parent)
        return DeletionFact(
            generation=generation,
            articles=articles,
            chunks=int(np.count_nonzero(self.rows)),
            rows=fact_of(rows),
            counts=fact_of(counts),
        )

    @classmethod
    def read(cls, paths: IndexPaths, fact: SegmentFact, postings: PostingsReader) -> Deletions:
        """Read what a generation deleted of a segment.

        Raises ``IndexCorrupt`` naming the file. Both files are small, so that their digests are checked every time.
        """
        from searchkit.keyword.postings.deletion_stats import read_delta

        deleted = fact.deletions
        if deleted is None:
            raise ValueError("nothing is deleted of this segment")
        counts = paths.deleted_counts(deleted.generation, fact.name)
        check_file(counts, deleted.counts, deep=True)
        return cls(rows=read_rows(paths, fact), counts=read_delta(counts, postings))


def read_rows(paths: IndexPaths, fact: SegmentFact) -> NDArray[np.bool_]:
    """Read which rows of a segment are deleted, ``(chunks,)``. Raises ``IndexCorrupt`` naming the file."""
    deleted = fact.deletions
    if deleted is None:
        return np.zeros(fact.chunks, dtype=bool)
    path = paths.deleted_rows(deleted.generation, fact.name)
    check_file(path, deleted.rows, deep=True)
    bits = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    if len(bits) != (fact.chunks + 7) // 8:
        raise IndexCorrupt(f"{path} doesn't fit a segment of {fact.chunks} chunks.")
    gone = np.unpackbits(bits, count=fact.chunks, bitorder="little").astype(bool)
    if int(np.count_nonzero(gone)) != deleted.chunks:
        raise IndexCorrupt(f"{path} deletes another number of chunks than its manifest says.")
    return gone
