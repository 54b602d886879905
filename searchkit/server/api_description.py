"""API description: the OpenAPI document, with the errors that every route may answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from searchkit.server.problem_details import MEDIA_TYPE
from searchkit.server.response_models import ProblemModel
from searchkit.version import __version__

_PROBLEM = {"$ref": "#/components/schemas/ProblemModel"}
RESPONSES: dict[int | str, dict[str, Any]] = {
    kind: {"description": text, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
    for kind, text in {
        "4XX": "The request can't be answered; the problem says why, and what to do.",
        "5XX": "The server or the index is at fault; the problem says what to do.",
    }.items()
}
ABOUT = """Search in archives of articles, by words and by meaning.

Every answer is of one generation of an index, which it names, and which its ETag begins with. Offsets count characters
of an article's text. Errors are problem details (RFC 9457) with a `code` and a `hint`."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    if app.openapi_schema is None:
        schema = get_openapi(title="searchkit", version=__version__, description=ABOUT, routes=app.routes)
        components = schema.setdefault("components", {})
        problem = ProblemModel.model_json_schema()
        components.setdefault("schemas", {})["ProblemModel"] = problem
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}, {}]
        for operations in schema["paths"].values():
            if "get" in operations and "ETag" not in str(operations["get"]):
                _describe_conditional(operations["get"])
        app.openapi_schema = schema
    return app.openapi_schema


def _describe_conditional(operation: dict[str, Any]) -> None:
    """Say that who has an answer already is told so."""
    operation["responses"]["304"] = {"description": "The answer is the one whose ETag was sent."}
