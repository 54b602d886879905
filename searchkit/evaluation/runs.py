"""Here is a searcher, or a file; what is its answer to every query? A run: for each query, scores by id.

On file a run has TREC's six columns: query, Q0, article (or chunk), rank, score, tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path

from searchkit.errors import ConfigError, QueryError, StorageError
from searchkit.evaluation.columns import bad_line, column, lines
from searchkit.evaluation.judged import Qrels
from searchkit.search.searcher import Searcher
from searchkit.types import Mode, Progress, Query

_HINT = "Each line is 'query Q0 article rank score tag' (TREC)."
_TAG = "searchkit"


class Level(StrEnum):
    """What the qrels judge."""

    ARTICLE = "article"
    CHUNK = "chunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a search gave: for each query, the score of each article or chunk found, higher is better.

    ``notes``: what the user should know of how it came about.
    """

    name: str
    scores: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()


def make_run(
    searcher: Searcher,
    queries: Mapping[str, str],
    *,
    name: str | None = None,
    mode: Mode = Mode.HYBRID,
    depth: int = 1000,
    level: Level = Level.ARTICLE,
    progress: Progress | None = None,
) -> Run:
    """Ask every query as a user would and keep the best ``depth`` articles, or chunks.

    A query that can't be asked, as an empty one, gets no answer and a note. Raises as ``Searcher.ask`` does otherwise.
    """
    name = name or str(mode)
    scores: dict[str, dict[str, float]] = {}
    refused = []
    for number, (query, text) in enumerate(queries.items(), start=1):
        asked = Query(text=text, mode=mode, k=depth)
        try:
            if level is Level.ARTICLE:
                scores[query] = dict(searcher.rank(asked))
            else:
                scores[query] = {hit.chunk_id: hit.score for hit in searcher.retrieve(asked, depth)}
        except QueryError as error:
            scores[query] = {}
            refused.append(f"Query '{query}' couldn't be asked: {error.message}")
        if progress is not None:
            progress(name, number, len(queries))
    return Run(name=name, scores=scores, notes=(*searcher.standing(mode), *refused))


def read_run(path: Path, *, known: Iterable[str] = ()) -> Run:
    """Read a run from a file; ranks in it mean nothing, scores decide.

    ``known``: ids of queries and articles; one with white space in it is recognised as ``write_run`` writes it. Raises
    ``SourceError`` naming the file and line that can't be read.
    """
    original = {column(one): one for one in known if column(one) != one}
    scores: dict[str, dict[str, float]] = {}
    for number, line in lines(path):
        cells = line.split()
        if len(cells) != 6:
            raise bad_line(path, number, f"it has {len(cells)} columns", _HINT)
        query, article = (original.get(cell, cell) for cell in (cells[0], cells[2]))
        try:
            score = float(cells[4])
        except ValueError:
            score = float("nan")
        if not isfinite(score):
            raise bad_line(path, number, f"'{cells[4]}' is no score", _HINT)
        given = scores.setdefault(query, {})
        if article in given:
            raise bad_line(path, number, f"'{article}' stands twice for query '{query}'", "Leave one of them.")
        given[article] = score
    return Run(name=path.stem, scores=scores)


def write_run(run: Run, path: Path) -> None:
    """Write a run, best first, every digit of its scores kept. Raises ``StorageError``."""
    rows = (
        f"{column(query)} Q0 {column(one)} {rank} {score!r} {_TAG}-{column(run.name)}\n"
        for query, found in run.scores.items()
        for rank, (one, score) in enumerate(in_order(found), start=1)
    )
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(rows)
    except OSError as error:
        raise StorageError(
            f"Can't write {path}: {(error.strerror or str(error)).lower()}.", hint="Choose a file that can be written."
        ) from error


def in_order(found: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return ids and scores, best first, equal scores by id: searchkit's own order."""
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def absent(searcher: Searcher, qrels: Qrels, level: Level) -> int:
    """Count the judged articles, or chunks, that aren't in the index.

    Raises ``ConfigError`` where none of them is: then the qrels are of another archive, or of the other level.
    """
    judged = {one for given in qrels.values() for one in given}
    find = searcher.article if level is Level.ARTICLE else searcher.chunk
    missing = sum(find(one) is None for one in judged)
    if missing == len(judged):
        other = next(one for one in Level if one is not level)
        raise ConfigError(
            f"None of the {len(judged):,} judged {level}s is in the index, '{min(judged)}' for one.",
            hint=f"Are they of another archive? Where they are ids of {other}s, say --level {other}.",
        )
    return missing
