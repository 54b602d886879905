"""What do the tests of the adapters share? A small index, and a way to run the kits' coroutines."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from searchkit.index.build import build
from searchkit.search.searcher import Searcher, open_index
from tests.integrations.harbour import ARTICLES
from tests.word_encoder import WordEncoder

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks of the kits known, whose plugins are left out."""
    for name in ("asyncio", "benchmark", "vcr"):
        config.addinivalue_line("markers", f"{name}: of a plugin that a kit uses")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine: the kits have some, and a plugin for them would meet all other tests too."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in arguments}))
    return True


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of ``ARTICLES``, by ``WordEncoder``."""
    folder = tmp_path_factory.mktemp("harbour") / "index"
    build(folder, ARTICLES, encoder=WordEncoder())
    return folder


@pytest.fixture
def searcher(harbour: Path) -> Iterator[Searcher]:
    with open_index(harbour, encoder=WordEncoder()) as opened:
        yield opened
