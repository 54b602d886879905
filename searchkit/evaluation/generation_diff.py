"""Generation diff: how answers change from one generation to another, before it is put in force.

Overlap is the share of the first ten articles that both have, as a share of the longer list, so it falls where one
finds fewer. Without judgements it says how much changes, not whether it gets better; with them the measures of both say
that. Where no queries are given the archive's own are asked, the same every time: the title of one article, a sentence
of the next. They are nearer to its texts than what people ask, so real queries are likely to change more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from searchkit.errors import SourceError
from searchkit.evaluation.comparison import Comparison, compare
from searchkit.evaluation.judgments import Judgments, lines, read_files, read_judged, read_queries
from searchkit.evaluation.measures import DEFAULT_MEASURES, MeasuredRun, depth_for, measure
from searchkit.evaluation.runs import Run, make_run
from searchkit.evaluation.self_check import own_sentences
from searchkit.search.searcher import Searcher
from searchkit.types import Article, Progress, Syntax

TOP = 10
SAMPLE = 50
"""Queries taken from the archive where none are given: the mean overlap is known to within .07 (95 %), two seconds."""

_NAMED = 5
_LOOKED_AT = 4
"""So many times the sample is read at most, to find articles with a title or a sentence that can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAnswer:
    """A query, which share of its first ten articles stays, and the ids of the first article before and after."""

    query: str
    overlap: float
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationDiff:
    """How answers change.

    ``queries`` were asked, ``sampled`` from the archive or given; ``overlap`` is the mean over them, ``same_first`` the
    share whose first article stays; ``changed`` are those that change most. ``measured`` is before and after, with the
    ``comparisons`` of each measure, where there are judgements. ``notes``: what the user should know of it.
    """

    queries: int
    sampled: bool
    overlap: float
    same_first: float
    changed: tuple[ChangedAnswer, ...]
    measured: tuple[MeasuredRun, MeasuredRun] | None
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQueries:
    """What is asked of both: the text of each query by its id, and what is judged, if anything is."""

    queries: Mapping[str, str]
    judged: Judgments | None = None
    sampled: bool = False


def read_judged_queries(queries: Path | None, qrels: str | Path | None) -> JudgedQueries | None:
    """Read what is to be asked: queries from a file, or judged ones from a folder in BEIR's layout or two files.

    A file of queries that has none of the forms of ``read_queries`` has one query a line. None where nothing is named.
    Raises ``SourceError`` and ``ConfigError`` as the readers of ``judgments.py`` do.
    """
    if qrels is None:
        return None if queries is None else JudgedQueries(queries=_queries(queries))
    judged = read_files(queries=queries, qrels=Path(qrels)) if Path(qrels).is_file() else read_judged(qrels)
    judged_queries = _queries(queries) if queries is not None else judged.queries
    if not judged_queries:
        raise SourceError(f"{qrels} has judgements and no queries.", hint="Name their file: --queries FILE.")
    return JudgedQueries(queries=judged_queries, judged=judged)


def sampled_queries(searcher: Searcher, sample: int = SAMPLE) -> JudgedQueries:
    """Take queries from the articles of an index: titles and sentences in turn, of articles in the order of chance."""
    ids = sorted(
        searcher.article_ids(), key=lambda article_id: hashlib.sha256(article_id.encode("utf-8", "replace")).digest()
    )
    articles = (searcher.article(article_id) for article_id in ids[: sample * _LOOKED_AT])
    texts = _own_queries(article for article in articles if article is not None)
    return JudgedQueries(queries=dict(islice(texts, sample)), sampled=True)


def compare_answers(
    before: Searcher,
    after: Searcher,
    judged_queries: JudgedQueries,
    *,
    measures: Sequence[str] = DEFAULT_MEASURES,
    progress: Progress | None = None,
) -> GenerationDiff:
    """Ask two searchers, as a rule of two generations of one index, the same queries.

    Raises as ``Searcher.ask`` and, with judgements, ``measure`` do.
    """
    depth = TOP if judged_queries.judged is None else max(TOP, depth_for(measures))
    queries = {**judged_queries.queries, **(judged_queries.judged.queries if judged_queries.judged else {})}
    # The archive's own titles and sentences are no expressions.
    syntax = Syntax.WORDS if judged_queries.sampled else Syntax.AUTO
    runs = [
        make_run(searcher, queries, name=name, depth=depth, progress=progress, syntax=syntax)
        for searcher, name in ((before, "before"), (after, "after"))
    ]
    measured: tuple[MeasuredRun, MeasuredRun] | None = None
    if judged_queries.judged is not None:
        measured = (
            measure(runs[0], judged_queries.judged.qrels, measures),
            measure(runs[1], judged_queries.judged.qrels, measures),
        )
    changed = [
        _changed(judged_queries.queries[query], _first(runs[0], query), _first(runs[1], query))
        for query in judged_queries.queries
    ]
    number = len(changed) or 1
    return GenerationDiff(
        queries=len(changed),
        sampled=judged_queries.sampled,
        overlap=sum(answer.overlap for answer in changed) / number,
        same_first=sum(answer.before == answer.after for answer in changed) / number,
        changed=tuple(
            sorted(
                (answer for answer in changed if answer.overlap < 1), key=lambda answer: (answer.overlap, answer.query)
            )[:_NAMED]
        ),
        measured=measured,
        comparisons=compare(*measured) if measured else (),
        notes=tuple(
            dict.fromkeys(
                (*(judged_queries.judged.notes if judged_queries.judged else ()), *runs[0].notes, *runs[1].notes)
            )
        ),
    )


def _first(run: Run, query: str) -> list[str]:
    """Return the ids of the first ten articles, best first: a run keeps the order in which they were ranked."""
    return list(run.scores[query])[:TOP]


def _changed(query: str, before: list[str], after: list[str]) -> ChangedAnswer:
    longer = max(len(before), len(after))
    return ChangedAnswer(
        query=query,
        overlap=len({*before} & {*after}) / longer if longer else 1.0,
        before=before[0] if before else None,
        after=after[0] if after else None,
    )


def _queries(path: Path) -> dict[str, str]:
    """Read queries in any form of ``read_queries``, or one a line."""
    numbered = [(number, line.strip()) for number, line in lines(path)]
    first = numbered[0][1] if numbered else ""
    if not first or first.startswith(("{", "<")) or "\t" in first:
        return read_queries(path)
    return {str(number): line for number, line in numbered}


def _own_queries(articles: Iterator[Article]) -> Iterator[tuple[str, str]]:
    """Yield a title or a sentence of each article, in turn, with the article's id."""
    by_title = True
    for article in articles:
        title = " ".join(article.title.split())
        sentences = own_sentences(article)
        text = title if title and (by_title or not sentences) else sentences[0] if sentences else ""
        if text:
            by_title = not by_title
            yield article.id, text
