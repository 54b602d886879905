"""What can an index survive? Kill it, cut its power, refuse it the disk, damage it, forge it, crowd it.

``python -m tests.torture`` tries all; it prints how many trials of each kind there were, and each that failed. Then it
plants faults in searchkit, each of which the trials have to find.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from tests.torture.crowd import crowd_trials
from tests.torture.damage import asked, damage_trials
from tests.torture.hostile import hostile_trials
from tests.torture.plants import PLANTS, Plant
from tests.torture.powercut import power_trials
from tests.torture.scenes import grown, small_as_large
from tests.torture.trials import Trial, begun, ended, in_child, kill_trials, refuse_trials, scene_trials, tally

OF_SCENES = {"kill": kill_trials, "power": power_trials, "refuse": refuse_trials}
OTHERS = {"damage": damage_trials, "hostile": hostile_trials, "crowd": crowd_trials}
MEMORY = "/dev/shm"
"""Where trials are quicker than on a disk, and no less true: what a power cut takes is computed, not waited for."""

KINDS = (*OF_SCENES, *OTHERS, "plants")


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*KINDS, []], help="which trials; all without")
    parser.add_argument("--sample", type=int, help="trials of each command (all without), trials in all, or seconds")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", help="these commands or planted faults (a,b), or one way to damage or forge")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the trials")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop each kind after so long")
    given = parser.parse_args()
    if os.access(MEMORY, os.W_OK):
        tempfile.tempdir = MEMORY
    small_as_large()
    warmed()
    failed = 0
    for _, together in groupby(given.what or KINDS, key=lambda kind: "scenes" if kind in OF_SCENES else kind):
        kinds = tuple(together)
        started = time.monotonic()
        jobs = 1 if "crowd" in kinds else given.jobs
        work = [partial(shared, kinds, given, share, jobs) for share in range(jobs)]
        failed += told([ended(*child) for child in [begun(one) for one in work]])
        print(f"{' '.join(kinds)}: {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


def trials_of(kinds: Sequence[str], sample: int | None, seed: int, only: str | None) -> Iterator[Trial]:
    """Return the trials of some kinds that go together."""
    if kinds[0] in OF_SCENES:
        return scene_trials([OF_SCENES[kind] for kind in kinds], sample, seed, only)
    return plant_trials(only) if kinds[0] == "plants" else OTHERS[kinds[0]](sample, seed, only)


def plant_trials(only: str | None) -> Iterator[Trial]:
    """Plant each fault; what is wrong is that the trials don't find it."""
    for name, plant in PLANTS.items():
        if only is None or name in only.split(","):
            yield f"plants {plant.kind} at {name}", partial(_unfound, plant)


def _unfound(plant: Plant) -> list[str]:
    def work() -> int:
        plant.fault()
        return len(tally(trials_of([plant.kind], plant.sample, 11, plant.only), to_failure=True)["failed"])

    stopped, found = in_child(work)
    return [] if not stopped and isinstance(found, int) and found else [f"not found: {stopped} {found}"]


def shared(kinds: Sequence[str], given: argparse.Namespace, share: int, shares: int) -> dict[str, object]:
    """Try one process's share of the trials."""
    return tally(trials_of(kinds, given.sample, given.seed, given.only), share, shares, limit_s=60 * given.minutes)


def warmed() -> None:
    """Import all that a trial uses, so that its process needn't."""
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        grown(Path(name))
        asked(Path(name) / "index")


def told(shares: list[tuple[int, object]]) -> int:
    """Print what the processes found; return how many trials failed."""
    counts: Counter[str] = Counter()
    failed: list[list[str]] = []
    if any(isinstance(said, dict) and said.get("out_of_time") for _, said in shares):
        print("Time ran out: not all was tried.")
    for signal, said in shares:
        if signal or not isinstance(said, dict) or "counts" not in said:
            failed.append([f"the harness itself, signal {signal}", str(said)])
            continue
        counts.update(said["counts"])
        failed += said["failed"]
    for name, *found in failed:
        print(f"FAILED {name}", *found, sep="\n    ")
    for name, number in sorted(counts.items()):
        print(f"{number:6} {name}")
    sums: Counter[str] = Counter()
    for name, number in counts.items():
        sums[name.split()[0]] += number
    wrong = Counter(name.split()[0] for name, *_ in failed)
    for kind in sums | wrong:
        print(f"{kind}: {sums[kind]} trials, {wrong[kind]} failed", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
