"""Statistics of words: in how many chunks they stand, counted by the cluster and remembered for as long as an index is.

Counted exactly, over all shards, by aggregations: what a question is worth (U) is then what it is worth in a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from searchkit.errors import QueryError
from searchkit.keyword.bounded_cache import BoundedCache
from searchkit.keyword.query.ast import TITLE, Term
from searchkit.keyword.scoring.bm25 import idf
from searchkit.opensearch.mapping import CHUNKS, FORMS, TERMS, TITLE_FORMS
from searchkit.opensearch.mapping import TITLE as TITLE_TERMS

if TYPE_CHECKING:
    from searchkit.opensearch.client import Cluster

_REMEMBERED = 1 << 16

_MOST_GROUPS = 1_000
"""Codes of two letters: there are 676."""

MOST_TERMS = 1_000
"""Terms that one search counts at once: a question of 1,000 different words is a text that was pasted."""

Word = tuple[str, tuple[str, ...]]
"""A field and the terms of which any may stand there."""


def word_of(term: Term) -> Word:
    """Return where a leaf is looked for: a field of the cluster, and the terms in it."""
    if term.surfaces:
        return (TITLE_FORMS if term.field == TITLE else FORMS), tuple(term.surfaces)
    return (TITLE_TERMS if term.field == TITLE else TERMS), tuple(term.terms)


class WordStatistics:
    """Knows in how many chunks of an index words stand. Holds a cache alone, so any number of threads may share one."""

    def __init__(self, cluster: Cluster, index: str, chunks: int) -> None:
        self._cluster, self._index, self._chunks = cluster, index, chunks
        self._counts: BoundedCache[Word, int] = BoundedCache(_REMEMBERED)

    def learn(self, words: Iterable[Word]) -> None:
        """Count those that aren't known yet, in one request. Raises ``BackendError``, ``QueryError``."""
        wanted = [word for word in dict.fromkeys(words) if self._counts.get(word) is None]
        wanted += [part for word in wanted for part in _each(word) if self._counts.get(part) is None]
        unknown = list(dict.fromkeys(wanted))
        if len(unknown) > MOST_TERMS:
            raise QueryError(
                f"The query has {len(unknown):,} different words.", hint=f"Ask in at most {MOST_TERMS:,}: a few do."
            )
        if not unknown:
            return
        filters: dict[str, Any] = {str(i): _clause(word) for i, word in enumerate(unknown)}
        counted = {"nested": {"path": CHUNKS}, "aggs": {"df": {"filters": {"filters": filters}}}}
        answer = self._cluster.search(self._index, {"size": 0, "aggs": {"chunks": counted}}, request_cache="true")
        buckets = answer["aggregations"]["chunks"]["df"]["buckets"]
        for i, word in enumerate(unknown):
            self._counts[word] = int(buckets[str(i)]["doc_count"])

    def groups_of(self, words: Sequence[Word]) -> list[frozenset[str]]:
        """Return of each word the groups of languages in whose articles it stands. Raises ``BackendError``."""
        if not words:
            return []
        counted = {"group": {"terms": {"field": "group", "size": _MOST_GROUPS}}}
        aggs = {
            str(i): {"filter": {"nested": {"path": CHUNKS, "query": _clause(word)}}, "aggs": counted}
            for i, word in enumerate(words)
        }
        answer = self._cluster.search(self._index, {"size": 0, "aggs": aggs})["aggregations"]
        buckets = [answer[str(i)]["group"]["buckets"] for i in range(len(words))]
        return [frozenset(str(bucket["key"]) for bucket in each) for each in buckets]

    def df(self, word: Word) -> int:
        """Count the chunks that have any of a word's terms. Raises ``BackendError``."""
        if self._counts.get(word) is None:
            self.learn([word])
        return self._counts.get(word) or 0

    def idf(self, word: Word) -> float:
        """Return the idf of a word, the union of its terms."""
        return idf(self._chunks, self.df(word))

    def idf_there(self, word: Word) -> float:
        """Return the idf that the cluster takes for a word of several terms: that of the most frequent."""
        return idf(self._chunks, max((self.df(part) for part in _each(word)), default=0))

    def idf_sum_there(self, word: Word) -> float:
        """Return the idf that the cluster takes for a word within a phrase: the sum of its terms'."""
        return sum(idf(self._chunks, self.df(part)) for part in _each(word))


def _each(word: Word) -> list[Word]:
    field, terms = word
    return [(field, (term,)) for term in terms]


def _clause(word: Word) -> dict[str, Any]:
    field, terms = word
    return {"terms": {field: list(terms)}}
