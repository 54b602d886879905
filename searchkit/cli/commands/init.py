"""``init``: a commented ``searchkit.toml``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from searchkit.cli.options import NoColor, Quiet
from searchkit.cli.output.console import Screen
from searchkit.errors import ConfigError, StorageError
from searchkit.project_file import FILE_NAME, TEMPLATE

USUAL_PLACES = ("articles", "archive", "content", "posts", "docs", "data")
"""Folders that are likely to hold the articles, where there is one."""


def init(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", show_default="this folder", help="Whose file it is to be.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Write it anew where it is there.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write a searchkit.toml, in which commands find places, index, fields, encoder and server.

    It holds for its folder and every one below it. After it 'searchkit build', 'searchkit search "…"', update, watch,
    serve and mcp need no options; what is typed goes before what it says.
    """
    screen = Screen(no_color=no_color)
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}.", hint="Name one that is there, or none for this one.")
    path = folder / FILE_NAME
    place = next((name for name in USUAL_PLACES if (folder / name).is_dir()), ".")
    text = TEMPLATE.format(
        place=json.dumps(place), index=json.dumps(f"indexes/{_index_name(folder)}", ensure_ascii=False)
    )
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already.", hint="Edit it, or write it anew with --force.") from error
    except OSError as error:
        raise StorageError(
            f"Can't write {path}: {error.strerror}.", hint="Name a folder that can be written."
        ) from error
    if not quiet:
        screen.say(f"Wrote {path}.", "Look at 'places' in it, then run 'searchkit build'.")


def _index_name(folder: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-.") or "articles"
