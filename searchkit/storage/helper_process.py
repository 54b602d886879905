"""Helper process: a Python of its own that answers requests, and the messages that go through its pipes.

A message is its length (8 bytes, little-endian) and JSON in UTF-8, where a lone surrogate is the bytes of its number.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

_START = (
    "import json, sys; from importlib import import_module; sys.path[:] = json.loads(sys.argv[1]); "
    "import_module(sys.argv[2]).serve(*json.loads(sys.argv[3]))"
)


class HelperStopped(Exception):
    """Raised where a helper ended before it answered, with its exit status; a signal's is negative."""

    def __init__(self, status: int) -> None:
        super().__init__(f"ended with exit status {status}")
        self.status = status


class HelperProcess:
    """A process that runs ``serve(*arguments)`` of a module. It ends when its pipe does, however its starter ended."""

    def __init__(self, module: str, arguments: Sequence[object], environment: Mapping[str, str]) -> None:
        """Start it, with some variables of its environment changed. Raises ``OSError`` where none can be started."""
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(sys.path), module, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C is for the one that started it
        )

    def ask(self, request: Any) -> Any:
        """Return the answer to a request. Raises ``HelperStopped``."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        try:
            send(self.popen.stdin, request)
            return receive(self.popen.stdout)
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            raise HelperStopped(self.popen.wait()) from error

    def kill(self) -> None:
        """Stop it, whatever it is at; one that asks it meanwhile gets ``HelperStopped``."""
        self.popen.kill()

    def close(self) -> None:
        """Stop it and let go of its pipes; nobody may ask it meanwhile."""
        self.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            with suppress(OSError):  # what it never read
                if pipe is not None:
                    pipe.close()


def send(pipe: IO[bytes], values: Any) -> None:
    """Write a message. Raises ``OSError`` where the other end is gone."""
    message = json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
    pipe.write(len(message).to_bytes(8, "little") + message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read a message. Raises ``EOFError`` where the other end is gone."""
    size = int.from_bytes(_exactly(pipe, 8), "little")
    return json.loads(_exactly(pipe, size).decode("utf-8", "surrogatepass"))


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    read = pipe.read(size)
    if len(read) < size:
        raise EOFError
    return read
