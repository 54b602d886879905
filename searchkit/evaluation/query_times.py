"""Query times: as of which date each judged query is asked.

Later articles pass where nothing else is said: they may be judged as relevant, and a question is often asked of what
the papers print on the next day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from searchkit.errors import ConfigError, QueryError
from searchkit.evaluation.judgments import lines
from searchkit.ingest.dates import now_in
from searchkit.search.query_time import as_of_bound
from searchkit.types import Query

_NAMED = 3
"""Queries without a date that a note names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTimes:
    """As of which date each query is asked, by its id; one that isn't there is asked as of none.

    ``include_later``: whether articles later than that pass. ``notes``: what the user should know.
    """

    as_of: Mapping[str, date]
    include_later: bool = True
    notes: tuple[str, ...] = ()

    def dated(self, query_id: str, query: Query) -> Query:
        """Return a query as of its date."""
        when = self.as_of.get(query_id)
        return query if when is None else replace(query, as_of=when, include_later=self.include_later)


def read_query_times(
    typed: str, path: Path | None, queries: Sequence[str], *, time_zone: str = "", include_later: bool = True
) -> QueryTimes:
    """Read as of when to ask: ``typed`` names a field of the queries' JSON lines by its dotted path, or one date.

    Raises ``ConfigError`` where it is neither, and ``SourceError`` where the file can't be read.
    """
    now = partial(now_in, time_zone)
    values = {} if path is None else _values(path, typed)
    if not values:
        try:
            when = as_of_bound(typed, now)
        except QueryError as error:
            raise ConfigError(
                f"--as-of can't be '{typed}': no query has such a field, and it is no date.",
                hint="Name a field of queries.jsonl, such as metadata.date, or give a date.",
            ) from error
        return QueryTimes(as_of=dict.fromkeys(queries, when), include_later=include_later)
    dates: dict[str, date] = {}
    for query in queries:
        try:
            if query in values:
                dates[query] = as_of_bound(values[query], now)
        except QueryError:
            continue
    return QueryTimes(as_of=dates, include_later=include_later, notes=_note(typed, queries, dates))


def _note(field: str, queries: Sequence[str], dates: Mapping[str, date]) -> tuple[str, ...]:
    undated = [query for query in queries if query not in dates]
    if not undated:
        return ()
    named = ", ".join(f"'{query}'" for query in undated[:_NAMED]) + (", …" if len(undated) > _NAMED else "")
    return (f"{len(undated):,} of {len(queries):,} queries have no date in '{field}' and were asked without: {named}.",)


def _values(path: Path, field: str) -> dict[str, str]:
    """Return what each query has at a dotted path, as text; nothing where the file isn't of JSON lines."""
    values: dict[str, str] = {}
    for _, line in lines(path):
        try:
            row: Any = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        name = row.get("_id", row.get("id")) if isinstance(row, dict) else None
        for key in field.split("."):
            row = row.get(key) if isinstance(row, dict) else None
        if name is not None and isinstance(row, str | int) and not isinstance(row, bool):
            values[str(name)] = str(row)
    return values
