from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import searchkit
from searchkit.cli import main
from searchkit.config import DEFAULT_ENCODER
from searchkit.errors import FormatTooOld, MissingExtra
from searchkit.index.manifest import FORMAT, OLDEST_FORMAT, RULES, manifest_in_force
from searchkit.index.paths import IndexPaths
from tests.index.archive import article
from tests.index.golden import FOLDER, answers
from tests.word_encoder import WordEncoder


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


def test_without_its_encoder_an_index_says_what_can_be_done_and_that_works(
    golden: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, index = golden
    monkeypatch.setenv("COLUMNS", "2000")

    def typed(*arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--index", str(index)])
        return code, " ".join(capsys.readouterr().err.split())

    code, told = typed("search", "missiles Venezuela")
    assert code == MissingExtra.exit_code
    assert "'words' is not on this machine" in told
    assert "--mode keyword" in told
    assert "encoder=…" in told
    assert typed("search", "missiles Venezuela", "--mode", "keyword")[0] == 0
    if manifest_in_force(IndexPaths(index)).rules < RULES:
        for command in (("delete", "a001"), ("compact",)):
            code, told = typed(*command)
            assert code == FormatTooOld.exit_code
            assert f"'searchkit rebuild --index {index}' first" in told
            assert "the encoder 'words' must be here" in told
    code, told = typed("rebuild")
    assert code == MissingExtra.exit_code
    assert "cuts texts into chunks by the encoder's tokens" in told
    assert "--mode keyword" in told
    command = f"searchkit rebuild --encoder {DEFAULT_ENCODER} --index {index}"
    assert f"'{command}'" in told
    assert typed(*command.split()[1:-2])[0] == 0
    assert typed("delete", "a001")[0] == 0
    assert typed("search", "missiles Venezuela")[0] == 0


def test_an_index_of_every_supported_format_is_brought_up_to_date_without_encoding(golden: tuple[int, Path]) -> None:
    _, index = golden
    before = manifest_in_force(IndexPaths(index))
    report = searchkit.rebuild(index, encoder=WordEncoder())
    assert (report.vectors_encoded, report.articles, report.chunks) == (0, before.articles, before.chunks)
    assert manifest_in_force(IndexPaths(index)).rules == RULES
    assert searchkit.verify(index, deep=True, encoder=WordEncoder()).faults == ()
