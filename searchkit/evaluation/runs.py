"""Runs: for each query scores by id, from a searcher or a file.

On file a run has TREC's six columns: query, Q0, article (or chunk), rank, score, tag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite
from pathlib import Path

from searchkit.errors import ConfigError, QueryError, StorageError
from searchkit.evaluation.judgments import Qrels, bad_line, column, lines
from searchkit.evaluation.query_times import QueryTimes
from searchkit.search.query import K_LIMIT
from searchkit.search.searcher import Searcher
from searchkit.types import Mode, Progress, Query, Syntax

_HINT = "Each line is 'query Q0 article rank score tag' (TREC)."
_TAG = "searchkit"


class Level(StrEnum):
    """What the qrels judge."""

    ARTICLE = "article"
    CHUNK = "chunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a search gave: for each query, the score of each article or chunk found, higher is better.

    ``expressions``: how many queries were read as expressions by their form. ``notes``: what the user should know of
    how it came about.
    """

    name: str
    scores: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()
    expressions: int = 0


def make_run(
    searcher: Searcher,
    queries: Mapping[str, str],
    *,
    name: str | None = None,
    mode: Mode = Mode.HYBRID,
    depth: int = 1000,
    level: Level = Level.ARTICLE,
    progress: Progress | None = None,
    syntax: Syntax = Syntax.AUTO,
    times: QueryTimes | None = None,
) -> Run:
    """Ask every query as a user would and keep the best ``depth`` articles, or chunks.

    ``times``: as of which each query is asked. A query that can't be asked, as an empty one, gets no answer and a
    note. Raises as ``depth_held`` does, and ``Searcher.ask`` otherwise.
    """
    name, depth = name or str(mode), depth_held(searcher, depth, level)
    scores: dict[str, dict[str, float]] = {}
    refused = []
    expressions = 0
    for number, (query, text) in enumerate(queries.items(), start=1):
        request = Query(text=text, mode=mode, k=depth, syntax=syntax)
        if times is not None:
            request = times.dated(query, request)
        try:
            expressions += syntax is Syntax.AUTO and searcher.read_query(request).syntax is Syntax.EXPRESSION
            if level is Level.ARTICLE:
                scores[query] = dict(searcher.rank(request))
            else:
                scores[query] = {hit.chunk_id: hit.score for hit in searcher.retrieve(request, depth)}
        except QueryError as error:
            scores[query] = {}
            refused.append(f"Query '{query}' couldn't be asked: {error.message}")
        if progress is not None:
            progress(name, number, len(queries))
    return Run(name=name, scores=scores, notes=(*searcher.standing(mode), *refused), expressions=expressions)


def depth_held(searcher: Searcher, depth: int, level: Level) -> int:
    """Return how many results to ask for: ``depth``, or all articles (chunks) of the index where they are fewer.

    Raises ``ConfigError`` where that is more than a query may ask for.
    """
    about = searcher.info()
    held = min(depth, max(1, about.articles if level is Level.ARTICLE else about.chunks))
    if held > K_LIMIT:
        raise ConfigError(
            f"{depth:,} results of a query are wanted, and {K_LIMIT:,} can be asked for.",
            hint="Measure to a smaller depth, as R@1000.",
        )
    return held


def read_run(path: Path, *, known: Iterable[str] = ()) -> Run:
    """Read a run from a file; ranks in it mean nothing, scores decide.

    ``known``: ids of queries and articles; one with white space in it is recognised as ``write_run`` writes it. Raises
    ``SourceError`` naming the file and line that can't be read.
    """
    original = {column(id_): id_ for id_ in known if column(id_) != id_}
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
        of_query = scores.setdefault(query, {})
        if article in of_query:
            raise bad_line(path, number, f"'{article}' stands twice for query '{query}'", "Leave one of them.")
        of_query[article] = score
    return Run(name=path.stem, scores=scores)


def checked(run: Run, qrels: Qrels, *, known: Collection[str] = ()) -> Run:
    """Return a run from a file, with a note where some of its queries aren't judged.

    ``known``: ids that are in the archive, judged or not. Raises ``ConfigError`` where the run answers no judged query,
    or with nothing that is judged or known: then it is of other queries or another archive, and 0 says nothing.
    """
    answered = run.scores.keys() & qrels.keys()
    if not answered:
        theirs = f": its queries are as '{min(run.scores)}', the judged as '{min(qrels)}'" if run.scores else ""
        raise ConfigError(
            f"{run.name} has no answer to any of the {len(qrels):,} judged queries{theirs}.",
            hint="Name a run of these queries.",
        )
    ids = {article_id for query in answered for article_id in run.scores[query]}
    judged = {article_id for grades in qrels.values() for article_id in grades}
    if ids.isdisjoint(judged) and ids.isdisjoint(known):
        raise ConfigError(
            f"Nothing that {run.name} found is judged, '{min(ids)}' for one; judged is '{min(judged)}'.",
            hint="Is it a run of another archive, or of chunks where articles are judged?",
        )
    if more := len(run.scores) - len(answered):
        note = f"{more:,} of {len(run.scores):,} queries of {run.name} have no judgement and don't count."
        return replace(run, notes=(*run.notes, note))
    return run


def write_run(run: Run, path: Path) -> None:
    """Write a run, best first, every digit of its scores kept. Raises ``StorageError``."""
    rows = (
        f"{column(query)} Q0 {column(article_id)} {rank} {score!r} {_TAG}-{column(run.name)}\n"
        for query, of_query in run.scores.items()
        for rank, (article_id, score) in enumerate(in_order(of_query), start=1)
    )
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(rows)
    except OSError as error:
        raise StorageError(
            f"Can't write {path}: {(error.strerror or str(error)).lower()}.", hint="Choose a file that can be written."
        ) from error


def in_order(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return ids and scores, best first, equal scores by id: searchkit's own order."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def absent(searcher: Searcher, qrels: Qrels, level: Level) -> int:
    """Count the judged articles, or chunks, that aren't in the index.

    Raises ``ConfigError`` where none of them is: then the qrels are of another archive, or of the other level.
    """
    judged = {article_id for grades in qrels.values() for article_id in grades}
    find = searcher.article if level is Level.ARTICLE else searcher.chunk
    missing = sum(find(article_id) is None for article_id in judged)
    if missing == len(judged):
        other = next(other_level for other_level in Level if other_level is not level)
        raise ConfigError(
            f"None of the {len(judged):,} judged {level}s is in the index, '{min(judged)}' for one.",
            hint=f"Are they of another archive? Where they are ids of {other}s, say --level {other}.",
        )
    return missing
