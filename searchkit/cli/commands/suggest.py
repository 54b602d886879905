"""``suggest``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from searchkit.cli.filter_options import conditions
from searchkit.cli.index_argument import existing_index
from searchkit.cli.options import Authors, Index, Json, Languages, NoColor, Others, Since, Sources, Tags, Until
from searchkit.cli.output.console import Screen, clean, tell
from searchkit.errors import QueryError


def suggest(
    *,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", show_default=False, help="What is typed so far.")],
    index: Index = None,
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many suggestions.")] = 10,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="NAME", show_default=False, help="Only these: word, title, or a field. Repeatable."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    language: Languages = None,
    tag: Tags = None,
    author: Authors = None,
    where: Others = None,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Tell what a beginning may go on to: words, titles, sources, tags and other values, the most frequent first.

    A word's count is of chunks, any other's of articles. Case and accents don't matter.
    """
    from searchkit.cli.output import formats
    from searchkit.search.searcher import open_index

    screen = Screen(no_color=no_color)
    if not prefix.strip():
        raise QueryError("There is no beginning.", hint="Give what it is to begin with: searchkit suggest harb.")
    path = existing_index(index, screen)
    filters = conditions(
        since=since, until=until, source=source, language=language, tag=tag, author=author, where=where
    )
    with open_index(path) as searcher:
        suggestions = searcher.suggest(prefix, k=k, kinds=kind or None, where=filters)
    if json:
        screen.write(formats.to_json([asdict(suggestion) for suggestion in suggestions]))
    else:
        width = max((len(f"{suggestion.count:,}") for suggestion in suggestions), default=0)
        screen.write(*(f"{each.count:>{width},}  {each.kind}: {clean(each.text)}" for each in suggestions))
    if not suggestions:
        tell(screen, f"Nothing begins with {prefix!r}.", "A shorter beginning fits more.")
        raise typer.Exit(1)
