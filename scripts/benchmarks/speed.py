"""How fast is searchkit beside its peers? Builds, checks and times all of them in one run, and holds it against limits.

What it can be asked stands in ``options.py``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from scripts.benchmarks import building, timing
from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.encoding import encoding, one_shot
from scripts.benchmarks.end_to_end import end_to_end, judged_archive, made_archive
from scripts.benchmarks.limits import verdicts
from scripts.benchmarks.machine import machine, today
from scripts.benchmarks.options import SIZES, speed_options
from scripts.benchmarks.peers.hybrids import Runtime, RuntimeAndFaiss
from scripts.benchmarks.peers.ours import KeywordLeg, Ours
from scripts.benchmarks.peers.peer import Peer
from scripts.benchmarks.questions import CLASSES, Class, K, questions
from scripts.benchmarks.report import limits_table, search_tables, speed_report, write_block, write_peer_table
from scripts.benchmarks.results_files import SPEED, read_results, without_unread, write_results
from scripts.benchmarks.systems import BARE, FAISS, KEYWORD, OURS, SYSTEMS, System

QUICK = 8_000
EFFORT = {QUICK: (24, 0.12), 10_000: (200, 1.0), 100_000: (200, 1.0), 1_000_000: (100, 0.8)}
"""Queries of a class, and seconds of a peer's work for it: all sizes together are to end within 18 minutes."""

MADE_ARTICLES = 20_000
"""Articles of the made archive that whole searches are timed on: as many chunks as rtqa-news-a has."""

NOT_IN_QUICK = frozenset(["LanceDB", "txtai"])


def main() -> None:
    """Run the benchmark; exit code 1 where a row of the table falls short."""
    asked = speed_options()
    if asked.report:
        _write_tables(read_results(SPEED))
        return
    asked.place.mkdir(parents=True, exist_ok=True)
    if asked.search is not None:
        _searches(asked)
        return
    started = time.monotonic()
    systems = [one for one in SYSTEMS if not asked.peer or one.name in {*asked.peer, OURS}]
    if asked.quick:
        systems = [one for one in systems if one.name not in NOT_IN_QUICK]
    results: dict[str, Any] = {
        "date": today(),
        "quick": asked.quick,
        "machine": machine(),
        "versions": {one.name: one.version for one in systems if one.name != KEYWORD},
        "sizes": {},
    }
    runtime = Runtime()
    for chunks in asked.sizes or ([QUICK] if asked.quick else SIZES):
        begun = time.monotonic()
        _say(f"{chunks:,} chunks")
        results["sizes"][str(chunks)] = _size(asked, systems, chunks, runtime) | {"measured": today()}
        _say(f"  {time.monotonic() - begun:.0f} s")
    before = read_results(SPEED) if asked.write else {}
    if not before or is_largest(before, results):
        _encoder(asked, results, runtime)
    _say(f"done in {time.monotonic() - started:.0f} s")
    if asked.write:
        results = without_unread(beside(before, results))
        write_results(SPEED, results)
        _write_tables(results)
    if asked.output:
        write_results(asked.output, results)
    print("\n".join(limits_table(verdicts(results))) if asked.quick else speed_report(results))
    lost = [verdict.row.name for verdict in verdicts(results) if verdict.reached is False]
    sys.exit(f"falls short: {'; '.join(lost)}" if lost else 0)


def _searches(asked: argparse.Namespace) -> None:
    """Measure whole searches, and put them beside what the results file has."""
    archives = [made_archive(MADE_ARTICLES), *map(judged_archive, asked.search)]
    measured = end_to_end(archives, asked.place, Runtime(), _say)
    results = read_results(SPEED)
    search = {"date": today(), "machine": machine(), "archives": measured}
    results = results | {"search": search}
    if asked.write:
        write_results(SPEED, results)
        _write_tables(results)
    if asked.output:
        write_results(asked.output, search)
    print("\n".join(search_tables(search)))


def _write_tables(results: dict[str, Any]) -> None:
    write_block("bench", speed_report(results))
    write_peer_table()


def is_largest(before: dict[str, Any], results: dict[str, Any]) -> bool:
    """Say whether no archive of the results before is larger than those that were measured now."""
    return max(map(int, results["sizes"])) >= max(map(int, before.get("sizes", {})), default=0)


def beside(before: dict[str, Any], results: dict[str, Any]) -> dict[str, Any]:
    """Put the sizes that were measured now beside the others that the results file has.

    What holds for no size (the encoder, whole commands) is the run's that had the largest archive.
    """
    once = results if not before or is_largest(before, results) else before
    sizes = dict(sorted((before.get("sizes", {}) | results["sizes"]).items(), key=lambda item: int(item[0])))
    return {
        **results,
        "versions": before.get("versions", {}) | results["versions"],
        "sizes": sizes,
        **({"search": before["search"]} if "search" in before else {}),
        "encoding": once["encoding"],
        "one_shot": once["one_shot"],
    }


def _size(asked: argparse.Namespace, systems: list[System], chunks: int, runtime: Runtime) -> dict[str, Any]:
    """Build, open and ask everything at one size."""
    quick = asked.quick
    left_out = {one.name: one.why for one in systems if one.largest < chunks}
    for name, why in left_out.items():
        _say(f"  without {name}: {why}")
    systems = [one for one in systems if one.largest >= chunks]
    built = building.build_all(systems, chunks, asked.place, jobs=2 if quick else 1, reuse=asked.reuse)
    for name, facts in built.items():
        _say(f"  {name}: {facts['chunks_per_cpu_s']:,.0f} chunks per CPU-second, {facts['mb']:,.1f} MB")
    folders = {one.name: building.folder_of(one, chunks, asked.place) for one in systems}
    opening = {
        one.name: building.in_child("open", one.name, str(chunks), str(folders[one.name]))
        for one in systems
        if one.opener and (one.name == OURS or not quick)
    }
    corpus = Corpus(chunks)
    number, budget_s = EFFORT[QUICK if quick else min(EFFORT, key=lambda size: abs(size - chunks))]
    found: dict[str, Any] = {"left_out": left_out, "building": built, "opening": opening}
    with ExitStack() as stack:
        peers = {name: stack.enter_context(closing(peer)) for name, peer in _opened(systems, folders, runtime)}
        shares = {one.name: timing.agreement(peers, corpus, one, number=4 if quick else 8) for one in CLASSES}
        found["agreement"] = {name: given for name, given in shares.items() if given}
        if unlike := timing.disagreeing(shares):
            sys.exit("error: the answers differ too much to be timed: " + "; ".join(unlike))
        if not quick:  # before the others, so that no part of an answer is remembered
            found["fresh"] = {
                one.name: timing.time_class(peers, corpus, one, K[0], number=number, budget_s=budget_s, fresh=True)
                for one in CLASSES
                if one.kind not in {"hybrid", "given"}
            }
        found["queries"] = {one.name: _asked(peers, corpus, one, number, budget_s) for one in CLASSES}
        if not quick:
            found["requests_per_s"] = {
                str(threads): timing.requests(peers, corpus, threads=threads, seconds=2.0) for threads in (1, 2)
            }
    if not quick:
        found["updating"] = {
            one.name: building.in_child("update", one.name, str(chunks), str(folders[one.name]))
            for one in systems
            if one.opener and one.update() is not None and chunks <= 100_000
        }
    return found


def _asked(peers: dict[str, Peer], corpus: Corpus, one: Class, number: int, budget_s: float) -> dict[str, Any]:
    """Time one class at every depth."""
    depths = K if one.kind not in {"hybrid", "given"} else K[:1]
    found = {str(k): timing.time_class(peers, corpus, one, k, number=number, budget_s=budget_s) for k in depths}
    ratios = {name: facts["ratio"][0] for name, facts in found[str(K[0])].items() if name != OURS}
    _say(f"  {one.name}: " + ", ".join(f"{ratio:.2f} of {name}" for name, ratio in ratios.items()))
    return found


def _opened(systems: list[System], folders: dict[str, Path], runtime: Runtime) -> list[tuple[str, Peer]]:
    peers: list[tuple[str, Peer]] = []
    for one in systems:
        if one.name == OURS:
            peers += [(OURS, Ours(folders[OURS], runtime.encoder)), (KEYWORD, KeywordLeg(folders[OURS]))]
        elif one.opener:
            peers.append((one.name, one.open()(folders[one.name])))
    if FAISS in folders:
        peers.append((BARE, RuntimeAndFaiss(folders[FAISS], runtime)))
    return peers


def _encoder(asked: argparse.Namespace, results: dict[str, Any], runtime: Runtime) -> None:
    """Measure the true encoder, and whole commands on the largest archive that was built."""
    largest = max(int(size) for size in results["sizes"])
    corpus = Corpus(largest)
    words = list(questions(corpus, CLASSES[1], 1)[0].words)
    with tempfile.TemporaryDirectory(dir=asked.place) as folder:
        place = Path(folder)
        results["encoding"] = encoding(corpus, runtime, place, rounds=3, chunks=24 if asked.quick else 96)
        ours = building.folder_of(SYSTEMS[0], largest, asked.place) / "index"
        results["one_shot"] = one_shot(ours, place / "encoded-0", words, times=3 if asked.quick else 9)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
