"""What does it cost to build, open and change an index? Each is done in a process of its own, whose memory is measured.

python -m scripts.benchmarks.building build NAME CHUNKS FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.benchmarks.corpus import BLOCK, Corpus, Made
from scripts.benchmarks.peers.peer import Meter, bytes_in
from scripts.benchmarks.questions import CLASSES, questions
from scripts.benchmarks.systems import KEYWORD, OURS, TANTIVY, System, system

Facts = dict[str, float]
KEPT_FROM_S = 8.0
"""CPU seconds from which on a peer's index is kept: the others are built beside searchkit's, in the same minutes."""

NEW, REPLACED = 300, 200
"""Chunks of an update: new ones, and ones that take the place of others."""


def build_all(
    systems: list[System], chunks: int, place: Path, *, jobs: int = 1, reuse: bool = False
) -> dict[str, Facts]:
    """Build each system's index of the archive below ``place``; return what it cost.

    A peer's index of an earlier run is used again where it took long; with ``reuse`` all are, searchkit's too: nobody
    checks then whether they are what would be built today.
    """
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda one: _built(one, chunks, folder_of(one, chunks, place), reuse), systems)
        return dict(zip((one.name for one in systems), found, strict=True))


def folder_of(one: System, chunks: int, place: Path) -> Path:
    """Return where a system's index of the archive lies."""
    return place / f"{chunks}" / one.name.replace(" ", "-").replace(",", "")


def in_child(*arguments: str) -> Facts:
    """Do one step in a process of its own; return what it says."""
    command = [sys.executable, "-m", "scripts.benchmarks.building", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    facts: Facts = json.loads(done.stdout.splitlines()[-1])
    return facts


def _built(one: System, chunks: int, folder: Path, reuse: bool) -> Facts:
    stamp = folder / "built.json"
    key = _key(one)
    ours = one.name in {OURS, KEYWORD}
    if stamp.exists() and (reuse or not ours):
        kept: dict[str, Any] = json.loads(stamp.read_text())
        same = kept.pop("key") == key
        if reuse or (same and kept.get("all_cpu_s", kept["cpu_s"]) > KEPT_FROM_S):
            return kept
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    facts = in_child("build", one.name, str(chunks), str(folder))
    stamp.write_text(json.dumps({"key": key, **facts}))
    return facts


def _key(one: System) -> str:
    digest = hashlib.sha256(one.version.encode())
    for path in one.sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build(one: System, chunks: int, folder: Path) -> Facts:
    """Build an index here; return seconds, chunks a CPU-second, bytes on disk and memory."""
    corpus = Corpus(chunks, kept=folder.parent.parent / "texts")
    corpus.block(0)
    meter = Meter()
    with _Watch() as watch:
        one.build()(corpus, folder, meter)
    return {
        "cpu_s": meter.cpu_s,
        "wall_s": meter.wall_s,
        "chunks_per_cpu_s": chunks / meter.cpu_s,
        "mb": bytes_in(folder) / 1e6,
        "keyword_mb": _keyword_bytes(one, folder) / 1e6,
        "peak_mb": _peak_mb() + watch.helpers_mb,
        "peak_own_mb": watch.peak_mb,
        "helpers_mb": watch.helpers_mb,
        "all_cpu_s": time.process_time(),
    }


def _keyword_bytes(one: System, folder: Path) -> int:
    """Return the bytes of the keyword part: postings without stored articles, ids, dates and vectors."""
    if one.name in {OURS, KEYWORD}:
        return bytes_in(folder, "postings*")
    if one.name == TANTIVY:
        return bytes_in(folder) - sum(bytes_in(folder, pattern) for pattern in ("*.fast", "*.store", "built.json"))
    return bytes_in(folder)


def _peak_mb() -> float:
    """Return the most memory that this process ever had, the pages of mapped files with it.

    Not ``ru_maxrss``: that begins with the memory of the process which started this one.
    """
    return _mb("self", "VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


class _Watch:
    """Looks twenty times a second at how much memory is this process's own, and how much its helpers have.

    ``peak_mb`` is without the pages of mapped files; ``helpers_mb`` all that the processes have which it started.
    """

    def __init__(self) -> None:
        self.peak_mb = self.helpers_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while Path("/proc/self/status").exists() and not self._over.wait(0.05):
            self.peak_mb = max(self.peak_mb, _mb("self", "RssAnon"))
            helpers = {one for task in Path("/proc/self/task").glob("*/children") for one in _read(task).split()}
            self.helpers_mb = max(self.helpers_mb, sum(_mb(one, "VmRSS") for one in helpers))


def _mb(process: str, fact: str) -> float:
    """Return a size that the system tells of a process; 0 where it has ended."""
    said = [line.split() for line in _read(Path(f"/proc/{process}/status")).splitlines() if line.startswith(fact)]
    return int(said[0][1]) * 1024 / 1e6 if said else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""


def opened(one: System, folder: Path, chunks: int) -> Facts:
    """Open an index in a process that never did, and again; return milliseconds of both, and with a first search.

    The first time its packages are loaded too, which ``first_open_wall_ms`` includes.
    """
    opener = one.open()
    asked = questions(Corpus(chunks), next(known for known in CLASSES if known.name == "OR 4"), 1)[0]
    started = time.perf_counter()
    opener(folder).close()
    fresh = time.perf_counter() - started
    cpu, wall = time.process_time(), time.perf_counter()
    peer = opener(folder)
    cpu_open, wall_open = time.process_time() - cpu, time.perf_counter() - wall
    if asked.needs <= peer.can:
        peer.search(asked, 10)
    cpu_first, wall_first = time.process_time() - cpu, time.perf_counter() - wall
    peer.close()
    return {
        "cpu_ms": 1e3 * cpu_open,
        "wall_ms": 1e3 * wall_open,
        "first_open_wall_ms": 1e3 * fresh,
        "first_cpu_ms": 1e3 * cpu_first,
        "first_wall_ms": 1e3 * wall_first,
    }


def updated(one: System, folder: Path, chunks: int) -> Facts:
    """Change a copy of an index: new chunks, and others that replace some; return what it cost."""
    update = one.update()
    if update is None:
        return {}
    copy = folder.with_name(f"{folder.name}-changed")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    beyond = Corpus(chunks + BLOCK).block(chunks // BLOCK + 1)
    fresh = [_moved(made, chunks + place) for place, made in enumerate(beyond[:NEW])]
    fresh += [_moved(made, 7 * place) for place, made in enumerate(beyond[NEW : NEW + REPLACED])]
    meter = Meter()
    update(copy, fresh, meter)
    shutil.rmtree(copy)
    return {"cpu_ms": 1e3 * meter.cpu_s, "wall_ms": 1e3 * meter.wall_s, "chunks": len(fresh)}


def _moved(made: Made, row: int) -> Made:
    return Made(row=row, text=made.text, day=made.day, tags=made.tags)


def main() -> None:
    """Do one step and print what it cost, as JSON."""
    step, name, chunks, folder = sys.argv[1:]
    steps = {
        "build": lambda one: build(one, int(chunks), Path(folder)),
        "open": lambda one: opened(one, Path(folder), int(chunks)),
        "update": lambda one: updated(one, Path(folder), int(chunks)),
    }
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(json.dumps(steps[step](system(name))))


if __name__ == "__main__":
    main()
