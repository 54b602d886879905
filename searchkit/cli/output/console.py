"""Console: standard output and error, text made safe to show, and progress bars.

What comes from an article passes through ``clean`` before it meets a terminal: an article must not be able to move the
cursor, change colours or reverse the direction of a line.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from searchkit.types import Progress

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


DEFAULT_WIDTH = 80
READABLE_WIDTH = 110
"""Lines longer than this are hard to read; wider terminals are left empty on the right."""

_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return one line of text that can't steer a terminal.

    Line breaks and tabs become a space, other control characters and lone surrogates the replacement sign, and the
    characters that override the direction of writing are taken out.
    """
    return _DIRECTIONS.sub("", _CONTROLS.sub("\ufffd", _BREAKS.sub(" ", text)))


def clean_lines(text: str) -> str:
    """Return the text with its line breaks kept, every line ``clean``."""
    return "\n".join(clean(line) for line in text.splitlines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Both streams of the process: how wide, whether in colour, whether someone watches.

    ``colour`` and ``watched`` belong to each stream on its own: output is often piped while messages are not.
    """

    no_color: bool = False
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _bar_consoles: list[Console] = field(default_factory=list, init=False, repr=False, compare=False)
    """Who draws moving bars on standard error at the moment: what is written beside cuts them up."""

    @property
    def width(self) -> int:
        """The width for text: COLUMNS, or the terminal's, at most what reads well, or 80 where there is none."""
        return min(_columns(self), READABLE_WIDTH)

    @property
    def watched(self) -> bool:
        """Whether standard error is a terminal, so that a moving bar makes sense."""
        return self.err.isatty() and self.environment.get("TERM") != "dumb"

    def write(self, *parts: RenderableType) -> None:
        """Write data to standard output; text stands as it is, Rich's things are drawn.

        Who reads may stop at any time (``| head``): then the rest is dropped without a word.
        """
        try:
            for part in parts:
                if isinstance(part, str):
                    self.out.write(part if part.endswith("\n") or not part else f"{part}\n")
                else:
                    self.out.write(self.draw(part))
            self.out.flush()
        except BrokenPipeError:
            _close_quietly(self.out)

    def say(self, *parts: RenderableType) -> None:
        """Write something that isn't data to standard error."""
        for part in parts:
            if self._bar_consoles:  # above the bars, which are drawn anew below
                text = clean_lines(part) if isinstance(part, str) else part
                self._bar_consoles[-1].print(text, markup=False, highlight=False, soft_wrap=isinstance(part, str))
            elif isinstance(part, str):  # long lines are left whole, so that a path can be copied
                try:
                    self.err.write(f"{clean_lines(part)}\n")
                    self.err.flush()
                except BrokenPipeError:
                    _close_quietly(self.err)
            else:
                self.console(self.err).print(part, markup=False, highlight=False)

    def error_console(self) -> Console:
        """Return Rich's view of standard error: the one that draws bars there, while one does."""
        return self._bar_consoles[-1] if self._bar_consoles else self.console(self.err)

    @contextmanager
    def bars_on(self, console: Console) -> Iterator[None]:
        """Let whatever else is said during the block go above the bars that a console draws on standard error."""
        self._bar_consoles.append(console)
        try:
            yield
        finally:
            self._bar_consoles.remove(console)

    def draw(self, part: RenderableType) -> str:
        """Return what would be written to standard output, without the padding at the ends of lines."""
        console = self.console(self.out)
        with console.capture() as capture:
            console.print(part, markup=False, highlight=False)
        return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())

    def console(self, stream: TextIO) -> Console:
        """Return Rich's view of a stream."""
        from rich.console import Console

        colour = _coloured(self, stream)
        return Console(
            file=stream,
            width=self.width,
            force_terminal=colour,
            color_system="auto" if colour else None,
            no_color=not colour,
            emoji=False,
            legacy_windows=False,
        )


def tell(screen: Screen, message: str, hint: str = "") -> None:
    """Write one message to standard error: what happened, and below it what to do next."""
    try:
        from rich.text import Text
    except ImportError:  # the message may be this very fault
        screen.say(f"searchkit: {message}", *([f"  {hint}"] if hint else []))
        return
    text = Text.assemble(("searchkit: ", "bold red"), clean_lines(message))
    if hint:
        text.append(f"\n  {clean_lines(hint)}")
    screen.error_console().print(text, soft_wrap=True)


def open_closed_streams() -> bool:
    """Point streams that were closed when the process began at nothing; say whether standard output is one of them.

    Else the next file that is opened would get its number, and what is printed would go into it.
    """
    output_is_closed = sys.stdout is None
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 # as long as the process
    return output_is_closed


def utf8_streams() -> None:
    """Let both streams take every character: data is UTF-8, and a lone surrogate is escaped as JSON does it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _columns(screen: Screen) -> int:
    columns = screen.environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    for stream in (screen.out, screen.err):
        try:
            return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
        except (OSError, ValueError):  # not a terminal, or a stream without a file
            continue
    return DEFAULT_WIDTH


def _coloured(screen: Screen, stream: TextIO) -> bool:
    """Follow NO_COLOR and FORCE_COLOR (no-color.org, force-color.org): set and not empty counts."""
    if screen.no_color or screen.environment.get("NO_COLOR") or screen.environment.get("TERM") == "dumb":
        return False
    return bool(screen.environment.get("FORCE_COLOR")) or stream.isatty()


def _close_quietly(stream: TextIO) -> None:
    """Point a stream whose reader has gone at nothing, so that the last flush of the process doesn't complain."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a file has nobody to complain to
        return


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
        screen.bars_on(console),
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
