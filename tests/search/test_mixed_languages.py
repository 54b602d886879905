"""A question is of one language, but for a name; words of several together make a search less confident."""

from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit import Mode
from searchkit.index.generation import open_generation
from searchkit.search.confidence import WEIGHTS
from searchkit.search.retrieval import SearchContext
from tests.index.archive import article
from tests.word_encoder import WordEncoder

ENGLISH = "The harbour council bought seven tugboats for Valparaiso."
GERMAN = "Der Hafenrat kaufte sieben Schlepper aus Rostock."
MIXED = "harbour Schlepper council Rostock kaufte"


def made(folder: Path, *languages: str | None) -> Path:
    texts = {"en": ENGLISH, "en-GB": ENGLISH, "de": GERMAN, None: "Schlepper Rostock kaufte"}
    searchkit.build(
        folder,
        [
            article(n, text=f"{texts[language]} {n}", title="", language=language or "")
            for n, language in enumerate(languages)
        ],
        encoder=WordEncoder(),
    )
    return folder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tongues") / "index", "en", "en", "en", "de", "de")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("harbour council tugboats", 0.0),
        ("Hafenrat kaufte Schlepper", 0.0),
        ("harbour council Rostock", 0.0),  # one name of the other language
        ("harbour council Rostock Schlepper", (2 - 1) / (4 - 1)),
        (MIXED, (2 - 1) / (5 - 1)),  # its language is German: three of five
        ("harbour harbour council Rostock Rostock Schlepper", (2 - 1) / (4 - 1)),  # each word once
        ("harbour council Rostock Schlepper quorl vebbish", (2 - 1) / (4 - 1)),  # of no language
        ("harbour Rostock", 0.0),
        ("quorl vebbish trandle", 0.0),
        ("the", 0.0),
    ],
)
def test_all_words_but_one_that_the_question_s_language_lacks_count(index: Path, text: str, expected: float) -> None:
    with open_generation(index) as generation:
        assert SearchContext(generation).mixed(text) == pytest.approx(expected)


def test_where_all_is_of_one_language_nothing_is_mixed(tmp_path: Path) -> None:
    with open_generation(made(tmp_path / "index", "en", "en-GB")) as generation:
        assert SearchContext(generation).mixed(f"{ENGLISH} {GERMAN}") == 0


def test_a_word_of_articles_of_unknown_language_is_of_any(tmp_path: Path) -> None:
    with open_generation(made(tmp_path / "index", "en", "en", "de", None)) as generation:
        assert "" in generation.manifest.spreads
        assert SearchContext(generation).mixed("harbour council Rostock Schlepper") == 0


def test_words_of_what_was_deleted_are_of_no_language(tmp_path: Path) -> None:
    folder = made(tmp_path / "index", "en", "en", "de", "de")
    with open_generation(folder) as generation:
        assert SearchContext(generation).mixed("harbour council Rostock Schlepper") > 0
    searchkit.delete(folder, ["a002"])
    with open_generation(folder) as generation:
        assert SearchContext(generation).mixed("harbour council Rostock Schlepper") > 0
    searchkit.add(folder, [article(3, text="Nichts davon.", language="de")], encoder=WordEncoder())
    with open_generation(folder) as generation:
        assert SearchContext(generation).mixed("harbour council Rostock Schlepper") == 0


@pytest.mark.parametrize("mode", tuple(Mode))
def test_it_lowers_the_confidence_of_all_results_alike_and_no_score(
    index: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        found = searcher.search(MIXED, mode=mode).results
        monkeypatch.setattr(SearchContext, "mixed", lambda self, text, telling: 0.0)
        free = searcher.search(MIXED, mode=mode).results
    assert [(one.article.id, one.score) for one in found] == [(one.article.id, one.score) for one in free]
    for mixed, plain in zip(found, free, strict=True):
        assert mixed.confidence is not None
        assert plain.confidence is not None
        odds = [one / (1 - one) for one in (mixed.confidence, plain.confidence)]
        assert odds[1] / odds[0] == pytest.approx(2.718281828 ** (WEIGHTS[mode].mixed / 4))


def test_an_expression_says_what_an_article_must_hold_and_is_not_held_to_one_language(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "harbour OR Schlepper OR council OR Rostock OR kaufte"
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        before = searcher.search(asked).results
        monkeypatch.setattr(SearchContext, "mixed", lambda self, text, telling: 1.0)
        assert searcher.search(asked).results == before
