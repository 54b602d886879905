"""Here is a prefix, a pattern or a misspelling; which words of the articles look like it, and what are their terms?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from searchkit.storage import native
from searchkit.storage.array_file import ArrayFile
from searchkit.storage.string_table import SortedStrings


class WordTable:
    """The sorted surface words (folded, unstemmed) of the field "text", each with its terms and its count of rows.

    Whatever can't be right raises ``IndexCorrupt``; an index that doesn't exist raises ``IndexError``.
    """

    def __init__(self, file: ArrayFile, term_count: int) -> None:
        self._file = file
        self._term_count = term_count
        self._words = SortedStrings(file, "words")
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
            found = self._terms[firsts]
        else:
            before = np.cumsum(counts) - counts
            found = self._terms[np.arange(int(counts.sum())) + np.repeat(firsts - before, counts)]
        terms: NDArray[np.uint32] = np.unique(found)
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
