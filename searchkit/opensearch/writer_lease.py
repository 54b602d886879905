"""Writer's lease: one writer a name. A document that is made once (``op_type=create``) names who holds it.

The holder renews it; where that stops, it runs out after ``LEASE_S``, or at once where the holder was a process of
the same machine that is no more, and the next writer takes it over. Only one can:
the cluster refuses the second by the document's sequence number.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

from searchkit.errors import BackendError, IndexLocked, SearchkitError
from searchkit.opensearch.client import Cluster

LOCKS = "searchkit-locks"
"""The index of the leases; a document a name."""

LEASE_S = 120.0
_RENEW_AFTER_S = 20.0


class WriterLease:
    """The right to write an index, held with ``with``. Raises ``IndexLocked`` where another has it."""

    def __init__(self, cluster: Cluster, purpose: str) -> None:
        self._cluster, self._purpose = cluster, purpose
        self._key = uuid4().hex
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._renewed = 0.0
        self._version: dict[str, int] = {}

    def __enter__(self) -> Self:
        if not self._put({"op_type": "create"}):
            self._take_over()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(SearchkitError):  # it runs out by itself
            self._cluster.ask("DELETE", self._path, params=self._version)

    def renew_if_due(self) -> None:
        """Renew the lease where the last time was some while ago. Raises as ``renew`` does."""
        if time.monotonic() - self._renewed > _RENEW_AFTER_S:
            self.renew()

    def renew(self) -> None:
        """Hold the lease on. Raises ``IndexLocked`` where another has taken it over."""
        if not self._put(self._version):
            raise self._locked(self._read())

    @property
    def _path(self) -> str:
        return f"/{LOCKS}/_doc/{self._cluster.address.name}"

    def _put(self, condition: dict[str, Any]) -> bool:
        """Write the document where a condition holds; say whether it did."""
        values = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "purpose": self._purpose,
            "since": self._since,
            "until": time.time() + LEASE_S,
            "key": self._key,
        }
        try:
            answer = self._cluster.ask("PUT", self._path, values, {**condition, "refresh": "true"})
        except BackendError as error:
            if "(409)" not in error.message:
                raise
            answer = self._read()
            if answer.get("_source", {}).get("key") != self._key:
                return False  # else it was written, the answer got lost, and the client sent it again
        self._version = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
        self._renewed = time.monotonic()
        return True

    def _read(self) -> dict[str, Any]:
        return self._cluster.ask("GET", self._path) or {}

    def _take_over(self) -> None:
        """Take a lease that ran out. Raises ``IndexLocked`` where it hasn't, or another was quicker."""
        held = self._read()
        source = held.get("_source")
        if source is not None:
            if float(source["until"]) > time.time() and not _is_dead(source):
                raise self._locked(held)
            condition = {"if_seq_no": held["_seq_no"], "if_primary_term": held["_primary_term"]}
        else:
            condition = {"op_type": "create"}  # who held it is done
        if not self._put(condition):
            raise self._locked(self._read())

    def _locked(self, held: dict[str, Any]) -> IndexLocked:
        holder = held.get("_source", {})
        return IndexLocked(
            f"Another writer is at work on {self._cluster.address}: process {holder.get('process', '?')} on"
            f" {holder.get('host', '?')}, since {holder.get('since', '?')}."
        )


def _is_dead(holder: dict[str, Any]) -> bool:
    """Say whether the holder was a process of this machine, and isn't there any more."""
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(holder["process"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
