from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_suggestions_are_listed_with_their_counts_and_kinds(run: Run, built: Path) -> None:
    ran = run("suggest", "HARB", "--index", built)
    assert (ran.code, ran.out) == (0, "3  source: Harbor Ledger\n")
    assert run("suggest", "batt", "--index", built, "--json", "--kind", "word").json() == [
        {"text": "batteries", "kind": "word", "count": 1}
    ]


def test_filters_hold_for_suggestions(run: Run, built: Path) -> None:
    assert run("suggest", "cam", "--index", built).code == 0
    ran = run("suggest", "cam", "--index", built, "--source", "Harbor Ledger")
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing begins with 'cam'" in ran.err
    assert run("suggest", "arms", "--index", built, "--kind", "tag", "--since", "2025-10").out == "1  tag: arms\n"


def test_a_title_can_not_steer_the_terminal(run: Run, built: Path) -> None:
    assert "\x1b" not in run("suggest", "[bold", "--index", built).out


def test_no_beginning_is_told_as_such(run: Run, built: Path) -> None:
    for nothing in ("", "  "):
        ran = run("suggest", nothing, "--index", built)
        assert (ran.code, ran.out) == (2, "")
        assert "There is no beginning." in ran.err
