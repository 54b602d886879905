"""Status routes: whether the server is there, whether it answers, and how much it was asked."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from searchkit.server import response_models as models
from searchkit.server.answer_json import to_bytes
from searchkit.server.problem_details import Forbidden
from searchkit.server.request_counts import MEDIA_TYPE
from searchkit.server.services import access_of, services_of

router = APIRouter()


@router.get("/healthz", response_model=models.HealthModel, summary="Whether the process is there")
async def health() -> Response:
    """Say that the process is there."""
    return Response(to_bytes({"status": "ok"}), media_type="application/json")


@router.get("/readyz", response_model=models.ReadyModel, summary="Whether questions are answered")
async def ready() -> Response:
    """Say that the indexes are open; before they are, nothing listens."""
    return Response(to_bytes({"status": "ready"}), media_type="application/json")


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "Prometheus' text."}},
)
async def metrics(request: Request) -> Response:
    """Tell how many requests there were and how long they took, over all workers."""
    services, access = services_of(request), access_of(request)
    if access.where is not None or access.indexes is not None:
        raise Forbidden("This token may ask for a part alone.")
    gauges = {
        f'searchkit_generation{{index="{opened.name}"}}': float(opened.searcher.version.partition("-")[0])
        for opened in services.indexes
    }
    text = await asyncio.to_thread(services.counts.text, gauges)
    return Response(text, headers={"content-type": MEDIA_TYPE})
