"""Project defaults: what commands take from the nearest ``searchkit.toml`` where the command line says nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from searchkit.cli.index_argument import named_index
from searchkit.config import DEFAULT_ENCODER, IndexConfig
from searchkit.errors import ConfigError
from searchkit.field_config import FieldConfig
from searchkit.project_file import EncoderTable, ProjectFile, is_address, nearest_file, read_project

OPTION = "--config"

_WITHOUT = ("init", "doctor", "list", "cache")
"""Commands that a file has nothing for, or that look at it themselves, so that a broken one is no obstacle."""

_SEVERAL = ("search", "serve", "mcp")
"""Commands that take several indexes; others take the first, but for those that change one."""

_WRITE = ("build", "add", "rebuild", "update", "update-fields", "delete", "compact", "watch", "rollback", "gc", "tune")

_READ_PLACES = ("build", "rebuild", "update", "watch")


def without_config(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Take ``--config FILE`` out of what was typed; return the rest, and the file. Raises ``ConfigError``."""
    end = list(words).index("--") if "--" in words else len(words)
    rest: list[str] = []
    file: str | None = None
    at = 0
    while at < end:
        name, mark, value = words[at].partition("=")
        if name != OPTION:
            rest.append(words[at])
        elif mark or at + 1 < end:
            file = value if mark else words[at + 1]
            at += 0 if mark else 1
        else:
            file = ""
        at += 1
    if file == "":
        raise ConfigError(f"{OPTION} names no file.", hint=f"Write {OPTION} FILE.")
    return [*rest, *words[end:]], file


def project_of(words: Sequence[str], file: str | None) -> ProjectFile | None:
    """Return the file that holds for what was typed: the one named, or the nearest; None where there is none.

    Raises ``ConfigError`` where it can't be read.
    """
    if file is not None:
        return read_project(Path(file).expanduser())
    if not words or words[0] in _WITHOUT or words[0].startswith("-") or {"--help", "-h"} & set(words):
        return None
    path = nearest_file(Path.cwd())
    return None if path is None else read_project(path)


def is_of_project(words: Sequence[str], project: ProjectFile) -> bool:
    """Say whether what was typed is about the file's indexes: it names no other."""
    named = [value for option, value in pairwise(words) if option == "--index"]
    named += [word.removeprefix("--index=") for word in words if word.startswith("--index=")]
    named = named or [name for name in [os.environ.get("SEARCHKIT_INDEX", "")] if name]
    own = {index if isinstance(index, str) else index.resolve() for index in project.index}
    return not own or all((name if is_address(name) else named_index(name).resolve()) in own for name in named)


def defaults_of(command: str, project: ProjectFile, *, is_named: bool) -> dict[str, Any]:
    """Return what a command takes for options that aren't typed; ``is_named``: whether the index is.

    Raises ``ConfigError`` where an index is to be changed and the file names several.
    """
    if command in _WRITE and len(project.index) > 1 and not is_named:
        paths = [_shown(path) for path in project.index]
        raise ConfigError(
            f"{project.path} names {len(paths)} indexes, and '{command}' works on one.",
            hint=f"Name it: --index {paths[0]}, or leave one in the file.",
        )
    encoder = project.encoder
    values: dict[str, Any] = {
        "encoder": encoder.name,
        "chunk_tokens": encoder.chunk_tokens,
        "keep_encoder": encoder.keep_encoder,
        "device": encoder.device,
        "field": [f"{name}={column}" for name, column in project.read.items()] or None,
        **(_served(project) if command == "serve" else {}),
    }
    if command in _READ_PLACES:
        feeds = command == "watch"  # the only one that asks for them
        values["places"] = [place for place in project.places if feeds or not is_address(place)] or None
    if project.index and not is_named:
        paths = [_shown(path) for path in project.index]
        values["index"] = paths if command in _SEVERAL else paths[0]
    return {name: value for name, value in values.items() if value is not None}


def _served(project: ProjectFile) -> dict[str, Any]:
    server = project.server
    return {
        "host": server.host,
        "port": server.port,
        "workers": server.workers,
        "tokens": server.tokens,
        "allow_host": None if server.allow_hosts is None else list(server.allow_hosts),
        "allow_origin": None if server.allow_origins is None else list(server.allow_origins),
        "timeout": None if server.timeout is None else float(server.timeout),
        "at_once": server.at_once,
    }


def _shown(path: Path | str) -> str:
    """Return a path as it is shown: from the working folder on where it lies below, with a sign that it is a path.

    An address stays as it is.
    """
    if isinstance(path, str):
        return path
    try:
        return f"./{path.relative_to(Path.cwd())}"
    except ValueError:
        return str(path)


def declared_fields(context: typer.Context) -> Mapping[str, FieldConfig] | None:
    """Return what the file declares of fields; None where it doesn't, or there is none."""
    project = context.obj
    return project.fields if isinstance(project, ProjectFile) else None


def baked_in(context: typer.Context) -> IndexConfig | None:
    """Return what the file has baked into an index that is made; None where there is no file that says it."""
    project = context.obj
    if not isinstance(project, ProjectFile) or (project.fields is None and project.encoder == EncoderTable()):
        return None
    names = ("chunk_tokens", "keep_encoder")
    chosen = {name: value for name in names if (value := getattr(project.encoder, name)) is not None}
    return IndexConfig(encoder=project.encoder.name or DEFAULT_ENCODER, fields=project.fields or {}, **chosen)


def taken_from(context: typer.Context) -> str:
    """Say which file defaults were taken from, and what it holds; "" where there is none."""
    project = context.obj
    return description(project) if isinstance(project, ProjectFile) else ""


def is_default(index: Path) -> bool:
    """Say whether commands in the working folder take this index where none is named: the nearest file names it."""
    file = nearest_file(Path.cwd())
    if file is None or os.environ.get("SEARCHKIT_INDEX"):
        return False
    try:
        names = [name.resolve() for name in read_project(file).index if isinstance(name, Path)]
        return names == [index.resolve()]
    except ConfigError:
        return False


def file_of_another_index() -> str:
    """Say which file holds here for another index than the one that was named; "" where there is none."""
    file = nearest_file(Path.cwd())
    return "" if file is None else f"{file} holds for another index. "


def description(project: ProjectFile) -> str:
    """Say what a file holds."""
    return f"{project.path} ({', '.join(project.named) or 'nothing in it'})"


def doctor_state() -> str:
    """Say which file holds here; "" where none does. Raises ``ConfigError`` where it can't be read."""
    path = nearest_file(Path.cwd())
    return "" if path is None else description(read_project(path))
