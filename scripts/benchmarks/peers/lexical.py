"""How are bm25s, SQLite and plain Whoosh asked in the benchmark? Each with English stems, no stop words left out.

bm25s: Lucene's formula, numba behind it; it finds any of some words, and a filter is a mask that it is given ready
made. SQLite FTS5: Porter's stemmer, no text stored, an index of prefixes of four letters, optimised after building.
Whoosh: its stemming analyzer, positions, one segment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from scripts.benchmarks.corpus import Corpus
from scripts.benchmarks.peers.peer import Meter
from scripts.benchmarks.questions import Asked

TOKEN = r"(?u)\b\w+\b"


class Bm25s:
    """An opened bm25s index, its arrays memory-mapped."""

    can = frozenset(["or", "date", "tag"])

    def __init__(self, folder: Path) -> None:
        import bm25s
        import Stemmer

        self._index = bm25s.BM25.load(str(folder / "index"), mmap=True, load_corpus=False)
        self._index.backend = "numba"
        self._index.activate_numba_scorer()
        self._stem = Stemmer.Stemmer("english").stemWord
        self._days = np.load(folder / "days.npy")
        self._tags = {tag: np.load(folder / f"{tag}.npy") for tag in ("tenth", "hundredth")}

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        words = [self._stem(word) for word in asked.words]
        mask = None
        if asked.days:
            mask = ((self._days >= asked.days[0]) & (self._days <= asked.days[1])).astype(np.float32)
        if asked.tag:
            mask = self._tags[asked.tag]
        found = self._index.retrieve([words], k=k, show_progress=False, n_threads=1, weight_mask=mask)
        rows: list[int] = found.documents[0][found.scores[0] > 0].tolist()
        return rows

    def close(self) -> None:
        """Nothing is to be closed."""


def build_bm25s(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build and save the index."""
    import bm25s
    import Stemmer

    texts, days, tags = [], [], []
    for block in corpus.blocks():
        texts += [made.text for made in block]
        days += [made.day for made in block]
        tags += [made.tags for made in block]
    with meter:
        tokens = bm25s.tokenize(
            texts, token_pattern=TOKEN, stopwords=None, stemmer=Stemmer.Stemmer("english"), show_progress=False
        )
        index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend="numba")
        index.index(tokens, show_progress=False)
        index.save(str(folder / "index"), show_progress=False)
        np.save(folder / "days.npy", np.array(days, dtype=np.int32))
        for tag in ("tenth", "hundredth"):
            np.save(folder / f"{tag}.npy", np.array([tag in one for one in tags], dtype=np.float32))


class Fts5:
    """An opened SQLite database with a full-text index."""

    can = frozenset(["or", "and", "phrase", "prefix", "date", "tag"])

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(f"file:{folder / 'fts.sqlite'}?mode=ro", uri=True, check_same_thread=False)
        self._database.execute("pragma mmap_size = 4000000000")
        self._database.execute("pragma cache_size = -200000")

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        match asked.kind:
            case "prefix":
                text = f"{asked.words[0]}*"
            case "phrase":
                text = f'"{" ".join(asked.words)}"'
            case kind:
                text = f" {kind.upper()} ".join(asked.words)
        text = f"text : ({text})"
        if asked.tag:
            text = f"tag : {asked.tag} AND {text}"
        if asked.days:
            sql = (
                "select t.rowid from t join facts on facts.row = t.rowid"
                " where t match ? and facts.day between ? and ? order by t.rank limit ?"
            )
            found = self._database.execute(sql, (text, *asked.days, k))
        else:
            found = self._database.execute("select rowid from t where t match ? order by rank limit ?", (text, k))
        return [row for (row,) in found]

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def build_fts5(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the database."""
    database = sqlite3.connect(folder / "fts.sqlite")
    database.execute("pragma journal_mode = off")
    database.execute(
        "create virtual table t using fts5(text, tag, content='', tokenize='porter unicode61', prefix='4')"
    )
    database.execute("insert into t(t, rank) values ('rank', 'bm25(1.0, 0.0)')")
    database.execute("create table facts (row integer primary key, day integer)")
    for block in corpus.blocks():
        with meter:
            database.executemany(
                "insert into t(rowid, text, tag) values (?, ?, ?)",
                ((made.row, made.text, " ".join(made.tags)) for made in block),
            )
            database.executemany("insert into facts values (?, ?)", ((made.row, made.day) for made in block))
    with meter:
        database.execute("insert into t(t) values ('optimize')")
        database.commit()
        database.close()


class Whoosh:
    """An opened Whoosh index."""

    can = frozenset(["or", "and", "phrase", "prefix", "wildcard", "fuzzy", "date", "tag"])

    def __init__(self, folder: Path) -> None:
        from whoosh import index
        from whoosh.qparser import AndGroup, FuzzyTermPlugin, OrGroup, QueryParser

        self._index = index.open_dir(str(folder))
        self._searcher = self._index.searcher()
        self._any = QueryParser("text", self._index.schema, group=OrGroup)
        self._any.add_plugin(FuzzyTermPlugin())
        self._all = QueryParser("text", self._index.schema, group=AndGroup)

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        from whoosh.query import DateRange, Term

        parse = self._all.parse if asked.kind == "and" else self._any.parse
        form = {"phrase": '"{}"', "prefix": "{}*", "fuzzy": "{}~"}.get(asked.kind, "{}")
        only: Any = None
        if asked.since and asked.until:
            last = asked.until.replace(tzinfo=None) + timedelta(microseconds=1)
            only = DateRange("published", asked.since.replace(tzinfo=None), last)
        if asked.tag:
            only = Term("tag", asked.tag)
        found = self._searcher.search(parse(form.format(" ".join(asked.words))), limit=k, filter=only)
        return [hit["row"] for hit in found]

    def close(self) -> None:
        """Close the index."""
        self._searcher.close()
        self._index.close()


def build_whoosh(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the index in one segment."""
    from whoosh import index
    from whoosh.analysis import StemmingAnalyzer
    from whoosh.fields import DATETIME, KEYWORD, NUMERIC, TEXT, Schema

    schema = Schema(
        row=NUMERIC(stored=True),
        text=TEXT(analyzer=StemmingAnalyzer(stoplist=None, minsize=1), phrase=True),
        published=DATETIME(),
        tag=KEYWORD(),
    )
    made_in = index.create_in(str(folder), schema)
    with meter:
        writer = made_in.writer(limitmb=1024)
    for block in corpus.blocks():
        with meter:
            for made in block:
                writer.add_document(
                    row=made.row,
                    text=made.text,
                    published=made.published.replace(tzinfo=None),
                    tag=" ".join(made.tags),
                )
    with meter:
        writer.commit(merge=False)
    made_in.close()
