"""What does a single command import? What it uses, and nothing more: that is most of the time that it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import searchkit
from tests.word_encoder import WordEncoder

UNUSED = {
    "babel",
    "dateparser",
    "email.utils",
    "faiss",
    "onnxruntime",
    "pydantic",
    "rich",
    "searchkit.keyword.postings.writer",
    "searchkit.keyword.whoosh_codec",
    "searchkit.keyword.whoosh_schema",
    "searchkit.keyword.whoosh_searcher",
    "searchkit.index.segment_writer",
    "searchkit.index.segment_merge",
    "searchkit.ingest.chunker",
    "searchkit.cli.commands.build",
    "searchkit.cli.commands.doctor",
    "searchkit.cli.commands.evaluate",
    "sentence_transformers",
    "sentencex",
    "tokenizers",
    "torch",
    "trafilatura",
    "whoosh.analysis",
    "whoosh.qparser",
}

ASK = """
import sys
from searchkit.cli import main
code = main({arguments!r})
print(code, sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("start-up") / "index"
    articles = [{"id": "1", "title": "Igla", "text": "Missiles guard Venezuela."}, {"id": "2", "text": "Rain in Bern."}]
    searchkit.build(path, articles, encoder=WordEncoder())
    return path


def loaded(*arguments: str) -> tuple[int, set[str]]:
    """Run a command in a process of its own; return its exit code and the modules that were imported then."""
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(arguments=list(arguments))], capture_output=True, text=True, check=True
    )
    code, _, names = done.stdout.splitlines()[-1].partition(" ")
    return int(code), set(names.strip("[]").replace("'", "").split(", "))


@pytest.mark.parametrize("query", ["missiles", "missiles AND venezuela", '"guard venezuela"', "missi*", "misiles~1"])
def test_a_search_by_keyword_imports_nothing_that_it_does_not_use(place: Path, query: str) -> None:
    code, names = loaded("search", query, "--mode", "keyword", "-k", "3", "--json", "--index", str(place))
    assert code == 0
    assert "searchkit.search.searcher" in names
    assert not UNUSED & names


def test_a_table_that_nobody_watches_is_drawn_without_the_commands_that_were_not_called(place: Path) -> None:
    code, names = loaded("search", "missiles", "--mode", "keyword", "--index", str(place))
    assert code == 0
    assert "rich" in names
    assert not (UNUSED - {"rich", "email.utils"}) & names


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["-k", "ten"], "valid integer"),
        (["-k", "0"], "-k can't be 0"),
        (["--mode", "keywords"], "--mode"),
        (["--min-confidence", "much"], "valid number"),
        (["--settings", "no-such-file.json"], "no-such-file.json"),
    ],
)
def test_what_cannot_be_understood_is_still_told(place: Path, given: list[str], said: str) -> None:
    code = [sys.executable, "-m", "searchkit", "search", "missiles", "--index", str(place), *given]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode not in {0, 1, 70}
    assert said in done.stderr
