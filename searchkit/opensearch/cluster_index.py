"""Cluster index: the generation in force of an index on a cluster, opened.

It stays in the physical index that the alias named then, whatever the alias names later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from searchkit.config import SearchConfig
from searchkit.encoders import load_encoder
from searchkit.errors import ConfigError, IndexNotFound, MissingExtra
from searchkit.index.article_keys import MOST_ALIKE
from searchkit.index.bundled_encoder import encoder_absent
from searchkit.index.generation import zone_name
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_manifest import ClusterManifest, manifest_in
from searchkit.opensearch.documents import SEPARATOR, article_from
from searchkit.opensearch.filter_query import EVERYTHING, Clause, all_of, clauses_of
from searchkit.opensearch.names import in_force, physical
from searchkit.opensearch.word_statistics import WordStatistics
from searchkit.types import IndexInfo, Where

if TYPE_CHECKING:
    from searchkit.index.manifest import Manifest
    from searchkit.index.segment_reader import Segment
    from searchkit.types import Article, Chunk, Encoder

_READ_AT_ONCE = 200
_SOURCE = ["article", "spans"]
MOST_VALUES = 10_000
"""Values of a field that are counted: a cluster holds no more buckets without being asked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCounts:
    """How many articles have each value of a field: by the key that it compares by, and as articles spell it."""

    keys: dict[str, int]
    spellings: list[tuple[str, str, int]]


class ClusterIndex:
    """A generation on a cluster. Safe to share among threads."""

    def __init__(self, cluster: Cluster, name: str, meta: ClusterManifest) -> None:
        self.cluster = cluster
        self.name = name
        """The physical index."""
        self.manifest: Manifest = meta.manifest
        self.field_names = meta.fields
        self.seal = meta.seal
        self.note = ""
        self.segments: tuple[Segment, ...] = ()
        """None: a cluster's are its own."""
        self.statistics = WordStatistics(cluster, name, meta.manifest.chunks)

    @property
    def hidden(self) -> frozenset[str]:
        """The fields that no article is shown with: none, since declared ones don't work here yet."""
        return frozenset()

    @property
    def label(self) -> str:
        """The address, as it is shown."""
        return str(self.cluster.address)

    @property
    def has_vectors(self) -> bool:
        """Whether any chunk has a vector."""
        return self.manifest.vectors > 0

    @cached_property
    def languages(self) -> tuple[str | None, ...]:
        """By which languages the articles are analysed, the most frequent first; None where some have none."""
        counted = sorted(self.manifest.languages.items(), key=lambda item: (-item[1], item[0]))
        return tuple(dict.fromkeys(self.analysed_as(code) for code, _ in counted))

    def analysed_as(self, language: str | None) -> str | None:
        """Return the language by which articles of a language are analysed: of an unknown one, the archive's main."""
        return language or self.manifest.unknown_as or None

    @cached_property
    def settings(self) -> SearchConfig:
        """What a search that names no settings uses."""
        return self.manifest.settings.to_config() if self.manifest.settings else SearchConfig()

    def load_encoder(self) -> Encoder:
        """Load the encoder that made the vectors. Raises as ``load_encoder`` does."""
        try:
            return load_encoder(self.manifest.encoder.name, relative=False)
        except MissingExtra as error:
            raise encoder_absent(error, "Without it the index is searched by its words: --mode keyword.") from error

    def articles(self, ids: Sequence[str]) -> dict[str, tuple[Article, tuple[Chunk, ...]]]:
        """Return those of some articles that there are, by id, with their chunks.

        Raises ``BackendError``, ``IndexCorrupt``.
        """
        read: dict[str, tuple[Article, tuple[Chunk, ...]]] = {}
        for first in range(0, len(ids), _READ_AT_ONCE):
            body = {"ids": list(ids[first : first + _READ_AT_ONCE])}
            answer = self.cluster.ask("POST", f"/{self.name}/_mget", body, {"_source_includes": ",".join(_SOURCE)})
            if answer is None:
                raise IndexNotFound(f"{self.label} isn't there any more.", hint="Open it again.")
            for document in answer["docs"]:
                if document.get("found"):
                    read[document["_id"]] = article_from(document["_source"], f"{self.label}, '{document['_id']}'")
        return read

    def ids_where(self, where: Where) -> list[str]:
        """Return the ids of the articles that pass a filter, sorted. Raises ``BackendError``."""
        ids: list[str] = []
        body: dict[str, Any] = {
            "size": MOST_VALUES,
            "_source": False,
            "query": all_of(clauses_of(where)),
            "sort": ["id"],
        }
        while True:
            hits = self.cluster.search(self.name, body)["hits"]["hits"]
            ids += [hit["_id"] for hit in hits]
            if len(hits) < MOST_VALUES:
                return ids
            body["search_after"] = hits[-1]["sort"]

    def ids_by_keys(self, keys: Sequence[int]) -> list[str]:
        """Return the ids of the articles that have any of some keys, but for keys that very many have.

        Raises ``BackendError``.
        """
        if not keys:
            return []
        bodies = [
            {"size": MOST_ALIKE + 1, "_source": False, "query": {"constant_score": {"filter": {"term": {"keys": key}}}}}
            for key in keys
        ]
        answers = [answer["hits"]["hits"] for answer in self.cluster.search_many(self.name, bodies)]
        return sorted({hit["_id"] for hits in answers if len(hits) <= MOST_ALIKE for hit in hits})

    def count(self, query: Clause) -> int:
        """Count the articles that meet a query. Raises ``BackendError``."""
        body = {"size": 0, "track_total_hits": True, "query": query}
        return int(self.cluster.search(self.name, body)["hits"]["total"]["value"])

    def values_of(self, names: Sequence[str], query: Clause) -> dict[str, FieldCounts]:
        """Count the values of fields among the articles that meet a query. Raises ``BackendError``."""
        aggs = {
            f"{field}{place}": {
                "terms": {"field": field, "size": MOST_VALUES, "include": f"{_literal(name)}{SEPARATOR}.*"}
            }
            for place, name in enumerate(names)
            for field in ("labels", "shown")
        }
        answer = self.cluster.search(self.name, {"size": 0, "query": query, "aggs": aggs})["aggregations"]

        def counted(field: str, place: int) -> Iterator[tuple[list[str], int]]:
            for bucket in answer[f"{field}{place}"]["buckets"]:
                yield bucket["key"].split(SEPARATOR, 2)[1:], int(bucket["doc_count"])

        return {
            name: FieldCounts(
                keys={key: articles for (key,), articles in counted("labels", place)},
                spellings=[(key, text, articles) for (key, text), articles in counted("shown", place)],
            )
            for place, name in enumerate(names)
        }

    def info(self, time_zone: str | None = None) -> IndexInfo:
        """Tell what the index is made of; ``time_zone`` is the searcher's. Raises ``BackendError``."""
        manifest = self.manifest
        aggs = {"first": {"min": {"field": "instant"}}, "last": {"max": {"field": "instant"}}}
        dates = self.cluster.search(self.name, {"size": 0, "aggs": aggs})["aggregations"]
        stats = self.cluster.ask("GET", f"/{self.name}/_stats/store") or {}
        size = int(stats.get("_all", {}).get("primaries", {}).get("store", {}).get("size_in_bytes", 0))
        sources = [(shown, count) for _, shown, count in self.values_of(["source"], EVERYTHING)["source"].spellings]
        without = manifest.articles - sum(count for _, count in sources)
        return IndexInfo(
            path=self.label,
            format=manifest.format,
            generation=manifest.generation,
            created=manifest.created,
            articles=manifest.articles,
            chunks=manifest.chunks,
            vectors=manifest.vectors,
            segments=1,
            deleted_chunks=0,
            bytes=size,
            leg_bytes={"shards": size},
            encoder=manifest.encoder.name,
            encoder_fingerprint=manifest.encoder.fingerprint,
            dimension=manifest.encoder.dimension,
            eight_bit_chunks=0,
            vector_recall=None,
            places=manifest.corpus.places if manifest.corpus else (),
            languages=dict(sorted(manifest.languages.items(), key=lambda item: (-item[1], item[0]))),
            sources=dict(sorted([*sources, *([("", without)] if without else [])], key=lambda s: (-s[1], s[0]))),
            first_published=_instant(dates["first"]["value"]),
            last_published=_instant(dates["last"]["value"]),
            config=manifest.config.to_dict(),
            settings=dict(manifest.settings.search) if manifest.settings else {},
            time_zone=zone_name(self.settings.time_zone if time_zone is None else time_zone),
            encoder_shares={name: known.weight_share for name, known in manifest.competence.items()},
        )


def open_cluster_index(cluster: Cluster) -> ClusterIndex:
    """Open the generation in force of the address that a connection was made for.

    Raises ``IndexNotFound``, ``IndexForeign``, ``FormatTooOld``, ``FormatTooNew``, ``IndexCorrupt``, ``BackendError``.
    """
    cluster.version()
    name, meta = in_force(cluster)
    cluster.check(vectors=meta.manifest.vectors > 0)
    return ClusterIndex(cluster, name, meta)


def open_numbered(cluster: Cluster, number: int) -> ClusterIndex:
    """Open a generation by its number, whether the alias names it or not.

    Raises ``ConfigError`` where there is none, and as ``open_cluster_index`` does.
    """
    name = physical(cluster.address.name, number)
    cluster.version()
    mapped = cluster.ask("GET", f"/{name}/_mapping")
    if not mapped:
        raise ConfigError(
            f"{cluster.address} has no generation {number}.",
            hint=f"Run 'searchkit doctor {cluster.address}' to see them.",
        )
    return ClusterIndex(cluster, name, manifest_in(mapped[name]["mappings"], f"{cluster.address} ({name})"))


def _literal(text: str) -> str:
    """Return a regular expression of Lucene's that stands for a text alone."""
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in text)


def _instant(microseconds: float | None) -> datetime | None:
    if microseconds is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))
