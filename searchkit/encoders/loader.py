"""Encoder loader: from a model's name to what runs it, ONNX Runtime or sentence-transformers.

The default model's graph is built from its weights, everywhere and without torch; another's is exported by torch.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.endpoint_encoder import EndpointEncoder, check_named_by_index, is_endpoint
from searchkit.encoders.function_encoder import PREFIX as FUNCTION
from searchkit.encoders.model_files import Model, find_model, is_default
from searchkit.encoders.onnx_encoder import OnnxEncoder, optimise
from searchkit.encoders.onnx_export import TOKENIZER, ExportedModel, finish, folder_of, read_exported_model
from searchkit.encoders.onnx_graph import BERT_INPUTS, BertShape, build_bert, read_safetensors
from searchkit.encoders.static_encoder import PREFIX, StaticEncoder, distil, static_fingerprint
from searchkit.errors import ConfigError, MissingExtra, StorageError
from searchkit.storage.digest_cache import alone, temporary_beside

if TYPE_CHECKING:
    from searchkit.encoders.sentence_transformer import SentenceTransformerEncoder
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

_DEFAULT_SHAPE = BertShape(layers=6, heads=12, epsilon=1e-12)
_DEFAULT_FACTS = ExportedModel(dimension=384, max_length=256, inputs=BERT_INPUTS)
"""What the configuration in the default model's package says, which is pinned, and its weights are checked."""


def load(name: str, *, relative: bool = True) -> Encoder:
    """Return the encoder of this name; ``load_encoder`` says what may be asked for and what is raised."""
    if is_endpoint(name):
        if not relative:
            check_named_by_index(name)
        return EndpointEncoder(name)
    if name.startswith(FUNCTION):
        raise MissingExtra(
            f"The vectors are those of a program's own function, '{name.removeprefix(FUNCTION)}'.",
            hint="That program gives it: encoder=FUNCTION.",
        )
    if name.startswith(PREFIX):
        return _static(name, relative)
    model = find_model(name, relative=relative)
    folder = folder_of(model.fingerprint)
    if (facts := read_exported_model(folder)) is None:
        return _first_time(model, folder)
    return _known(model, folder, facts)


def load_on(name: str, device: str, *, relative: bool = True) -> Encoder:
    """Return the encoder of this name as it runs on a device; ``load_encoder`` says which there are.

    Raises as ``load`` does, and ``ConfigError`` where the device isn't there or gives other vectors.
    """
    from searchkit.encoders.sentence_transformer import SentenceTransformerEncoder, chosen_device

    encoder = load(name, relative=relative)
    if not isinstance(encoder, OnnxEncoder | SentenceTransformerEncoder):
        raise ConfigError(f"'{encoder.name}' runs on no device of this choice.", hint="Leave --device out.")
    model = find_model(name, relative=relative)
    chosen = chosen_device(device, model.folder)
    if chosen == "cpu":
        return encoder
    return _same_on(SentenceTransformerEncoder(model, device=chosen), encoder, chosen)


def _same_on(fast: Encoder, encoder: Encoder, device: str) -> Encoder:
    """Return what runs on a device, once its vectors have proved to be those that queries are held against."""
    cosine = _least_cosine(encoder, fast)
    if not cosine >= _SAME:
        raise ConfigError(
            f"On {device} the vectors of '{encoder.name}' come out otherwise than queries' (cosine {cosine:.4f}).",
            hint="Leave --device out.",
        )
    return fast


def _static(name: str, relative: bool) -> StaticEncoder:
    """Return a static encoder; the first time its table is made."""
    model = find_model(name.removeprefix(PREFIX), relative=relative)
    name = PREFIX + model.name
    fingerprint = static_fingerprint(model.fingerprint)
    folder = folder_of(fingerprint)
    if (facts := read_exported_model(folder)) is None:
        try:
            with alone(folder):
                facts = read_exported_model(folder) or _distilled(model, folder)
        except OSError as error:
            raise StorageError(
                f"The cache folder {folder.parent} can't be written, where '{name}' would be kept: {error.strerror}.",
                hint="Name another with SEARCHKIT_CACHE.",
            ) from error
    return StaticEncoder(name, fingerprint, folder, facts)


def _distilled(model: Model, folder: Path) -> ExportedModel:
    original = load(model.name)
    if not isinstance(original, OnnxEncoder):
        raise ConfigError(
            f"No static encoder can be made of '{model.name}', which can't be exported.",
            hint=f"Choose another model, or use '{model.name}' itself.",
        )
    _log.info("Making a static encoder of '%s' once; that takes about half a minute.", model.name)
    with temporary_beside(folder) as draft:
        shutil.copyfile(original.folder / TOKENIZER, draft / TOKENIZER)
        return finish(draft, folder, distil(original, draft))


def _known(model: Model, folder: Path, facts: ExportedModel) -> Encoder:
    if not facts.reason:
        return OnnxEncoder(model, folder, facts)
    _note(model, facts.reason)
    return _sentence_encoder(model)


def _first_time(model: Model, folder: Path) -> Encoder:
    """Export the model into its folder, if it can be, or the reason why not, unless another process just did."""
    try:
        with alone(folder):
            facts = read_exported_model(folder)
            return _known(model, folder, facts) if facts is not None else _prepared(model, folder)
    except OSError as error:
        reason = f"the cache folder {folder.parent} can't be written ({error.strerror})"
        if not is_default(model):
            _note(model, reason)
            return _sentence_encoder(model)
        _log.warning("The encoder '%s' is prepared for this process alone: %s.", model.name, reason)
        return _for_this_process(model)


def _for_this_process(model: Model) -> Encoder:
    """Build the default encoder in a temporary folder, which goes with it. Raises ``StorageError``."""
    try:
        parent = Path(tempfile.mkdtemp(prefix="searchkit-encoder-"))
        folder = parent / model.fingerprint[:32]
        encoder = OnnxEncoder(model, folder, _built(model, folder))
    except OSError as error:
        raise StorageError(
            f"The encoder '{model.name}' can't be prepared: {error.strerror or error}.",
            hint="Name a folder that can be written with SEARCHKIT_CACHE, and one with 100 MB of space with TMPDIR.",
        ) from error
    weakref.finalize(encoder, shutil.rmtree, parent, ignore_errors=True)
    return encoder


def _prepared(model: Model, folder: Path) -> Encoder:
    """Build or export the model's graph, or note why it can't be exported.

    Raises ``OSError`` where the cache can't be written.
    """
    if is_default(model):
        return OnnxEncoder(model, folder, _built(model, folder))
    from searchkit.encoders.sentence_transformer import NotExportable

    _log.info("Preparing the encoder '%s' once; later starts won't need torch.", model.name)
    original = _sentence_encoder(model)
    try:
        with temporary_beside(folder) as draft:
            return OnnxEncoder(model, folder, finish(draft, folder, _exported(original, model, draft)))
    except NotExportable as error:
        reason = str(error)
    facts = ExportedModel(dimension=original.dimension, max_length=original.max_length, reason=reason)
    with temporary_beside(folder) as draft:
        finish(draft, folder, facts)
    _note(model, reason)
    return original


def _built(model: Model, folder: Path) -> ExportedModel:
    """Build the default model's graph in its folder, which takes a second, and return what is to be known of it.

    Raises ``OSError`` where the cache can't be written.
    """
    with temporary_beside(folder) as draft:
        shutil.copyfile(model.folder / TOKENIZER, draft / TOKENIZER)
        build_bert(read_safetensors(model.folder / "model.safetensors"), _DEFAULT_SHAPE, draft)
        return finish(draft, folder, _DEFAULT_FACTS)


def _exported(original: SentenceTransformerEncoder, model: Model, draft: Path) -> ExportedModel:
    """Export to the draft folder and return the facts, once the vectors have proved to be the same."""
    from searchkit.encoders.sentence_transformer import NotExportable

    with tempfile.TemporaryDirectory(dir=draft.parent, prefix=".raw-") as temporary:
        raw = Path(temporary) / "raw.onnx"
        facts = original.export(raw, draft)
        try:
            optimise(raw, draft)
            new = OnnxEncoder(model, draft, facts)
            cosine = _least_cosine(original, new)
        except (OSError, MissingExtra):  # neither is the model's fault, for which it would be noted for ever
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


def _sentence_encoder(model: Model) -> SentenceTransformerEncoder:
    from searchkit.encoders.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(model)


def _note(model: Model, reason: str) -> None:
    _log.warning("The encoder '%s' runs in sentence-transformers, which starts slowly: %s.", model.name, reason)
