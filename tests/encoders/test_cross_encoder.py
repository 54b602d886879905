from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import searchkit
from searchkit.config import DEFAULT_ENCODER
from searchkit.encoders import load_reranker
from searchkit.errors import ConfigError, MissingExtra
from searchkit.types import Reranker
from tests.encoders.tiny_models import change_json, make_cross_encoder
from tests.index.archive import built
from tests.word_encoder import WordEncoder, WordReranker

QUERY = "Russian air defense in Venezuela"
TEXTS = ["air defense of Venezuela", "", "rice", "A wave of oil. " * 60, "a\ud800b \x00", "air defense of Venezuela"]


@pytest.fixture(scope="session")
def cross_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross"))


@pytest.fixture(scope="session")
def cross(cross_folder: Path) -> Reranker:
    return load_reranker(str(cross_folder))


@pytest.fixture(params=["cross", "words"])
def any_reranker(request: pytest.FixtureRequest) -> Reranker:
    found: Reranker = WordReranker() if request.param == "words" else request.getfixturevalue("cross")
    return found


def test_each_text_gets_a_finite_score_in_their_order(any_reranker: Reranker) -> None:
    scores = any_reranker.rerank(QUERY, TEXTS)
    assert len(scores) == len(TEXTS)
    assert all(isinstance(score, float) and abs(score) < 1e6 for score in scores)
    assert len(set(scores)) > 2
    turned = any_reranker.rerank(QUERY, TEXTS[::-1])
    assert list(turned)[::-1] == pytest.approx(list(scores), abs=1e-5)


def test_a_score_does_not_depend_on_its_company(any_reranker: Reranker) -> None:
    alone = [any_reranker.rerank(QUERY, [text])[0] for text in TEXTS]
    assert alone == pytest.approx(list(any_reranker.rerank(QUERY, TEXTS)), abs=1e-5)


def test_the_same_question_gets_the_same_scores(any_reranker: Reranker) -> None:
    scores = list(any_reranker.rerank(QUERY, TEXTS))
    assert list(any_reranker.rerank(QUERY, TEXTS)) == scores
    assert scores[0] == pytest.approx(scores[-1], abs=1e-5)
    assert scores != list(any_reranker.rerank("rice", TEXTS))


def test_no_texts_get_no_scores(any_reranker: Reranker) -> None:
    assert list(any_reranker.rerank(QUERY, [])) == []
    assert len(any_reranker.rerank("", ["rice"])) == 1


def test_a_reranker_can_be_shared_among_threads(any_reranker: Reranker) -> None:
    expected = list(any_reranker.rerank(QUERY, TEXTS))
    with ThreadPoolExecutor(4) as pool:
        given = [pool.submit(any_reranker.rerank, QUERY, TEXTS) for _ in range(6)]
        assert all(list(one.result()) == pytest.approx(expected, abs=1e-5) for one in given)


def test_a_score_is_what_the_model_gives_before_its_sigmoid(cross: Reranker, cross_folder: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    model = CrossEncoder(str(cross_folder), device="cpu", local_files_only=True)
    expected = model.predict([(QUERY, "rice")], activation_fn=Identity(), show_progress_bar=False)
    assert cross.rerank(QUERY, ["rice"]) == pytest.approx([float(expected[0])], abs=1e-5)


def test_a_reranker_that_is_not_here_is_said_with_how_to_get_it(
    tmp_path: Path, cross_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingExtra, match="hf download cross-encoder/none"):
        load_reranker("cross-encoder/none")
    bare = shutil.copytree(cross_folder, tmp_path / "bare")
    (bare / "model.safetensors").unlink()
    with pytest.raises(MissingExtra, match="without its weights"):
        load_reranker(str(bare))


def test_what_is_no_cross_encoder_is_refused(
    tmp_path: Path, plain_model: Path, cross_folder: Path, own_cache: Path
) -> None:
    with pytest.raises(ConfigError, match="no cross-encoder: its architecture is BertModel"):
        load_reranker(str(plain_model))
    with pytest.raises(ConfigError, match="no cross-encoder"):
        load_reranker(DEFAULT_ENCODER)
    several = shutil.copytree(cross_folder, tmp_path / "several")
    change_json(several / "config.json", id2label={"0": "no", "1": "maybe", "2": "yes"})
    with pytest.raises(ConfigError, match="gives 3 scores"):
        load_reranker(str(several))
    change_json(several / "config.json", architectures=7)
    with pytest.raises(ConfigError, match="can't be read"):
        load_reranker(str(several))
    with pytest.raises(ConfigError, match="not the folder"):
        load_reranker(str(tmp_path / "nowhere" / "at" / "all"))


def test_a_search_reranks_with_it(tmp_path: Path, cross_folder: Path) -> None:
    built(tmp_path / "index", range(8))
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), reranker=str(cross_folder)) as searcher:
        results = searcher.search("oil of Venezuela", k=3, explain=True).results
        legs = [part.leg for part in results[0].chunks[0].contributions]
        assert legs == ["keyword", "vector", "coverage", "neighbours", "reranker"]
        assert searcher.search("oil of Venezuela", k=3, explain=True).results == results
