"""What can scripts/bench and scripts/bench_relevance be asked? Read here, where nothing of theirs need be installed.

The two scripts run this file for their help.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "searchkit" / "samples"
SIZES = (10_000, 100_000, 1_000_000)

SPEED = """How fast is searchkit beside its peers? Builds, checks and times all in one run, and holds it against limits.

    scripts/bench --quick                      within a minute, 8,000 chunks: ratios, and exit code 1 where one is lost
    scripts/bench --quick --sizes 100000 --reuse     after a change that leaves the format alone
    scripts/bench --write                      all sizes: the results file and its tables
    scripts/bench --write --sizes 1000000      this size anew; what the results file has of the others stays
    scripts/bench --search FOLDER --write      whole searches alone, within 5 minutes: on the made archive and on judged
                                               articles in BEIR's layout with their questions, and with 1 to 8 threads

Times are CPU time of one process, one thread unless said otherwise. Peers' indexes are kept in --place and used again.
"""

RELEVANCE = """Does searchkit put the right article first more often than its peers? Same text, same vectors, one run.

    scripts/bench_relevance                        the bundled samples
    scripts/bench_relevance FOLDER... --write      judged archives in BEIR's layout: results file and tables
                                                   (what the file has of the same day and versions stays)

searchkit is built as its users build it (chunks, languages, defaults); its index and the peers' vectors are kept in
--place, and used again.
"""


def speed_options(given: list[str] | None = None) -> argparse.Namespace:
    """Read what scripts/bench was given, or else what this process was."""
    parser = _parser("scripts/bench", SPEED)
    parser.add_argument("--quick", action="store_true", help="few queries, small archive, ratios alone")
    parser.add_argument("--sizes", "--chunks", type=int, nargs="+", help=f"chunks of the archives (default: {SIZES})")
    parser.add_argument("--peer", nargs="+", help="only these peers")
    parser.add_argument("--reuse", action="store_true", help="take searchkit's index too as it lies in --place")
    parser.add_argument("--search", type=Path, nargs="*", metavar="FOLDER", help="measure whole searches, nothing else")
    parser.add_argument("--place", type=Path, default=ROOT / ".bench", help="where the indexes are kept")
    parser.add_argument("--output", type=Path, help="write the results to this file")
    parser.add_argument("--write", action="store_true", help="write the results file and its tables")
    parser.add_argument("--report", action="store_true", help="write the tables anew, and measure nothing")
    asked = parser.parse_args(given)
    if asked.write and asked.quick:
        parser.error("a quick run is not what the results file holds")
    return asked


def relevance_options(given: list[str] | None = None) -> argparse.Namespace:
    """Read what scripts/bench_relevance was given, or else what this process was."""
    parser = _parser("scripts/bench_relevance", RELEVANCE)
    parser.add_argument("folders", nargs="*", type=Path, default=[SAMPLES], metavar="FOLDER")
    parser.add_argument("--place", type=Path, default=ROOT / ".bench" / "relevance", help="what is kept")
    parser.add_argument("--write", action="store_true", help="write the results file and its tables")
    parser.add_argument("--report", action="store_true", help="write the tables anew, and measure nothing")
    return parser.parse_args(given)


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


if __name__ == "__main__":
    {"speed": speed_options, "relevance": relevance_options}[sys.argv[1]](sys.argv[2:])
