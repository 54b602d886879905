"""A FastAPI application that answers from an index: filters, pages, counts, and only what a reader may see.

ARCHIVE=indexes/news uvicorn --app-dir scripts/examples fastapi_app:app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

import searchkit
from searchkit import F


@asynccontextmanager
async def opened(app: FastAPI) -> AsyncIterator[None]:
    async with searchkit.aio.open(os.environ["ARCHIVE"], refresh_after_s=5, timeout_s=10) as app.state.searcher:
        yield


app = FastAPI(lifespan=opened)


@app.get("/search")
async def search(request: Request, q: str, k: int = 10, desk: str = "", cursor: str | None = None) -> dict[str, Any]:
    where = F("desk") == desk if desk else None  # no text in q undoes it
    answer = await request.app.state.searcher.search(q, k=k, where=where, cursor=cursor, facets=["source", "year"])
    return {name: answer.to_dict()[name] for name in ("results", "facets", "total", "next_cursor", "notes")}


@app.get("/articles/{article_id:path}")
async def article(request: Request, article_id: str) -> dict[str, Any]:
    stored = await request.app.state.searcher.article(article_id)
    if stored is None:
        raise HTTPException(404)
    return {"id": stored.id, "title": stored.title, "text": stored.text}


@app.exception_handler(searchkit.SearchkitError)
async def explain(request: Request, error: searchkit.SearchkitError) -> JSONResponse:
    return JSONResponse({"error": error.message, "hint": error.hint}, status_code=error.http_status)
