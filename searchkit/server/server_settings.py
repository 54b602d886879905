"""Server settings: which indexes are served, where, to whom, and within which limits."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from searchkit.errors import ConfigError
from searchkit.search.index_group import names_apart
from searchkit.server.access import Token

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may cost.

    ``at_once`` counts requests that a worker answers or keeps waiting, ``threads`` those it answers at the same time,
    ``jobs`` those that it runs or keeps waiting.
    """

    body_bytes: int = 1_000_000
    add_bytes: int = 1_000_000_000
    query_characters: int = 10_000
    results: int = 1_000
    timeout_s: float = 30.0
    at_once: int = 256
    streams: int = 32
    jobs: int = 100
    threads: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What is served, and how.

    Attributes:
        indexes: The folder of each index, by the name that stands in addresses.
        host: The address to listen at.
        port: The port; 0 is one that is free.
        workers: How many processes answer.
        tokens: Who may ask. Without any, everybody on this machine may read.
        hosts: The names by which the server may be called, beside those that follow from ``host``.
        origins: The origins whose pages may ask, beside the server's own.
        limits: What a request may cost.
        state: The folder in which workers keep what they share: jobs and counts.
        follow_s: Every how many seconds a worker looks for a newer generation.
        reads_dates: Whether workers load what reads dates in words right after their start. The first such date takes
            seconds otherwise.
    """

    indexes: Mapping[str, Path]
    host: str = "127.0.0.1"
    port: int = 8765
    workers: int = 1
    tokens: tuple[Token, ...] = ()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    state: Path
    follow_s: float = 1.0
    reads_dates: bool = True

    def __post_init__(self) -> None:
        if not self.indexes:
            raise ConfigError("No index is to be served.", hint="Name one or more: --index PATH.")
        if not self.tokens and not is_loopback(self.host):
            raise ConfigError(
                f"Whoever reaches {self.host} could ask: other machines do.",
                hint="Set SEARCHKIT_TOKEN, give --tokens FILE, or listen at 127.0.0.1.",
            )
        if self.workers < 1:
            raise ConfigError(f"There can't be {self.workers} workers.", hint="Give 1 or more.")
        for origin in self.origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in {"http", "https"}
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ConfigError(f"'{origin}' is no origin.", hint="Write it as https://example.org, without a path.")
        for token in self.tokens:
            unknown = (token.access.indexes or frozenset()) - set(self.indexes)
            if unknown:
                raise ConfigError(
                    f"The token '{token.access.name}' names the index '{min(unknown)}', which isn't served.",
                    hint=f"These are: {', '.join(sorted(self.indexes))}.",
                )

    @property
    def may_write(self) -> bool:
        """Whether there is a token that may write."""
        return any(token.access.may_write for token in self.tokens)

    def accepted_hosts(self) -> frozenset[str]:
        """Return the names that a request may call the server by, in small letters and without a port."""
        names = {name.lower() for name in self.hosts}
        if is_loopback(self.host):
            names.update(LOOPBACK_NAMES)
        if not is_any_address(self.host):
            names.add(f"[{self.host}]" if ":" in self.host else self.host.lower())
        return frozenset(names)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_any_address(host: str) -> bool:
    """Say whether it stands for all addresses of this machine."""
    return host in {"0.0.0.0", "::", ""}


def named_indexes(paths: Sequence[Path]) -> dict[str, Path]:
    """Return folders by the names that stand in addresses: their own, or such that tell them apart (``names_apart``).

    Raises ``ConfigError`` for a name that can't stand there, and where an index is named twice.
    """
    named = names_apart(paths)
    if "jobs" in named:
        raise ConfigError("An index can't be served as 'jobs'.", hint="That is the jobs' address: rename its folder.")
    return named
