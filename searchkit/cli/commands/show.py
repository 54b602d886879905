"""``show``, ``info`` and ``list``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from searchkit.answer import chunk_dict
from searchkit.cli.index_argument import HOME, existing_place, known_indexes
from searchkit.cli.options import Index, Json, NoColor
from searchkit.cli.output.console import Screen, tell
from searchkit.cli.project_defaults import taken_from
from searchkit.errors import ConfigError, SearchkitError
from searchkit.types import IndexInfo


def show(
    *,
    id: Annotated[  # noqa: A002
        str, typer.Argument(metavar="ID", show_default=False, help="An article's id, or a chunk's: ARTICLE-ID#ORDINAL.")
    ],
    index: Index = None,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Show a whole article, or one chunk of it."""
    from searchkit.cli.output import formats, index_report
    from searchkit.search.searcher import open_index

    screen = Screen(no_color=no_color)
    path = existing_place(index, screen)
    with open_index(path) as searcher:
        whole = searcher.article(id)
        if whole is not None:
            chunks = searcher.chunks(id)
            screen.write(
                formats.to_json(formats.whole_article_json(whole, chunks))
                if json
                else index_report.article(whole, chunks)
            )
            return
        chunk = searcher.chunk(id)
        if chunk is not None:
            of = searcher.article(chunk.article_id)
            screen.write(formats.to_json(chunk_dict(chunk)) if json else index_report.chunk(chunk, of))
            return
    tell(screen, f"No article and no chunk in {path} has the id {id!r}.", "A search names the ids: 'searchkit search'.")
    raise typer.Exit(1)


def info(context: typer.Context, *, index: Index = None, json: Json = False, no_color: NoColor = False) -> None:
    """Show what an index is made of, and its history."""
    from searchkit.cli.output import formats, index_report
    from searchkit.index.generation import index_info
    from searchkit.index.history import history
    from searchkit.index.lock import writer_at_work
    from searchkit.index.paths import IndexPaths

    screen = Screen(no_color=no_color)
    where = existing_place(index, screen)
    if isinstance(where, str):
        _cluster_info(screen, where, json=json)
        return
    about, past, writer = index_info(where), history(where), writer_at_work(IndexPaths(where).lock)
    if json:
        more = {
            "writer": str(writer or ""),
            "config_file": taken_from(context),
            "history": [asdict(generation) for generation in past],
        }
        screen.write(formats.to_json({**formats.info_json(about), **more}))
    else:
        screen.write(index_report.index(about), index_report.history(past))
        if file := taken_from(context):
            screen.say(f"Taken from {file}.")
        if writer:
            screen.say(f"Being written: {writer}.")


def _cluster_info(screen: Screen, address: str, *, json: bool) -> None:
    """Show what an index on a cluster is made of; ``doctor`` shows its generations."""
    from searchkit.cli.output import formats, index_report
    from searchkit.search.searcher import open_index

    with open_index(address) as searcher:
        about = searcher.info()
    screen.write(formats.to_json(formats.info_json(about)) if json else index_report.index(about))


def list_indexes(
    *,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.")] = HOME,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """List the indexes in a folder."""
    from searchkit.cli.output import formats, index_report

    screen = Screen(no_color=no_color)
    if not folder.is_dir() and folder != HOME:
        raise ConfigError(f"There is no folder {folder}.", hint="Name the folder in which the indexes are.")
    listed = [(str(path), _looked_at(path)) for path in known_indexes(folder)]
    listed += [(str(path), f"unfinished: its build can go on with {kept:,} vectors") for path, kept in _begun(folder)]
    if json:
        screen.write(formats.to_json([_listed_json(path, about) for path, about in listed]))
    else:
        screen.write(*(line for path, about in listed for line in index_report.listed(path, about)))
    if not listed:
        tell(
            screen, f"There is no index in {folder}.", "Make one with 'searchkit build PLACE... --index indexes/NAME'."
        )
        raise typer.Exit(1)


def _begun(folder: Path) -> list[tuple[Path, int]]:
    """Return the folders in which a build was stopped that has left nothing but vectors, and how many."""
    from searchkit.index.embedding_source import kept_vectors
    from searchkit.index.paths import IndexPaths, is_index

    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return [(path, kept) for path in inside if not is_index(path) and (kept := kept_vectors(IndexPaths(path)))]


def _looked_at(path: Path) -> IndexInfo | str:
    """Return what an index is made of, or why that can't be said."""
    from searchkit.index.generation import index_info

    try:
        return index_info(path)
    except SearchkitError as error:
        return str(error)


def _listed_json(path: str, about: IndexInfo | str) -> dict[str, object]:
    from searchkit.cli.output.formats import info_json

    return {"path": path, "error": about} if isinstance(about, str) else {**info_json(about), "path": path}
