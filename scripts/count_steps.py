#!/usr/bin/env python3
"""Count the files and functions of searchkit that a search and a build enter.

    scripts/count_steps.py [--list]

A newcomer who follows one search reads as many files as this prints. Counted are a search for a text that was searched
before, one for a text of new words, whose terms and vector aren't remembered, and a build of articles that a program
hands over. Imports aren't counted, nor what is loaded once. ``--list`` prints the functions of each file.
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

sys.path.insert(0, str(Path(__file__).parent.parent))

import searchkit
from tests.word_encoder import WordEncoder

ROOT = Path(searchkit.__file__).parent
QUERY = "Russian air defense in Venezuela"
LIMITS = {"hybrid search": 26, "keyword search": 22, "build": 42}
"""The most files that each may enter, with the compiled extension."""

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
    articles = [
        {"id": str(number), "title": f"Igla {number}", "text": "Missiles guard the coast. " * 50}
        for number in range(30)
    ]
    with tempfile.TemporaryDirectory() as folder:
        places = [ROOT / "samples" / "articles"]
        searchkit.build(Path(folder) / "samples", places=places, cache=False)
        build = partial(searchkit.build, Path(folder) / "handed", articles, encoder=WordEncoder(), cache=False)
        counts = {"build": steps_of(build)}
        with searchkit.open(Path(folder) / "samples") as searcher:
            searcher.search("floods in the east of Spain")
            for mode in ("hybrid", "keyword"):
                search = partial(searcher.search, QUERY, mode=mode)
                counts[f"{mode} search, new words"] = steps_of(search)
                counts[f"{mode} search"] = steps_of(search)
    for name, steps in counts.items():
        functions = sum(map(len, steps.values()))
        limit = f" (limit {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name}: {len(steps)} files{limit}, {functions} functions")
        if listed:
            for path, entered in steps.items():
                print(f"  {path}: {', '.join(sorted(entered))}")
    return int(any(len(counts[name]) > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
