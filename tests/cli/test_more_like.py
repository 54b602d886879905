from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_similar_articles_are_listed(run: Run, built: Path) -> None:
    ran = run("more-like", "wire-1", "--index", built, "-k", "1", "--json")
    answer = ran.json()
    assert (ran.code, [result["article"]["id"] for result in answer["results"]]) == (0, ["wire-2"])
    assert any("air (1 * " in note for note in answer["notes"])
    assert "Poland buys" in run("more-like", "wire-1", "--index", built, "--mode", "keyword").out


def test_a_text_and_filters_are_taken(run: Run, built: Path) -> None:
    ran = run(
        "more-like", "--text", "air defence", "--index", built, "--until", "2025-07", "--format", "csv", "-k", "1"
    )
    assert "wire-2" in ran.out
    assert run("more-like", "wire-1", "--index", built, "--source", "Nobody").code == 1


def test_an_article_that_is_not_there_is_wrong_usage(run: Run, built: Path) -> None:
    ran = run("more-like", "nobody", "--index", built)
    assert (ran.code, ran.out) == (2, "")
    assert "No article has the id 'nobody'" in ran.err
