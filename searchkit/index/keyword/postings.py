"""Here is a term; in which chunk rows does it stand, how often and where?

One immutable file a segment: an array file (``arrayfile.py``) with the magic ``SKPOST01``. Field F is "text" (title as
often as it counts, heading, chunk; 100 positions apart) or "title". The writer is in ``builder.py``.

| array | type | count | content |
|---|---|---|---|
| meta | u8 | 2 | count of rows, title weight |
| F.terms.blob | u1 | bytes | the terms in UTF-8, in the order of their bytes; a term's id is its place |
| F.terms.offsets | u4, u8 | terms + 1 | where each term begins in the blob, and the end of the last |
| F.starts | u4, u8 | terms + 1 | where each term's postings begin; the difference is its df |
| F.position_starts | u4, u8 | terms + 1 | where each term's positions begin; the difference is its cf |
| F.lengths | u2, u4 | rows | each row's occurrences of terms, joined forms included: the sum of its counts |
| F.rows | u4 | postings | rows, ascending within a term |
| F.counts | u1 | postings | occurrences in that row; 255 stands for 255 or more |
| F.positions | u2, u4 | occurrences | positions, ascending within a posting, posting after posting |
| F.blocks | u4, u8 | postings / 128, up, + 1 | where the positions of postings 0, 128, 256, … begin, and the end |
| F.counts.above | u8 | escapes | the postings with 255 or more, ascending |
| F.counts.exact | u4 | escapes | their counts |
| words.blob | u1 | bytes | surface words of the field "text" (folded, not stemmed), as F.terms.blob |
| words.offsets | u4, u8 | words + 1 | as F.terms.offsets |
| words.starts | u4, u8 | words + 1 | where each word's terms begin |
| words.terms | u4 | pairs | ids of the terms of "text" that a word stands for, ascending within a word |
| words.rows | u4 | words | in how many rows a word stands |

Types with a choice are the narrowest that hold the segment's largest number. The sum of F.lengths is the count of
F.positions.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt
from searchkit.index.keyword.arrayfile import ArrayFile
from searchkit.index.keyword.strings import SortedStrings
from searchkit.index.keyword.words import WordTable

MAGIC = b"SKPOST01"
ESCAPE = 255
BLOCK = 128

FieldName = Literal["text", "title"]
Rows = NDArray[np.uint32]
Counts = NDArray[np.uint32]
Positions = NDArray[np.uint16] | NDArray[np.uint32]
Lengths = NDArray[np.uint16] | NDArray[np.uint32]


class FieldPostings:
    """The dictionary and the postings of one field ("text" or "title") of one segment.

    Whatever can't be right raises ``IndexCorrupt``; a term id that doesn't exist raises ``IndexError``.
    """

    def __init__(self, file: ArrayFile, name: FieldName, rows: int) -> None:
        self.name = name
        self._file = file
        self._row_count = rows
        self._terms = SortedStrings(file, f"{name}.terms")
        self._starts = file.view(f"{name}.starts", 4, 8)
        self._position_starts = file.view(f"{name}.position_starts", 4, 8)
        self._lengths = file.array(f"{name}.lengths", 2, 4)
        self._rows = file.array(f"{name}.rows", 4)
        self._counts = file.array(f"{name}.counts", 1)
        self._positions = file.array(f"{name}.positions", 2, 4)
        self._blocks = file.array(f"{name}.blocks", 4, 8)
        self._above = file.array(f"{name}.counts.above", 8)
        self._exact = file.array(f"{name}.counts.exact", 4)
        self._sound: set[int] = set()
        self._check_sizes()

    @property
    def term_count(self) -> int:
        """Return how many terms there are."""
        return len(self._terms)

    @property
    def total_length(self) -> int:
        """Return the sum of ``lengths``."""
        return len(self._positions)

    @property
    def lengths(self) -> Lengths:
        """Return each row's length, the sum of its terms' counts: ``(rows,)`` uint16 or uint32, memory-mapped."""
        return self._lengths

    def term_id(self, term: str) -> int | None:
        """Find a term (exact, as the analyzer gives it) by bisection; None where no row has it."""
        return self._terms.find(term)

    def term(self, term_id: int) -> str:
        """Return a term's text. Ids run from 0 in the order of the terms' UTF-8 bytes (= of code points)."""
        return self._terms.get(term_id)

    def term_ids_from(self, prefix: str) -> range:
        """Return the ids of all terms that begin with a prefix."""
        return self._terms.prefix(prefix)

    def first_id_from(self, text: str) -> int:
        """Return the first id whose term is not less than a text (``term_count`` where there is none)."""
        return self._terms.not_less(text)

    def df(self, term_id: int) -> int:
        """Return in how many rows a term stands (deleted rows included)."""
        first, last = self._postings_of(term_id)
        return last - first

    def cf(self, term_id: int) -> int:
        """Return how often a term stands in all rows together."""
        first, last = self._positions_span(term_id)
        return last - first

    def frequencies(self, term_ids: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the df and the cf of many terms at once."""
        if len(term_ids) and not 0 <= int(term_ids.min()) <= int(term_ids.max()) < self.term_count:
            raise IndexError(f"there are {self.term_count} terms in '{self.name}'")
        at = np.asarray(term_ids, np.int64)
        df, cf = (
            np.asarray(starts)[at + 1].astype(np.int64) - np.asarray(starts)[at].astype(np.int64)
            for starts in (self._starts, self._position_starts)
        )
        if len(at) and (min(int(df.min()), int(cf.min())) < 1 or int(df.max()) > self._row_count):
            raise self._corrupt("a term's postings lie outside")
        return df, cf

    def postings(self, term_id: int) -> tuple[Rows, Counts]:
        """Return a term's rows, strictly ascending, and its count in each: two ``(df,)`` uint32 arrays.

        The rows are memory-mapped and read-only. They are checked when the term is first asked for: ascending, below
        the count of rows, with counts that add up to the term's ``cf``.
        """
        first, last = self._postings_of(term_id)
        rows, counts = self._rows[first:last], self._decoded(first, last)
        if term_id not in self._sound:
            self._check_postings(term_id, rows, counts)
            self._sound.add(term_id)
        return rows, counts

    def positions(self, term_id: int) -> tuple[Positions, NDArray[np.int64]]:
        """Return a term's positions, ``(cf,)`` ascending within a row, and ``(df + 1,)`` starts per posting."""
        _, counts = self.postings(term_id)
        first, last = self._positions_span(term_id)
        return self._positions[first:last], _sums(counts)

    def positions_of(self, term_id: int, rows: NDArray[Any]) -> tuple[Positions, NDArray[np.int64]]:
        """Return a term's positions in some rows, ascending: row after row, and ``(len(rows) + 1,)`` starts.

        A row without the term has none. Where the rows are few beside the term's, only the blocks are read that hold
        them.
        """
        first, _ = self._postings_of(term_id)
        all_rows, all_counts = self.postings(term_id)
        place = np.searchsorted(all_rows, rows)
        found = np.flatnonzero(place < len(all_rows))
        found = found[all_rows[place[found]] == np.asarray(rows)[found]]
        place = place[found]
        counts = np.zeros(len(rows), np.int64)
        counts[found] = all_counts[place]
        starts = _sums(counts)
        begins = self._begins(term_id, first, place, all_counts)
        span = counts[found]
        at = np.arange(int(starts[-1])) + np.repeat(begins - starts[found], span)
        return self._positions[at], starts

    def _begins(self, term_id: int, first: int, place: NDArray[np.intp], all_counts: Counts) -> NDArray[np.int64]:
        """Return where the positions of some of a term's postings begin."""
        low, high = self._positions_span(term_id)
        if len(place) * BLOCK >= len(all_counts):
            return low + _sums(all_counts)[place]
        posting = first + place
        block = posting // BLOCK
        inside = np.arange(BLOCK) < (posting % BLOCK)[:, None]
        at = np.minimum(block[:, None] * BLOCK + np.arange(BLOCK), len(self._counts) - 1)
        before = np.where(inside, self._counts_at(at), 0).sum(axis=1, dtype=np.int64)
        begins: NDArray[np.int64] = self._blocks[block].astype(np.int64) + before
        if len(begins) and (begins.min() < low or (begins + all_counts[place]).max() > high):
            raise self._corrupt("blocks of positions don't fit its terms")
        return begins

    def _counts_at(self, postings: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the counts of postings anywhere."""
        counts = self._counts[postings].astype(np.int64)
        escaped = counts == ESCAPE
        if escaped.any():
            wanted = postings[escaped].astype(np.uint64)
            at = np.searchsorted(self._above, wanted)
            if at.max() >= len(self._exact) or not np.array_equal(self._above[at], wanted):
                raise self._corrupt("large counts are missing")
            counts[escaped] = self._exact[at]
        return counts

    def _decoded(self, first: int, last: int) -> Counts:
        """Return the counts of a range of postings, large ones exact."""
        counts: Counts = self._counts[first:last].astype(np.uint32)
        if len(self._above):
            low, high = np.searchsorted(self._above, np.array([first, last], np.uint64))
            at = self._above[low:high].astype(np.int64) - first
            if len(at) and (at.min() < 0 or at.max() >= len(counts)):
                raise self._corrupt("large counts stand in no order")
            counts[at] = self._exact[low:high]
        return counts

    def _postings_of(self, term_id: int) -> tuple[int, int]:
        first, last = self._span(self._starts, term_id, len(self._rows))
        if last - first > self._row_count:
            raise self._corrupt("a term stands in more rows than there are")
        return first, last

    def _positions_span(self, term_id: int) -> tuple[int, int]:
        return self._span(self._position_starts, term_id, len(self._positions))

    def _span(self, starts: memoryview[int], term_id: int, limit: int) -> tuple[int, int]:
        if not 0 <= term_id < len(self._terms):
            raise IndexError(f"there is no term {term_id} among {len(self._terms)}")
        first, last = starts[term_id], starts[term_id + 1]
        if not first < last <= limit:
            raise self._corrupt("a term's postings lie outside")
        return first, last

    def _check_postings(self, term_id: int, rows: Rows, counts: Counts) -> None:
        if int(rows[-1]) >= self._row_count or not bool(np.all(rows[1:] > rows[:-1])):
            raise self._corrupt("a term's rows are not ascending or don't exist")
        if int(counts.min()) == 0 or int(counts.sum(dtype=np.uint64)) != self.cf(term_id):
            raise self._corrupt("a term's counts don't fit its positions")

    def _check_sizes(self) -> None:
        postings, terms = len(self._rows), len(self._terms)
        fits = (
            len(self._starts) == len(self._position_starts) == terms + 1
            and len(self._lengths) == self._row_count
            and len(self._counts) == postings
            and len(self._blocks) == -(-postings // BLOCK) + 1
            and (self._blocks[-1], self._blocks[0]) == (len(self._positions), 0)
            and len(self._above) == len(self._exact)
            and (self._starts[0], self._starts[-1]) == (0, postings)
            and (self._position_starts[0], self._position_starts[-1]) == (0, len(self._positions))
        )
        if not fits:
            raise self._corrupt("its arrays don't fit together")

    def _corrupt(self, what: str) -> IndexCorrupt:
        return self._file.corrupt(f"in the field '{self.name}' {what}")


class PostingsReader:
    """A memory-mapped ``postings.bin``. Safe to share among threads; everything is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = ArrayFile(path, MAGIC)
        meta = self._file.array("meta", 8)
        if len(meta) != 2 or meta[0] >= 1 << 32 or not 1 <= meta[1] <= 255:
            raise self._file.corrupt("its first numbers make no sense")
        self.rows, self.title_weight = int(meta[0]), int(meta[1])
        self._text = FieldPostings(self._file, "text", self.rows)
        self._title = FieldPostings(self._file, "title", self.rows)
        self._words = WordTable(self._file, self._text.term_count)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file. Raises ``IndexCorrupt`` (missing or damaged), ``FormatTooOld``, ``FormatTooNew``."""
        return cls(path)

    def field(self, name: FieldName) -> FieldPostings:
        """Return a field's postings."""
        return {"text": self._text, "title": self._title}[name]

    @property
    def words(self) -> WordTable:
        """Return the surface words of the field "text"."""
        return self._words

    def close(self) -> None:
        """Let go of the file; arrays that were handed out stay valid."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sums(counts: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each begins when they stand one after the other, and the end of the last."""
    sums = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=sums[1:], dtype=np.int64)
    return sums
