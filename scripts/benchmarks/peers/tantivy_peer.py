"""How is Tantivy asked in the benchmark? English stems, one field with positions, ids and dates in fast fields.

Its query parser reads words, conjunctions and phrases; prefixes and wildcards are regular expressions over terms, since
its parser has none, and match without a score of their own, as its fuzzy words do. One writer thread, so that its
CPU time is that of one core, with a heap that holds the whole archive up to 100,000 chunks in one segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import tantivy

from scripts.benchmarks.corpus import Corpus, Made
from scripts.benchmarks.peers.peer import Meter
from scripts.benchmarks.questions import Asked

CAN = frozenset(["or", "and", "phrase", "prefix", "wildcard", "fuzzy", "date", "tag"])
HEAP = 1_000_000_000


class Tantivy:
    """An opened Tantivy index."""

    can = CAN

    def __init__(self, folder: Path) -> None:
        self._index = tantivy.Index(_schema(), path=str(folder))
        self._schema = self._index.schema
        _register(self._index)
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        found = self._searcher.search(self._query(asked), limit=k, count=False)
        addresses = [address for _, address in found.hits]
        return self._searcher.fast_field_values("row", addresses)  # type: ignore[no-any-return,unused-ignore]

    def close(self) -> None:
        """Nothing is to be closed."""

    def _query(self, asked: Asked) -> Any:
        query = self._words(asked)
        musts = [(tantivy.Occur.Must, tantivy.Query.const_score_query(one, 0.0)) for one in self._filters(asked)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), *musts]) if musts else query

    def _filters(self, asked: Asked) -> list[Any]:
        found = []
        if asked.days:
            found.append(
                tantivy.Query.range_query(
                    self._schema, "published", tantivy.FieldType.Date, _naive(asked.since), _naive(asked.until)
                )
            )
        if asked.tag:
            found.append(tantivy.Query.term_query(self._schema, "tag", asked.tag, "basic"))
        return found

    def _words(self, asked: Asked) -> Any:
        words, make = asked.words, tantivy.Query
        kinds: dict[str, Callable[[], Any]] = {
            "or": lambda: self._index.parse_query(" ".join(words), ["text"]),
            "and": lambda: self._index.parse_query(" ".join(words), ["text"], conjunction_by_default=True),
            "phrase": lambda: self._index.parse_query(f'"{" ".join(words)}"', ["text"]),
            "prefix": lambda: make.regex_query(self._schema, "text", f"{words[0]}.*"),
            "wildcard": lambda: make.regex_query(self._schema, "text", words[0].replace("?", ".").replace("*", ".*")),
            "fuzzy": lambda: make.fuzzy_term_query(self._schema, "text", words[0], distance=1),
        }
        return kinds[asked.kind]()


def build(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the index; the end of merging threads is counted."""
    index = tantivy.Index(_schema(), path=str(folder))
    _register(index)
    with meter:
        writer = index.writer(heap_size=HEAP, num_threads=1)
    for block in corpus.blocks():
        with meter:
            _add(writer, block)
    with meter:
        writer.commit()
        writer.wait_merging_threads()


def update(folder: Path, fresh: Sequence[Made], meter: Meter) -> None:
    """Add chunks, some of which take the place of others."""
    index = tantivy.Index(_schema(), path=str(folder))
    _register(index)
    with meter:
        writer = index.writer(heap_size=HEAP, num_threads=1)
        for made in fresh:
            writer.delete_documents_by_term("row", made.row)
        _add(writer, fresh)
        writer.commit()
        writer.wait_merging_threads()


def _add(writer: Any, chunks: Sequence[Made]) -> None:
    for made in chunks:
        article = tantivy.Document()
        article.add_unsigned("row", made.row)
        article.add_text("text", made.text)
        article.add_date("published", _naive(made.published))
        for tag in made.tags:
            article.add_text("tag", tag)
        writer.add_document(article)


def _naive(instant: datetime | None) -> Any:
    return None if instant is None else instant.replace(tzinfo=None)


def _schema() -> Any:
    make = tantivy.SchemaBuilder()
    make.add_unsigned_field("row", fast=True, indexed=True)
    make.add_text_field("text", tokenizer_name="english", index_option="position")
    make.add_date_field("published", fast=True, indexed=True)
    make.add_text_field("tag", tokenizer_name="raw", index_option="basic")
    return make.build()


def _register(index: Any) -> None:
    build_analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    english = build_analyzer.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stemmer("english")).build()
    index.register_tokenizer("english", english)
