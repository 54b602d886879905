"""Postings reader: the rows of a term, how often and where it stands in each; and the format of the file.

One immutable file a segment: an array file (``storage/array_file.py``) with the magic ``SKPOST02``. Field F is "text"
(title as often as it counts, heading, searchable fields in an article's first row, chunk; 100 positions apart) or
"title". Each word of a searchable field is a term ``FIELD:word``, too. The writer is in ``writer.py``.

| array | type | count | content |
|---|---|---|---|
| meta | u8 | 2 | count of rows, title weight |
| F.terms.blob | u1 | bytes | the terms in UTF-8, in the order of their bytes; a term's id is its place |
| F.terms.offsets | u4, u8 | terms + 1 | where each term begins in the blob, and the end of the last |
| F.starts | u4, u8 | terms + 1 | where each term's postings begin; the difference is its df |
| F.position_starts | u4, u8 | terms + 1 | where each term's positions begin; the difference is its cf |
| F.lengths | u2, u4 | rows | each row's occurrences of terms, joined forms included, the uncounted ones not |
| F.uncounted | u8 | 1 | occurrences that no length counts: second stems, characters of Chinese |
| F.postings | u1 | bytes | blocks of 128 postings, whatever their terms: gaps of rows, then counts less one, in lanes |
| F.postings.at | u4, u8 | blocks | where each block begins |
| F.row_bits | u1 | blocks | bits of a gap: a term's first row, or a row less the one before, less one |
| F.count_bits | u1 | blocks | bits of a count less one |
| F.bases | u4 | blocks | the row before the block's first, which matters where a term goes on from one to the next |
| F.positions | u1 | bytes | each block's positions, ascending within a posting, as bits; 8 zeros at the end |
| F.positions.at | u4, u8 | blocks | where each block's positions begin |
| F.position_bits | u1 | blocks | bits of a position: a posting's first, or one less the one before |
| F.blocks | u4, u8 | blocks + 1 | where the occurrences of postings 0, 128, 256, … begin, and the end |
| F.forms | u1 | bytes | for each occurrence which form of its term stands there, as bits; 8 zeros at the end |
| F.forms.at | u4, u8 | blocks | where each block's forms begin |
| F.form_bits | u1 | blocks | bits of a form's number |
| words.blob | u1 | bytes | surface words of the field "text" (folded, not stemmed), as F.terms.blob |
| words.offsets | u4, u8 | words + 1 | as F.terms.offsets |
| words.starts | u4, u8 | words + 1 | where each word's terms begin |
| words.terms | u4 | pairs | ids of the terms of "text" that a word stands for, ascending within a word |
| words.rows | u4 | words | in how many rows a word stands |
| words.forms | u2, u4 | pairs | for each of words.terms which of the term's forms the word is |
| borders.bodies | u2, u4 | rows | the position where the chunk's own text begins, in the field "text" |
| borders.ends | u2, u4 | rows | the position behind the last of it |
| borders.joins | u2, u4 | rows | 0; where the text goes on from the row before: 1, and the positions that both have |

Types with a choice are the narrowest that hold the segment's largest number; ``bitpacking.py`` has the lanes and the
bits. The last block is filled up with zeros. F.uncounted and the sum of F.lengths make the count of all positions. The
arrays borders are empty where no row goes on from another. Forms, borders and F.uncounted are missing in files of
versions up to 1.0: then no form is told apart, phrases hold within a chunk alone, and lengths count all. Where fields
are searchable, ``fields.blob`` and ``fields.offsets`` beside these are their names, as F.terms are terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt
from searchkit.field_config import MOST_SEARCHABLE
from searchkit.keyword.postings.bitpacking import BLOCK, PADDING, packed_bytes, starts_of, unpack_bits, unpack_lanes
from searchkit.keyword.postings.inverter import Borders
from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, StringTable

if TYPE_CHECKING:
    from searchkit import _native


MAGIC = b"SKPOST02"

FieldName = Literal["text", "title"]
Rows = NDArray[np.uint32]
Counts = NDArray[np.uint32]
Positions = NDArray[np.uint32]
Lengths = NDArray[np.uint16] | NDArray[np.uint32]


class FieldPostings:
    """The dictionary and the postings of one field ("text" or "title") of one segment.

    Whatever can't be right raises ``IndexCorrupt``; a term id that doesn't exist raises ``IndexError``.
    """

    def __init__(self, file: ArrayFile, name: FieldName, rows: int) -> None:
        self.name = name
        self._file = file
        self._row_count = rows
        self._terms = StringTable(file, f"{name}.terms")
        self._starts = file.view(f"{name}.starts", 4, 8)
        self._position_starts = file.view(f"{name}.position_starts", 4, 8)
        self._lengths = file.array(f"{name}.lengths", 2, 4)
        self._postings = file.array(f"{name}.postings", 1)
        self._postings_at = file.array(f"{name}.postings.at", 4, 8)
        self._row_bits = file.array(f"{name}.row_bits", 1)
        self._count_bits = file.array(f"{name}.count_bits", 1)
        self._bases = file.array(f"{name}.bases", 4)
        self._positions = file.array(f"{name}.positions", 1)
        self._positions_at = file.array(f"{name}.positions.at", 4, 8)
        self._position_bits = file.array(f"{name}.position_bits", 1)
        self._blocks = file.array(f"{name}.blocks", 4, 8)
        self._forms: NDArray[np.uint8] | None = None
        if any(f"{name}.{suffix}" in file for suffix in ("forms", "forms.at", "form_bits")):
            self._forms = file.array(f"{name}.forms", 1)
            self._forms_at = file.array(f"{name}.forms.at", 4, 8)
            self._form_bits = file.array(f"{name}.form_bits", 1)
        self.counts_all = self._forms is None and f"{name}.uncounted" not in file
        """Whether lengths count every occurrence."""
        uncounted = [0] if self.counts_all else file.array(f"{name}.uncounted", 8)
        self.uncounted = int(uncounted[0]) if len(uncounted) == 1 else -1
        """How many occurrences no length counts."""
        self._sound: set[int] = set()
        self._check_sizes()

    @property
    def term_count(self) -> int:
        """Return how many terms there are."""
        return len(self._terms)

    @property
    def total_length(self) -> int:
        """Return the sum of ``lengths``."""
        return self._position_starts[-1] - self.uncounted

    @property
    def lengths(self) -> Lengths:
        """Return each row's length, the sum of its terms' counts without the uncounted ones.

        ``(rows,)`` uint16 or uint32, memory-mapped.
        """
        return self._lengths

    def term_id(self, term: str) -> int | None:
        """Find a term (exact, as the analyzer gives it) by bisection; None where no row has it."""
        return self._terms.find(term)

    def term(self, term_id: int) -> str:
        """Return a term's text. Ids run from 0 in the order of the terms' UTF-8 bytes (= of code points)."""
        return self._terms.get(term_id)

    def terms(self, term_ids: list[int]) -> list[str]:
        """Return the texts of some terms, in their order."""
        return self._terms.some(term_ids)

    def first_id_from(self, text: str) -> int:
        """Return the first id whose term is not less than a text (``term_count`` where there is none)."""
        return self._terms.not_less(text)

    def df(self, term_id: int) -> int:
        """Return in how many rows a term stands (deleted rows included)."""
        first, last = self.span(term_id)
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
            raise self.corrupt("a term's postings lie outside")
        return df, cf

    def postings(self, term_id: int) -> tuple[Rows, Counts]:
        """Return a term's rows, strictly ascending, and its count in each: two ``(df,)`` uint32 arrays.

        They are checked when the term is first asked for: ascending, below the count of rows, with counts that add up
        to the term's ``cf``.
        """
        first, last = self.span(term_id)
        rows, counts = self._decoded(first, last)
        if term_id not in self._sound:
            self._check_postings(term_id, rows, counts)
            self._sound.add(term_id)
        return rows, counts

    def positions(self, term_id: int) -> tuple[Positions, NDArray[np.int64]]:
        """Return a term's positions, ``(cf,)`` ascending within a row, and ``(df + 1,)`` starts per posting."""
        _, counts = self.postings(term_id)
        low, high = self._positions_span(term_id)
        starts = starts_of(counts)
        return self._positions_at_occurrences(np.arange(low, high), starts), starts

    def form_counts(self, term_id: int, form: int) -> tuple[Rows, Counts]:
        """Return the rows in which a form of a term stands, ascending, and how often. The file has forms."""
        rows, counts = self.postings(term_id)
        low, high = self._positions_span(term_id)
        fits = self._forms_at_occurrences(np.arange(low, high)) == form
        counted = np.add.reduceat(fits, starts_of(counts)[:-1], dtype=np.uint32)
        kept = np.flatnonzero(counted)
        return rows[kept], counted[kept]

    def positions_of(
        self, term_id: int, rows: NDArray[Any], form: int | None = None
    ) -> tuple[Positions, NDArray[np.int64]]:
        """Return a term's positions in some rows, ascending: row after row, and ``(len(rows) + 1,)`` starts.

        A row without the term has none. With ``form``, which needs a file that has them, those of that form alone.
        """
        all_rows, all_counts = self.postings(term_id)
        low, _ = self._positions_span(term_id)
        place = np.searchsorted(all_rows, rows)
        hits = np.flatnonzero(place < len(all_rows))
        hits = hits[all_rows[place[hits]] == np.asarray(rows)[hits]]
        place = place[hits]
        counts = np.zeros(len(rows), np.int64)
        counts[hits] = all_counts[place]
        starts = starts_of(counts)
        begins = low + starts_of(all_counts)[place]
        at = np.arange(int(starts[-1])) + np.repeat(begins - starts[hits], counts[hits])
        positions = self._positions_at_occurrences(at, starts_of(counts[hits]))
        if form is None:
            return positions, starts
        fits = self._forms_at_occurrences(at) == form
        return positions[fits], starts_of(fits)[starts]

    @cached_property
    def packed(self) -> _native.Field:
        """The field for the compiled loops, which must be here."""
        if native.COMPILED is None:
            raise RuntimeError("the compiled loops aren't here")
        lists = (self._postings, self._postings_at, self._row_bits, self._count_bits, self._bases)
        places = (self._positions, self._positions_at, self._position_bits, self._blocks)
        terms = (*self._terms.arrays, self._starts)
        forms = (None, None, None) if self._forms is None else (self._forms, self._forms_at, self._form_bits)
        field: _native.Field = native.COMPILED.Field(*lists, *places, self._row_count, self._starts[-1], *terms, *forms)
        return field

    def span(self, term_id: int) -> tuple[int, int]:
        """Return the numbers of a term's first posting and of the one behind its last."""
        first, last = self._span(self._starts, term_id, self._starts[-1])
        if last - first > self._row_count:
            raise self.corrupt("a term stands in more rows than there are")
        return first, last

    def _decoded(self, first: int, last: int) -> tuple[Rows, Counts]:
        """Return the rows and the counts of a range of postings of one term."""
        if native.COMPILED is not None:
            try:
                rows, counts = native.COMPILED.decode([(self.packed, first, last)], self._row_count)
            except ValueError as error:
                raise self.corrupt(str(error)) from error
            return np.frombuffer(rows, np.uint32), np.frombuffer(counts, np.uint32)
        blocks = np.arange(first // BLOCK, (last - 1) // BLOCK + 1)
        at = self._postings_at[blocks].astype(np.int64)
        row_bits, count_bits = self._row_bits[blocks], self._count_bits[blocks]
        between = at + 16 * row_bits.astype(np.int64)
        ends = between + 16 * count_bits.astype(np.int64)
        outside = at.min() < 0 or ends.max() > len(self._postings)
        if outside or max(int(row_bits.max()), int(count_bits.max())) > 32:
            raise self.corrupt("a list of postings is damaged")
        begin = first % BLOCK
        mine = slice(begin, begin + last - first)
        gaps = unpack_lanes(self._postings, at, row_bits).ravel()[mine]
        counts = unpack_lanes(self._postings, between, count_bits).ravel()[mine] + np.uint32(1)
        sums = np.cumsum(gaps.astype(np.uint64) + np.uint64(1)) - np.uint64(1)
        rows = sums.astype(np.uint32)
        crossed = np.arange(BLOCK - begin, last - first, BLOCK)
        if int(sums[-1]) >= self._row_count or not np.array_equal(rows[crossed - 1], self._bases[blocks[1:]]):
            raise self.corrupt("a list of postings is damaged")
        return rows, counts

    def _positions_at_occurrences(self, at: NDArray[np.int64], starts: NDArray[np.int64]) -> Positions:
        """Return the positions of some occurrences of the field, whole postings, which begin at ``starts``."""
        if not len(at):
            return np.zeros(0, np.uint32)
        jumps = self._at_occurrences(at, self._positions, self._positions_at, self._position_bits)
        sums = np.cumsum(jumps, dtype=np.uint64)
        begins = starts[:-1]
        before = np.where(begins > 0, sums[begins - 1], np.uint64(0))
        positions: Positions = (sums - np.repeat(before, np.diff(starts))).astype(np.uint32)
        return positions

    def _forms_at_occurrences(self, at: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return which forms stand at some occurrences of the field."""
        if self._forms is None:
            raise ValueError("the file tells no forms apart")
        return self._at_occurrences(at, self._forms, self._forms_at, self._form_bits)

    def _at_occurrences(
        self, at: NDArray[np.int64], packed: NDArray[np.uint8], starts: NDArray[Any], widths: NDArray[np.uint8]
    ) -> NDArray[np.uint32]:
        """Return the numbers that belong to some occurrences of the field, which are packed block by block."""
        if not len(at):
            return np.zeros(0, np.uint32)
        of_block = np.searchsorted(self._blocks, at, side="right") - 1
        if of_block.min() < 0 or of_block.max() >= len(widths):
            raise self.corrupt("blocks of positions don't fit its terms")
        bits = widths[of_block].astype(np.int64)
        bit = 8 * starts[of_block].astype(np.int64) + (at - self._blocks[of_block].astype(np.int64)) * bits
        if int(bits.max()) > 32 or int(bit.min()) < 0 or int(bit.max()) // 8 + PADDING > len(packed):
            raise self.corrupt("a term's positions lie outside")
        return unpack_bits(packed, bit, bits)

    def _positions_span(self, term_id: int) -> tuple[int, int]:
        return self._span(self._position_starts, term_id, self._position_starts[-1])

    def _span(self, starts: memoryview[int], term_id: int, limit: int) -> tuple[int, int]:
        if not 0 <= term_id < len(self._terms):
            raise IndexError(f"there is no term {term_id} among {len(self._terms)}")
        first, last = starts[term_id], starts[term_id + 1]
        if not first < last <= limit:
            raise self.corrupt("a term's postings lie outside")
        return first, last

    def _check_postings(self, term_id: int, rows: Rows, counts: Counts) -> None:
        if int(rows[-1]) >= self._row_count or not bool(np.all(rows[1:] > rows[:-1])):
            raise self.corrupt("a term's rows are not ascending or don't exist")
        if int(counts.min()) == 0 or int(counts.sum(dtype=np.uint64)) != self.cf(term_id):
            raise self.corrupt("a term's counts don't fit its positions")

    def _check_sizes(self) -> None:
        if not (len(self._starts) == len(self._position_starts) == len(self._terms) + 1):
            raise self.corrupt("its arrays don't fit together")
        blocks = -(-self._starts[-1] // BLOCK)
        each: tuple[NDArray[Any], ...] = (
            self._postings_at,
            self._row_bits,
            self._count_bits,
            self._bases,
            self._positions_at,
            self._position_bits,
        )
        if self._forms is not None:
            each = (*each, self._forms_at, self._form_bits)
        fits = (
            all(len(array) == blocks for array in each)
            and (self._forms is None or len(self._forms) >= PADDING)
            and len(self._lengths) == self._row_count
            and 0 <= self.uncounted <= self._position_starts[-1]
            and len(self._blocks) == blocks + 1
            and (self._blocks[0], self._blocks[-1]) == (0, self._position_starts[-1])
            and self._starts[0] == self._position_starts[0] == 0
            and len(self._positions) >= PADDING
        )
        if not fits:
            raise self.corrupt("its arrays don't fit together")
        if blocks:  # the last block's end is that of its array; those between are checked when they are read
            bits = int(self._row_bits[-1]) + int(self._count_bits[-1])
            inside = int(self._blocks[-1]) - int(self._blocks[-2])
            size = int(packed_bytes(np.array([inside]), self._position_bits[-1:])[0])
            if (int(self._postings_at[-1]) + 16 * bits, int(self._positions_at[-1]) + size + PADDING) != (
                len(self._postings),
                len(self._positions),
            ):
                raise self.corrupt("its blocks don't end where they should")
            if self._forms is not None:
                size = int(packed_bytes(np.array([inside]), self._form_bits[-1:])[0])
                if int(self._forms_at[-1]) + size + PADDING != len(self._forms):
                    raise self.corrupt("its blocks don't end where they should")

    def corrupt(self, what: str) -> IndexCorrupt:
        """Make the error that says what is wrong with this field."""
        return self._file.corrupt(f"in the field '{self.name}' {what}")


class WordTable:
    """The sorted surface words (folded, unstemmed) of the field "text", each with its terms and its count of rows.

    Whatever can't be right raises ``IndexCorrupt``; an index that doesn't exist raises ``IndexError``.
    """

    def __init__(self, file: ArrayFile, term_count: int) -> None:
        self._file = file
        self._term_count = term_count
        self._words = StringTable(file, "words")
        self._starts = file.view("words.starts", 4, 8)
        self._terms = file.array("words.terms", 4)
        self._rows = file.array("words.rows", 4)
        self._forms = file.array("words.forms", 2, 4) if "text.forms" in file else None
        fits = (
            len(self._starts) == len(self._words) + 1
            and len(self._rows) == len(self._words)
            and (self._starts[0], self._starts[-1]) == (0, len(self._terms))
            and (self._forms is None or len(self._forms) == len(self._terms))
        )
        if not fits:
            raise file.corrupt("its tables of words don't fit together")

    def near(self, word: str, distance: int, rows: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the indexes of the words within so many edits, and the edits, by the compiled loops.

        ``rows``: in how many living rows each word stands; those of none are left out.
        """
        wanted = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), np.uint32)
        indexes, edits = self._alike("near", rows, wanted, distance)
        return indexes, edits

    def fitting(self, pattern: str, span: range, rows: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the indexes of the words of a range that fit a wildcard, by the compiled loops."""
        return self._alike("fitting", rows, span.start, span.stop, pattern.encode("utf-8", "surrogatepass"))[0]

    def arrays(self, rows: NDArray[np.uint32]) -> tuple[Any, ...]:
        """Return the words, in how many living rows each stands, and their terms, for the compiled loops."""
        return (*self._words.arrays, rows, self._starts, self._terms)

    def _alike(self, loop: str, rows: NDArray[np.uint32], *asked: Any) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        try:
            indexes, edits = getattr(native.COMPILED, loop)(*self._words.arrays, rows, *asked)
        except ValueError as error:
            raise self._file.corrupt("its words are damaged") from error
        return np.frombuffer(indexes, np.uint32).astype(np.int64), np.frombuffer(edits, np.int8)

    def __len__(self) -> int:
        return len(self._words)

    def find(self, word: str) -> int | None:
        """Return the index of a word, or None."""
        return self._words.find(word)

    def prefix(self, prefix: str) -> range:
        """Return the indexes of all words that begin with a prefix ("" is all of them)."""
        return self._words.prefix(prefix)

    def word(self, index: int) -> str:
        """Return the word at an index. Words stand in the order of code points."""
        return self._words.get(index)

    def slice(self, start: int, stop: int) -> list[str]:
        """Return the words from ``start`` to ``stop`` (not included): quicker than one by one."""
        return self._words.slice(start, stop)

    def scan(self, indexes: range, batch: int = 8192) -> Iterator[tuple[int, list[str]]]:
        """Yield ``(index of the first, words)`` batch by batch over a range of step 1."""
        for start in range(indexes.start, indexes.stop, batch):
            yield start, self.slice(start, min(start + batch, indexes.stop))

    def terms_of(self, index: int) -> NDArray[np.uint32]:
        """Return the ids, ascending, of the terms of the field "text" that a word stands for in its languages."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no word {index} among {len(self)}")
        first, last = self._starts[index], self._starts[index + 1]
        if not first < last <= len(self._terms):
            raise self._file.corrupt("a word's terms lie outside")
        terms: NDArray[np.uint32] = self._terms[first:last]
        if int(terms.max()) >= self._term_count:
            raise self._file.corrupt("a word's terms don't exist")
        return terms

    @property
    def has_forms(self) -> bool:
        """Whether the file tells apart the forms of a term."""
        return self._forms is not None

    def forms_of(self, word: str) -> list[tuple[int, int]]:
        """Return each term that a word stands for, by its id, and which of the term's forms it is. File has forms."""
        index = self.find(word)
        if index is None or self._forms is None:
            return []
        first = self._starts[index]
        terms = self.terms_of(index)
        return list(zip(terms.tolist(), self._forms[first : first + len(terms)].tolist(), strict=True))

    def words_of(self, term_id: int) -> list[str]:
        """Return the words that stand for a term of the field "text", by its id."""
        words, terms = self._by_term
        wanted = terms.dtype.type(term_id)
        first, last = np.searchsorted(terms, wanted), np.searchsorted(terms, wanted, side="right")
        return [self.word(word) for word in words[first:last].tolist()]

    @cached_property
    def _by_term(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The words of all pairs of words and terms, by term, and the terms: the table turned round."""
        starts = np.asarray(self._starts).astype(np.int64)
        counts = np.diff(starts)
        if (counts < 0).any():
            raise self._file.corrupt("a word's terms lie outside")
        order = np.argsort(self._terms, kind="stable")
        return np.repeat(np.arange(len(self), dtype=np.uint32), counts)[order], self._terms[order]

    def terms_of_many(self, indexes: Iterable[int]) -> NDArray[np.uint32]:
        """Return the distinct term ids, ascending, of many words."""
        at = indexes if isinstance(indexes, np.ndarray) else np.fromiter(indexes, np.int64)
        if not len(at):
            return np.zeros(0, np.uint32)
        if not 0 <= int(at.min()) <= int(at.max()) < len(self):
            raise IndexError(f"there are {len(self)} words")
        starts = np.asarray(self._starts)
        firsts, lasts = starts[at].astype(np.int64), starts[at + 1].astype(np.int64)
        if (firsts >= lasts).any() or int(lasts.max()) > len(self._terms):
            raise self._file.corrupt("a word's terms lie outside")
        counts = lasts - firsts
        if int(counts.max()) == 1:
            ids = self._terms[firsts]
        else:
            before = np.cumsum(counts) - counts
            ids = self._terms[np.arange(int(counts.sum())) + np.repeat(firsts - before, counts)]
        terms: NDArray[np.uint32] = np.unique(ids)
        if int(terms[-1]) >= self._term_count:
            raise self._file.corrupt("a word's terms don't exist")
        return terms

    def count(self, index: int) -> int:
        """Return in how many rows a word stands (deleted rows included)."""
        return int(self._rows[index])

    @property
    def counts(self) -> NDArray[np.uint32]:
        """Return in how many rows each word stands: ``(len(words),)`` uint32, memory-mapped."""
        return self._rows


class PostingsReader:
    """A memory-mapped ``postings.bin``. Safe to share among threads; everything is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises ``IndexCorrupt`` (missing or damaged), ``FormatTooOld``, ``FormatTooNew``."""
        self.path = path
        self._file = ArrayFile(path, MAGIC)
        meta = self._file.array("meta", 8)
        if len(meta) != 2 or meta[0] >= 1 << 32 or not 1 <= meta[1] <= 255:
            raise self._file.corrupt("its first numbers make no sense")
        self.rows, self.title_weight = int(meta[0]), int(meta[1])
        self._text = FieldPostings(self._file, "text", self.rows)
        self._title = FieldPostings(self._file, "title", self.rows)
        self._words = WordTable(self._file, self._text.term_count)
        self.searchable = self._read_searchable()
        """The fields whose words are found beside titles and texts, sorted."""
        self.borders = self._read_borders()
        """How rows go on from one to the next; None where none does, or where that wasn't written."""

    def field(self, name: FieldName) -> FieldPostings:
        """Return a field's postings."""
        return {"text": self._text, "title": self._title}[name]

    @property
    def has_borders(self) -> bool:
        """Whether it was written with borders, and so with the characters that a chunk shares with the next."""
        return self._has_borders

    def _read_searchable(self) -> tuple[str, ...]:
        if "fields.offsets" not in self._file:
            return ()
        names = StringTable(self._file, "fields")
        if len(names) > MOST_SEARCHABLE:
            raise self._file.corrupt("it has more fields than there can be")
        return tuple(names.slice(0, len(names)))

    def _read_borders(self) -> Borders | None:
        names = ("borders.bodies", "borders.ends", "borders.joins")
        self._has_borders = any(name in self._file for name in names)
        if not self._has_borders:
            return None
        bodies, ends, joins = (self._file.array(name, 2, 4) for name in names)
        if not len(bodies) == len(ends) == len(joins) or len(joins) not in (0, self.rows):
            raise self._file.corrupt("its borders don't fit its rows")
        if len(joins) and joins[0]:
            raise self._file.corrupt("its borders make no sense")
        return Borders(bodies=bodies, ends=ends, joins=joins) if len(joins) else None

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
