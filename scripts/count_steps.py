#!/usr/bin/env python3
"""Count the files and functions of searchkit that a search and a build enter.

    scripts/count_steps.py [--list]

A newcomer who follows one search reads as many files as this prints. The bundled samples are built and searched. What
runs for the first time only isn't counted: imports, the loading of a model, what a first search prepares. Each counted
search is for another text than those before, so that its vector is computed. ``--list`` prints the functions of each
file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

import searchkit

ROOT = Path(searchkit.__file__).parent
QUERIES = ("floods in the east of Spain", "Russian air defense in Venezuela")
"""The first prepares, the second is counted."""

LIMITS = {"hybrid search": 26, "keyword search": 22, "build": 42}
"""The most files that each may enter."""

Steps = dict[str, set[str]]


def steps_of(work: Callable[[], object]) -> Steps:
    """Run some work and return the functions that it enters, by the file they stand in."""
    steps: Steps = defaultdict(set)

    def enter(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        is_function = frame.f_code.co_flags & CO_OPTIMIZED and not frame.f_code.co_name.startswith("<")
        if event == "call" and is_function and path.is_relative_to(ROOT):
            steps[path.relative_to(ROOT).as_posix()].add(frame.f_code.co_qualname)

    threading.setprofile(enter)
    sys.setprofile(enter)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return dict(sorted(steps.items()))


def main() -> int:
    """Print the counts; return 1 where one is over its limit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--list", action="store_true", help="print the functions of each file")
    listed = options.parse_args().list
    with tempfile.TemporaryDirectory() as folder:
        places = [ROOT / "samples" / "articles"]
        searchkit.build(Path(folder) / "first", places=places, cache=False)
        index = Path(folder) / "index"
        counts = {"build": steps_of(lambda: searchkit.build(index, places=places, cache=False))}
        with searchkit.open(index) as searcher:
            for mode in ("hybrid", "keyword"):
                preparing, counted = (partial(searcher.search, query, mode=mode) for query in QUERIES)
                preparing()
                counts[f"{mode} search"] = steps_of(counted)
    for name, steps in counts.items():
        functions = sum(map(len, steps.values()))
        print(f"{name}: {len(steps)} files (limit {LIMITS[name]}), {functions} functions")
        if listed:
            for path, entered in steps.items():
                print(f"  {path}: {', '.join(sorted(entered))}")
    return int(any(len(steps) > LIMITS[name] for name, steps in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
