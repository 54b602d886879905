from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Mode, Searcher
from searchkit.errors import ConfigError, SourceError, StorageError
from searchkit.evaluation.runs import Level, Run, absent, checked, depth_held, make_run, read_run, write_run
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("runs") / "index"
    built(folder)
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


@pytest.mark.parametrize("mode", list(Mode))
def test_a_run_has_the_articles_and_scores_of_a_search(searcher: Searcher, mode: Mode) -> None:
    told: list[tuple[str, int, int]] = []
    run = make_run(
        searcher, {"q": "oil of Venezuela"}, mode=mode, depth=7, progress=lambda *told_now: told.append(told_now)
    )
    results = searcher.search("oil of Venezuela", mode=mode, k=7).results
    assert list(run.scores["q"].items()) == [(result.article.id, result.score) for result in results]
    assert run.name == mode
    assert told == [(mode, 1, 1)]


def test_a_run_of_chunks_has_the_hits(searcher: Searcher) -> None:
    run = make_run(searcher, {"q": "oil of Venezuela"}, depth=5, level=Level.CHUNK)
    assert len(run.scores["q"]) == 5
    assert all(one.endswith("#0") for one in run.scores["q"])


def test_a_query_that_cannot_be_asked_is_noted(searcher: Searcher) -> None:
    run = make_run(searcher, {"good": "oil", "bad": "  "}, depth=3)
    assert run.scores["bad"] == {}
    assert run.notes == ("Query 'bad' couldn't be asked: The query is empty.",)


def test_no_more_is_asked_for_than_the_index_holds(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    for level in Level:
        run = make_run(searcher, {"q": "oil"}, depth=2_000_000, level=level)
        assert run.scores == make_run(searcher, {"q": "oil"}, depth=1000, level=level).scores
        assert run.scores["q"]
        assert run.notes == ()
        assert depth_held(searcher, 3, level) == 3
    monkeypatch.setattr("searchkit.evaluation.runs.K_LIMIT", 5)
    with pytest.raises(ConfigError, match="5 can be asked for"):
        make_run(searcher, {"q": "oil"}, depth=6)


QRELS = {"q1": {"a": 1, "b": 0}, "q2": {"c": 1}}


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({}, "has no answer to any of the 2 judged queries"),
        ({"x": {"a": 1.0}}, "its queries are as 'x', the judged as 'q1'"),
        ({"x": {"a": 1.0}, "q1": {"elsewhere": 1.0}}, "Nothing that other found is judged, 'elsewhere' for one"),
    ],
)
def test_a_run_of_something_else_is_refused(scores: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(Run(name="other", scores=scores), QRELS, known=["unjudged"])


def test_a_run_that_finds_only_what_nobody_judged_is_measured() -> None:
    run = Run(name="bad", scores={"q1": {"unjudged": 1.0}})
    assert checked(run, QRELS, known=["unjudged"]) == run


def test_queries_of_a_run_that_are_not_judged_are_noted() -> None:
    run = checked(Run(name="more", scores={"q1": {"b": 1.0}, "x": {"a": 1.0}, "y": {}}), QRELS)
    assert run.notes == ("2 of 3 queries of more have no judgement and don't count.",)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    run = Run(name="my run", scores={"q 1": {"b": 0.1 + 0.2, "a": 0.1 + 0.2, "line\nbreak": 5.0}, "q2": {}})
    write_run(run, tmp_path / "out.run")
    lines = (tmp_path / "out.run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "q%201 Q0 line%0Abreak 1 5.0 searchkit-my%20run"
    assert [line.split()[2:4] for line in lines[1:]] == [["a", "2"], ["b", "3"]]
    read = read_run(tmp_path / "out.run", known=["q 1", "line\nbreak", "a"])
    assert read.scores == {"q 1": run.scores["q 1"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 Q0 a 1 2.0\n", "line 1: it has 5 columns"),
        ("1 Q0 a 1 2.0 t\n1 Q0 b 2 high t\n", "line 2: 'high' is no score"),
        ("1 Q0 a 1 nan t\n", "'nan' is no score"),
        ("1 Q0 a 1 2.0 t\n1 Q0 a 2 1.0 t\n", "line 2: 'a' stands twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.run").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        read_run(tmp_path / "bad.run")


def test_a_run_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Can't write"):
        write_run(Run(name="x", scores={}), tmp_path / "no" / "folder")


def test_judged_articles_that_are_not_there_are_counted(searcher: Searcher) -> None:
    there = article(3).id
    assert absent(searcher, {"q": {there: 1, "gone": 1}}, Level.ARTICLE) == 1
    assert absent(searcher, {"q": {f"{there}#0": 1}}, Level.CHUNK) == 0
    with pytest.raises(ConfigError, match=r"None of the 1 judged articles is in the index.*level='chunk'"):
        absent(searcher, {"q": {f"{there}#0": 1}}, Level.ARTICLE)
