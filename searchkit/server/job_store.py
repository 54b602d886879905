"""Job store: what is changed in an index, by a process of its own, and how far it is.

A job is a file of events, a line of JSON each, in a folder that all workers share; so each can tell of any job. The
first event names the process that watches over it: where that is gone, the job is ``interrupted``.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from searchkit.server.problem_details import NotFound, TooManyRequests
from searchkit.server.request_counts import RequestCounts
from searchkit.storage.helper_process import HelperProcess, HelperStopped

ENDED = ("done", "failed", "interrupted")
_NAME = re.compile(r"[0-9a-f]{32}")
_LATEST_BYTES = 1_000_000
"""More than the longest event, which has a report, and what follows the progress before it."""

_JOB_PROCESS = "searchkit.server.job_process"


class JobStore:
    """The jobs of a server. Those that a worker takes run one after another."""

    def __init__(self, folder: Path, counts: RequestCounts, most: int) -> None:
        self._folder, self._counts, self._most = folder, counts, most
        self._pending = 0
        self._folder.mkdir(parents=True, exist_ok=True)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="searchkit-jobs")
        self._helper: HelperProcess | None = None
        self._closed = False

    def new(self) -> str:
        """Return the id of a job that is to be. Raises ``TooManyRequests`` where too many are waiting."""
        if self._pending >= self._most:
            raise TooManyRequests(f"{self._pending:,} jobs are waiting, which is as many as may.")
        return secrets.token_hex(16)

    def input_of(self, job: str) -> Path:
        """Return the file that holds what a job is given."""
        return self._folder / f"{job}.input"

    def lines_of(self, job: str) -> Path:
        """Return the file that says of each line of the input what became of it. Raises ``NotFound``."""
        self._events_of(job)
        path = self._folder / f"{job}.lines"
        if not path.exists():
            raise NotFound(
                f"The job '{job}' has no lines, or not yet.", hint="Only one that adds has, once it is done."
            )
        return path

    def start(self, job: str, kind: str, index: str, request: Mapping[str, Any]) -> None:
        """Take a job; it runs when those before are through."""
        self._write(job, {"event": "queued", "kind": kind, "index": index, "process": os.getpid(), "at": time.time()})
        self._pending += 1
        self._threads.submit(self._run, job, kind, request)

    def state(self, job: str) -> dict[str, Any]:
        """Return what is known of a job. Raises ``NotFound``."""
        path = self._events_of(job)
        first, latest = _first_event(path), _latest_events(path)
        last = latest[-1]
        state = "running" if last["event"] == "progress" else last["event"]
        if state not in ENDED and not _is_alive(first["process"]):
            state = "interrupted"
        shown = {"id": job, "kind": first["kind"], "index": first["index"], "state": state}
        progress = [event for event in latest if event["event"] == "progress"]
        if progress:
            shown["progress"] = {name: progress[-1][name] for name in ("stage", "done", "total")}
        shown |= {name: last[name] for name in ("report", "problem") if name in last}
        shown["events"] = f"/v1/jobs/{job}/events"
        if (self._folder / f"{job}.lines").exists():
            shown["lines"] = f"/v1/jobs/{job}/lines"
        return shown

    def events(self, job: str, after: int) -> Iterator[tuple[int, dict[str, Any]] | None]:
        """Yield the events of a job after the one of a number, with their numbers; None where there is none yet.

        Raises ``NotFound``.
        """
        path = self._events_of(job)
        process = _first_event(path)["process"]
        with path.open(encoding="utf-8") as lines:
            number, begun = 0, ""
            while True:
                begun += lines.readline()
                if begun.endswith("\n"):
                    event, begun = json.loads(begun), ""
                    if number > after:
                        yield number, event
                    number += 1
                    if event["event"] in ENDED:
                        return
                elif not _is_alive(process):
                    yield number, {"event": "interrupted"}
                    return
                else:
                    yield None

    def close(self) -> None:
        """Stop what is running; an index stays at the last generation that was whole."""
        self._closed = True
        if self._helper is not None:
            self._helper.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _events_of(self, job: str) -> Path:
        path = self._folder / f"{job}.events"
        if not _NAME.fullmatch(job) or not path.exists():
            raise NotFound(f"There is no job '{job[:60]}'.", hint="The answer that took a job names it.")
        return path

    def _run(self, job: str, kind: str, request: Mapping[str, Any]) -> None:
        files = {name: str(self._folder / f"{job}.{name}") for name in ("events", "input", "lines")}
        try:
            self._helper = HelperProcess(_JOB_PROCESS, [], {})
            if self._closed:
                self._helper.kill()
            last = self._helper.ask({"kind": kind, "files": files, **request})
        except (HelperStopped, OSError) as error:
            last = {"event": "interrupted", "reason": str(error)}
        finally:
            if self._helper is not None:
                self._helper.close()
            self.input_of(job).unlink(missing_ok=True)
            self._pending -= 1
        self._write(job, last)
        self._counts.add("jobs_total", f'{{kind="{kind}",ended="{last["event"]}"}}')

    def _write(self, job: str, event: Mapping[str, Any]) -> None:
        with (self._folder / f"{job}.events").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")


def _first_event(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        event: dict[str, Any] = json.loads(file.readline())
        return event


def _latest_events(path: Path) -> list[dict[str, Any]]:
    """Return the last events of a file, the first alone where there are no more: a long job has many."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LATEST_BYTES))
        whole = file.read().rpartition(b"\n")[0].splitlines()
    return [json.loads(line) for line in (whole[1:] if size > _LATEST_BYTES else whole)]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
