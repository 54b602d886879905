"""What do the tests of encoders share? Small models, and a cache folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.encoders import load_encoder
from searchkit.types import Encoder
from tests.encoders.tiny_models import make_model


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(cache))
    return cache


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def prompted_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with prompts and a dense layer that doesn't normalise its vectors."""
    prompts = {"query": "query: ", "document": "", "passage": "passage: "}
    return make_model(tmp_path_factory.mktemp("prompted"), prompts=prompts, dense=True, normalize=False)


@pytest.fixture(scope="session")
def unexportable_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose pooling leaves out the prompt, which only sentence-transformers itself can do."""
    prompts = {"query": "query: ", "passage": "passage: "}
    return make_model(tmp_path_factory.mktemp("unexportable"), prompts=prompts, include_prompt=False)


@pytest.fixture(scope="session")
def prompted(prompted_model: Path, cache: Path) -> Encoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCHKIT_CACHE", str(cache))
        return load_encoder(str(prompted_model))


@pytest.fixture(scope="session")
def unexported(unexportable_model: Path, cache: Path) -> Encoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCHKIT_CACHE", str(cache))
        return load_encoder(str(unexportable_model))


@pytest.fixture(scope="session")
def static(prompted_model: Path, cache: Path) -> Encoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCHKIT_CACHE", str(cache))
        return load_encoder(f"static:{prompted_model}")
