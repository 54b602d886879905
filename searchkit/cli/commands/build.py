"""``build``, ``add`` and ``rebuild``, and their report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from searchkit.cli.commands.generation_diff import (
    NoSwitch,
    Qrels,
    Queries,
    RequireOverlap,
    SwitchReview,
    considered_json,
)
from searchkit.cli.index_argument import existing_index, new_index
from searchkit.cli.interruption import InterruptedWork
from searchkit.cli.options import (
    READING,
    Device,
    Fields,
    Index,
    Jobs,
    Json,
    NoCache,
    NoColor,
    Quiet,
    Strict,
    Wait,
    pairs,
)
from searchkit.cli.output.console import Screen
from searchkit.cli.project_defaults import declared_fields, file_of_another_index, is_default
from searchkit.config import DEFAULT_ENCODER, IndexConfig, ReadConfig
from searchkit.errors import ConfigError, NotOnCluster, SearchkitError
from searchkit.opensearch.address import is_address
from searchkit.types import BuildReport, Encoder, Progress

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
        help="A sentence-transformers model, by name or path; static:NAME for its static form; http://host/v1#model for"
        " an embeddings endpoint, its key in SEARCHKIT_ENCODER_KEY.",
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

KeepEncoder = Annotated[
    bool | None,
    typer.Option(
        "--keep-encoder/--no-keep-encoder",
        show_default=False,
        rich_help_panel=READING,
        help="Put the encoder into the index, which can then be searched where it isn't installed.",
    ),
]
KeywordFirst = Annotated[
    bool,
    typer.Option(
        "--keyword-first", help="Publish a generation that is searched by keyword before the vectors are there."
    ),
]

EncodeAnew = Annotated[
    bool,
    typer.Option("--encode-anew", help="Make every vector anew, and take none that is there: they may be wrong."),
]


def build(
    context: typer.Context,
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    encoder: EncoderName = None,
    chunk_tokens: ChunkTokens = None,
    keep_encoder: KeepEncoder = None,
    device: Device = None,
    strict: Strict = False,
    keyword_first: KeywordFirst = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Make an index from articles.

    Text, Markdown, HTML, JSONL, CSV, feeds, web archives, mail, and archives (.zip, .tar) of them are read, also
    compressed. What can't be read is named at the end and the rest is indexed: the exit code is 0 then, and 8 where
    nothing could be read.

    """
    from searchkit.index import build as index_build

    screen = Screen(no_color=no_color)
    if not places:
        raise ConfigError(
            "What should be indexed?",
            hint=f"{file_of_another_index() if context.obj is None else ''}Name files or folders: searchkit build"
            " PLACE... --index PATH.",
        )
    if index and is_address(index):
        if keyword_first or wait:
            raise NotOnCluster("--keyword-first and --wait don't work over OpenSearch yet.", hint="Leave them out.")

        from searchkit.cli.commands.cluster import build_there

        build_there(
            screen,
            index,
            places,
            config=IndexConfig(**_changes(encoder, chunk_tokens, keep_encoder), fields=declared_fields(context) or {}),
            read=ReadConfig(fields=dict(pairs("--field", field))),
            encoder=encoder_on(device, encoder or DEFAULT_ENCODER),
            strict=strict,
            cache=not no_cache,
            jobs=jobs,
            quiet=quiet,
            json=json,
        )
        return
    where = new_index(index)

    def make(progress: Progress | None) -> BuildReport:
        return index_build.build(
            where,
            places=places or (),
            config=IndexConfig(**_changes(encoder, chunk_tokens, keep_encoder)),
            fields=declared_fields(context),
            read=ReadConfig(fields=dict(pairs("--field", field))),
            encoder=encoder_on(device, encoder or DEFAULT_ENCODER),
            strict=strict,
            keyword_first=keyword_first,
            say=None if quiet or json else screen.say,
            cache=not no_cache,
            jobs=jobs,
            lock_timeout_s=wait,
            progress=progress,
        )

    work(screen, where, make, quiet=quiet, json=json)


def add(
    context: typer.Context,
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    device: Device = None,
    strict: Strict = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Add articles to an index; one with an id that is there already takes its place."""
    from searchkit.index import update as index_update

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    if not places:
        raise ConfigError("What should be added?", hint="Name files or folders: searchkit add PLACE... --index PATH.")

    def make(progress: Progress | None) -> BuildReport:
        return index_update.add(
            where,
            places=places or (),
            fields=declared_fields(context),
            read=ReadConfig(fields=dict(pairs("--field", field))),
            encoder=encoder_of_index(device, where),
            strict=strict,
            cache=not no_cache,
            jobs=jobs,
            lock_timeout_s=wait,
            progress=progress,
        )

    work(screen, where, make, quiet=quiet, json=json)


def rebuild(
    context: typer.Context,
    *,
    places: Places = None,
    index: Index = None,
    field: Fields = None,
    encoder: EncoderName = None,
    chunk_tokens: ChunkTokens = None,
    keep_encoder: KeepEncoder = None,
    device: Device = None,
    strict: Strict = False,
    keyword_first: KeywordFirst = False,
    queries: Queries = None,
    qrels: Qrels = None,
    require_overlap: RequireOverlap = None,
    no_switch: NoSwitch = False,
    no_cache: NoCache = False,
    encode_anew: EncodeAnew = False,
    jobs: Jobs = None,
    wait: Wait = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Make the next generation of an index while searches go on.

    Without places it reads again those the index was built from, or, where they are gone, the articles it has stored.
    With another encoder the generation in force serves until the next is complete, and how answers change is told
    before it takes its place.

    """
    from searchkit.index import build as index_build

    screen = Screen(no_color=no_color)
    where = existing_index(index, screen)
    if keyword_first and (no_switch or require_overlap is not None or queries is not None or qrels is not None):
        raise ConfigError(
            "--keyword-first puts a generation in force before there is anything to compare.",
            hint="Leave it out, or leave out --queries, --qrels, --require-overlap and --no-switch.",
        )
    considering = SwitchReview(
        where,
        queries=queries,
        qrels=qrels,
        require_overlap=require_overlap,
        switch=not no_switch,
        say=None if quiet or json else screen.say,
    )
    changes = _changes(encoder, chunk_tokens, keep_encoder)
    read = ReadConfig(fields=dict(pairs("--field", field))) if field else None

    def make(progress: Progress | None) -> BuildReport:
        config = _changed_config(where, changes) if changes else None
        return index_build.rebuild(
            where,
            places=places or (),
            config=config,
            fields=declared_fields(context),
            read=read,
            encoder=encoder_on(device, encoder) if encoder else encoder_of_index(device, where),
            strict=strict,
            cache=not no_cache,
            reuse=not encode_anew,
            jobs=jobs,
            keyword_first=keyword_first,
            consider=None if keyword_first else considering,
            say=None if quiet or json else screen.say,
            lock_timeout_s=wait,
            progress=progress,
        )

    work(screen, where, make, lambda: _switch_json(considering), quiet=quiet, json=json)
    if considering.refused:
        raise typer.Exit(1)


def _switch_json(considering: SwitchReview) -> dict[str, Any]:
    """Return what a comparison of generations adds to a report."""
    return {} if considering.considered is None else {"switch": considered_json(considering.considered)}


def _changes(encoder: str | None, chunk_tokens: int | None, keep_encoder: bool | None) -> dict[str, Any]:
    """Return the settings that were given."""
    chosen = {"encoder": encoder, "chunk_tokens": chunk_tokens, "keep_encoder": keep_encoder}
    return {name: value for name, value in chosen.items() if value is not None}


def encoder_on(device: str | None, name: str, *, relative: bool = True) -> Encoder | None:
    """Return an encoder on the device that was asked for; None where none was. Raises ``ConfigError``."""
    from searchkit.encoders import load_encoder

    return None if device is None else load_encoder(name, relative=relative, device=device)


def encoder_of_index(device: str | None, where: Path) -> Encoder | None:
    """Return an index's encoder on the device that was asked for; None where none was. Raises ``ConfigError``."""
    if device is None:
        return None
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    return encoder_on(device, manifest_in_force(IndexPaths(where)).encoder.name, relative=False)


def _changed_config(where: Path, changes: dict[str, Any]) -> IndexConfig:
    """Return the configuration of an index with what was given on the command line put in its place."""
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    return replace(manifest_in_force(IndexPaths(where)).config, **changes)


def work(
    screen: Screen,
    where: Path,
    make: Callable[[Progress | None], BuildReport],
    more: Callable[[], dict[str, Any]] = dict,
    *,
    quiet: bool,
    json: bool,
) -> BuildReport:
    """Do the work with its progress shown, and tell what came of it: to people, or as JSON with ``more``. Return it."""
    from searchkit.cli.output import formats, index_report
    from searchkit.cli.output.console import bars

    with _interruptible(where), bars(screen, shown=not quiet) as progress:
        report = make(progress)
    if json:
        screen.write(formats.to_json({**formats.report_json(report), **more()}))
        return report
    if not quiet:
        screen.say(index_report.report(report))
    for note in report.notes:
        screen.say(f"Note: {note}")
    if report.problems:
        screen.say(*index_report.problems(report))
    if not quiet and (report.chunks or _holds_articles(where)):
        option = "" if is_default(where) else f" --index {report.path}"
        screen.say(f'Ask it:  searchkit search "…"{option}')
    return report


def _holds_articles(where: Path) -> bool:
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    return manifest_in_force(IndexPaths(where)).articles > 0


@contextmanager
def _interruptible(where: Path) -> Iterator[None]:
    """Turn ctrl-C into a sentence on the state of the index: its last generation, which nothing half-done can touch."""
    try:
        yield
    except KeyboardInterrupt:
        from searchkit.cli.output import index_report
        from searchkit.index.embedding_source import kept_vectors
        from searchkit.index.manifest import manifest_in_force
        from searchkit.index.paths import IndexPaths

        again = "Run the same command again to start over."
        try:
            manifest = manifest_in_force(IndexPaths(where))
            state = f"{where} stays at generation {manifest.generation}"
            waiting = manifest.vectors < manifest.chunks
        except SearchkitError:
            state, waiting = "no index was made", False
        if kept := kept_vectors(IndexPaths(where)):
            again = (
                f"Run the same command again to go on: the {kept:,} vectors that are made already are kept in {where}."
            )
        if waiting:
            state += index_report.coverage(manifest.vectors, manifest.chunks)
            rest = f"'searchkit rebuild --index {quote(str(where))}' makes the rest of the vectors"
            again = f"It can be searched by keyword; {rest}."
        raise InterruptedWork(f"Interrupted: {state}. {again}") from None
