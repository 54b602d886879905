"""Launch: binds the address and runs the workers, by uvicorn."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from searchkit.errors import ConfigError
from searchkit.search.searcher import open_index
from searchkit.server.open_indexes import warn_of_filters
from searchkit.server.package_check import needs_extra
from searchkit.server.server_settings import ServerSettings
from searchkit.types import Encoder

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Config, Server

BACKLOG = 2_048
SWITCH_S = 0.0005
"""How soon a thread that searches lets the one in that talks to clients. Python's 5 ms are longer than most searches:
with less, 1 client got 1.3 times and 8 clients 1.4 times as many answers a second, on a busy machine."""

_GRACE_S = 30
"""How long requests that are going on may take when the server is stopped."""


def run(settings: ServerSettings, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``say`` is told the address once requests are taken.

    Raises ``MissingExtra`` where FastAPI or uvicorn aren't installed, ``ConfigError`` where the address can't be
    listened at, and as ``searchkit.open`` does for an index that can't be opened.
    """
    with needs_extra():
        import fastapi  # noqa: F401 - else a worker would find that it isn't there
        from uvicorn import Server
        from uvicorn.supervisors import Multiprocess
    for name, path in settings.indexes.items():  # an index that can't be opened is told of before there are workers
        with open_index(path) as searcher:
            warn_of_filters(name, searcher, settings.tokens)
    listening = listen(settings)
    names = ", ".join(settings.indexes)
    say(f"Serving {names} at {address_of(settings, listening)} (ctrl-C ends it).")
    config = config_of(settings)
    if settings.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        Server(config).run(sockets=[listening])


def server_of(settings: ServerSettings, encoder: Encoder | None = None) -> Server:
    """Return the server of one worker, to be run by the caller. Raises ``MissingExtra``."""
    with needs_extra():
        from uvicorn import Server
    return Server(config_of(settings, encoder))


def config_of(settings: ServerSettings, encoder: Encoder | None = None) -> Config:
    """Return uvicorn's configuration. Raises ``MissingExtra``."""
    with needs_extra():
        from uvicorn import Config
    return Config(
        partial(_application, settings, encoder),
        factory=True,
        workers=settings.workers,
        log_level="warning",
        access_log=False,  # it would hold what people ask
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _application(settings: ServerSettings, encoder: Encoder | None) -> ASGIApp:
    """Make the application in the worker itself."""
    sys.setswitchinterval(SWITCH_S)
    from searchkit.server.application import create

    return create(settings, encoder)


def listen(settings: ServerSettings) -> socket.socket:
    """Return a socket that listens. Raises ``ConfigError`` where it can't."""
    try:
        places = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = places[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"{settings.host}, port {settings.port}, can't be listened at: {error}.", hint="Choose another with --port."
        ) from error
    listening.set_inheritable(True)
    return listening


def address_of(settings: ServerSettings, listening: socket.socket) -> str:
    """Return the address at which the server is asked."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"
