"""What does the true encoder cost, and what a whole command? Measured apart, on few chunks: encoding takes long."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.peers.hybrids import Runtime
from searchkit.index.writer import build, rebuild
from searchkit.types import Article

Facts = dict[str, float]
WORDS = 60
"""Words of a text: invented ones are 3 or 4 tokens each, and all together must be one chunk."""


def encoding(corpus: Corpus, runtime: Runtime, chunks: int, place: Path) -> Facts:
    """Build an index with the true encoder, and the same again; return its pace beside the bare runtime's.

    A word that was never used before stands in each text, so that no cache of earlier runs has its vector. The bare
    runtime is given the same texts as tokens, in the batches that the encoder makes, before and after.
    """
    new = f"run{time.time_ns()}"
    texts = [" ".join([*made.text.split()[:WORDS], new]) for made in corpus.block(0)[:chunks]]
    articles = [Article(id=f"{new}-{row}", text=text, language="en") for row, text in enumerate(texts)]
    first = _bare(runtime, texts)
    started = time.process_time()
    report = build(place / "encoded", articles, encoder=runtime.encoder)
    built = time.process_time() - started
    bare = statistics.fmean([first, _bare(runtime, texts)])
    again = build(place / "encoded-again", articles, encoder=runtime.encoder)
    rebuilt = rebuild(place / "encoded", articles, encoder=runtime.encoder)
    return {
        "chunks": report.chunks,
        "chunks_per_cpu_s": report.chunks / built,
        "bare_chunks_per_cpu_s": chunks / bare,
        "ratio": (report.chunks / built) / (chunks / bare),
        "second_build_encoded": again.vectors_encoded,
        "rebuild_encoded": rebuilt.vectors_encoded,
    }


def _bare(runtime: Runtime, texts: list[str]) -> float:
    """Return the CPU seconds of the runtime alone; the tokens are counted beforehand."""
    from searchkit.encoders.batches import batches, padded

    rows = [one.ids for one in runtime.tokenizer.encode_batch(texts)]
    plan = [padded([rows[number] for number in batch], 0) for batch in batches([len(row) for row in rows])]
    runtime.run(*plan[-1])
    started = time.process_time()
    for ids, mask in plan:
        runtime.run(np.asarray(ids), np.asarray(mask))
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
