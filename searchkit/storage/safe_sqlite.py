"""SQLite files that anybody may have made, opened so that nothing in them can run or lie about its type.

A schema can hold views, triggers, virtual tables and expressions, which SQLite would evaluate when a table is read. So
the file's schema has to be, word for word, the one that the writer creates. What stands in a cell can be of any type,
whatever its column says; so whoever reads says what must come, and gets that or an error.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_DEFENCES = """
PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON; PRAGMA mmap_size = 0;
"""
"""No function or table of a schema is trusted, cells are checked when read, and nothing is mapped into memory, where a
file that is cut short under a reader would end the process."""

_STATISTICS = {"sqlite_stat1", "sqlite_stat4"}
"""What ANALYZE adds, as this SQLite was compiled: planning alone reads it."""

_KINDS: dict[str, set[type]] = {
    "i": {int},
    "t": {str},
    "b": {bytes},
    "T": {str, type(None)},
}


def open_to_read(path: Path, *schemas: str) -> sqlite3.Connection:
    """Open a file that has one of these schemas, for any thread, with every defence on.

    Raises ``sqlite3.Error`` where it can't be read or its schema is another.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        connection.executescript(_DEFENCES)
        held = _schema_of(connection)
        if not any(held == _expected(schema) for schema in schemas):
            raise sqlite3.DatabaseError("its schema isn't the one that was written")
    except BaseException:
        connection.close()
        raise
    return connection


def right_kinds(rows: Sequence[tuple[Any, ...]], kinds: str) -> bool:
    """Say whether each column holds what its letter allows: "i" integers, "t" texts, "b" bytes, "T" texts or NULL."""
    columns = zip(*rows, strict=True)
    return all(set(map(type, column)) <= _KINDS[kind] for kind, column in zip(kinds, columns, strict=False))


@cache
def _expected(schema: str) -> frozenset[tuple[str, str, str | None]]:
    with sqlite3.connect(":memory:") as connection:
        connection.executescript(schema)
    try:
        return _schema_of(connection)
    finally:
        connection.close()


def _schema_of(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str | None]]:
    """Return all that a schema holds: type, name and SQL of each, blanks aside."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return frozenset(
        (str(kind), str(name), None if sql is None else " ".join(str(sql).split()))
        for kind, name, sql in rows
        if kind != "table" or name not in _STATISTICS
    )
