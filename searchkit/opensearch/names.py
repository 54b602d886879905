"""Names: the physical indexes of an index on a cluster, and which of them its alias names.

``news`` is an alias; behind it stands ``news-000007``, generation 7. The alias is what CURRENT is on a disk: it is
moved in one atomic request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from searchkit.errors import BackendError, IndexForeign, IndexNotFound
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
    return {number: index for number, (index, _) in _numbered(cluster).items()}


def unfinished(cluster: Cluster) -> list[str]:
    """Return the physical indexes of the name that no writer has completed. Raises ``BackendError``."""
    return [index for index, meta in _numbered(cluster).values() if UNFINISHED in meta]


def _numbered(cluster: Cluster) -> dict[int, tuple[str, dict[str, Any]]]:
    """Return searchkit's indexes of the name and what stands in their ``_meta``, by their numbers, ascending."""
    name = cluster.address.name
    listed = cluster.ask("GET", f"/{name}-*/_mapping") or {}
    metas = {index: mapped["mappings"].get("_meta", {}).get(META) for index, mapped in listed.items()}
    numbered = [
        (number, (index, meta))
        for index, meta in metas.items()
        if meta is not None and (number := number_of(name, index)) is not None
    ]
    return dict(sorted(numbered, key=lambda pair: pair[0]))


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
    answer = cluster.ask("POST", "/_aliases", {"actions": [*actions, {"add": {"index": to, "alias": name}}]})
    # Sent a second time, after an answer that got lost, it finds nothing to remove any more.
    if answer is None and holders(cluster) != [to]:
        raise BackendError(f"'{name}' couldn't be moved to '{to}': an index that it names is gone.")


def remove_unless_held(cluster: Cluster, index: str) -> None:
    """Remove a physical index, but not where the name stands for it. Raises ``BackendError``, ``IndexForeign``.

    So it is where a cluster has moved the name and its answer didn't come in time.
    """
    if index not in holders(cluster):
        cluster.ask("DELETE", f"/{index}")
