"""What can an index survive? Kill it, refuse it the disk, damage it, crowd it: ``python -m tests.torture``."""

from __future__ import annotations

import argparse
import sys

from tests.torture.crowd import crowd_trials
from tests.torture.damage import damage_trials
from tests.torture.plants import PLANTS
from tests.torture.trials import kill_trials, refuse_trials, tally

TRIALS = {"kill": kill_trials, "refuse": refuse_trials, "damage": damage_trials, "crowd": crowd_trials}


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*TRIALS, []], help="which trials; all without")
    parser.add_argument("--sample", type=int, help="points of each command (all without), trials of damage, or seconds")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", help="one command, or one kind of damage")
    parser.add_argument("--plant", choices=PLANTS, help="a fault to be found: the harness has to fail")
    given = parser.parse_args()
    if given.plant:
        PLANTS[given.plant]()
    failed = 0
    for name in given.what or TRIALS:
        trials, wrong = tally(TRIALS[name](given.sample, given.seed, given.only), print)
        print(f"{name}: {trials} trials, {wrong} failed", flush=True)
        failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
