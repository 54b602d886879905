"""Query rows: what does a search know of after a request that failed?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit.errors import BackendError
from searchkit.index.generation import open_generation
from searchkit.opensearch.address import address_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_index import ClusterIndex
from searchkit.opensearch.cluster_manifest import ClusterManifest
from searchkit.opensearch.query_rows import QueryRows, Side
from searchkit.opensearch.query_view import RowView
from tests.opensearch.cluster_server import cluster_server
from tests.word_encoder import WordEncoder

pytest.importorskip("opensearchpy")

NAME = "news-000001"
BEST = {"_id": "a", "_score": 1.5, "fields": {"chunk_count": [1], "group": ["en"]}}
SCORED = {
    "_id": "a",
    "matched_queries": ["nearest0"],
    "inner_hits": {"vector": {"hits": {"hits": [{"_nested": {"offset": 0}, "_score": 1.5}]}}},
}


def test_after_a_request_that_failed_who_asks_again_looks_again(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [{"id": "a", "text": "The ferry sails."}], encoder=WordEncoder())
    with open_generation(tmp_path / "index") as generation:
        manifest = ClusterManifest(manifest=generation.manifest, fields=frozenset(), seal="00")
    with cluster_server() as played:
        cluster = Cluster(address_of(f"opensearch://127.0.0.1:{played.port}/news"))
        rows = QueryRows(ClusterIndex(cluster, NAME, manifest), [Side(words=None)], WordEncoder().encode_query("ferry"))
        played.answers[f"{NAME}/_msearch"] = 200, {"responses": [{"hits": {"hits": [BEST]}}]}
        played.answers[f"{NAME}/_search"] = 503, {"error": {"type": "no_shard_available", "reason": "gone"}}
        view = RowView(rows, 0)
        for _ in range(2):
            with pytest.raises(BackendError):
                view.nearest(np.empty(0, np.float32), 10, None)
        assert rows.size == 0
        played.answers[f"{NAME}/_search"] = 200, {"hits": {"hits": [SCORED]}}
        nearest, bound = view.nearest(np.empty(0, np.float32), 10, None)
        assert (nearest.tolist(), bound, rows.cosines.tolist()) == ([0], -np.inf, [0.5])
        cluster.close()
