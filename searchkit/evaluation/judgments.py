"""Judged queries: queries and qrels, in BEIR's form or TREC's.

Queries: JSON lines ``{"_id": …, "text": …}`` (BEIR), lines ``id<TAB>text``, or TREC's topics (``<top>``, ``<num>``,
``<title>``). Qrels: lines of three columns below a heading (BEIR: query, article, grade) or of four (TREC: query,
iteration, article, grade). A grade is a whole number; above 0 is relevant, 0 and below is judged and not relevant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from searchkit.errors import ConfigError, MissingExtra, SourceError

_WHITE = re.compile(r"[\s\x00-\x20]")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that isn't blank, a byte order mark left out.

    Raises ``SourceError`` where the file can't be read as UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path} can't be read: {(error.strerror or str(error)).lower()}.", hint=_NAME_IT) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} isn't UTF-8 text.", hint="Write it as UTF-8.") from error
    # Not splitlines: a line separator of Unicode may stand within a query.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line


_NAME_IT = "Name a file that exists."


def bad_line(path: Path, number: int, reason: str, hint: str) -> SourceError:
    """Make the error for a line that can't be read."""
    return SourceError(f"{path}, line {number}: {reason}.", hint=hint)


def column(text: str) -> str:
    """Return an id as it stands in a column of TREC's files: white space, which separates columns, percent-encoded."""
    return _WHITE.sub(lambda match: quote(match[0]), text) or "-"


Qrels = Mapping[str, Mapping[str, int]]
"""For each query the grade of each judged article, or chunk."""

DATASET_PREFIX = "irds:"
"""What begins the name of a data set of the package ir_datasets: ``irds:beir/scifact/test``."""

HIGHEST_GRADE = 1000
"""Higher is no grade but another column; trec_eval needs time and memory in proportion."""

_HEADINGS = frozenset({"score", "grade", "relevance", "rel", "label", "rating", "judgement", "judgment", "qrel"})
"""What stands above the grades in files of three columns; TREC's of four have no heading."""

_QRELS_HINT = "Each line is 'query article grade' (BEIR, below a heading) or 'query 0 article grade' (TREC)."
_QUERIES_HINT = 'Each line is {"_id": "1", "text": "…"} (BEIR) or id, tab, text; TREC\'s topics are read too.'
_TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<num>\s*(?:Number\s*:)?\s*([^\s<]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*(?:Topic\s*:)?(.*?)(?=<|$)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgments:
    """Queries and what is relevant to them.

    ``queries``: the text of each query that was judged. ``qrels``: every judged query, also one without a text, which
    no search can answer and which counts 0. ``notes``: what the user should know of what was read.
    """

    name: str
    queries: Mapping[str, str]
    qrels: Qrels
    notes: tuple[str, ...] = ()

    @property
    def judgements(self) -> int:
        """Count the judged pairs."""
        return sum(map(len, self.qrels.values()))


def read_judged(place: str | Path, *, split: str = "test") -> Judgments:
    """Read a folder in BEIR's layout, ``queries.jsonl`` and ``qrels/SPLIT.tsv``; or ``irds:NAME`` through ir_datasets.

    Raises ``ConfigError`` where there is no such folder or split, naming those there are, ``SourceError`` naming the
    file and line that can't be read, ``MissingExtra`` where ir_datasets is asked for and not installed.
    """
    if str(place).startswith(DATASET_PREFIX):
        return _from_ir_datasets(str(place))
    folder = Path(place)
    if not folder.is_dir():
        raise ConfigError(
            f"There is no folder {folder}.",
            hint="Name one with queries.jsonl and qrels/ in it (BEIR's layout), or two files: --queries and --qrels.",
        )
    qrels = folder / "qrels" / f"{split}.tsv"
    if not qrels.is_file():
        splits = sorted(path.stem for path in folder.glob("qrels/*.tsv"))
        near = get_close_matches(split, splits, n=1) or splits[:1]
        hint = (
            f"There are: {', '.join(splits)}. Try --split {near[0]}." if splits else "Judgements stand in qrels/*.tsv."
        )
        raise ConfigError(f"{folder} has no judgements '{split}'.", hint=hint)
    return _joined(f"{folder.name}/{split}", read_queries(folder / "queries.jsonl"), read_qrels(qrels))


def read_files(*, queries: Path | None, qrels: Path) -> Judgments:
    """Read queries and qrels from two files of any form; without queries, only runs from files can be measured.

    Raises ``SourceError`` naming the file and line that can't be read.
    """
    judgements = read_qrels(qrels)
    if queries is None:
        return Judgments(name=qrels.stem, queries={}, qrels=judgements, notes=_doubts(qrels.stem, judgements))
    return _joined(qrels.stem, read_queries(queries), judgements)


def read_queries(path: Path) -> dict[str, str]:
    """Read the text of each query by its id. Raises ``SourceError`` naming the line that can't be read."""
    numbered = list(lines(path))
    if not numbered:
        raise SourceError(f"{path} holds no query.", hint=_QUERIES_HINT)
    first = numbered[0][1].lstrip()
    if first.startswith("<"):
        return dict(_unique(path, _topics(path, "\n".join(line for _, line in numbered))))
    read = _json_query if first.startswith("{") else _tab_query
    return dict(_unique(path, ((number, *read(path, number, line)) for number, line in numbered)))


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read the grades of each query's judged articles. Raises ``SourceError`` naming the line that can't be read."""
    qrels: dict[str, dict[str, int]] = {}
    for place, (number, line) in enumerate(lines(path)):
        # BEIR's files have tabs, and an id may hold a space there.
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if len(cells) not in {3, 4} or not all(cells):
            raise bad_line(path, number, f"it has {len(cells)} columns", _QRELS_HINT)
        query, article, grade = cells[0], cells[-2], cells[-1]
        if place == 0 and len(cells) == 3 and grade.casefold() in _HEADINGS:
            continue
        if not _is_whole(grade) or abs(float(grade)) > HIGHEST_GRADE:
            raise bad_line(path, number, f"'{grade}' is no grade", _QRELS_HINT)
        grades = qrels.setdefault(query, {})
        if grades.setdefault(article, int(float(grade))) != int(float(grade)):
            raise bad_line(path, number, f"'{article}' has two grades for query '{query}'", "Leave one of them.")
    if not qrels:
        raise SourceError(f"{path} holds no judgement.", hint=_QRELS_HINT)
    return qrels


def _joined(name: str, queries: Mapping[str, str], qrels: Qrels) -> Judgments:
    judged_queries = {query: queries[query] for query in qrels if query in queries}
    if not judged_queries:
        raise SourceError(
            f"No query of {name} has a judgement: the ids differ.", hint="Queries and qrels must share their ids."
        )
    notes = []
    if unjudged := len(queries) - len(judged_queries):
        notes.append(f"{unjudged:,} of {len(queries):,} queries have no judgement in {name} and aren't asked.")
    if textless := len(qrels) - len(judged_queries):
        notes.append(f"{textless:,} judged queries have no text: they count 0.")
    return Judgments(name=name, queries=judged_queries, qrels=qrels, notes=(*notes, *_doubts(name, qrels)))


def _doubts(name: str, qrels: Qrels) -> tuple[str, ...]:
    if any(grade > 0 for grades in qrels.values() for grade in grades.values()):
        return ()
    return (f"No grade of {name} is above 0, so nothing is relevant and every measure of relevance is 0.",)


def _is_whole(text: str) -> bool:
    """Say whether a cell is a whole number, also as some tools write it: ``1.0``."""
    try:
        return float(text).is_integer()
    except ValueError:
        return False


def _json_query(path: Path, number: int, line: str) -> tuple[str, str]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise bad_line(path, number, "it isn't valid JSON", _QUERIES_HINT) from error
    name = value.get("_id", value.get("id")) if isinstance(value, dict) else None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(name, str | int) or not isinstance(text, str):
        raise bad_line(path, number, "it has no '_id' or no 'text'", _QUERIES_HINT)
    return str(name), text


def _tab_query(path: Path, number: int, line: str) -> tuple[str, str]:
    name, tab, text = line.partition("\t")
    if not tab or not name.strip():
        raise bad_line(path, number, "there is no tab between id and text", _QUERIES_HINT)
    return name.strip(), text.strip()


def _topics(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    for count, topic in enumerate(_TOPIC.findall(text), start=1):
        name, title = _NUMBER.search(topic), _TITLE.search(topic)
        if name is None or title is None:
            raise SourceError(f"{path}: topic {count} has no <num> or no <title>.", hint=_QUERIES_HINT)
        yield count, name[1], " ".join(title[1].split())


def _unique(path: Path, rows: Iterator[tuple[int, str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, name, text in rows:
        if name in seen:
            raise SourceError(f"{path}, entry {number}: there are two queries '{name}'.", hint="Leave one of them.")
        seen.add(name)
        yield name, text
    if not seen:
        raise SourceError(f"{path} holds no query.", hint=_QUERIES_HINT)


def _from_ir_datasets(place: str) -> Judgments:
    try:
        ir_datasets = import_module("ir_datasets")
    except ModuleNotFoundError as error:
        if error.name != "ir_datasets":
            raise
        raise MissingExtra(
            f"'{place}' is a data set of ir_datasets, which isn't installed.", hint="Run 'pip install ir-datasets'."
        ) from error
    name = place.removeprefix(DATASET_PREFIX)
    try:
        dataset = ir_datasets.load(name)
    except KeyError as error:
        raise ConfigError(f"ir_datasets has no data set '{name}'.", hint="Its catalogue names them.") from error
    if not dataset.has_queries() or not dataset.has_qrels():
        raise ConfigError(f"'{name}' of ir_datasets has no queries or no qrels.", hint="Name one of its splits.")
    qrels: dict[str, dict[str, int]] = {}
    try:
        queries = {query.query_id: query.default_text() for query in dataset.queries_iter()}
        for judgement in dataset.qrels_iter():
            qrels.setdefault(judgement.query_id, {})[judgement.doc_id] = judgement.relevance
    except (OSError, RuntimeError) as error:  # what it raises where it can't fetch what it hasn't got
        raise SourceError(
            f"ir_datasets can't read '{name}': {_first_line(error)}.",
            hint="It fetches a data set when it is first used: run this where that place can be reached.",
        ) from error
    return _joined(name, queries, qrels)


def _first_line(error: Exception) -> str:
    return (str(error.args[0] if error.args else error).splitlines() or [type(error).__name__])[0][:200]
