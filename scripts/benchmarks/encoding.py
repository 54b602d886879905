"""What does the true encoder cost, and what a whole command? Measured apart, on few chunks: encoding takes long."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.peers.hybrids import Runtime
from scripts.benchmarks.peers.peer import cpu_s
from searchkit.encoders.onnx_encoder import batches, padded
from searchkit.index.build import build, rebuild
from searchkit.index.embedding_source import MOST_TEXTS, TEXTS_A_CORE
from searchkit.types import Article, BuildReport

Facts = dict[str, float]
WORDS = 60
"""Words of a text: invented ones are 3 or 4 tokens each, and all together must be one chunk."""


def encoding(corpus: Corpus, runtime: Runtime, place: Path, *, rounds: int, chunks: int) -> Facts:
    """Build indexes with the true encoder, and one of them again; return their pace beside the bare runtime's.

    In each round the bare runtime is given the tokens of new texts, and an index of the same texts is built; which of
    the two comes first alternates, and the medians of all rounds count. A word that was never used before stands in
    each text, so that no cache has its vector.
    """
    bare: list[float] = []
    built: list[float] = []
    reports: list[BuildReport] = []
    for number in range(rounds):
        new = f"run{time.time_ns()}"
        texts = [" ".join([*made.text.split()[:WORDS], new]) for made in corpus.block(number)[:chunks]]
        articles = [Article(id=f"{new}-{row}", text=text, language="en") for row, text in enumerate(texts)]
        folder = place / f"encoded-{number}"
        if number % 2 == 0:
            bare.append(_bare(runtime, texts))
        started = cpu_s()
        reports.append(build(folder, articles, encoder=runtime.encoder))
        built.append(cpu_s() - started)
        if number % 2 == 1:
            bare.append(_bare(runtime, texts))
    again = build(place / "encoded-again", articles, encoder=runtime.encoder)
    rebuilt = rebuild(folder, articles, encoder=runtime.encoder)
    if {report.chunks for report in reports} != {chunks}:
        raise RuntimeError("a text of the encoder's measurement is more than one chunk")
    return {
        "chunks": chunks,
        "rounds": rounds,
        "chunks_per_cpu_s": chunks / statistics.median(built),
        "bare_chunks_per_cpu_s": chunks / statistics.median(bare),
        "ratio": statistics.median(bare) / statistics.median(built),
        "second_build_encoded": again.vectors_encoded,
        "rebuild_encoded": rebuilt.vectors_encoded,
    }


def _bare(runtime: Runtime, texts: list[str]) -> float:
    """Return the CPU seconds of the runtime alone, in the batches and the threads that a build gives it.

    Two threads on the two halves of one core get less done a CPU-second than one: both are measured with the same
    number. The tokens are counted beforehand.
    """
    longest_first = sorted(texts, key=len, reverse=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    step = min(TEXTS_A_CORE * cores, MOST_TEXTS)
    plans = []
    for first in range(0, len(texts), step):
        rows = [one.ids for one in runtime.tokenizer.encode_batch(longest_first[first : first + step])]
        made = [padded([rows[number] for number in batch], 0) for batch in batches([len(row) for row in rows])]
        plans.append([(np.asarray(ids), np.asarray(mask)) for ids, mask in made])
    runtime.run(*plans[-1][-1])
    started = time.process_time()
    with ThreadPoolExecutor(cores) as pool:
        for plan in plans:
            list(pool.map(lambda one: runtime.run(*one), plan))
    return time.process_time() - started


def one_shot(keyword_index: Path, hybrid_index: Path, words: list[str], *, times: int) -> Facts:
    """Return the CPU and wall seconds of whole commands, medians: a process each, everything in the disk's cache."""
    keyword = _commands(keyword_index, words, "keyword", times)
    hybrid = _commands(hybrid_index, words, "hybrid", times)
    helped = [_command("--help") for _ in range(times)]
    return {
        "keyword_cpu_s": keyword[0],
        "keyword_wall_s": keyword[1],
        "hybrid_cpu_s": hybrid[0],
        "hybrid_wall_s": hybrid[1],
        "help_cpu_s": statistics.median(cpu for cpu, _ in helped),
    }


def _commands(index: Path, words: list[str], mode: str, times: int) -> tuple[float, float]:
    arguments = ("search", " ".join(words), "--index", str(index), "--mode", mode, "--json")
    _command(*arguments)
    found = [_command(*arguments) for _ in range(times)]
    return statistics.median(cpu for cpu, _ in found), statistics.median(wall for _, wall in found)


def _command(*arguments: str) -> tuple[float, float]:
    """Run the installed command; return CPU and wall seconds. Raises ``RuntimeError`` where it fails."""
    command = [str(Path(sys.executable).parent / "searchkit"), *arguments]
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed: {said.read().decode()}")
    return used.ru_utime + used.ru_stime, wall
