"""Address of an index on a cluster: ``opensearch://host[:port][,host…]/name``, or ``opensearch+https://…``.

User, password and token never stand in it: they are read from the environment (``SEARCHKIT_OPENSEARCH_USER``,
``SEARCHKIT_OPENSEARCH_PASSWORD``, ``SEARCHKIT_OPENSEARCH_TOKEN``) when a connection is made, and nothing prints them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from searchkit.errors import ConfigError

PLAIN, SECURE = "opensearch://", "opensearch+https://"
PORT = 9200

_HOST = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_LONGEST_NAME = 200
"""OpenSearch takes 255 bytes; a generation's number follows the name."""

_HINT = "Write opensearch://HOST:9200/NAME, or opensearch+https://HOST/NAME; several hosts with commas between."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAddress:
    """Where an index is: the cluster's hosts, each with its port, whether TLS is used, and the index's name."""

    hosts: tuple[tuple[str, int], ...]
    name: str
    secure: bool = False

    def __str__(self) -> str:
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{SECURE if self.secure else PLAIN}{hosts}/{self.name}"


def is_address(index: str | Path) -> bool:
    """Say whether what names an index is the address of a cluster and not a folder."""
    return str(index).startswith((PLAIN, SECURE))


def address_of(text: str) -> ClusterAddress:
    """Read an address. Raises ``ConfigError``, which never repeats what may be a password."""
    secure = text.startswith(SECURE)
    hosts, slash, name = text.removeprefix(SECURE if secure else PLAIN).partition("/")
    if "@" in text:
        raise ConfigError(
            "An address holds no user and no password.",
            hint="Put them into SEARCHKIT_OPENSEARCH_USER and SEARCHKIT_OPENSEARCH_PASSWORD, or a token into"
            " SEARCHKIT_OPENSEARCH_TOKEN.",
        )
    if not text.startswith((PLAIN, SECURE)):
        raise ConfigError(f"'{text[:_LONGEST_NAME]}' is no address of an index on a cluster.", hint=_HINT)
    if not slash or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ConfigError(
            f"'{name[:_LONGEST_NAME]}' can't be the name of an index on a cluster.",
            hint=f"{_HINT} A name has small letters, digits and - _ . and begins with a letter or digit.",
        )
    return ClusterAddress(hosts=tuple(_host(part) for part in hosts.split(",")), name=name, secure=secure)


def _host(text: str) -> tuple[str, int]:
    match = _HOST.fullmatch(text)
    port = int(match["port"] or PORT) if match else 0
    if match is None or not 0 < port < 1 << 16:
        raise ConfigError(f"'{text}' is no host with a port.", hint=_HINT)
    return match["host"], port
