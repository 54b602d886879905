"""ONNX encoder: an exported model run by ONNX Runtime, without torch, in batches of like length.

The only place where ``onnxruntime`` is used.

Why not at 8 bits? With ``quantize_dynamic`` (weights as signed bytes, a range a channel; onnxruntime 1.32) the default
encoder gave 38 chunks of 200 tokens per CPU-second instead of 18, and vectors with a cosine of .9945 to the original's,
.989 at least; but nDCG@10 of vectors alone fell from .5137 to .5093 on cranfield (.9474 to .9461 on xquad-en), and .003
was what it might cost. With one range a matrix the cosine was .938. Besides, the sums saturate on processors without
VNNI, so that an index would have to be searched on a processor like the one that it was built on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.encoders.onnx_export import GRAPH, TOKENIZER, WEIGHTS, ExportedModel, remedy
from searchkit.encoders.onnx_graph import OUTSIDE_BYTES
from searchkit.encoders.tokenizer import ModelTokenizer
from searchkit.errors import MissingExtra, StorageError, importing
from searchkit.storage.processor import cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.encoders.model_files import Model
    from searchkit.types import Progress, Vector


BATCH_TOKENS = 512
"""Tokens of a batch, padding included.

Texts per CPU-second of the default encoder on one thread of ONNX Runtime, by the size of the batch: of 200 tokens each,
19.5 at 1 and 2, 18 at 4 and 8, 16 at 16; of 24 tokens each, 142 at 1, 174 at 4, 189 at 16 and 32.
"""


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of the texts, batch by batch: every one once, of falling length, ties in their order."""
    groups: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if not groups or (len(groups[-1]) + 1) * lengths[groups[-1][0]] > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(number)
    return groups


def padded(rows: Sequence[Sequence[int]], fill: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows as one ``(n, longest)`` int64 array, filled up to the right, and the mask of what is real."""
    longest = max(1, max(map(len, rows), default=1))
    ids = np.full((len(rows), longest), fill, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def unit_rows(vectors: NDArray[np.floating]) -> Vector:
    """Return the rows as float32 of length 1. A row without direction (all zero, or not numbers) becomes zeros."""
    exact = np.nan_to_num(np.asarray(vectors, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    rows: Vector = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0).astype(np.float32)
    return rows


class OnnxEncoder:
    """Encodes with an exported model. Safe to share among threads; nothing is opened before it is used.

    Its methods raise ``StorageError`` where the exported files were deleted or damaged meanwhile, ``MissingExtra``
    where ONNX Runtime can't be imported.
    """

    def __init__(self, model: Model, folder: Path, facts: ExportedModel) -> None:
        self._model = model
        self.folder = folder
        self._facts = facts
        self.tokens = ModelTokenizer(folder / TOKENIZER, facts.max_length)
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The name by which the model was asked for."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """The sha256 over all that decides the vectors."""
        return self._model.fingerprint

    @property
    def facts(self) -> ExportedModel:
        """What ``encoder.json`` says of it, with the model's prompts."""
        model = self._model
        return replace(self._facts, query_prompt=model.query_prompt, chunk_prompt=model.chunk_prompt)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._facts.dimension

    @cached_property
    def max_tokens(self) -> int:
        """The longest chunk in tokens: the model's limit less special tokens and the prompt of a chunk."""
        prompt = self.tokens.count([self._model.chunk_prompt])[0]
        return max(self._facts.max_length - self.tokens.specials - prompt, 1)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones and without a limit."""
        return self.tokens.count(texts)

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` float32 vector of length 1."""
        row: Vector = unit_rows(self._run(self.tokens.number([self._model.query_prompt + text])))[0]
        return row

    def encode_queries(self, texts: Sequence[str]) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1, in batches: a third more queries a second."""
        return self.encode_ids(self.tokens.number([self._model.query_prompt + text for text in texts]))

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1; batches run on all cores that are allowed."""
        return self.encode_ids(self.tokens.number([self._model.chunk_prompt + text for text in texts]), progress)

    def encode_ids(self, rows: Sequence[Sequence[int]], progress: Progress | None = None) -> Vector:
        """Return ``(len(rows), dimension)`` float32 rows of length 1 for texts that are tokens already."""
        vectors = np.zeros((len(rows), self.dimension), dtype=np.float32)
        done = 0
        for numbers, batch in self._batch_by_batch(rows):
            vectors[numbers] = batch
            done += len(numbers)
            if progress is not None:
                progress("encode", done, len(rows))
        return vectors

    def _batch_by_batch(self, rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Vector]]:
        """Yield the numbers and vectors of each batch. One thread a core: one run on all cores idles more."""

        def encoded(numbers: list[int]) -> Vector:
            return unit_rows(self._run([rows[number] for number in numbers]))

        plan = batches([len(row) for row in rows])
        workers = min(cores(), len(plan))
        if workers < 2:
            yield from ((numbers, encoded(numbers)) for numbers in plan)
            return
        with ThreadPoolExecutor(workers, thread_name_prefix="encode") as pool:
            try:
                yield from zip(plan, pool.map(encoded, plan), strict=True)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, rows: Sequence[Sequence[int]]) -> Any:
        """Return the model's ``(n, dimension)`` vectors as they are."""
        ids, mask = padded(rows, self._facts.fill)
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        session = self._session
        try:
            output = session.run(None, {name: known[name] for name in self._facts.inputs})[0]
        except Exception as error:  # the package's errors have no common root but this
            raise self._unusable(f"can't be run: {str(error).splitlines()[0]}") from error
        if np.shape(output) != (len(rows), self.dimension):
            raise self._unusable(f"gives {np.shape(output)} values for {len(rows)} texts, not {self.dimension} each")
        return output

    def _unusable(self, reason: str) -> StorageError:
        return StorageError(f"The exported encoder in {self.folder} {reason}.", hint=remedy(self.folder))

    @property
    def _session(self) -> Any:
        with self._lock:
            return self._opened

    @cached_property
    def _opened(self) -> Any:
        try:
            return _open(self.folder / GRAPH, optimise=False)
        except MissingExtra:  # the folder's files are not at fault
            raise
        except Exception as error:  # the package's errors have no common root but this
            raise self._unusable(f"can't be opened: {str(error).splitlines()[0]}") from error


def optimise(raw: Path, draft: Path) -> None:
    """Write the exported graph to the draft folder as ONNX Runtime improves it, its weights in a file of their own.

    Only improvements that hold on every processor are made ("extended"). Raises ``Exception``, of the package's choice,
    where the graph can't be run.
    """
    _open(raw, optimise=True, output=draft / GRAPH)


def _open(path: Path, *, optimise: bool, output: Path | None = None) -> Any:
    with importing():
        import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_EXTENDED if optimise else level.ORT_DISABLE_ALL
    if output is not None:
        options.optimized_model_filepath = str(output)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)
        options.add_session_config_entry(
            "session.optimized_model_external_initializers_min_size_in_bytes", str(OUTSIDE_BYTES)
        )
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
