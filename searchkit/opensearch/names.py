"""Names: the physical indexes of an index on a cluster, and which of them its alias names.

``news`` is an alias; behind it stands ``news-000007``, generation 7. The alias is what CURRENT is on a disk: it is
moved in one atomic request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from searchkit.errors import IndexForeign, IndexNotFound
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_manifest import ClusterManifest, manifest_in
from searchkit.opensearch.mapping import META, UNFINISHED

_NUMBER = re.compile(r"-(\d{6,12})")


def physical(name: str, number: int) -> str:
    """Return the name of a generation's physical index."""
    return f"{name}-{number:06d}"


def number_of(name: str, index: str) -> int | None:
    """Return the generation of a physical index; None where it is no index of that name."""
    match = _NUMBER.fullmatch(index.removeprefix(name)) if index.startswith(name) else None
    return int(match[1]) if match else None


def in_force(cluster: Cluster) -> tuple[str, ClusterManifest]:
    """Return the physical index that the name stands for, and its manifest.

    Raises ``IndexNotFound``, ``IndexForeign``, ``FormatTooOld``, ``FormatTooNew``, ``IndexCorrupt``, ``BackendError``.
    """
    name = cluster.address.name
    named = cluster.ask("GET", f"/{name}/_mapping")
    if not named:
        raise IndexNotFound(
            f"There is no index at {cluster.address}.",
            hint=f"Make it with 'searchkit build PLACE... --index {cluster.address}'.",
        )
    if len(named) != 1 or number_of(name, next(iter(named))) is None:
        raise IndexForeign(f"'{name}' on the cluster isn't the alias of one index of searchkit.")
    ((index, mapped),) = named.items()
    return index, manifest_in(mapped["mappings"], f"{cluster.address} ({index})")


def generations(cluster: Cluster) -> dict[int, str]:
    """Return the physical indexes of the name by their numbers, unfinished ones too. Raises ``BackendError``."""
    name = cluster.address.name
    listed = cluster.ask("GET", f"/{name}-*/_mapping") or {}
    numbered = (
        (number_of(name, index), index) for index in listed if META in listed[index]["mappings"].get("_meta", {})
    )
    return {number: index for number, index in sorted(numbered, key=str) if number is not None}


def unfinished(cluster: Cluster) -> list[str]:
    """Return the physical indexes of the name that no writer has completed. Raises ``BackendError``."""
    listed = cluster.ask("GET", f"/{cluster.address.name}-*/_mapping") or {}
    metas = {index: mapped["mappings"].get("_meta", {}).get(META, {}) for index, mapped in listed.items()}
    return [
        index
        for index, meta in metas.items()
        if UNFINISHED in meta and number_of(cluster.address.name, index) is not None
    ]


def holders(cluster: Cluster) -> list[str]:
    """Return the physical indexes that the alias names. Raises ``IndexForeign`` where the name is an index itself."""
    name = cluster.address.name
    aliased = cluster.ask("GET", f"/_alias/{name}") or {}
    if not aliased and cluster.ask("GET", f"/{name}/_settings"):
        raise IndexForeign(f"There is an index '{name}' on the cluster that isn't searchkit's.")
    foreign = [index for index in aliased if number_of(name, index) is None]
    if foreign:
        raise IndexForeign(f"'{name}' on the cluster is the alias of '{foreign[0]}', which isn't searchkit's.")
    return sorted(aliased)


def swap(cluster: Cluster, to: str, before: Iterable[str]) -> None:
    """Let the name stand for another physical index, in one step. Raises ``BackendError``."""
    name = cluster.address.name
    actions = [{"remove": {"index": index, "alias": name}} for index in before if index != to]
    cluster.ask("POST", "/_aliases", {"actions": [*actions, {"add": {"index": to, "alias": name}}]})
