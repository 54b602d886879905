from __future__ import annotations

import gc
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import ConfigError, SourceError
from tests.index.archive import article
from tests.word_encoder import WordEncoder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_is_an_index_as_any_other_until_it_is_closed(folder: Path) -> None:
    with searchkit.open_temporary([article(number) for number in range(6)], encoder=WordEncoder()) as searcher:
        assert searcher.search("missiles", mode="keyword").results[0].article.id in {"a000", "a005"}
        searchkit.add(searcher.info().path, [{"id": "new", "text": "Quokkas."}], encoder=WordEncoder())
        assert searcher.refresh()
        assert searcher.count() == 7
        assert len(list(folder.iterdir())) == 1
    assert not list(folder.iterdir())
    searcher.close()


# From Python 3.13 on, a connection to SQLite that nobody closed is warned of when it is collected.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <sqlite3.Connection:pytest.PytestUnraisableExceptionWarning")
def test_it_goes_where_nobody_closes_it_and_where_it_can_not_be_built(folder: Path) -> None:
    searcher = searchkit.open_temporary([article(1)], encoder=WordEncoder())
    assert searcher.count() == 1
    del searcher
    gc.collect()
    assert not list(folder.iterdir())
    with pytest.raises(SourceError):
        searchkit.open_temporary([{"id": "empty"}], encoder=WordEncoder())
    with pytest.raises(ConfigError):
        searchkit.open_temporary([article(1)], encoder=WordEncoder(), reranker=5)  # type: ignore[arg-type]
    assert not list(folder.iterdir())


def test_a_function_without_a_name_will_do_and_leaves_no_vectors_elsewhere() -> None:
    def asked(turned: bool) -> str:
        rows = [[0.0, 1.0], [1.0, 0.0]] if turned else [[1.0, 0.0], [0.0, 1.0]]
        articles = [{"id": "a", "text": "Radar."}, {"id": "b", "text": "Lamps."}]
        with searchkit.open_temporary(
            articles, encoder=lambda texts: [rows["Lamps" in text] for text in texts]
        ) as opened:
            assert opened.info().encoder == "function:lambda"
            return opened.search("Radar", mode="vector").results[0].article.id

    assert (asked(turned=False), asked(turned=True)) == ("a", "a")  # the second's vectors aren't the first's
