"""A real server on this machine for tests: uvicorn in a thread, or the command in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from searchkit.server.access import Access, token_of
from searchkit.server.launch import address_of, listen, server_of
from searchkit.server.server_settings import ServerSettings
from searchkit.types import Encoder

READ, WRITE = "read-" + "r" * 20, "write-" + "w" * 20
TOKENS = (
    token_of(READ, Access(name="reader")),
    token_of(WRITE, Access(name="writer", may_write=True)),
)


def bearer(secret: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {secret}"}


@contextmanager
def serving(indexes: Mapping[str, Path], state: Path, encoder: Encoder | None = None, **values: Any) -> Iterator[str]:
    """Run a server in a thread; yield its address."""
    state.mkdir(exist_ok=True)
    settings = ServerSettings(indexes=indexes, port=0, state=state, follow_s=0.05, reads_dates=False, **values)
    listening = listen(settings)
    server = server_of(settings, encoder)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    end = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.005)
    assert server.started
    try:
        yield address_of(settings, listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def command(*arguments: str | Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run ``searchkit serve`` at a free port; yield its address and the process, which may be killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "searchkit", "serve", "--port", "0", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"} | environment,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        address = re.search(r"http://\S+", line)
        assert address, line + process.stderr.read()
        yield address[0], process
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def wait_for_job(client: httpx.Client, taken: httpx.Response, limit_s: float = 30.0) -> dict[str, Any]:
    """Return the state of a job once it has ended."""
    assert taken.status_code == 202, taken.text
    end = time.monotonic() + limit_s
    while True:
        state: dict[str, Any] = client.get(taken.headers["location"]).json()
        if state["state"] in {"done", "failed", "interrupted"}:
            return state
        assert time.monotonic() < end, state
        time.sleep(0.02)


def wait_for_generation(client: httpx.Client, index: str, number: int, limit_s: float = 15.0) -> None:
    """Wait until a generation answers."""
    end = time.monotonic() + limit_s
    while client.get(f"/v1/{index}/count").json()["generation"] < number:
        assert time.monotonic() < end
        time.sleep(0.02)
