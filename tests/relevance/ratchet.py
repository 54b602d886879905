"""Here is a collection; how good is searchkit on it, and how good must it stay? Floors that can only be raised.

``floors.json`` holds, for each collection, the digest of its data and the floor of each mode's nDCG@10. The test
measures and compares; ``scripts/raise-floors`` measures and writes. Figures of other data can't be compared, so floors
with another digest fail, and only ``raise-floors --new-data`` puts others in their place. A collection that isn't on
this machine is left out with a word, a name that is none of them is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path

import searchkit
from searchkit import Mode
from searchkit.evaluation.judgments import read_judged
from searchkit.evaluation.measures import depth_for, measure
from searchkit.evaluation.runs import make_run

FLOORS = Path(__file__).with_name("floors.json")
SAMPLES = Path(searchkit.__file__).parent / "samples"
COLLECTIONS = Path(__file__).resolve().parents[3] / "shared" / "collections"
MEASURE = "nDCG@10"
CHEAP = ("samples", "xquad-en", "cranfield")
"""Few enough chunks to be encoded in a minute or two."""

DEAR = ("scifact", "digitalgov-known", "xquad-xling")
KEPT = "SEARCHKIT_RELEVANCE"
"""Names a folder in which indexes are kept from one run to the next; then the large collections are measured too."""

SLACK = 0.002
"""A floor stands so much below what was measured: another processor rounds vectors otherwise."""

Floors = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a collection lies: what is indexed, and the folder of its queries and qrels."""

    name: str
    corpus: Path
    judged: Path

    @property
    def there(self) -> bool:
        """Whether it is here."""
        return self.corpus.exists() and (self.judged / "qrels" / "test.tsv").exists()

    def digest(self) -> str:
        """Return the digest of all that the figures depend on: articles, queries and qrels."""
        files = [self.corpus] if self.corpus.is_file() else (one for one in self.corpus.rglob("*") if one.is_file())
        total = hashlib.sha256()
        for path in (*sorted(files), self.judged / "queries.jsonl", self.judged / "qrels" / "test.tsv"):
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


def place_of(name: str) -> Place:
    """Return where a collection lies, whether or not it is there."""
    if name == "samples":
        return Place(name=name, corpus=SAMPLES / "articles", judged=SAMPLES)
    return Place(name=name, corpus=COLLECTIONS / name / "corpus.jsonl", judged=COLLECTIONS / name)


def measured(place: Place, folder: Path) -> dict[str, float]:
    """Index a collection below a folder, or bring its index there up to date, and return each mode's figure."""
    index = folder / place.name
    make = searchkit.rebuild if (index / "CURRENT").exists() else searchkit.build
    make(index, places=[place.corpus])
    judged = read_judged(place.judged)
    with searchkit.open(index) as searcher:
        runs = [make_run(searcher, judged.queries, mode=mode, depth=depth_for([MEASURE])) for mode in Mode]
    return {run.name: measure(run, judged.qrels, [MEASURE]).mean(MEASURE) for run in runs}


def read_floors() -> Floors:
    """Read the floors that stand."""
    floors: Floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    return floors


def floor_of(value: float) -> float:
    """Return the floor that a measured value gives."""
    return floor((value - SLACK) * 1000) / 1000


def raised(
    old: dict[str, object] | None, digest: str, values: dict[str, float], *, new_data: bool
) -> dict[str, object]:
    """Return the floors that the values give. Raises ``ValueError`` where one is lower, or the data are others."""
    new = {mode: floor_of(value) for mode, value in values.items()}
    if old is None or (old["digest"] != digest and new_data):
        return {"digest": digest, "floors": new}
    if old["digest"] != digest:
        raise ValueError("the data are not those of its floors; --new-data measures them anew")
    stand = old["floors"]
    assert isinstance(stand, dict)
    fallen = [f"{mode} {values[mode]:.4f} < {stand[mode]}" for mode in new if values[mode] < stand[mode]]
    if fallen:
        raise ValueError(f"below its floors: {', '.join(fallen)}; no floor is ever lowered")
    return {"digest": digest, "floors": {mode: max(value, stand[mode]) for mode, value in new.items()}}


def raise_floors(names: Iterable[str], folder: Path, *, new_data: bool) -> int:
    """Measure, write the floors that can be raised, say what can't; return the exit code."""
    floors, refused = read_floors(), False
    for name in names:
        place = place_of(name)
        if not place.there:
            print(f"{name}: not here")
            continue
        values = measured(place, folder)
        try:
            floors[name] = raised(floors.get(name), place.digest(), values, new_data=new_data)
            FLOORS.write_text(json.dumps(dict(sorted(floors.items())), indent=2) + "\n", encoding="utf-8")
            print(f"{name}: {floors[name]['floors']}, measured {values}")
        except ValueError as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            refused = True
    return int(refused)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments of ``scripts/raise-floors``; return the exit code, 2 where a name is none of those known."""
    parser = argparse.ArgumentParser(prog="scripts/raise-floors", description="Raise the floors of relevance.")
    parser.add_argument("name", nargs="*", help=f"a collection; all without: {', '.join((*CHEAP, *DEAR))}")
    parser.add_argument("--new-data", action="store_true", help="take new floors where a collection's data changed")
    given = parser.parse_args(arguments)
    known = (*CHEAP, *DEAR)
    if unknown := [name for name in given.name if name not in known]:
        print(f"error: There is no collection {unknown[0]!r}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    kept = os.environ.get(KEPT)
    names = given.name or (*CHEAP, *(DEAR if kept else ()))
    with tempfile.TemporaryDirectory() as scratch:
        return raise_floors(names, Path(kept or scratch), new_data=given.new_data)


if __name__ == "__main__":
    sys.exit(main())
