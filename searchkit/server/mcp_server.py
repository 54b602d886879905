"""MCP server: the tools by the official SDK, over standard input and output, and over Streamable HTTP at ``/mcp``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from searchkit.errors import SearchkitError
from searchkit.server.access import ANONYMOUS, Access
from searchkit.server.mcp_tools import DESCRIPTIONS, INSTRUCTIONS, SCHEME, McpTools, ToolAnswer
from searchkit.server.open_indexes import OpenIndexes
from searchkit.types import Encoder
from searchkit.version import __version__

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a function in a thread."""

_READ_ONLY = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)


def mcp_server(tools: McpTools, run: Run) -> Server[Any]:
    """Return a server of the tools, which run by ``run``."""

    async def list_tools(context: ServerRequestContext[Any, Any], params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tool_list())

    async def call_tool(context: ServerRequestContext[Any, Any], params: Any) -> types.CallToolResult:
        try:
            answer = await run(lambda: tools.call(params.name, params.arguments or {}, _access(context)))
        except SearchkitError as error:
            return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)
        return _result(answer)

    async def read_resource(context: ServerRequestContext[Any, Any], params: Any) -> types.ReadResourceResult:
        try:
            text = await run(lambda: tools.read(str(params.uri), _access(context)))
        except SearchkitError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from error
        content = types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[content])

    async def list_templates(context: ServerRequestContext[Any, Any], params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="article", uri_template=f"{SCHEME}://{{index}}/{{article}}{{#char}}", mime_type="text/plain"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    return Server(
        "searchkit",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_read_resource=read_resource,
        on_list_resource_templates=list_templates,
    )


def tool_list() -> list[types.Tool]:
    """Return the tools as they are listed."""
    return [
        types.Tool(
            name=tool.name,
            description=tool.about,
            input_schema=tool.input_schema(),
            output_schema=tool.gives,
            annotations=_READ_ONLY,
        )
        for tool in DESCRIPTIONS
    ]


def http_manager(server: Server[Any]) -> tuple[StreamableHTTPSessionManager, StreamableHTTPASGIApp]:
    """Return what runs the server over HTTP and its ASGI application. Without sessions any worker answers."""
    manager = StreamableHTTPSessionManager(app=server, json_response=True, stateless=True)
    return manager, StreamableHTTPASGIApp(manager)


def run_stdio(indexes: Mapping[str, Path], encoder: Encoder | None = None) -> None:
    """Serve over standard input and output until the client is gone. Raises as ``searchkit.open`` does."""
    opened = OpenIndexes(indexes, encoder)
    try:
        asyncio.run(_stdio(opened))
    finally:
        opened.close()


async def _stdio(opened: OpenIndexes) -> None:
    following = asyncio.create_task(_follow(opened))
    server = mcp_server(McpTools(opened), asyncio.to_thread)
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        following.cancel()


async def _follow(opened: OpenIndexes) -> None:
    while True:
        await asyncio.sleep(1.0)
        for each in opened:
            await asyncio.to_thread(each.follow)


def _access(context: ServerRequestContext[Any, Any]) -> Access:
    """Return what whoever asks may do: over HTTP what its token gives, else everything that is read."""
    if context.request is None:
        return ANONYMOUS
    access: Access = context.request.scope["access"]
    return access


def _result(answer: ToolAnswer) -> types.CallToolResult:
    text = types.TextContent(type="text", text=answer.text())
    links = [
        types.ResourceLink(type="resource_link", uri=uri, name=title, mime_type="text/plain")
        for uri, title in answer.links
    ]
    return types.CallToolResult(content=[text, *links], structured_content=answer.values)
