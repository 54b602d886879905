from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import searchkit
from searchkit import Article, Mode
from searchkit.evaluation.self_check import check_archive, own_sentences
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

WORDS = (
    *("harbour", "tram", "orchestra", "harvest", "ministry", "glacier", "bakery", "referee", "tunnel", "candle"),
    *("violin", "barley", "ferry", "senate", "cobalt", "meadow", "parcel", "quarry", "ribbon", "saddle"),
)


class Deaf(WordEncoder):
    """Gives every query the same vector."""

    def encode_query(self, text: str) -> Vector:
        return super().encode_query("deaf")

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        return WordEncoder().encode_chunks(texts, progress)


def told(number: int, language: str = "en") -> Article:
    """Make an article with words of its own."""
    one, other, third = (WORDS[(number * step + step) % len(WORDS)] for step in (1, 3, 7))
    text = (
        f"The {one} and the {other} were seen beside a {third} on day {number}. "
        f"Nobody had asked the {third}{number} why the {one} was late again. "
        f"A second {other}{number} came after the first {one} had gone."
    )
    return Article(id=f"t{number}", title=f"Story {number}", text=text, language=language)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sanity") / "index"
    short = [Article(id=f"short{n}", title="Brief", text="Too short.", language="en") for n in range(3)]
    german = [told(number, "de") for number in range(60, 75)]
    searchkit.build(folder, [*(told(number) for number in range(60)), *german, *short], encoder=WordEncoder())
    return folder


def test_a_whole_index_finds_its_own_sentences(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        found = check_archive(searcher, sample=40)
        assert check_archive(searcher, sample=40) == found
    assert found.doubts == ()
    assert found.notes == ()
    assert [one.language for one in found.languages] == ["en", "de"]
    assert 40 <= found.articles <= 50
    assert found.languages[1].sentences >= 20
    assert found.every.sentences == sum(one.sentences for one in found.languages)
    assert found.every.modes[Mode.KEYWORD].ten > 0.95
    assert found.every.modes[Mode.VECTOR].ten > 0.9
    for share in found.every.modes.values():
        assert 0 <= share.first <= share.ten <= 1
    assert found.every.overlap is not None
    assert 0.1 < found.every.overlap <= 1
    assert found.every.lost < 0.05


def test_a_leg_that_hears_nothing_is_in_doubt(index: Path, tmp_path: Path) -> None:
    searchkit.build(tmp_path / "deaf", [told(number) for number in range(60)], encoder=Deaf(name="deaf"))
    with searchkit.open(tmp_path / "deaf", encoder=Deaf(name="deaf")) as searcher:
        found = check_archive(searcher, sample=30)
    assert any(doubt.startswith("vector finds only") for doubt in found.doubts)
    assert found.every.modes[Mode.KEYWORD].ten > 0.95


def test_articles_without_a_sentence_are_counted(tmp_path: Path) -> None:
    few = [Article(id=f"s{n}", text="Too short.") for n in range(4)]
    searchkit.build(tmp_path / "index", [told(1), *few], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        found = check_archive(searcher)
    assert (found.articles, found.passed_over) == (1, 4)


def test_an_index_without_a_sentence_has_nothing_to_report(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", [Article(id="s", text="Too short.")], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        found = check_archive(searcher)
    assert (found.articles, found.every.sentences, found.languages) == (0, 0, ())
    assert found.doubts == ("No article has a sentence that could be asked.",)


def test_the_first_and_the_middle_sentence_are_asked() -> None:
    first, middle = own_sentences(told(4))
    assert first.startswith("The glacier and the meadow were seen")
    assert middle.startswith("Nobody had asked")
    one = Article(id="1", text="Only one sentence stands in this short article.")
    assert own_sentences(one) == ("Only one sentence stands in this short article.",)
    assert own_sentences(Article(id="2", text="北京今天天气很好，人们都在公园里散步。短。", language="zh")) == (
        "北京今天天气很好，人们都在公园里散步。",
    )
    hindi = "मैं हिन्दी में पूरा वाक्य लिखता हूँ।"
    assert own_sentences(Article(id="3", text=hindi, language="hi")) == (hindi,)


@pytest.mark.parametrize(
    "text",
    [
        'He said: "nothing AND nobody" (or so) about title:missile NOT oil*',
        "+Plus -minus ~tilde ^caret ?question what* of the rest of it",
        "AND so it ended, OR did it NOT",
    ],
)
def test_a_sentence_is_asked_as_it_stands_and_finds_its_article(tmp_path: Path, text: str) -> None:
    assert own_sentences(Article(id="1", text=text)) == (text,)
    articles = [Article(id="0", text=text), *(Article(id=f"{n}", text=f"Nobody {n} said a word.") for n in range(1, 4))]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert check_archive(searcher).every.modes[Mode.KEYWORD].first == 1.0


def test_an_index_without_vectors_is_asked_by_keyword_alone(tmp_path: Path) -> None:
    articles = [told(number) for number in range(20)]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder(), keyword_first=True)
    with searchkit.open(tmp_path / "index", encoder=WordEncoder(), generation=1) as searcher:
        found = check_archive(searcher)
    assert list(found.every.modes) == [Mode.KEYWORD]
    assert found.every.overlap is None
    assert "nothing can be found by vector" in found.notes[0]
