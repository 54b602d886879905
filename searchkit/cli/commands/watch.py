"""``watch``: an index kept in line with folders and feeds."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from searchkit.cli.index_argument import existing_index, new_index
from searchkit.cli.interruption import InterruptedWork
from searchkit.cli.options import Fields, Index, Jobs, NoCache, NoColor, Quiet, pairs
from searchkit.cli.output.console import Screen
from searchkit.cli.project_defaults import baked_in
from searchkit.config import ReadConfig
from searchkit.errors import ConfigError

if TYPE_CHECKING:
    from searchkit.index.watcher import WatchEvent

WatchedPlaces = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PLACE", show_default=False, help="Files, folders, globs, and addresses of feeds (http, https, file)."
    ),
]
Poll = Annotated[
    float | None,
    typer.Option(
        "--poll",
        min=0.1,
        metavar="SECONDS",
        show_default="the system tells",
        help="Look at the folders every so many seconds: for network disks, and where watchdog isn't installed.",
    ),
]
Interval = Annotated[
    float,
    typer.Option(
        "--interval", min=1.0, metavar="MINUTES", help="The least time between two requests for a feed, in minutes."
    ),
]
Batch = Annotated[
    float,
    typer.Option(
        "--batch", min=0.0, metavar="SECONDS", help="How long a new file waits for others, to be committed with them."
    ),
]
Generations = Annotated[
    int,
    typer.Option(
        "--generations", min=0, metavar="N", help="How many generations stay to go back to, at least; 0 leaves all."
    ),
]
Once = Annotated[
    bool, typer.Option("--once", help="Look at all files and ask the feeds that are due, commit, and end: for cron.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the articles of files that have vanished.")]
Yes = Annotated[bool, typer.Option("--yes", help="Delete also where more than half of the index vanishes at once.")]
JsonLines = Annotated[
    bool, typer.Option("--json", help="Write a line of JSON for each event.", rich_help_panel="Output")
]


class _Terminated(KeyboardInterrupt):
    """SIGTERM came."""


def watch(
    context: typer.Context,
    *,
    places: WatchedPlaces = None,
    index: Index = None,
    poll: Poll = None,
    interval: Interval = 15.0,
    batch: Batch = 1.0,
    generations: Generations = 10,
    once: Once = False,
    keep: Keep = False,
    yes: Yes = False,
    field: Fields = None,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: JsonLines = False,
    no_color: NoColor = False,
) -> None:
    """Keep an index in line with folders and feeds.

    Without places it watches those that the index remembers, and the feeds that were watched for it. It begins with a
    look at all files, then commits what is new, changed, moved or deleted within two seconds, in batches. What leaves
    a feed stays in the index. It waits for other writers, and tries again where the disk is full.

    It can be stopped at any time: a batch that isn't finished is left, and the next start takes it up. Ctrl-C ends it
    with exit code 130, SIGTERM with 0.

    """
    from searchkit.index.watcher import WatchConfig, WatchEvent
    from searchkit.index.watcher import watch as keep_in_line
    from searchkit.ingest.feed_fetcher import is_feed_address

    screen = Screen(no_color=no_color)
    where = new_index(index) if index and places else existing_index(index, screen)
    named = list(places or _remembered(where))
    if "-" in named:
        raise ConfigError("Standard input can't be watched.", hint="Name files, folders, globs or feeds.")
    feeds = [place for place in named if is_feed_address(place)]
    config = WatchConfig(
        index=where,
        places=[str(Path(place).expanduser().absolute()) for place in named if place not in feeds],
        feeds=list(dict.fromkeys(feeds)),
        read=ReadConfig(fields=dict(pairs("--field", field))) if field or places else _read_before(where),
        poll_s=poll,
        feed_interval_s=60.0 * interval,
        batch_s=batch,
        prune=not keep,
        prune_limit=1.0 if yes else 0.5,
        cache=not no_cache,
        jobs=jobs,
        generations=generations,
        once=once,
        settings=baked_in(context),
    )

    def tell(event: WatchEvent) -> None:
        _write(screen, event, quiet=quiet, json=json)

    try:
        with _terminable():
            keep_in_line(config, tell)
    except _Terminated:
        tell(WatchEvent(kind="stopped", message=f"Stopped watching for {where}."))
    except KeyboardInterrupt:
        tell(WatchEvent(kind="stopped"))
        raise InterruptedWork(
            f"Interrupted: {where} has all that was committed. Run the same command again: it takes up the rest."
        ) from None


def _remembered(where: Path) -> tuple[str, ...]:
    """Return the places and feeds that an index remembers. Raises ``ConfigError`` where it remembers none."""
    from searchkit.index.feed_states import remembered_feeds
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    paths = IndexPaths(where)
    corpus = manifest_in_force(paths).corpus
    remembered = (*(corpus.places if corpus else ()), *remembered_feeds(paths))
    if not remembered:
        raise ConfigError(
            "The index remembers no places and no feeds.", hint="Name them: 'searchkit watch PLACE... --index PATH'."
        )
    return remembered


def _read_before(where: Path) -> ReadConfig:
    from searchkit.index.manifest import manifest_in_force
    from searchkit.index.paths import IndexPaths

    corpus = manifest_in_force(IndexPaths(where)).corpus
    return corpus.read if corpus else ReadConfig()


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM stop the block as ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write(screen: Screen, event: WatchEvent, *, quiet: bool, json: bool) -> None:
    """Write an event: a line of JSON to standard output, or lines for people to standard error."""
    from searchkit.cli.output import formats, index_report

    if json:
        screen.write(formats.to_json(_event_json(event), indent=None))
        return
    if not quiet or event.kind in {"waiting", "failed"}:
        screen.say(*_lines(event))
    if event.report is not None and event.problems:
        screen.say(*index_report.problems(event.report))
    else:
        screen.say(*map(str, event.problems))


def _lines(event: WatchEvent) -> Iterator[str]:
    """Say an event in sentences."""
    at = datetime.now().astimezone().strftime("%H:%M:%S")
    again = f" It is tried again in {event.again_in_s:.0f} s." if event.again_in_s is not None else ""
    if event.message:
        yield f"{at} {event.message}{again}{f' {event.hint}' if event.hint else ''}"
    report = event.report
    if report is not None:
        after = "" if event.latency_s is None else f", {event.latency_s:.1f} s after the first was seen"
        if event.kind == "committed":
            yield (
                f"{at} Generation {report.generation}: {report.new:,} new, {report.changed:,} changed,"
                f" {report.deleted:,} deleted{after}."
            )
        yield from (f"Note: {note}" for note in report.notes)


def _event_json(event: WatchEvent) -> dict[str, Any]:
    """Return an event as it is written in JSON: what doesn't belong to its kind is left out."""
    from dataclasses import asdict

    values: dict[str, Any] = {"event": event.kind, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    if event.message:
        values["message"] = event.message
    if event.hint:
        values["hint"] = event.hint
    if event.again_in_s is not None:
        values["again_in_s"] = round(event.again_in_s, 3)
    if event.report is not None:
        report = event.report
        values |= {"generation": report.generation, "new": report.new, "changed": report.changed}
        values |= {"deleted": report.deleted, "unchanged": report.unchanged, "vanished": report.vanished}
        values |= {"paths": event.paths, "feeds": event.feeds, "took_s": report.took_s, "latency_s": event.latency_s}
        values |= {"notes": list(report.notes)}
    if event.problems or event.report is not None:
        values["problems"] = [asdict(problem) for problem in event.problems]
    return values
