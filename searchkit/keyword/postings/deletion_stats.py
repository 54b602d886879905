"""Deletion statistics: what deleted rows take from the statistics.

Their texts are analysed again with the code that indexed them. On disk: an array file (``storage/array_file.py``) with
the magic
``SKDELTA1``; field F is "text" or "title".

| array | type | count | content |
|---|---|---|---|
| meta | u8 | 3 | count of rows, what they take from the total length of "text", of "title" |
| F.terms | u4 | terms | term ids of the segment, ascending |
| F.df | u4 | terms | in how many of the deleted rows each stands |
| F.cf | u8 | terms | how often each stands there |
| words | u4 | words | indexes into the segment's table of words, ascending |
| words.rows | u4 | words | in how many of the deleted rows each stands |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from searchkit.errors import IndexCorrupt
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.inverter import ChunkRow, Inverted, Inverter, Run
from searchkit.keyword.postings.reader import FieldName, FieldPostings, PostingsReader
from searchkit.storage.array_file import ArrayFile, ArrayWriter

_MAGIC = b"SKDELTA1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDelta:
    """What deleted rows take from one field: per term (ids ascending) df and cf, and the total length."""

    term_ids: NDArray[np.uint32]
    df: NDArray[np.uint32]
    cf: NDArray[np.uint64]
    total_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingsDelta:
    """What deleted rows take from a segment's statistics. ``words``: indexes into the word table, ascending."""

    rows: int
    text: FieldDelta
    title: FieldDelta
    words: NDArray[np.uint32]
    word_counts: NDArray[np.uint32]


def deltas(reader: PostingsReader, chunks: Iterable[ChunkRow], *, analyzer: Analyzer | None = None) -> PostingsDelta:
    """Analyse the deleted chunks again and sum up what they take.

    Raises ``IndexCorrupt`` where a chunk holds what the segment doesn't: it can't be one of its rows.
    """
    inverter = Inverter(analyzer or Analyzer(), reader.title_weight, searchable=reader.searchable)
    if not reader.has_borders:  # written before rows knew how the article goes on
        chunks = (ChunkRow(*chunk[:4]) for chunk in chunks)
    taken: list[Inverted] = list(_taken(inverter, chunks))
    names = list(inverter.vocabulary.terms)
    words, word_counts = _known(
        reader, list(inverter.vocabulary.words), reader.words.find, _total([run.word_rows for run in taken])
    )
    return PostingsDelta(
        rows=inverter.rows,
        text=_field_delta(reader, "text", [(run.text, run.lengths) for run in taken], names),
        title=_field_delta(reader, "title", [(run.title, run.title_lengths) for run in taken], names),
        words=words,
        word_counts=word_counts.astype(np.uint32),
    )


def joined_deltas(one: PostingsDelta, other: PostingsDelta) -> PostingsDelta:
    """Add up what two sets of rows of a segment take, which share no row."""
    words, (word_counts,) = _added(one.words, other.words, (one.word_counts, other.word_counts))
    return PostingsDelta(
        rows=one.rows + other.rows,
        text=_joined_fields(one.text, other.text),
        title=_joined_fields(one.title, other.title),
        words=words,
        word_counts=word_counts.astype(np.uint32),
    )


def write_delta(path: Path, delta: PostingsDelta) -> None:
    """Write a delta (not flushed to the disk). Raises ``StorageError``."""
    totals = [delta.rows, delta.text.total_length, delta.title.total_length]
    with ArrayWriter(path, _MAGIC) as writer:
        writer.write("meta", 8, np.array(totals, np.uint64))
        for name, part in (("text", delta.text), ("title", delta.title)):
            writer.write(f"{name}.terms", 4, part.term_ids)
            writer.write(f"{name}.df", 4, part.df)
            writer.write(f"{name}.cf", 8, part.cf)
        writer.write("words", 4, delta.words)
        writer.write("words.rows", 4, delta.word_counts)
        writer.finish()


def read_delta(path: Path, reader: PostingsReader) -> PostingsDelta:
    """Read a delta, memory-mapped, and check it against its segment: nothing takes more than is there.

    Raises ``IndexCorrupt``, ``FormatTooOld``, ``FormatTooNew``.
    """
    file = ArrayFile(path, _MAGIC)
    meta = file.array("meta", 8)
    if len(meta) != 3 or int(meta[0]) > reader.rows:
        raise file.corrupt("its first numbers make no sense")
    words, word_counts = file.array("words", 4), file.array("words.rows", 4)
    _check_ids(file, words, len(reader.words), word_counts)
    if len(words) and bool(np.any(word_counts > reader.words.counts[words])):
        raise file.corrupt("it takes more words than there are")
    return PostingsDelta(
        rows=int(meta[0]),
        text=_read_field(file, reader.field("text"), int(meta[1])),
        title=_read_field(file, reader.field("title"), int(meta[2])),
        words=words,
        word_counts=word_counts,
    )


def _taken(inverter: Inverter, chunks: Iterable[ChunkRow]) -> Iterator[Inverted]:
    for chunk in chunks:
        inverter.add(*chunk)
        if inverter.full:
            yield inverter.take()
    if not inverter.empty:
        yield inverter.take()


def _field_delta(
    reader: PostingsReader, name: FieldName, runs: Sequence[tuple[Run, NDArray[np.uint32]]], names: list[str]
) -> FieldDelta:
    field = reader.field(name)
    df, cf = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    for run, _ in runs:
        df[run.term_ids] += run.df
        cf[run.term_ids] += run.cf.astype(np.int64)
    term_ids, known_df = _known(reader, names, field.term_id, df)
    _, known_cf = _known(reader, names, field.term_id, cf)
    total = sum(len(run.positions) if field.counts_all else int(lengths.sum(dtype=np.int64)) for run, lengths in runs)
    delta = FieldDelta(
        term_ids=term_ids, df=known_df.astype(np.uint32), cf=known_cf.astype(np.uint64), total_length=total
    )
    if not _fits(delta, field):
        raise IndexCorrupt(f"{reader.path} doesn't hold all of the chunks to be deleted.")
    return delta


def _joined_fields(one: FieldDelta, other: FieldDelta) -> FieldDelta:
    term_ids, (df, cf) = _added(one.term_ids, other.term_ids, (one.df, other.df), (one.cf, other.cf))
    return FieldDelta(
        term_ids=term_ids,
        df=df.astype(np.uint32),
        cf=cf.astype(np.uint64),
        total_length=one.total_length + other.total_length,
    )


def _added(
    one: NDArray[np.uint32], other: NDArray[np.uint32], *counts: tuple[NDArray[Any], NDArray[Any]]
) -> tuple[NDArray[np.uint32], list[NDArray[np.int64]]]:
    """Unite two ascending lists of ids, and add up each pair of counts that belong to them."""
    ids = np.union1d(one, other).astype(np.uint32)
    sums = [np.zeros(len(ids), np.int64) for _ in counts]
    for mine, places in ((0, np.searchsorted(ids, one)), (1, np.searchsorted(ids, other))):
        for total, pair in zip(sums, counts, strict=True):
            total[places] += pair[mine].astype(np.int64)
    return ids, sums


def _known(
    reader: PostingsReader, names: list[str], find: Callable[[str], int | None], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the segment's ids, ascending, of the names that are counted, and their counts."""
    used = np.flatnonzero(counts)
    ids = [find(names[place]) for place in used.tolist()]
    if None in ids:
        raise IndexCorrupt(f"{reader.path} doesn't hold the words of a chunk to be deleted.")
    array = np.array(ids, np.uint32)
    order = np.argsort(array)
    return array[order], counts[used][order]


def _total(counts: Sequence[NDArray[np.uint32]]) -> NDArray[np.int64]:
    """Add up counts by word id; later ones know more words."""
    total = np.zeros(max(map(len, counts), default=0), np.int64)
    for part in counts:
        total[: len(part)] += part
    return total


def _read_field(file: ArrayFile, field: FieldPostings, total_length: int) -> FieldDelta:
    delta = FieldDelta(
        term_ids=file.array(f"{field.name}.terms", 4),
        df=file.array(f"{field.name}.df", 4),
        cf=file.array(f"{field.name}.cf", 8),
        total_length=total_length,
    )
    _check_ids(file, delta.term_ids, field.term_count, delta.df, delta.cf)
    if not _fits(delta, field):
        raise file.corrupt("it takes more than there is")
    return delta


def _fits(delta: FieldDelta, field: FieldPostings) -> bool:
    """Say whether a delta takes no more from any term than it has, and as much in all as from its terms together.

    But for what no length counts.
    """
    df, cf = field.frequencies(delta.term_ids)
    taken = delta.cf.astype(np.int64)
    inside = bool(np.all(delta.df <= df)) and bool(np.all((taken >= delta.df) & (taken <= cf)))
    return inside and 0 <= int(taken.sum()) - delta.total_length <= field.uncounted


def _check_ids(file: ArrayFile, ids: NDArray[np.uint32], limit: int, *beside: NDArray[Any]) -> None:
    """Check that ids are strictly ascending, below a limit, and have as many numbers beside them."""
    ascending = not len(ids) or (int(ids[-1]) < limit and bool(np.all(ids[1:] > ids[:-1])))
    if not ascending or any(len(counts) != len(ids) for counts in beside):
        raise file.corrupt("its ids don't fit the segment")
