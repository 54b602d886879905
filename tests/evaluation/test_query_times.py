from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from searchkit import Query
from searchkit.errors import ConfigError
from searchkit.evaluation.query_times import QueryTimes, read_query_times

ROWS = (
    {"_id": "q1", "text": "strike", "metadata": {"date": "2024-02-23"}},
    {"_id": "q2", "text": "strike", "metadata": {"date": "2024-02"}},
    {"_id": "q3", "text": "strike", "metadata": {"date": "????"}},
    {"_id": "q4", "text": "strike", "metadata": {}},
    {"_id": 5, "text": "strike", "metadata": {"date": "2024-02-23T08:00:00Z"}},
)


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_each_query_has_the_date_of_its_field(queries: Path) -> None:
    times = read_query_times("metadata.date", queries, ["q1", "q2", "q3", "q4", "5"])
    assert times.as_of == {
        "q1": date(2024, 2, 23),
        "q2": date(2024, 2, 29),
        "5": datetime(2024, 2, 23, 8, tzinfo=UTC),
    }
    assert times.notes == ("2 of 5 queries have no date in 'metadata.date' and were asked without: 'q3', 'q4'.",)


def test_a_query_is_asked_as_of_its_date_and_one_without_as_it_is() -> None:
    times = QueryTimes(as_of={"q1": date(2024, 2, 23)})
    query = Query(text="strike")
    assert times.dated("q1", query) == Query(text="strike", as_of=date(2024, 2, 23), include_later=True)
    assert times.dated("q2", query) is query


def test_a_date_is_that_of_all_queries(queries: Path, tmp_path: Path) -> None:
    for path in (queries, None, tmp_path / "topics.tsv"):
        if path is not None and not path.exists():
            path.write_text("q1\tstrike\n", encoding="utf-8")
        times = read_query_times("2024-02-23", path, ["q1", "q4"], include_later=False)
        assert times == QueryTimes(as_of=dict.fromkeys(("q1", "q4"), date(2024, 2, 23)), include_later=False)


def test_what_is_neither_a_field_nor_a_date_is_refused(queries: Path) -> None:
    with pytest.raises(ConfigError, match="no query has such a field, and it is no date"):
        read_query_times("2024-99", queries, ["q1"])
