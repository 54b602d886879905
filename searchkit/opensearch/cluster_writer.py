"""Writer: a generation of a folder becomes the next generation of an index on a cluster.

Articles are streamed into a new physical index, in bulk requests of at most ``BULK_BYTES``; the status of each article
is read. What the cluster turns away for want of room is sent again, more slowly; what it refuses ends the work with the
article named. Then the counts and a sample of the articles are read back, and the alias is moved. Whatever is raised,
the alias stays where it was, and the unfinished index is removed; only where the cluster doesn't say in time whether it
has moved the alias may it have been.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.errors import BackendError, ClusterOverloaded, SearchkitError, StorageError
from searchkit.index.articles_db import StoredArticle
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.opensearch.chunk_terms import ChunkTerms, terms_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_manifest import meta_of
from searchkit.opensearch.documents import document
from searchkit.opensearch.mapping import CHUNKS, FORMAT, META, MOST_CHUNKS, UNFINISHED, index_body, similarities
from searchkit.opensearch.names import generations, holders, physical, remove_unless_held, swap, unfinished
from searchkit.opensearch.writer_lease import WriterLease
from searchkit.types import Progress
from searchkit.version import __version__

if TYPE_CHECKING:
    from searchkit.index.generation import Generation
    from searchkit.index.manifest import Manifest
    from searchkit.index.segment_reader import Segment

BULK_BYTES = 10_000_000
"""A node takes 100 MB, but holds what it takes in memory several times over."""

KEEP = 2
"""Generations that stay, the one in force among them: there is one to go back to."""

_ARTICLES_AT_ONCE = 200
_TRIES = 8
_WAIT_S = 0.5
"""Before the second try; twice as long before each one more, about a minute together."""

_SAMPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What was written: the physical index, its generation, and what it holds. ``notes`` are for the user."""

    index: str
    generation: int
    articles: int
    chunks: int
    vectors: int
    notes: tuple[str, ...] = ()


def write(
    cluster: Cluster,
    generation: Generation,
    *,
    shards: int = 1,
    replicas: int | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Make an opened generation the one in force on a cluster, with the vectors that it has.

    ``replicas`` None: one copy of each shard, where there are several nodes. Raises ``IndexLocked``, ``StorageError``
    (chunks without vectors), ``IndexForeign`` and ``BackendError``.
    """
    manifest = generation.manifest
    if manifest.vectors not in {0, manifest.chunks}:
        raise StorageError(
            f"{generation.label} has vectors for {manifest.vectors:,} of {manifest.chunks:,} chunks.",
            hint="Run 'searchkit rebuild --index PATH', which makes the rest, and copy it then.",
        )
    cluster.check(vectors=manifest.vectors > 0)
    with WriterLease(cluster, "write") as lease:
        before = holders(cluster)
        number = max(generations(cluster), default=0) + 1
        index = physical(cluster.address.name, number)
        dimension = manifest.encoder.dimension if manifest.vectors else 0
        for stopped in unfinished(cluster):  # a writer that was killed has left it
            cluster.ask("DELETE", f"/{stopped}")
        cluster.ask("PUT", f"/{index}", index_body(dimension, {"format": FORMAT, UNFINISHED: True}, shards=shards))
        try:
            lengths = _fill(cluster, index, generation, lease, progress)
            _set_lengths(cluster, index, lengths)
            new = _renumbered(manifest, number, before)
            _finish(cluster, index, meta_of(new, generation.field_names))
            _read_back(cluster, index, generation)
            notes = _replicate(cluster, index, replicas)
            lease.renew()
            swap(cluster, index, before)
        except BaseException:
            with suppress(SearchkitError):  # what went wrong first is told
                remove_unless_held(cluster, index)
            raise
        collect(cluster, keep=KEEP)
    return CopyReport(
        index=index,
        generation=number,
        articles=manifest.articles,
        chunks=manifest.chunks,
        vectors=manifest.vectors,
        notes=notes,
    )


def collect(cluster: Cluster, *, keep: int) -> list[str]:
    """Remove the generations before the latest ``keep``, but for what the alias names; return their indexes.

    The caller holds the writer's lease.
    """
    held = set(holders(cluster))
    numbered = sorted(generations(cluster).items(), reverse=True)
    gone = [index for _, index in numbered[keep:] if index not in held]
    for index in gone:
        cluster.ask("DELETE", f"/{index}")
    return gone


def _renumbered(manifest: Manifest, number: int, before: Sequence[str]) -> Manifest:
    parent = number - 1 if before else None
    created = datetime.now(UTC).replace(microsecond=0)
    return replace(manifest, generation=number, parent=parent, restored=None, created=created, writer=__version__)


@dataclass(slots=True)
class _Lengths:
    """What was counted of the fields of words: our lengths, and the tokens that Lucene takes in."""

    text: int = 0
    text_tokens: int = 0
    title: int = 0
    title_tokens: int = 0

    def add(self, words: ChunkTerms) -> None:
        """Count a chunk."""
        self.text += words.text.length
        self.text_tokens += words.text.tokens
        self.title += words.title.length
        self.title_tokens += words.title.tokens


def _set_lengths(cluster: Cluster, index: str, lengths: _Lengths) -> None:
    """Let the index score by our average lengths. It can be asked for nothing meanwhile; nobody knows of it yet."""
    text = lengths.text_tokens / lengths.text if lengths.text else 1.0
    title = lengths.title_tokens / lengths.title if lengths.title else 1.0
    cluster.ask("POST", f"/{index}/_close")
    cluster.ask("PUT", f"/{index}/_settings", {"index": {"similarity": similarities(text, title)}})
    cluster.ask("POST", f"/{index}/_open", params={"wait_for_active_shards": "all"})


def _fill(
    cluster: Cluster, index: str, generation: Generation, lease: WriterLease, progress: Progress | None
) -> _Lengths:
    bulk, lengths = _Bulk(cluster, index), _Lengths()
    for done, values in enumerate(_documents(generation, lengths), start=1):
        if bulk.add(values):
            lease.renew_if_due()
        if progress is not None:
            progress("index", done, generation.manifest.articles)
    bulk.flush()
    cluster.ask("POST", f"/{index}/_refresh")
    return lengths


def _documents(generation: Generation, lengths: _Lengths) -> Iterator[dict[str, Any]]:
    """Yield the document of every living article."""
    analyzer = Analyzer()
    for segment in generation.segments:
        rows = np.flatnonzero(segment.living_articles).tolist()
        for first in range(0, len(rows), _ARTICLES_AT_ONCE):
            for stored in segment.articles.stored_at(rows[first : first + _ARTICLES_AT_ONCE]):
                yield _document(analyzer, generation, segment, stored, lengths)


def _document(
    analyzer: Analyzer, generation: Generation, segment: Segment, stored: StoredArticle, lengths: _Lengths
) -> dict[str, Any]:
    article, manifest = stored.article, generation.manifest
    if stored.chunks > MOST_CHUNKS:
        raise StorageError(
            f"The article '{article.id}' has {stored.chunks:,} chunks; a cluster takes {MOST_CHUNKS:,} an article.",
            hint="Split the article, or leave it out.",
        )
    chunks = segment.articles.chunks(stored.chunk, stored.chunks, article)
    weight, unknown_as = manifest.config.title_weight, manifest.unknown_as
    terms = list(terms_of(analyzer, article, chunks, title_weight=weight, unknown_as=unknown_as))
    for words in terms:
        lengths.add(words)
    vectors = None
    if segment.vectors is not None:
        vectors = np.asarray(segment.vectors.matrix[stored.chunk : stored.chunk + stored.chunks])
    return document(article, chunks, terms, vectors)


class _Bulk:
    """Collects documents and sends them; each has the article's id, so that sending one twice changes nothing."""

    def __init__(self, cluster: Cluster, index: str) -> None:
        self._cluster, self._index = cluster, index
        self._lines: list[str] = []
        self._bytes = 0

    def add(self, values: dict[str, Any]) -> bool:
        """Take a document; say whether some were sent."""
        action, line = self._cluster.lines([{"index": {"_id": _id_of(values)}}, values])
        size = len(action) + len(line.encode()) + 2
        sent = bool(self._lines) and self._bytes + size > BULK_BYTES
        if sent:
            self.flush()
        self._lines += [action, line]
        self._bytes += size
        return sent

    def flush(self) -> None:
        """Send what is waiting, as often as the cluster turns some of it away. Raises ``BackendError``."""
        lines, self._lines, self._bytes = self._lines, [], 0
        for attempt in range(_TRIES):
            if not lines:
                return
            if attempt:
                time.sleep(_WAIT_S * 2 ** (attempt - 1))
            try:
                lines = self._send(lines)
            except ClusterOverloaded:
                if attempt == _TRIES - 1:
                    raise
        if lines:
            raise ClusterOverloaded(f"The cluster turned {len(lines) // 2:,} articles away {_TRIES} times.")

    def _send(self, lines: list[str]) -> list[str]:
        """Send documents; return those that were turned away for want of room."""
        answer = self._cluster.ask("POST", f"/{self._index}/_bulk", "\n".join([*lines, ""]))
        if answer is None:
            raise BackendError(f"'{self._index}' was removed from the cluster while it was written.")
        again: list[str] = []
        for place, item in enumerate(answer["items"]):
            (result,) = item.values()
            if result["status"] == 429:
                again += lines[2 * place : 2 * place + 2]
            elif result["status"] >= 300:
                raise BackendError(
                    f"The cluster refused the article '{result['_id']}' ({result['status']}):"
                    f" {result.get('error', {}).get('reason', 'no reason')}.",
                    hint="Nothing was put in force. Mend or leave out the article, and write again.",
                )
        return again


def _id_of(values: dict[str, Any]) -> str:
    return str(values["article"]["id"])


def _finish(cluster: Cluster, index: str, meta: dict[str, Any]) -> None:
    """Write the manifest: from now on the index is whole."""
    cluster.ask("PUT", f"/{index}/_mapping", {"_meta": {META: meta}})


def _read_back(cluster: Cluster, index: str, generation: Generation) -> None:
    """Count what is there, and hold a sample of the articles against their digests. Raises ``BackendError``."""
    manifest = generation.manifest
    body = {"size": 0, "track_total_hits": True, "aggs": {"chunks": {"nested": {"path": CHUNKS}}}}
    answer = cluster.search(index, body)
    counted = answer["hits"]["total"]["value"], answer["aggregations"]["chunks"]["doc_count"]
    if counted != (manifest.articles, manifest.chunks):
        raise BackendError(
            f"The cluster has {counted[0]:,} articles and {counted[1]:,} chunks of {manifest.articles:,} and"
            f" {manifest.chunks:,} that were sent.",
            hint="Nothing was put in force. Write again; where it happens again, look at the cluster's logs.",
        )
    digests = generation.digests()
    step = max(1, len(digests) // _SAMPLE)
    sample = dict(list(digests.items())[::step])
    stored = cluster.ask("POST", f"/{index}/_mget", {"ids": list(sample)}, {"_source_includes": "digest"})
    for read in cluster.whole(stored, index)["docs"]:
        if not read.get("found") or read["_source"]["digest"] != sample[read["_id"]].hex():
            raise BackendError(f"The cluster doesn't hold the article '{read['_id']}' as it was sent.")


_GREEN_S = 60


def _replicate(cluster: Cluster, index: str, replicas: int | None) -> tuple[str, ...]:
    """Ask for the copies of each shard, as many as there are other nodes at most; return notes."""
    nodes = int((cluster.ask("GET", "/_cluster/health") or {}).get("number_of_data_nodes", 1))
    number = min(1 if replicas is None else replicas, nodes - 1)
    cluster.ask("PUT", f"/{index}/_settings", {"index": {"number_of_replicas": number, "refresh_interval": None}})
    wait = {"wait_for_status": "green", "timeout": f"{_GREEN_S}s"}
    try:
        health = cluster.ask("GET", f"/_cluster/health/{index}", params=wait, timeout_s=_GREEN_S + 10.0)
    except SearchkitError as error:
        return (f"The cluster didn't say whether all copies of the index are there: {error.message}",)
    notes = []
    if replicas is not None and number < replicas:
        notes.append(f"The cluster keeps {number} copies of each shard, not {replicas}: it has {nodes} data nodes.")
    if health and health.get("timed_out"):
        notes.append(f"After {_GREEN_S} s the index is still {health.get('status')}: not all copies are there.")
    return tuple(notes)
