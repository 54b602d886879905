"""Query rows: the chunks that come up in one search, numbered as they come, with what both retrievers say of each.

A cluster has no rows. One search has: each article that a retriever brings up is read once, with the scores of all its
chunks in both legs, and its chunks take the next numbers. So ranking, fusion, neighbours and explanations work on them
as on those of an index in a folder, and never ask which it is.

One look takes two requests. The first asks the retrievers for their best articles; the second asks, of those that are
new, for every chunk's BM25, by which words, and cosine. A deeper look adds rows; none changes.

There may be two *sides*: the search as it was asked, and the same without its filters, among whose best neighbours are
looked for (``search/neighbours.py``). Rows are common to both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.errors import BackendError
from searchkit.keyword.query.plan import ALL
from searchkit.opensearch.documents import vector_from
from searchkit.opensearch.filter_query import Clause, all_of
from searchkit.opensearch.keyword_query import KeywordQuery
from searchkit.opensearch.mapping import CHUNK_ID, CHUNKS, MOST_RESULTS, VECTOR, VECTOR_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.opensearch.cluster_index import ClusterIndex
    from searchkit.types import Article, Chunk

    Rows = NDArray[np.int64]
    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_SCORED_AT_ONCE = 500
"""Articles of one request for scores."""

_NEAREST_LIMIT = 10_000
"""Neighbours that the k-NN plugin finds at most; beyond, every vector is looked at."""

_MASKED = 1 << 24
"""Rows of a mask: no search comes near it."""

_BEHIND = -1.0
"""What bounds the articles behind those that score 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A search as its two retrievers are asked: what articles must meet for each, and how words score.

    ``words`` None: the keyword retriever isn't asked; ``filters`` hold for both, ``nearest`` for vectors alone.
    """

    words: KeywordQuery | None
    filters: tuple[Clause, ...] = ()
    nearest: tuple[Clause, ...] = ()

    @property
    def matching(self) -> list[Clause]:
        """What an article meets that matches."""
        return [*self.filters, *(self.words.matching if self.words is not None else self.nearest)]


@dataclass(slots=True)
class SideScores:
    """What one side says of the rows, ``(rows,)`` each, and of all others: the bounds of its two legs by depth."""

    keyword: Scores = field(default_factory=lambda: np.empty(0))
    covered: Scores = field(default_factory=lambda: np.empty(0))
    matched: Mask = field(default_factory=lambda: np.empty(0, bool))
    keyword_bound: float = np.inf
    vector_bound: float = np.inf
    total: int = 0


class QueryRows:
    """The rows of one search. They grow; none changes. Safe to share among threads."""

    def __init__(self, index: ClusterIndex, sides: Sequence[Side], vector: NDArray[np.float32] | None) -> None:
        self.index, self.sides, self.vector = index, tuple(sides), vector
        self.ids: list[str] = []
        self.places: dict[str, int] = {}
        self.groups: list[str] = []
        """The group of languages of each article."""
        self.starts: Rows = np.zeros(1, np.int64)
        self.article_of_row: Rows = np.empty(0, np.int64)
        self.cosines: Scores = np.empty(0)
        self.scores = [SideScores() for _ in self.sides]
        self.allowed = [np.zeros(min(index.manifest.chunks, _MASKED), bool) for _ in self.sides]
        """Of each side: which rows pass its filters and conditions, for vectors; as long as any mask can be."""
        self.size = 0
        """The rows of which all is known: while a thread adds some, another doesn't meet them half."""
        self._depth = 0
        self._vectors: dict[int, NDArray[np.float32]] = {}
        self._read: dict[str, tuple[Article, tuple[Chunk, ...]]] = {}
        self._guard = threading.RLock()

    def look(self, depth: int) -> None:
        """Have the best ``depth`` articles of each retriever and side among the rows. Raises ``BackendError``."""
        with self._guard:
            depth = min(depth, MOST_RESULTS)
            if depth <= self._depth:
                return
            searches = [
                (number, leg, body)
                for number, side in enumerate(self.sides)
                for leg, body in self._searches(side, depth, count=not self._depth)
            ]
            answers = self.index.cluster.search_many(
                self.index.name, [body for _, _, body in searches], search_type="dfs_query_then_fetch"
            )
            hits = [hit for answer in answers for hit in answer["hits"]["hits"]]
            new = {hit["_id"]: _about(hit) for hit in hits if hit["_id"] not in self.places}
            fresh = [(article_id, *about) for article_id, about in new.items()]
            for first in range(0, len(fresh), _SCORED_AT_ONCE):
                self._score(fresh[first : first + _SCORED_AT_ONCE])
            # Only now: where a request fails, whoever asks again looks again.
            for (number, leg, _), answer in zip(searches, answers, strict=True):
                self._bound(number, leg, answer, depth)
            self._depth = depth

    def add(self, ids: Iterable[str]) -> None:
        """Have some articles among the rows, those that there are. Raises ``BackendError``."""
        with self._guard:
            wanted = [article_id for article_id in dict.fromkeys(ids) if article_id not in self.places]
            if not wanted:
                return
            body = {"query": {"ids": {"values": wanted}}, "size": len(wanted), **_ABOUT}
            hits = self.index.cluster.search(self.index.name, body)["hits"]["hits"]
            self._score([(hit["_id"], *_about(hit)) for hit in hits])

    def articles(self, ids: Sequence[str]) -> dict[str, tuple[Article, tuple[Chunk, ...]]]:
        """Return some articles with their chunks, each read once. Raises ``BackendError``, ``IndexCorrupt``."""
        with self._guard:
            if absent := [article_id for article_id in ids if article_id not in self._read]:
                self._read.update(self.index.articles(absent))
            if lost := [article_id for article_id in ids if article_id not in self._read]:
                raise BackendError(f"The article '{lost[0]}' went from {self.index.label} during a search.")
            return {article_id: self._read[article_id] for article_id in ids}

    def vectors_of(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(n, dimension)``. Raises ``BackendError``, ``IndexCorrupt``."""
        dimension = self.index.manifest.encoder.dimension
        with self._guard:
            if absent := [row for row in rows.tolist() if row not in self._vectors]:
                self._read_vectors({self.chunk_id(row): row for row in absent}, dimension)
            gathered = [self._vectors[row] for row in rows.tolist()]
        return np.stack(gathered) if gathered else np.empty((0, dimension), np.float32)

    def chunk_id(self, row: int) -> str:
        """Return the id of a row's chunk."""
        article = int(self.article_of_row[row])
        return f"{self.ids[article]}#{row - int(self.starts[article])}"

    def _searches(self, side: Side, depth: int, *, count: bool) -> list[tuple[str, dict[str, Any]]]:
        """Return the bodies by which the retrievers of a side are asked for their best articles."""
        bodies: list[tuple[str, dict[str, Any]]] = []
        if side.words is not None:
            body: dict[str, Any] = {"query": side.words.ranked(side.filters), "track_total_hits": count}
            body["sort"] = ["_score", "id"] if side.words.asks else ["id"]
            bodies.append(("keyword", body))
        if self.vector is not None:
            query = self._nearest(self.vector, [*side.filters, *side.nearest], depth)
            bodies.append(("vector", {"query": query, "sort": ["_score", "id"], "track_total_hits": False}))
        return [(leg, body | {"size": depth, "track_scores": True, **_ABOUT}) for leg, body in bodies]

    def _nearest(self, vector: NDArray[np.float32], filters: list[Clause], depth: int) -> Clause:
        if depth > _NEAREST_LIMIT:
            scored = {"nested": {"path": CHUNKS, "score_mode": "max", "query": _cosine(vector)}}
            return {"bool": {"must": [scored], "filter": filters}}
        knn: dict[str, Any] = {"vector": vector.tolist(), "k": depth}
        if filters:
            knn["filter"] = all_of(filters)
        return {"nested": {"path": CHUNKS, "score_mode": "max", "query": {"knn": {VECTOR: knn}}}}

    def _bound(self, number: int, leg: str, answer: dict[str, Any], depth: int) -> None:
        """Take from what a retriever says the highest score that any other article can have."""
        hits, scores = answer["hits"]["hits"], self.scores[number]
        rest = float(hits[-1]["_score"]) if len(hits) >= depth else -np.inf
        if leg == "vector":
            scores.vector_bound = product(rest) if rest > -np.inf else rest
            return
        words = self.sides[number].words
        # Articles without words to rank them come in the order of their ids: no later one goes before an earlier.
        scores.keyword_bound = rest if words is not None and words.asks else min(rest, _BEHIND)
        if "total" in answer["hits"]:
            scores.total = int(answer["hits"]["total"]["value"])

    def _score(self, articles: Sequence[tuple[str, int, str]]) -> None:
        """Add the rows of some articles, each with its number of chunks and its group, and score them."""
        if not articles:
            return
        ids = [article_id for article_id, _, _ in articles]
        most = max(count for _, count, _ in articles)
        should, filters = self._scoring(most)
        body = {
            "query": {"bool": {"filter": [{"ids": {"values": ids}}], "should": [*should, *filters]}},
            "size": len(ids),
            "_source": False,
        }
        answer = self.index.cluster.search(self.index.name, body, search_type="dfs_query_then_fetch")
        hits = {hit["_id"]: hit for hit in answer["hits"]["hits"]}
        first = len(self.article_of_row)
        counts = np.asarray([count for _, count, _ in articles], np.int64)
        numbers = np.arange(len(self.ids), len(self.ids) + len(ids))
        self.article_of_row = np.concatenate([self.article_of_row, np.repeat(numbers, counts)])
        self.starts = np.concatenate([self.starts, first + np.cumsum(counts)])
        self.places.update(zip(ids, numbers.tolist(), strict=True))
        self.ids += ids
        self.groups += [group for _, _, group in articles]
        cosines = np.zeros(int(counts.sum()))
        starts = np.cumsum(counts) - counts
        read = [(hits.get(article_id, {}), int(start)) for article_id, start in zip(ids, starts, strict=True)]
        for hit, start in read:
            for chunk, score in _chunk_scores(hit, "vector"):
                cosines[start + chunk] = product(score)
        self.cosines = np.concatenate([self.cosines, cosines])
        for number in range(len(self.sides)):
            self._score_side(number, read, counts, first)
        self.size = len(self.article_of_row)

    def _scoring(self, most: int) -> tuple[list[Clause], list[Clause]]:
        """Return the queries whose inner hits tell chunks' scores, and those that by their names tell of articles."""
        should: list[Clause] = []
        named: list[Clause] = []
        if self.vector is not None:
            hits = {"name": "vector", "size": most, "_source": False}
            query = {"path": CHUNKS, "query": _cosine(self.vector), "score_mode": "none", "inner_hits": hits}
            should.append({"nested": query})
        for number, side in enumerate(self.sides):
            named.append(_named(f"nearest{number}", [*side.filters, *side.nearest]))
            if side.words is None:
                continue
            named.append(_named(f"root{number}", [*side.filters, *side.words.conditions]))
            for gate, _ in side.words.gates:
                should.append(side.words.scoring(gate, f"words{number}.{gate}", most))
            named += [
                _named(f"register{number}.{register}", [side.words.register(register)])
                for register in side.words.registers
            ]
        return should, named

    def _score_side(self, number: int, read: Sequence[tuple[Mapping[str, Any], int]], counts: Rows, first: int) -> None:
        """Work out what a side says of the rows of some articles."""
        side, size = self.sides[number], int(counts.sum())
        keyword, covered, matched = np.zeros(size), np.zeros(size), np.zeros(size, bool)
        allowed = self.allowed[number]
        for (hit, start), count in zip(read, counts.tolist(), strict=True):
            names = set(hit.get("matched_queries", ()))
            chunks = slice(start, start + count)
            allowed[first + start : first + start + count] = f"nearest{number}" in names
            if side.words is None or f"root{number}" not in names:
                continue
            if not side.words.asks:
                matched[chunks] = True
                continue
            _add_words(side.words, number, hit, names, keyword[chunks], covered[chunks], matched[chunks])
        for scores in (keyword, covered):
            scores[~matched] = 0.0
        known = self.scores[number]
        known.keyword = np.concatenate([known.keyword, keyword])
        known.covered = np.concatenate([known.covered, covered])
        known.matched = np.concatenate([known.matched, matched])

    def _read_vectors(self, rows: Mapping[str, int], dimension: int) -> None:
        hits = {"size": len(rows), "_source": False, "docvalue_fields": [VECTOR_BYTES, CHUNK_ID]}
        query = {"path": CHUNKS, "query": {"terms": {CHUNK_ID: list(rows)}}, "score_mode": "none", "inner_hits": hits}
        articles = dict.fromkeys(chunk_id.rpartition("#")[0] for chunk_id in rows)
        wanted = {"bool": {"filter": [{"ids": {"values": list(articles)}}, {"nested": query}]}}
        body = {"query": wanted, "size": len(articles), "_source": False}
        for hit in self.index.cluster.search(self.index.name, body)["hits"]["hits"]:
            for inner in hit["inner_hits"][CHUNKS]["hits"]["hits"]:
                (chunk_id,), (encoded,) = inner["fields"][CHUNK_ID], inner["fields"][VECTOR_BYTES]
                self._vectors[rows[chunk_id]] = vector_from(encoded, dimension, f"{self.index.label}, '{chunk_id}'")


_ABOUT: dict[str, Any] = {"_source": False, "docvalue_fields": ["chunk_count", "group"]}
"""What is asked of each article that comes up."""


def _about(hit: Mapping[str, Any]) -> tuple[int, str]:
    return int(hit["fields"]["chunk_count"][0]), str(hit["fields"]["group"][0])


def product(score: float) -> float:
    """Return the inner product that the k-NN plugin writes as 1 + p, or 1 / (1 - p) where p is below 0."""
    return score - 1.0 if score >= 1.0 else 1.0 - 1.0 / score


def _cosine(vector: NDArray[np.float32]) -> Clause:
    """Return the query that scores every chunk by its vector's product with the question's."""
    parameters = {"field": VECTOR, "query_value": vector.tolist(), "space_type": "innerproduct"}
    script = {"lang": "knn", "source": "knn_score", "params": parameters}
    return {"script_score": {"query": {"match_all": {}}, "script": script}}


def _named(name: str, clauses: Sequence[Clause]) -> Clause:
    """Return a query that scores nothing and says by its name whether an article meets all of some."""
    return {"constant_score": {"filter": all_of(list(clauses)), "boost": 0.0, "_name": name}}


def _chunk_scores(hit: Mapping[str, Any], name: str) -> Iterable[tuple[int, float]]:
    """Yield the ordinal and the score of each chunk of an article that some inner hits have."""
    for inner in hit.get("inner_hits", {}).get(name, {}).get("hits", {}).get("hits", ()):
        yield int(inner["_nested"]["offset"]), float(inner["_score"])


def _add_words(
    words: KeywordQuery,
    number: int,
    hit: Mapping[str, Any],
    names: set[str],
    keyword: Scores,
    covered: Scores,
    matched: Mask,
) -> None:
    """Add what the words of an open gate give an article's chunks, ``(chunks,)`` each."""

    def is_open(register: int) -> bool:
        return register in (ALL, words.plan.root) or f"register{number}.{register}" in names

    for step in words.plan.steps:
        if step.leaf < 0 and is_open(step.gate):
            matched[:] = True
    for gate, steps in words.gates:
        if not is_open(gate):
            continue
        holding = [is_open(step.holding) for step in steps]
        present = [words.present(step) for step in steps]
        for inner in hit["inner_hits"][f"words{number}.{gate}"]["hits"]["hits"]:
            chunk, places = int(inner["_nested"]["offset"]), [int(name) for name in inner["matched_queries"]]
            score = float(inner["_score"])
            keyword[chunk] += score
            covered[chunk] += score + sum(present[place] for place in places)
            matched[chunk] |= any(holding[place] for place in places)
