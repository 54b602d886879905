#!/usr/bin/env python
"""How long until the page shows results after Enter? In Chromium, by keyword, on a made index of so many chunks.

The words, the articles and the index are those of ``bench_suggest.py``. From the key's own time to the frame after the
first results stand in the page; the filters, which come later, are told apart. Ends with 1 beyond the budget.

    scripts/bench_page.py [--chunks 100000] [--index FOLDER]
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import searchkit
from scripts.bench_suggest import FlatEncoder, made_articles, made_words
from searchkit import IndexConfig

BUDGET_MS = 100
QUERIES = 30
_WATCH = """() => {
  window.times = { results: [], filters: [] };
  let pressed = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = event.timeStamp; }, true);
  const done = (kind) => requestAnimationFrame(() => times[kind].push(performance.now() - pressed));
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.some((node) => node.id === "results" || node.id === "columns")) done("results");
    if (added.some((node) => node.id === "filters")) done("filters");
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
}"""


@contextmanager
def serving(index: Path) -> Iterator[str]:
    """Serve an index in a process of its own; yield the address."""
    command = [sys.executable, "-m", "searchkit", "serve", "--port", "0", "--index", str(index)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().partition(" at ")[2].partition(" ")[0]
        finally:
            process.terminate()


def queries(words: list[str]) -> list[str]:
    """Return queries of two words, a common and a rarer one."""
    draw = random.Random(3)
    return [f"{draw.choice(words[:300])} {draw.choice(words[300:20_000])}" for _ in range(QUERIES)]


def bare(index: Path, texts: list[str]) -> list[float]:
    """Return how many ms each query takes in Python alone: what a busy machine does to both."""
    times = []
    with searchkit.open(index, encoder=FlatEncoder()) as searcher:
        searcher.search(texts[0], mode="keyword")
        for text in texts:
            started = time.perf_counter()
            searcher.search(text, mode="keyword")
            times.append((time.perf_counter() - started) * 1e3)
    return times


def measured(url: str, texts: list[str]) -> dict[str, list[float]]:
    """Return the times of results and filters in ms."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{url}/?mode=keyword")
        page.evaluate(_WATCH)
        for number, text in enumerate(texts):
            page.evaluate("text => { document.getElementById('q').value = text; }", text)
            page.locator("#q").press("Enter")
            while page.evaluate("Math.min(times.results.length, times.filters.length)") <= number:
                page.wait_for_timeout(50)
        times: Any = page.evaluate("times")
        browser.close()
    return {kind: list(values) for kind, values in times.items()}


def main() -> int:
    """Build the index where there is none, ask, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--index", type=Path)
    arguments = parser.parse_args()
    words = made_words()
    index = arguments.index or Path(tempfile.gettempdir()) / f"searchkit-suggest-{arguments.chunks}"
    if not index.exists():
        config = IndexConfig(chunk_tokens=32, overlap_sentences=0)
        searchkit.build(index, made_articles(arguments.chunks // 10, words), config=config, encoder=FlatEncoder())
    texts = queries(words)
    with serving(index) as url:
        times = measured(url, texts) | {"bare search": bare(index, texts)}
    for kind, values in times.items():
        tenth, *_, ninetieth = quantiles(values, n=10)
        print(f"{kind}: 10th {tenth:.0f} ms, median {median(values):.0f}, 90th {ninetieth:.0f} of {len(values)}")
    slower = median(times["results"]) / median(times["bare search"])
    print(f"results are {slower:.1f} times as late as Python's")
    print(f"budget of results after Enter: {BUDGET_MS} ms")
    return int(median(times["results"]) > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
