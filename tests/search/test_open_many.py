from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import searchkit
from searchkit import F, Searcher
from searchkit.errors import ConfigError, EncoderMismatch, IndexNotFound, SearchkitError, VectorsMissing
from searchkit.search.index_group import names_apart
from tests.index.archive import article
from tests.word_encoder import WordEncoder

QUESTIONS = ("missiles guard Venezuela", "trams cross the bridge", "harvest of rice", '"house" OR nurses', "report")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    searchkit.build(folder / "even", [article(number) for number in range(0, 40, 2)], encoder=WordEncoder())
    searchkit.build(folder / "odd", [article(number) for number in range(1, 20, 2)], encoder=WordEncoder())
    searchkit.add(folder / "odd", [article(number) for number in range(21, 60, 2)], encoder=WordEncoder())
    searchkit.delete(folder / "odd", [f"a{number:03}" for number in range(41, 60, 2)])
    whole = [replace(article(number), id=f"{'odd' if number % 2 else 'even'}/a{number:03}") for number in range(40)]
    searchkit.build(folder / "whole", whole, encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def both(folder: Path) -> Iterator[Searcher]:
    with searchkit.open_many([folder / "even", folder / "odd"], encoder=WordEncoder()) as searcher:
        yield searcher


@pytest.fixture(scope="module")
def whole(folder: Path) -> Iterator[Searcher]:
    with searchkit.open(folder / "whole", encoder=WordEncoder()) as searcher:
        yield searcher


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_several_indexes_answer_as_one_index_of_all_would(
    both: Searcher, whole: Searcher, question: str, mode: str
) -> None:
    query = searchkit.Query(text=question, mode=searchkit.Mode(mode), k=100)
    assert [article_id for article_id, _ in both.rank(query)] == [article_id for article_id, _ in whole.rank(query)]
    for own, expected in zip(both.ask(query).results, whole.ask(query).results, strict=True):
        assert (own.article.id, own.chunks[0].chunk.id) == (expected.article.id, expected.chunks[0].chunk.id)
        assert own.score == pytest.approx(expected.score, abs=1e-9)


def test_ids_bear_the_name_of_their_index_everywhere(both: Searcher, whole: Searcher) -> None:
    assert set(both.article_ids()) == set(whole.article_ids())
    assert both.article("odd/a003") == whole.article("odd/a003")
    assert both.article("even/a003") is None is both.article("a003") is both.article("elsewhere/a003")
    assert both.chunk("odd/a003#0") == whole.chunk("odd/a003#0")
    assert both.retrieve(searchkit.Query(text="harvest"), depth=1)[0].chunk_id.startswith(("odd/", "even/"))
    results = both.more_like("odd/a003", k=3).results
    assert all(result.article.id.startswith(("odd/", "even/")) for result in results)


def test_filters_counts_facets_and_suggestions_are_of_all(both: Searcher, whole: Searcher) -> None:
    where = (F("source") == "El Correo") & (F("published") >= "2025-01-10")
    assert both.count() == whole.count() == 40
    assert both.count(where=where) == whole.count(where=where) > 0
    asked = [each.search("report", where=where, facets=["tag", "desk"]).facets for each in (both, whole)]
    assert asked[0] == asked[1]
    assert both.suggest("har", where=where) == whole.suggest("har", where=where)
    assert both.info().articles == 40
    assert both.info().path.split(", ")[0].endswith("even")


def test_whooshs_own_searcher_sees_all_of_them(both: Searcher) -> None:
    from whoosh.qparser import QueryParser

    with both.whoosh() as whoosh:
        found = whoosh.search(QueryParser("text", whoosh.schema).parse("harvest"), limit=100)
        assert {hit["id"].split("/")[0] for hit in found} == {"even", "odd"}


def test_a_refresh_goes_over_to_the_newest_of_each(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        searchkit.build(tmp_path / name, [article(number) for number in range(3)], encoder=WordEncoder())
    with searchkit.open_many({"a": tmp_path / "one", "b": tmp_path / "two"}, encoder=WordEncoder()) as searcher:
        assert searcher.refresh() is False
        searchkit.add(tmp_path / "two", [{"id": "new", "text": "Quokkas."}], encoder=WordEncoder())
        assert searcher.article("b/new") is None
        assert searcher.refresh() is True
        assert [result.article.id for result in searcher.search("quokkas", mode="keyword").results] == ["b/new"]
        assert searcher.refresh() is False
    with pytest.raises(SearchkitError, match="was closed"):
        searcher.count()


def test_vectors_of_different_encoders_are_refused_or_left_out(folder: Path, tmp_path: Path) -> None:
    other = WordEncoder(dimension=32, name="others")
    searchkit.build(tmp_path / "other", [article(number) for number in range(4)], encoder=other)
    paths = {"even": folder / "even", "other": tmp_path / "other"}
    with pytest.raises(EncoderMismatch, match="of 'words', those of 'other' of 'others'"):
        searchkit.open_many(paths)
    with searchkit.open_many(paths, differing="keyword") as searcher:
        answer = searcher.search("missiles guard Venezuela")
        assert {result.article.id.split("/")[0] for result in answer.results} == {"even", "other"}
        assert any("searched by keyword alone" in note for note in answer.notes)
        assert len(answer.notes) == 1
        assert searcher.search("missiles", mode="keyword").notes == ()
        with pytest.raises(VectorsMissing):
            searcher.search("missiles", mode="vector")


def test_what_can_not_be_opened_together_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        searchkit.open_many([])
    with pytest.raises(ConfigError):
        searchkit.open_many(str(folder / "even"))
    with pytest.raises(ConfigError, match="Two indexes"):
        searchkit.open_many([folder / "even", folder / "even"])
    with pytest.raises(ConfigError):
        searchkit.open_many({"a/b": folder / "even"})
    with pytest.raises(ConfigError):
        searchkit.open_many([folder / "even"], differing="mix")
    with pytest.raises(IndexNotFound):
        searchkit.open_many([folder / "even", tmp_path / "nothing"])


@pytest.mark.parametrize("indexes", [[None], [3], {"a": None}, [b"x"], [""], {"a": ""}, 3, {1: "x"}, [["x"]]])
def test_what_is_no_folder_is_refused(indexes: object) -> None:
    with pytest.raises(ConfigError):
        searchkit.open_many(indexes)  # type: ignore[arg-type]


def test_folders_of_one_name_are_named_with_those_above_them(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "x" / "news", tmp_path / "b" / "x" / "news", tmp_path / "wire"]
    assert list(names_apart(paths)) == ["a-x-news", "b-x-news", "wire"]
    assert list(names_apart(paths[2:])) == ["wire"]
    with pytest.raises(ConfigError, match="is named twice"):
        names_apart([tmp_path / "wire", tmp_path / "a" / ".." / "wire"])
