from __future__ import annotations

import pytest

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.analysis.stemmer import american


@pytest.mark.parametrize(
    ("british", "american_spelling"),
    [
        ("defence", "defense"), ("offences", "offenses"), ("licence", "license"), ("colour", "color"),
        ("neighbouring", "neighboring"), ("labour", "labor"), ("centre", "center"), ("theatres", "theaters"),
        ("organisation", "organization"), ("organised", "organized"), ("analyse", "analyze"), ("analysing",
        "analyzing"), ("travelled", "traveled"), ("travelling", "traveling"), ("cancelled", "canceled"), ("programmes",
        "programs"), ("manoeuvres", "maneuvers"), ("sceptical", "skeptical"), ("paediatrician", "pediatrician"),
        ("grey", "gray"), ("kilometres", "kilometers"), ("councillor", "councilor"), ("tyres", "tires"),
    ],
)  # fmt: skip
def test_both_spellings_have_one_term(british: str, american_spelling: str) -> None:
    analyzer = Analyzer()
    assert analyzer.stem(british, "en") == analyzer.stem(american_spelling, "en")


@pytest.mark.parametrize(
    "word", ["hour", "four", "tour", "course", "wise", "rise", "acre", "called", "tell", "ill", "re"]
)
def test_ordinary_words_keep_their_spelling(word: str) -> None:
    assert american(word) == word


@pytest.mark.parametrize(
    ("one", "other"), [("size", "sise"), ("prise", "price"), ("fiber", "fibber"), ("gray", "great")]
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    analyzer = Analyzer()
    assert analyzer.stem(one, "en") != analyzer.stem(other, "en")


def test_other_languages_are_left_alone() -> None:
    assert Analyzer().stem("centre", "fr") == Analyzer().stem("centres", "fr")
    assert "z" not in Analyzer().stem("organise", "fr")
