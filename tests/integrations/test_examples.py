"""Do the examples of the adapters run: those of their README, and those of their docstrings?"""

from __future__ import annotations

import doctest
import shutil
from collections.abc import Iterator
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit.search.searcher import Searcher
from tests.test_docstrings import ARTICLES
from tests.test_documents import fences

README = Path(searchkit.__file__).parent / "integrations" / "README.md"
FRAMEWORKS = ("langchain", "llamaindex", "haystack")
PACKAGES = ("langchain_core", "llama_index.core", "haystack")
PRINTED = ("Interceptors guard the skies of Caracas", "missiles 0 Moscow has sold", "The ferry sails at nine.")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the index that the examples search, by the default encoder."""
    folder = tmp_path_factory.mktemp("examples") / "news"
    searchkit.build(folder, ARTICLES)
    return folder


@pytest.fixture
def folder(news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(news, tmp_path / "indexes" / "news")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("number", "package"), list(enumerate(PACKAGES)))
@pytest.mark.usefixtures("folder")
def test_the_examples_of_the_readme_run(number: int, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(package)
    blocks = fences(README, "python")
    assert len(blocks) == len(PACKAGES)
    exec(compile(blocks[number], f"{README}, block {number + 1}", "exec"), {})
    printed = capsys.readouterr().out
    assert PRINTED[number] in printed


def documented(framework: str) -> Iterator[tuple[str, Any]]:
    """Yield the public functions and classes of an adapter."""
    module = import_module(f"searchkit.integrations.{framework}")
    for name, value in vars(module).items():
        if not name.startswith("_") and (isclass(value) or isfunction(value)) and value.__module__ == module.__name__:
            yield name, value


@pytest.mark.parametrize(("framework", "package"), list(zip(FRAMEWORKS, PACKAGES, strict=True)))
@pytest.mark.usefixtures("folder")
def test_the_examples_of_the_docstrings_run(framework: str, package: str) -> None:
    pytest.importorskip(package)
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    printed: list[str] = []
    for name, value in documented(framework):
        shutil.rmtree("indexes/notes", ignore_errors=True)
        for example in finder.find(value, name, globs={"searchkit": searchkit}):
            runner.run(example, out=printed.append, clear_globs=False)
            for each in example.globs.values():
                if isinstance(each, Searcher):
                    each.close()
    assert runner.tries >= 6
    assert not runner.failures, "".join(printed)
