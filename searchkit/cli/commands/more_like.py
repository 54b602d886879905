"""``more-like``."""

from __future__ import annotations

from typing import Annotated

import typer

from searchkit.cli.commands.search import answer_writer
from searchkit.cli.filter_options import conditions
from searchkit.cli.index_argument import existing_index
from searchkit.cli.options import (
    Authors,
    Count,
    Explain,
    Format,
    FormatOption,
    Index,
    Json,
    Languages,
    ModeOption,
    NoColor,
    Others,
    Since,
    Sources,
    Tags,
    Until,
)
from searchkit.cli.output.console import Screen
from searchkit.types import Mode


def more_like(
    *,
    id: Annotated[  # noqa: A002
        str | None, typer.Argument(metavar="ID", show_default=False, help="The id of an article of the index.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", show_default=False, help="A text, instead of an article of the index."),
    ] = None,
    index: Index = None,
    k: Count = 10,
    mode: ModeOption = Mode.HYBRID,
    copies: Annotated[
        bool, typer.Option("--copies", help="Keep near copies of the article and of better results among the results.")
    ] = False,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    language: Languages = None,
    tag: Tags = None,
    author: Authors = None,
    where: Others = None,
    explain: Explain = False,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Find articles that are like one of the index, or like a text, by their words and their meaning.

    Near copies are left out, and a note says how many.
    """
    from searchkit.search.searcher import open_index

    screen = Screen(no_color=no_color)
    chosen = Format.JSON if json else format or Format.TABLE
    path = existing_index(index, screen)
    filters = conditions(
        since=since, until=until, source=source, language=language, tag=tag, author=author, where=where
    )
    with open_index(path) as searcher:
        answer = searcher.more_like(
            id,
            text=text,
            k=k,
            mode=mode,
            where=filters,
            copies=copies,
            explain=explain or chosen in {Format.JSON, Format.JSONL},
        )
    answer_writer(screen, chosen, str(path), explain=explain, many=False)(answer, "1")
    if not answer.results:
        raise typer.Exit(1)
