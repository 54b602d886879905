"""Output formats: an answer as JSON, JSON lines, CSV, Markdown or a TREC run.

Keys stand in one order, always; text is written as it is, never as ASCII escapes, but for control characters, which no
article may send to a terminal.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from urllib.parse import quote

from searchkit.answer import Answer, Snippet, article_dict, iso
from searchkit.cli.output.console import clean
from searchkit.types import Article, BuildReport, Chunk, IndexInfo

_UNESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~#])")
CSV_COLUMNS = (
    *("rank", "score", "id", "title", "url", "source", "authors", "published", "language", "tags"),
    *("chunk_id", "heading", "snippet"),
)
_LINKED = ("http://", "https://")


def to_json(value: Mapping[str, Any] | list[Any], *, indent: int | None = 2) -> str:
    """Write a value as JSON that is safe on a terminal: control characters that JSON lets through are escaped too."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain, allow_nan=False)
    return _UNESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def answer_json(answer: Answer, *, index: str, explain: bool = False) -> dict[str, Any]:
    """Return an answer as the object that ``--format json`` writes; with ``explain`` also the chunks' votes.

    A share is what its ``how`` says of the numbers beside it; the score is the sum of
    ``counts * score`` over the votes.
    """
    values = answer.to_dict(votes=explain)
    return {name: values[name] for name in ("query", "mode", "k")} | {"index": index} | values


def whole_article_json(article: Article, chunks: tuple[Chunk, ...]) -> dict[str, Any]:
    """Return an article with its text, its sections and the spans of its chunks."""
    return {
        **article_dict(article),
        "sections": [asdict(section) for section in article.sections],
        "chunks": [
            {"id": chunk.id, "start": chunk.start, "end": chunk.end, "heading": chunk.heading} for chunk in chunks
        ],
        "text": article.text,
    }


def info_json(info: IndexInfo) -> dict[str, Any]:
    """Return what an index is made of."""
    return {field.name: getattr(info, field.name) for field in fields(info)}


def report_json(report: BuildReport) -> dict[str, Any]:
    """Return what a build did, with every problem."""
    plain = {field.name: getattr(report, field.name) for field in fields(report) if field.name != "problems"}
    return {
        **plain,
        "lost": report.lost,
        "problem_kinds": [asdict(kind) for kind in report.problem_kinds],
        "problems": [asdict(problem) for problem in report.problems],
    }


def to_jsonl(answer: Answer, *, explain: bool = False) -> str:
    """Write one result a line."""
    return "".join(to_json(result.to_dict(votes=explain), indent=None) + "\n" for result in answer.results)


def to_csv(answer: Answer) -> str:
    """Write a heading and one row a result, with its best chunk."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for result in answer.results:
        article, best = result.article, result.chunks[0]
        row = [result.rank, result.score, article.id, article.title, article.url, article.source]
        row += ["; ".join(article.authors), iso(article.published_local), article.language, "; ".join(article.tags)]
        row += [best.chunk.id, best.chunk.heading, best.snippet.text]
        writer.writerow([clean(cell) if isinstance(cell, str) else cell for cell in row])
    return rows.getvalue()


def to_trec(answer: Answer, query_id: str) -> str:
    """Write a run in TREC's six columns; white space in an id is percent-encoded, since it separates columns."""
    return "".join(
        f"{_column(query_id)} Q0 {_column(result.article.id)} {result.rank} {result.score!r} searchkit\n"
        for result in answer.results
    )


def to_markdown(answer: Answer) -> str:
    """Write a numbered list to paste into a note: title, link, source and date, and the best snippet as a quotation."""
    lines = [f"**{_escape(answer.query.text)}**", ""]
    for result in answer.results:
        article = result.article
        facts = [_escape(fact) for fact in (article.source, iso(article.published_local)) if fact]
        lines.append(f"{result.rank}. {_link(article)}{' — ' if facts else ''}{', '.join(facts)}  ")
        indent = " " * (len(str(result.rank)) + 2)
        lines += [f"{indent}> {_marked(result.chunks[0].snippet)}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plain(value: object) -> object:
    """Turn what JSON doesn't know into what it knows."""
    if isinstance(value, datetime):
        return iso(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _column(text: str) -> str:
    return re.sub(r"[\s\x00-\x20]", lambda match: quote(match[0]), clean(text)) or "-"


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", clean(text))


def _link(article: Article) -> str:
    title = _escape(article.title.strip() or article.id)
    url = clean(article.url or "")
    return f"[{title}]({quote(url, safe=':/?&=#%@+,;~!$*')})" if url.startswith(_LINKED) else f"**{title}**"


def _marked(snippet: Snippet) -> str:
    """Write a snippet on one line, its highlights in bold; the stars stand close to the words, as Markdown wants it."""
    written = ""
    for text, highlighted in snippet.pieces():
        safe = _escape(text)
        written += re.sub(r"^(\s*)(.*?)(\s*)$", r"\1**\2**\3", safe) if highlighted and safe.strip() else safe
    return " ".join(written.split())
