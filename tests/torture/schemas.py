"""What may a hostile ``articles.sqlite`` hold? SQL that is written into one, by name."""

from __future__ import annotations

_VIEW = """
ALTER TABLE {table} RENAME TO real;
CREATE VIEW {table} AS SELECT {columns} FROM {source};
"""

_ARTICLE = (
    "row, id, digest, title, text, url, source, authors, published, updated, language, tags, fields, sections, chunk,"
    " chunks"
)


def _view(source: str, **instead: str) -> str:
    columns = ", ".join(f"{instead[name]} AS {name}" if name in instead else name for name in _ARTICLE.split(", "))
    return _VIEW.format(table="articles", columns=columns, source=source)


_ENDLESS = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)"

SCRIPTS = {
    "view that loads code": _view("real", title="load_extension('../outside/evil.so')"),
    "view that reads a file": _view("real", text="readfile('/etc/passwd')"),
    "view of vast blobs": _view("real", text="CAST(zeroblob(900000000) AS TEXT)"),
    "view without end": _view(f"real JOIN {_ENDLESS}"),
    "view of many rows": _view("real JOIN real AS b JOIN real AS c JOIN real AS d JOIN real AS e"),
    "view of random": _view("real", digest="randomblob(16)"),
    "labels without end": "DROP TABLE labels; CREATE VIEW labels AS SELECT 'a' || i AS name, 'b' AS value,"
    f" 0 AS article, 'c' AS shown FROM {_ENDLESS};",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON articles BEGIN DELETE FROM articles; END;",
    "trigger on a view": _view("real") + "CREATE TRIGGER t INSTEAD OF DELETE ON articles BEGIN DELETE FROM real; END;",
    "full-text table": "DROP TABLE dates; CREATE VIRTUAL TABLE dates USING fts5(published, article);",
    "rtree": "DROP TABLE dates; CREATE VIRTUAL TABLE dates USING rtree(article, published, x);",
    "table of pages": "DROP TABLE dates; CREATE VIRTUAL TABLE dates USING dbstat;",
    "unknown module": "INSERT INTO sqlite_master VALUES ('table', 'evil', 'evil', 0, 'CREATE VIRTUAL TABLE evil USING"
    " fileio(x)');",
    "generated column": "ALTER TABLE articles ADD COLUMN made TEXT AS (hex(zeroblob(100000000)));",
    "index on an expression": "CREATE INDEX i ON articles (length(text) + random());",
    "lying schema": "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'dates')"
    " WHERE name = 'articles';",
    "root page outside": "UPDATE sqlite_master SET rootpage = 2147483647 WHERE name = 'chunks';",
    "schema of noise": "UPDATE sqlite_master SET sql = 'CREATE TABLE articles (' || hex(zeroblob(2000000)) || ')' WHERE"
    " name = 'articles';",
    "lying statistics": "DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES ('articles', 'articles',"
    " '99999999999999999999 x y z'), ('labels', 'labels', zeroblob(10000)), (NULL, NULL, NULL);",
    "no tables": "DROP TABLE articles; DROP TABLE chunks;",
    "other columns": "ALTER TABLE articles DROP COLUMN sections;",
    "other order": "ALTER TABLE chunks RENAME COLUMN start TO s; ALTER TABLE chunks RENAME COLUMN end TO start;"
    " ALTER TABLE chunks RENAME COLUMN s TO end;",
    "log instead of journal": "PRAGMA journal_mode = WAL;",
    "another encoding": "CREATE TABLE more (x); PRAGMA user_version = -1; PRAGMA application_id = 99;",
    "many rows": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) INSERT INTO dates SELECT"
    " i, i FROM n;",
    "many tables": ";".join(f"CREATE TABLE t{number} (x)" for number in range(300)) + ";",
}
