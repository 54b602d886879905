"""Client: requests to a cluster, and what it answers turned into our errors. No other file imports ``opensearch-py``.

A request goes to another node where a node doesn't answer, and ends after ``timeout_s`` at the latest. Credentials are
read from the environment, go into the connection's headers and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

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
from searchkit.opensearch.address import ClusterAddress

USER, PASSWORD, TOKEN = "SEARCHKIT_OPENSEARCH_USER", "SEARCHKIT_OPENSEARCH_PASSWORD", "SEARCHKIT_OPENSEARCH_TOKEN"
TIMEOUT = "SEARCHKIT_OPENSEARCH_TIMEOUT"
TIMEOUT_S = 30.0
"""Seconds that a request may take where nothing else is said."""

OLDEST = (2, 19)
_TRIES = 3
"""Nodes that are tried before a cluster counts as unreachable."""

_KNN = "opensearch-knn"
_SHOWN = 300
"""Characters of what a cluster says that an error repeats."""

Body = Mapping[str, Any] | str | None


class Cluster:
    """A connection to a cluster; its nodes' connections are kept. Safe to share among threads."""

    def __init__(self, address: ClusterAddress, *, timeout_s: float | None = None) -> None:
        """Prepare a connection; nothing is asked yet. Raises ``MissingExtra``, ``ConfigError``."""
        try:
            import opensearchpy
        except ImportError as error:
            raise MissingExtra(
                "An index on an OpenSearch cluster needs the package opensearch-py.",
                hint="Run 'pip install searchkit[opensearch]'.",
            ) from error
        self.address = address
        self.timeout_s = _timeout() if timeout_s is None else timeout_s
        self._errors = opensearchpy.exceptions
        self._client = opensearchpy.OpenSearch(
            hosts=[{"host": host.strip("[]"), "port": port} for host, port in address.hosts],
            use_ssl=address.secure,
            verify_certs=address.secure,
            http_compress=True,
            timeout=self.timeout_s,
            max_retries=_TRIES - 1,
            retry_on_timeout=False,
            retry_on_status=(),
            **_credentials(),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Body = None,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Any:
        """Send a request and return the answer, read from JSON. Raises a ``BackendError``; None for what isn't there.

        A body of text is sent as lines of JSON.
        """
        sent: dict[str, Any] = dict(params or {}) | {"request_timeout": timeout_s or self.timeout_s}
        headers = {"content-type": "application/x-ndjson"} if isinstance(body, str) else None
        try:
            return self._client.transport.perform_request(method, path, params=sent, body=body, headers=headers)
        except self._errors.NotFoundError:
            return None
        except self._errors.OpenSearchException as error:
            raise self._failure(error) from error

    def search(self, index: str, body: Mapping[str, Any], **params: Any) -> dict[str, Any]:
        """Search an index. Raises as ``ask`` does, and where the answer isn't whole."""
        answer = self.ask("POST", f"/{index}/_search", body, params)
        return self.whole(answer, index)

    def search_many(self, index: str, bodies: Sequence[Mapping[str, Any]], **params: Any) -> list[dict[str, Any]]:
        """Ask several searches in one request. Raises as ``search`` does."""
        lines = [line for body in bodies for line in ("{}", self._client.transport.serializer.dumps(body))]
        answer = self.ask("POST", f"/{index}/_msearch", "\n".join([*lines, ""]), params)
        return [self.whole(each, index) for each in (answer or {"responses": [None] * len(bodies)})["responses"]]

    def lines(self, values: Sequence[Mapping[str, Any]]) -> list[str]:
        """Write values as JSON, a line each."""
        return [self._client.transport.serializer.dumps(value) for value in values]

    def whole(self, answer: dict[str, Any] | None, index: str) -> dict[str, Any]:
        """Return a search's answer where it is whole. Raises ``ClusterTimeout``, ``ShardsFailed``, ``BackendError``."""
        if answer is None:
            raise BackendError(f"{self._at} has no index '{index}' any more.", hint="Open the index again.")
        if "error" in answer:
            raise self._from_reason(int(answer.get("status", 500)), answer["error"])
        if answer.get("timed_out"):
            raise ClusterTimeout(f"{self._at} stopped searching '{index}' before it was done.")
        if failed := answer.get("_shards", {}).get("failed", 0):
            first = (answer["_shards"].get("failures") or [{}])[0]
            what = f"shard {first.get('shard', '?')} of '{index}': {_reason(first.get('reason'))}"
            raise ShardsFailed(f"{failed} of {answer['_shards']['total']} shards failed, first {what}.")
        return answer

    def version(self) -> tuple[int, ...]:
        """Return the server's version. Raises ``ClusterUnsupported`` where it is too old or no OpenSearch."""
        about = (self.ask("GET", "/") or {}).get("version", {})
        number = str(about.get("number", ""))
        version = tuple(int(part) for part in number.split("-", maxsplit=1)[0].split(".") if part.isdecimal())
        if about.get("distribution") != "opensearch":
            raise ClusterUnsupported(f"{self._at} isn't OpenSearch.")
        if version < OLDEST:
            raise ClusterUnsupported(f"{self._at} has OpenSearch {number}; {OLDEST[0]}.{OLDEST[1]} is the oldest.")
        return version

    def check(self, *, vectors: bool) -> tuple[int, ...]:
        """Return the server's version where it can serve. Raises ``ClusterUnsupported``: too old, or no k-NN."""
        version = self.version()
        if vectors:
            plugins = self.ask("GET", "/_cat/plugins", params={"format": "json"}) or []
            if not any(plugin.get("component") == _KNN for plugin in plugins):
                raise ClusterUnsupported(f"{self._at} lacks the k-NN plugin, by which vectors are searched.")
        return version

    @property
    def _at(self) -> str:
        return ", ".join(f"{host}:{port}" for host, port in self.address.hosts)

    def _failure(self, error: Exception) -> BackendError:
        """Return our error for one of the client's."""
        if isinstance(error, self._errors.ConnectionTimeout):
            return ClusterTimeout(f"{self._at} didn't answer within {self.timeout_s:g} s.")
        if isinstance(error, self._errors.SSLError):
            return ClusterUnreachable(
                f"{self._at} has no certificate that can be verified.",
                hint="Use a certificate of an authority that this machine trusts, or opensearch:// without TLS.",
            )
        if isinstance(error, self._errors.ConnectionError):
            return ClusterUnreachable(f"{self._at} can't be reached.")
        if isinstance(error, self._errors.TransportError):
            info = error.info if isinstance(error.info, dict) else {}
            return self._from_reason(int(error.status_code), info.get("error", str(error.error)))
        return BackendError(f"{self._at} gave no answer that can be read: {str(error)[:_SHOWN]}.")

    def _from_reason(self, status: int, reason: Any) -> BackendError:
        """Return our error for an HTTP status and what the cluster says with it."""
        kind = str(reason.get("type", "")) if isinstance(reason, dict) else ""
        text = _reason(reason)
        if kind == "cluster_block_exception":
            return ClusterReadOnly(f"{self._at} takes no writes: {text}.")
        if status in {401, 403}:
            who = "doesn't know the user" if status == 401 else f"doesn't allow this: {text}"
            return ClusterRefused(f"{self._at} {who}.")
        if status == 413:
            return ClusterOverloaded(f"{self._at} refused a request as too large.")
        if status == 429 or "circuit_breaking" in kind:
            return ClusterOverloaded(f"{self._at} turned a request away: {text}.")
        if kind == "search_phase_execution_exception":
            return ShardsFailed(f"{self._at} could ask no shard: {text}.")
        if status == 503:
            return ClusterUnreachable(f"{self._at} can't serve now: {text}.")
        return BackendError(f"{self._at} refused a request ({status}): {text}.")


def _reason(reason: Any) -> str:
    """Return what a cluster says of an error: the reason at its root."""
    while isinstance(reason, dict):
        roots = reason.get("root_cause") or [reason.get("caused_by")]
        below = roots[0] if roots and isinstance(roots[0], dict) else None
        reason = reason.get("reason") or reason.get("type") if below in (None, reason) else below
    return str(reason)[:_SHOWN].rstrip(".")


def _timeout() -> float:
    """Return the seconds that the environment gives a request. Raises ``ConfigError``."""
    text = os.environ.get(TIMEOUT, "")
    try:
        seconds = float(text) if text else TIMEOUT_S
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise ConfigError(f"{TIMEOUT} is '{text}'.", hint="Give it a number of seconds, such as 30.")
    return seconds


def _credentials() -> dict[str, Any]:
    """Return what the environment says of who asks, as the client takes it."""
    if token := os.environ.get(TOKEN):
        return {"headers": {"authorization": f"Bearer {token}"}}
    if user := os.environ.get(USER):
        return {"http_auth": (user, os.environ.get(PASSWORD, ""))}
    return {}
