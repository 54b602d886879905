"""How well an encoder reads each language: measured at build, and followed by searches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Article, build
from searchkit.config import MULTILINGUAL_ENCODER
from searchkit.errors import IndexCorrupt
from searchkit.index.manifest import EncoderCompetence, sealed
from tests.word_encoder import WordEncoder

ENGLISH = tuple(
    a + b + c for a in ("har", "fer", "lan", "mar") for b in ("bo", "ti", "ke", "lo") for c in ("ur", "est", "in")
)
RUSSIAN = tuple(
    a + b + c for a in ("гав", "пар", "фон", "кан") for b in ("ом", "ил", "ет", "ук") for c in ("ань", "ост", "ик")
)
COUNT = 160


class LatinEncoder(WordEncoder):
    """Reads Latin letters alone: of other texts it knows no more than their length."""

    def encode_query(self, text: str) -> np.ndarray:
        return super().encode_query(text if text.isascii() else f"letters {len(text) % 7}")


def texts(words: tuple[str, ...]) -> list[str]:
    """Return texts of four sentences; each text speaks of eight words of its own choice."""
    made = []
    for number in range(COUNT):
        random = np.random.default_rng(number)
        own = random.permutation(len(words))[:8]
        sentences = (" ".join(words[place] for place in random.permutation(own)[:6]).capitalize() for _ in range(4))
        made.append(". ".join(sentences) + ".")
    return made


def articles() -> list[Article]:
    return [
        Article(id=f"{language}{number}", title="", text=text, language=language)
        for language, words in (("en", ENGLISH), ("ru", RUSSIAN))
        for number, text in enumerate(texts(words))
    ]


@pytest.fixture(scope="module", params=["articles of a chunk", "articles of several"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("competence") / "news"
    config = searchkit.IndexConfig(chunk_tokens=64 if "several" not in request.param else 16)
    build(path, articles(), encoder=LatinEncoder(), config=config)
    return path


def test_a_language_that_the_encoder_cannot_read_counts_little_and_another_counts_whole(index: Path) -> None:
    with searchkit.open(index, encoder=LatinEncoder()) as searcher:
        shares = searcher.info().encoder_shares
    assert shares["en"] == 1.0
    assert shares["ru"] < 0.2


def test_where_the_encoder_reads_nothing_words_decide_what_comes_first(index: Path) -> None:
    russian = searchkit.Where(languages=("ru",))
    with searchkit.open(index, encoder=LatinEncoder()) as searcher:
        for question in ("гавомань парукик", "фонилост канетик", "кануканьа парилост"):
            words = dict(
                searcher.rank(searchkit.Query(text=question, where=russian, k=COUNT, mode=searchkit.Mode.KEYWORD))
            )
            ((first, _),) = searcher.rank(searchkit.Query(text=question, where=russian, k=1))
            assert words[first] >= 0.9 * max(words.values())


def test_explanations_add_up_with_the_share(index: Path) -> None:
    with searchkit.open(index, encoder=LatinEncoder()) as searcher:
        share = searcher.info().encoder_shares["ru"]
        answer = searcher.search("гавомань парукик harbour fertiest", k=320, explain=True)
        weights = set()
        for result in answer.results:
            for chunk in result.chunks:
                assert sum(each.share for each in chunk.contributions) == pytest.approx(chunk.score)
                vector = next(each for each in chunk.contributions if each.leg == "vector")
                assert (vector.score - vector.less) * vector.times == pytest.approx(vector.share)
                weights.add((result.article.language, round(vector.times, 6)))
    of_language = dict(weights)
    assert len(weights) == len(of_language) == 2
    assert of_language["ru"] == pytest.approx(of_language["en"] * share, abs=1e-5)


def test_the_first_results_do_not_depend_on_depth_or_filter(index: Path) -> None:
    config = searchkit.SearchConfig(depth=5)
    with (
        searchkit.open(index, encoder=LatinEncoder()) as deep,
        searchkit.open(index, encoder=LatinEncoder(), config=config) as flat,
    ):
        for question in ("гавомань парукик marloin", "lankeest harboin фонилост"):
            whole = deep.rank(searchkit.Query(text=question, k=320))
            assert flat.rank(searchkit.Query(text=question, k=7)) == whole[:7]
            scores = dict(whole)
            filtered = deep.rank(searchkit.Query(text=question, k=7, where=searchkit.Where(languages=("ru",))))
            assert all(score == pytest.approx(scores[article]) for article, score in filtered)


def test_the_build_says_it_once_and_names_what_helps(tmp_path: Path) -> None:
    report = build(tmp_path / "news", articles(), encoder=LatinEncoder())
    (note,) = [note for note in report.notes if "hardly knows" in note]
    assert "(ru)" in note
    assert MULTILINGUAL_ENCODER in note
    more = searchkit.add(
        tmp_path / "news", [Article(id="more", title="", text="Harbour and fertiest.")], encoder=LatinEncoder()
    )
    assert not any("hardly knows" in note for note in more.notes)


def test_where_too_little_is_there_nothing_is_measured(tmp_path: Path) -> None:
    few = [each for each in articles() if int(each.id[2:]) < 23]
    build(tmp_path / "few", few, encoder=LatinEncoder())
    with searchkit.open(tmp_path / "few", encoder=LatinEncoder()) as searcher:
        assert searcher.info().encoder_shares == {}


@pytest.mark.parametrize(
    ("vector", "keyword", "questions", "share"),
    [
        (0.95, 1.0, 100, 1.0),
        (1.0, 1.0, 100, 1.0),
        (0.475, 1.0, 99, (99 * 0.25 + 1) / 100),
        (0.0, 1.0, 9, 1 / 10),
        (0.0, 0.0, 9, 1.0),
    ],
)
def test_the_share_is_the_square_of_the_ratio(vector: float, keyword: float, questions: int, share: float) -> None:
    measured = EncoderCompetence(questions=questions, vector=vector, keyword=keyword)
    assert measured.weight_share == pytest.approx(share)


@pytest.mark.parametrize("rank", [1.5, -0.1, float("nan"), "x"])
def test_what_cannot_be_a_rank_is_a_corrupt_index(index: Path, tmp_path: Path, rank: object) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(index, copy)
    path = copy / "generations" / "000001.json"
    values = json.loads(path.read_text())
    values["competence"]["ru"]["vector"] = rank
    path.write_text(json.dumps(sealed(values)))
    with pytest.raises(IndexCorrupt):
        searchkit.open(copy, encoder=LatinEncoder())
