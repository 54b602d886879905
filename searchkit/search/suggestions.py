"""Suggestions: what a beginning may go on to, as one types: words, titles, and the values of fields.

Words come out of the word table of the postings, which is sorted: the beginning is a range of it, and the best of a
range are those that stand in most chunks. Titles and values come out of ``index/field_values.py``. All compare folded,
without case and accents. What a filter hides is neither told nor counted: values count the articles that pass, words
the chunks of these. Under a filter that leaves few chunks their words are counted once; under a wider one the commonest
words are held against it one after another, until no other can stand in more of its chunks (Fagin, Lotem, Naor 2003),
or ``_LOOKED_AT`` were.

At a million chunks of 200,000 articles and 330,000 words (``scripts/bench_suggest.py``) a beginning takes .2 to .6 ms,
and what was typed before less. The first of all takes 2 s, since it reads the values.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import QueryError
from searchkit.filter_expression import shown_value
from searchkit.index.field_values import TITLE, ValueTable, shown_values, value_key, value_tables
from searchkit.index.generation import Generation
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.scoring.segments import KeywordSegments
from searchkit.types import NO_FILTER, Suggestion, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

WORD = "word"
MOST = 1_000

_FILTERS = 16
"""Filters whose counts are remembered: people type on under the same one."""

_FEW = 2_000
"""Chunks of a filter up to which their texts are read for their words: .2 s, once for a filter."""

_LOOKED_AT = 512
"""Words that are held against a wider filter for one beginning."""

_REMEMBERED = 4_096
"""Beginnings that are remembered with what they go on to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visible:
    """What a filter leaves: the articles and the chunks, and how many articles have each value, by field."""

    articles: Mask | None
    rows: Mask | None
    counts: dict[str, Numbers]


class Suggester:
    """Suggests from one generation. Holds caches alone, so any number of threads may share one."""

    def __init__(self, generation: Generation, keyword: KeywordSegments, analyzer: Analyzer) -> None:
        self._generation, self._keyword, self._analyzer = generation, keyword, analyzer
        self._visible: BoundedCache[Where, _Visible] = BoundedCache(_FILTERS)
        self._few_words: BoundedCache[Where, ValueTable] = BoundedCache(_FILTERS)
        self._answers: BoundedCache[tuple[str, Where, int, tuple[str, ...] | None], tuple[Suggestion, ...]] = (
            BoundedCache(_REMEMBERED)
        )
        self._guard = threading.Lock()

    def suggest(
        self, prefix: str, *, where: Where = NO_FILTER, k: int = 10, kinds: tuple[str, ...] | None = None
    ) -> tuple[Suggestion, ...]:
        """Return at most ``k`` suggestions, the most frequent first. Raises ``QueryError``, ``IndexCorrupt``."""
        _check(prefix, k)
        asked_for = (prefix, where, k, kinds)
        if (known := self._answers.get(asked_for)) is None:
            known = self._answers[asked_for] = self._suggested(prefix, where, k, kinds)
        return known

    def _suggested(self, prefix: str, where: Where, k: int, kinds: tuple[str, ...] | None) -> tuple[Suggestion, ...]:
        groups: list[list[Suggestion]] = []
        if kinds is None or WORD in kinds:
            groups.append(list(self._words(prefix, where, k)))
        if key := value_key(prefix):
            names = [name for name in self._values if kinds is None or name in kinds]
            fields = [each for name in names if name != TITLE for each in self._of_field(name, key, where, k)]
            groups.append(sorted(fields, key=_order)[:k])
            if TITLE in names:
                groups.append(list(self._of_field(TITLE, key, where, k)))
        return tuple(sorted(_in_turn(groups, k), key=_order))

    @cached_property
    def _values(self) -> dict[str, ValueTable]:
        with self._guard:
            return self.__dict__.get("_values") or value_tables(self._generation)

    def _left_by(self, where: Where) -> _Visible:
        """Return what a filter leaves, deleted articles left out."""
        visible = self._visible.get(where)
        if visible is None:
            rows = self._generation.rows_where(where)
            articles = None if rows is None else rows[self._generation.article_starts[:-1]]
            counts = {name: table.counts(articles) for name, table in self._values.items()}
            visible = self._visible[where] = _Visible(articles=articles, rows=rows, counts=counts)
        return visible

    def _of_field(self, name: str, key: str, where: Where, k: int) -> Iterator[Suggestion]:
        """Yield the values of a field, or the titles, that begin with a key."""
        table = self._values[name]
        places = table.beginning(key)
        if not places:
            return
        visible = self._left_by(where)
        counts = visible.counts[name][places.start : places.stop]
        best = [place + places.start for place in best_places(counts, k)]
        articles = [table.first_article(place, visible.articles) for place in best]
        shown = shown_values(self._generation, name, articles, [table.keys[place] for place in best])
        for place, text in zip(best, shown, strict=True):
            yield Suggestion(text=text, kind=name, count=int(visible.counts[name][place]))

    def _words(self, prefix: str, where: Where, k: int) -> Iterator[Suggestion]:
        """Yield what is typed, its last word gone on with."""
        spans = self._analyzer.word_spans(prefix)
        if not spans or spans[-1][2] != len(prefix):
            return
        raw, start, _ = spans[-1]
        beginning = self._analyzer.fold(raw)
        for word, count in self._best_words(beginning, where, k):
            yield Suggestion(text=prefix[:start] + word, kind=WORD, count=count)

    def _best_words(self, beginning: str, where: Where, k: int) -> Sequence[tuple[str, int]]:
        rows = self._generation.rows_where(where)
        if where == NO_FILTER or rows is None:
            return self._commonest(beginning, k)
        if np.count_nonzero(rows) <= _FEW or not self._keyword.has_forms:
            return self._of_few(beginning, where, rows, k)
        return self._of_many(beginning, rows, k)

    def _commonest(self, beginning: str, k: int) -> list[tuple[str, int]]:
        """Return the words of most living chunks: the best of each segment, as many as it takes that none is more."""
        lexicon = self._keyword.lexicon
        depth = 2 * k
        while True:
            words, bound = lexicon.beginning(beginning, depth)
            counted = sorted(((word, lexicon.count(word)) for word in words), key=lambda pair: (-pair[1], pair[0]))[:k]
            if not bound or (len(counted) == k and counted[-1][1] >= bound):
                return counted
            depth *= 4

    def _of_many(self, beginning: str, rows: Mask, k: int) -> list[tuple[str, int]]:
        counted: list[tuple[int, str]] = []
        for word, total in self._commonest(beginning, _LOOKED_AT):
            if len(counted) >= k and -sorted(counted)[k - 1][0] >= total:
                break
            if count := self._count_within(word, rows):
                counted.append((-count, word))
        return [(word, -count) for count, word in sorted(counted)[:k]]

    def _count_within(self, word: str, rows: Mask) -> int:
        """Count the chunks of a choice in which a word stands, in its own form."""
        total = 0
        for number, base in enumerate(self._keyword.bases[:-1]):
            having, _ = self._keyword.postings(number, "text", (), (word,))
            total += int(np.count_nonzero(rows[having + base]))
        return total

    def _of_few(self, beginning: str, where: Where, rows: Mask, k: int) -> list[tuple[str, int]]:
        table = self._few_words.get(where)
        if table is None:
            table = self._few_words[where] = self._counted_words(rows)
        places = table.beginning(beginning)
        counts = np.diff(table.starts)
        chosen = best_places(counts[places.start : places.stop], k)
        return [(table.keys[place + places.start], int(counts[place + places.start])) for place in chosen]

    def _counted_words(self, rows: Mask) -> ValueTable:
        """Count the words of some chunks by reading them; at most ``_FEW``, the first ones."""
        counts: Counter[str] = Counter()
        chosen = np.flatnonzero(rows)[:_FEW]
        articles = [article for article, _ in self._generation.articles_at(self._generation.article_of_row[chosen])]
        chunks = self._generation.chunks_of(chosen.tolist(), articles)
        for article, chunk in zip(articles, chunks, strict=True):
            searched = compose(article, chunk)
            text = "\n".join((searched.title, searched.heading, searched.text))
            language = self._generation.analysed_as(article.language)
            counts.update(self._forms(text, language))
        words = sorted(counts)
        starts = np.cumsum([0, *(counts[word] for word in words)], dtype=np.int64)
        return ValueTable(keys=words, starts=starts, articles=np.empty(0, dtype=np.int32))

    def _forms(self, text: str, language: str | None) -> set[str]:
        """Return the words of a text as the word table has them."""
        words = set(self._analyzer.words(text))
        return {surface for word in words for surface in self._analyzer.expand(word, language).surfaces}


def best_places(counts: NDArray[np.integer], k: int) -> list[int]:
    """Return the places of the ``k`` highest counts above 0, the highest first, ties by place."""
    least = 1
    if len(counts) > k:
        least = max(1, int(np.partition(counts, len(counts) - k)[len(counts) - k]))
    above = np.flatnonzero(counts > least)
    level = np.flatnonzero(counts == least)[: max(0, k - len(above))]
    chosen: list[int] = np.concatenate([above, level]).tolist()
    return sorted(chosen, key=lambda place: (-int(counts[place]), place))


def _order(suggestion: Suggestion) -> tuple[int, str, str]:
    return -suggestion.count, suggestion.kind, suggestion.text


def _in_turn(groups: Sequence[Sequence[Suggestion]], k: int) -> list[Suggestion]:
    """Take the best of each group in turn until there are ``k``: words, which count most, shall not hide titles."""
    deepest = max(map(len, groups), default=0)
    ordered = [group[place] for place in range(deepest) for group in groups if place < len(group)]
    return ordered[:k]


def kinds_of(kinds: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the kinds that are wanted; None for all. Raises ``QueryError``."""
    if kinds is None or isinstance(kinds, str):
        return None if kinds is None else (kinds,)
    names = tuple(kinds) if isinstance(kinds, Iterable) else (kinds,)
    if not all(isinstance(kind, str) for kind in names):
        raise QueryError(f"'kinds' is {shown_value(kinds)}.", hint="Give names: kinds=['word', 'title', 'source'].")
    return names


def _check(prefix: object, k: object) -> None:
    """Raise ``QueryError`` for what isn't what ``Searcher.suggest`` takes."""
    if not isinstance(prefix, str):
        raise QueryError(f"The beginning is {shown_value(prefix)}.", hint="Give it as text.")
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MOST:
        raise QueryError(f"k is {shown_value(k)}.", hint=f"Ask for 1 to {MOST:,} suggestions.")
