from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import F, Searcher
from searchkit.errors import QueryError
from searchkit.index.manifest import FORMAT, OLDEST_FORMAT
from searchkit.search import suggestions
from searchkit.search.suggestions import best_places
from tests.index.golden import FOLDER
from tests.word_encoder import WordEncoder

ARTICLES: list[dict[str, object]] = [
    {"id": "a", "title": "Café culture in Łódź", "text": "Cafés reopened. Cafe owners cheer.", "source": "El Correo",
     "tags": ["Coffee", "cities"], "acl": "red"},
    {"id": "b", "title": "Cafe chain files for bankruptcy", "text": "The caféteria closed.", "source": "el correo",
     "tags": ["coffee"], "acl": "red"},
    {"id": "c", "title": "Cabinet meets", "text": "The secret Cassiopeia project of the cabinet.",
     "source": "Cassandra", "tags": ["covert"], "acl": "blue"},
    {"id": "d", "title": "Cabinet meets", "text": "Another cabinet meeting in 2024.", "source": "Harbor Ledger",
     "acl": "red"},
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suggestions") / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def told(searcher: Searcher, prefix: str, **more: object) -> list[tuple[str, str, int]]:
    suggested = searcher.suggest(prefix, **more)  # type: ignore[arg-type]
    return [(each.kind, each.text, each.count) for each in suggested]


def test_a_beginning_goes_on_to_words_titles_sources_and_tags_the_most_frequent_first(searcher: Searcher) -> None:
    assert told(searcher, "ca", k=7) == [
        ("title", "Cabinet meets", 2),
        ("word", "cabinet", 2),
        ("word", "cafe", 2),
        ("source", "Cassandra", 1),
        ("title", "Cafe chain files for bankruptcy", 1),
        ("title", "Café culture in Łódź", 1),
        ("word", "cafes", 1),
    ]


@pytest.mark.parametrize("prefix", ["café", "CAFE", "  Cafe", "Cafe\u0301"])
def test_case_and_accents_do_not_matter(searcher: Searcher, prefix: str) -> None:
    assert told(searcher, prefix, kinds="title") == [
        ("title", "Cafe chain files for bankruptcy", 1),
        ("title", "Café culture in Łódź", 1),
    ]
    assert {text.strip() for _, text, _ in told(searcher, prefix, kinds="word")} == {"cafe", "cafes", "cafeteria"}


def test_spellings_that_fold_to_the_same_are_one_value(searcher: Searcher) -> None:
    assert told(searcher, "el c", kinds="source") == [("source", "El Correo", 2)]
    assert told(searcher, "COFF") == [("tag", "Coffee", 2)]


def test_the_last_word_of_several_is_gone_on_with(searcher: Searcher) -> None:
    assert told(searcher, "secret Cass", kinds="word") == [("word", "secret cassiopeia", 1)]
    assert told(searcher, "secret ", kinds="word") == []


def test_what_begins_nothing_and_what_has_no_letter_has_none(searcher: Searcher) -> None:
    assert told(searcher, "zzz") == told(searcher, "") == told(searcher, " !") == []


def test_kinds_and_k_limit_what_is_told(searcher: Searcher) -> None:
    assert {kind for kind, _, _ in told(searcher, "c", kinds=["tag", "source"])} == {"tag", "source"}
    assert len(told(searcher, "c", k=2)) == 2
    assert told(searcher, "c", kinds=[]) == []


def test_what_a_filter_hides_is_neither_told_nor_counted(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        red = told(searcher, "ca", k=20, where=F("acl") == "red")
        assert ("title", "Cabinet meets", 1) in red
        assert ("word", "cabinet", 1) in red
        assert not [text for _, text, _ in red if text.casefold().startswith("cass")]
        assert told(searcher, "cov", where=F("acl") == "red") == []
        assert told(searcher, "cass", where=F("acl") == "blue") == [
            ("source", "Cassandra", 1),
            ("word", "cassiopeia", 1),
        ]
        assert told(searcher, "ca", where=F("acl").any([])) == []


def test_of_a_wide_filter_the_words_of_a_sample_stand_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "SAMPLE", 10)
    articles = [
        {"id": f"{number:02}", "text": "quokka" + " quoll" * (number % 2), "acl": "red" if number < 40 else "blue"}
        for number in range(50)
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        counts = {text: count for _, text, count in told(searcher, "quo", where=F("acl") == "red")}
        assert counts["quokka"] == 40
        assert 8 <= counts["quoll"] <= 32
        assert {text: count for _, text, count in told(searcher, "quo")} == {"quokka": 50, "quoll": 25}


def test_a_value_is_spelt_as_an_article_that_passes_has_it(searcher: Searcher) -> None:
    assert told(searcher, "el", kinds="source", where=~(F("tag") == "cities")) == [("source", "el correo", 1)]


def test_a_deleted_article_tells_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder())
    searchkit.add(folder, [{"id": "e", "title": "Cabinet falls", "text": "The cabinet."}], encoder=WordEncoder())
    searchkit.delete(folder, ["c"])
    with searchkit.open(folder, encoder=WordEncoder()) as searcher:
        assert told(searcher, "cass") == []
        assert told(searcher, "cabi") == [
            ("word", "cabinet", 2),
            ("title", "Cabinet falls", 1),
            ("title", "Cabinet meets", 1),
        ]


def test_segments_are_counted_together(tmp_path: Path) -> None:
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    words = [f"pa{letter}{number}" for letter in "bcdf" for number in range(40)]
    articles = [
        {"id": f"{number:03}", "text": " ".join(words[number % 7 :: 3 + number % 5]), "tags": [words[number % 11]]}
        for number in range(60)
    ]
    searchkit.build(whole, articles, encoder=WordEncoder())
    searchkit.build(parts, articles[:20], encoder=WordEncoder())
    for start in (20, 40):
        searchkit.add(parts, articles[start : start + 20], encoder=WordEncoder())
    with searchkit.open(whole, encoder=WordEncoder()) as one, searchkit.open(parts, encoder=WordEncoder()) as several:
        for prefix in ("p", "pa", "pab", "pad1"):
            counts = [[count for _, _, count in told(each, prefix, k=15)] for each in (one, several)]
            assert counts[0] == counts[1]
            assert all(count == told(several, text)[0][2] for _, text, count in told(one, prefix) if len(text) > 4)


@pytest.mark.parametrize("number", range(OLDEST_FORMAT, FORMAT + 1))
def test_an_index_of_every_supported_format_suggests(tmp_path: Path, number: int) -> None:
    with zipfile.ZipFile(FOLDER / f"{number}.zip") as archive:
        archive.extractall(tmp_path / "index")
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        every = searcher.search("missiles", mode="keyword", facets="source").facets["source"]
        assert every
        sources = {suggestion.text for suggestion in searcher.suggest(every[0].value[:2].upper(), kinds="source")}
        assert every[0].value in sources
        where = F("source") == every[0].value
        assert searcher.suggest("miss", kinds="word", where=where)
        hidden = searcher.suggest(every[0].value[:2], kinds="source", where=~where)
        assert every[0].value not in {suggestion.text for suggestion in hidden}
        assert searcher.more_like(searcher.article_ids()[0], k=2).results


def test_the_k_highest_places_are_taken_ties_by_place() -> None:
    assert best_places(np.asarray([1, 5, 0, 3, 5, 3]), 3) == [1, 4, 3]
    assert best_places(np.asarray([0, 2, 0]), 3) == [1]
    assert best_places(np.asarray([], dtype=np.int64), 3) == []


@pytest.mark.parametrize(
    ("prefix", "more"),
    [(None, {}), (7, {}), ("a", {"k": 0}), ("a", {"k": True}), ("a", {"k": 1_001}), ("a", {"kinds": [1]}),
     ("a", {"kinds": 5}), ("a", {"kinds": "sorce"}), ("a", {"where": {"field": "nowhere", "eq": 1}})],
)  # fmt: skip
def test_what_can_not_be_understood_is_refused(searcher: Searcher, prefix: object, more: dict[str, object]) -> None:
    with pytest.raises(QueryError):
        told(searcher, prefix, **more)  # type: ignore[arg-type]
