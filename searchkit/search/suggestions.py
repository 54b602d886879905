"""Suggestions: what a beginning may go on to, as one types: words, titles, and the values of fields.

Words come out of the word table of the postings, which is sorted: the beginning is a range of it, and the best of a
range are those that stand in most chunks. Titles and values come out of ``index/field_values.py``. All compare folded,
without case and accents. What a filter hides is neither told nor counted: values count the articles that pass. The
words of what passes are counted by reading it, once for a filter: all of it up to ``SAMPLE`` chunks, of more so many,
evenly spread, whose counts stand for all.

At 1,002,024 chunks of 101,000 articles (``scripts/bench_suggest.py``) 1,700 beginnings took .12 CPU ms in the median,
.79 at the 95th percentile, 6.3 at most; under a filter that leaves a hundredth of the articles .10 and .79. The first
of all took 3.6 CPU s, since it reads the values, the first under that filter .7.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import QueryError
from searchkit.filter_expression import shown_value
from searchkit.index.field_values import LAST_CHARACTER, TITLE, ValueTable, shown_value_of, value_key, value_tables
from searchkit.index.generation import FIELDS_EVERYWHERE, Generation, unknown_field
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

SAMPLE = 5_000
"""Chunks of a filter that are read for their words: 1 s, once."""

_REMEMBERED = 4_096
"""Beginnings that are remembered with what they go on to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visible:
    """What a filter leaves: the articles and the chunks, and how many articles have each value, by field."""

    articles: Mask | None
    rows: Mask | None
    counts: dict[str, Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class _WordCounts:
    """Words, ascending, and in how many chunks each stands."""

    words: list[str]
    counts: Numbers

    def beginning(self, prefix: str) -> range:
        """Return the places of the words that begin with a prefix."""
        return range(bisect_left(self.words, prefix), bisect_left(self.words, prefix + LAST_CHARACTER))


_Candidate = tuple[int, str, str, int]
"""What is sorted by: the count below zero, the kind, the key or the words, the value's place; -1: it is no value."""


class Suggester:
    """Suggests from one generation. Holds caches alone, so any number of threads may share one."""

    def __init__(self, generation: Generation, keyword: KeywordSegments, analyzer: Analyzer) -> None:
        self._generation, self._keyword, self._analyzer = generation, keyword, analyzer
        self._visible: BoundedCache[Where, _Visible] = BoundedCache(_FILTERS)
        self._words_of: BoundedCache[Where, _WordCounts] = BoundedCache(_FILTERS)
        self._answers: BoundedCache[tuple[str, Where, int, tuple[str, ...] | None], tuple[Suggestion, ...]] = (
            BoundedCache(_REMEMBERED)
        )
        self._guard = threading.Lock()

    def suggest(
        self, prefix: str, *, where: Where = NO_FILTER, k: int = 10, kinds: tuple[str, ...] | None = None
    ) -> tuple[Suggestion, ...]:
        """Return at most ``k`` suggestions, the most frequent first. Raises ``QueryError``, ``IndexCorrupt``."""
        _check(prefix, k)
        known_names = self._generation.field_names | FIELDS_EVERYWHERE | {WORD, TITLE}
        if wrong := [kind for kind in kinds or () if kind not in known_names]:
            raise unknown_field(wrong[0], known_names)
        asked_for = (prefix, where, k, kinds)
        if (known := self._answers.get(asked_for)) is None:
            known = self._answers[asked_for] = self._suggested(prefix, where, k, kinds)
        return known

    def _suggested(self, prefix: str, where: Where, k: int, kinds: tuple[str, ...] | None) -> tuple[Suggestion, ...]:
        groups: list[list[_Candidate]] = []
        if kinds is None or WORD in kinds:
            groups.append(list(self._words(prefix, where, k)))
        if key := value_key(prefix):
            shown = [name for name in self._values if name not in self._generation.hidden]
            names = [name for name in shown if kinds is None or name in kinds]
            fields = [each for name in names if name != TITLE for each in self._of_field(name, key, where, k)]
            groups.append(sorted(fields)[:k])
            if TITLE in names:
                groups.append(list(self._of_field(TITLE, key, where, k)))
        return tuple(self._told(candidate, where) for candidate in sorted(_in_turn(groups, k)))

    def _told(self, candidate: _Candidate, where: Where) -> Suggestion:
        """Return a candidate as it is told: a value as the first article spells it that passes."""
        less, kind, text, place = candidate
        if place >= 0:
            article = self._values[kind].first_article(place, self._left_by(where).articles)
            text = shown_value_of(self._generation, kind, article, text)
        return Suggestion(text=text, kind=kind, count=-less)

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

    def _of_field(self, name: str, key: str, where: Where, k: int) -> Iterator[_Candidate]:
        """Yield the values of a field, or the titles, that begin with a key."""
        table = self._values[name]
        places = table.beginning(key)
        if places:
            counts = self._left_by(where).counts[name]
            for place in best_places(counts[places.start : places.stop], k):
                yield -int(counts[place + places.start]), name, table.keys[place + places.start], place + places.start

    def _words(self, prefix: str, where: Where, k: int) -> Iterator[_Candidate]:
        """Yield what is typed, its last word gone on with."""
        spans = self._analyzer.word_spans(prefix)
        if not spans or spans[-1][2] != len(prefix):
            return
        raw, start, _ = spans[-1]
        beginning = self._analyzer.fold(raw)
        rows = None if where == NO_FILTER else self._generation.rows_where(where)
        best = self._commonest(beginning, k) if rows is None else self._within(beginning, where, rows, k)
        for word, count in best:
            yield -count, WORD, prefix[:start] + word, -1

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

    def _within(self, beginning: str, where: Where, rows: Mask, k: int) -> list[tuple[str, int]]:
        """Return the words of most chunks of a choice."""
        table = self._words_of.get(where)
        if table is None:
            table = self._words_of[where] = self._counted_words(np.flatnonzero(rows))
        places = table.beginning(beginning)
        counts = table.counts[places.start : places.stop]
        return [(table.words[place + places.start], int(counts[place])) for place in best_places(counts, k)]

    def _counted_words(self, rows: Numbers) -> _WordCounts:
        """Count the words of some chunks by reading them, or of as many as a sample has."""
        chosen = rows if len(rows) <= SAMPLE else rows[np.linspace(0, len(rows) - 1, SAMPLE).astype(np.int64)]
        counts: Counter[str] = Counter()
        articles = [article for article, _ in self._generation.articles_at(self._generation.article_of_row[chosen])]
        chunks = self._generation.chunks_of(chosen.tolist(), articles)
        for article, chunk in zip(articles, chunks, strict=True):
            searched = compose(article, chunk)
            text = "\n".join((searched.title, searched.heading, searched.text))
            counts.update(self._forms(text, self._generation.analysed_as(article.language)))
        words = sorted(counts)
        share = len(rows) / max(1, len(chosen))
        return _WordCounts(words=words, counts=np.asarray([round(counts[word] * share) for word in words], np.int64))

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


def _in_turn(groups: Sequence[Sequence[_Candidate]], k: int) -> list[_Candidate]:
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
