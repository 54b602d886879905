"""Word dictionary: the words that look like a prefix, a pattern or a misspelling, and their terms.

Words are the folded, unstemmed surfaces of the word tables. Everything counts code points, never bytes. A word table is
laid out once as one text with a word a line, so that a compiled pattern, or an array of code points, sees all at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from searchkit.keyword.postings.reader import WordTable
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indexes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MatchingWords:
    """Words that were looked for: per table their indexes, and how many words there were before any were left out."""

    indexes: tuple[Indexes, ...]
    total: int


class WordDictionary:
    """The living words of several word tables. Holds caches alone, so any number of threads may share one."""

    def __init__(self, tables: Sequence[WordTable], counts: Sequence[NDArray[np.uint32]]) -> None:
        """Take each segment's table, and for each of its words in how many living rows it stands."""
        self._tables = [_Table(table, count) for table, count in zip(tables, counts, strict=True)]

    @property
    def counts(self) -> list[NDArray[np.uint32]]:
        """For each table in how many living rows each of its words stands."""
        return [table.counts for table in self._tables]

    def count(self, word: str) -> int:
        """Return in how many living rows a word stands."""
        return sum(table.count(word) for table in self._tables)

    def beginning(self, prefix: str, depth: int) -> tuple[set[str], int]:
        """Return the ``depth`` commonest words of each table that begin with a prefix, and a bound on all others.

        No other such word stands in more living rows than the bound; 0: there is no other.
        """
        words: set[str] = set()
        bound = 0
        for table in self._tables:
            best, rest = table.beginning(prefix, depth)
            words |= set(table.words(best))
            bound += rest
        return words, bound

    def fitting(self, pattern: str, limit: int) -> MatchingWords:
        """Find the words that fit a wildcard; of more than ``limit``, those that stand in most rows."""
        return self._best([table.fitting(pattern) for table in self._tables], limit)

    def near(self, word: str, distance: int, limit: int) -> MatchingWords:
        """Find the words at most ``distance`` edits away; of more than ``limit``, those that stand in most rows."""
        return self._best([table.near(word, distance)[0] for table in self._tables], limit)

    def nearest(self, word: str, distance: int, limit: int) -> list[str]:
        """Return the words at most ``distance`` edits away, nearest first, then those that stand in most rows."""
        best: dict[str, int] = {}
        for table in self._tables:
            indexes, edits = table.near(word, distance)
            best.update(zip(table.words(indexes), edits.tolist(), strict=True))
        return sorted(best, key=lambda word: (best[word], -self.count(word), word))[:limit]

    def _best(self, lists: list[Indexes], limit: int) -> MatchingWords:
        living = [indexes[table.counts[indexes] > 0] for table, indexes in zip(self._tables, lists, strict=True)]
        if sum(map(len, living)) <= limit:
            return MatchingWords(tuple(living), sum(map(len, living)))
        counter: Counter[str] = Counter()
        for table, indexes in zip(self._tables, living, strict=True):
            counter.update(dict(zip(table.words(indexes), table.counts[indexes].tolist(), strict=True)))
        # The choice depends on the words and their counts alone, never on how the index is cut into segments.
        chosen = sorted(counter, key=lambda word: (-counter[word], word))[:limit]
        return MatchingWords(tuple(table.find_all(chosen) for table in self._tables), len(counter))


class _Table:
    """One word table, laid out for looking at all words at once."""

    def __init__(self, table: WordTable, counts: NDArray[np.uint32]) -> None:
        self._table = table
        self.counts = counts

    @cached_property
    def _lines(self) -> tuple[str, Indexes]:
        """All words, each followed by a line feed, and where each starts (and one end more)."""
        words = self._table.slice(0, len(self._table))
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        starts = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(lengths + 1, out=starts[1:])
        return "".join(word + "\n" for word in words), starts

    @cached_property
    def _code_points(self) -> NDArray[np.uint32]:
        return np.frombuffer(self._lines[0].encode("utf-32-le"), dtype=np.uint32)

    def words(self, indexes: Indexes) -> list[str]:
        return [self._table.word(index) for index in indexes.tolist()]

    def count(self, word: str) -> int:
        index = self._table.find(word)
        return 0 if index is None else int(self.counts[index])

    def find_all(self, words: Iterable[str]) -> Indexes:
        places = (self._table.find(word) for word in words)
        indexes = np.array([index for index in places if index is not None], dtype=np.int64)
        return np.sort(indexes[self.counts[indexes] > 0])

    def beginning(self, prefix: str, depth: int) -> tuple[Indexes, int]:
        """Return the indexes of the living words of most rows that begin with a prefix, and the next one's count.

        Of equal counts the first by the letters are taken.
        """
        span = self._table.prefix(prefix)
        counts = self.counts[span.start : span.stop]
        if len(counts) <= depth:
            return np.flatnonzero(counts) + span.start, 0
        split = np.partition(counts, (len(counts) - depth - 1, len(counts) - depth))
        rest, least = int(split[len(counts) - depth - 1]), max(1, int(split[len(counts) - depth]))
        above = np.flatnonzero(counts > least)
        level = np.flatnonzero(counts == least)[: depth - len(above)]
        return np.concatenate([above, level]) + span.start, rest

    def fitting(self, pattern: str) -> Indexes:
        literal = re.split(r"[*?]", pattern, maxsplit=1)[0]
        span = self._table.prefix(literal)
        if pattern == literal + "*":
            return np.arange(span.start, span.stop, dtype=np.int64)
        if native.COMPILED is not None:
            return self._table.fitting(pattern, span, self.counts)
        text, starts = self._lines
        lines = wildcard(pattern).finditer(text, int(starts[span.start]), int(starts[span.stop]))
        return np.searchsorted(starts, np.fromiter((line.start() for line in lines), dtype=np.int64))

    def near(self, word: str, distance: int) -> tuple[Indexes, NDArray[np.int8]]:
        """Return the indexes of the living words within a distance, and the distances."""
        if native.COMPILED is not None:
            return self._table.near(word, distance, self.counts)
        starts = self._lines[1]
        lengths = np.diff(starts) - 1
        wanted = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)
        indexes: list[Indexes] = [np.zeros(0, dtype=np.int64)]
        edits: list[NDArray[np.int8]] = [np.zeros(0, dtype=np.int8)]
        for length in range(max(1, len(word) - distance), len(word) + distance + 1):
            rows = np.flatnonzero((lengths == length) & (self.counts > 0))
            if len(rows):
                columns = self._code_points[starts[rows] + np.arange(length)[:, None]]
                kept, distances = edit_distances(wanted, columns, distance)
                indexes.append(rows[kept])
                edits.append(distances)
        return np.concatenate(indexes), np.concatenate(edits)


def wildcard(pattern: str) -> re.Pattern[str]:
    """Compile a wildcard to find whole lines of a text. Matching is linear: a ``*`` takes the first place that fits."""
    first, *rest = (
        "".join("[^\n]" if letter == "?" else re.escape(letter) for letter in piece) for piece in pattern.split("*")
    )
    if not rest:
        return re.compile(rf"^{first}$", re.MULTILINE)
    # An atomic group never gives back what it took: the leftmost fit of each piece is as good as any later one.
    middle = "".join(rf"(?>[^\n]*?{piece})" for piece in rest[:-1])
    # What follows the last word is an empty line, which isn't one.
    return re.compile(rf"^(?!$){first}{middle}[^\n]*{rest[-1]}$", re.MULTILINE)


def edit_distances(
    wanted: NDArray[np.uint32], columns: NDArray[np.uint32], limit: int
) -> tuple[Indexes, NDArray[np.int8]]:
    """Return which words lie within ``limit`` edits of a word, and the distances, all words of one length at once.

    ``columns`` is ``(length, words)``: row j holds each word's code point j. An edit is a code point put in, left out
    or changed, or two neighbours changed over (optimal string alignment; Damerau 1964, Wagner and Fischer 1974). Only
    the diagonal band that can stay within the limit is filled in, and words that left it are dropped on the way.
    """
    length, words = columns.shape
    far = np.int8(limit + 1)
    kept: Indexes = np.arange(words)
    before = np.full((length + 1, words), far, dtype=np.int8)
    row = before.copy()
    row[: limit + 1] = np.arange(min(limit, length) + 1, dtype=np.int8)[:, None]
    for i, letter in enumerate(wanted, start=1):
        following = np.full_like(row, far)
        following[0] = min(i, int(far))
        same = columns == letter
        for j in range(max(1, i - limit), min(length, i + limit) + 1):
            cell = np.minimum(row[j - 1] + ~same[j - 1], np.minimum(row[j], following[j - 1]) + np.int8(1))
            if i > 1 and j > 1:
                crossed = same[j - 2] & (columns[j - 1] == wanted[i - 2])
                cell = np.where(crossed, np.minimum(cell, before[j - 2] + np.int8(1)), cell)
            following[j] = np.minimum(cell, far)
        alive = np.minimum(following.min(axis=0), row.min(axis=0)) <= limit
        if np.count_nonzero(alive) * 2 < len(kept):
            kept, columns = kept[alive], columns[:, alive]
            row, following = row[:, alive], following[:, alive]
        before, row = row, following
    within = row[length] <= limit
    return kept[within], row[length][within]
