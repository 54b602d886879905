"""``serve``: the indexes over HTTP."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from searchkit.cli.index_argument import complete_index, existing_index
from searchkit.cli.options import NoColor
from searchkit.cli.output.console import Screen

ServedIndexes = Annotated[
    list[str] | None,
    typer.Option(
        "--index",
        metavar="PATH",
        envvar="SEARCHKIT_INDEX",
        show_default=False,
        autocompletion=complete_index,
        help="An index's folder, or its name under indexes/. Repeatable.",
    ),
]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; beyond this machine needs tokens.")
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65_535, metavar="N", help="The port; 0 takes one that is free.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, metavar="N", help="How many processes answer.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--tokens",
        metavar="FILE",
        show_default=False,
        help="A TOML file of tokens: [[token]] with name, token, write, indexes, where.",
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", metavar="NAME", show_default=False, help="A name the server goes by, as a proxy's. Repeatable."
    ),
]
AllowedOrigins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        show_default=False,
        help="An origin whose pages may ask: https://example.org. Repeatable.",
    ),
]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="How long an answer may take.")]
AtOnce = Annotated[
    int, typer.Option("--at-once", min=1, metavar="N", help="How many requests a worker takes at once; more get 429.")
]


def serve(
    *,
    index: ServedIndexes = None,
    host: Host = "127.0.0.1",
    port: Port = 8765,
    workers: Workers = 1,
    tokens: TokenFile = None,
    allow_host: AllowedHosts = None,
    allow_origin: AllowedOrigins = None,
    timeout: Timeout = 30.0,
    at_once: AtOnce = 256,
    no_color: NoColor = False,
) -> None:
    """Serve indexes over HTTP: a page for people, and search, count, facets, articles and chunks as JSON for programs.

    An index is called by its folder's name.
    On this machine everybody may read. SEARCHKIT_TOKEN is a token that may read, SEARCHKIT_WRITE_TOKEN one that may
    also add, delete, update and rebuild; elsewhere a token is needed. New generations are answered from within a
    second. GET /openapi.json describes what can be asked.
    """
    from searchkit.server.access import tokens_from
    from searchkit.server.launch import run
    from searchkit.server.server_settings import Limits, ServerSettings, named_indexes

    screen = Screen(no_color=no_color)
    paths = [existing_index(typed, screen) for typed in index] if index else [existing_index(None, screen)]
    with TemporaryDirectory(prefix="searchkit-") as state:
        settings = ServerSettings(
            indexes=named_indexes(paths),
            host=host,
            port=port,
            workers=workers,
            tokens=tokens_from(tokens),
            hosts=tuple(allow_host or ()),
            origins=tuple(allow_origin or ()),
            limits=Limits(timeout_s=timeout, at_once=at_once),
            state=Path(state),
        )
        run(settings, screen.say)
