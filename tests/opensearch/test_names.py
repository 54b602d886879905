"""Which physical indexes has a name, and what becomes of them where a request's answer is lost?"""

from __future__ import annotations

from typing import Any

import pytest

from searchkit.errors import BackendError, IndexLocked
from searchkit.opensearch.address import address_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.mapping import META, UNFINISHED
from searchkit.opensearch.names import generations, remove_unless_held, swap, unfinished
from searchkit.opensearch.writer_lease import LOCKS, WriterLease
from tests.opensearch.cluster_server import Played, cluster_server

pytest.importorskip("opensearchpy")

LEASE = f"{LOCKS}/_doc/news"
CONFLICT = (409, {"error": {"type": "version_conflict_engine_exception", "reason": "version conflict"}})
GONE = (404, {"error": {"type": "aliases_not_found_exception", "reason": "aliases [news] missing"}, "status": 404})


def connected(played: Played) -> Cluster:
    return Cluster(address_of(f"opensearch://127.0.0.1:{played.port}/news"))


def mapped(*metas: tuple[str, dict[str, Any] | None]) -> tuple[int, Any]:
    return 200, {name: {"mappings": {} if meta is None else {"_meta": {META: meta}}} for name, meta in metas}


def aliased(*indexes: str) -> tuple[int, Any]:
    return 200, {index: {"aliases": {"news": {}}} for index in indexes}


def test_generations_come_in_the_order_of_their_numbers() -> None:
    listed = mapped(
        ("news-000010", {}), ("news-000002", {}), ("news-000001", None), ("news-archive-000003", {}), ("news-x", {})
    )
    with cluster_server(**{"news-*/_mapping": listed}) as played:
        assert list(generations(connected(played)).items()) == [(2, "news-000002"), (10, "news-000010")]


def test_what_a_writer_has_not_completed_is_known() -> None:
    listed = mapped(("news-000001", {"format": 1}), ("news-000002", {UNFINISHED: True}))
    with cluster_server(**{"news-*/_mapping": listed}) as played:
        assert unfinished(connected(played)) == ["news-000002"]


def test_an_index_that_the_name_stands_for_is_never_removed() -> None:
    with cluster_server(**{"_alias/news": aliased("news-000002")}) as played:
        remove_unless_held(connected(played), "news-000002")
        assert not [request for request in played.requests if request.startswith("DELETE")]
        remove_unless_held(connected(played), "news-000003")
        assert played.requests[-1] == "DELETE news-000003"


def test_a_swap_that_is_sent_again_has_been_made() -> None:
    with cluster_server(**{"_aliases": GONE, "_alias/news": aliased("news-000002")}) as played:
        swap(connected(played), "news-000002", ["news-000001"])


def test_a_swap_that_was_not_made_is_an_error() -> None:
    with (
        cluster_server(**{"_aliases": GONE, "_alias/news": aliased("news-000001")}) as played,
        pytest.raises(BackendError, match="couldn't be moved to 'news-000002'"),
    ):
        swap(connected(played), "news-000002", ["news-000001"])


def test_a_lease_whose_answer_was_lost_is_held() -> None:
    with cluster_server(**{f"DELETE {LEASE}": (200, {})}) as played:
        lease = WriterLease(connected(played), "write")
        holder = {"key": lease._key, "host": "elsewhere", "process": 1, "until": 2e9}
        played.answers |= {
            f"PUT {LEASE}": CONFLICT,
            f"GET {LEASE}": (200, {"_seq_no": 7, "_primary_term": 1, "_source": holder}),
        }
        with lease:
            lease.renew()
        assert played.requests[-1] == f"DELETE {LEASE}"


def test_a_lease_of_another_writer_is_refused() -> None:
    holder = {"key": "other", "host": "elsewhere", "process": 1, "since": "today", "until": 2e12}
    answers = {
        f"PUT {LEASE}": CONFLICT,
        f"GET {LEASE}": (200, {"_seq_no": 7, "_primary_term": 1, "_source": holder}),
    }
    with (
        cluster_server(**answers) as played,
        pytest.raises(IndexLocked, match="process 1 on elsewhere, since today"),
        WriterLease(connected(played), "write"),
    ):
        pytest.fail("the lease was given")
