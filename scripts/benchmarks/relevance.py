"""Does searchkit put the right article first more often than its peers? Same text, same vectors, one run.

searchkit is built as its users build it (chunks, languages, defaults). What can be asked stands in ``options.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from scripts.benchmarks.judging import JUDGES, Given
from scripts.benchmarks.kept import Remembering, vectors_of
from scripts.benchmarks.machine import machine, today
from scripts.benchmarks.options import SAMPLES, relevance_options
from scripts.benchmarks.report import write_block, write_peer_table
from scripts.benchmarks.results_files import RELEVANCE, read_results, write_results
from searchkit.config import DEFAULT_ENCODER, SearchConfig
from searchkit.encoders import load_encoder
from searchkit.evaluation.judgments import Judgments, read_judged
from searchkit.evaluation.measures import MeasuredRun, measure
from searchkit.evaluation.runs import Run, make_run
from searchkit.evaluation.significance import bootstrap_interval
from searchkit.index.build import build, rebuild
from searchkit.ingest import read
from searchkit.search.searcher import open_index
from searchkit.types import Article, Encoder, Mode

MEASURES = ("nDCG@10", "R@100")
DEPTH = 100
OURS = {
    "searchkit hybrid": (Mode.HYBRID, "sum"),
    "searchkit keyword": (Mode.KEYWORD, "sum"),
    "searchkit vector": (Mode.VECTOR, "sum"),
    "searchkit, fused by RRF": (Mode.HYBRID, "rrf"),
}
BEST = "searchkit hybrid"


def main() -> None:
    """Measure every archive that was named; exit code 1 where a peer is better than the hybrid search."""
    asked = relevance_options()
    if asked.report:
        _write_tables(read_results(RELEVANCE))
        return
    encoder = Remembering(load_encoder(DEFAULT_ENCODER))
    results: dict[str, Any] = {
        "date": today(),
        "machine": machine(),
        "versions": {"searchkit": version("searchkit"), **{one.name: version(one.package) for one in JUDGES}},
        "encoder": encoder.name,
        "archives": {},
    }
    for folder in asked.folders:
        name = "bundled samples" if folder.resolve() == SAMPLES.resolve() else folder.resolve().name
        _say(name)
        results["archives"][name] = _archive(folder, asked.place / name.replace(" ", "-"), encoder)
    if asked.write:
        results["archives"] = _measured_before(results) | results["archives"]
    print(relevance_report(results))
    if asked.write:
        write_results(RELEVANCE, results)
        _write_tables(results)
    lost = [f"{peer} on {archive}" for archive, peer in _lost(results)]
    sys.exit(f"better than searchkit: {'; '.join(lost)}" if lost else 0)


def _write_tables(results: Mapping[str, Any]) -> None:
    write_block("relevance", relevance_report(results))
    write_peer_table()


def _measured_before(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the archives of the results file, if they were measured with the same versions."""
    before = read_results(RELEVANCE)
    same = all(before.get(fact) == results[fact] for fact in ("versions", "encoder", "date"))
    return before["archives"] if same else {}


def _archive(folder: Path, place: Path, encoder: Encoder) -> dict[str, Any]:
    """Ask searchkit and every peer all queries of one archive."""
    judged = read_judged(folder)
    source = folder / "articles" if (folder / "articles").is_dir() else folder / "corpus.jsonl"
    articles = [one for one in read([source]) if isinstance(one, Article)]
    index = place / "index"
    place.mkdir(parents=True, exist_ok=True)
    report = (rebuild if (index / "CURRENT").exists() else build)(index, places=[source], encoder=encoder)
    _say(f"  {report.articles:,} articles, {report.chunks:,} chunks, {report.vectors_encoded:,} encoded")
    texts = [f"{one.title.strip()}\n{one.text}".strip() for one in articles]
    given = Given(
        ids=[one.id for one in articles],
        texts=texts,
        vectors=vectors_of(texts, encoder, place / "vectors.npz", say=_say),
        queries=judged.queries,
        query_vectors=np.stack([encoder.encode_query(text) for text in judged.queries.values()]),
        depth=DEPTH,
    )
    measured = {name: measure(run, judged.qrels, MEASURES) for name, run in _runs(given, judged, index, encoder)}
    best = measured[BEST]
    return {
        "articles": len(articles),
        "chunks": report.chunks,
        "queries": len(judged.qrels),
        "systems": {name: _facts(one, best) for name, one in measured.items()},
    }


def _runs(given: Given, judged: Judgments, index: Path, encoder: Encoder) -> Iterator[tuple[str, Run]]:
    for name, (mode, fusion) in OURS.items():
        with open_index(index, config=SearchConfig(fusion=fusion), encoder=encoder) as searcher:
            _say(f"  {name}")
            yield name, make_run(searcher, judged.queries, name=name, mode=mode, depth=DEPTH)
    for judge in JUDGES:
        _say(f"  {judge.name}")
        yield judge.name, Run(name=judge.name, scores=judge.ask(given))


def _facts(one: MeasuredRun, best: MeasuredRun) -> dict[str, Any]:
    """Return means with their 95 % intervals, and the interval of the paired difference to the hybrid search."""
    facts: dict[str, Any] = {}
    for figure in one.figures:
        facts[figure.measure] = [round(value, 4) for value in (figure.mean, figure.interval.low, figure.interval.high)]
    mine, theirs = best.per_query[MEASURES[0]], one.per_query[MEASURES[0]]
    differences = np.array([mine[query] - theirs[query] for query in mine])
    interval = bootstrap_interval(differences)
    facts["searchkit's lead"] = [round(value, 4) for value in (differences.mean(), interval.low, interval.high)]
    return facts


def _lost(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each archive and peer that ranks better there than the hybrid search."""
    for archive, found in results["archives"].items():
        for name, facts in found["systems"].items():
            if name not in OURS and facts[MEASURES[0]][0] > found["systems"][BEST][MEASURES[0]][0]:
                yield archive, name


def relevance_report(results: Mapping[str, Any]) -> str:
    """Return the page's part: nDCG@10 and Recall@100 of every system on every archive, what is lost in bold."""
    archives = results["archives"]
    named = ", ".join(f"{name} {value}" for name, value in results["versions"].items())
    head = (
        f"Measured by `scripts/bench_relevance` on {results['date']}; {named}; the same text for all, and vectors of"
        f" {results['encoder']} for all that take some. Bold: a peer that ranks better than searchkit's default."
    )
    lines = [
        head,
        "",
        "nDCG@10, and its 95 % interval over queries:",
        "",
        *_table(archives, MEASURES[0], intervals=True),
        "",
        "Recall@100:",
        "",
        *_table(archives, MEASURES[1], intervals=False),
        "",
        "Settings: " + "; ".join(f"{one.name}: {one.settings}" for one in JUDGES) + ".",
    ]
    return "\n".join(lines)


def _table(archives: Mapping[str, Any], name: str, *, intervals: bool) -> Iterator[str]:
    heads = (f"{archive}, {found['queries']:,} queries" for archive, found in archives.items())
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(archives)}"
    for system in next(iter(archives.values()))["systems"]:
        cells = []
        for found in archives.values():
            mean, low, high = found["systems"][system][name]
            text = f"{_short(mean)} [{_short(low)}, {_short(high)}]" if intervals else _short(mean)
            better = system not in OURS and mean > found["systems"][BEST][name][0]
            cells.append(f"**{text}**" if better else text)
        yield f"| {system} | {' | '.join(cells)} |"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
