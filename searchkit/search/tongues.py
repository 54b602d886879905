"""Here are a question's words; are they of one language? A question's are, but for a name; words drawn by lot aren't.

``mixed = max(0, foreign - 1) / (known - 1)``, 0 to 1: known are the question's words that stand in the archive, each
once; its language is the one in whose chunks most of them stand, and foreign are those that don't. One may be: a name
that only the articles of another language tell of. It depends on the question and the index alone, and where all is of
one language it is 0, and nobody asks.

Of the bundled samples' own questions 1 % have more than one foreign word, of those of XQuAD in 12 languages none; of
words drawn at random from all languages 63 and 99 %. So it makes a search less confident (``confidence.py``), and never
moves a score. Words drawn from one language it can't tell from a question.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.keyword.analysis.stopwords import telling_words
from searchkit.keyword.query.ast import TEXT

if TYPE_CHECKING:
    from searchkit.index.generation import Generation
    from searchkit.keyword.analysis.analyzer import Analyzer
    from searchkit.keyword.scoring.bm25_statistics import KeywordSegments
    from searchkit.search.leaning import Leaning

_REMEMBERED = 1 << 16
"""Words whose languages are remembered: the list of a frequent one is long."""


class Tongues:
    """Knows in which languages' chunks a generation's words stand. Holds caches alone: safe to share among threads."""

    def __init__(self, generation: Generation, keyword: KeywordSegments, leaning: Leaning, analyzer: Analyzer) -> None:
        """Take the generation and what is known of its words and languages."""
        self._languages = generation.languages
        self._keyword, self._leaning, self._analyzer = keyword, leaning, analyzer
        self._standing: dict[tuple[str, ...], int] = {}

    def mixed(self, text: str) -> float:
        """Return how much of a question is of other languages than the rest, 0 to 1. Raises ``IndexCorrupt``."""
        words = telling_words(self._analyzer.query_terms(text, self._languages), self._languages)
        units = dict.fromkeys(tuple(unit.terms) for word in words for unit in word.units)
        known = [languages for terms in units if (languages := self._languages_of(terms))]
        if len(known) < 3:
            return 0.0
        most = max(sum(languages >> group & 1 for languages in known) for group in range(len(self._any)))
        return max(0, len(known) - most - 1) / (len(known) - 1)

    def _languages_of(self, terms: tuple[str, ...]) -> int:
        """Return a bit for each language in which any of the terms stands; all where an unknown one has it, too."""
        found = self._standing.get(terms)
        if found is None:
            seen = np.zeros(len(self._any), dtype=bool)
            for number, base in enumerate(self._keyword.bases[:-1]):
                rows, _ = self._keyword.postings(number, TEXT, terms)
                seen[self._leaning.group_of_row[rows + base]] = True
            chosen = np.ones_like(seen) if (seen & self._any).any() else seen
            found = sum(1 << group for group in np.flatnonzero(chosen).tolist())
            if len(self._standing) >= _REMEMBERED:
                self._standing.clear()
            self._standing[terms] = found
        return found

    @cached_property
    def _any(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """``(groups + 1,)``: the groups that are of no language: not recognised, or without vectors."""
        return np.asarray([*(not name for name in self._leaning.spreads), True])
