"""What do ``quote`` and ``evaluate --known-items`` print, and how do they end?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_passage_is_told_with_its_article_and_place(run: Run, built: Path) -> None:
    ran = run("quote", "Igla-S missiles", "guard Venezuela", "--index", built)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Moscow ready to back Caracas"
    assert "“Igla-S missiles guard Venezuela”" in lines
    assert "verbatim" in lines
    assert any(line.startswith("wire-1, characters ") for line in lines)


def test_words_that_differ_are_told(run: Run, built: Path) -> None:
    lines = run("quote", "5,000 Igla-S rockets guard Venezuela", "--index", built).out.splitlines()
    assert "80% of the words are the same" in lines
    assert "  not “rockets” but “missiles”" in lines


def test_as_json_the_place_and_the_differences_are_there(run: Run, built: Path) -> None:
    read = run("quote", "Warsaw will surely defend its eastern border", "-k", "1", "--json", "--index", built).json()
    (quotation,) = read["quotations"]
    assert read["text"] == "Warsaw will surely defend its eastern border"
    assert (quotation["article"]["id"], quotation["start"], quotation["end"]) == ("wire-2", 0, 37)
    assert (quotation["verbatim"], quotation["by"]) == (False, "words")
    assert quotation["differences"] == [{"kind": "added", "typed": "surely", "written": ""}]


def test_where_nothing_is_like_it_the_exit_code_is_1(run: Run, built: Path) -> None:
    ran = run("quote", "zyzzyva qoph vug crwth", "--index", built, "--json")
    assert (ran.code, ran.json()["quotations"]) == (1, [])
    assert "has this passage" in ran.err


def test_too_short_a_text_is_wrong_usage(run: Run, built: Path) -> None:
    ran = run("quote", "two words", "--index", built)
    assert ran.code == 2
    assert "3 words or more" in ran.err


def test_known_items_are_measured_without_judgements(run: Run, built: Path) -> None:
    read = run("evaluate", "--known-items", "--sample", "3", "--mode", "keyword", "--index", built, "--json").json()
    kinds = {kind["kind"]: kind for kind in read["kinds"]}
    assert {"exact title", "URL"} <= set(kinds)
    assert (kinds["exact title"]["first"], kinds["exact title"]["mode"]) == (1.0, "keyword")
    assert read["seed"] == 0
    again = run("evaluate", "--known-items", "--sample", "3", "--mode", "keyword", "--index", built, "--json").json()
    assert again == read


def test_known_items_are_a_table_that_fits(run: Run, built: Path) -> None:
    ran = run("evaluate", "--known-items", "--sample", "2", "--index", built, "--per-query", "--mode", "keyword")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["success@1,", "@10", "asked", "keyword"]
    assert any(line.startswith("exact title") for line in lines)
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("option", [("--queries", "q.jsonl"), ("--measure", "P@1"), ("--compare", "keyword")])
def test_known_items_take_no_judged_queries(run: Run, built: Path, option: tuple[str, str]) -> None:
    ran = run("evaluate", "--known-items", "--index", built, *option)
    assert ran.code == 2
    assert "--known-items" in ran.err
