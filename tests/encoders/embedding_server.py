"""Here is an embeddings endpoint on this machine, which does as it is told and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.word_encoder import WordEncoder


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """What the server answers next, and what it was asked.

    ``answers`` are taken one after another: a status with headers and a body, None for vectors, which also come when
    all are used up.
    """

    url: str = ""
    encoder: WordEncoder = field(default_factory=WordEncoder)
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    silent_s: float = 0.0
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def embedding_server() -> Iterator[Endpoint]:
    """Serve at a free port of this machine until the block ends."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.bodies.append(body)
            endpoint.headers.append(dict(self.headers))
            endpoint.paths.append(self.path)
            if endpoint.silent_s:
                endpoint.hung_up.wait(endpoint.silent_s)
            status, headers, content = (endpoint.answers.pop(0) if endpoint.answers else None) or (200, {}, b"")
            if status == 200 and not content:
                vectors = (endpoint.encoder.encode_chunks(body["input"]) * 3).tolist()
                data = [{"index": number, "embedding": vector} for number, vector in enumerate(vectors)]
                content = json.dumps({"data": data[::-1], "model": body["model"]}).encode()
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1#words"
    try:
        yield endpoint
    finally:
        endpoint.hung_up.set()
        server.shutdown()
        server.server_close()
        thread.join()
