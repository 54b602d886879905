"""Here are articles, queries and a peer; what does it find? Each peer with the settings that its makers recommend.

All are given the same text, title and body of an article as one, and those that take vectors the same vectors, made by
searchkit's encoder of the whole article, of which it reads the first 256 tokens. Each peer is a function that indexes
the articles and returns the best ``depth`` of every query.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Scores = dict[str, dict[str, float]]
"""For each query the scores of the articles found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a peer gets: ``ids`` and ``texts`` of the articles and of the queries, and ``(n, dimension)`` vectors."""

    ids: Sequence[str]
    texts: Sequence[str]
    vectors: Vectors
    queries: Mapping[str, str]
    query_vectors: Vectors
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A peer: its name, the package whose version is shown, its settings in words, and what asks it."""

    name: str
    package: str
    settings: str
    ask: Callable[[Given], Scores]


def ask_bm25s(given: Given) -> Scores:
    """Index and ask bm25s."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25(backend="numba")
    tokens = bm25s.tokenize(list(given.texts), stopwords="en", stemmer=stemmer, show_progress=False)
    index.index(tokens, show_progress=False)
    asked = bm25s.tokenize(list(given.queries.values()), stopwords="en", stemmer=stemmer, show_progress=False)
    k = min(given.depth, len(given.ids))
    found = index.retrieve(asked, k=k, show_progress=False, n_threads=1)
    return {
        query: {given.ids[row]: float(score) for row, score in zip(rows, scores, strict=True) if score > 0}
        for query, rows, scores in zip(given.queries, found.documents.tolist(), found.scores.tolist(), strict=True)
    }


def ask_tantivy(given: Given) -> Scores:
    """Index and ask Tantivy."""
    import tantivy

    make = tantivy.SchemaBuilder()
    make.add_unsigned_field("row", fast=True)
    make.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(make.build())
    writer = index.writer(num_threads=1)
    for row, text in enumerate(given.texts):
        article = tantivy.Document()
        article.add_unsigned("row", row)
        article.add_text("text", text)
        writer.add_document(article)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def best(text: str) -> dict[str, float]:
        query, _ = index.parse_query_lenient(text, ["text"])
        hits = searcher.search(query, limit=given.depth).hits
        rows: Any = searcher.fast_field_values("row", [address for _, address in hits])
        return {given.ids[row]: float(score) for row, (score, _) in zip(rows, hits, strict=True)}

    return {query: best(text) for query, text in given.queries.items()}


def ask_faiss(given: Given) -> Scores:
    """Ask the vectors alone."""
    import faiss

    index: Any = faiss.IndexFlatIP(given.vectors.shape[1])
    index.add(given.vectors)
    scores, rows = index.search(given.query_vectors, min(given.depth, len(given.ids)))
    return {
        query: {given.ids[row]: float(score) for row, score in zip(best, points, strict=True)}
        for query, best, points in zip(given.queries, rows.tolist(), scores.tolist(), strict=True)
    }


def ask_lance(given: Given) -> Scores:
    """Index and ask LanceDB."""
    os.environ.setdefault("LANCEDB_LOG", "error")
    import lancedb
    import pyarrow
    from lancedb.index import FTS

    width = given.vectors.shape[1]
    vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(given.vectors.ravel()), width)
    columns = {"row": list(range(len(given.ids))), "text": list(given.texts), "vector": vectors}
    with tempfile.TemporaryDirectory() as folder:
        table = lancedb.connect(folder).create_table("articles", pyarrow.table(columns))
        table.create_index("text", config=FTS())

        def best(text: str, vector: Vectors) -> dict[str, float]:
            asked = table.search(query_type="hybrid").vector(vector).text(text).distance_type("cosine")
            found = asked.limit(given.depth).to_arrow()
            rows, scores = found["row"].to_pylist(), found["_relevance_score"].to_pylist()
            return {given.ids[row]: float(score) for row, score in zip(rows, scores, strict=True)}

        pairs = zip(given.queries.items(), given.query_vectors, strict=True)
        return {query: best(text, vector) for (query, text), vector in pairs}


def ask_txtai(given: Given) -> Scores:
    """Index and ask txtai."""
    from txtai import Embeddings

    known = dict(zip(given.texts, given.vectors, strict=True))
    known |= dict(zip(given.queries.values(), given.query_vectors, strict=True))

    def transform(texts: list[str]) -> Vectors:
        return np.stack([known[text] for text in texts])

    index = Embeddings(method="external", transform=transform, hybrid=True, content=False)
    index.index((row, text, None) for row, text in enumerate(given.texts))
    return {
        query: {given.ids[int(row)]: float(score) for row, score in index.search(text, given.depth)}
        for query, text in given.queries.items()
    }


JUDGES = (
    Judge(name="bm25s", package="bm25s", settings="its defaults, English stop words and stems", ask=ask_bm25s),
    Judge(name="Tantivy", package="tantivy", settings="its English stems", ask=ask_tantivy),
    Judge(name="FAISS", package="faiss-cpu", settings="flat, inner product", ask=ask_faiss),
    Judge(
        name="LanceDB hybrid",
        package="lancedb",
        settings="full-text index with its defaults, exact vectors, reciprocal ranks",
        ask=ask_lance,
    ),
    Judge(name="txtai hybrid", package="txtai", settings="its defaults: BM25 normalised, half and half", ask=ask_txtai),
)
