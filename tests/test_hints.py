"""Is a hint said in the words of who reads it: a command line, a program, a request?"""

from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit.errors import ConfigError, QueryError, StorageError, VectorsMissing
from searchkit.hints import for_program, for_request
from searchkit.server.problem_details import problem_of


@pytest.mark.parametrize(
    ("hint", "program"),
    [
        (
            "Search with --mode keyword, or run 'searchkit rebuild --index PATH'.",
            "Search with mode='keyword', or run 'searchkit rebuild --index PATH'.",
        ),
        ("Mend it; without --strict the rest is indexed.", "Mend it; without strict=True the rest is indexed."),
        ("Give a number of seconds: --wait 30.", "Give a number of seconds: lock_timeout_s=30."),
        ("With --jobs 1 it works in one process.", "With jobs=1 it works in one process."),
        ("Leave --keyword-first out.", "Leave keyword_first out."),
        (
            "Name an empty folder, or one that isn't there yet, with --index.",
            "Name an empty folder, or one that isn't there yet.",
        ),
        ("Mend it, or search its words: --words.", "Mend it, or search its words: syntax='words'."),
        (
            "By its words: --mode keyword, or --keyword-fallback.",
            "By its words: mode='keyword', or keyword_fallback=True.",
        ),
        ("Name their file: --queries FILE.", "Name their file: queries=FILE."),
        ("Look again and again: --poll 5.", "Look again and again: poll_s=5."),
        ("Run 'searchkit search --help' to see how to ask.", "help(searchkit.Searcher.search) says how to ask."),
        (
            "Run 'pip install --force-reinstall --no-deps tokenizers'.",
            "Run 'pip install --force-reinstall --no-deps tokenizers'.",
        ),
        ("Give 0 to 5.", "Give 0 to 5."),
    ],
)
def test_a_program_is_told_arguments(hint: str, program: str) -> None:
    assert for_program(hint) == program


def test_a_request_is_told_parameters_and_its_server_options() -> None:
    assert for_request("Search with --mode keyword.") == "Search with mode=keyword."
    assert for_request("Run 'searchkit search --help' to see how to ask.") == "GET /openapi.json says how to ask."
    assert for_request("Search its words: --words.") == "Search its words: syntax=words."
    assert for_request("Start the server with --allow-host NAME.") == "Start the server with --allow-host NAME."


def test_every_interface_says_an_error_in_its_own_words(tmp_path: Path) -> None:
    error = VectorsMissing("There are no vectors.")
    assert "mode='keyword'" in str(error)
    assert "--mode keyword" in error.hint
    assert "mode=keyword" in problem_of(error)["hint"]


def test_what_python_raises_names_no_option_outside_of_a_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError) as raised:
        searchkit.build(tmp_path / "file", [{"id": "a", "text": "b"}])
    assert "--index" not in str(raised.value)
    with pytest.raises((ConfigError, StorageError)) as raised:
        searchkit.build(tmp_path / "file" / "below", [{"id": "a", "text": "b"}])
    assert "--index" not in str(raised.value)
    with pytest.raises(ConfigError) as raised:
        searchkit.build(tmp_path / "new", [{"id": "a", "text": "b"}], lock_timeout_s=-1)
    assert "--wait" not in str(raised.value)


def test_an_expression_that_can_not_be_read_is_told_the_argument() -> None:
    with (
        searchkit.open_temporary(
            [{"id": "a", "text": "radar"}], encoder=lambda texts: [[1.0, 0.0]] * len(texts)
        ) as searcher,
        pytest.raises(QueryError) as raised,
    ):
        searcher.search("source:[a", mode="keyword")
    assert "syntax='words'" in str(raised.value)
    assert "--words" in raised.value.hint
