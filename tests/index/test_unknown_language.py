"""Are articles too short to tell a language analysed by the archive's main one, whatever came first?"""

from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit import Article, add, build, compact, delete
from searchkit.index.generation import open_generation
from searchkit.index.verify import verify
from searchkit.ingest.language_detection import main_language
from tests.word_encoder import WordEncoder

ENCODER = WordEncoder()
HEADLINES = (
    "Missiles hit Kyiv suburb", "Farmers block roads in Brittany", "Wildfires spread in Attica",
    "Protesters storm parliament in Tbilisi", "Prices of houses fell", "Doctors walked out", "Glaciers melting faster",
    "Mayor resigns over leaked emails",
)  # fmt: skip
QUESTIONS = ("missile", "farmer", "wildfire", "protester", "price", "doctor", "glacier", "email", "raketen", "häuser")


def short(number: int) -> Article:
    return Article(id=f"h{number}", title=HEADLINES[number], text="")


def long(number: int, language: str) -> Article:
    text = "Die Raketen der Häuser und der Bauern" if language == "de" else "The rockets of the houses and the farmers"
    return Article(id=f"{language}{number}", title="", text=f"{text} {number}", language=language)


def found(index: Path) -> list[tuple[tuple[str, float], ...]]:
    with searchkit.open(index, encoder=ENCODER) as searcher:
        answers = [searcher.search(text, mode="keyword", k=50) for text in QUESTIONS]
        return [tuple((one.article.id, round(one.score, 9)) for one in answer.results) for answer in answers]


def test_titles_alone_are_found_by_other_forms_of_their_words(tmp_path: Path) -> None:
    build(tmp_path / "index", [short(number) for number in range(8)], encoder=ENCODER)
    with open_generation(tmp_path / "index") as generation:
        assert generation.manifest.unknown_as == "en"
        assert generation.languages == ("en",)
    assert [[name for name, _ in one] for one in found(tmp_path / "index")[:8]] == [[f"h{n}"] for n in range(8)]


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_index_that_grew_answers_like_one_built_at_once(tmp_path: Path, language: str) -> None:
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    titles = [short(number) for number in range(4)]
    others = [long(number, "de" if language == "en" else "en") for number in range(3)]
    most = [long(number, language) for number in range(9)]
    build(grown, [*titles[:2], *others], encoder=ENCODER)
    add(grown, most, encoder=ENCODER)
    add(grown, titles[2:], encoder=ENCODER)
    build(fresh, [*titles, *others, *most], encoder=ENCODER)
    with open_generation(grown) as one, open_generation(fresh) as two:
        assert one.manifest.unknown_as == two.manifest.unknown_as == language
    assert found(grown) == found(fresh)
    delete(grown, [titles[0].id, *(one.id for one in most)])
    build(tmp_path / "less", [*titles[1:], *others], encoder=ENCODER)
    assert found(grown) == found(tmp_path / "less")
    assert verify(grown).faults == ()
    compact(grown)
    assert found(grown) == found(tmp_path / "less")


@pytest.mark.parametrize(
    ("counts", "unknown", "language"),
    [
        ({}, [], ""),
        ({"": 3}, [], ""),
        ({"": 3, "en": 5, "de": 4}, [], "en"),
        ({"": 3, "de": 5, "en": 5}, [], "de"),
        ({"": 8, "la": 1}, HEADLINES, "en"),
        ({"": 8, "la": 1}, ["xkcd qwrt", "plmk"], "la"),
    ],
)
def test_the_main_language_is_that_of_most_articles(counts: dict[str, int], unknown: list[str], language: str) -> None:
    assert main_language(counts, unknown) == language
