"""Here is a prefix, a pattern or a misspelling; which words of the articles look like it, and what are their terms?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from searchkit.index.keyword.arrayfile import ArrayFile
from searchkit.index.keyword.strings import SortedStrings


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
        fits = (
            len(self._starts) == len(self._words) + 1
            and len(self._rows) == len(self._words)
            and (self._starts[0], self._starts[-1]) == (0, len(self._terms))
        )
        if not fits:
            raise file.corrupt("its tables of words don't fit together")

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

    def terms_of_many(self, indexes: Iterable[int]) -> NDArray[np.uint32]:
        """Return the distinct term ids, ascending, of many words."""
        found = [self.terms_of(int(index)) for index in indexes]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint32)

    def count(self, index: int) -> int:
        """Return in how many rows a word stands (deleted rows included)."""
        return int(self._rows[index])

    @property
    def counts(self) -> NDArray[np.uint32]:
        """Return in how many rows each word stands: ``(len(words),)`` uint32, memory-mapped."""
        return self._rows
