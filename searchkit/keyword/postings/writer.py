"""Postings writer: chunks row by row become a segment's postings file.

Rows are worked out in runs of some thousands; a run that isn't the last is put aside on disk, and at the end the runs
are merged term by term into one file. What is written depends on the chunks alone, not on where the runs ended.
``reader.py`` has the format, beside its reader.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from searchkit.keyword.postings.bitpacking import BLOCK, PADDING, pack_bits, pack_lanes, packed_bytes, starts_of
from searchkit.keyword.postings.inverter import Borders, Inverted, Inverter, Run
from searchkit.keyword.postings.reader import MAGIC
from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, ArrayWriter, width_for, write_strings
from searchkit.storage.files import let_go, storing

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer
    from searchkit.keyword.postings.inverter import Vocabulary


class PostingsPacker:
    """Packs one field's postings block by block; what doesn't fill a block waits for what follows.

    Positions go to the file at once. Rows, counts and forms, about two bytes a posting, are held back: an array of the
    file grows alone.
    """

    def __init__(self, writer: ArrayWriter, name: str) -> None:
        self._writer, self._name = writer, name
        self._gaps, self._counts, self._rows, self._jumps, self._forms = (np.zeros(0, np.uint32) for _ in range(5))
        self._last_row = 0
        self._pieces: list[bytes] = []
        self._packed_forms: list[bytes] = []
        self._row_bits, self._count_bits, self._position_bits, self._form_bits, self._bases = (
            [np.zeros(0, np.uint8)] for _ in range(5)
        )
        self._occurrences = [np.zeros(0, np.int64)]
        writer.grow(f"{name}.positions", 1)

    def add(
        self,
        starts: NDArray[np.int64],
        rows: NDArray[np.uint32],
        counts: NDArray[np.uint32],
        positions: NDArray[np.uint32],
        forms: NDArray[np.uint32],
    ) -> None:
        """Take the postings of some terms, which begin at ``starts``.

        ``counts`` of positions belong to each row, a form to each position.
        """
        gaps = np.empty(len(rows), np.uint32)
        gaps[1:] = rows[1:] - rows[:-1] - np.uint32(1)
        gaps[starts] = rows[starts]
        jumps = np.empty(len(positions), np.uint32)
        jumps[1:] = positions[1:] - positions[:-1]
        begins = np.cumsum(counts, dtype=np.int64) - counts
        jumps[begins] = positions[begins]
        self._gaps = np.concatenate((self._gaps, gaps))
        self._counts = np.concatenate((self._counts, counts))
        self._rows = np.concatenate((self._rows, rows))
        self._jumps = np.concatenate((self._jumps, jumps))
        self._forms = np.concatenate((self._forms, forms))
        self._pack(len(self._rows) // BLOCK * BLOCK)

    def finish(self) -> None:
        """Write what is left, and the arrays that say where each block is."""
        if missing := -len(self._rows) % BLOCK:
            whole = len(self._rows) + missing
            fill = np.zeros(missing, np.uint32)
            self._gaps = np.concatenate((self._gaps, fill))
            self._rows = np.concatenate((self._rows, fill))
            self._counts = np.concatenate((self._counts, fill))
            self._pack(whole)
        writer, name = self._writer, self._name
        writer.append(f"{name}.positions", np.zeros(PADDING, np.uint8))
        row_bits, count_bits, position_bits, form_bits = map(
            np.concatenate, (self._row_bits, self._count_bits, self._position_bits, self._form_bits)
        )
        writer.grow(f"{name}.postings", 1)
        for piece in self._pieces:
            writer.append(f"{name}.postings", np.frombuffer(piece, np.uint8))
        writer.grow(f"{name}.forms", 1)
        for piece in self._packed_forms:
            writer.append(f"{name}.forms", np.frombuffer(piece, np.uint8))
        writer.append(f"{name}.forms", np.zeros(PADDING, np.uint8))
        writer.write(f"{name}.form_bits", 1, form_bits)
        writer.write(f"{name}.row_bits", 1, row_bits)
        writer.write(f"{name}.count_bits", 1, count_bits)
        writer.write(f"{name}.position_bits", 1, position_bits)
        writer.write(f"{name}.bases", 4, np.concatenate(self._bases))
        occurrences = np.concatenate(self._occurrences)
        self._write_starts("blocks", occurrences, end=True)
        self._write_starts("postings.at", 16 * (row_bits.astype(np.int64) + count_bits))
        self._write_starts("positions.at", packed_bytes(occurrences, position_bits))
        self._write_starts("forms.at", packed_bytes(occurrences, form_bits))

    def _write_starts(self, what: str, sizes: NDArray[np.int64], *, end: bool = False) -> None:
        """Write where each begins when they stand one after the other; with ``end`` also where the last one ends."""
        starts = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        width = max(4, width_for(int(starts[-1])))
        self._writer.write(f"{self._name}.{what}", width, starts if end else starts[:-1])

    def _pack(self, postings: int) -> None:
        """Pack the first so many, whole blocks."""
        if not postings:
            return
        counts = self._counts[:postings]
        rows, row_bits = pack_lanes(self._gaps[:postings])
        # What fills the last block up has no occurrence; as "one less" it would be the largest number.
        less, count_bits = pack_lanes(np.maximum(counts, 1) - np.uint32(1))
        self._pieces.append(
            b"".join(chain.from_iterable(zip(_cut(rows, row_bits), _cut(less, count_bits), strict=True)))
        )
        occurrences = counts.reshape(-1, BLOCK).sum(axis=1, dtype=np.int64)
        starts = np.zeros(len(occurrences) + 1, np.int64)
        np.cumsum(occurrences, out=starts[1:])
        packed, position_bits = pack_bits(self._jumps[: starts[-1]], starts)
        self._writer.append(f"{self._name}.positions", np.frombuffer(packed, np.uint8))
        packed, form_bits = pack_bits(self._forms[: starts[-1]], starts)
        self._packed_forms.append(packed)
        self._form_bits.append(form_bits)
        ends = self._rows[BLOCK - 1 : postings : BLOCK]
        self._bases.append(np.concatenate((np.array([self._last_row], np.uint32), ends[:-1])))
        self._last_row = int(ends[-1])
        self._row_bits.append(row_bits)
        self._count_bits.append(count_bits)
        self._position_bits.append(position_bits)
        self._occurrences.append(occurrences)
        self._gaps, self._counts, self._rows = (column[postings:] for column in (self._gaps, self._counts, self._rows))
        self._jumps, self._forms = self._jumps[starts[-1] :], self._forms[starts[-1] :]


def _cut(packed: bytes, bits: NDArray[Any]) -> list[bytes]:
    """Cut packed blocks apart."""
    ends = np.cumsum(16 * bits.astype(np.int64)).tolist()
    return [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]


_RUN_MAGIC = b"SKRUN001"
_BATCH = 4_000_000
"""Postings and positions that are merged at once, unless a single term has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingsStats:
    """What was written: rows, distinct terms and words of the field "text", its occurrences, and bytes in all."""

    rows: int
    terms: int
    words: int
    occurrences: int
    bytes: int


class PostingsWriter:
    """Collects chunks and writes one ``postings.bin``; its memory doesn't grow with rows, only with distinct words.

    ``scratch`` is a folder for what is put aside meanwhile (the system's for temporary files where it isn't given).
    """

    def __init__(
        self,
        analyzer: Analyzer,
        title_weight: int,
        *,
        searchable: Sequence[str] = (),
        scratch: Path | None = None,
        flush_chunks: int = 25_000,
    ) -> None:
        self._inverter = Inverter(analyzer, title_weight, full_at_chunks=flush_chunks, searchable=searchable)
        self._searchable = list(searchable)
        self._title_weight = title_weight
        self._scratch = scratch
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._texts: list[Run] = []
        self._titles: list[Run] = []
        self._lengths: list[NDArray[np.uint32]] = []
        self._title_lengths: list[NDArray[np.uint32]] = []
        self._word_rows = np.zeros(0, np.uint32)
        self._borders: list[Borders] = []

    def add(
        self,
        title: str,
        heading: str,
        text: str,
        language: str | None,
        following: str = "",
        repeated: int | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Take the next row's chunk, as `ChunkRow` has it.

        Raises ``StorageError`` where there is no room to put a run aside.
        """
        if self._inverter.full:
            self._take()
        self._inverter.add(title, heading, text, language, following, repeated, fields)

    def write(self, path: Path) -> PostingsStats:
        """Write the file (not flushed to the disk), and end. Raises ``StorageError``."""
        if not self._inverter.empty or not self._texts:
            self._take()
        vocabulary = self._inverter.vocabulary
        rows = self._inverter.rows
        with ArrayWriter(path, MAGIC) as writer:
            writer.write("meta", 8, np.array([rows, self._title_weight], np.uint64))
            ranks = _write_field(writer, "text", self._texts, self._lengths, vocabulary)
            _write_field(writer, "title", self._titles, self._title_lengths, vocabulary)
            words = _write_words(writer, vocabulary, self._word_rows, ranks)
            _write_borders(writer, self._borders)
            if self._searchable:
                write_strings(writer, "fields", self._searchable)
            size = writer.finish()
        occurrences = sum(len(run.positions) for run in self._texts)
        terms = len(vocabulary.terms)
        self.close()
        return PostingsStats(rows=rows, terms=terms, words=words, occurrences=occurrences, bytes=size)

    def close(self) -> None:
        """Let go of what was collected and of what was put aside."""
        self._texts, self._titles = [], []
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> None:
        for runs in (self._texts, self._titles):
            if runs:
                runs[-1] = self._aside(runs[-1])
        inverted = self._inverter.take()
        self._texts.append(inverted.text)
        self._titles.append(inverted.title)
        self._lengths.append(inverted.lengths)
        self._title_lengths.append(inverted.title_lengths)
        self._borders.append(inverted.borders)
        self._count_words(inverted)

    def _count_words(self, inverted: Inverted) -> None:
        counts = inverted.word_rows.copy()
        counts[: len(self._word_rows)] += self._word_rows
        self._word_rows = counts

    def _aside(self, run: Run) -> Run:
        """Put a run on disk and return it memory-mapped."""
        with storing(self._scratch or Path(tempfile.gettempdir())):
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix=".runs-", dir=self._scratch)
        path = Path(self._folder.name) / f"{len(list(Path(self._folder.name).iterdir()))}"
        with ArrayWriter(path, _RUN_MAGIC) as writer:
            for field in fields(Run):
                values: NDArray[Any] = getattr(run, field.name)
                writer.write(field.name, values.dtype.itemsize, values)
            writer.finish()
        file = ArrayFile(path, _RUN_MAGIC)
        return Run(**{field.name: file.array(field.name, 1, 2, 4, 8) for field in fields(Run)})


def _write_field(
    writer: ArrayWriter, name: str, runs: list[Run], lengths: list[NDArray[np.uint32]], vocabulary: Vocabulary
) -> NDArray[np.int64]:
    """Merge a field's runs into the file; return each vocabulary term's id in it."""
    names = list(vocabulary.terms)
    df, cf = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    for run in runs:
        df[run.term_ids] += run.df
        cf[run.term_ids] += run.cf.astype(np.int64)
    used = np.flatnonzero(df)
    term_ids = used[write_strings(writer, f"{name}.terms", [names[term_id] for term_id in used.tolist()])]
    ranks = np.zeros(len(names), np.int64)
    ranks[term_ids] = np.arange(len(term_ids))
    starts, position_starts = starts_of(df[term_ids]), starts_of(cf[term_ids])

    _write_starts(writer, f"{name}.starts", starts)
    _write_starts(writer, f"{name}.position_starts", position_starts)
    row_lengths = np.concatenate(lengths)
    writer.write(f"{name}.lengths", width_for(int(row_lengths.max(initial=0))), row_lengths)
    uncounted = int(position_starts[-1]) - int(row_lengths.sum(dtype=np.int64))
    writer.write(f"{name}.uncounted", 8, np.array([uncounted], np.uint64))
    _write_postings(writer, name, runs, ranks, starts, position_starts)
    return ranks


def _write_postings(
    writer: ArrayWriter,
    name: str,
    runs: list[Run],
    ranks: NDArray[np.int64],
    starts: NDArray[np.int64],
    position_starts: NDArray[np.int64],
) -> None:
    """Write rows, counts and positions, batch of terms by batch of terms, each batch gathered from all runs.

    The runs' pages are given back each time, or all of them, a gigabyte for 1,000,000 chunks, would stay in memory.
    """
    packer = PostingsPacker(writer, name)
    ordered = [_Ordered(run, ranks[run.term_ids]) for run in runs]
    for low, high in _batches(starts + position_starts):
        first, last = int(starts[low]), int(starts[high])
        rows = np.empty(last - first, np.uint32)
        counts = np.empty(last - first, np.uint32)
        positions = np.empty(int(position_starts[high] - position_starts[low]), np.uint32)
        forms = np.empty(len(positions), np.uint32)
        next_row, next_position = starts[low:high] - first, position_starts[low:high] - position_starts[low]
        next_count, next_form = next_row.copy(), next_position.copy()
        for part in ordered:
            chosen, terms = part.between(low, high)
            begin, df = part.starts[chosen], part.run.df[chosen]
            _move(part.run.rows, begin, df, next_row, terms, rows)
            _move(part.run.counts, begin, df, next_count, terms, counts)
            begin, cf = part.position_starts[chosen], part.run.cf[chosen].astype(np.uint32)
            _move(part.run.positions, begin, cf, next_position, terms, positions)
            _move(part.run.forms, begin, cf, next_form, terms, forms)
            let_go(part.run.rows)
        packer.add(starts[low:high] - first, rows, counts, positions, forms)
    packer.finish()


def _batches(weight: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut the terms into ranges that weigh about the same; ``weight`` is the sum up to each term, and the whole."""
    low, terms = 0, len(weight) - 1
    while low < terms:
        fitting = int(np.searchsorted(weight, weight[low] + _BATCH, side="right")) - 1
        high = max(low + 1, fitting)
        yield low, high
        low = high


class _Ordered:
    """A run, and its terms in the order of the file: 16 bytes a term, in as many runs as there are."""

    def __init__(self, run: Run, ranks: NDArray[np.int64]) -> None:
        self.run = run
        self.starts, self.position_starts = starts_of(run.df).astype(np.uint32), starts_of(run.cf).astype(np.uint32)
        self._order = np.argsort(ranks).astype(np.uint32)
        self._ranks = ranks[self._order].astype(np.uint32)

    def between(self, low: int, high: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the places in the run of the terms of a range of ranks, and their ranks from ``low`` on."""
        begin, end = np.searchsorted(self._ranks, np.array((low, high), np.uint32))
        return self._order[begin:end], self._ranks[begin:end] - np.uint32(low)


def _move(
    source: NDArray[Any],
    starts: NDArray[np.uint32],
    counts: NDArray[np.uint32],
    places: NDArray[np.int64],
    terms: NDArray[np.uint32],
    target: NDArray[np.uint32],
) -> None:
    """Copy each term's numbers, ``counts`` from ``starts`` on, to the terms' places, which move on behind them."""
    if native.COMPILED is not None:
        native.COMPILED.move(source, starts, counts, places, terms, target)
        return
    wide = counts.astype(np.int64)
    before = np.cumsum(wide) - wide
    each = np.arange(int(wide.sum()))
    target[each + np.repeat(places[terms] - before, wide)] = source[each + np.repeat(starts - before, wide)]
    places[terms] += wide


def _write_words(
    writer: ArrayWriter, vocabulary: Vocabulary, word_rows: NDArray[np.uint32], ranks: NDArray[np.int64]
) -> int:
    """Write the words with the terms that each stands for; return how many there are."""
    order = write_strings(writer, "words", list(vocabulary.words))
    word_ranks = np.zeros(len(order), np.int64)
    word_ranks[order] = np.arange(len(order))
    pairs, first = np.unique(
        (word_ranks[vocabulary.lexeme_words] << 32) | ranks[vocabulary.lexeme_terms], return_index=True
    )
    _write_starts(writer, "words.starts", starts_of(np.bincount(pairs >> 32, minlength=len(order))))
    writer.write("words.terms", 4, pairs & 0xFFFFFFFF)
    forms = vocabulary.lexeme_forms[first]
    writer.write("words.forms", width_for(int(forms.max(initial=0))), forms)
    writer.write("words.rows", 4, word_rows[order])
    return len(order)


def _write_borders(writer: ArrayWriter, runs: list[Borders]) -> None:
    """Write where chunks go on from one to the next; nothing where none does."""
    some = any(run.joins.any() for run in runs)
    for field in fields(Borders):
        parts = [getattr(run, field.name) for run in runs] if some else []
        values = np.concatenate(parts) if parts else np.zeros(0, np.uint32)
        writer.write(f"borders.{field.name}", width_for(int(values.max(initial=0))), values)


def _write_starts(writer: ArrayWriter, name: str, starts: NDArray[np.int64]) -> None:
    writer.write(name, max(4, width_for(int(starts[-1]))), starts)
