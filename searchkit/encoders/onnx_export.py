"""Exported models in the cache folder: written once, then run without torch.

encoder.json     what runs the model, its dimension, limits, inputs, and the size and digest of the other files
model.onnx       the whole pipeline: transformer, pooling, dense layers; its weights aside
model.data       the weights, which ONNX Runtime maps into memory instead of copying them
tokenizer.json   the tokenizer as sentence-transformers used it

That of a static encoder has ``table.bin`` (``static_encoder.py`` says of what) in the place of the two files of ONNX.

The folder is named after the model's fingerprint, written under another name and renamed when it is whole. A model that
can't be exported has ``encoder.json`` alone, with the reason, so that it isn't tried at every start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from searchkit.storage.digest_cache import cache_folder, digest, publish, write_text

FORMAT = 1
"""The version of the folder's form; another one is exported again."""

FACTS = "encoder.json"
GRAPH = "model.onnx"
WEIGHTS = "model.data"
TOKENIZER = "tokenizer.json"
TABLE = "table.bin"

_MOST = 1 << 20
"""More values of a vector, tokens of an input, or bytes of facts than any model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedModel:
    """What must be known of an exported model to run it.

    ``kind`` says what runs it: ``onnx`` or ``static``. ``max_length`` is the longest input with special tokens and
    prompt. ``query_prompt`` and ``chunk_prompt`` are noted where the model's own files don't lie beside, in an index
    that carries its encoder. ``reason`` says why it was not exported, and is
    empty where it was. ``files`` has the size and the sha256 of each file by its name.
    """

    dimension: int
    max_length: int
    inputs: tuple[str, ...] = ()
    fill: int = 0
    reason: str = ""
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    kind: str = "onnx"
    query_prompt: str = ""
    chunk_prompt: str = ""
    format: int = FORMAT


def remedy(folder: Path) -> str:
    """Return what to do where a folder's files can't be used: one in the cache is made anew, one in an index isn't."""
    if folder.parent == cache_folder() / "encoders":
        return f"Delete {folder}; it is made anew."
    return "Run 'searchkit rebuild --index PATH' on a machine that has the encoder."


def folder_of(fingerprint: str) -> Path:
    """Return where the model of this fingerprint is kept, whether it is there or not."""
    return cache_folder() / "encoders" / fingerprint[:32]


def read_exported_model(folder: Path) -> ExportedModel | None:
    """Return the facts of an exported model; None where there is none, or it isn't as it was written."""
    try:
        if (folder / FACTS).stat().st_size > _MOST:
            return None
        values = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        facts = _facts(values)
        whole = all(_is_whole(folder / name, *expected) for name, expected in facts.files.items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return facts if whole and facts.format == FORMAT else None


def _facts(values: dict[str, Any]) -> ExportedModel:
    files = {Path(name).name: (int(size), str(sha256)) for name, (size, sha256) in values.pop("files").items()}
    facts = ExportedModel(files=files, inputs=tuple(values.pop("inputs")), **values)
    numbers = (facts.dimension, facts.max_length, facts.fill, facts.format)
    words = (facts.kind, facts.reason, facts.query_prompt, facts.chunk_prompt, *facts.inputs)
    if any(type(number) is not int for number in numbers) or any(type(word) is not str for word in words):
        raise TypeError("a value of another type")
    if not (0 < facts.dimension <= _MOST and 0 < facts.max_length <= _MOST and 0 <= facts.fill < 1 << 31):
        raise ValueError("a number that can't be")
    return facts


def _is_whole(path: Path, size: int, sha256: str) -> bool:
    """Compare size and digest; the digest of a file that didn't change is remembered."""
    return path.stat().st_size == size and digest(path) == sha256


def finish(draft: Path, folder: Path, facts: ExportedModel) -> ExportedModel:
    """Note the files of the draft in its facts and put it in its place, unless another process was first.

    Returns the facts that stand there. Raises ``OSError`` where the disk refuses.
    """
    if (others := read_exported_model(folder)) is not None:
        return others
    paths = sorted(path for path in draft.iterdir() if path.name != FACTS)
    files = {path.name: (path.stat().st_size, digest(path)) for path in paths}
    noted = asdict(facts) | {"files": files}
    write_text(draft / FACTS, json.dumps(noted, indent=1))
    publish(draft, folder)
    return _facts(json.loads(json.dumps(noted)))
