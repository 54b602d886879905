from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import FormatTooOld
from searchkit.index.facts import FORMAT, OLDEST_FORMAT
from searchkit.index.reader import open_generation
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
    with open_generation(index) as generation:
        of_today = generation.manifest.rules == RULES
    if not of_today:  # it is searched with a note; what is added would be analysed otherwise
        with pytest.raises(FormatTooOld):
            searchkit.add(index, [article(40)], encoder=encoder)
        with searchkit.open(index, encoder=encoder) as searcher:
            answer = searcher.search("missiles Venezuela")
            assert answer.results
            assert any("rebuild" in note for note in answer.notes)
        return
    searchkit.add(index, [article(40)], encoder=encoder)
    searchkit.compact(index)
    with searchkit.open(index, encoder=encoder) as searcher:
        assert searcher.article("a040") is not None
        assert searcher.article("a003") is None
