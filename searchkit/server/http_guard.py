"""HTTP guard: what every request passes before it is routed: names, origins, tokens, sizes; and what counts it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from searchkit.errors import SearchkitError
from searchkit.server.access import NOBODY, TokenCheck
from searchkit.server.problem_details import (
    MEDIA_TYPE,
    AddressTooLong,
    AnswerTooSlow,
    BodyTooLarge,
    Forbidden,
    Misdirected,
    Unauthorized,
    headers_of,
    problem_body,
)
from searchkit.server.request_counts import RequestCounts
from searchkit.server.server_settings import ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("searchkit.server")

OPEN_TO_ALL = {"/healthz", "/readyz", "/"}
"""What needs no token: whoever watches over the process asks for it, and it tells nothing of the articles. The page
asks for a token itself; what it shows of articles, it shows to who has one."""

OPEN_FOLDER = "/page/"
"""Where the page's own files lie."""

LONGEST_ADDRESS = 60_000
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Authorization, Origin"),
)


class InternalFault(SearchkitError):
    """The server is at fault."""

    http_status = 500
    default_hint = "The server's log has more."


class HttpGuard:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, counts: RequestCounts) -> None:
        self._app, self._counts, self._limits = app, counts, settings.limits
        self._tokens = TokenCheck(settings.tokens)
        self._hosts = settings.accepted_hosts()
        self._origins = frozenset(origin.encode() for origin in settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started, headers = time.perf_counter(), dict(scope["headers"])
        response = _Response(send, _ALWAYS)
        try:
            self._check(scope, headers, response)
            if not _is_preflight(scope, headers):
                await self._app(scope, self._bounded(scope, headers, receive, response), response.send)
            else:
                await response.empty(204)
        except SearchkitError as error:
            await response.problem(error)
        except Exception:
            _LOG.exception("%s %s failed", scope["method"], scope["path"])
            await response.problem(InternalFault("The server failed at this request."))
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._counts.request(route, response.status, time.perf_counter() - started)

    def _check(self, scope: Scope, headers: dict[bytes, bytes], response: _Response) -> None:
        """Refuse what may not be asked. Raises the error that says why."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _without_port(host) not in self._hosts:
            raise Misdirected(f"This server doesn't go by the name '{host[:100]}'.")
        origin = headers.get(b"origin")
        if origin is not None and origin in self._origins:
            response.allow(origin)
        elif origin is not None and origin.decode("latin-1").lower() != f"{scope['scheme']}://{host}":
            raise Forbidden(
                "A page of another origin asks.", hint="Start the server with --allow-origin ORIGIN to let it."
            )
        if len(scope["query_string"]) + len(scope.get("raw_path") or b"") > LONGEST_ADDRESS:
            raise AddressTooLong(f"The address is longer than {LONGEST_ADDRESS:,} bytes.")
        if _is_preflight(scope, headers):
            return
        access = self._tokens.access(headers.get(b"authorization"))
        if access is None and scope["path"] not in OPEN_TO_ALL and not scope["path"].startswith(OPEN_FOLDER):
            raise Unauthorized("There is no token, or none that is known here.")
        scope["access"] = access or NOBODY

    def _bounded(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, response: _Response) -> Receive:
        """Return ``receive`` for a body that is neither longer nor slower than is allowed."""
        if scope["method"] in {"GET", "HEAD"}:
            return receive
        is_add = headers.get(b"content-type", b"").startswith(b"application/x-ndjson")
        limit = self._limits.add_bytes if is_add else self._limits.body_bytes
        if int(headers.get(b"content-length", b"0")) > limit:
            raise BodyTooLarge(f"The body has more than {limit:,} bytes.")
        size, is_whole = 0, False

        async def bounded() -> Message:
            nonlocal size, is_whole
            if is_whole:  # what comes now is that the other end has gone, however long that takes
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._limits.timeout_s)
            except TimeoutError:
                slow = AnswerTooSlow(f"Nothing of the body came for {self._limits.timeout_s:.0f} s.")
                raise response.refuse(slow) from None
            is_whole = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if size > limit:
                raise response.refuse(BodyTooLarge(f"The body has more than {limit:,} bytes."))
            return message

        return bounded


class _Response:
    """The response to a request: what is sent gets the headers that all have."""

    def __init__(self, send: Send, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send, self._headers = send, list(headers)
        self.status = 0
        self._refusal: SearchkitError | None = None
        self._is_over = False

    def refuse(self, error: SearchkitError) -> SearchkitError:
        """Answer with an error, whatever those make of it that it is raised among; return it."""
        self._refusal = error
        return error

    def allow(self, origin: bytes) -> None:
        """Let a page of another origin read the response."""
        self._headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-headers", b"authorization, content-type, if-none-match, last-event-id"),
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-expose-headers", b"etag, retry-after, location"),
        ]

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            await self.problem(refusal)
            self._is_over = True
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._completed(message.get("headers", ()))}
        await self._send(message)

    def _completed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers of a response together with those that all have; ``Vary`` names what either varies by."""
        own = list(headers)
        vary = [value for name, value in own if name == b"vary"]
        kept = [(name, value) for name, value in own if name != b"vary"]
        names = {name for name, _ in kept}
        added = [(name, value) for name, value in self._headers if name not in names]
        return kept + [(name, b", ".join([value, *vary]) if name == b"vary" else value) for name, value in added]

    async def empty(self, status: int) -> None:
        """Send a response without a body."""
        await self.send({"type": "http.response.start", "status": status, "headers": []})
        await self.send({"type": "http.response.body", "body": b""})

    async def problem(self, error: SearchkitError) -> None:
        """Send an error, unless a response has begun."""
        if self.status:
            return
        body = problem_body(error)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in headers_of(error).items()]
        await self.send({"type": "http.response.start", "status": error.http_status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_preflight(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    return scope["method"] == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


def _without_port(host: str) -> str:
    """Return a host without its port; an address of IPv6 stays in its brackets."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
