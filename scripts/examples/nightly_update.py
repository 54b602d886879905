"""A nightly update beside a live reader, which answers all along, from the old state or the new one.

python scripts/examples/nightly_update.py ARTICLES INDEX
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event, Thread

import searchkit


def read(index: str, stop: Event, seen: dict[int, int]) -> None:
    """Ask again and again, as a server does, and count the answers of each generation."""
    with searchkit.open(index, refresh_after_s=0.2) as searcher:
        while not stop.wait(0.02):
            answer = searcher.search("air defense", k=3, mode="keyword")
            seen[answer.generation] = seen.get(answer.generation, 0) + 1


def main(articles: str, index: str) -> dict[int, int]:
    if not Path(index).exists():
        searchkit.build(index, places=[articles])
    stop, seen = Event(), dict[int, int]()
    reader = Thread(target=read, args=(index, stop, seen))
    reader.start()
    try:
        report = searchkit.update(index, places=[articles], prune=True, say=print)
        print(f"new {report.new}, changed {report.changed}, unchanged {report.unchanged}, deleted {report.deleted}")
        for problem in report.problems:
            print(problem)
        stop.wait(0.5)
    finally:
        stop.set()
        reader.join()
    print(f"answers by generation: {seen}")
    searchkit.gc(index)
    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
