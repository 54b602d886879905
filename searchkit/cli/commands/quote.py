"""``quote``: the passage that a text quotes, word for word or from memory."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from searchkit.cli.index_argument import existing_index
from searchkit.cli.options import Index, Json, NoColor
from searchkit.cli.output.console import Screen, tell

Text = Annotated[
    list[str],
    typer.Argument(metavar="TEXT", show_default=False, help="Three words or more; - reads standard input."),
]
Passages = Annotated[int, typer.Option("-k", metavar="N", help="How many passages.")]


def quote(*, text: Text, index: Index = None, k: Passages = 3, json: Json = False, no_color: NoColor = False) -> None:
    """Find the article and the place that a text quotes, and say which words differ.

    Words may be changed, missing, added or moved; case, accents and punctuation mean nothing. Where no passage has the
    words, one that means the same is looked for. Exit code 1 where there is none.
    """
    from searchkit.cli.output import formats, quote_report
    from searchkit.search.searcher import open_index

    screen = Screen(no_color=no_color)
    quoted = sys.stdin.read() if text == ["-"] else " ".join(text)
    path = existing_index(index, screen)
    with open_index(path) as searcher:
        quotations = searcher.quote(quoted, k=k)
    if json:
        screen.write(formats.to_json(quote_report.quotations_json(quoted, quotations)))
    else:
        screen.write(*quote_report.quotations_text(quotations))
    if not quotations:
        tell(screen, f"No article in {path} has this passage, or one like it.", "Search for it: 'searchkit search'.")
        raise typer.Exit(1)
