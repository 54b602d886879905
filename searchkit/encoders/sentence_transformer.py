"""Sentence-transformers encoder, and its export to ONNX.

The only place where ``torch`` and ``sentence_transformers`` are used: to export a model once, and to run those that
can't be exported.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.encoders.onnx_encoder import batches, unit_rows
from searchkit.encoders.onnx_export import TOKENIZER, ExportedModel
from searchkit.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from searchkit.encoders.model_files import Model
    from searchkit.types import Progress, Vector


_UNLIMITED = 8192
"""The longest input, in tokens, of a model that names no limit."""

_AT_ONCE = 256
"""Texts of a batch on a device that isn't the CPU, which has room for them."""

DEVICES = ("auto", "cpu", "cuda", "mps")

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class NotExportable(Exception):
    """The model can't be brought to ONNX; the message says why."""


class SentenceTransformerEncoder:
    """Encodes with sentence-transformers itself. Safe to share among threads, one of which runs at a time."""

    def __init__(self, model: Model, *, device: str = "cpu") -> None:
        """Load the model onto a device of torch's.

        Raises ``ConfigError`` where sentence-transformers can't, ``MissingExtra`` where it lacks a package for it.
        """
        self._model = model
        self._lock = RLock()
        self._transformer = _load(model.folder, device)
        self._at_once = 0 if device == "cpu" else _AT_ONCE
        self.max_length = _max_length(self._transformer)
        self._dimension = int(self.raw_query("").shape[0])

    @property
    def name(self) -> str:
        """The name by which the model was asked for."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """The sha256 over all that decides the vectors."""
        return self._model.fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """The longest chunk in tokens: the model's limit less special tokens and the prompt of a chunk."""
        tokenizer = self._transformer.tokenizer
        specials = int(tokenizer.num_special_tokens_to_add(False))
        return max(self.max_length - specials - self.count_tokens([self._model.chunk_prompt])[0], 1)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones and without a limit."""
        if not texts:
            return []
        tokenizer = self._transformer.tokenizer
        with self._lock:
            if hasattr(tokenizer, "encode_batch_fast"):
                encodings = tokenizer.encode_batch_fast(clean(texts), add_special_tokens=False)
                return [len(encoding) for encoding in encodings]
            encoded = tokenizer(clean(texts), add_special_tokens=False, truncation=False, padding=False, verbose=False)
            return [len(ids) for ids in encoded["input_ids"]]

    def encode_query(self, text: str) -> Vector:
        """Return a ``(dimension,)`` float32 vector of length 1."""
        return unit_rows(self.raw_query(text))

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        """Return ``(len(texts), dimension)`` float32 rows of length 1; torch uses all cores."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        lengths = [max(1, min(length, self.max_length)) for length in self.count_tokens(texts)]
        done = 0
        for numbers in batches(lengths) if not self._at_once else _of_like_length(lengths, self._at_once):
            vectors[numbers] = unit_rows(self.raw_chunks([texts[number] for number in numbers]))
            done += len(numbers)
            if progress is not None:
                progress("encode", done, len(texts))
        return vectors

    def raw_query(self, text: str) -> Any:
        """Return the query's vector as the model gives it."""
        with self._lock:
            return self._transformer.encode_query(
                clean([text])[0], prompt=self._model.query_prompt, show_progress_bar=False, convert_to_numpy=True
            )

    def raw_chunks(self, texts: Sequence[str]) -> Any:
        """Return the chunks' vectors as the model gives them."""
        with self._lock:
            return self._transformer.encode_document(
                clean(texts),
                prompt=self._model.chunk_prompt,
                batch_size=len(texts),
                show_progress_bar=False,
                convert_to_numpy=True,
            )

    def export(self, raw: Path, draft: Path) -> ExportedModel:
        """Write the pipeline as one ONNX graph to ``raw``, and the tokenizer to the folder ``draft``.

        Returns what is to be known to run it. Raises ``NotExportable`` for a model that can't be brought to ONNX.
        """
        with self._lock:
            tokenizer = _backend(self._transformer)
            inputs = _export(self._transformer, raw)
            tokenizer.save(str(draft / TOKENIZER))
            fill = getattr(self._transformer.tokenizer, "pad_token_id", None)
        return ExportedModel(dimension=self.dimension, max_length=self.max_length, inputs=inputs, fill=fill or 0)


TORCH = ("torch", "transformers", "sentence_transformers")
"""Packages that a light installation does without."""

INSTALL_TORCH = (
    "Run 'pip install torch --index-url https://download.pytorch.org/whl/cpu' and then 'pip install"
    " sentence-transformers'; where that index can't be reached the second alone does, and brings 3 GB for GPUs along."
)


def _library(folder: Path) -> Any:
    """Import sentence-transformers.

    Raises ``MissingExtra`` where it, transformers or torch isn't installed; ``ImportError`` where one of them is
    broken.
    """
    try:
        import sentence_transformers
        import torch  # noqa: F401 - transformers does without for a while, and then fails in a way of its own
    except ModuleNotFoundError as error:
        if error.name not in TORCH:
            raise
        raise MissingExtra(
            f"The model in {folder} needs torch and sentence-transformers, of which {error.name} isn't installed.",
            hint=f"{INSTALL_TORCH} The default encoder needs neither.",
        ) from error
    return sentence_transformers


def chosen_device(asked: str, folder: Path) -> str:
    """Return the device that is meant: "auto" is the fastest that is there. Raises ``ConfigError``, ``MissingExtra``.

    ``folder`` is that of the model that is to run on it.
    """
    if asked not in DEVICES:
        raise ConfigError(f"There is no device '{asked}'.", hint=f"Choose one of: {', '.join(DEVICES)}.")
    if asked == "cpu":
        return asked
    _library(folder)
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next((name for name, is_there in there.items() if is_there), "cpu")
    if not there[asked]:
        raise ConfigError(f"There is no device '{asked}' here.", hint="Take --device auto, which takes what is there.")
    return asked


def _load(folder: Path, device: str = "cpu") -> Any:
    """Load the model in float32, from its folder alone."""
    return _loaded(_library(folder).SentenceTransformer, folder, device)


def load_cross_encoder(folder: Path) -> Any:
    """Load a cross-encoder in float32 on the CPU, from its folder alone. Raises as the encoder does."""
    return _loaded(_library(folder).CrossEncoder, folder)


def _loaded(kind: Any, folder: Path, device: str = "cpu") -> Any:
    try:
        with _quiet():
            model = kind(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except ImportError as error:
        raise MissingExtra(
            f"The model in {folder} needs a package that isn't installed: {_first_line(error)}",
            hint="Install it with pip, or choose another model.",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise ConfigError(
            f"sentence-transformers can't load the model in {folder}: {_first_line(error)}",
            hint="Give the folder of a sentence-transformers model that needs no trust_remote_code.",
        ) from error
    return model.float().eval()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from drawing progress bars and torch from warning about its own parts."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _of_like_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return the numbers of the texts in batches of a size, the longest first."""
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    return [order[first : first + size] for first in range(0, len(order), size)]


def _max_length(model: Any) -> int:
    limit = model.max_seq_length
    return int(limit) if limit and limit <= _UNLIMITED else _UNLIMITED


def clean(texts: Sequence[str]) -> list[str]:
    """Return the texts with lone surrogates, which no tokenizer takes, as question marks."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


def _backend(model: Any) -> Any:
    """Return the fast tokenizer, which alone can be used without transformers."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise NotExportable("its tokenizer has no tokenizer.json")
    if any(not getattr(module, "include_prompt", True) for module in model):
        raise NotExportable("its pooling leaves out the prompt")
    return backend


def _export(model: Any, path: Path) -> tuple[str, ...]:
    """Trace the whole pipeline with a small padded batch and write it; return the names of its inputs."""
    import torch

    class Pipeline(torch.nn.Module):
        def __init__(self, inner: Any, names: tuple[str, ...]) -> None:
            super().__init__()
            self.inner = inner
            self.names = names

        def forward(self, *tensors: Any) -> Any:
            return self.inner(dict(zip(self.names, tensors, strict=True)))["sentence_embedding"]

    try:
        with _quiet(), torch.no_grad():
            example = model.tokenizer(["a longer text", "text"], padding=True, return_tensors="pt")
            names = tuple(name for name in _INPUTS if name in example)
            torch.onnx.export(
                Pipeline(model, names).eval(),
                tuple(example[name] for name in names),
                str(path),
                input_names=list(names),
                output_names=["vectors"],
                dynamic_axes={name: {0: "batch", 1: "length"} for name in names} | {"vectors": {0: "batch"}},
                # The exporter by torch.export has no fault but its graph: ONNX Runtime joins the attention's steps in
                # this one only (200 tokens: 18 texts per CPU-second against 16), and it takes half the time.
                dynamo=False,
            )
    except Exception as error:
        raise NotExportable(f"{type(error).__name__}: {_first_line(error)}") from error
    return names
