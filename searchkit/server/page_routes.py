"""Page routes: the page for people, and the files that it loads. What it shows, its address says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from searchkit.errors import QueryError, SearchkitError
from searchkit.search.searcher import Searcher
from searchkit.server.access import NOBODY, Access
from searchkit.server.page_state import FILTER_FIELDS, PageState, page_state
from searchkit.server.page_templates import page_file, rendered
from searchkit.server.page_view import SHOWN_VALUES, article_view, filters_view, results_view
from searchkit.server.problem_details import NotFound, hint_of
from searchkit.server.request_models import check_length
from searchkit.server.services import Services, access_of, services_of

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "img")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no text of a script becomes markup either
        "trusted-types 'none'",
    )
)
"""What the page may load: its own files, and nothing of elsewhere."""

_NOTHING: Mapping[str, Any] = {
    "fields": FILTER_FIELDS,
    "shown_values": SHOWN_VALUES,
    "problem": None,
    "answer": None,
    "article": None,
    "values": None,
}
"""What the templates are told where nothing is shown."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page(request: Request) -> Response:
    """Show the page: a form, and what its address asks for."""
    services, access = services_of(request), access_of(request)
    names = [opened.name for opened in services.indexes.visible(access)]
    state, status = PageState.model_validate({}), 200
    values = dict(_NOTHING) | {
        "needs_token": access is NOBODY,
        "was_refused": "authorization" in request.headers,
        "index": names[0] if names else "",
        "names": names,
    }
    try:
        state = page_state(request.query_params)
        if access is not NOBODY:
            values["index"] = state.index or values["index"]
            values |= await services.queue.run(_asking(services, state, access, values["index"]))
    except SearchkitError as error:
        values |= {"problem": error, "hint": hint_of(error, access)}
        half_typed = state.typed and isinstance(error, QueryError)  # which is no fault as one types
        status = 200 if half_typed else error.http_status
    content = rendered("page.html", values | {"state": state})
    headers = {"content-security-policy": POLICY}
    return Response(content, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/page/{name}")
async def file(request: Request, name: str) -> Response:
    """Return a file that the page loads."""
    wanted = page_file(name)
    if wanted is None:
        raise NotFound(f"The page has no file '{name[:100]}'.")
    headers = {"etag": wanted.tag}
    if wanted.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(wanted.content, media_type=wanted.media_type, headers=headers)


def _asking(services: Services, state: PageState, access: Access, index: str) -> Callable[[], dict[str, Any]]:
    """Return what finds out all that a page shows, of one generation."""
    check_length(state.q, services.settings.limits.query_characters)

    def ask() -> dict[str, Any]:
        with services.indexes.snapshot(index, access) as searcher:
            return _view(searcher, state, access)

    return ask


def _view(searcher: Searcher, state: PageState, access: Access) -> dict[str, Any]:
    if state.article is not None:
        return article_view(searcher, state, access)
    results = {} if state.part == "filters" else results_view(searcher, state, access)
    return results | ({} if state.part == "results" else filters_view(searcher, state, access))
