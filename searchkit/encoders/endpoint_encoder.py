"""Endpoint encoder: vectors from an embeddings endpoint that speaks as OpenAI's does.

``POST URL/embeddings`` with ``{"model": …, "input": [texts], "encoding_format": "float"}``, answered by ``{"data":
[{"index": 0, "embedding": [numbers]}, …]}`` (platform.openai.com/docs/api-reference/embeddings); vLLM, Ollama,
llama.cpp, LM Studio and text-embeddings-inference speak the same. Texts go in batches. What may pass (408, 429, 500,
502, 503, 504, a broken line, silence) is tried again, each time after twice the pause or what ``Retry-After`` says.
No redirect is followed, and the key goes to no other host.

An index names its encoder, and a stranger's index may name any host. So one that an index names is asked only where it
is of this machine, or where ``SEARCHKIT_ENCODER_ENDPOINTS`` lists it; what a user types is asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from searchkit.encoders.function_encoder import MAX_TOKENS, estimated_tokens
from searchkit.encoders.onnx_encoder import unit_rows
from searchkit.errors import BackendError, ConfigError
from searchkit.version import __version__

if TYPE_CHECKING:
    from urllib.error import HTTPError

    from searchkit.types import Progress, Vector

KEY = "SEARCHKIT_ENCODER_KEY"
ALLOWED = "SEARCHKIT_ENCODER_ENDPOINTS"

BATCH = 64
"""Texts of a request: llama.cpp and text-embeddings-inference take so many as they come, OpenAI 2,048."""

_AGAIN = frozenset((408, 429, 500, 502, 503, 504))
_LONGEST_ANSWER = 64 * 2**20
_LONGEST_PAUSE_S = 60.0
_HERE = frozenset(("localhost", "127.0.0.1", "::1"))
_SHOWN = 200
_PROBE = "How many values has a vector?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an endpoint may be silent, how often it is asked, and the first pause, which doubles each time."""

    timeout_s: float
    tries: int
    pause_s: float = 0.5


CHUNKS = Patience(timeout_s=60.0, tries=6)
"""A build waits: 16 s of pauses in all, more where the endpoint asks for it."""

QUERY = Patience(timeout_s=10.0, tries=2)
"""Somebody waits for an answer."""


def is_endpoint(name: str) -> bool:
    """Say whether an encoder's name is an endpoint's address."""
    return name.startswith(("http://", "https://"))


class EndpointEncoder:
    """Encodes by requests to an endpoint. Safe to share among threads."""

    checks_itself = True
    """Its dimension isn't known before it is asked."""

    def __init__(self, name: str, *, chunks: Patience = CHUNKS, query: Patience = QUERY) -> None:
        """Take an address and a model, ``http://host/v1#model``. Raises ``ConfigError`` where it isn't both."""
        address, _, model = name.partition("#")
        split = urlsplit(address)
        if not split.hostname or not model or split.username or split.query:
            raise ConfigError(
                f"'{_without_secrets(name)}' names no endpoint and model.", hint="Write it as http://host/v1#model."
            )
        self.name = f"{address.rstrip('/')}#{model}"
        self.max_tokens = MAX_TOKENS
        self._url, self._model = f"{address.rstrip('/')}/embeddings", model
        self._chunks, self._query = chunks, query

    @property
    def fingerprint(self) -> str:
        """The sha256 of the model's name: whichever host runs it, its numbers are the same."""
        return hashlib.sha256(f"endpoint:{self._model}".encode()).hexdigest()

    @cached_property
    def dimension(self) -> int:
        """How many values a vector has: the endpoint is asked once, and soon given up. Raises ``BackendError``."""
        return int(self._rows([_PROBE], self._query).shape[1])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate each text's tokens."""
        return estimated_tokens(texts)

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` float32 vector of length 1. Raises ``BackendError``."""
        vector: Vector = self._rows([text], self._query)[0]
        return vector

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1. Raises ``BackendError``."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for first in range(0, len(texts), BATCH):
            rows = self._rows(texts[first : first + BATCH], self._chunks)
            if rows.shape[1] != self.dimension:
                raise self._failed(f"gave vectors of {rows.shape[1]:,} values after some of {self.dimension:,}")
            vectors[first : first + len(rows)] = rows
            if progress is not None:
                progress("encode", first + len(rows), len(texts))
        return vectors

    def _rows(self, texts: Sequence[str], patience: Patience) -> Vector:
        sent = [text.encode("utf-8", "replace").decode() or " " for text in texts]
        body = json.dumps({"model": self._model, "input": sent, "encoding_format": "float"}).encode()
        return unit_rows(self._parsed(self._answer(body, patience), len(texts)))

    def _parsed(self, content: bytes, count: int) -> Vector:
        """Read an answer's vectors, in the order of the texts. Raises ``BackendError``."""
        try:
            entries = sorted(json.loads(content)["data"], key=lambda entry: entry["index"])
            rows = np.asarray([entry["embedding"] for entry in entries], dtype=np.float32)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._failed("gave no vectors", content) from error
        if rows.ndim != 2 or len(rows) != count or [entry["index"] for entry in entries] != list(range(count)):
            raise self._failed(f"gave vectors of the shape {rows.shape} for {count} texts")
        return rows

    def _answer(self, body: bytes, patience: Patience) -> bytes:
        """Ask until there is an answer. Raises ``BackendError`` where there is none in as many tries as there are."""
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError

        pause = patience.pause_s
        for left in reversed(range(patience.tries)):
            try:
                return self._ask(body, patience.timeout_s)
            except HTTPError as error:
                content = _beginning(error)
                if error.code not in _AGAIN or not left:
                    raise self._failed(f"answered {error.code} ({error.reason})", content) from error
                wait = _asked_for(error.headers.get("Retry-After")) or pause
            except (URLError, HTTPException, OSError) as error:
                if not left:
                    reason = getattr(error, "reason", None) or error
                    raise self._failed(f"can't be reached in {patience.tries} tries ({reason})") from error
                wait = pause
            time.sleep(min(wait, _LONGEST_PAUSE_S))
            pause *= 2
        raise self._failed("was never asked")

    def _ask(self, body: bytes, timeout_s: float) -> bytes:
        from urllib.request import HTTPRedirectHandler, Request, build_opener

        class NoRedirect(HTTPRedirectHandler):
            """Leaves a redirect as the answer that it is, an error: key and texts are for the host that was named."""

            def redirect_request(self, *_: Any) -> None:
                """Return no request."""

        headers = {"Content-Type": "application/json", "User-Agent": f"searchkit/{__version__}"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = Request(self._url, data=body, headers=headers, method="POST")
        with build_opener(NoRedirect).open(request, timeout=timeout_s) as response:
            content: bytes = response.read(_LONGEST_ANSWER + 1)
        if len(content) > _LONGEST_ANSWER:
            raise self._failed("gave an answer of more than 64 MB")
        return content

    def _failed(self, what: str, content: bytes = b"") -> BackendError:
        said = " ".join(content[:_SHOWN].decode("utf-8", "replace").split())
        return BackendError(
            f"The encoder at {self._url} {what}{f': {said}' if said else ''}.",
            hint=f"See that it runs and knows the model '{self._model}'; a key is read from {KEY}. Without it the index"
            " is searched by its words: --mode keyword, or --keyword-fallback.",
        )


def _beginning(error: HTTPError) -> bytes:
    from http.client import HTTPException

    try:
        return error.read(_SHOWN)
    except (OSError, HTTPException, ValueError):
        return b""


def _asked_for(retry_after: str | None) -> float:
    """Return the seconds that ``Retry-After`` asks for; 0 for none, or for a date."""
    return float(retry_after) if retry_after and retry_after.strip().isdecimal() else 0.0


def _without_secrets(name: str) -> str:
    """Return an address without what may be a name and a password in it."""
    head, mark, rest = name.partition("//")
    return head + mark + rest.rpartition("@")[2]


def check_named_by_index(name: str) -> None:
    """Refuse an endpoint that an index names and the user doesn't. Raises ``ConfigError``."""
    address = name.partition("#")[0].rstrip("/")
    allowed = [each.strip().rstrip("/") for each in os.environ.get(ALLOWED, "").split(",") if each.strip()]
    if urlsplit(address).hostname in _HERE or address in allowed:
        return
    raise ConfigError(
        f"The index names {address} as its encoder, and queries would be sent there.",
        hint=f"Where you trust it: {ALLOWED}={address}, or in Python encoder=searchkit.encoders.load_encoder('{name}')."
        " Without it the index is searched by its words: --mode keyword.",
    )
