"""An agent's tool: what a model is told of it, and what answers its calls, with citations, within a number of tokens.

python scripts/examples/agent_tool.py INDEX '{"question": "Who guards the skies of Caracas?", "since": "2025"}'
"""

from __future__ import annotations

import json
import sys

import searchkit

TOOL = {
    "name": "search_archive",
    "description": "Find passages of news articles. Cite what you use by its article and characters.",
    "parameters": {
        "type": "object",
        "properties": {"question": {"type": "string"}, "since": {"type": "string", "description": "such as 2025-10"}},
        "required": ["question"],
    },
}


def call(searcher: searchkit.Searcher, arguments: str, *, max_tokens: int = 2_000) -> str:
    """Answer a call; an error is an answer too, which the model can mend."""
    try:
        values = json.loads(arguments)
        answer = searcher.search(values["question"], since=values.get("since"), k=20)
    except (ValueError, KeyError, TypeError, searchkit.SearchkitError) as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})
    passages: list[dict[str, object]] = []
    shown = json.dumps({"passages": passages, "left_out": len(answer.results)})
    for number, result in enumerate(answer.results, start=1):
        chunk, article = result.chunks[0].chunk, result.article
        cited = {"article": article.id, "characters": [chunk.start, chunk.end], "confidence": result.confidence}
        passages.append({**cited, "quoted": chunk.text})
        longer = json.dumps({"passages": passages, "left_out": len(answer.results) - number})
        if searcher.count_tokens([longer])[0] > max_tokens:
            break
        shown = longer
    return shown


if __name__ == "__main__":
    try:
        with searchkit.open(sys.argv[1]) as opened:
            print(call(opened, sys.argv[2]))
    except searchkit.SearchkitError as error:
        sys.exit(str(error))
