"""Does the snippet that is shown hold the answer? Asks judged questions whose answers' places in the text are known.

    python scripts/bench_snippets.py shared/collections/xquad-en --index indexes/xquad-en

FOLDER has queries.jsonl and answers.jsonl, a row an answer: query-id, corpus-id, start and end, in the characters of
the article's text. A question counts where the snippet of the first chunk shown of that article, among the best K
articles, holds the whole answer. Prints the share of all questions, and of those whose article was found.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from searchkit import open as open_index


def main() -> None:
    """Measure, and end with 1 where the share is less than what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--mode", default="hybrid", help="hybrid (the default), keyword or vector")
    parser.add_argument("-k", type=int, default=10, help="results that are looked at")
    parser.add_argument("--fail-under", type=float, default=0.0, metavar="SHARE", help="of all questions")
    arguments = parser.parse_args()
    questions = {row["_id"]: row["text"] for row in _rows(arguments.folder / "queries.jsonl")}
    answers = _rows(arguments.folder / "answers.jsonl")
    retrieved = shown = 0
    with open_index(arguments.index) as searcher:
        for answer in answers:
            results = searcher.search(questions[answer["query-id"]], mode=arguments.mode, k=arguments.k).results
            result = next((one for one in results if one.article.id == answer["corpus-id"]), None)
            if result is None:
                continue
            retrieved += 1
            snippet = result.chunks[0].snippet
            shown += snippet.start <= answer["start"] and answer["end"] <= snippet.end
    print(
        f"{shown / len(answers):.4f} of {len(answers)} questions, {shown / max(1, retrieved):.4f} of {retrieved} found"
    )
    if shown / len(answers) < arguments.fail_under:
        sys.exit(1)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
