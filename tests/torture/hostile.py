"""What if an index comes from a stranger? No code of it runs, nothing outside is touched, memory stays bounded.

Each trial forges an index in one way, then asks it everything and lets three commands loose on it, in a process of its
own: whose memory is limited, whose time is limited, and where an audit hook hears what is opened, run or loaded. Each
call has to end with an answer or a typed error.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import searchkit
from searchkit import add, backup, compact, delete, gc, rebuild, restore, rollback, verify
from searchkit.config import SearchConfig
from searchkit.errors import SearchkitError
from searchkit.index.history import history
from tests.index.archive import article
from tests.torture.forgery import FORGERIES, OUTSIDE
from tests.torture.scenes import ENCODER, grown
from tests.torture.trials import Trial, answer, copied, in_child, with_empty_cache

MEMORY_BYTES = 640 << 20
"""What a process may take on top of what it has when it begins. The manifest's limit lets JSON take 170 MB."""

TIME_S = 20
"""Processor time of a trial, of which a healthy one takes less than one; waiting, for a pipe say, is ended later."""

_CODE = {
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "pickle.find_class",
    "ctypes.dlopen", "sqlite3.enable_load_extension", "sqlite3.load_extension", "socket.connect", "code.__new__",
}  # fmt: skip
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}

QUESTIONS = (
    "oil of Venezuela", "zebr*", "*ebra", "venezuela~1 oil~", '"new line of trams"', '"line trams"~3', "title:report",
    "(oil OR rice) AND NOT trams", "source:ledger oil", "published:[2025 TO 2026]", "zzebra", "re?ort -oil",
    "pages:[1 TO 5] report", "trams^2 rice",
)  # fmt: skip


def hostile_trials(sample: int | None, seed: int, only: str | None = None) -> Iterator[Trial]:
    """Forge an index in each of ``FORGERIES``, ``sample`` times in all (3,000 without)."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        start = Path(name) / "start"
        start.mkdir()
        with_empty_cache(start)
        answer(lambda: grown(start) and None)
        (start / OUTSIDE).mkdir()
        (start / OUTSIDE / "secret").write_text("nobody's business")
        answer(lambda: backup(start / "index", start / "backup") and None)
        kinds = [only] if only else list(FORGERIES)
        for number in range(sample or 3_000):
            kind = kinds[number % len(kinds)]
            yield f"hostile {kind} at trial {number}", partial(_tried, kind, start, seed * 1_000_003 + number)


def _tried(kind: str, start: Path, seed: int) -> list[str]:
    folder = copied(start, start.parent / f"trial-{os.getpid()}")
    dice = random.Random(seed)
    try:
        how = FORGERIES[kind](folder / "index", dice)
        before = _outside(folder)
        stopped, said = in_child(partial(probed, folder, dice))
        found = said if isinstance(said, list) else [str(said)]
        if stopped:
            found = [f"it ended the process with signal {stopped}"]
        if _outside(folder) != before:
            found.append("a file outside the index was changed")
        return [how, *found] if found else []
    finally:
        shutil.rmtree(folder)


def _outside(folder: Path) -> dict[str, str]:
    files = [path for path in (folder / OUTSIDE).rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def probed(folder: Path, dice: random.Random) -> list[str]:
    """Ask a forged index everything, and let some commands loose on it; say what was wrong."""
    index = folder / "index"
    found: list[str] = []
    _bounded()
    sys.addaudithook(partial(_heard, str(folder), found))
    always: tuple[tuple[str, Callable[[], object]], ...] = (
        ("search", lambda: _asked(index)),
        ("verify", lambda: verify(index, deep=True, encoder=ENCODER)),
    )
    commands: tuple[tuple[str, Callable[[], object]], ...] = (
        ("quick verify", lambda: verify(index, encoder=ENCODER)),
        ("backup", lambda: backup(index, folder / "copy")),
        ("history", lambda: history(index)),
        ("add", lambda: add(index, [article(11), article(1)], encoder=ENCODER)),
        ("delete", lambda: delete(index, ["a000", "a011"])),
        ("compact", lambda: compact(index)),
        ("rollback", lambda: rollback(index)),
        ("gc", lambda: gc(index, keep=1)),
        ("rebuild", lambda: rebuild(index, [article(1)], encoder=ENCODER)),
        ("restore", lambda: restore(folder / "backup", index)),
    )
    for name, command in (*always, *dice.sample(commands, 3), ("search again", lambda: _asked(index))):
        try:
            command()
        except SearchkitError as error:
            if not error.message or not error.hint:
                found.append(f"{name}: an error without words")
        except BaseException:
            found.append(f"{name}: {traceback.format_exc(limit=-3)}")
    return list(dict.fromkeys(found))


def _bounded() -> None:
    """Limit this process to so much memory and time more than it has used."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + TIME_S
    resource.setrlimit(resource.RLIMIT_CPU, (end, end))
    signal.alarm(4 * TIME_S)


def _asked(index: Path) -> None:
    with searchkit.open(index, encoder=ENCODER) as searcher:
        searcher.info()
        for number, text in enumerate(QUESTIONS):
            searcher.search(text, mode=("keyword", "hybrid", "vector")[number % 3], facets=["source", "pages"], k=3)
            searcher.search(text, mode="keyword")
        searcher.search("report", since="2025-01-02", source="el correo", fields={"desk": "world"})
        for number in range(12):
            searcher.article(f"a{number:03d}")
            searcher.chunks(f"a{number:03d}")
    with searchkit.open(index, encoder=ENCODER, config=SearchConfig(depth=2)) as searcher:
        searcher.search("a zebra crossed", mode="vector")


def _heard(folder: str, found: list[str], event: str, arguments: tuple[Any, ...]) -> None:
    """Note what a forged index must not bring about."""
    if event in _CODE:
        found.append(f"it brought about {event} {arguments!r:.200}")
    paths = [str(one) for one in arguments if isinstance(one, str | Path)][:2]
    if event == "open" and isinstance(arguments[0], str | Path):
        writes = bool(set(arguments[1] or "") & set("wax+")) or arguments[2] & (os.O_WRONLY | os.O_RDWR)
        # A link that isn't followed is an error of the call, and nothing was opened.
        followed = not arguments[2] & os.O_NOFOLLOW
        real = os.path.realpath(paths[0] if followed else Path(paths[0]).parent)
        allowed = (*(f"{folder}/{name}" for name in ("index", "backup", "copy")), os.environ["SEARCHKIT_CACHE"])
        temporary = f"{tempfile.gettempdir()}/searchkit-"
        if real == "/etc/passwd" or real.startswith(f"{folder}/{OUTSIDE}"):
            found.append(f"it opened {real}")
        elif writes and not real.startswith((*allowed, temporary, "/dev/null")):
            found.append(f"it wrote to {real}")
    elif event in _CHANGES and paths and paths[0].startswith(folder):
        real = os.path.realpath(Path(paths[0]).parent)
        if not real.startswith(folder) or real.startswith(f"{folder}/{OUTSIDE}"):
            found.append(f"it brought about {event} in {real}")
