"""How is an index made or changed on the command line? ``build``, ``add``, ``rebuild``, and a report at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from searchkit.config import DEFAULT_ENCODER, IndexConfig, ReadConfig
from searchkit.errors import ConfigError, SearchkitError
from searchkit.serve.cli.options import READING, Fields, Index, Json, NoColor, Quiet, Strict, pairs
from searchkit.serve.cli.places import existing_index, new_index
from searchkit.serve.cli.terminal import Screen
from searchkit.types import BuildReport, Progress

Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PLACE", show_default=False, help="Files, folders, globs, or - for JSONL on standard input."
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        show_default=DEFAULT_ENCODER,
        rich_help_panel=READING,
        help="A sentence-transformers model, by name or path.",
    ),
]
ChunkTokens = Annotated[
    int | None,
    typer.Option(
        "--chunk-tokens",
        metavar="N",
        show_default="the encoder's limit, 256 at most",
        rich_help_panel=READING,
        help="The longest chunk, in the encoder's tokens.",
    ),
]


class InterruptedWork(Exception):
    """Ctrl-C came while an index was being written; the message tells what state it is in."""


def build(
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    encoder: EncoderName = None,
    chunk_tokens: ChunkTokens = None,
    strict: Strict = False,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Make an index from articles.

    Text, Markdown, HTML, JSONL and CSV are read, also as .gz and .zst. What can't be read is named at the end
    and the rest is indexed: the exit code is 0 then, and 8 where nothing could be read.

    """
    from searchkit.index import writer

    screen = Screen(no_color=no_color)
    where = new_index(index)
    if not places:
        raise ConfigError(
            "What should be indexed?", hint="Name files or folders: searchkit build PLACE... --index PATH."
        )

    def make(progress: Progress | None) -> BuildReport:
        return writer.build(
            where,
            places=places or (),
            config=IndexConfig(**_changes(encoder, chunk_tokens)),
            read=ReadConfig(fields=dict(pairs("--field", field))),
            strict=strict,
            progress=progress,
        )

    work(screen, where, make, quiet=quiet, json=json)


def add(
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    strict: Strict = False,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Add articles to an index; one with an id that is there already takes its place."""
    from searchkit.index import changing

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    if not places:
        raise ConfigError("What should be added?", hint="Name files or folders: searchkit add PLACE... --index PATH.")

    def make(progress: Progress | None) -> BuildReport:
        return changing.add(
            where,
            places=places or (),
            read=ReadConfig(fields=dict(pairs("--field", field))),
            strict=strict,
            progress=progress,
        )

    work(screen, where, make, quiet=quiet, json=json)


def rebuild(
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    encoder: EncoderName = None,
    chunk_tokens: ChunkTokens = None,
    strict: Strict = False,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Make the next generation of an index while searches go on.

    Without places it reads again those the index was built from, or, where they are gone, the articles it has stored.

    """
    from searchkit.index import writer

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    changes = _changes(encoder, chunk_tokens)
    read = ReadConfig(fields=dict(pairs("--field", field))) if field else None

    def make(progress: Progress | None) -> BuildReport:
        config = _changed_config(where, changes) if changes else None
        return writer.rebuild(where, places=places or (), config=config, read=read, strict=strict, progress=progress)

    work(screen, where, make, quiet=quiet, json=json)


def _changes(encoder: str | None, chunk_tokens: int | None) -> dict[str, Any]:
    """Return the settings that were given."""
    given = {"encoder": encoder, "chunk_tokens": chunk_tokens}
    return {name: value for name, value in given.items() if value is not None}


def _changed_config(where: Path, changes: dict[str, Any]) -> IndexConfig:
    """Return the configuration of an index with what was given on the command line put in its place."""
    from searchkit.index.manifest import current_generation, read_manifest
    from searchkit.index.paths import IndexPaths

    paths = IndexPaths(where)
    return replace(read_manifest(paths, current_generation(paths)).config, **changes)


def work(
    screen: Screen, where: Path, make: Callable[[Progress | None], BuildReport], *, quiet: bool, json: bool
) -> BuildReport:
    """Do the work with its progress shown, and tell what came of it: to people, or as JSON. Return it too."""
    from searchkit.serve.cli import facts, formats
    from searchkit.serve.cli.progress import bars

    with _interruptible(where), bars(screen, shown=not quiet) as progress:
        report = make(progress)
    if json:
        screen.write(formats.to_json(formats.report_json(report)))
        return report
    if not quiet:
        screen.say(facts.report(report))
    for note in report.notes:
        screen.say(f"Note: {note}")
    if report.problems:
        screen.say(*facts.problems(report.problems))
    if not quiet:
        screen.say(f'Ask it:  searchkit search "…" --index {report.path}')
    return report


@contextmanager
def _interruptible(where: Path) -> Iterator[None]:
    """Turn ctrl-C into a sentence on the state of the index: its last generation, which nothing half-done can touch."""
    try:
        yield
    except KeyboardInterrupt:
        from searchkit.index.manifest import current_generation
        from searchkit.index.paths import IndexPaths

        try:
            state = f"{where} stays at generation {current_generation(IndexPaths(where))}"
        except SearchkitError:
            state = "no index was made"
        raise InterruptedWork(f"Interrupted: {state}. Run the same command again to start over.") from None
