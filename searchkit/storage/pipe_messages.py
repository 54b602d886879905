"""Pipe messages: JSON values between this process and one that helps it.

A message is its length (8 bytes, little-endian) and JSON in UTF-8, where a lone surrogate is the bytes of its number.
"""

from __future__ import annotations

import json
from typing import IO, Any


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
