"""HTTP server and MCP server: thin layers over ``searchkit.open`` and ``Searcher``."""
