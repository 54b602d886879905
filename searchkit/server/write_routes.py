"""Write routes: what changes an index, as jobs. Where no token may write, all of them say so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from searchkit.filter_expression import filter_expression
from searchkit.server import response_models as models
from searchkit.server.access import WRITE_TOKEN
from searchkit.server.answer_json import to_bytes
from searchkit.server.problem_details import BadRequest, Forbidden, MediaTypeUnknown, TooManyRequests
from searchkit.server.request_models import DeleteBody, RebuildBody, UpdateBody, body, in_body
from searchkit.server.services import Services, access_of, services_of

router = APIRouter(prefix="/v1")

NDJSON = "application/x-ndjson"
_LOOK_S = 0.1
_SILENT_S = 15.0
"""After so long without an event a comment is sent, so that nobody between takes the connection for dead."""

_LINES_EXAMPLE = '{"id": "wire-1", "title": "Ports on strike", "text": "No ferries run today.", "published": "2025"}\n'
_ADD = {
    "requestBody": {
        "required": True,
        "content": {NDJSON: {"schema": {"type": "string"}, "example": _LINES_EXAMPLE}},
    }
}


@router.post(
    "/{index}/articles", status_code=202, response_model=models.JobModel, summary="Add articles", openapi_extra=_ADD
)
async def add(request: Request, index: str) -> Response:
    """Add articles, a line of JSON each. The job's ``lines`` say what became of each line."""
    services = _writable(request, index)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != NDJSON:
        raise MediaTypeUnknown("Articles come as lines of JSON.")
    job = services.jobs.new()
    path = services.jobs.input_of(job)
    try:
        with path.open("wb") as file:
            async for part in request.stream():
                await asyncio.to_thread(file.write, part)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return _taken(services, job, "add", index, {})


@router.post(
    "/{index}/delete",
    status_code=202,
    response_model=models.JobModel,
    summary="Delete articles",
    openapi_extra=in_body(DeleteBody),
)
async def delete(request: Request, index: str) -> Response:
    """Delete articles by their ids, or by conditions."""
    services = _writable(request, index)
    payload = await body(DeleteBody, request)
    if not payload.ids and payload.where is None:
        raise BadRequest("Nothing is named that could be deleted.", hint="Give 'ids' or 'where'.")
    if payload.where is not None:
        filter_expression(payload.where)
    return _taken(services, services.jobs.new(), "delete", index, {"ids": payload.ids, "where": payload.where})


@router.delete(
    "/{index}/articles/{article_id:path}", status_code=202, response_model=models.JobModel, summary="Delete an article"
)
async def delete_article(request: Request, index: str, article_id: str) -> Response:
    """Delete an article by its id."""
    services = _writable(request, index)
    return _taken(services, services.jobs.new(), "delete", index, {"ids": [article_id], "where": None})


@router.post(
    "/{index}/update",
    status_code=202,
    response_model=models.JobModel,
    summary="Read the places again",
    openapi_extra=in_body(UpdateBody),
)
async def update(request: Request, index: str) -> Response:
    """Bring the index in line with the places that it remembers."""
    services = _writable(request, index)
    payload = await body(UpdateBody, request)
    return _taken(services, services.jobs.new(), "update", index, {"prune": payload.prune})


@router.post(
    "/{index}/rebuild",
    status_code=202,
    response_model=models.JobModel,
    summary="Make the index anew",
    openapi_extra=in_body(RebuildBody),
)
async def rebuild(request: Request, index: str) -> Response:
    """Make the index's next generation from scratch; searches go on in the one before."""
    services = _writable(request, index)
    payload = await body(RebuildBody, request)
    return _taken(services, services.jobs.new(), "rebuild", index, {"reuse": payload.reuse})


@router.get("/jobs/{job}", response_model=models.JobModel, summary="A job")
async def job_state(request: Request, job: str) -> Response:
    """Tell how far a job is, or how it ended."""
    services = _writer(request)
    return _json(_shown(request, await asyncio.to_thread(services.jobs.state, job)))


@router.get(
    "/jobs/{job}/lines",
    summary="What became of each line",
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "A line for each line."}},
)
async def job_lines(request: Request, job: str) -> Response:
    """Tell of each line that was to be added whether it was taken, and why not."""
    services = _writer(request)
    _shown(request, services.jobs.state(job))
    return FileResponse(services.jobs.lines_of(job), media_type=NDJSON)


@router.get(
    "/jobs/{job}/events",
    summary="The events of a job",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events."}},
)
async def job_events(request: Request, job: str) -> Response:
    """Send the events of a job as they come, until it ends. ``Last-Event-ID`` goes on after one."""
    services = _writer(request)
    _shown(request, services.jobs.state(job))
    after = request.headers.get("last-event-id", "-1")
    if not after.removeprefix("-").isdecimal():
        raise BadRequest("'Last-Event-ID' is no number.", hint="Send back the id of an event.")
    if not services.streams.take():
        raise TooManyRequests("Too many streams of events are open.")
    return StreamingResponse(_stream(services, job, int(after)), media_type="text/event-stream")


async def _stream(services: Services, job: str, after: int) -> AsyncIterator[bytes]:
    silent = 0.0
    try:
        for numbered in services.jobs.events(job, after):
            if numbered is not None:
                number, event = numbered
                silent = 0.0
                yield f"id: {number}\nevent: {event['event']}\ndata: {json.dumps(event)}\n\n".encode()
                continue
            await asyncio.sleep(_LOOK_S)
            silent += _LOOK_S
            if silent >= _SILENT_S:
                silent = 0.0
                yield b": still there\n\n"
    finally:
        services.streams.leave()


def _writer(request: Request) -> Services:
    """Return what the routes share. Raises ``Forbidden`` where who asks may not write."""
    services = services_of(request)
    if not services.settings.may_write:
        raise Forbidden(
            "This server changes no index: it was started without a token that may write.",
            hint=f"Start it with {WRITE_TOKEN} set, or with --tokens FILE in which a token has 'write = true'.",
        )
    if not access_of(request).may_write:
        raise Forbidden("This token may only read.")
    return services


def _writable(request: Request, index: str) -> Services:
    services = _writer(request)
    services.indexes.named(index, access_of(request))
    return services


def _shown(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    """Return a job's state. Raises ``NotFound`` where its index isn't one that who asks may see."""
    services_of(request).indexes.named(state["index"], access_of(request))
    return state


def _taken(services: Services, job: str, kind: str, index: str, request: dict[str, Any]) -> Response:
    path = str(services.settings.indexes[index].resolve())
    services.jobs.start(job, kind, index, {"path": path, **request})
    return _json(services.jobs.state(job), status=202, location=f"/v1/jobs/{job}")


def _json(values: dict[str, Any], status: int = 200, location: str = "") -> Response:
    headers = {"location": location} if location else {}
    return Response(to_bytes(values), status_code=status, media_type="application/json", headers=headers)
