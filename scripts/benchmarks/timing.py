"""How long does each take for the same queries? All are asked in turn (A B A B), so that a busy machine hits all alike.

Every query is asked three times, in rounds over all queries of its class: once to warm up, and the less of the other
two counts. *Fresh* queries, and those of the class "hybrid", are asked once, after others have warmed up, so that
nothing remembered can answer them. A slow peer is asked fewer queries; ratios are over those that both were asked.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.peers.peer import Peer
from scripts.benchmarks.questions import CLASSES, Asked, Class, questions
from scripts.benchmarks.systems import OURS, system

Times = list[tuple[float, float]]
"""For each query the CPU and the wall seconds."""

QUANTILES = (50, 95, 99)
RANKED = frozenset(["or", "and", "phrase"])
"""Kinds that every peer scores by BM25; of the others the sets of matches are compared."""


def time_class(
    peers: Mapping[str, Peer],
    corpus: Corpus,
    one: Class,
    k: int,
    *,
    number: int,
    budget_s: float,
    fresh: bool = False,
) -> dict[str, Any]:
    """Ask all peers that can answer a class; return quantiles in ms, and the ratios of searchkit to each peer.

    ``budget_s``: after so many seconds of one peer's work, it is asked no further queries. ``fresh``: each query is one
    that was never asked before, and is asked once.
    """
    asked = questions(corpus, one, number, salt=2 if fresh else 0)
    able = {name: peer for name, peer in peers.items() if asked[0].needs <= peer.can}
    once = fresh or one.kind == "hybrid"
    warm = questions(corpus, one, 5, salt=1) if once else asked
    limit = {name: _warmed(peer, warm, k, budget_s, once=once) for name, peer in able.items()}
    rounds: list[dict[str, Times]] = []
    for turn in range(1 if once else 2):
        found: dict[str, Times] = {name: [] for name in able}
        for place, query in enumerate(asked):
            # Who is asked first finds the processor's caches full of another's work: each is, in turn.
            for name in list(able) if (turn + place) % 2 == 0 else list(able)[::-1]:
                if place < limit[name]:
                    found[name].append(_timed(able[name], query, k))
        rounds.append(found)
    best = {name: [_less(both) for both in zip(*(one[name] for one in rounds), strict=True)] for name in able}
    return {name: _facts(best[name], best[OURS]) for name in able}


def _less(times: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    return min(cpu for cpu, _ in times), min(wall for _, wall in times)


def _warmed(peer: Peer, asked: Sequence[Asked], k: int, budget_s: float, *, once: bool) -> int:
    """Ask a peer until a third of its budget is spent; return how many queries it can be asked then, 5 at least."""
    taken: list[float] = []
    for query in asked:
        taken.append(_timed(peer, query, k)[1])
        if sum(taken) > budget_s / 3 and len(taken) >= 5:
            break
    # Of others than those that warmed it up: as the quickest, the first may have loaded what all need.
    return max(5, int(budget_s / min(taken))) if once else len(taken)


def _timed(peer: Peer, query: Asked, k: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    peer.search(query, k)
    return time.process_time() - cpu, time.perf_counter() - wall


def _facts(times: Times, ours: Times) -> dict[str, Any]:
    cpu, wall = ([one[part] for one in times] for part in (0, 1))
    both = min(len(times), len(ours))
    pairs = zip(quantiles([one[0] for one in ours[:both]]), quantiles(cpu[:both]), strict=True)
    return {
        "n": len(times),
        "cpu_ms": [round(1e3 * value, 4) for value in quantiles(cpu)],
        "wall_ms": [round(1e3 * value, 4) for value in quantiles(wall)],
        "ratio": [round(mine / theirs, 4) for mine, theirs in pairs],
    }


def quantiles(values: Sequence[float]) -> list[float]:
    """Return the median, the 95th and the 99th percentile: the value that so many percent don't exceed."""
    ordered = sorted(values)
    found = [ordered[min(len(ordered) - 1, -(-len(ordered) * share // 100) - 1)] for share in QUANTILES]
    return [statistics.median(ordered), *found[1:]]


def requests(peers: Mapping[str, Peer], corpus: Corpus, *, threads: int, seconds: float) -> dict[str, float]:
    """Return each peer's requests a second of wall time, "OR 4" at k = 10, with so many threads on one index."""
    asked = questions(corpus, next(one for one in CLASSES if one.name == "OR 4"), 200)
    able = {name: peer for name, peer in peers.items() if asked[0].needs <= peer.can}
    return {name: round(_requests(peer, asked, threads, seconds), 1) for name, peer in able.items()}


def _requests(peer: Peer, asked: Sequence[Asked], threads: int, seconds: float) -> float:
    def work(first: int) -> int:
        done = 0
        while time.perf_counter() < end:
            peer.search(asked[(first + done) % len(asked)], 10)
            done += 1
        return done

    started = time.perf_counter()
    end = started + seconds
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(0, len(asked), len(asked) // threads)))
    return done / (time.perf_counter() - started)


def agreement(peers: Mapping[str, Peer], corpus: Corpus, one: Class, *, number: int) -> dict[str, float]:
    """Return how much of searchkit's answers each peer shares, in the mean.

    For words, conjunctions and phrases the share of the best ten; for patterns, which the peers match without a score,
    the overlap of all matches (Jaccard), since any ten of them are as good.
    """
    asked = questions(corpus, one, number)
    able = {name: peer for name, peer in peers.items() if asked[0].needs <= peer.can and name != OURS}
    if one.kind in {"hybrid", "given"}:
        return {}
    k = 10 if one.kind in RANKED else corpus.chunks
    found: dict[str, list[float]] = {name: [] for name in able}
    for query in asked:
        mine = set(peers[OURS].search(query, k))
        for name, peer in able.items():
            theirs = set(peer.search(query, k))
            both = len(mine & theirs)
            whole = max(len(mine), len(theirs)) if one.kind in RANKED else len(mine | theirs)
            found[name].append(both / whole if whole else 1.0)
    return {name: round(statistics.fmean(values), 3) for name, values in found.items()}


def disagreeing(shares: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Name the peers whose answers to some class differ too much to be timed against, ``{class: {peer: share}}``."""
    ranked = {one.name for one in CLASSES if one.kind in RANKED}
    return [
        f"{name} shares only {share:.2f} of the best ten of '{kind}' (at least {system(name).floor})"
        for kind, found in shares.items()
        if kind in ranked
        for name, share in found.items()
        if share < system(name).floor
    ]
