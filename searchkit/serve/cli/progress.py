"""How far is it, and how long will it take? A bar for each stage, drawn only where someone watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from searchkit.serve.cli.terminal import Screen, drawing
from searchkit.types import Progress

_UNITS = {
    "read": "files",
    "chunk": "articles",
    "index": "articles",
    "merge": "articles",
    "encode": "chunks",
    "copy": "segments",
    "verify": "segments",
    "ask": "queries",
}


@contextmanager
def bars(screen: Screen, *, shown: bool = True) -> Iterator[Progress | None]:
    """Give a ``Progress`` that draws one bar a stage on standard error, or None where nobody would see it."""
    if not shown or not screen.watched:
        yield None
        return
    from rich import progress as rich_progress
    from rich.text import Text

    class Rate(rich_progress.ProgressColumn):
        """So many a second, and the time that is left at this rate."""

        def render(self, task: rich_progress.Task) -> Text:
            return Text(pace(task.finished_speed or task.speed, None if task.finished else task.time_remaining))

    columns = (
        rich_progress.TextColumn("{task.description:<6}"),
        rich_progress.BarColumn(bar_width=20),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[unit]}", style="dim"),
        rich_progress.TimeElapsedColumn(),
        Rate(),
    )
    console = screen.console(screen.err)
    with (
        rich_progress.Progress(*columns, console=console, transient=True) as drawn,
        drawing(screen.err, console),
    ):
        tasks: dict[str, rich_progress.TaskID] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = drawn.add_task(stage, total=None, unit=_UNITS.get(stage, ""))
            drawn.update(tasks[stage], completed=done, total=total or None)

        yield progress


def pace(speed: float | None, left_s: float | None) -> str:
    """Write a rate and the time left: ``12/s, 0:40 left``; nothing where neither is known."""
    rate = "" if not speed else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"
    left = "" if left_s is None else f"{clock(left_s)} left"
    return ", ".join(part for part in (rate, left) if part)


def clock(seconds: float) -> str:
    """Write a time as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
