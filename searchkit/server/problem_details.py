"""Problem details: errors as RFC 9457 has them, out of the table in ``errors.py``."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from searchkit.errors import QueryError, SearchkitError
from searchkit.hints import for_request
from searchkit.server.access import Access

MEDIA_TYPE = "application/problem+json"
_BEFORE_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_POSITION = re.compile(r" at character ([\d,]+)")


class RequestRefused(SearchkitError):
    """A request that the server doesn't take; the root of those below."""

    headers: ClassVar[tuple[tuple[str, str], ...]] = ()


class BadRequest(RequestRefused):
    """A parameter or a body can't be understood."""

    default_hint = "GET /openapi.json says what can be asked."


class Unauthorized(RequestRefused):
    """There is no token, or none that is known."""

    http_status = 401
    headers = (("WWW-Authenticate", "Bearer"),)
    default_hint = "Send the header 'Authorization: Bearer TOKEN'."


class Forbidden(RequestRefused):
    """The token doesn't give access to this, or a page of another origin asks."""

    http_status = 403
    default_hint = "Ask with a token that may."


class NotFound(RequestRefused):
    """There is no such thing."""

    http_status = 404
    default_hint = "GET /v1/indexes says which indexes there are; a search names articles and chunks."


class MethodNotAllowed(RequestRefused):
    """The address doesn't take this method."""

    http_status = 405
    default_hint = "The header 'Allow' names those it takes."


class BodyTooLarge(RequestRefused):
    """The body is longer than the server takes."""

    http_status = 413
    default_hint = "Send less at once."


class AddressTooLong(RequestRefused):
    """The address or the query is longer than the server takes."""

    http_status = 414
    default_hint = "Send it as JSON: POST takes what GET does."


class MediaTypeUnknown(RequestRefused):
    """The body is of a kind that isn't taken here."""

    http_status = 415
    default_hint = "Send JSON with 'Content-Type: application/json'; articles as application/x-ndjson."


class Misdirected(RequestRefused):
    """The request calls the server by a name that it doesn't go by."""

    http_status = 421
    default_hint = "Start the server with --allow-host NAME."


class TooManyRequests(RequestRefused):
    """The server is busy."""

    http_status = 429
    headers = (("Retry-After", "1"),)
    default_hint = "Try again a second later."


class AnswerTooSlow(RequestRefused):
    """The answer took longer than is allowed."""

    http_status = 503
    headers = (("Retry-After", "1"),)
    default_hint = "Ask for less, or try again."


def code_of(error: SearchkitError) -> str:
    """Return the code of an error's class: ``query-error`` for ``QueryError``."""
    return _BEFORE_CAPITAL.sub("-", type(error).__name__).lower()


def problem_of(error: SearchkitError, access: Access | None = None) -> dict[str, Any]:
    """Return the members of an error's problem."""
    code = code_of(error)
    position = _POSITION.search(error.message)
    return {
        "type": f"urn:searchkit:error:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": error.http_status,
        "code": code,
        "detail": error.message,
        "hint": hint_of(error, access),
        **({"position": int(position[1].replace(",", ""))} if position else {}),
    }


def hint_of(error: SearchkitError, access: Access | None = None) -> str:
    """Return an error's hint as it is said to who asks over HTTP.

    To someone who sees a part of the articles alone it names no field nor value of the others: the hint is the class's.
    """
    hidden = access is not None and access.where is not None and isinstance(error, QueryError)
    return for_request(error.default_hint if hidden else error.hint)


def problem_body(error: SearchkitError, access: Access | None = None) -> bytes:
    """Return an error's problem as JSON."""
    return json.dumps(problem_of(error, access), ensure_ascii=False).encode("utf-8", "replace")


def headers_of(error: SearchkitError) -> dict[str, str]:
    """Return the headers that an error's response has beside its type."""
    return dict(error.headers) if isinstance(error, RequestRefused) else {}
