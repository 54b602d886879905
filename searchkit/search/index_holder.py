"""Index holder: which engine an index is opened with, told by what names it: a folder or a cluster's address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from searchkit.opensearch.address import address_of, is_address
from searchkit.search.generation_holder import GenerationHolder
from searchkit.search.index_group import IndexGroup
from searchkit.search.protocols import Prepare

if TYPE_CHECKING:
    from searchkit.search.cluster_holder import ClusterHolder


def holder_of(
    index: str | Path,
    prepare: Prepare,
    *,
    generation: int | None,
    refresh_after_s: float | None,
    cursor_hold_s: float,
    joined: IndexGroup | None,
) -> GenerationHolder | ClusterHolder:
    """Open what an index is named by, and hold it. Raises as the holders do."""
    if not is_address(index):
        return GenerationHolder(
            Path(index),
            prepare,
            generation=generation,
            refresh_after_s=refresh_after_s,
            cursor_hold_s=cursor_hold_s,
            joined=joined,
        )
    from searchkit.search.cluster_holder import ClusterHolder

    return ClusterHolder(
        address_of(str(index)),
        prepare,
        generation=generation,
        refresh_after_s=refresh_after_s,
        cursor_hold_s=cursor_hold_s,
    )
