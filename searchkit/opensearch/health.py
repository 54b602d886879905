"""Health: what of a cluster serves an index, and what would fail; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from searchkit.errors import SearchkitError
from searchkit.opensearch.address import ClusterAddress
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_manifest import manifest_in
from searchkit.opensearch.mapping import META, UNFINISHED
from searchkit.opensearch.names import generations, holders

_FULL = 85
"""Per cent of a disk from which a cluster puts no more shards there, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCheck:
    """What was looked at, what was seen, whether it will do, and what to do where it won't."""

    name: str
    seen: str
    good: bool = True
    remedy: str = ""


def examine(address: ClusterAddress) -> Iterator[ClusterCheck]:
    """Yield the checks of a cluster and of the index that an address names; the first that fails may be the last.

    Raises ``MissingExtra``, ``ConfigError``.
    """
    cluster = Cluster(address)
    try:
        yield from _checks(cluster)
    except SearchkitError as error:
        yield ClusterCheck(name="cluster", seen=error.message, good=False, remedy=error.hint)
    finally:
        cluster.close()


def _checks(cluster: Cluster) -> Iterator[ClusterCheck]:
    yield ClusterCheck(name="version", seen="OpenSearch " + ".".join(map(str, cluster.version())))
    cluster.check(vectors=True)
    yield ClusterCheck(name="k-NN", seen="the plugin is there")
    yield _health(cluster)
    yield from _disks(cluster)
    yield from _indexes(cluster)


def _health(cluster: Cluster) -> ClusterCheck:
    health = cluster.ask("GET", "/_cluster/health") or {}
    status = str(health.get("status", "unknown"))
    seen = f"{status}, {health.get('number_of_data_nodes', 0)} data nodes, {health.get('unassigned_shards', 0)} shards"
    return ClusterCheck(
        name="health",
        seen=f"{seen} without a place",
        good=status in {"green", "yellow"},
        remedy="Bring back the nodes that are gone: red means that some indexes can't answer whole.",
    )


def _disks(cluster: Cluster) -> Iterator[ClusterCheck]:
    for node in cluster.ask("GET", "/_cat/allocation", params={"format": "json", "bytes": "b"}) or []:
        if node.get("disk.percent") is None:
            continue
        percent = int(node["disk.percent"])
        yield ClusterCheck(
            name=f"disk of {node.get('node')}",
            seen=f"{percent} % full",
            good=percent < _FULL,
            remedy="Free disk space: a full disk makes indexes read-only.",
        )


def _indexes(cluster: Cluster) -> Iterator[ClusterCheck]:
    held = set(holders(cluster))
    named = generations(cluster)
    if not named:
        yield ClusterCheck(
            name=cluster.address.name,
            seen="there is no index of this name",
            good=False,
            remedy=f"Run 'searchkit build PLACE... --index {cluster.address}'.",
        )
    for number, index in named.items():
        yield _index(cluster, number, index, in_force=index in held)


def _index(cluster: Cluster, number: int, index: str, *, in_force: bool) -> ClusterCheck:
    mapped = (cluster.ask("GET", f"/{index}/_mapping") or {index: {"mappings": {}}})[index]["mappings"]
    if mapped.get("_meta", {}).get(META, {}).get(UNFINISHED):
        return ClusterCheck(name=index, seen="unfinished: a writer is at work, or was stopped")
    try:
        manifest = manifest_in(mapped, index).manifest
    except SearchkitError as error:
        return ClusterCheck(name=index, seen=error.message, good=False, remedy=error.hint)
    state = "in force" if in_force else "kept"
    return ClusterCheck(
        name=index,
        seen=f"generation {number}, {state}: {manifest.articles:,} articles, {manifest.chunks:,} chunks,"
        f" {manifest.vectors:,} vectors",
    )
