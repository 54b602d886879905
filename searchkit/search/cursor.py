"""Cursor: where the next page of an answer begins, as a string that a program keeps and hands back.

It says which generation and which query it belongs to, what was shown so far, and by which clock the query was read. A
page of results by score goes on behind so many articles: the ranking of a generation never changes. A page of a sorted
answer goes on behind the last article's sort key and id. Nothing in it lets anybody see more: the query comes with it
again, filters included, and has to be the same. Its check value tells a damaged cursor from a whole one.
"""

from __future__ import annotations

import binascii
import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from searchkit.config import SearchConfig
from searchkit.errors import CursorError
from searchkit.types import Query, Where

_HEAD = struct.Struct("<BI8s8sIiqq")
"""Version, generation, seal, query, shown, reranked, now, sort key; the id of the last article follows."""

_VERSION = 1
_CHECK_BYTES = 8
_LONGEST = 10_000
"""Characters of a cursor: an id of 1,000 characters takes 5,400."""

_NEVER = -(1 << 63)
"""In the place of an instant that nobody asked for."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SEAL_BYTES = 8
"""Of a generation's seal, so many tell it from another of the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page begins.

    ``generation`` and ``seal`` name what it goes on in, ``query`` is the digest of what was asked. ``shown`` articles
    stand on the pages before. ``reranked`` chunks were read by the reranker; None where none was asked. ``now``: the
    clock that the query was read by; None where it wasn't asked. ``key`` and ``last``: the sort key and the id of the
    last article shown, where the answer is sorted.
    """

    generation: int
    seal: bytes
    query: bytes
    shown: int
    reranked: int | None = None
    now: datetime | None = None
    key: int = 0
    last: str = ""

    def to_text(self) -> str:
        """Return the cursor as a string of letters, digits, ``-`` and ``_``."""
        now = _NEVER if self.now is None else (self.now - _EPOCH) // timedelta(microseconds=1)
        reranked = -1 if self.reranked is None else self.reranked
        head = _HEAD.pack(_VERSION, self.generation, self.seal, self.query, self.shown, reranked, now, self.key)
        payload = head + self.last.encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(payload + _check(payload)).decode().rstrip("=")


def cursor_of(text: str) -> Cursor:
    """Read a cursor. Raises ``CursorError`` where it isn't one, or was cut short or altered."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise _not_whole()
    try:
        content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _not_whole() from error
    payload, check = content[:-_CHECK_BYTES], content[-_CHECK_BYTES:]
    # A last letter may differ in bits that nobody reads: only what is written the same way is the same cursor.
    whole = len(payload) >= _HEAD.size and check == _check(payload) and payload[0] == _VERSION
    if not whole or urlsafe_b64encode(content).decode().rstrip("=") != text:
        raise _not_whole()
    _, generation, seal, query, shown, reranked, now, key = _HEAD.unpack_from(payload)
    return Cursor(
        generation=generation,
        seal=seal,
        query=query,
        shown=shown,
        reranked=None if reranked < 0 else reranked,
        now=None if now == _NEVER else _EPOCH + timedelta(microseconds=now),
        key=key,
        last=payload[_HEAD.size :].decode("utf-8", "surrogatepass"),
    )


def query_digest(query: Query, config: SearchConfig, *, reranked: bool) -> bytes:
    """Name what decides which articles an answer has, and their order, by 8 bytes: equal on all pages of it.

    ``reranked``: whether a reranker looks at it.
    """
    order = (query.text, str(query.mode), str(query.syntax), float(query.min_confidence), query.sort)
    time = (query.as_of, query.around, query.recency, query.include_later, config.time_weight, config.time_scale_days)
    settings = (config.fusion, config.vector_weight, config.depth, config.rerank_depth, config.rerank_weight)
    words = (config.vocabulary, tuple(config.boosts.items()), config.keyword_fallback)
    text = repr((order, time, settings, words, config.time_zone, reranked, _where_digest(query.where)))
    return _digest(text)


@lru_cache(maxsize=16)
def _where_digest(where: Where) -> bytes:
    """Name a filter; an access list of thousands of values comes with each query again."""
    return _digest(repr(where))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def other_query() -> CursorError:
    """Make the error for a cursor that comes with another query than it was given for."""
    return CursorError(
        "The cursor belongs to another query.",
        hint="Give the same words, mode, filters, sort and settings as for the first page; only k may change.",
    )


class Clock:
    """Tells the time to one search: always the same instant, and whether anybody wanted to know."""

    def __init__(self, time_zone: Callable[[], str], at: datetime | None = None) -> None:
        """``time_zone`` names the asker's. ``at`` is what the clock shows; None is the present."""
        self._time_zone = time_zone
        self.reading = at
        """What it showed; None where nobody has asked."""

    def __call__(self) -> datetime:
        """Return the instant in the asker's zone, aware. Raises as ``zone_of`` does."""
        from searchkit.ingest.dates import now_in, zone_of

        zone = self._time_zone()
        if self.reading is None:
            self.reading = now_in(zone)
        return self.reading.astimezone(zone_of(zone))


def _check(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECK_BYTES, key=b"searchkit cursor").digest()


def _not_whole() -> CursorError:
    return CursorError("This is no cursor of an answer, or it was cut short or altered.")
