"""How are FAISS, ONNX Runtime, LanceDB and txtai asked in the benchmark? All are given the same vectors.

FAISS alone: a flat index of inner products, exact. ONNX Runtime alone: the exported default encoder, one query's
tokens at a time. LanceDB: full-text index with its English defaults, no vector index up to 100,000 chunks (its own
advice for small tables), IVF-PQ above, fused by reciprocal ranks, its default. txtai: hybrid with its defaults (BM25
and FAISS by its own choice of index), no content stored.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.corpus import DIMENSION, Corpus, MadeEncoder
from scripts.benchmarks.peers.peer import Meter
from scripts.benchmarks.questions import Asked

GIVEN = frozenset(["given"])
VECTOR_INDEX_FROM = 100_001


class Faiss:
    """A flat FAISS index in memory."""

    can = GIVEN

    def __init__(self, folder: Path) -> None:
        import faiss

        self._index: Any = faiss.read_index(str(folder / "flat.faiss"))
        self._encoder = MadeEncoder()

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the nearest chunks."""
        query = self._encoder.encode_query(" ".join(asked.words))
        rows: list[int] = self._index.search(query.reshape(1, -1), k)[1][0].tolist()
        return rows

    def close(self) -> None:
        """Nothing is to be closed."""


def build_faiss(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the index."""
    import faiss

    encoder = MadeEncoder()
    index: Any = faiss.IndexFlatIP(DIMENSION)
    for block in corpus.blocks():
        vectors = encoder.encode_chunks([made.text for made in block])
        with meter:
            index.add(vectors)
    with meter:
        faiss.write_index(index, str(folder / "flat.faiss"))


class Runtime:
    """ONNX Runtime with the default encoder's exported graph, one thread: text to vector, and nothing else."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        from searchkit.config import DEFAULT_ENCODER
        from searchkit.encoders import load_encoder
        from searchkit.encoders.onnx_export import GRAPH, TOKENIZER, folder_of

        self.encoder = load_encoder(DEFAULT_ENCODER)
        self.encoder.encode_query("the first time it is exported")
        folder = folder_of(self.encoder.fingerprint)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
        self._inputs = [one.name for one in self._session.get_inputs()]
        self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Any:
        """Run one batch of tokens."""
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return self._session.run(None, {name: known[name] for name in self._inputs})[0]

    def encode(self, text: str) -> Any:
        """Run one query."""
        ids = np.array([self.tokenizer.encode(text).ids], dtype=np.int64)
        return self.run(ids, np.ones_like(ids))


class RuntimeAndFaiss:
    """ONNX Runtime alone, then FAISS alone: the least that a search by meaning can cost."""

    can = frozenset(["hybrid"])

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        self._faiss = Faiss(folder)
        self._runtime = runtime

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the nearest chunks."""
        self._runtime.encode(" ".join(asked.words))
        return self._faiss.search(asked, k)

    def close(self) -> None:
        """Nothing is to be closed."""


class Lance:
    """An opened LanceDB table."""

    can = GIVEN

    def __init__(self, folder: Path) -> None:
        lancedb = _lancedb()

        self._table = lancedb.connect(str(folder)).open_table("chunks")
        self._encoder = MadeEncoder()

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        text = " ".join(asked.words)
        found = (
            self._table.search(query_type="hybrid")
            .vector(self._encoder.encode_query(text))
            .text(text)
            .select(["row"])
            .limit(k)
            .to_arrow()
        )
        rows: list[int] = found["row"].to_pylist()
        return rows

    def close(self) -> None:
        """Nothing is to be closed."""


def build_lance(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build the table and its indexes."""
    import pyarrow
    from lancedb.index import FTS, IvfPq

    lancedb, encoder = _lancedb(), MadeEncoder()
    fields = {"row": pyarrow.int64(), "text": pyarrow.string(), "vector": pyarrow.list_(pyarrow.float32(), DIMENSION)}
    schema = pyarrow.schema(list(fields.items()))
    with meter:
        table = lancedb.connect(str(folder)).create_table("chunks", schema=schema)
    for block in corpus.blocks():
        texts = [made.text for made in block]
        vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(encoder.encode_chunks(texts).ravel()), DIMENSION)
        with meter:
            table.add(pyarrow.table({"row": [made.row for made in block], "text": texts, "vector": vectors}))
    with meter:
        table.create_index("text", config=FTS())
        if corpus.chunks >= VECTOR_INDEX_FROM:
            table.create_index("vector", config=IvfPq(distance_type="cosine"))
        table.optimize()


def _lancedb() -> Any:
    os.environ.setdefault("LANCEDB_LOG", "error")  # it warns with every search otherwise
    import lancedb

    return lancedb


class Txtai:
    """An opened txtai index."""

    can = GIVEN

    def __init__(self, folder: Path) -> None:
        self._embeddings = _embeddings()
        self._embeddings.load(str(folder / "index"))

    def search(self, asked: Asked, k: int) -> Sequence[int]:
        """Return the rows of the best chunks."""
        return [int(row) for row, _ in self._embeddings.search(" ".join(asked.words), k)]

    def close(self) -> None:
        """Close the index."""
        self._embeddings.close()


def build_txtai(corpus: Corpus, folder: Path, meter: Meter) -> None:
    """Build and save the index."""
    embeddings = _embeddings()
    chunks = ((made.row, made.text, None) for block in corpus.blocks() for made in block)
    with meter:
        embeddings.index(meter.fed(chunks))
        embeddings.save(str(folder / "index"))


def _embeddings() -> Any:
    os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"  # txtai keeps the function's name in the index and asks before it
    from txtai import Embeddings

    return Embeddings(method="external", transform=f"{__name__}.made_vectors", hybrid=True, content=False)


def made_vectors(texts: list[str]) -> NDArray[np.float32]:
    """Return the texts' made vectors: what txtai calls."""
    return _made_encoder().encode_chunks(texts)


@cache
def _made_encoder() -> MadeEncoder:
    return MadeEncoder()
