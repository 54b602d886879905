"""Is a static encoder what its name says: a table that is made once, and sums of its rows?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from searchkit import IndexConfig, build
from searchkit.encoders import load_encoder
from searchkit.encoders.onnx_export import FACTS, TABLE, TOKENIZER
from searchkit.encoders.static_encoder import StaticEncoder, weighted
from searchkit.errors import ConfigError, MissingExtra, StorageError
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.generation import open_generation
from searchkit.index.vector_stats import DEFAULT_WEIGHT, STATIC_WEIGHT, learnt_weight
from searchkit.types import Encoder
from tests.index.archive import article

pytestmark = pytest.mark.usefixtures("own_cache")


def test_it_is_made_once_and_kept(static: StaticEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(path.name for path in static.folder.iterdir()) == sorted([FACTS, TABLE, TOKENIZER])
    monkeypatch.setattr("searchkit.encoders.loader.distil", lambda *_: pytest.fail("it was made again"))
    again = load_encoder(static.name)
    assert again.fingerprint == static.fingerprint
    assert np.array_equal(again.encode_query("rice wave"), static.encode_query("rice wave"))


def test_it_isn_t_taken_for_its_model(static: StaticEncoder, prompted: Encoder) -> None:
    assert static.name == f"static:{prompted.name}"
    assert static.fingerprint != prompted.fingerprint
    assert static.dimension == prompted.dimension
    assert static.max_tokens > prompted.max_tokens


def test_a_text_is_the_sum_of_its_tokens_in_any_order(static: StaticEncoder) -> None:
    assert np.allclose(static.encode_query("rice wave oil"), static.encode_query("oil rice wave"), atol=1e-6)
    table = np.fromfile(static.folder / TABLE, dtype="<f4").reshape(-1, static.dimension)
    ids = static.tokens.pieces(["rice wave rice"])[0]
    assert len(ids) == 3
    total = table[ids].sum(axis=0)
    assert np.allclose(static.encode_query("rice wave rice"), total / np.linalg.norm(total), atol=1e-6)


def test_a_text_without_tokens_has_a_direction_of_its_own(static: StaticEncoder) -> None:
    nothing = static.encode_query("")
    assert np.linalg.norm(nothing) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(static.encode_chunks(["", "\u2028", "[UNK]"]), [nothing] * 3)


def test_rare_tokens_weigh_more_and_special_ones_nothing() -> None:
    rows = np.random.default_rng(3).standard_normal((100, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    table = weighted(rows, [4, 7])
    assert not table[[4, 7]].any()
    # Arora, Liang and Ma: a / (a + p), p = 1 / (place * ln(vocabulary + 1)), against that of the last place.
    exact = rows.astype(np.float64) - rows.astype(np.float64).mean(axis=0)
    values, directions = np.linalg.eigh(exact.T @ exact)
    exact -= (exact @ directions[:, -2:]) @ directions[:, -2:].T  # two of 16: an eighth
    first = 1e-5 / (1e-5 + 1 / (1 * np.log(101)))
    last = 1e-5 / (1e-5 + 1 / (100 * np.log(101)))
    assert table[0] == pytest.approx(exact[0] * first / last, rel=1e-4, abs=1e-9)
    assert table[99] == pytest.approx(exact[99], rel=1e-4, abs=1e-9)
    assert values[-1] >= values[0]


def test_words_that_are_remembered_give_the_same_tokens(static: StaticEncoder) -> None:
    texts = ["Rice, waves!", "rice\u0085wave", "", "the oil of  Venezuela\n\nrice", "俄罗斯"]
    exact = static.tokens._pieces_exactly(texts)
    assert static.tokens.pieces(texts) == exact
    assert [static.tokens.pieces([text])[0] for text in texts] == exact


def test_a_model_that_is_not_there_or_can_not_be_exported_is_told(unexportable_model: Path) -> None:
    with pytest.raises(MissingExtra, match="nobody/nothing"):
        load_encoder("static:nobody/nothing")
    with pytest.raises(ConfigError, match="can't be exported"):
        load_encoder(f"static:{unexportable_model}")


def test_a_table_that_is_gone_is_named(static: StaticEncoder, tmp_path: Path) -> None:
    gone = StaticEncoder(static.name, static.fingerprint, tmp_path, static.facts)
    with pytest.raises(StorageError, match=TABLE):
        gone.encode_query("rice")


LOADED = """
import sys
from searchkit.encoders import load_encoder
load_encoder(sys.argv[1]).encode_chunks(["rice", "wave"])
print(sorted({"torch", "transformers", "sentence_transformers", "onnxruntime", "onnx"} & set(sys.modules)))
"""


def test_it_runs_on_numpy_and_a_tokenizer_alone(static: StaticEncoder) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, static.name], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_index_can_bring_it_along(static: StaticEncoder, tmp_path: Path) -> None:
    config = IndexConfig(encoder=static.name, keep_encoder=True)
    build(tmp_path / "index", [article(number) for number in range(4)], config=config)
    with open_generation(tmp_path / "index") as generation:
        brought = encoder_of(generation.paths, generation.manifest)
    assert isinstance(brought, StaticEncoder)
    assert brought.folder.is_relative_to(tmp_path)
    assert np.array_equal(brought.encode_query("rice wave"), static.encode_query("rice wave"))


def test_a_hybrid_search_weighs_it_less(static: StaticEncoder) -> None:
    assert learnt_weight({}, static.name) == STATIC_WEIGHT < DEFAULT_WEIGHT
