"""Here is a server on this machine that answers as a cluster does: what a test tells it, and late if it is told so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = {"version": {"number": "3.5.0", "distribution": "opensearch"}}


@dataclass(slots=True)
class Played:
    """What the server answers, by path: a status and a body; and what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    late_s: float = 0.0
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Each with its method before its path."""


@contextmanager
def cluster_server(**answers: tuple[int, Any]) -> Iterator[Played]:
    """Run a server; ``answers`` go by the path without its slash, or method and path, ``anything`` for all others."""
    played = Played(answers=dict(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            path = self.path.partition("?")[0].strip("/")
            played.paths.append(path)
            played.headers.append({name.lower(): value for name, value in self.headers.items()})
            time.sleep(played.late_s)
            played.requests.append(f"{self.command} {path}")
            known = (played.answers.get(name) for name in (f"{self.command} {path}", path, "anything"))
            status, body = next(filter(None, known), (200, VERSION))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815 - http.server calls them so

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is http.server's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
