"""Here is a model's name; who runs it? ONNX Runtime if it was or can be exported, or else sentence-transformers."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.cache import alone, remove
from searchkit.encoders.exported import TOKENIZER, Facts, finish, folder_of, new_draft, read_facts
from searchkit.encoders.models import Model, find_model
from searchkit.encoders.onnx import OnnxEncoder, optimise
from searchkit.encoders.static import PREFIX, StaticEncoder, distil, static_fingerprint
from searchkit.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from searchkit.encoders.sentence import SentenceEncoder
    from searchkit.types import Encoder

_log = logging.getLogger("searchkit.encoders")

_SAME = 0.9999
"""The least cosine between a text's vectors before and after the export; rounding alone leaves 1 - 1e-6."""

_PROBES = (
    "",
    "S-300",
    "The quick brown fox jumps over the lazy dog, twice a day.",
    "Сегодня в Каракасе; 今日は良い天気です。 यह एक वाक्य है।",
    "A sentence that is said again and again until it is too long for the model. " * 40,
)
"""Texts of several lengths and scripts, also longer than a model's limit, to compare an export by."""


def load(name: str, *, relative: bool = True) -> Encoder:
    """Return the encoder of this name; ``load_encoder`` says what may be asked for and what is raised."""
    if name.startswith(PREFIX):
        return _static(name, relative)
    model = find_model(name, relative=relative)
    folder = folder_of(model.fingerprint)
    if (facts := read_facts(folder)) is None:
        return _first_time(model, folder)
    return _known(model, folder, facts)


def _static(name: str, relative: bool) -> StaticEncoder:
    """Return a static encoder; the first time its table is made."""
    model = find_model(name.removeprefix(PREFIX), relative=relative)
    name = PREFIX + model.name
    fingerprint = static_fingerprint(model.fingerprint)
    folder = folder_of(fingerprint)
    if (facts := read_facts(folder)) is None:
        try:
            with alone(folder):
                facts = read_facts(folder) or _distilled(model, folder)
        except OSError as error:
            raise StorageError(
                f"The cache folder {folder.parent} can't be written, where '{name}' would be kept: {error.strerror}.",
                hint="Name another with SEARCHKIT_CACHE.",
            ) from error
    return StaticEncoder(name, fingerprint, folder, facts)


def _distilled(model: Model, folder: Path) -> Facts:
    original = load(model.name)
    if not isinstance(original, OnnxEncoder):
        raise ConfigError(
            f"No static encoder can be made of '{model.name}', which can't be exported.",
            hint=f"Choose another model, or use '{model.name}' itself.",
        )
    _log.info("Making a static encoder of '%s' once; that takes about half a minute.", model.name)
    draft = new_draft(folder)
    try:
        shutil.copyfile(original.folder / TOKENIZER, draft / TOKENIZER)
        return finish(draft, folder, distil(original, draft))
    finally:
        remove(draft)


def _known(model: Model, folder: Path, facts: Facts) -> Encoder:
    if not facts.reason:
        return OnnxEncoder(model, folder, facts)
    _note(model, facts.reason)
    return _sentence_encoder(model)


def _first_time(model: Model, folder: Path) -> Encoder:
    """Export the model into its folder, if it can be, or the reason why not, unless another process just did."""
    try:
        with alone(folder):
            facts = read_facts(folder)
            return _known(model, folder, facts) if facts is not None else _prepared(model, folder)
    except OSError as error:
        _note(model, f"the cache folder {folder.parent} can't be written ({error.strerror})")
        return _sentence_encoder(model)


def _prepared(model: Model, folder: Path) -> Encoder:
    """Export the model, or note why it can't be.

    Raises ``OSError`` where the cache can't be written.
    """
    from searchkit.encoders.sentence import NotExportable

    _log.info("Preparing the encoder '%s' once; later starts won't need torch.", model.name)
    original = _sentence_encoder(model)
    draft = new_draft(folder)
    try:
        return OnnxEncoder(model, folder, finish(draft, folder, _exported(original, model, draft)))
    except NotExportable as error:
        reason = str(error)
    finally:
        remove(draft)
    facts = Facts(dimension=original.dimension, max_length=original.max_length, reason=reason)
    finish(new_draft(folder), folder, facts)
    _note(model, reason)
    return original


def _exported(original: SentenceEncoder, model: Model, draft: Path) -> Facts:
    """Export to the draft folder and return the facts, once the vectors have proved to be the same."""
    from searchkit.encoders.sentence import NotExportable

    with tempfile.TemporaryDirectory(dir=draft.parent, prefix=".raw-") as temporary:
        raw = Path(temporary) / "raw.onnx"
        facts = original.export(raw, draft)
        try:
            optimise(raw, draft)
            new = OnnxEncoder(model, draft, facts)
            cosine = _least_cosine(original, new)
        except OSError:
            raise
        except Exception as error:
            raise NotExportable(f"ONNX Runtime can't run it: {str(error).splitlines()[0]}") from error
    if not cosine >= _SAME:
        raise NotExportable(f"its vectors came out otherwise (cosine {cosine:.4f})")
    return facts


def _least_cosine(one: Encoder, other: Encoder) -> float:
    """Compare the vectors of the probes, as queries and as chunks, alone and in a batch."""
    chunks = np.einsum("ij,ij->i", one.encode_chunks(_PROBES), other.encode_chunks(_PROBES))
    queries = [one.encode_query(text) @ other.encode_query(text) for text in _PROBES]
    return float(min(*chunks, *queries))


def _sentence_encoder(model: Model) -> SentenceEncoder:
    from searchkit.encoders.sentence import SentenceEncoder

    return SentenceEncoder(model)


def _note(model: Model, reason: str) -> None:
    _log.warning("The encoder '%s' runs in sentence-transformers, which starts slowly: %s.", model.name, reason)
