"""Job process: a Python of its own that changes an index, so that what answers goes on as fast as before.

It ends with the server that started it, however that ended: the index stays at its last whole generation.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import IO, Any

from searchkit.errors import SearchkitError, SourceError
from searchkit.server.problem_details import problem_of
from searchkit.storage.helper_process import receive, send
from searchkit.types import Article, BuildReport, Progress

_WAIT_S = 600.0
"""How long a job waits for another writer."""

_TELL_S = 0.2
"""The least time between two events of the same stage."""

_NICE = 10
"""Who asks goes first."""


def serve() -> None:
    """Run the job that is asked for, and answer with its last event."""
    request = receive(sys.stdin.buffer)
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    os.nice(_NICE)
    send(sys.stdout.buffer, run(request))


def _end_with(pipe: IO[bytes]) -> None:
    """Wait until the other end of the pipe is gone, and end."""
    pipe.read()
    os.kill(os.getpid(), signal.SIGKILL)


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a job; return its last event: ``done`` with a report, or ``failed`` with a problem."""
    try:
        report = _JOBS[request["kind"]](request, _teller(request["files"]["events"]))
    except SearchkitError as error:
        return {"event": "failed", "problem": problem_of(error)}
    except Exception as error:
        fault = SearchkitError(f"{type(error).__name__}: {error}"[:300], hint="The server is at fault: report it.")
        return {"event": "failed", "problem": problem_of(fault) | {"status": 500, "code": "internal-fault"}}
    return {"event": "done", "report": _report_json(report)}


def _teller(events: str) -> Progress:
    """Return what writes progress to a file of events, the last step of a stage always."""
    told: dict[str, float] = {}

    def tell(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - told.get(stage, 0.0) < _TELL_S and done != total:
            return
        told[stage] = now
        with open(events, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(json.dumps({"event": "progress", "stage": stage, "done": done, "total": total}) + "\n")

    return tell


def _add(request: Mapping[str, Any], progress: Progress) -> BuildReport:
    from searchkit.index.update import add

    files = request["files"]
    with open(files["lines"], "w", encoding="utf-8") as lines:  # noqa: PTH123
        return add(request["path"], _articles(files["input"], lines), lock_timeout_s=_WAIT_S, progress=progress)


def _articles(path: str, lines: IO[str]) -> Iterator[Article]:
    """Yield the articles of a file of JSON lines, and write of each line what became of it."""
    with open(path, "rb") as file:  # noqa: PTH123
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                article = _article(line)
            except (SourceError, ValueError, RecursionError) as error:
                reason = error.message if isinstance(error, SourceError) else f"is no JSON object: {error}"
                lines.write(json.dumps({"line": number, "taken": False, "reason": reason[:300]}) + "\n")
            else:
                lines.write(json.dumps({"line": number, "taken": True, "id": article.id}) + "\n")
                yield article


def _article(line: bytes) -> Article:
    """Make an article of a line. Raises ``ValueError`` for no JSON object, ``SourceError`` for no article."""
    from searchkit.ingest.article_builder import article_from_dict, content_id, has_id

    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError(f"a {type(values).__name__}")
    return article_from_dict(values, fallback_id=None if has_id(values) else content_id("article", values))


def _delete(request: Mapping[str, Any], progress: Progress) -> BuildReport:
    from searchkit.index.update import delete

    return delete(request["path"], request["ids"], where=request["where"], lock_timeout_s=_WAIT_S)


def _update(request: Mapping[str, Any], progress: Progress) -> BuildReport:
    from searchkit.index.update import update

    return update(request["path"], prune=request["prune"], lock_timeout_s=_WAIT_S, progress=progress)


def _rebuild(request: Mapping[str, Any], progress: Progress) -> BuildReport:
    from searchkit.index.build import rebuild

    return rebuild(request["path"], reuse=request["reuse"], lock_timeout_s=_WAIT_S, progress=progress)


_JOBS: dict[str, Callable[[Mapping[str, Any], Progress], BuildReport]] = {
    "add": _add,
    "delete": _delete,
    "update": _update,
    "rebuild": _rebuild,
}


def _report_json(report: BuildReport) -> dict[str, Any]:
    """Return what a job did; of each kind of problem the first three."""
    names = ("generation", "articles", "chunks", "new", "changed", "unchanged", "vanished", "deleted", "lost", "took_s")
    kinds = [asdict(kind) for kind in report.problem_kinds]
    return {name: getattr(report, name) for name in names} | {"notes": list(report.notes), "problems": kinds}
