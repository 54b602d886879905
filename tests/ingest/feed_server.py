"""A host of feeds for tests: answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from searchkit.ingest.feed_fetcher import FeedFetcher, FeedResponse, FeedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a path is answered with, after ``delay_s``."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class FeedHost:
    """A host at ``url``: ``replies`` by path; ``asked`` has path and headers of each request, in order."""

    url: str
    replies: dict[str, Reply | Callable[[Mapping[str, str]], Reply]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0


@contextmanager
def feed_host() -> Iterator[FeedHost]:
    """Serve on a free port of this machine."""
    guard = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with guard:
                host.asked.append((self.path, headers))
                host.at_once += 1
                host.most_at_once = max(host.most_at_once, host.at_once)
            reply = host.replies.get(self.path, Reply(status=404))
            reply = reply(headers) if callable(reply) else reply
            time.sleep(reply.delay_s)
            with guard:
                host.at_once -= 1
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                self.wfile.write(reply.body)
            except OSError:  # who asked has heard enough
                return

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = FeedHost(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetched(*states: FeedState, interval_s: float = 900.0) -> list[FeedResponse]:
    """Ask for feeds that are due, and return what came, in the order of their addresses."""
    fetcher = FeedFetcher(states, interval_s=interval_s)
    fetcher.start_due()
    responses: list[FeedResponse] = []
    end = time.monotonic() + 60
    while fetcher.is_busy:
        assert time.monotonic() < end
        responses += fetcher.responses()
        time.sleep(0.01)
    return sorted(responses + fetcher.responses(), key=lambda response: response.state.address)
