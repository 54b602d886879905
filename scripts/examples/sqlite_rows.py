"""50,000 rows of an SQLite database as an index: they go through one by one, and keyword search answers first.

python scripts/examples/sqlite_rows.py archive.sqlite indexes/rows --rows 50000
"""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path

import searchkit

WORDS = ("radar", "ferry", "cocoa", "bridge", "harbor", "strike", "budget", "whale", "crane", "storm")


def invent(database: str, rows: int) -> None:
    """Make a database to try it with."""
    invented = (
        (f"The {WORDS[n % 10]} of day {n}", f"A {WORDS[n // 10 % 10]} met a {WORDS[n // 100 % 10]} at pier {n}.", n % 7)
        for n in range(rows)
    )
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE notes (title TEXT, body TEXT, desk INTEGER)")
        connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", invented)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("index")
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    if not Path(options.database).exists():
        invent(options.database, options.rows)
    connection = sqlite3.connect(options.database)
    connection.row_factory = sqlite3.Row  # rows that know the names of their columns are articles
    rows = connection.execute("SELECT rowid AS id, title, body AS text, desk FROM notes")
    report = searchkit.build(options.index, rows, keyword_first=True, say=print)
    print(f"{report.articles:,} articles in {report.took_s:.1f} s, {report.lost} lost")
    with searchkit.open(options.index) as searcher:
        for result in searcher.search("a storm over the harbor", k=3, where={"field": "desk", "in": [1, 2]}).results:
            print(result.rank, result.article.id, result.article.title, result.article.fields)
