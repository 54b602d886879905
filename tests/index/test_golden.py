from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import FormatTooOld
from searchkit.index.current import manifest_in_force
from searchkit.index.facts import FORMAT, OLDEST_FORMAT
from searchkit.index.paths import IndexPaths
from searchkit.index.rules import RULES
from tests.index.archive import article
from tests.index.golden import FOLDER, answers
from tests.words import WordEncoder


@pytest.fixture(params=range(OLDEST_FORMAT, FORMAT + 1))
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[int, Path]:
    with zipfile.ZipFile(FOLDER / f"{request.param}.zip") as archive:
        archive.extractall(tmp_path / "index")
    return request.param, tmp_path / "index"


def test_an_index_of_every_supported_format_answers_as_when_it_was_made(golden: tuple[int, Path]) -> None:
    number, index = golden
    expected = json.loads((FOLDER / f"{number}.json").read_text(encoding="utf-8"))
    found = answers(index)
    assert found.keys() == expected.keys()
    for query, results in expected.items():
        assert [one[0] for one in found[query]] == [one[0] for one in results], query
        assert [one[1] for one in found[query]] == pytest.approx([one[1] for one in results], abs=2e-6), query


def test_an_index_of_every_supported_format_is_whole_and_goes_on(golden: tuple[int, Path]) -> None:
    _, index = golden
    encoder = WordEncoder()
    assert searchkit.verify(index, deep=True, encoder=encoder).faults == ()
    if manifest_in_force(IndexPaths(index)).rules < RULES:  # it is searched with a note, and added to when rebuilt
        with searchkit.open(index, encoder=encoder) as searcher:
            answer = searcher.search("missiles Venezuela")
            assert answer.results
            assert any("rebuild" in note for note in answer.notes)
        with pytest.raises(FormatTooOld, match="searchkit rebuild"):
            searchkit.add(index, [article(40)], encoder=encoder)
        searchkit.rebuild(index, encoder=encoder)
    searchkit.add(index, [article(40)], encoder=encoder)
    searchkit.compact(index)
    with searchkit.open(index, encoder=encoder) as searcher:
        assert searcher.article("a040") is not None
        assert searcher.article("a003") is None


def test_an_index_of_every_supported_format_is_brought_up_to_date_without_encoding(golden: tuple[int, Path]) -> None:
    _, index = golden
    before = manifest_in_force(IndexPaths(index))
    report = searchkit.rebuild(index, encoder=WordEncoder())
    assert (report.vectors_encoded, report.articles, report.chunks) == (0, before.articles, before.chunks)
    assert manifest_in_force(IndexPaths(index)).rules == RULES
    assert searchkit.verify(index, deep=True, encoder=WordEncoder()).faults == ()
