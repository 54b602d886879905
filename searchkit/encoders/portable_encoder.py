"""Portable encoder: the files of an encoder that an index carries along, and how they are opened elsewhere.

What was exported into the cache is copied: ``encoder.json`` and the files that it lists (``onnx_export.py`` has them),
with the model's prompts noted in it. Opened from there it needs neither the model's own files, nor torch, nor the
cache. Who opens it has held each file against the manifest's digest; what a stranger may have put in is looked through
here.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from searchkit.encoders.model_files import Model
from searchkit.encoders.onnx_encoder import OnnxEncoder
from searchkit.encoders.onnx_export import FACTS, GRAPH, TABLE, TOKENIZER, WEIGHTS, ExportedModel, read_exported_model
from searchkit.encoders.onnx_graph import check_graph
from searchkit.encoders.static_encoder import KIND, StaticEncoder
from searchkit.errors import ConfigError, IndexCorrupt
from searchkit.types import Encoder

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_FILES = {"onnx": {GRAPH, WEIGHTS, TOKENIZER}, KIND: {TABLE, TOKENIZER}}


def pack(encoder: Encoder, folder: Path) -> None:
    """Copy an encoder's files into a folder that is there.

    Raises ``ConfigError`` for an encoder that has no such files (it was given by a program, or can't be exported), or
    whose graph holds what none that travels may hold; ``OSError`` where the disk refuses.
    """
    if not isinstance(encoder, OnnxEncoder | StaticEncoder):
        raise ConfigError(
            f"The index can't carry the encoder '{encoder.name}': it wasn't exported.",
            hint="Build it without keeping the encoder, or choose one that can be exported.",
        )
    for name in encoder.facts.files:
        shutil.copyfile(encoder.folder / name, folder / name)
    noted: ExportedModel = encoder.facts
    (folder / FACTS).write_text(json.dumps(asdict(noted), indent=1), encoding="utf-8")
    if noted.kind != KIND:
        try:
            check_graph(folder / GRAPH)
        except IndexCorrupt as error:
            raise ConfigError(
                f"The index can't carry the encoder '{encoder.name}': {error.message}",
                hint="Build it without keeping the encoder.",
            ) from error


def unpack(folder: Path, *, name: str, fingerprint: str, dimension: int) -> Encoder:
    """Open the encoder that lies in a folder, once it was looked through; ``name`` and ``fingerprint`` are the index's.

    Raises ``IndexCorrupt`` where it isn't what ``pack`` wrote, or could do harm.
    """
    facts = read_exported_model(folder)
    whole = facts is not None and not facts.reason and _FILES.get(facts.kind, set()) == set(facts.files)
    if facts is None or not whole or facts.dimension != dimension or not set(facts.inputs) <= _INPUTS:
        raise IndexCorrupt(f"The encoder in {folder} isn't the one that was put there.")
    if facts.kind == KIND:
        if facts.files[TABLE][0] % (4 * dimension) or not facts.files[TABLE][0]:
            raise IndexCorrupt(f"{folder / TABLE} isn't a table of {dimension} values a row.")
        return StaticEncoder(name, fingerprint, folder, facts)
    check_graph(folder / GRAPH)
    model = Model(
        name=name,
        folder=folder,
        query_prompt=facts.query_prompt,
        chunk_prompt=facts.chunk_prompt,
        fingerprint=fingerprint,
    )
    return OnnxEncoder(model, folder, replace(facts, query_prompt="", chunk_prompt=""))
