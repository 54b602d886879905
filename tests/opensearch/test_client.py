"""Client: what a cluster answers becomes an error that names it and says what to do; credentials go nowhere else."""

from __future__ import annotations

import base64
import logging
import sys
import time
from typing import Any

import pytest

from searchkit.errors import (
    BackendError,
    ClusterOverloaded,
    ClusterReadOnly,
    ClusterRefused,
    ClusterTimeout,
    ClusterUnreachable,
    ClusterUnsupported,
    ConfigError,
    MissingExtra,
    ShardsFailed,
)
from searchkit.opensearch.address import address_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_index import open_cluster_index
from tests.opensearch.cluster_server import VERSION, cluster_server

pytest.importorskip("opensearchpy")

BLOCKED = {"error": {"type": "cluster_block_exception", "reason": "blocked by: [FORBIDDEN/12/index read-only]"}}
FULL = {"error": {"type": "rejected_execution_exception", "reason": "queue is full"}}
BROKEN = {"error": {"type": "circuit_breaking_exception", "reason": "Data too large"}}
DOWN = {"error": {"type": "cluster_manager_not_discovered_exception", "reason": "no manager"}}
NO_SHARD = {"error": {"type": "search_phase_execution_exception", "root_cause": [{"reason": "no such shard copy"}]}}
STRANGE = {"error": {"type": "mapper_parsing_exception", "reason": "failed to parse", "root_cause": []}}


def connected(port: int, **options: Any) -> Cluster:
    return Cluster(address_of(f"opensearch://127.0.0.1:{port}/news"), **options)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {}, ClusterRefused, "doesn't know the user"),
        (403, {"error": {"type": "security_exception", "reason": "no permissions"}}, ClusterRefused, "no permissions"),
        (403, BLOCKED, ClusterReadOnly, "read-only"),
        (429, BLOCKED, ClusterReadOnly, "read-only"),
        (429, FULL, ClusterOverloaded, "queue is full"),
        (503, BROKEN, ClusterOverloaded, "Data too large"),
        (413, {}, ClusterOverloaded, "too large"),
        (503, DOWN, ClusterUnreachable, "no manager"),
        (503, NO_SHARD, ShardsFailed, "no such shard copy"),
        (400, STRANGE, BackendError, "failed to parse"),
        (500, {"error": "it broke"}, BackendError, "it broke"),
    ],
)
def test_what_a_cluster_refuses_with_is_a_typed_error(
    status: int, body: Any, error: type[BackendError], words: str
) -> None:
    with cluster_server(anything=(status, body)) as played, pytest.raises(error, match=words) as caught:
        connected(played.port).ask("GET", "/_cluster/health")
    assert f"127.0.0.1:{played.port}" in caught.value.message
    assert type(caught.value) is error
    assert caught.value.exit_code == 9


def test_a_late_answer_is_a_timeout_and_nothing_hangs() -> None:
    with cluster_server() as played:
        played.late_s = 1.0
        started = time.monotonic()
        with pytest.raises(ClusterTimeout, match=r"within 0\.2 s"):
            connected(played.port, timeout_s=0.2).version()
        assert time.monotonic() - started < 0.9


def test_a_node_that_is_gone_is_passed_over_and_a_cluster_that_is_gone_is_named() -> None:
    with cluster_server() as played:
        cluster = Cluster(address_of(f"opensearch://127.0.0.1:1,127.0.0.1:{played.port}/news"))
        assert [cluster.version() for _ in range(4)] == [(3, 5, 0)] * 4
    with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1"):
        connected(1).version()


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"version": {"number": "2.18.0", "distribution": "opensearch"}}, "2.18.0"),
        ({"version": {"number": "8.12.0"}}, "isn't OpenSearch"),
        ({}, "isn't OpenSearch"),
    ],
)
def test_an_older_server_or_another_is_refused(about: Any, words: str) -> None:
    with cluster_server(anything=(200, about)) as played, pytest.raises(ClusterUnsupported, match=words):
        open_cluster_index(connected(played.port))


def test_a_cluster_without_vectors_is_refused() -> None:
    answers = {"": (200, VERSION), "_cat/plugins": (200, [{"component": "opensearch-sql"}])}
    with cluster_server(**answers) as played, pytest.raises(ClusterUnsupported, match="k-NN"):
        connected(played.port).check(vectors=True)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"timed_out": True, "_shards": {"failed": 0}}, ClusterTimeout, "before it was done"),
        (
            {"timed_out": False, "_shards": {"failed": 1, "total": 3, "failures": [{"shard": 2, "reason": "lost"}]}},
            ShardsFailed,
            "1 of 3 shards failed, first shard 2 of 'news': lost",
        ),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(answer: Any, error: type[BackendError], words: str) -> None:
    with cluster_server(anything=(200, answer)) as played, pytest.raises(error, match=words):
        connected(played.port).search("news", {})


def test_credentials_come_from_the_environment_and_are_never_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_USER", "ada")
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_PASSWORD", "a secret word")
    with cluster_server() as played:
        connected(played.port).version()
        monkeypatch.setenv("SEARCHKIT_OPENSEARCH_TOKEN", "a-secret-token")
        connected(played.port).version()
    basic, bearer = (headers["authorization"] for headers in played.headers)
    encoded = base64.b64encode(b"ada:a secret word").decode()
    assert (basic, bearer) == (f"Basic {encoded}", "Bearer a-secret-token")
    assert not [word for word in ("a secret word", "a-secret-token", encoded) if word in caplog.text]


@pytest.mark.parametrize("seconds", ["0", "soon", "-1", "nan", "inf"])
def test_a_timeout_that_is_none_is_refused(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCHKIT_OPENSEARCH_TIMEOUT", seconds)
    with pytest.raises(ConfigError, match="SEARCHKIT_OPENSEARCH_TIMEOUT"):
        connected(1)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(MissingExtra, match="opensearch-py") as caught:
        connected(1)
    assert "searchkit[opensearch]" in caught.value.hint
