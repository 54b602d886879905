"""Application: the routes and what is around them, as an ASGI application. ``create`` makes that of one worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from searchkit.errors import SearchkitError
from searchkit.server import page_routes, search_routes, status_routes, write_routes
from searchkit.server.api_description import RESPONSES, describe
from searchkit.server.http_guard import HttpGuard
from searchkit.server.job_store import JobStore
from searchkit.server.open_indexes import OpenIndexes
from searchkit.server.problem_details import (
    MEDIA_TYPE,
    BadRequest,
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    headers_of,
    problem_body,
)
from searchkit.server.request_counts import RequestCounts
from searchkit.server.server_settings import ServerSettings
from searchkit.server.services import Services
from searchkit.server.work_queue import StreamSlots, WorkQueue
from searchkit.types import Encoder
from searchkit.version import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

COMPRESSED_FROM = 1_024
"""Bytes below which an answer fits into a packet or two anyway."""


def create(settings: ServerSettings, encoder: Encoder | None = None) -> ASGIApp:
    """Return the application of a worker; its indexes are opened when it starts."""
    counts = RequestCounts(settings.state)
    app = FastAPI(
        title="searchkit",
        version=__version__,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        lifespan=partial(_lifespan, settings=settings, counts=counts, encoder=encoder),
        responses=RESPONSES,
    )
    app.include_router(status_routes.router)
    app.include_router(write_routes.router, include_in_schema=settings.may_write)  # else they say what is needed
    app.include_router(search_routes.router)
    app.include_router(page_routes.router)
    if find_spec("mcp") is not None:
        app.router.routes.append(Route("/mcp", endpoint=McpEndpoint()))
    app.add_exception_handler(SearchkitError, _on_error)
    app.add_exception_handler(HTTPException, _on_refusal)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return HttpGuard(GZipMiddleware(app, COMPRESSED_FROM, compresslevel=1), settings, counts)


@asynccontextmanager
async def _lifespan(
    app: FastAPI, *, settings: ServerSettings, counts: RequestCounts, encoder: Encoder | None
) -> AsyncIterator[None]:
    indexes = await asyncio.to_thread(OpenIndexes, settings.indexes, encoder)
    services = Services(
        settings=settings,
        indexes=indexes,
        queue=WorkQueue(settings.limits),
        counts=counts,
        jobs=JobStore(settings.state, counts, settings.limits.jobs),
        streams=StreamSlots(settings.limits.streams),
    )
    app.state.services = services
    for opened in indexes:
        await asyncio.to_thread(opened.warm)
    following = asyncio.create_task(_follow(services))
    try:
        async with _mcp(app, services):
            yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await asyncio.to_thread(services.jobs.close)
        services.queue.close()
        indexes.close()


class McpEndpoint:
    """What answers at ``/mcp``, where the package ``mcp`` is installed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await scope["app"].state.mcp(scope, receive, send)


@asynccontextmanager
async def _mcp(app: FastAPI, services: Services) -> AsyncIterator[None]:
    """Run what answers at ``/mcp``, where the package is installed."""
    if find_spec("mcp") is None:
        yield
        return
    from searchkit.server.mcp_server import http_manager, mcp_server
    from searchkit.server.mcp_tools import McpTools

    manager, app.state.mcp = http_manager(mcp_server(McpTools(services.indexes), services.queue.run))
    async with manager.run():
        yield


async def _follow(services: Services) -> None:
    """Look for newer generations again and again, and share the counts."""
    if services.settings.reads_dates:
        await asyncio.to_thread(_load_dates)
    while True:
        await asyncio.sleep(services.settings.follow_s)
        for opened in services.indexes:
            if not await asyncio.to_thread(opened.follow):
                services.counts.add("follow_failures_total", f'{{index="{opened.name}"}}')
        await asyncio.to_thread(services.counts.share)


def _load_dates() -> None:
    from searchkit.ingest.dates import now_in, parse_bound

    with suppress(SearchkitError):
        parse_bound("on no such day", now=now_in("UTC"), end=False)


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SearchkitError)
    headers = headers_of(error)
    body = problem_body(error, request.scope.get("access"))
    return Response(body, status_code=error.http_status, media_type=MEDIA_TYPE, headers=headers)


async def _on_refusal(request: Request, error: Exception) -> Response:
    """Answer what the router refuses, in the same form as all else."""
    assert isinstance(error, HTTPException)
    refused: RequestRefused
    if error.status_code == 405:
        refused = MethodNotAllowed(f"{request.method} isn't taken here.")
    elif error.status_code == 404:
        refused = NotFound("There is nothing at this address.", hint="GET /openapi.json lists the addresses.")
    else:
        refused = BadRequest(f"The request can't be taken: {error.detail}.")
    response = await _on_error(request, refused)
    response.headers.update(error.headers or {})
    return response
