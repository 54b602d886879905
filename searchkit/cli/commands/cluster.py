"""``copy``, and ``build`` where the index is on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from searchkit.cli.index_argument import named_index
from searchkit.cli.interruption import InterruptedWork
from searchkit.cli.options import Json, NoColor, Quiet
from searchkit.cli.output.console import Screen, clean
from searchkit.cli.output.numbers import count
from searchkit.config import IndexConfig, ReadConfig
from searchkit.errors import NotOnCluster
from searchkit.opensearch.address import address_of, is_address
from searchkit.types import BuildReport, Encoder, Progress

From = Annotated[str, typer.Argument(metavar="FROM", show_default=False, help="The folder of an index.")]
To = Annotated[str, typer.Argument(metavar="TO", show_default=False, help="An address: opensearch://HOST:9200/NAME.")]
Shards = Annotated[int, typer.Option("--shards", metavar="N", min=1, help="Parts that the cluster divides it into.")]
Replicas = Annotated[
    int | None,
    typer.Option(
        "--replicas", metavar="N", min=0, show_default="one, where there are several nodes", help="Copies of each part."
    ),
]
T = TypeVar("T")

if TYPE_CHECKING:
    from searchkit.opensearch.cluster_writer import CopyReport


def copy(
    *,
    source: From,
    target: To,
    shards: Shards = 1,
    replicas: Replicas = None,
    quiet: Quiet = False,
    json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Copy an index to an OpenSearch cluster, as the next generation there; nothing is encoded.

    Searches there go on in the generation before until all of it has been written and read back.

    """
    from searchkit.cli.output import formats
    from searchkit.opensearch import build as cluster_build

    screen = Screen(no_color=no_color)
    if not is_address(target):
        raise NotOnCluster(
            "An index can be copied to an OpenSearch cluster, not to a folder yet.",
            hint="Name an address: opensearch://HOST:9200/NAME. 'searchkit backup' copies from folder to folder.",
        )
    folder, address = named_index(source), address_of(target)

    def make(progress: Progress | None) -> CopyReport:
        return cluster_build.copy(folder, address, shards=shards, replicas=replicas, progress=progress)

    report = _interruptible(screen, str(address), make, quiet=quiet)
    if json:
        screen.write(formats.to_json({"path": str(address), **asdict(report)}))
        return
    for note in report.notes:
        screen.say(f"Note: {note}")
    if not quiet:
        numbers = f"{count(report.articles, 'article')}, {count(report.chunks, 'chunk')}"
        screen.say(f"{clean(str(address))}, generation {report.generation}, a copy of {clean(str(folder))}: {numbers}.")


def build_there(
    screen: Screen,
    index: str,
    places: Sequence[str],
    *,
    config: IndexConfig,
    read: ReadConfig,
    encoder: Encoder | None,
    strict: bool,
    cache: bool,
    jobs: int | None,
    quiet: bool,
    json: bool,
) -> None:
    """Build an index on a cluster, and tell what came of it."""
    from searchkit.cli.output import formats, index_report
    from searchkit.opensearch import build as cluster_build

    def make(progress: Progress | None) -> BuildReport:
        return cluster_build.build(
            index,
            places=places,
            config=config,
            read=read,
            encoder=encoder,
            strict=strict,
            cache=cache,
            jobs=jobs,
            say=None if quiet or json else screen.say,
            progress=progress,
        )

    report = _interruptible(screen, index, make, quiet=quiet)
    if json:
        screen.write(formats.to_json(formats.report_json(report)))
        return
    if not quiet:
        screen.say(index_report.report(report))
    for note in report.notes:
        screen.say(f"Note: {note}")
    if report.problems:
        screen.say(*index_report.problems(report))
    if not quiet:
        screen.say(f'Ask it:  searchkit search "…" --index {report.path}')


def _interruptible(screen: Screen, index: str, make: Callable[[Progress | None], T], *, quiet: bool) -> T:
    """Do the work with its progress shown; ctrl-C becomes a sentence on the state of the index."""
    from searchkit.cli.output.console import bars

    try:
        with bars(screen, shown=not quiet) as progress:
            return make(progress)
    except KeyboardInterrupt:
        raise InterruptedWork(
            f"Interrupted: {index} stays as it was. Run the same command again to start over."
        ) from None
