"""Do the programs in ``scripts/examples`` do what they say, in forty lines each?"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

import searchkit
from tests.test_docstrings import ARTICLES

EXAMPLES = Path(__file__).parent.parent / "scripts" / "examples"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index, by the default encoder."""
    folder = tmp_path_factory.mktemp("news") / "index"
    searchkit.build(folder, ARTICLES)
    return folder


def test_there_are_five_of_forty_lines_at_most() -> None:
    lengths = {
        path.name: sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())
        for path in PROGRAMS
    }
    assert len(lengths) == 5
    assert max(lengths.values()) <= 40, lengths


def test_an_application_answers_in_pages_through_filters(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    testclient = pytest.importorskip("fastapi.testclient")
    from scripts.examples.fastapi_app import app

    monkeypatch.setenv("ARCHIVE", str(news))
    with testclient.TestClient(app) as client:
        first = client.get("/search", params={"q": "Venezuela", "k": 1, "desk": "world"}).json()
        cursor = first["next_cursor"]
        second = client.get("/search", params={"q": "Venezuela", "k": 1, "desk": "world", "cursor": cursor}).json()
        ids = [page["results"][0]["article"]["id"] for page in (first, second)]
        assert sorted(ids) == ["missiles", "radar"]
        assert (first["total"], second["next_cursor"]) == (2, None)
        assert {count["value"] for count in first["facets"]["source"]} == {"Harbor Ledger", "Meridian Wire"}
        assert client.get("/articles/radar").json()["title"] == "Technicians repair the radar at Maracay"
        assert client.get("/articles/nothing").status_code == 404
        refused = client.get("/search", params={"q": "Venezuela", "cursor": "nonsense"})
        assert refused.status_code == 400
        assert refused.json()["hint"]


def test_a_reader_goes_over_to_what_the_night_brought(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from scripts.examples.nightly_update import main

    articles, index = tmp_path / "articles", tmp_path / "index"
    articles.mkdir()
    for article in ARTICLES[:3]:
        (articles / f"{article['id']}.txt").write_text(f"{article['title']}\n\n{article['text']}\n")
    searchkit.build(index, places=[articles])
    (articles / "cocoa.txt").unlink()
    (articles / "strike.txt").write_text("Ports on strike\n\nNo ferries run today, and air defense rests.\n")
    seen = main(str(articles), str(index))
    assert 2 in seen
    assert set(seen) <= {1, 2}
    assert "new 1, changed 0, unchanged 2, deleted 1" in capsys.readouterr().out


def test_a_tool_cites_what_it_quotes_and_keeps_to_its_tokens(news: Path) -> None:
    from scripts.examples.agent_tool import TOOL, call

    question = json.dumps({"question": "air defense of Venezuela", "since": "2025"})
    with searchkit.open(news) as searcher:
        answer = json.loads(call(searcher, question))
        assert {passage["article"] for passage in answer["passages"]} >= {"missiles", "radar"}
        assert answer["left_out"] == 0
        for passage in answer["passages"]:
            article, (start, end) = searcher.article(passage["article"]), passage["characters"]
            assert article is not None
            assert article.text[start:end] == passage["quoted"]
        short = call(searcher, question, max_tokens=150)
        assert searcher.count_tokens([short])[0] <= 150
        assert json.loads(short)["left_out"] == len(answer["passages"]) - len(json.loads(short)["passages"]) > 0
        assert "names no date" in json.loads(call(searcher, '{"question": "skies", "since": "the other day"}'))["error"]
        assert "KeyError" in json.loads(call(searcher, '{"query": "skies"}'))["error"]
        assert "JSONDecodeError" in json.loads(call(searcher, "skies"))["error"]
    assert TOOL["name"] == "search_archive"


@pytest.mark.parametrize("name", ["agent_tool.py", "notebook_frame.py"])
def test_an_index_that_is_not_there_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "notebook_frame.py":
        pytest.importorskip("pandas")
    monkeypatch.setattr(sys, "argv", [name, str(tmp_path / "nowhere"), '{"question": "skies"}'])
    with pytest.raises(SystemExit, match="There is no index at"):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_a_frame_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SystemExit, match="pip install pandas"):
        runpy.run_path(str(EXAMPLES / "notebook_frame.py"), run_name="__main__")


def test_a_frame_has_a_row_an_article_and_counts_by_month(news: Path) -> None:
    pytest.importorskip("pandas")
    from scripts.examples.notebook_frame import by_month, frame

    rows = frame(str(news), "Venezuela")
    assert sorted(rows["id"]) == ["missiles", "radar"]
    assert by_month(rows).loc["2025-11", "Harbor Ledger"] == 1


def test_rows_of_a_database_become_articles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database, index = tmp_path / "archive.sqlite", tmp_path / "index"
    program = EXAMPLES / "sqlite_rows.py"
    monkeypatch.setattr(sys, "argv", [str(program), str(database), str(index), "--rows", "60"])
    runpy.run_path(str(program), run_name="__main__")
    printed = capsys.readouterr().out
    assert "60 articles in" in printed
    assert ", 0 lost" in printed
    assert "storm" in printed.splitlines()[-3]
    with searchkit.open(index) as searcher:
        article = searcher.article("10")
        assert article is not None
        assert (article.title, article.fields["desk"]) == ("The storm of day 9", 2)
