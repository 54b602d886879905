#!/usr/bin/env python3
"""What is each choice worth? Builds and asks every collection with one thing changed, and prints a table.

    scripts/ablations.py --indexes DIR --collections DIR --scratch DIR cranfield xquad-en

Each name is an index in the first folder, whose vectors are used again where a text stays the same, and a judged
collection (BEIR's layout) in the second. Rows are changes, columns collections: nDCG@10 by keyword and hybrid. A change
is of the configuration, or of a constant in the code, which is put back afterwards. With --only, some of the rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any
from unittest.mock import patch

import searchkit
from searchkit.config import IndexConfig, SearchConfig
from searchkit.evaluation.judged import Judged, read_judged
from searchkit.evaluation.measures import depth_for, measure
from searchkit.evaluation.runs import make_run
from searchkit.index.reader import open_generation
from searchkit.index.writer import rebuild
from searchkit.types import Mode

MEASURE = "nDCG@10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different: settings, and what is put in the place of names in the code."""

    index: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)

    @property
    def builds(self) -> bool:
        """Whether files change by it."""
        return bool(self.index)

    @contextmanager
    def made(self) -> Iterator[None]:
        """Change the code for a while."""
        with ExitStack() as stack:
            for name, value in self.code.items():
                stack.enter_context(patch(name, value))
            yield


def _every_word(words: Sequence[Any], languages: Sequence[str | None]) -> list[Any]:
    """Stand in for ``telling_words``: stop words stay."""
    return list(words)


CHANGES: dict[str, Change] = {
    "as it is": Change(),
    "k1 .9, b .4": Change(
        code={"searchkit.index.keyword.statistics.K1": 0.9, "searchkit.index.keyword.statistics.B": 0.4}
    ),
    "k1 1.6": Change(code={"searchkit.index.keyword.statistics.K1": 1.6}),
    "b .5": Change(code={"searchkit.index.keyword.statistics.B": 0.5}),
    "b .9": Change(code={"searchkit.index.keyword.statistics.B": 0.9}),
    "best chunk alone": Change(code={"searchkit.search.voting.VOTE": 0.0}),
    "votes .3": Change(code={"searchkit.search.voting.VOTE": 0.3}),
    "three voters": Change(code={"searchkit.search.voting.VOTERS": 3}),
    "cosines as they are": Change(code={"searchkit.search.leaning.Leaning.towards": lambda self, vector: None}),
    "vector weight 2.0": Change(search={"vector_weight": 2.0}),
    "vector weight 3.5": Change(search={"vector_weight": 3.5}),
    "stop words kept": Change(code={"searchkit.index.keyword.leaves.telling_words": _every_word}),
    "title once": Change(index={"title_weight": 1}),
    "title three times": Change(index={"title_weight": 3}),
    "chunks of 128 tokens": Change(index={"chunk_tokens": 128}),
    "chunks of 192 tokens": Change(index={"chunk_tokens": 192}),
    "no overlap": Change(index={"overlap_sentences": 0}),
    "overlap of 2 sentences": Change(index={"overlap_sentences": 2}),
}


def measured(index: Path, judged: Judged, config: SearchConfig) -> tuple[float, float]:
    """Return an index's figures by keyword and hybrid."""
    with searchkit.open(index, config=config) as searcher:
        runs = [
            make_run(searcher, judged.queries, mode=mode, depth=depth_for([MEASURE]))
            for mode in (Mode.KEYWORD, Mode.HYBRID)
        ]
    keyword, hybrid = (measure(run, judged.qrels, [MEASURE]).mean(MEASURE) for run in runs)
    return keyword, hybrid


def made_again(index: Path, scratch: Path, change: Change) -> Path:
    """Return a copy of an index, made again with the change."""
    copy = scratch / "changed"
    rmtree(copy, ignore_errors=True)
    copytree(index, copy)
    with open_generation(copy) as generation:
        config: IndexConfig = generation.manifest.config
    rebuild(copy, config=replace(config, **change.index))
    return copy


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+")
    for option in ("--indexes", "--collections", "--scratch"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(CHANGES), metavar="CHANGE", help=", ".join(CHANGES))
    given = parser.parse_args(arguments)
    judged = {name: read_judged(given.collections / name) for name in given.names}
    print("| | " + " | ".join(given.names) + " | mean |\n" + "|---" * (len(given.names) + 2) + "|", flush=True)
    for title in given.only or CHANGES:
        change, row = CHANGES[title], []
        with change.made():
            for name in given.names:
                index = given.indexes / name
                if change.builds:
                    index = made_again(index, given.scratch, change)
                row.append(measured(index, judged[name], SearchConfig(**change.search)))
        keyword, hybrid = (sum(column) / len(column) for column in zip(*row, strict=True))
        cells = [f"{one:.3f} / {two:.3f}" for one, two in [*row, (keyword, hybrid)]]
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
