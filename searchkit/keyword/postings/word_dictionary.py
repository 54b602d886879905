"""Word dictionary: the words that look like a prefix, a pattern or a misspelling, and their terms.

Words are the folded, unstemmed surfaces of the word tables. Everything counts code points, never bytes. A word table is
laid out once as one text with a word a line, so that a compiled pattern, or an array of code points, sees all at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile, StringTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indexes = NDArray[np.int64]


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
