from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import SearchConfig
from searchkit.config import FUSIONS
from searchkit.errors import ConfigError
from searchkit.search.fusion import KEYWORD, VECTOR, candidate_scale, fused
from tests.index.archive import built
from tests.word_encoder import WordEncoder

BM25 = np.asarray([6.0, 0.0, 3.0, 3.0])
COSINE = np.asarray([0.2, 0.8, 0.4, 0.6])


def fused_by(name: str, depth: int = 10) -> list[float]:
    scores: list[float] = fused(candidate_scale(name, BM25, COSINE, depth), BM25, COSINE).tolist()
    return scores


def test_min_max_puts_each_leg_between_0_and_1() -> None:
    expected = [1 + 0, 0 + 1, 3 / 6 + 0.2 / 0.6, 3 / 6 + 0.4 / 0.6]
    assert fused_by("minmax") == pytest.approx(expected)


def test_reciprocal_ranks_count_only_where_a_chunk_was_found() -> None:
    expected = [1 / (60 + 1) + 1 / (60 + 4), 1 / (60 + 1), 1 / (60 + 2) + 1 / (60 + 3), 1 / (60 + 2) + 1 / (60 + 2)]
    assert fused_by("rrf") == pytest.approx(expected)
    assert fused_by("rrf", depth=1) == pytest.approx([1 / (60 + 1), 1 / (60 + 1), 0.0, 0.0])


def test_a_leg_that_says_the_same_of_all_says_nothing() -> None:
    scale = candidate_scale("minmax", np.zeros(4), COSINE, 10)
    assert scale.share(KEYWORD, np.zeros(4)).tolist() == [0.0] * 4
    assert scale.share(VECTOR, COSINE).any()
    nothing = candidate_scale("minmax", np.zeros(0), np.zeros(0), 10)
    assert nothing.share(KEYWORD, np.zeros(0)).tolist() == []


@pytest.mark.parametrize("name", FUSIONS)
def test_every_fusion_answers_and_its_shares_add_up(tmp_path: Path, name: str) -> None:
    built(tmp_path / "index")
    config = SearchConfig(fusion=name)
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=config) as searcher:
        for mode in ("hybrid", "keyword", "vector"):
            answer = searcher.search("missiles guard Venezuela", mode=mode, explain=True)
            assert "Igla-S" in answer.results[0].article.text
            for result in answer.results:
                shares = sum(part.share for part in result.chunks[0].contributions)
                assert result.score == pytest.approx(shares, abs=1e-12)
        assert not searcher.search("Venezuela", source="nobody").results


def test_one_leg_alone_is_not_fused(tmp_path: Path) -> None:
    built(tmp_path / "index")
    with (
        searchkit.open(tmp_path / "index", encoder=WordEncoder()) as usual,
        searchkit.open(tmp_path / "index", encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as other,
    ):
        for mode in ("keyword", "vector"):
            assert usual.search("oil", mode=mode).results == other.search("oil", mode=mode).results


@pytest.mark.parametrize("name", ["borda", "zscore"])
def test_an_unknown_fusion_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=f"no fusion '{name}'.*sum, minmax, rrf"):
        SearchConfig(fusion=name)
