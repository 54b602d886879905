"""Services: what the routes of a worker share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchkit.server.access import Access
from searchkit.server.open_indexes import OpenIndexes
from searchkit.server.request_counts import RequestCounts
from searchkit.server.server_settings import ServerSettings
from searchkit.server.work_queue import StreamSlots, WorkQueue

if TYPE_CHECKING:
    from starlette.requests import Request

    from searchkit.server.job_store import JobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The settings, the opened indexes, the threads, the counts, and the jobs of a worker."""

    settings: ServerSettings
    indexes: OpenIndexes
    queue: WorkQueue
    counts: RequestCounts
    jobs: JobStore
    streams: StreamSlots


def services_of(request: Request) -> Services:
    """Return what the routes share."""
    services: Services = request.app.state.services
    return services


def access_of(request: Request) -> Access:
    """Return what whoever asks may do."""
    access: Access = request.scope["access"]
    return access
