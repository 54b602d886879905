from __future__ import annotations

from collections.abc import Iterator
from math import log1p
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Article, F, Searcher
from searchkit.errors import QueryError, VectorsMissing
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.search.near_copies import SeenArticles, are_copies, shingles
from tests.word_encoder import WordEncoder

RADAR = (
    "Fourteen engineers have replaced the receivers of a tracking radar at Maracay. The air defense of Venezuela had"
    " been blind since 2021. Two more batteries of the S-300VM system will be mended before the end of the summer."
)
ARTICLES: list[dict[str, object]] = [
    {"id": "radar", "title": "Radar repaired", "text": RADAR, "published": "2025-04-23", "acl": "red"},
    {"id": "copy", "title": "Engineers at Maracay", "text": f"{RADAR} (wire)", "published": "2025-04-24", "acl": "red"},
    {"id": "cut", "title": "In brief", "text": RADAR[:150], "published": "2025-04-25", "acl": "red"},
    {"id": "follow", "title": "Radar of Maracay sees again", "text": "Engineers tested the air defense of Venezuela."
     " The radar found a balloon.", "published": "2025-06-02", "acl": "red"},
    {"id": "secret", "title": "Secret radar", "text": "Engineers fear for the radar and the air defense of Venezuela.",
     "published": "2025-07-02", "acl": "blue"},
    {"id": "old", "title": "Air defense sold", "text": "Venezuela bought an air defense of batteries and radar.",
     "published": "2013-04-01", "acl": "red"},
    {"id": "cocoa", "title": "Cocoa is dear", "text": "Farmers say that the harvest was stolen.",
     "published": "2025-04-23", "acl": "red"},
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("similar") / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def ids(answer: searchkit.Answer) -> list[str]:
    return [result.article.id for result in answer.results]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_what_is_like_an_article_comes_first_and_neither_itself_nor_its_copies(searcher: Searcher, mode: str) -> None:
    answer = searcher.more_like("radar", k=3, mode=mode)
    assert set(ids(answer)) == {"follow", "secret", "old"}
    assert answer.notes == ("2 near copies left out.",)
    assert all(result.confidence is None and result.copy_of is None for result in answer.results)


def test_copies_are_marked_where_they_are_wanted(searcher: Searcher) -> None:
    answer = searcher.more_like("radar", k=6, copies=True)
    assert {result.article.id: result.copy_of for result in answer.results} == {
        "copy": "radar", "cut": "radar", "follow": None, "secret": None, "old": None, "cocoa": None,
    }  # fmt: skip
    assert answer.notes == ()


def test_copies_of_a_better_result_are_left_out_too(searcher: Searcher) -> None:
    answer = searcher.more_like("follow", k=10)
    assert len({"radar", "copy", "cut"} & set(ids(answer))) == 1
    assert "2 near copies left out." in answer.notes


def test_a_filter_holds(searcher: Searcher) -> None:
    assert "old" not in ids(searcher.more_like("radar", where=F("published") >= "2025"))
    assert "secret" not in ids(searcher.more_like("radar", where=F("acl") == "red"))
    assert ids(searcher.more_like("radar", where=F("acl").any([]))) == []


def test_a_text_does_as_well(searcher: Searcher) -> None:
    answer = searcher.more_like(text="The radar at Maracay and the air defense of Venezuela", k=4)
    assert "cocoa" not in ids(answer)
    assert ids(searcher.more_like(text=RADAR, k=10, copies=True))[0] in {"radar", "copy"}
    assert {result.copy_of for result in searcher.more_like(text=RADAR, copies=True).results} == {"", None}
    assert not {"radar", "copy", "cut"} & set(ids(searcher.more_like(text=RADAR)))


def test_an_article_needs_no_encoder(index: Path) -> None:
    with searchkit.open(index) as searcher:  # whose own encoder nobody could load
        assert ids(searcher.more_like("radar", k=1)) == ["follow"]


def test_the_explanation_adds_up_and_names_the_words(searcher: Searcher) -> None:
    answer = searcher.more_like("radar", k=2, explain=True)
    for result in answer.results:
        shares = sum(vote.counts * sum(part.share for part in vote.contributions) for vote in result.votes)
        assert shares == pytest.approx(result.score, abs=1e-9)
        assert {part.leg for part in result.contributions} == {"keyword", "vector"}
    in_both = 2  # of seven chunks have "system": the article's and its copy's
    idf = log1p((7 - in_both + 0.5) / (in_both + 0.5))
    assert any(f"system (1 * {idf:.2f})" in note for note in answer.notes)


def test_by_vector_it_is_the_mean_of_the_chunks(tmp_path: Path) -> None:
    encoder = WordEncoder()
    long = " ".join(f"Sentence {number} of the cocoa harvest." for number in range(60))
    articles = [{"id": "long", "text": long}, {"id": "other", "text": "The harvest of rice is poor."}]
    searchkit.build(tmp_path / "index", articles, encoder=encoder)
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        rows = encoder.encode_chunks([chunk.text for chunk in searcher.chunks("long")])
        assert len(rows) > 2
        mean = rows.sum(axis=0) / np.linalg.norm(rows.sum(axis=0))
        cosine = float(mean @ encoder.encode_query("The harvest of rice is poor."))
        answer = searcher.more_like("long", mode="vector")
    assert answer.results[0].score == pytest.approx(cosine, abs=1e-6)


def test_without_vectors_it_is_by_keyword(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder(), keyword_first=True)
    with searchkit.open(folder, encoder=WordEncoder(), generation=1) as searcher:
        assert ids(searcher.more_like("radar", k=1)) == ["follow"]
        with pytest.raises(VectorsMissing):
            searcher.more_like("radar", mode="vector")


@pytest.mark.parametrize(
    "arguments",
    [{}, {"article_id": "radar", "text": "x"}, {"article_id": "nobody"}, {"article_id": 5}, {"text": " "},
     {"article_id": "radar", "k": 0}, {"article_id": "radar", "k": 1_001}, {"article_id": "radar", "mode": "both"}],
)  # fmt: skip
def test_what_can_not_be_understood_is_refused(searcher: Searcher, arguments: dict[str, object]) -> None:
    with pytest.raises(QueryError):
        searcher.more_like(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        (RADAR.upper().replace(".", " -"), True),
        (RADAR + " " + RADAR.replace("radar", "sonar"), True),
        (RADAR[:120], True),
        ("Fourteen engineers have replaced the receivers of a tracking device in France.", False),
        ("Venezuela's air defense sees again: the radar of Maracay was mended by engineers, fourteen of them.", False),
        ("", False),
    ],
)
def test_a_copy_is_told_from_an_article_on_the_same(text: str, copy: bool) -> None:
    analyzer = Analyzer()
    one, other = (shingles(Article(id=id_, text=each), analyzer) for id_, each in (("a", RADAR), ("b", text)))
    assert are_copies(one, other) == are_copies(other, one) == copy
    seen = SeenArticles()
    seen.add("a", one)
    assert seen.original(other) == ("a" if copy else None)


def test_a_text_without_words_is_like_nothing(searcher: Searcher) -> None:
    assert ids(searcher.more_like(text="?!", mode="keyword")) == []
    assert len(ids(searcher.more_like(text="?!", mode="vector", k=2))) == 2
