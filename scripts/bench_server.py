"""Load on the HTTP server beside bare Python calls: requests a second, times, and the ratio of both."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import searchkit

QUERIES = (
    "Russian air defense in Venezuela",
    "who sold missiles to Caracas?",
    "air quality campaigner",
    "repairs of the old bridge",
    "price of cocoa",
    "title:missile*",
    "court of appeal freed journalists",
    "harvest of rice in the delta",
)
CLIENTS = (1, 8, 64)
WANTED = 0.7
"""The least share of the bare calls, at two workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of a load: requests a second, seconds at the middle and at the 99th percentile, and failures."""

    rate: float
    median_s: float
    p99_s: float
    failed: int
    editions: int

    def __str__(self) -> str:
        times = f"median {self.median_s * 1e3:.1f} ms, p99 {self.p99_s * 1e3:.1f} ms"
        return f"{self.rate:8.0f}/s   {times}, {self.failed} failed"


def bare(index: Path, mode: str, threads: int, seconds: float) -> float:
    """Return how many searches a second Python makes in one process, by some threads."""
    counts = [0] * threads
    with searchkit.open(index) as searcher:
        for query in QUERIES:
            searcher.search(query, mode=mode)
        end = time.perf_counter() + seconds

        def ask(number: int) -> None:
            while time.perf_counter() < end:
                searcher.search(QUERIES[counts[number] % len(QUERIES)], mode=mode)
                counts[number] += 1

        started = time.perf_counter()
        asking = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        return sum(counts) / (time.perf_counter() - started)


@contextmanager
def server(index: Path, workers: int) -> Iterator[tuple[str, int]]:
    """Run the server; yield its host and port."""
    command = [sys.executable, "-m", "searchkit", "serve", "--index", str(index), "--port", "0"]
    process = subprocess.Popen([*command, "--workers", str(workers)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        address = re.search(r"http://\S+", process.stderr.readline())
        assert address is not None
        parts = urlsplit(address[0])
        assert parts.hostname is not None
        assert parts.port is not None
        yield parts.hostname, parts.port
    finally:
        process.terminate()
        process.wait()


async def client(host: str, port: int, name: str, mode: str, end: float, took: list[float], seen: set[str]) -> int:
    """Ask on one connection until the end; return how many requests failed."""
    reader, writer = await asyncio.open_connection(host, port)
    failed = 0
    while time.perf_counter() < end:
        path = f"/v1/{name}/search?mode={mode}&q={quote(QUERIES[len(took) % len(QUERIES)])}"
        started = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        took.append(time.perf_counter() - started)
        failed += b" 200 " not in head[:20]
        edition = re.search(rb'"generation":(\d+)', body)
        seen.add(edition[1].decode() if edition else "")
    writer.close()
    return failed


async def load(host: str, port: int, name: str, mode: str, clients: int, seconds: float) -> Load:
    """Ask by some clients at the same time."""
    took: list[float] = []
    seen: set[str] = set()
    started = time.perf_counter()
    asking = [client(host, port, name, mode, started + seconds, took, seen) for _ in range(clients)]
    failed = sum(await asyncio.gather(*asking))
    elapsed = time.perf_counter() - started
    took.sort()
    return Load(
        rate=len(took) / elapsed,
        median_s=took[len(took) // 2],
        p99_s=took[len(took) * 99 // 100],
        failed=failed,
        editions=len(seen),
    )


async def load_under_rebuilds(host: str, port: int, index: Path, mode: str, seconds: float) -> tuple[Load, int]:
    """Ask while the index is made anew again and again by another process; return how often it was, too."""
    stop = threading.Event()
    rebuilt = 0

    def rebuild() -> None:
        nonlocal rebuilt
        while not stop.is_set():
            command = ["nice", sys.executable, "-m", "searchkit", "rebuild", "--quiet", "--index", str(index)]
            subprocess.run(command, check=True, capture_output=True)
            rebuilt += 1

    thread = threading.Thread(target=rebuild)
    thread.start()
    measured = await load(host, port, index.name, mode, 8, seconds)
    stop.set()
    await asyncio.to_thread(thread.join)
    return measured, rebuilt


def measure(index: Path, mode: str, workers: int, seconds: float) -> bool:
    """Print all figures; return whether the least ratio is what is wanted."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {index.name}, {mode}; {workers} workers")
    calls = bare(index, mode, 1, seconds)
    print(f"bare calls, 1 thread    {calls:8.0f}/s")
    ratios = []
    with server(index, workers) as (host, port):
        asyncio.run(load(host, port, index.name, mode, 8, 1.0))
        for clients in CLIENTS:
            measured = asyncio.run(load(host, port, index.name, mode, clients, seconds))
            ratios.append(measured.rate / calls)
            print(f"server, {clients:2} clients      {measured}; {ratios[-1]:.2f} of the bare calls")
        idle = asyncio.run(load(host, port, index.name, mode, 8, seconds))
        busy, rebuilt = asyncio.run(load_under_rebuilds(host, port, index, mode, 2 * seconds))
        print(f"idle, 8 clients         {idle}")
        print(f"under {rebuilt} rebuilds        {busy}; p99 {busy.p99_s / idle.p99_s:.1f} times the idle one")
        print(f"generations that answered: {busy.editions}")
    after = bare(index, mode, 1, seconds)
    print(f"bare calls again        {after:8.0f}/s")
    return max(ratios) >= WANTED and not busy.failed


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--mode", default="keyword")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "measured"
        if options.index is None:
            searchkit.build(index, places=[Path(searchkit.__file__).parent / "samples" / "articles"])
        else:
            shutil.copytree(options.index, index)
        sys.exit(0 if measure(index, options.mode, options.workers, options.seconds) else 1)


if __name__ == "__main__":
    main()
