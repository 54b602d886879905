"""Feed fetcher: the bytes of feeds at ``http:``, ``https:`` and ``file:`` addresses, when it is polite to ask.

A feed is asked for with what it said last time (ETag, Last-Modified: RFC 9110, 13.1), at most every ``interval_s``
seconds, less often where it says so (``max-age``, ``<ttl>``, ``Retry-After``), and ever less often where it fails. One
request at a time goes to a host. 301 and 308 are remembered, 410 ends it. A body, a redirect, and the time that it all
takes are bounded. An address that the user names may be of a private network; one that a public host redirects to may
not, so that a stranger's feed can't read what only this machine reaches (names that a host resolves otherwise a moment
later aren't caught).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from searchkit.errors import ConfigError, MissingExtra
from searchkit.version import __version__

if TYPE_CHECKING:
    import httpx

SCHEMES = ("http", "https", "file")
INTERVAL_S = 900.0
"""Seconds between two requests for a feed where it says nothing else: most feed readers ask every 15 to 60 minutes."""

LONGEST_BODY = 32 * 2**20
MOST_REDIRECTS = 5
_TIMEOUT_S = 20.0
"""How long a host may be silent."""

_WHOLE_S = 120.0
"""How long a body may take in all."""

_LONGEST_PAUSE_S = 86_400.0
_MOST_FAILURES = 20
"""So many are counted: the pause is the longest long before."""

_MOST_AT_ONCE = 8
_FILE_INTERVAL_S = 1.0
_REST_S = 0.3
"""A file that was written a moment ago may be half of one."""

_TTL = re.compile(rb"<ttl>\s*([0-9]{1,6})\s*</ttl>")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is remembered of a feed between two requests.

    Attributes:
        address: Where the user says that it is.
        moved_to: Where it went for good; "" where it didn't.
        etag: What names the version that came last; of a file its size and time.
        last_modified: The time of the version that came last, as the host wrote it.
        digest: The digest of the body that came last.
        due: From when on it may be asked for again, in seconds since 1970.
        failures: How many requests have failed, one after another.
        is_gone: Whether the host has said that it is gone for good.
    """

    address: str
    moved_to: str = ""
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    due: float = 0.0
    failures: int = 0
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedResponse:
    """What came of a request: the feed's state from now on, its body where that is new, and what went wrong, or ""."""

    state: FeedState
    body: bytes | None = None
    trouble: str = ""


class _Refused(Exception):
    """A request that came to nothing; the message says why. ``pause_s`` is how long the host wants to be left alone."""

    def __init__(self, message: str, *, pause_s: float = 0.0, is_gone: bool = False) -> None:
        super().__init__(message)
        self.pause_s, self.is_gone = pause_s, is_gone


def is_feed_address(place: str) -> bool:
    """Say whether a place is the address of a feed, where it could also be a path."""
    return place.partition(":")[0].lower() in SCHEMES and ":" in place


def check_address(address: str) -> None:
    """Raise ``ConfigError`` where an address names no host, or no file."""
    try:
        parts = urlsplit(address)
        whole = bool(parts.hostname) if _is_web(address) else bool(parts.path)
    except ValueError:
        whole = False
    if not whole:
        raise ConfigError(f"'{address}' is no address.", hint="Write it as https://HOST/PATH or file:///PATH.")


def shown_address(address: str) -> str:
    """Return an address as it may be shown and stored: without the name and password that may stand in it."""
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


class FeedFetcher:
    """Asks for feeds in threads of its own, so that a slow host bars neither folders nor other hosts."""

    def __init__(self, states: Sequence[FeedState], *, interval_s: float = INTERVAL_S) -> None:
        self.states = {state.address: state for state in states}
        self._interval_s = interval_s
        self._came: SimpleQueue[FeedResponse] = SimpleQueue()
        self._busy: set[str] = set()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._client = _client() if any(_is_web(address) for address in self.states) else None

    def start_due(self) -> None:
        """Ask for the feeds that are due, a thread a host; what can't be begun now is begun at a later call."""
        now = time.time()
        by_host: dict[str, list[FeedState]] = defaultdict(list)
        for state in self.states.values():
            if state.due <= now and not state.is_gone:
                by_host[_host(state.moved_to or state.address)].append(state)
        for host, states in by_host.items():
            if host not in self._busy and len(self._busy) < _MOST_AT_ONCE:
                self._busy.add(host)
                threading.Thread(target=self._fetch_all, args=(host, states), daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way, or an answer waits to be taken."""
        return bool(self._busy) or not self._came.empty()

    def responses(self) -> list[FeedResponse]:
        """Return what has come since the last call. ``keep`` it when it was dealt with."""
        came = []
        while True:
            try:
                came.append(self._came.get_nowait())
            except Empty:
                return came

    def keep(self, responses: Iterable[FeedResponse]) -> None:
        """Go on from the states of what came."""
        self.states.update((response.state.address, response.state) for response in responses)

    def _fetch_all(self, host: str, states: Sequence[FeedState]) -> None:
        try:
            for state in states:
                response = self._fetch(state)
                # Until it was dealt with it isn't due; the body is asked for again where nobody kept it.
                self.states[state.address] = replace(state, due=response.state.due)
                self._came.put(response)
        finally:
            self._busy.discard(host)

    def _fetch(self, state: FeedState) -> FeedResponse:
        try:
            if _is_web(state.address):
                return self._from_web(state)
            return _from_file(state)
        except _Refused as refused:
            return self._failed(state, refused)
        except Exception as error:
            # A host can answer what nobody has thought of; the others are asked on.
            return self._failed(state, _Refused(f"can't be fetched: {type(error).__name__}: {error}"[:300]))

    def _failed(self, state: FeedState, refused: _Refused) -> FeedResponse:
        """Tell what went wrong; each failure doubles the pause."""
        first_s = self._interval_s if _is_web(state.address) else _FILE_INTERVAL_S
        pause_s = max(refused.pause_s, min(first_s * 2**state.failures, _LONGEST_PAUSE_S))
        failures = min(state.failures + 1, _MOST_FAILURES)
        failed = replace(state, due=time.time() + pause_s, failures=failures, is_gone=refused.is_gone)
        return FeedResponse(state=failed, trouble=str(refused))

    def _from_web(self, state: FeedState) -> FeedResponse:
        """Ask for a feed, wherever it redirects to. Raises ``_Refused``."""
        import httpx

        address, moved_to, is_permanent = state.moved_to or state.address, state.moved_to, True
        for _ in range(MOST_REDIRECTS + 1):
            try:
                with self._locks[_host(address)]:
                    status, headers, body = self._request(address, state)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
                raise _Refused(f"can't be fetched: {' '.join(str(error).split()) or type(error).__name__}") from error
            if status not in {301, 302, 303, 307, 308}:
                return self._answered(replace(state, moved_to=moved_to), status, headers, body)
            target = urljoin(address, headers.get("location", ""))
            _check_redirect(address, target)
            is_permanent = is_permanent and status in {301, 308}
            address, moved_to = target, target if is_permanent else moved_to
        raise _Refused(f"redirects more than {MOST_REDIRECTS} times")

    def _request(self, address: str, state: FeedState) -> tuple[int, httpx.Headers, bytes]:
        """Send one request, and read the body as far as it may go."""
        assert self._client is not None
        conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
        end = time.monotonic() + _WHOLE_S
        with self._client.stream(
            "GET", address, headers={name: value for name, value in conditions.items() if value}
        ) as response:
            body = bytearray()
            if response.status_code == 200:
                for block in response.iter_bytes():
                    body += block
                    if len(body) > LONGEST_BODY:
                        raise _Refused(f"is larger than {LONGEST_BODY // 2**20} MiB")
                    if time.monotonic() > end:
                        raise _Refused(f"isn't whole after {_WHOLE_S:g} seconds")
            return response.status_code, response.headers, bytes(body)

    def _answered(self, state: FeedState, status: int, headers: httpx.Headers, body: bytes) -> FeedResponse:
        """Tell what an answer that is no redirect means. Raises ``_Refused``."""
        if status == 410:
            raise _Refused("is gone for good (410); it isn't asked for again", is_gone=True)
        if status not in {200, 304}:
            raise _Refused(f"can't be fetched: status {status}", pause_s=_retry_after(headers.get("retry-after", "")))
        pause_s = max(self._interval_s, _max_age(headers.get("cache-control", "")), _ttl(body))
        state = replace(state, due=time.time() + min(pause_s, _LONGEST_PAUSE_S), failures=0)
        if status == 304:
            return FeedResponse(state=state)
        state = replace(state, etag=headers.get("etag", ""), last_modified=headers.get("last-modified", ""))
        return _with_body(state, body)


def _with_body(state: FeedState, body: bytes) -> FeedResponse:
    """Return a body that came; none where it is that of last time."""
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    new = None if digest == state.digest else body
    return FeedResponse(state=replace(state, digest=digest), body=new)


def _from_file(state: FeedState) -> FeedResponse:
    """Read a feed that is a file, where it has changed and rests. Raises ``_Refused``."""
    due = time.time() + _FILE_INTERVAL_S
    path = unquote(urlsplit(state.address).path)
    try:
        now = os.stat(path)  # noqa: PTH116 - a text
        etag = f"{now.st_size}-{now.st_mtime_ns}-{now.st_ino}"
        if etag == state.etag or abs(time.time() - now.st_mtime) < _REST_S:
            return FeedResponse(state=replace(state, due=due))
        with open(path, "rb") as file:  # noqa: PTH123 - a text
            body = file.read(LONGEST_BODY + 1)
    except (OSError, ValueError) as error:
        raise _Refused(f"can't be read: {getattr(error, 'strerror', None) or error}") from error
    if len(body) > LONGEST_BODY:
        raise _Refused(f"is larger than {LONGEST_BODY // 2**20} MiB")
    return _with_body(replace(state, due=due, etag=etag, failures=0), body)


def _client() -> httpx.Client:
    """Return what sends requests. Raises ``MissingExtra``."""
    try:
        import httpx
    except ImportError as error:
        raise MissingExtra(
            "Feeds are fetched by httpx, which isn't installed.", hint="Run 'pip install httpx', and again."
        ) from error
    agent = f"searchkit/{__version__} (reads feeds)"
    return httpx.Client(timeout=_TIMEOUT_S, headers={"User-Agent": agent, "Accept": "*/*"})


def _is_web(address: str) -> bool:
    return not address.lower().startswith("file:")


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:  # whoever asks it is told so
        return address


def _check_redirect(address: str, target: str) -> None:
    """Raise ``_Refused`` for a redirect to what isn't the web, or from the public one into a private network."""
    if urlsplit(target).scheme not in {"http", "https"}:
        raise _Refused(f"redirects to what is no web address: {target[:200]!r}")
    if _is_private(target) and not _is_private(address):
        raise _Refused(f"redirects into a private network: {target[:200]!r}")


def _is_private(address: str) -> bool:
    """Say whether a host's name stands for an address that the public can't reach; one that isn't known doesn't."""
    try:
        known = socket.getaddrinfo(urlsplit(address).hostname, None)
    except (OSError, ValueError):
        return False
    return any(not ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_global for each in known)


def _max_age(cache_control: str) -> float:
    match = _MAX_AGE.search(cache_control.lower())
    return float(match[1]) if match else 0.0


def _ttl(body: bytes) -> float:
    """Return the seconds for which a feed says it may be kept: RSS counts in minutes."""
    match = _TTL.search(body[:10_000])
    return 60.0 * int(match[1]) if match else 0.0


def _retry_after(value: str) -> float:
    """Return the seconds that a host wants to be left alone: a number, or until a date (RFC 9110, 10.2.3)."""
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_PAUSE_S)
    try:
        until = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until.timestamp() - time.time(), 0.0), _LONGEST_PAUSE_S)
