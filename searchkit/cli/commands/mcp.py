"""``mcp``: the indexes as tools of a model, over standard input and output."""

from __future__ import annotations

from searchkit.cli.commands.serve import ServedIndexes
from searchkit.cli.index_argument import existing_index
from searchkit.cli.options import NoColor
from searchkit.cli.output.console import Screen


def mcp(*, index: ServedIndexes = None, no_color: NoColor = False) -> None:
    """Serve indexes to a model's client by the Model Context Protocol, over standard input and output.

    The tools only read: search, get_article, find_quote, facets and status. 'searchkit serve' has the same at /mcp.
    """
    from searchkit.server.package_check import needs_extra
    from searchkit.server.server_settings import named_indexes

    screen = Screen(no_color=no_color)
    paths = [existing_index(typed, screen) for typed in index] if index else [existing_index(None, screen)]
    with needs_extra("MCP", "mcp"):
        from searchkit.server.mcp_server import run_stdio
    run_stdio(named_indexes(paths))
